"""Changed decisions against plain loops over small tables, and their file against odd names."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.flips import COLUMNS, STATES, Decisions, first_flips, write_changes_csv
from faceproof.findings.scored import ScoredComparisons
from faceproof.runs.manifest_schema import ConditionEntry
from faceproof.scoring.similarity import distance_from_similarity

GONE = math.nan
SCORE = st.sampled_from([GONE, -0.5, 0.0, 0.25, 0.5, 0.75])
ODD_NAMES = ["=x", "+1", "-2", "@sum", "\tTab", "\rReturn", "line\nbreak", 'quo"te, comma', "Zoë 🦊", "'tis", "ann"]


def conditions_of(**severities: int) -> list[ConditionEntry]:
    """``clean``, then so many severities of each family."""
    found = [{"name": "clean", "family": "clean", "title": "As it is", "told": "", "severity": 0}]
    for family, most in severities.items():
        found += [
            {
                "name": f"{family}-{severity}",
                "family": family,
                "title": family.upper(),
                "told": f"radius {severity} px",
                "severity": severity,
            }
            for severity in range(1, most + 1)
        ]
    return [ConditionEntry.model_validate(entry) for entry in found]


def decisions_of(
    mated: Any,
    similarity: Any,
    conditions: list[ConditionEntry],
    threshold: Any = 0.5,
    people: list[str] | None = None,
    model: str = "net",
) -> Decisions:
    """Decisions on comparisons that are numbered from 100; a row of ``similarity`` for each condition."""
    n = len(mated)
    people = people or [f"p{i}" for i in range(n)]
    side_b = [name if same else f"other than {name}" for name, same in zip(people, mated, strict=True)]
    names = {
        "photo_a": [f"{name}/1" for name in people],
        "photo_b": [f"{name}/2" for name in side_b],
        "person_a": people,
        "person_b": side_b,
    }
    every = np.array(similarity, np.float64).reshape(len(conditions), n)
    scored = ScoredComparisons(
        comparison=np.arange(100, 100 + n),
        mated=np.array(mated, np.bool_),
        fold=np.full(n, -1),
        similarity=every[0],
        names=pa.table({name: pa.array(values, pa.string()) for name, values in names.items()}),
    )
    return Decisions(model, scored, conditions, every, np.broadcast_to(np.float64(threshold), (n,)))


def state(similarity: float, threshold: float) -> str:
    if math.isnan(similarity):
        return "not made"
    return "accepted" if similarity >= threshold else "rejected"


@st.composite
def any_decisions(draw: Any) -> Decisions:
    conditions = conditions_of(blur=draw(st.integers(1, 3)), dark=draw(st.integers(0, 2)), mask=draw(st.integers(0, 1)))
    n = draw(st.integers(0, 8))
    similarity = draw(st.lists(st.lists(SCORE, min_size=n, max_size=n), min_size=len(conditions), max_size=100))
    threshold = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5]), min_size=n, max_size=n))
    mated = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return decisions_of(mated, similarity[: len(conditions)], conditions, threshold)


def test_a_comparison_is_not_made_rejected_or_accepted_at_its_own_threshold() -> None:
    found = decisions_of(
        [True] * 5, [[0.5, 0.4, 0.4, GONE, -1], [0.1, GONE, 0.9, 0.9, -1]], conditions_of(blur=1), [0.5, 0.5, 0.3, 0, 0]
    )
    assert [STATES[s] for s in found.states(0)] == ["accepted", "rejected", "accepted", "not made", "rejected"]
    assert [STATES[s] for s in found.states(1)] == ["rejected", "not made", "accepted", "accepted", "rejected"]
    assert found.changed(1).tolist() == [0, 1, 3]


@settings(deadline=None)
@given(any_decisions())
def test_what_changed_is_what_a_plain_loop_finds(decisions: Decisions) -> None:
    before, *_ = decisions.similarity
    for c, after in enumerate(decisions.similarity):
        sides = zip(before, after, decisions.threshold, strict=True)
        pairs = [(state(clean, at), state(now, at)) for clean, now, at in sides]
        assert [STATES[s] for s in decisions.states(c)] == [now for _, now in pairs]
        assert decisions.changed(c).tolist() == [row for row, (clean, now) in enumerate(pairs) if clean != now]
    assert decisions.changed(0).size == 0


def plain_flips(decisions: Decisions) -> list[tuple[int, float, dict[str, int]]]:
    """Comparison, mean share of severities that are wrong, and the first wrong severity of each family, in order."""
    found = []
    families = list(dict.fromkeys(entry.family for entry in decisions.conditions[1:]))
    for row, mated in enumerate(decisions.scored.mated):
        right, wrong = ("accepted", {"rejected", "not made"}) if mated else ("rejected", {"accepted"})
        at = decisions.threshold[row]
        if state(decisions.similarity[0, row], at) != right:
            continue
        shares, first = [], {}
        for family in families:
            places = [c for c, entry in enumerate(decisions.conditions) if entry.family == family]
            failed = [c for c in places if state(decisions.similarity[c, row], at) in wrong]
            shares.append(len(failed) / len(places))
            if failed:
                first[family] = decisions.conditions[failed[0]].severity
        if first:
            found.append((int(decisions.scored.comparison[row]), sum(shares) / len(shares), first))
    return sorted(found, key=lambda flip: (-round(flip[1], 9), flip[0]))


@settings(deadline=None, max_examples=200)
@given(any_decisions(), st.integers(0, 9))
def test_first_flips_are_those_of_a_plain_loop(decisions: Decisions, limit: int) -> None:
    found, want = first_flips(decisions, limit), plain_flips(decisions)[:limit]
    assert [flip.comparison for flip in found] == [comparison for comparison, _, _ in want]
    assert [flip.wrong for flip in found] == pytest.approx([score for _, score, _ in want])
    for flip, (_, _, first) in zip(found, want, strict=True):
        assert {one.family: one.severity for one in flip.flips} == first
        assert len(flip.flips) == len(first)


def test_the_comparison_that_goes_wrong_at_the_lowest_severities_comes_first() -> None:
    """Of two families with three severities: rows are the wrong decisions of mated comparisons."""
    wrong = {
        "never": (0, 0, 0, 0, 0, 0),
        "late in one": (0, 0, 1, 0, 0, 0),
        "early in both": (1, 1, 1, 1, 1, 1),
        "late in both": (0, 0, 1, 0, 0, 1),
        "early in one": (1, 1, 1, 0, 0, 0),
        "early in one and late in the other": (1, 1, 1, 0, 0, 1),
    }
    similarity = np.where(np.array([(0, *row) for row in wrong.values()]), 0.1, 0.9).T
    found = first_flips(
        decisions_of([True] * 6, similarity, conditions_of(blur=3, dark=3), people=list(wrong)), limit=10
    )
    assert [flip.person_a for flip in found] == [
        "early in both",
        "early in one and late in the other",
        "early in one",
        "late in both",
        "late in one",
    ]
    assert [flip.wrong for flip in found] == pytest.approx([1, 2 / 3, 1 / 2, 1 / 3, 1 / 6])
    assert [[one.condition for one in flip.flips] for flip in found] == [
        ["blur-1", "dark-1"],
        ["blur-1", "dark-3"],
        ["blur-1"],
        ["blur-3", "dark-3"],
        ["blur-3"],
    ]


def test_every_family_counts_alike_however_many_severities_it_has() -> None:
    similarity = [[0.9, 0.9], *[[0.9, 0.1]] * 4, [0.1, 0.9]]
    found = first_flips(decisions_of([True, True], similarity, conditions_of(blur=4, mask=1)), 2)
    assert [(flip.comparison, flip.wrong, flip.families) for flip in found] == [(100, 0.5, 2), (101, 0.5, 2)]


def test_only_what_was_right_when_clean_can_flip() -> None:
    mated = [True, True, True, False, False, False]
    clean = [0.9, 0.1, GONE, 0.1, 0.9, GONE]
    turned = [0.1, 0.1, 0.1, 0.9, 0.9, 0.9]
    found = first_flips(decisions_of(mated, [clean, turned], conditions_of(blur=1)), 10)
    assert [(flip.comparison, flip.mated) for flip in found] == [(100, True), (103, False)]
    assert [flip.flips[0].after for flip in found] == ["rejected", "accepted"]
    turned = [0.9, 0.9, 0.9, 0.1, 0.1, 0.1]
    assert first_flips(decisions_of(mated, [clean, turned], conditions_of(blur=1)), 10) == []


def test_a_lost_face_is_a_flip_of_a_mated_comparison_and_no_error_of_a_non_mated_one() -> None:
    found = first_flips(decisions_of([True, False], [[0.9, 0.1], [GONE, GONE]], conditions_of(blur=1)), 10)
    assert [flip.comparison for flip in found] == [100]
    assert found[0].flips[0].after == "not made"
    assert found[0].flips[0].distance is None


def test_a_flip_says_what_happened_and_where() -> None:
    similarity = [[0.875, 0.125], [0.75, 0.25], [0.5, 0.5], [0.0, 1.0], [0.125, 0.0]]
    found = first_flips(decisions_of([True, False], similarity, conditions_of(blur=3, dark=1), 0.5, ["ann", "bob"]), 2)
    assert found[0].as_json() == {
        "comparison": 100,
        "mated": True,
        **{"person_a": "ann", "photo_a": "ann/1", "person_b": "ann", "photo_b": "ann/2"},
        "distance_clean": 0.5,
        "threshold_distance": 1.0,
        "wrong": pytest.approx(2 / 3),
        "families": 2,
        "flips": [
            {
                **{"condition": "blur-3", "family": "blur", "title": "BLUR", "told": "radius 3 px"},
                **{"severity": 3, "of": 3, "after": "rejected", "distance": math.sqrt(2)},
            },
            {
                **{"condition": "dark-1", "family": "dark", "title": "DARK", "told": "radius 1 px"},
                **{"severity": 1, "of": 1, "after": "rejected", "distance": math.sqrt(1.75)},
            },
        ],
    }
    assert found[1].person_b == "other than bob"
    assert [(one.condition, one.after) for one in found[1].flips] == [("blur-2", "accepted")]


def test_the_first_wrong_severity_is_told_even_where_a_higher_one_is_right_again() -> None:
    similarity = [[0.9], [0.1], [0.9], [0.9], [0.9]]
    (found,) = first_flips(decisions_of([True], similarity, conditions_of(blur=4)), 10)
    assert found.wrong == 0.25
    assert [(one.severity, one.of) for one in found.flips] == [(1, 4)]


def test_the_family_that_flips_at_the_lower_share_of_its_severities_is_told_first() -> None:
    similarity = [[0.9], [0.1], [0.9], [0.1], [0.9], [0.9], [0.9], [0.9]]
    (found,) = first_flips(decisions_of([True], similarity, conditions_of(mask=1, blur=5, dark=1)), 10)
    assert [one.family for one in found.flips] == ["blur", "mask"]


def test_equally_bad_ones_come_by_their_number_and_no_more_than_asked_for() -> None:
    decisions = decisions_of([True] * 20, [[0.9] * 20, [0.1] * 20], conditions_of(blur=1))
    assert [flip.comparison for flip in first_flips(decisions, 100)] == list(range(100, 120))
    assert [flip.comparison for flip in first_flips(decisions, 3)] == [100, 101, 102]
    assert first_flips(decisions, 0) == []


def test_without_a_threshold_nothing_was_decided_and_nothing_changes(tmp_path: Path) -> None:
    similarity = [[0.9, 0.1, 0.9], [0.1, 0.9, GONE]]
    decisions = decisions_of([True, False, True], similarity, conditions_of(blur=1), GONE)
    assert first_flips(decisions, 10) == []
    assert decisions.changed(1).tolist() == []
    assert write_changes_csv(tmp_path / "changes.csv", [decisions]) == 0
    assert (tmp_path / "changes.csv").read_text().strip() == ",".join(COLUMNS)


def test_without_conditions_or_comparisons_nothing_flips(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    for decisions in (
        decisions_of([True], [[0.9]], conditions_of()),
        decisions_of([], [[], []], conditions_of(blur=1)),
    ):
        assert first_flips(decisions, 10) == []
        assert write_changes_csv(path, [decisions]) == 0
    assert write_changes_csv(path, []) == 0


def read_back(path: Path, every: list[Decisions]) -> list[dict[str, str]]:
    written = write_changes_csv(path, every)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == written
    assert all(tuple(row) == COLUMNS for row in rows)
    return rows


def cell_of(similarity: float) -> str:
    return "" if math.isnan(similarity) else str(distance_from_similarity(float(similarity)))


@settings(deadline=None, max_examples=40)
@given(st.lists(any_decisions(), max_size=2))
def test_every_change_of_every_model_is_in_the_file_once(
    tmp_path_factory: pytest.TempPathFactory, every: list[Decisions]
) -> None:
    rows = read_back(tmp_path_factory.mktemp("changes") / "changes.csv", every)
    want = []
    for decisions in every:
        for c, entry in enumerate(decisions.conditions):
            for row, comparison in enumerate(decisions.scored.comparison.tolist()):
                at, clean, now = decisions.threshold[row], *decisions.similarity[[0, c], row]
                if state(clean, at) == state(now, at):
                    continue
                head = ["net", entry.name, entry.family, str(entry.severity), str(comparison)]
                ends = [state(clean, at), state(now, at), cell_of(clean), cell_of(now), cell_of(at)]
                want.append([*head, str(bool(decisions.scored.mated[row])), *ends])
    names = {"person_a", "photo_a", "person_b", "photo_b"}
    assert [[cell for name, cell in row.items() if name not in names] for row in rows] == want


def test_odd_names_come_back_from_the_file_and_none_starts_a_formula(tmp_path: Path) -> None:
    n = len(ODD_NAMES)
    mated = [True, False] * (n // 2) + [True]
    similarity = [[0.9, -0.5] * (n // 2) + [0.9], [-0.5, 0.9] * (n // 2) + [GONE]]
    decisions = decisions_of(mated, similarity, conditions_of(blur=1), -0.25, ODD_NAMES, model="=net")
    rows = read_back(tmp_path / "changes.csv", [decisions])
    assert rows[0] == {
        **{"model": "'=net", "condition": "blur-1", "family": "blur", "severity": "1"},
        **{"comparison": "100", "mated": "True"},
        **{"person_a": "'=x", "photo_a": "'=x/1", "person_b": "'=x", "photo_b": "'=x/2"},
        **{"before": "accepted", "after": "rejected", "distance_clean": cell_of(0.9), "distance": cell_of(-0.5)},
        "threshold_distance": cell_of(-0.25),
    }
    assert rows[-1]["after"] == "not made"
    assert rows[-1]["distance"] == ""
    assert [row["person_a"].removeprefix("'") for row in rows] == ODD_NAMES
    assert rows[9]["person_a"] == "''tis"
    assert not [cell for row in rows for cell in row.values() if cell and cell[0] in "=+-@\t\r\n"]
    assert list(tmp_path.iterdir()) == [tmp_path / "changes.csv"]


def test_a_long_table_is_written_in_parts_and_whole(tmp_path: Path) -> None:
    n = 10_000
    decisions = decisions_of([True] * n, [[0.9] * n, [0.1] * n], conditions_of(blur=1))
    rows = read_back(tmp_path / "changes.csv", [decisions])
    assert [row["comparison"] for row in rows] == [str(100 + i) for i in range(n)]
    assert [row["person_b"] for row in rows] == [f"p{i}" for i in range(n)]


def test_nothing_half_written_stays_when_the_file_cannot_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    path.mkdir()
    with pytest.raises(OSError, match=r"changes\.csv"):
        write_changes_csv(path, [decisions_of([True], [[0.9], [0.1]], conditions_of(blur=1))])
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_from_before_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    path.write_text("before")

    def stopped() -> Any:
        yield decisions_of([True], [[0.9], [0.1]], conditions_of(blur=1))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_changes_csv(path, stopped())
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
