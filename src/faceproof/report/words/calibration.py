"""Sentences about likelihood ratios."""

from __future__ import annotations

import math

from faceproof.report.words.formatting import count
from faceproof.summary.calibration import LikelihoodRatio

_WHOLE = 1 - 1e-9
SAME, DIFFERENT = "the same person", "different people"


def ratio_in_words(ratio: LikelihoodRatio) -> str:
    """A likelihood ratio with its interval as a sentence, for people who have to weigh it.

    It says how much more likely the similarity is, and not how likely it is that two photos show one person: that also
    depends on what else is known.
    """
    whose = f"{count(ratio.people)} {'people' if ratio.people_known else 'comparisons of one kind'}"
    upright = ratio.value >= 1
    value, low, high = (
        (ratio.value, ratio.low, ratio.high) if upright else (1 / ratio.value, 1 / ratio.high, 1 / ratio.low)
    )
    on, other = (SAME, DIFFERENT) if upright else (DIFFERENT, SAME)
    if ratio.capped and low >= value * _WHOLE:
        return (
            f"At least {_times(value)} times more likely if they show {on} than if they show {other}. More cannot be "
            f"said: the run has {whose}."
        )
    reach = f"{_end(low)} or more, the most that {whose} can show" if ratio.capped else f"{_end(low)} to {_end(high)}"
    interval = f"95% interval {reach}"
    if low < 1:
        return f"{_times(value)} times more likely if they show {on}, but it may speak for neither ({interval})."
    return f"{_times(value)} times more likely if they show {on} than if they show {other} ({interval})."


def posterior_in_words(ratio: LikelihoodRatio, prior: float) -> str:
    """The probability of one person after the photos were seen, with the prior that it rests on."""
    limit = ""
    if ratio.capped and ratio.low >= ratio.value * _WHOLE and ratio.value > 1:
        limit = "At least "
    elif ratio.capped and ratio.high * _WHOLE <= ratio.value < 1:
        limit = "At most "
    return (
        f"{limit}{_probability(ratio.posterior(prior))} that they show {SAME}, if it was {_probability(prior)} before "
        "the photos were seen."
    )


def _probability(value: float) -> str:
    """A percentage with three digits; near 100% with so many that what is left of it is seen."""
    rest = 100 * (1 - value)
    digits = 3 if rest >= 0.5 or rest == 0 else 2 - math.floor(math.log10(rest))
    return f"{100 * value:.{digits}g}%"


def _times(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _end(value: float) -> str:
    return _times(value) if value >= 1 else f"1/{_times(1 / value)}"
