"""Failures in words: the stage that failed is named, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from edited import edited, merged

from faceproof.report.words.failures import failures_first, failures_in_words, stages_in_words
from faceproof.report.words.stress import newly_failing, stress_cautions, stress_headline
from faceproof.summary.evaluation_schema import Counts
from faceproof.summary.stress_schema import StressSummary


def counts_of(photos: int, reasons: dict[str, tuple[str | None, int]] | None = None, **stages: int) -> Counts:
    by_stage = {"decode": 0, "detect": 0, "align": 0, "embed": 0} | stages
    named = {stage: {"reason": text, "photos": n} for stage, (text, n) in (reasons or {}).items() if text}
    failed = sum(stages.values())
    values = {
        **{"photos": photos, "failures": failed, "templates": photos - failed, "people": 4},
        **{"failures_by_stage": by_stage, "failure_reasons": named},
        **{"comparisons": 100, "mated": 50, "non_mated": 50},
        **{"compared_mated": 50, "compared_non_mated": 50, "not_compared_mated": 0, "not_compared_non_mated": 0},
    }
    return Counts.model_validate(values)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            counts_of(8, {"embed": ("NaN", 8)}, embed=8),
            '8 of 8 photos gave no template: the model failed (embed), "NaN"',
        ),
        (
            counts_of(9, {"detect": ("no face found", 2)}, detect=3),
            '3 of 9 photos gave no template: the detector gave no face (detect), most often "no face found"',
        ),
        (
            counts_of(9, {"align": ("no landmarks", 4)}, align=4, embed=1, decode=2),
            '7 of 9 photos gave no template: the face could not be aligned (align 4), "no landmarks"; '
            "others: decode 2, embed 1",
        ),
        (counts_of(1, decode=1), "1 of 1 photo gave no template: the photo could not be read (decode)"),
        (
            counts_of(2_000, {"detect": ("none", 1)}, detect=1_500, embed=1_500 - 1_000),
            '2,000 of 2,000 photos gave no template: the detector gave no face (detect 1,500), most often "none"; '
            "others: embed 500",
        ),
        (counts_of(5, odd=2), "2 of 5 photos gave no template: the stage failed (odd)"),
    ],
)
def test_the_stage_that_failed_most_is_named_with_its_most_frequent_reason(counts: Counts, said: str) -> None:
    assert failures_in_words(counts) == said


def test_every_stage_is_listed_with_its_reason() -> None:
    counts = counts_of(9, {"align": ("no landmarks", 4), "decode": ("empty", 1)}, align=4, embed=1, decode=2)
    assert stages_in_words(counts) == (
        "7 of 9 photos gave no template: 2 at decode (most often empty); 4 at align (no landmarks); 1 at embed"
    )


def test_a_reason_is_one_line_of_bounded_length_that_steers_nothing() -> None:
    counts = counts_of(2, {"embed": ("a\nb\x1b[31m " + "x" * 500, 2)}, embed=2)
    said = failures_in_words(counts)
    assert said.startswith('2 of 2 photos gave no template: the model failed (embed), "a\\nb\\x1b[31m xxx')
    assert said.endswith('x ..."')
    assert len(said) < 300


@pytest.mark.parametrize(
    ("counts", "first"),
    [
        (counts_of(10), False),
        (counts_of(10, detect=5), False),
        (counts_of(10, detect=6), True),
        (merged(counts_of(10, detect=5), compared_mated=0, compared_non_mated=0), True),
        (merged(counts_of(10, detect=5), compared_mated=0), False),
        (merged(counts_of(10), compared_mated=0, compared_non_mated=0), False),
        (merged(counts_of(10, detect=5), comparisons=0, compared_mated=0, compared_non_mated=0), False),
    ],
)
def test_failures_come_first_where_most_photos_fail_or_no_comparison_is_left(counts: Counts, first: bool) -> None:
    assert failures_first(counts) is first


def test_what_fails_more_under_a_condition_is_told_from_what_failed_before() -> None:
    clean = counts_of(20, decode=5, detect=3)
    assert newly_failing(clean, counts_of(20, decode=5, detect=3)) is None
    assert newly_failing(clean, counts_of(20, decode=5, detect=4, embed=2)) == "embed"
    assert newly_failing(clean, counts_of(20, decode=5, detect=9, embed=2)) == "detect"
    assert newly_failing(clean, counts_of(20, decode=2, detect=3)) is None


def test_a_model_that_fails_on_degraded_photos_is_not_told_as_faces_that_are_not_found(
    stressed: StressSummary,
) -> None:
    def change(values: dict[str, Any]) -> None:
        (model,) = values["models"]
        for row in model["conditions"]:
            row["counts"] = counts_of(16).as_json()
            row["loss"]["loss"] |= {"value": 0.1}
        for part, value in (("loss", 0.9), ("not_found", 0.8), ("drift", 0.1), ("separability", 0.0)):
            model["conditions"][-1]["loss"][part] |= {"value": value}

    def with_worst(counts: Counts) -> StressSummary:
        return merged(edited(stressed, change), "models", 0, "conditions", -1, counts=counts)

    stressed = with_worst(counts_of(16, {"embed": ("too dark", 9)}, embed=9, detect=1))
    assert "mostly because of photos on which the model now fails" in stress_headline(stressed)
    (said,) = [text for text in stress_cautions(stressed) if "faces not found" in text]
    assert "10 of 16 photos gave no template: 1 at detect; 9 at embed (too dark)." in said
    stressed = with_worst(counts_of(16, {"detect": ("none", 9)}, detect=9))
    assert "mostly because of faces that are no longer found" in stress_headline(stressed)
    assert not [text for text in stress_cautions(stressed) if "faces not found" in text]


def test_a_model_that_fails_on_clean_photos_is_the_first_thing_that_stress_says(stressed: StressSummary) -> None:
    counts = counts_of(16, {"embed": ("NaN", 16)}, embed=16)
    stressed = merged(stressed, "models", 0, "conditions", 0, counts=counts)
    said = 'dlib-resnet: 16 of 16 photos gave no template: the model failed (embed), "NaN". '
    assert stress_headline(stressed).startswith(said)
    assert any(
        "dlib-resnet, clean photos: 16 of 16 photos gave no template" in one for one in stress_cautions(stressed)
    )


def test_without_a_loss_no_part_of_it_is_blamed(stressed: StressSummary) -> None:
    def change(values: dict[str, Any]) -> None:
        for row in values["models"][0]["conditions"]:
            for part, value in (("loss", -0.125), ("not_found", 0.0), ("drift", -0.1), ("separability", -0.025)):
                row["loss"][part] |= {"value": value}

    told = stress_headline(edited(stressed, change))
    assert "which costs no more than clean photos; robustness index" in told
    assert "because" not in told
