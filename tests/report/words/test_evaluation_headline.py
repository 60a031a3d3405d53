"""The headline of an evaluation: one sentence that never claims more than the numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from edited import merged
from judged_runs import make_run, summary_of

from faceproof.report.words.evaluation_headline import headline, is_synthetic
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.evaluation_schema import EvaluationSummary


def test_the_headline_of_a_protocol_with_folds() -> None:
    n = 6000
    mated = np.arange(n) % 2 == 0
    similarity = np.where(mated, 0.8, 0.1)
    similarity[(np.arange(n) % 400 == 0)] = 0.0
    similarity[(np.arange(n) % 400 == 1)] = 0.9
    summary: Any = summary_of(make_run(similarity, mated, fold=np.arange(n) // 600, failed={"p1/1": "detect"}))
    assert summary["folds"]["kind"] == "protocol"
    assert summary["folds"]["k"] == len(summary["folds"]["per_fold"]) == 10
    assert summary["folds"]["left_out"] == 0
    assert summary["folds"]["accuracy"]["value"] == pytest.approx(0.995)
    assert not summary["folds"]["accuracy"]["optimistic"]
    assert summary["headline"] == (
        "On 6,000 comparisons of 9,000 people, facenet-vggface2 decided 99.50% correctly at thresholds set on the "
        "other folds (ten-fold; 95% interval 99.27% to 99.64%), and 1 of 12,000 photos gave no template: the detector "
        'gave no face (detect), "why".'
    )


def test_the_headline_begins_with_the_stage_that_failed_also_for_synthetic_people(summary: EvaluationSummary) -> None:
    failing = {
        **{"photos": 10, "failures": 10, "templates": 0, "failures_by_stage": {"detect": 0, "embed": 10}},
        **{"failure_reasons": {"embed": {"reason": "out of memory", "photos": 10}}},
        **{"compared_mated": 0, "compared_non_mated": 0},
    }
    summary = merged(summary, "counts", **failing)
    failed = '10 of 10 photos gave no template: the model failed (embed), "out of memory". '
    nothing = "othing could be compared: in all 6,001 comparisons a side has no template."
    assert headline(summary) == f"{failed}N{nothing}"
    synthetic = merged(summary, "run", "people", synthetic=True)
    assert headline(synthetic) == (
        f"{failed}These are synthetic people and no evidence about a real system: n{nothing}"
    )
    assert len(failed.split(" (embed)", maxsplit=1)[0]) < 72


def small(*rows: tuple[float, bool], **more: Any) -> Any:
    """A run of a few comparisons, each with its similarity and its label."""
    return make_run([row[0] for row in rows], [row[1] for row in rows], **more)


def of_scores(people: int | None) -> dict[str, Any]:
    source = {"kind": "scores", "file": "scores.csv", "sha256": "0" * 64}
    return {"systems": [{"name": "other", "card": None, "source": source}], "people": {"root": "r", "people": people}}


@pytest.mark.parametrize(
    ("k", "kind", "words"),
    [
        (2, "protocol", "at thresholds set on the other folds (two-fold; "),
        (10, "person_disjoint", "at thresholds set on other people (ten-fold; "),
        (11, "protocol", "at thresholds set on the other folds (11-fold; "),
    ],
)
def test_the_number_of_folds_is_told_in_words_up_to_ten(
    summary: EvaluationSummary, k: int, kind: str, words: str
) -> None:
    assert words in headline(merged(summary, "folds", k=k, kind=kind))


def test_without_folds_the_best_threshold_is_said_to_flatter(summary: EvaluationSummary) -> None:
    said = headline(merged(summary, "folds", kind=None))
    assert "correctly at the threshold that suits these very comparisons best, which flatters it (95% interval " in said


@pytest.mark.parametrize(("fewest", "few"), [(29, True), (30, False)])
def test_fewer_than_30_comparisons_of_a_kind_are_too_few(summary: EvaluationSummary, fewest: int, few: bool) -> None:
    for kind in ("compared_mated", "compared_non_mated"):
        assert ("too few to rely on" in headline(merged(summary, "counts", **{kind: fewest}))) is few


def test_one_comparison_of_one_person_is_told_in_the_singular(summary: EvaluationSummary) -> None:
    alone = merged(summary, "counts", comparisons=1, people=1)
    assert " of 1 comparison of 1 person, " in headline(alone)
    assert " of 1 comparison, " in headline(merged(alone, "counts", people=None))


def test_where_one_kind_was_made_its_own_error_alone_is_told() -> None:
    mated = summary_of(small(*[(0.9, True)] * 3, (0.1, True)), threshold_distance=1.0)["headline"]
    assert mated.startswith(
        "On 4 comparisons of 4 people, too few to rely on, all mated, facenet-vggface2 wrongly rejected 25.0% at the "
        "distance threshold 1 that was given beforehand (95% interval "
    )
    other = summary_of(small((0.9, False), (0.1, False)), threshold_distance=1.0)["headline"]
    assert ", all non-mated, facenet-vggface2 wrongly accepted 50.0% at the distance threshold 1 " in other
    assert ", which says nothing of mated ones, and " in other
    unknown = summary_of(small((0.9, True)))["headline"]
    assert unknown.startswith(
        "On 1 comparison of 1 person, too few to rely on, all mated, it cannot be estimated how well "
        "facenet-vggface2 decides, because no non-mated one could be made, and "
    )


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([0.9, 0.1], "every comparison has a score."),
        ([0.9, math.nan], "1 comparison has no score."),
        ([math.nan, 0.1, math.nan], "2 comparisons have no score."),
    ],
)
def test_of_scores_those_that_are_missing_are_counted(scores: list[float], said: str) -> None:
    run = make_run(scores, np.arange(len(scores)) % 2 == 0, **of_scores(4))
    assert summary_of(run)["headline"].endswith(f", and {said}")


def test_where_all_scores_are_missing_nothing_more_is_said() -> None:
    run = small((math.nan, True), (math.nan, False), **of_scores(4))
    assert summary_of(run)["headline"] == "Nothing could be compared: in all 2 comparisons the score is missing."
    alone = small((math.nan, True), **of_scores(2))
    assert summary_of(alone)["headline"] == "Nothing could be compared: in the only comparison the score is missing."


def test_photos_that_were_taken_for_faces_are_not_told_as_found(summary: EvaluationSummary) -> None:
    whole = merged(summary, "counts", failures=0)
    assert headline(whole).endswith(", and every photo had a face that could be used.")
    prepared = merged(whole, "run", detector={"name": "none"})
    assert headline(prepared).endswith(", and every photo was taken for a face as it is.")


def test_people_are_synthetic_only_where_the_manifest_says_so() -> None:
    run = {"kind": "evaluation", "systems": [{"name": "m"}]}
    for people, synthetic in (({"root": "r", "synthetic": True}, True), ({"root": "r"}, False)):
        assert is_synthetic(Manifest.model_validate(run | {"people": people})) is synthetic
    assert is_synthetic(Manifest.model_validate({"kind": "comparison"})) is False
