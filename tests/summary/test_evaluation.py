"""The summary against plain loops over small tables, and what it says where little can be said."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judged_runs import bell_run, make_run, point, summary_of, warned

from faceproof.errors import ConfigurationError
from faceproof.files import write_metrics_json
from faceproof.metrics.acquisition import far_frr
from faceproof.summary.evaluation import summarize
from faceproof.summary.series import SCATTER_POINTS, keyed_uniform

SECTIONS = [
    "schema_version",
    "headline",
    "warnings",
    "counts",
    "rates",
    "operating_points",
    "folds",
    "eer",
    "auc",
    "d_prime",
    "fnmr_at_fmr",
    "distances",
    "times",
    "kind",
    "certainty",
    "carried",
    "failure_policies",
    "calibration",
    "run",
    "default_operating_point",
    "curves",
    "histogram",
    "threshold_table",
    "scatter",
    "failures",
]
ESTIMATE = {"value", "low", "high", "n", "how", "reason", "optimistic"}
BANDS = ("fmr_low", "fmr_high", "fnmr_low", "fnmr_high")


def estimates(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if value.keys() >= ESTIMATE and "confusion" not in value:
            yield value
        for item in value.values():
            yield from estimates(item)
    elif isinstance(value, list):
        for item in value:
            yield from estimates(item)


def check_contract(summary: Any) -> None:
    """What holds whatever the run: JSON, sections, and no estimate without a value or a reason."""
    back = json.loads(json.dumps(summary, allow_nan=False))
    assert back == summary
    assert list(summary) == SECTIONS
    found = list(estimates(summary))
    assert len(found) >= 58
    for estimate in found:
        assert estimate["how"]
        assert (estimate["value"] is None) == bool(estimate["reason"])
        if estimate["value"] is None:
            assert estimate["low"] is estimate["high"] is estimate.get("no_end") is None
            continue
        assert (estimate["low"] is None or estimate["high"] is None) == bool(estimate.get("no_end"))
        assert estimate["method"]
        if estimate["low"] is not None:
            assert estimate["low"] <= estimate["value"] + 1e-12
        if estimate["high"] is not None:
            assert estimate["value"] <= estimate["high"] + 1e-12
        carried = estimate.get("effective_people")
        assert carried is None or carried > 0.999
    for entry in summary["operating_points"]:
        assert (entry["threshold_distance"] is None) == (entry["confusion"] is None) == bool(entry["reason"])
    assert len(summary["curves"]["roc"]["fmr"]) == len(summary["curves"]["roc"]["tmr"]) <= 500
    table = summary["threshold_table"]
    rows = len(table["distance"])
    assert {len(column) for name, column in table.items() if name not in BANDS} == {rows}
    for low, high in (BANDS[:2], BANDS[2:]):
        assert len(table[low]) == len(table[high])
        assert len(table[low]) in {0, rows}
    columns = ("comparison", "distance", "jitter", "outcome", "photo_a", "photo_b")
    assert {len(summary["scatter"][name]) for name in columns} == {summary["scatter"]["shown"]}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([-0.25, 0.0, 0.25, 0.5, 1.0, math.nan]), st.booleans()), max_size=25),
    st.sampled_from([None, 0.0, 1.0, 2.0]),
)
def test_any_run_gives_a_summary_that_keeps_the_contract(rows: list[Any], threshold: float | None) -> None:
    similarity, mated = [row[0] for row in rows], [row[1] for row in rows]
    failed = {f"p{i}/1": "detect" for i, at in enumerate(similarity) if math.isnan(at)}
    summary: Any = summary_of(make_run(similarity, mated, failed=failed), threshold_distance=threshold)
    check_contract(summary)
    counts = summary["counts"]
    made = [i for i, at in enumerate(similarity) if not math.isnan(at)]
    assert counts["comparisons"] == len(rows)
    assert counts["compared_mated"] + counts["compared_non_mated"] == len(made)
    assert counts["not_compared_mated"] == sum(mated) - sum(mated[i] for i in made)
    if threshold is not None:
        at = 1 - threshold**2 / 2
        decided = [(similarity[i] >= at, mated[i]) for i in made]
        assert point(summary, "fixed")["confusion"] == {
            "tp": decided.count((True, True)),
            "fn": decided.count((False, True)),
            "tn": decided.count((False, False)),
            "fp": decided.count((True, False)),
        }


def test_rates_are_those_of_a_plain_count() -> None:
    similarity = [0.9, 0.8, 0.3, math.nan, 0.6, 0.2, 0.1, 0.0, math.nan]
    mated = [True] * 4 + [False] * 5
    summary: Any = summary_of(
        make_run(similarity, mated, failed={"p3/1": "detect", "q8/1": "decode"}), threshold_distance=1.0
    )
    fixed = point(summary, "fixed")
    assert summary["default_operating_point"] == "fixed"
    assert not fixed["optimistic"]
    assert fixed["threshold_similarity"] == 0.5
    assert fixed["confusion"] == {"tp": 2, "fn": 1, "tn": 3, "fp": 1}
    values = {name: fixed[name]["value"] for name in ("accuracy", "precision", "recall", "f1", "fmr", "fnmr")}
    assert values == pytest.approx(
        {"accuracy": 5 / 7, "precision": 2 / 3, "recall": 2 / 3, "f1": 4 / 6, "fmr": 1 / 4, "fnmr": 1 / 3}
    )
    assert fixed["far"]["value"] == pytest.approx(far_frr(1 / 4, 1 / 3, 1 / 5)[0])
    assert fixed["frr"]["value"] == pytest.approx(far_frr(1 / 4, 1 / 3, 1 / 4)[1])
    assert fixed["frr"]["value"] == 2 / 4
    assert fixed["far"]["value"] == 1 / 5
    assert summary["rates"]["fta"]["value"] == 2 / 18
    assert summary["rates"]["detection_rate"]["value"] == 16 / 17
    assert summary["counts"]["failures_by_stage"] == {"decode": 1, "detect": 1, "align": 0, "embed": 0}
    assert warned(summary, "2 comparisons of 9 could not be made (1 mated, 1 non-mated)")
    assert warned(summary, "2 of 18 photos gave no template: 1 at decode (why); 1 at detect (why)")
    assert summary["times"] == pytest.approx(
        {"decode_ms": 1.0, "detect_ms": 10.0, "embed_ms": 20.0, "total_ms": (16 * 31 + 11 + 1) / 18}
    )


def test_a_lost_comparison_is_in_no_confusion_curve_or_figure() -> None:
    run, clean = bell_run(200), bell_run(200)
    similarity = run.scores["similarity"].to_numpy().copy()
    similarity[:20] = np.nan
    failed = {f"p{i}/1": "embed" for i in range(20)}
    summary: Any = summary_of(make_run(similarity, np.arange(200) % 2 == 0, failed=failed))
    check_contract(summary)
    for entry in summary["operating_points"]:
        assert entry["confusion"] is None or sum(entry["confusion"].values()) == 180
    for section in ("histogram", "threshold_table"):
        keys = ("mated", "non_mated") if section == "histogram" else ("tp", "fn", "tn", "fp")
        total = np.sum([summary[section][key] for key in keys], axis=0)
        assert total.sum() == 180 if section == "histogram" else (total == 180).all()
    assert summary["scatter"]["of"] == summary["scatter"]["shown"] == 180
    assert summary["counts"]["not_compared_mated"] == summary["counts"]["not_compared_non_mated"] == 10
    untouched: Any = summary_of(clean)
    assert untouched["counts"]["failures"] == 0
    assert not warned(untouched, "could not be made")


def test_without_folds_of_a_protocol_people_are_split() -> None:
    summary: Any = summary_of(bell_run(), folds=5)
    folds = summary["folds"]
    assert folds["kind"] == "person_disjoint"
    assert folds["k"] == 5
    assert sum(row["comparisons"] for row in folds["per_fold"]) + folds["left_out"] == 400
    assert "at thresholds set on other people (five-fold; 95% interval" in summary["headline"]
    assert "every photo had a face that could be used" in summary["headline"]
    assert summary["folds"] == summary_of(bell_run(), folds=5, seed=3)["folds"]


def test_the_table_of_thresholds_has_intervals_around_its_rates() -> None:
    summary: Any = summary_of(bell_run())
    table = {name: np.array(column) for name, column in summary["threshold_table"].items()}
    for kind, errors, right in (("fmr", "fp", "tn"), ("fnmr", "fn", "tp")):
        rate = table[errors] / (table[errors] + table[right])
        low, high = table[f"{kind}_low"], table[f"{kind}_high"]
        assert (low <= rate + 1e-12).all()
        assert (rate <= high + 1e-12).all()
        assert (low < high).all()
        assert (high - low).max() < 0.2


def people_of(run: Any, names: dict[str, str]) -> Any:
    """The run with other people in place of some."""
    for table, columns in (("comparisons", ("person_a", "person_b")), ("photos", ("person",))):
        found = getattr(run, table)
        for column in columns:
            cells = [names.get(name, name) for name in found[column].to_pylist()]
            place = found.column_names.index(column)
            found = found.set_column(place, column, pa.array(cells, pa.string()))
        setattr(run, table, found)
    return run


def test_people_who_recur_make_rates_less_sure_and_carry_their_errors() -> None:
    """All false matches are of person p1 with another; the same numbers of other people are surer."""
    similarity = [0.9] * 40 + [0.8, 0.7, 0.6, 0.55] + [0.1] * 96
    mated = [True] * 40 + [False] * 100
    apart: Any = summary_of(make_run(similarity, mated), threshold_distance=1.0)
    one = people_of(make_run(similarity, mated), {f"p{row}": "p40" for row in range(40, 60)})
    together: Any = summary_of(one, threshold_distance=1.0)
    for name in ("fmr", "far"):
        wide, narrow = point(together, "fixed")[name], point(apart, "fixed")[name]
        assert wide["value"] == narrow["value"] == 0.04
        assert wide["high"] > 1.3 * narrow["high"]
        assert wide["effective_people"] < narrow["effective_people"]
    assert together["carried"] == {"errors": 4, "people": 1, "share": 1.0}
    assert apart["carried"] == {"errors": 4, "people": 3, "share": 0.75}


def test_photos_of_one_person_that_fail_together_make_the_rate_of_failures_less_sure() -> None:
    failed = {f"p{row}/1": "detect" for row in range(20)} | {f"p{row}/2": "detect" for row in range(20)}
    mated = [True] * 100
    run = make_run([math.nan] * 20 + [0.9] * 80, mated, failed=failed)
    found = summary_of(people_of(run, {f"p{row}": f"p{row // 10}" for row in range(100)}))["rates"]["fta"]
    alone = summary_of(make_run([math.nan] * 20 + [0.9] * 80, mated, failed=failed))["rates"]["fta"]
    assert found["value"] == alone["value"] == 0.2
    # All 20 photos of either of two people of ten.
    sums = np.array([16.0] * 2 + [-4.0] * 8)
    assert found["effective_people"] == pytest.approx(np.sum(sums**2) ** 2 / np.sum(sums**4))
    assert found["high"] > 1.3 * alone["high"]


def test_thresholds_set_on_the_same_comparisons_are_marked_optimistic() -> None:
    summary: Any = summary_of(bell_run(), threshold_distance=0.9)
    for entry in summary["operating_points"]:
        expected = entry["name"] != "fixed" and entry["threshold_distance"] is not None
        assert entry["fnmr"]["optimistic"] == expected
    assert summary["eer"]["optimistic"]
    assert "at the distance threshold 0.9 that was given beforehand (95% interval" in summary["headline"]


def test_an_fmr_that_the_data_cannot_show_has_a_reason_and_no_threshold() -> None:
    summary: Any = summary_of(bell_run())
    rows = {row["fmr"]: row for row in summary["fnmr_at_fmr"]}
    assert rows[0.01]["resolvable"]
    assert rows[0.01]["observed_fmr"] <= 0.01
    assert not rows[0.001]["resolvable"]
    assert rows[0.001]["fnmr"]["value"] is rows[0.001]["threshold_distance"] is None
    assert point(summary, "fmr_0.001")["confusion"] is None
    assert warned(summary, "An FMR of 0.1% or 0.01% cannot be resolved: 200 non-mated comparisons were made")


@pytest.mark.parametrize(("kind", "rate"), [(True, "fnmr"), (False, "fmr")])
def test_one_kind_of_comparison_gives_no_accuracy(kind: bool, rate: str) -> None:
    run = make_run(np.linspace(0, 0.9, 40), [kind] * 40)
    summary: Any = summary_of(run)
    check_contract(summary)
    for name in ("eer", "auc", "d_prime"):
        assert summary[name]["value"] is None
    assert summary["folds"]["kind"] is None
    assert point(summary, "best_accuracy")["threshold_similarity"] is None
    assert summary["curves"]["roc"]["fmr"] == []
    assert summary["scatter"]["shown"] == 0
    assert summary["calibration"]["reason"] == f"There is no {'non-mated' if kind else 'mated'} comparison."
    assert "line" not in summary["calibration"]
    assert warned(summary, f"No {'non-mated' if kind else 'mated'} comparison could be made")
    assert "it cannot be estimated how well facenet-vggface2 decides" in summary["headline"]
    fixed: Any = summary_of(run, threshold_distance=1.0)
    check_contract(fixed)
    assert point(fixed, "fixed")["accuracy"]["value"] is None
    assert point(fixed, "fixed")[rate]["value"] is not None
    assert "which says nothing of" in fixed["headline"]


def test_where_everything_failed_nothing_is_zero_percent() -> None:
    failed = {f"p{i}/1": "detect" for i in range(50)}
    summary: Any = summary_of(make_run([math.nan] * 50, np.arange(50) < 25, failed=failed), threshold_distance=1.0)
    check_contract(summary)
    assert summary["headline"] == (
        '50 of 100 photos gave no template: the detector gave no face (detect), "why". '
        "Nothing could be compared: in all 50 comparisons a side has no template."
    )
    fixed = point(summary, "fixed")
    assert fixed["fmr"]["value"] is fixed["far"]["value"] is fixed["fnmr"]["value"] is None
    assert fixed["frr"]["value"] == 1
    assert summary["distances"]["mated"] == {"mean": None, "sd": None, "min": None, "max": None, "n": 0}
    assert [row["comparisons_lost"] for row in summary["failures"]["no_template"]] == [1] * 24


def test_an_empty_run_says_so() -> None:
    summary: Any = summary_of(make_run([], []))
    check_contract(summary)
    assert summary["headline"] == "Nothing was compared: the protocol has no comparison, and there was no photo."
    assert summary["times"]["total_ms"] is None
    assert summary["warnings"] == [
        "No comparison could be made: there is nothing to say about how well the system decides."
    ]


def test_without_a_detector_there_is_no_detection_rate() -> None:
    run = bell_run(100)
    at = run.photos.column_names.index("faces_found")
    run.photos = run.photos.set_column(at, "faces_found", pa.array([None] * 200, pa.int32()))
    rate = summary_of(run)["rates"]["detection_rate"]
    assert rate["value"] is None
    assert "no detector" in rate["reason"]


def test_the_order_of_rows_changes_nothing() -> None:
    run, shuffled = bell_run(300), bell_run(300)
    order = np.random.default_rng(1).permutation(300)
    shuffled.comparisons = shuffled.comparisons.take(order)
    shuffled.scores = shuffled.scores.take(order[::-1].copy())
    first, second = summary_of(run), summary_of(shuffled)
    for name in ("operating_points", "folds", "auc", "histogram", "threshold_table", "failures", "headline"):
        assert first[name] == second[name]
    points = [
        set(zip(*(scatter[key] for key in ("comparison", "jitter", "outcome")), strict=True))
        for scatter in (first["scatter"], second["scatter"])
    ]
    assert points[0] == points[1]


def test_a_crowded_scatter_keeps_every_error_and_both_kinds() -> None:
    n = 40_000
    mated = np.arange(n) % 40 == 0
    similarity = np.where(mated, 0.8, 0.1) + 0.05 * keyed_uniform(np.arange(n), 5)
    similarity[7::4000] = 0.9
    summary: Any = summary_of(make_run(similarity, mated), threshold_distance=1.0)
    scatter = summary["scatter"]
    assert scatter["shown"] == SCATTER_POINTS
    assert scatter["of"] == n
    assert scatter["outcome"].count("FP") == 10
    assert scatter["outcome"].count("TP") == 1000
    assert -1 <= min(scatter["jitter"]) < -0.99
    assert 0.99 < max(scatter["jitter"]) <= 1
    assert warned(summary, "39 times as many non-mated comparisons")
    assert summary["failures"]["false_matches"][0]["similarity"] == 0.9


@pytest.mark.parametrize("threshold", [-0.1, 2.1, math.nan])
def test_a_threshold_that_is_no_distance_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigurationError, match="0 to 2"):
        summary_of(bell_run(20), threshold_distance=threshold)


def test_metrics_json_is_strict_and_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text("old")
    summary = summary_of(bell_run(40, model="Zoë <b>\u2028"))
    write_metrics_json(path, summary)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse) == summary
    with pytest.raises(ValueError, match="JSON"):
        write_metrics_json(path, {"value": math.nan})
    assert json.loads(path.read_text(encoding="utf-8")) == summary
    assert list(tmp_path.iterdir()) == [path]


def test_thresholds_are_also_given_in_the_usual_score_of_the_model() -> None:
    card = {"title": "A model", "templates": {"unit_length": False, "score": "squared_euclidean"}}
    summary: Any = summary_of(bell_run(card=card), threshold_distance=1.1)
    given_first, *others = summary["operating_points"]
    assert given_first["threshold_usual"] == 1.1**2
    for entry in (*others, *summary["fnmr_at_fmr"]):
        at = entry["threshold_similarity"]
        assert entry["threshold_usual"] == (None if at is None else pytest.approx(2 - 2 * at))
    for unknown in (bell_run(card=None), bell_run(card={"title": "of before"}), bell_run()):
        entries: Any = summary_of(unknown)
        assert {entry["threshold_usual"] for entry in entries["operating_points"]} == {None}


def test_the_default_point_is_the_strictest_target_that_accepts_somebody() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, 400)
    mated = np.repeat([True, False], 200)
    sound = summarize(make_run(np.where(mated, 0.7, 0.1) + noise, mated))
    assert sound.default_operating_point == "fmr_0.1"
    assert sound.strictest_supported is not None
    assert sound.strictest_supported.fmr == 0.1
    upside_down = summarize(make_run(np.where(mated, 0.1, 0.7) + noise, mated))
    assert upside_down.default_operating_point == "best_accuracy"
    assert upside_down.strictest_supported is None
