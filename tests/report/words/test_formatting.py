from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wilson import wilson

from faceproof.report.words.formatting import (
    cannot_be_estimated,
    count,
    number,
    number_range,
    percent,
    percent_range,
    printable,
)
from faceproof.summary.estimates import Estimate

TRIALS = st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(TRIALS)
def test_a_percentage_is_0_or_100_only_where_the_rate_is(trials: tuple[int, int]) -> None:
    k, n = trials
    for text in (percent(k / n, n), percent(k / n)):
        shown = float(text.removesuffix("%"))
        assert (shown == 0) == (k == 0)
        assert (shown == 100) == (k == n)
        assert shown == pytest.approx(100 * k / n, abs=0.051)


@given(TRIALS)
@example((1, 353_049_110))
def test_the_ends_of_an_interval_are_0_or_100_only_where_they_are(trials: tuple[int, int]) -> None:
    k, n = trials
    low, high = wilson(k, n)
    text = percent_range(Estimate(value=k / n, low=low, high=high, n=n), joiner=" to ")
    shown = [float(end) for end in text.removesuffix("%").split(" to ")]
    assert (shown[0] == 0) == (k == 0)
    assert (shown[1] == 100) == (k == n)
    assert shown[0] <= shown[1]


def test_an_interval_of_many_trials_keeps_its_width() -> None:
    # 62 of 317,881: from 0.0152% to 0.0250%, which two decimals turn into one number and so into false certainty.
    low, high = wilson(62, 317_881)
    estimate = Estimate(value=62 / 317_881, low=low, high=high, n=317_881)
    shown = percent_range(estimate, joiner=" to ").removesuffix("%").split(" to ")
    assert float(shown[0]) < float(shown[1])


@pytest.mark.parametrize(
    ("rate", "n", "text"),
    [
        (0.0, 3000, "0.00%"),
        (0.0, 12, "0.0%"),
        (1.0, 6000, "100.00%"),
        (5999 / 6000, 6000, "99.98%"),
        (1 / 30_000, 30_000, "0.0033%"),
        (None, 6000, "–"),
    ],
)
def test_digits_follow_the_sample(rate: float | None, n: int, text: str) -> None:
    assert percent(rate, n) == text


def test_what_cannot_be_told_is_a_dash_and_never_a_zero() -> None:
    untold = Estimate.absent("nothing was accepted", "how")
    assert [percent(None), number(None), count(None)] == ["–", "–", "–"]
    assert [percent_range(untold), number_range(untold)] == ["", ""]
    assert cannot_be_estimated(untold) == "cannot be estimated: nothing was accepted"


@given(st.text())
def test_a_printable_name_steers_no_terminal_and_ordinary_letters_stay(name: str) -> None:
    assert printable(name).isprintable()
    assert printable(f"Zoë {name}").startswith("Zoë ")
