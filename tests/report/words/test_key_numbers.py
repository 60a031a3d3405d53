from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from edited import edited

from faceproof.report.words.key_numbers import headline_keys, key_numbers
from faceproof.summary.evaluation_schema import EvaluationSummary


def test_every_number_says_how_it_was_found(summary: EvaluationSummary) -> None:
    found = key_numbers(summary)
    assert len({key.key for key in found}) == len(found) == 16
    assert all(key.what and key.plain and key.how for key in found)
    by_key = {key.key: key for key in found}
    assert (by_key["folds"].value, by_key["folds"].interval) == ("98.90%", "98.61 – 99.19%")
    assert by_key["auc"].value == "0.9951"
    assert by_key["default"].n == 6000


def test_the_marks_of_optimism_are_those_of_the_estimates(summary: EvaluationSummary) -> None:
    assert {key.key for key in key_numbers(summary) if key.optimistic} == {
        *("default", "eer", "min_cllr", "calibration_loss")
    }

    def change(values: dict[str, Any]) -> None:
        values["eer"]["optimistic"] = values["operating_points"][0]["accuracy"]["optimistic"] = False
        for name in ("min_cllr", "loss"):
            values["calibration"][name]["optimistic"] = False

    assert not any(key.optimistic for key in key_numbers(edited(summary, change)))


def test_a_number_that_cannot_be_told_gives_its_reason_and_no_mark(
    summary_of: Callable[..., EvaluationSummary],
) -> None:
    absent = [key for key in key_numbers(summary_of(0, 0)) if not key.available]
    assert [key.key for key in absent] == [
        *("folds", "default", "fnmr_at_10%", "fnmr_at_1%", "fnmr_at_0.1%", "fnmr_at_0.01%", "eer", "auc", "d_prime")
    ]
    for key in absent:
        assert (key.value, key.interval, key.optimistic) == ("–", "", False)
        assert key.note.startswith("cannot be estimated: ")


@pytest.mark.parametrize(
    ("numbers", "first"),
    [((3000, 3000), ["folds", "fnmr_at_0.1%"]), ((200, 200), ["folds", "fnmr_at_1%"]), ((200, 0), ["default", "eer"])],
)
def test_the_largest_numbers_are_the_strictest_that_can_be_told(
    summary_of: Callable[..., EvaluationSummary], numbers: tuple[int, int], first: list[str]
) -> None:
    summary = summary_of(*numbers)
    keys = headline_keys(summary)
    assert keys[:2] == first
    assert len(keys) == len(set(keys)) <= 6
    assert set(keys) <= {key.key for key in key_numbers(summary)}


def test_a_target_without_an_upper_end_is_not_the_main_number(summary_of: Callable[..., EvaluationSummary]) -> None:
    def open_end(values: dict[str, Any]) -> None:
        row = next(row for row in values["fnmr_at_fmr"] if row["fmr"] == 0.001)
        row["fnmr"] |= {"high": None, "no_end": "no upper end: few people"}

    summary = summary_of(3000, 3000)
    assert headline_keys(summary)[1] == "fnmr_at_0.1%"
    assert headline_keys(edited(summary, open_end))[1] == "fnmr_at_1%"
