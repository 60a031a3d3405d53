"""Warnings of a summary: what makes its numbers mean less than they seem to, and nothing where all is well."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from judged_runs import bell_run, make_run, summary_of, warned

from faceproof.report.words.evaluation_cautions import canary_cautions, detector_cautions
from faceproof.runs.manifest_schema import DetectorEntry
from faceproof.systems.model_check.result import ModelCheck


def test_few_comparisons_are_called_few() -> None:
    summary: Any = summary_of(bell_run(20))
    assert "of 30 people, too few to rely on, " in summary["headline"]
    assert warned(summary, "Only 10 mated comparisons could be made")
    assert warned(summary, "Only 10 non-mated comparisons could be made")


def test_synthetic_people_are_named_first() -> None:
    summary: Any = summary_of(bell_run(people={"root": "r", "synthetic": True}))
    assert summary["headline"].startswith(
        "These are synthetic people and no evidence about a real system: on 400 comparisons of "
    )
    assert "synthetic" in summary["warnings"][0]


@pytest.mark.parametrize(("many", "noticed"), [(1, False), (2, True), (5, True)])
def test_scores_taken_over_several_comparisons_at_a_time_are_noticed(many: int, noticed: bool) -> None:
    run = bell_run()
    similarity, others = run.scores["similarity"].to_numpy().copy(), ~np.array(run.comparisons["mated"])
    own = similarity[others]
    similarity[others] = np.repeat(own[: -(-own.size // many)], many)[: own.size]
    run.scores = run.scores.set_column(2, "similarity", pa.array(similarity))
    assert warned(summary_of(run), "come in runs of") == noticed


def test_scores_that_many_strangers_share_are_no_batches() -> None:
    run = bell_run()
    similarity, others = run.scores["similarity"].to_numpy().copy(), ~np.array(run.comparisons["mated"])
    similarity[others] = np.round(similarity[others])
    run.scores = run.scores.set_column(2, "similarity", pa.array(similarity))
    assert not warned(summary_of(run), "come in runs of")


def test_a_distance_taken_for_a_similarity_is_noticed() -> None:
    run = bell_run()
    run.scores = run.scores.set_column(2, "similarity", pa.array(-run.scores["similarity"].to_numpy()))
    summary: Any = summary_of(run)
    assert summary["auc"]["value"] < 0.01
    assert warned(summary, "below 0.5")
    assert warned(summary, "is lower than that of mated ones")


@pytest.mark.parametrize(("spread", "text"), [(0.0, "All similarities are equal"), (0.001, "Nearly all similar")])
def test_a_system_that_tells_nobody_apart_is_noticed(spread: float, text: str) -> None:
    similarity = 0.97 + spread * np.random.default_rng(0).random(100)
    summary: Any = summary_of(make_run(similarity, np.arange(100) % 2 == 0))
    assert warned(summary, text)
    if spread == 0:
        assert summary["eer"]["value"] == summary["auc"]["value"] == 0.5
        assert summary["d_prime"]["value"] is None


def test_one_file_under_two_names_is_noticed() -> None:
    run = bell_run(100)
    similarity = run.scores["similarity"].to_numpy().copy()
    similarity[[1, 3, 4]] = 1.0
    run.scores = run.scores.set_column(2, "similarity", pa.array(similarity))
    digests = run.photos["sha256"].to_pylist()
    digests[1], digests[4] = digests[101], digests[104]
    run.photos = run.photos.set_column(2, "sha256", pa.array(digests))
    summary: Any = summary_of(run)
    assert warned(summary, "2 non-mated comparisons have identical templates (similarity above 0.99999); in 1 of them")
    assert warned(summary, "Such as p1/1 and q1/1; p3/1 and q3/1.")
    assert warned(summary, "1 mated comparison compares a file with itself or a copy of it")


def test_a_run_cut_short_is_noticed() -> None:
    run = bell_run(100, protocol={"comparisons": 120})
    run.scores = run.scores.slice(0, 90)
    summary: Any = summary_of(run)
    assert warned(summary, "The protocol has 120 comparisons and the run folder 100")
    assert warned(summary, "10 comparisons have no similarity although both photos have a template")


def plain_run(mated: int, non_mated: int, **more: Any) -> Any:
    """A run that decides everything correctly, with as many comparisons of each kind, each with its own score."""
    labels = np.arange(mated + non_mated) < mated
    return make_run(np.where(labels, 0.8, 0.1) + np.arange(labels.size) / 1e4, labels, **more)


def test_a_run_without_a_flaw_is_warned_of_what_it_cannot_say_alone() -> None:
    only, open_above = summary_of(plain_run(300, 300))["warnings"]
    assert open_above.startswith("FNMR at FMR 1% has no upper end: ")
    assert only.startswith("An FMR of 0.1% or 0.01% cannot be resolved: 300 non-mated comparisons were made, and 0.1% ")
    assert only.endswith(" takes 1,000 or more.")


@pytest.mark.parametrize(("made", "few"), [(29, True), (30, False)])
def test_fewer_than_30_comparisons_of_a_kind_are_few(made: int, few: bool) -> None:
    assert warned(summary_of(plain_run(made, 40)), f"Only {made} mated comparisons could be made") is few
    assert warned(summary_of(plain_run(40, made)), f"Only {made} non-mated comparisons could be made") is few


@pytest.mark.parametrize(("mated", "non_mated", "said"), [(30, 300, None), (30, 301, "non-mated"), (301, 30, "mated")])
def test_more_than_ten_times_as_many_of_one_kind_are_told(mated: int, non_mated: int, said: str | None) -> None:
    summary = summary_of(plain_run(mated, non_mated))
    assert warned(summary, "times as many") is (said is not None)
    assert said is None or warned(summary, f"There are 10 times as many {said} comparisons as others")


@pytest.mark.parametrize(("similarity", "copies"), [(0.99999, False), (math.nextafter(0.99999, 1), True)])
def test_templates_are_identical_above_their_limit(similarity: float, copies: bool) -> None:
    run = plain_run(40, 40)
    values = run.scores["similarity"].to_numpy().copy()
    values[50] = similarity
    run.scores = run.scores.set_column(2, "similarity", pa.array(values))
    assert warned(summary_of(run), "1 non-mated comparison has identical templates") is copies
    assert not copies or warned(summary_of(run), "their files differ. The labels or the system are wrong there.")


def test_a_comparison_that_could_not_be_made_is_told_in_the_singular() -> None:
    summary = summary_of(make_run([0.8, 0.1, math.nan], [True, False, False], failed={"p2/1": "detect"}))
    assert warned(summary, "1 comparison of 3 could not be made (0 mated, 1 non-mated), because a side has no template")
    assert warned(summary, "It is in no count of right and wrong decisions")
    assert warned(summary, "1 of 6 photos gave no template: 1 at detect (why).")


def test_scores_without_people_are_told_first() -> None:
    source = {"kind": "scores", "file": "scores.csv", "sha256": "0" * 64}
    system = {"name": "other", "card": None, "source": source}
    nameless = plain_run(40, 40, systems=[system], people={"root": "scores.csv", "people": None})
    assert summary_of(nameless)["warnings"][0].startswith("The score file names no people")
    named = plain_run(40, 40, systems=[system], people={"root": "scores.csv", "people": 3})
    assert not warned(summary_of(named), "The score file names no people")


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        (None, []),
        ({"name": "mtcnn"}, []),
        ({"name": "none"}, ["No face was sought: each photo"]),
        ({"name": "file", "file": "lists/faces.csv"}, ["Faces are those of faces.csv: the time"]),
        ({"name": "file"}, ["Faces are those of a file: the time"]),
    ],
)
def test_where_no_detector_looked_at_the_photos_it_is_said(detector: dict[str, str] | None, said: list[str]) -> None:
    entry = None if detector is None else DetectorEntry.model_validate(detector)
    found = list(detector_cautions(entry))
    assert len(found) == len(said)
    assert all(text.startswith(start) for text, start in zip(found, said, strict=True))


def test_a_model_that_was_not_checked_is_told_and_one_that_passed_is_not() -> None:
    assert list(canary_cautions("net", None)) == []
    skipped = ModelCheck.model_validate({"passed": None, "reason": "skipped as asked"})
    (said,) = canary_cautions("net", skipped)
    assert said == "net was not checked before the run (skipped as asked): wrong preprocessing would not show."


def renamed(run: Any, **columns: list[str]) -> Any:
    """The run with other names in ``comparisons.parquet``."""
    for name, values in columns.items():
        place = run.comparisons.column_names.index(name)
        run.comparisons = run.comparisons.set_column(place, name, pa.array(values, pa.string()))
    return run


def test_people_in_two_folds_are_noticed() -> None:
    fold = np.arange(400) // 40
    assert not warned(summary_of(bell_run(fold=fold)), "in two folds or more")
    names = bell_run().comparisons["person_a"].to_pylist()
    shared = renamed(bell_run(fold=fold), person_a=[*names[:-1], names[0]])
    assert warned(summary_of(shared), "1 of 599 people is in two folds or more.")


def test_labels_that_contradict_the_names_are_noticed() -> None:
    run = bell_run()
    names = run.comparisons["person_b"].to_pylist()
    names[1] = run.comparisons["person_a"][1].as_py()
    assert not warned(summary_of(run), "though both sides name one person")
    assert warned(summary_of(renamed(run, person_b=names)), "1 comparison is labelled non-mated, though both sides ")


@pytest.mark.parametrize(("digits", "noticed"), [(1, True), (6, False)])
def test_scores_that_were_rounded_are_noticed(digits: int, noticed: bool) -> None:
    run = bell_run()
    rounded = np.round(run.scores["similarity"].to_numpy(), digits)
    run.scores = run.scores.set_column(2, "similarity", pa.array(rounded))
    assert warned(summary_of(run), "between two thresholds") is noticed


@pytest.mark.parametrize(("by", "noticed"), [(0.3, True), (0.0, False)])
def test_scores_that_drift_over_the_rows_are_noticed(by: float, noticed: bool) -> None:
    run = bell_run()
    later = run.scores["similarity"].to_numpy() - by * np.linspace(0, 1, 400)
    run.scores = run.scores.set_column(2, "similarity", pa.array(later))
    assert warned(summary_of(run), "comparisons fall over the rows of the file") is noticed


@pytest.mark.parametrize(("given", "said"), [(1.0, False), (1.3, True)])
def test_a_threshold_from_elsewhere_that_costs_much_is_named_with_its_loss(given: float, said: bool) -> None:
    # Distances 0.45 and 0.63 of mated, 1.18 and 1.34 of non-mated comparisons: all thresholds between are perfect.
    run = make_run([0.9, 0.8, 0.3, 0.1] * 10, [True, True, False, False] * 10)
    text = "It decides 75.0% of these comparisons correctly, and the best threshold for them"
    summary: Any = summary_of(run, threshold_distance=given)
    assert warned(summary, text) == said
    assert warned(summary, "a loss of 25.0 points") == said


def test_a_threshold_of_the_run_itself_has_no_loss_from_elsewhere() -> None:
    run = make_run([0.9, 0.3, 0.8, 0.1] * 10, [True, True, False, False] * 10)
    assert not warned(summary_of(run), "was set elsewhere")


@pytest.mark.parametrize(("wrong", "said"), [(0.45, False), (-0.9, True)])
def test_one_pair_that_carries_the_likelihood_ratios_is_told(wrong: float, said: bool) -> None:
    rng = np.random.default_rng(0)
    similarity = np.append(rng.normal(0.7, 0.1, 200), rng.normal(0.2, 0.1, 200))
    similarity[0] = wrong
    run = make_run(similarity.clip(-1, 1), np.repeat([True, False], 200))
    assert warned(summary_of(run), "The likelihood ratios rest on about ") == said
