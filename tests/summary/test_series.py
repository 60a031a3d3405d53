"""Columns behind figures and slider, counted by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from faceproof.findings.linked import LinkedScores, link
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.intervals import fnmr_at_fmr_interval
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.series import curves, histogram, keyed_uniform, scatter, threshold_table


def bells(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng, mated = np.random.default_rng(0), np.arange(n) % 2 == 0
    return np.clip(np.where(mated, rng.normal(0.7, 0.12, n), rng.normal(0.1, 0.15, n)), -1, 1), mated


def labels(text: str) -> np.ndarray:
    """Labels such as ``mnm``: mated, non-mated, mated."""
    return np.array([letter == "m" for letter in text], np.bool_)


def apart(similarity: np.ndarray, mated: np.ndarray) -> LinkedScores:
    """Comparisons each of people of its own."""
    row = np.arange(len(mated))
    return link(np.asarray(similarity, np.float64), mated, (row, np.where(mated, row, row + len(mated))))


class TestCurves:
    def test_corners_alone_are_kept(self):
        """Accepted one after the other: two mated, two non-mated, one mated."""
        found = curves(apart(np.array([0.9, 0.8, 0.5, 0.3, -1.0]), labels("mmnnm")))
        assert found.roc.fmr == found.det.fmr == [0, 0, 1, 1]
        assert found.roc.tmr == pytest.approx([0, 2 / 3, 2 / 3, 1])
        assert found.det.fnmr == pytest.approx([1, 1 / 3, 1 / 3, 0])
        assert found.roc.threshold_distance == found.det.threshold_distance
        assert found.roc.threshold_distance[1:] == pytest.approx([math.sqrt(0.4), math.sqrt(1.4), 2])

    def test_equal_scores_of_both_kinds_are_one_step(self):
        found = curves(apart(np.array([0.5, 0.5, 0.5]), labels("mnn")))
        assert (found.roc.fmr, found.roc.tmr) == ([0, 1], [0, 1])

    @pytest.mark.parametrize("kinds", ["", "m", "nn"])
    def test_without_both_kinds_there_is_no_curve(self, kinds):
        found = curves(apart(np.full(len(kinds), 0.5), labels(kinds)))
        assert set(map(tuple, found.roc.model_dump().values())) == {()}
        assert set(map(tuple, found.det.model_dump().values())) == {()}

    def test_the_curve_of_many_comparisons_keeps_its_ends(self):
        found = curves(apart(*bells(20_000)))
        roc = found.roc
        assert 100 < len(roc.fmr) <= 500
        assert (roc.fmr[0], roc.tmr[0]) == (0, 0)
        assert (roc.fmr[-1], roc.tmr[-1], found.det.fnmr[-1]) == (1, 1, 0)
        assert roc.fmr == sorted(roc.fmr)
        assert roc.threshold_distance == sorted(roc.threshold_distance)

    def test_the_bands_hold_the_curve_and_are_those_of_fnmr_at_the_fmr(self):
        linked = apart(*bells(4000))
        found = curves(linked).det
        rows = [row for row, high in enumerate(found.fnmr_high) if high is not None]
        assert len(rows) > 50
        assert all(found.fnmr_low[row] <= found.fnmr[row] <= found.fnmr_high[row] for row in rows)
        # Below 3.84 expected false matches there is no upper end: 2,000 non-mated comparisons.
        assert all((found.fnmr_high[row] is None) == (found.fmr[row] < 4 / 2000) for row in range(len(found.fmr)))
        middle = rows[len(rows) // 2]
        exact = fnmr_at_fmr_interval(linked.made, found.fmr[middle])
        assert (exact.low, exact.high) == pytest.approx((found.fnmr_low[middle], found.fnmr_high[middle]), rel=0.05)
        roc = curves(linked).roc
        assert [roc.tmr_low[row] for row in rows] == pytest.approx([1 - found.fnmr_high[row] for row in rows])
        assert roc.tmr_high == pytest.approx([1 - low for low in found.fnmr_low])


def test_distances_are_counted_in_80_bins_with_both_ends():
    distance = np.array([0.0, 0.01, 1.001, 1.999, 2.0, 2.0])
    found = histogram(1 - distance**2 / 2, labels("mnmnnm"))
    assert (len(found.edges), found.edges[0], found.edges[1], found.edges[-1]) == (81, 0, 0.025, 2)
    assert {place: n for place, n in enumerate(found.mated) if n} == {0: 1, 40: 1, 79: 1}
    assert {place: n for place, n in enumerate(found.non_mated) if n} == {0: 1, 79: 2}


def test_the_table_of_thresholds_holds_exact_counts():
    similarity, mated = bells(60)
    table = threshold_table(apart(similarity, mated))
    assert len(table.distance) == 1001
    assert table.distance[0] == 0.0
    assert table.distance[-1] == 2.0
    for row in (0, 1, 333, 500, 777, 1000):
        accepted = similarity >= 1 - table.distance[row] ** 2 / 2
        assert table.tp[row] == np.sum(accepted & mated)
        assert table.fp[row] == np.sum(accepted & ~mated)
        assert table.fn[row] == np.sum(~accepted & mated)
        assert table.tn[row] == np.sum(~accepted & ~mated)


def test_the_table_has_the_interval_of_each_rate():
    similarity, mated = bells(400)
    linked = apart(similarity, mated)
    table = threshold_table(linked)
    for row in (200, 333, 500, 777, 900):
        accepted = similarity >= 1 - table.distance[row] ** 2 / 2
        rates = linked.error_rates(accepted)
        for rate, name in ((rates.fmr, "fmr"), (rates.fnmr, "fnmr")):
            ends = getattr(table, f"{name}_low")[row], getattr(table, f"{name}_high")[row]
            assert ends == pytest.approx((rate.interval.low, rate.interval.high), abs=0.004)


def test_without_a_kind_its_rate_has_no_interval():
    table = threshold_table(apart(np.array([0.5, 0.6]), labels("mm")))
    assert (table.fmr_low, table.fmr_high, len(table.fnmr_low)) == ([], [], 1001)


def test_a_distance_equal_to_the_threshold_is_accepted():
    table = threshold_table(apart(np.array([1.0, 0.5, -1.0]), labels("mnm")))
    at = {distance: (table.tp[row], table.fp[row]) for row, distance in enumerate(table.distance)}
    assert [at[distance] for distance in (0.0, 0.998, 1.0, 1.998, 2.0)] == [(1, 0), (1, 0), (1, 1), (1, 1), (2, 1)]


def scored(similarity, mated, first=0) -> ScoredComparisons:
    n = len(similarity)
    ids = {name: pa.array([f"{name} {row}" for row in range(n)]) for name in ("photo_a", "photo_b")}
    return ScoredComparisons(
        comparison=np.arange(first, first + n),
        mated=np.asarray(mated),
        fold=np.full(n, -1),
        similarity=np.asarray(similarity, np.float64),
        names=pa.table(ids),
    )


class TestScatter:
    def test_a_point_says_how_its_comparison_was_decided(self):
        found = scatter(scored([0.5, 0.5, 0.4, np.nan, 0.4], labels("mnmmn"), first=7), 0.5, 3)
        assert found.outcome == ["TP", "FP", "FN", "TN"]
        assert found.comparison == [7, 8, 9, 11]
        assert found.photo_a == ["photo_a 0", "photo_a 1", "photo_a 2", "photo_a 4"]
        assert found.photo_b[-1] == "photo_b 4"
        assert found.distance == distance_from_similarity(np.array([0.5, 0.5, 0.4, 0.4])).tolist()
        assert found.jitter == (2 * keyed_uniform(np.array([7, 8, 9, 11]), 4) - 1).round(4).tolist()
        assert (found.shown, found.of) == (4, 4)

    def test_without_a_threshold_there_are_no_points(self):
        found = scatter(scored([0.5, np.nan, 0.1], labels("mnn")), None, 3)
        assert (found.comparison, found.outcome, found.photo_a, found.shown, found.of) == ([], [], [], 0, 2)

    @pytest.mark.parametrize(
        ("wrong", "mated", "others", "shown"),
        [
            (0, 4_000, 8_000, {"TP": 4_000, "TN": 8_000}),
            (0, 4_000, 9_000, {"TP": 4_000, "TN": 8_000}),
            (0, 7_000, 7_000, {"TP": 6_000, "TN": 6_000}),
            (0, 9_000, 4_000, {"TP": 8_000, "TN": 4_000}),
            (11_999, 9, 9, {"FN": 11_999, "TN": 1}),
            (12_000, 9, 9, {"FN": 12_000}),
            (12_500, 9, 9, {"FN": 12_000}),
        ],
    )
    def test_wrong_decisions_come_first_and_the_kinds_share_the_rest(self, wrong, mated, others, shown):
        kinds = np.repeat([True, True, False], [wrong, mated, others])
        similarity = np.repeat([0.1, 0.9, 0.1], [wrong, mated, others])
        found = scatter(scored(similarity, kinds), 0.5, 3)
        assert Counter(found.outcome) == shown
        assert found.comparison == sorted(found.comparison)
        assert (found.shown, found.of) == (sum(shown.values()), len(kinds))

    def test_which_points_are_shown_hangs_on_the_number_and_the_seed(self):
        similarity, kinds = np.full(13_000, 0.9), np.ones(13_000, np.bool_)
        chosen = scatter(scored(similarity, kinds), 0.5, 3).comparison
        drawn = keyed_uniform(np.arange(13_000), 3)
        assert chosen == np.flatnonzero(drawn < np.sort(drawn)[12_000]).tolist()
        assert chosen != scatter(scored(similarity, kinds), 0.5, 4).comparison


def split_mix(key: int, seed: int) -> float:
    """SplitMix64's finaliser in whole numbers of Python."""
    mask = 2**64 - 1
    state = (key * 0x9E3779B97F4A7C15 + seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & mask
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return ((state ^ (state >> 31)) >> 11) / 2**53


@pytest.mark.parametrize("seed", [0, 1, -5, 2**70])
def test_random_numbers_are_those_of_split_mix(seed):
    keys = np.array([0, 1, 2, 1000, 2**40])
    assert keyed_uniform(keys, seed).tolist() == [split_mix(key, seed) for key in keys.tolist()]
    assert keyed_uniform(keys[::-1], seed).tolist() == keyed_uniform(keys, seed)[::-1].tolist()


def test_random_numbers_fill_the_range_evenly():
    drawn = keyed_uniform(np.arange(10_000), 1)
    assert 0 <= drawn.min() < 0.001
    assert 0.999 < drawn.max() < 1
    # Ten bins of 1,000; five standard deviations of a binomial count are 150.
    assert np.abs(np.histogram(drawn, 10, (0, 1))[0] - 1000).max() < 150
