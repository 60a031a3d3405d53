"""Error rates of the comparisons of a run, of those that were made and of all, against plain counts."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.linked import LinkedScores, link, linked_scores
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.curves import count_steps
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.intervals import Rate, rate_interval

SEEDS = st.integers(0, 10_000)


class Drawn(NamedTuple):
    """Comparisons, a quarter of which could not be made, and decisions on them."""

    similarity: np.ndarray
    mated: np.ndarray
    person_a: np.ndarray
    person_b: np.ndarray
    accepted: np.ndarray

    def linked(self, *, known: bool = True) -> LinkedScores:
        return link(self.similarity, self.mated, (self.person_a, self.person_b) if known else None)

    @property
    def made(self) -> np.ndarray:
        return ~np.isnan(self.similarity)


def drawn(seed: int, n: int = 60, lost: float = 0.25) -> Drawn:
    rng = np.random.default_rng(seed)
    person_a = rng.integers(0, 12, n)
    person_b = np.where(rng.random(n) < 0.5, person_a, rng.integers(0, 12, n))
    similarity = np.where(rng.random(n) < lost, math.nan, rng.integers(-8, 9, n) / 8)
    return Drawn(similarity, person_a == person_b, person_a, person_b, similarity >= rng.integers(-4, 5, n) / 8)


@settings(deadline=None)
@given(SEEDS, st.booleans(), st.sampled_from([0.0, 0.25, 0.9]))
def test_rates_are_those_of_a_plain_count(seed: int, known: bool, lost: float) -> None:
    one = drawn(seed, lost=lost)
    found = one.linked(known=known).error_rates(one.accepted)
    for rate, of, wrong in (
        (found.fmr, one.made & ~one.mated, one.accepted),
        (found.fnmr, one.made & one.mated, ~one.accepted),
        (found.far, ~one.mated, one.accepted),
        (found.frr, one.mated, ~one.accepted),
    ):
        if not of.any():
            assert rate is None
            continue
        assert rate is not None
        assert (rate.errors, rate.n) == (np.count_nonzero(wrong & of), np.count_nonzero(of))
        assert rate.value == pytest.approx(rate.errors / rate.n)


def interval_of(rate: Rate | None) -> tuple[float | None, float | None]:
    assert rate is not None
    return rate.interval.low, rate.interval.high


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_what_was_not_made_is_the_first_to_be_rejected(seed: int) -> None:
    """FAR and FRR have the intervals of a list in which it scores below everything."""
    one = drawn(seed)
    found = one.linked().error_rates(one.accepted)
    below = np.where(one.made, one.similarity, -9.0)
    every = Dependence(below, one.mated, (one.person_a, one.person_b))
    far = rate_interval(every.non_mated, np.flatnonzero(one.accepted[~one.mated]))
    frr = rate_interval(every.mated, np.flatnonzero(~one.accepted[one.mated]))
    assert interval_of(found.far) == pytest.approx(interval_of(far))
    assert interval_of(found.frr) == pytest.approx(interval_of(frr))


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_the_rates_of_what_was_made_are_those_of_a_list_without_the_rest(seed: int) -> None:
    one = drawn(seed)
    found = one.linked().error_rates(one.accepted)
    without = Drawn(*(column[one.made] for column in one))
    alone = without.linked().error_rates(without.accepted)
    for rate, again in ((found.fmr, alone.fmr), (found.fnmr, alone.fnmr)):
        assert interval_of(rate) == pytest.approx(interval_of(again))
    assert interval_of(alone.far) == interval_of(alone.fmr)
    assert interval_of(alone.frr) == interval_of(alone.fnmr)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from([0.0, 0.5, 1.0]))
def test_lost_comparisons_are_counted_by_kind(seed: int, lost: float) -> None:
    one = drawn(seed, lost=lost)
    linked = one.linked()
    assert linked.compared.tolist() == one.made.tolist()
    assert linked.every.mated.n - linked.made.mated.n == np.count_nonzero(~one.made & one.mated)
    assert linked.every.non_mated.n - linked.made.non_mated.n == np.count_nonzero(~one.made & ~one.mated)
    assert (linked.made.n, linked.every.n) == (np.count_nonzero(one.made), 60)


def test_steps_are_those_of_the_comparisons_that_were_made() -> None:
    one = drawn(0)
    want = count_steps(one.similarity[one.made], one.mated[one.made])
    found = one.linked().steps
    for name in ("similarity", "tp", "fp"):
        np.testing.assert_array_equal(getattr(found, name), getattr(want, name))


def test_no_comparisons_have_no_rates() -> None:
    nothing = np.zeros(0, np.int64)
    for people in (None, (nothing, nothing)):
        found = link(np.zeros(0), np.zeros(0, np.bool_), people).error_rates(np.zeros(0, np.bool_))
        assert (found.fmr, found.fnmr, found.far, found.frr) == (None,) * 4


@pytest.mark.parametrize("known", [True, False])
def test_a_run_is_linked_by_people_and_photos_where_they_are_known(known: bool) -> None:
    """Photo ann/1 meets two photos of bob and one of cem: a couple twice, a photo shared twice more each way."""
    pairs = [("ann/1", "bob/1"), ("ann/1", "bob/2"), ("cem/1", "ann/1"), ("bob/1", "bob/2"), ("cem/1", "cem/2")]
    columns = {f"photo_{side}": [pair[place] for pair in pairs] for place, side in enumerate("ab")}
    columns |= {f"person_{side}": [pair[place][:3] for pair in pairs] for place, side in enumerate("ab")}
    scored = ScoredComparisons(
        comparison=np.arange(5),
        mated=np.array([False, False, False, True, True]),
        fold=np.full(5, -1),
        similarity=np.array([0.1, 0.2, 0.3, 0.9, math.nan]),
        names=pa.table(columns),
        people_known=known,
    )
    linked = linked_scores(scored)
    assert linked.every.known is known
    assert [way.count for way in linked.made.non_mated.sharing] == ([2, 4] if known else [])
    assert (linked.made.mated.n, linked.every.mated.n) == (1, 2)
