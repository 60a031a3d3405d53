"""A likelihood ratio in words: which way it speaks, how certain that is, and where it ends."""

from __future__ import annotations

import pytest

from faceproof.report.words.calibration import posterior_in_words, ratio_in_words
from faceproof.summary.calibration import LikelihoodRatio


def ratio(value: float, low: float, high: float, *, people: int = 400, known: bool = True) -> LikelihoodRatio:
    return LikelihoodRatio(value, low, high, float(people), people, known)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            ratio(35.2, 12.4, 99.6),
            "35 times more likely if they show the same person than if they show different people (95% interval 12 to "
            "100).",
        ),
        (
            ratio(1 / 35.2, 1 / 99.6, 1 / 12.4),
            "35 times more likely if they show different people than if they show the same person (95% interval 12 to "
            "100).",
        ),
        (
            ratio(2.54, 0.5, 8.12),
            "2.5 times more likely if they show the same person, but it may speak for neither (95% interval 1/2 to "
            "8.1).",
        ),
        (
            ratio(0.5, 0.1, 1.25),
            "2 times more likely if they show different people, but it may speak for neither (95% interval 1/1.2 to "
            "10).",
        ),
        (
            ratio(400, 400, 400),
            "At least 400 times more likely if they show the same person than if they show different people. More "
            "cannot be said: the run has 400 people.",
        ),
        (
            ratio(400, 90, 400),
            "400 times more likely if they show the same person than if they show different people (95% interval 90 or "
            "more, the most that 400 people can show).",
        ),
        (
            ratio(1 / 8, 1 / 8, 8, people=8),
            "8 times more likely if they show different people, but it may speak for neither (95% interval 1/8 or "
            "more, the most that 8 people can show).",
        ),
        (
            ratio(1 / 4000, 1 / 4000, 1 / 4000, people=4000, known=False),
            "At least 4,000 times more likely if they show different people than if they show the same person. More "
            "cannot be said: the run has 4,000 comparisons of one kind.",
        ),
    ],
)
def test_the_sentence_says_which_way_and_how_far(found: LikelihoodRatio, said: str) -> None:
    assert ratio_in_words(found) == said


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        (0.5, "97.2% that they show the same person, if it was 50% before the photos were seen."),
        (0.001, "3.38% that they show the same person, if it was 0.1% before the photos were seen."),
        (0.95, "99.8% that they show the same person, if it was 95% before the photos were seen."),
        (0.999, "99.997% that they show the same person, if it was 99.9% before the photos were seen."),
    ],
)
def test_the_posterior_names_its_prior(prior: float, said: str) -> None:
    assert posterior_in_words(ratio(35.0, 12, 99), prior) == said


def test_the_posterior_of_a_ratio_at_the_limit_is_a_limit() -> None:
    assert posterior_in_words(ratio(400, 400, 400), 0.01).startswith("At least 80.2% that they show the same person")
    assert posterior_in_words(ratio(1 / 400, 1 / 400, 1 / 400), 0.01).startswith("At most 0.00253% that they")


def test_the_posterior_of_a_ratio_with_an_interval_below_the_limit_is_none() -> None:
    assert posterior_in_words(ratio(400, 90, 400), 0.01).startswith("80.2% that they show the same person")
    assert posterior_in_words(ratio(1 / 400, 1 / 400, 1 / 90), 0.01).startswith("0.00253% that they")
