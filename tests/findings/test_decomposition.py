"""The split of a loss against plain loops, and the laws that give its parts their names."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.decomposition import Decomposition
from faceproof.findings.linked import link
from faceproof.metrics.confusion import accuracy, confusion_at, f1, precision, recall
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.operating_points import eer

# Eighths tie often, and they are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
MAYBE = st.one_of(st.just(math.nan), LEVELS)
PRICES = st.sampled_from([1.0, 2.5, 10.0])
ROWS = st.lists(st.tuples(MAYBE, MAYBE, st.booleans(), st.sampled_from([-0.25, 0.0, 0.125, 0.5])), max_size=25)
SEEDS = st.integers(0, 10_000)
PARTS = ("not_found", "drift", "separability")
LOSSES = ("loss", *PARTS)
RATES = ("accuracy", "precision", "recall", "f1", "eer")

Row = tuple[float, float, bool, float]


def columns(rows: list[Row]) -> list[np.ndarray]:
    """Clean, degraded, mated and threshold."""
    kinds = (np.float64, np.float64, np.bool_, np.float64)
    return [np.array([row[i] for row in rows], dtype=kind) for i, kind in enumerate(kinds)]


def split_of(
    clean: np.ndarray,
    degraded: np.ndarray,
    mated: np.ndarray,
    threshold: float | np.ndarray = 0.5,
    price: float = 10.0,
) -> Decomposition:
    at = np.broadcast_to(np.float64(threshold), mated.shape)
    return Decomposition(link(clean, mated, None), link(degraded, mated, None), at, price)


def measured(
    clean: np.ndarray,
    degraded: np.ndarray,
    mated: np.ndarray,
    threshold: float | np.ndarray = 0.5,
    price: float = 10.0,
) -> dict[str, float]:
    split = split_of(clean, degraded, mated, threshold, price)
    return {name: number.value for name, number in (split.cost_parts() | split.rates()).items()}


def system(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Similarities and kinds of a system that is good, but not perfect."""
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 3 == 0
    return np.where(mated, rng.normal(0.6, 0.15, n), rng.normal(0.2, 0.15, n)).clip(-1, 1), mated


def degraded_system(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A system with clean and with worse photos, in which some faces are not found: clean, degraded and mated."""
    clean, mated = system(seed, n)
    rng = np.random.default_rng(seed + 1)
    worse = 0.1 + 0.8 * clean + rng.normal(0, 0.1, n)
    return (*(np.where(rng.random(n) < share, math.nan, one) for share, one in ((0.05, clean), (0.2, worse))), mated)


class Plain:
    """The split as it is defined, one comparison after the other; each may have a weight."""

    def __init__(self, rows: list[Row], price: float, weights: list[float] | None = None) -> None:
        self.rows = list(zip(rows, weights or [1.0] * len(rows), strict=True))
        of_mated = sum(weight for row, weight in self.rows if row[2])
        of_others = sum(weight for row, weight in self.rows if not row[2])
        self.cost_of = {True: 1 / of_mated if of_mated else 0, False: price / of_others if of_others else 0}

    def cost(self, side: int, rows: list[tuple[Row, float]], threshold: float | None = None) -> float:
        """Of the wrong decisions on some comparisons, clean (0) or degraded (1)."""
        wrong = [one for one in rows if (one[0][side] >= (one[0][3] if threshold is None else threshold)) != one[0][2]]
        return sum(weight * self.cost_of[row[2]] for row, weight in wrong)

    def split(self) -> dict[str, float]:
        made = [[not math.isnan(row[side]) for side in (0, 1)] for row, _ in self.rows]
        both = [one for one, (clean, degraded) in zip(self.rows, made, strict=True) if clean and degraded]
        alone = [one for one, (clean, degraded) in zip(self.rows, made, strict=True) if clean != degraded]
        least = [
            min(self.cost(side, both, at) for at in [math.inf, *(row[side] for row, _ in both)]) if both else 0
            for side in (0, 1)
        ]
        held = [self.cost(side, both) for side in (0, 1)]
        return {
            "cost": self.cost(1, self.rows),
            "loss": self.cost(1, self.rows) - self.cost(0, self.rows),
            "not_found": self.cost(1, alone) - self.cost(0, alone),
            "drift": (held[1] - least[1]) - (held[0] - least[0]),
            "separability": least[1] - least[0],
        }


@settings(deadline=None, max_examples=200)
@given(ROWS, PRICES)
def test_every_part_is_what_its_definition_says(rows: list[Row], price: float) -> None:
    found = measured(*columns(rows), price)
    want = Plain(rows, price).split()
    assert {name: found[name] for name in want} == pytest.approx(want, abs=1e-9)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1.0, 10.0, 1 / 3]))
def test_the_parts_add_up_to_the_loss_for_any_data_and_so_do_their_influences(seed: int, price: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 80))
    clean, degraded = (np.where(rng.random(n) < 0.2, math.nan, rng.uniform(-1, 1, n)) for _ in range(2))
    found = split_of(clean, degraded, rng.random(n) < 0.5, rng.uniform(-1, 1, n), price).cost_parts()
    assert found["loss"].value == pytest.approx(sum(found[name].value for name in PARTS), abs=1e-9)
    together = sum(found[name].influence for name in PARTS)
    np.testing.assert_allclose(found["loss"].influence, together, rtol=0, atol=1e-9)
    assert list(found) == ["cost", *LOSSES]


@settings(deadline=None, max_examples=15)
@given(SEEDS, PRICES)
def test_the_influence_on_each_part_is_the_slope_of_the_part_in_the_weight_of_a_comparison(
    seed: int, price: float
) -> None:
    clean, degraded, mated = degraded_system(seed, 60)
    rows = list(zip(clean.tolist(), degraded.tolist(), mated.tolist(), [0.4] * 60, strict=True))
    found = split_of(clean, degraded, mated, 0.4, price).cost_parts()
    before, step = Plain(rows, price).split(), 1e-7
    for row in range(60):
        weights = [1 + step * (i == row) for i in range(60)]
        after = Plain(rows, price, weights).split()
        slopes = {name: (after[name] - before[name]) / step for name in before}
        # Where two thresholds cost the same, the weight decides which is best; both slopes are right at that point.
        for name in ("cost", "loss", "not_found"):
            assert found[name].influence[row] == pytest.approx(slopes[name], abs=1e-5)
        total = found["drift"].influence[row] + found["separability"].influence[row]
        assert total == pytest.approx(slopes["drift"] + slopes["separability"], abs=1e-5)


def test_the_influence_on_separability_is_the_slope_of_the_rise_of_the_least_cost() -> None:
    """At a price of 2.3 no two thresholds cost the same."""
    clean, degraded, mated = degraded_system(3, 80)
    rows = list(zip(clean.tolist(), degraded.tolist(), mated.tolist(), [0.4] * 80, strict=True))
    found = split_of(clean, degraded, mated, 0.4, 2.2907).cost_parts()
    before, step = Plain(rows, 2.2907).split(), 1e-7
    for row in range(80):
        after = Plain(rows, 2.2907, [1 + step * (i == row) for i in range(80)]).split()
        for name in ("drift", "separability"):
            assert found[name].influence[row] == pytest.approx((after[name] - before[name]) / step, abs=1e-5)
    assert np.count_nonzero(found["separability"].influence) > 10


@settings(deadline=None)
@given(ROWS, PRICES)
def test_scores_that_stay_as_they_are_lose_nothing(rows: list[Row], price: float) -> None:
    clean, _, mated, threshold = columns(rows)
    found = split_of(clean, clean, mated, threshold, price).cost_parts()
    assert [found[name].value for name in LOSSES] == [0, 0, 0, 0]
    assert not any(found[name].influence.any() for name in LOSSES)


@settings(deadline=None)
@given(
    st.lists(st.tuples(LEVELS, LEVELS, st.booleans(), LEVELS), max_size=25),
    st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=17, max_size=17, unique=True),
    PRICES,
)
def test_one_rising_function_of_all_scores_is_drift_alone(rows: list[Row], scale: list[float], price: float) -> None:
    clean, _, mated, threshold = columns(rows)
    degraded = np.sort(scale)[(clean * 8 + 8).astype(int)]
    found = measured(clean, degraded, mated, threshold, price)
    assert found["separability"] == found["not_found"] == 0
    assert found["drift"] == found["loss"]


@pytest.mark.parametrize("price", [1.0, 10.0])
def test_a_drift_is_a_loss_that_another_threshold_would_win_back(price: float) -> None:
    clean, mated = system(0)
    fixed = measured(clean, clean, mated, 0.45, price)
    towards_all_alike = measured(clean, 0.5 + clean / 2, mated, 0.45, price)
    assert towards_all_alike["drift"] == towards_all_alike["loss"] > 0.5 * price
    assert towards_all_alike["separability"] == 0
    moved_along = measured(clean, 0.5 + clean / 2, mated, 0.5 + 0.45 / 2, price)
    assert moved_along["cost"] == fixed["cost"]
    assert moved_along["eer"] == towards_all_alike["eer"] == fixed["eer"]


@settings(deadline=None)
@given(SEEDS, st.sampled_from([0.1, 0.5, 1.0]), PRICES)
def test_faces_that_vanish_while_other_scores_stay_are_not_found_and_nothing_else(
    seed: int, share: float, price: float
) -> None:
    clean, mated = system(seed)
    rng = np.random.default_rng(seed)
    degraded = np.where(rng.random(clean.size) < share, math.nan, clean)
    found = measured(clean, degraded, mated, rng.choice([0.35, 0.4, 0.45], clean.size), price)
    assert found["not_found"] == pytest.approx(found["loss"], abs=1e-12)
    assert found["drift"] == pytest.approx(0, abs=1e-12)
    assert found["separability"] == 0


def test_faces_that_vanish_cost_mated_comparisons_and_spare_false_matches() -> None:
    clean = np.array([0.9, 0.9, 0.1, 0.1, 0.9, 0.1])
    mated = np.array([True, True, True, False, False, False])
    accepted_mated, rejected_mated, rejected_other, accepted_other = 1, 2, 3, 4
    for row, loss in ((accepted_mated, 1 / 3), (rejected_mated, 0), (rejected_other, 0), (accepted_other, -10 / 3)):
        found = measured(clean, np.where(np.arange(6) == row, math.nan, clean), mated)
        assert found["not_found"] == pytest.approx(loss)
        assert found["loss"] == pytest.approx(loss)


def test_what_could_not_be_compared_before_and_cannot_now_is_in_the_cost_and_in_no_loss() -> None:
    clean, mated = system(2)
    gone = np.arange(clean.size) % 4 == 0
    lost = np.where(gone, math.nan, clean)
    found = measured(lost, lost, mated)
    assert [found[name] for name in LOSSES] == [0, 0, 0, 0]
    frr = np.mean(gone | (clean < 0.5), where=mated)
    far = np.mean(~gone & (clean >= 0.5), where=~mated)
    assert found["cost"] == pytest.approx(frr + 10 * far)
    # Nor does it change the loss of the others but through the share that each has in the whole: a quarter of either
    # kind is gone.
    worse = np.where(mated, clean - 0.2, clean + 0.1)
    some = measured(lost, np.where(gone, math.nan, worse), mated)
    without = measured(clean[~gone], worse[~gone], mated[~gone])
    assert np.mean(gone[mated]) == np.mean(gone[~mated]) == 0.25
    for name in LOSSES:
        assert some[name] == pytest.approx(0.75 * without[name], abs=1e-12)


def test_a_face_that_is_found_only_when_degraded_counts_as_one_found() -> None:
    clean, mated = np.array([math.nan, 0.9, math.nan, 0.1]), np.array([True, True, False, False])
    found = measured(clean, np.array([0.9, 0.9, math.nan, 0.1]), mated)
    assert found["not_found"] == found["loss"] == -1 / 2
    found = measured(clean, np.array([math.nan, 0.9, 0.9, 0.1]), mated)
    assert found["not_found"] == found["loss"] == 10 / 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_scores_that_say_nothing_of_who_it_is_have_lost_their_separability(seed: int) -> None:
    clean, mated = system(seed, 3000)
    noise = np.random.default_rng(seed + 9).uniform(-0.2, 1, 3000)
    straddling = measured(clean, noise, mated, 0.4, price=1)
    below = measured(clean, noise / 4, mated, 0.5, price=10)
    for found in (straddling, below):
        assert found["not_found"] == 0
        assert found["loss"] > 0.4
        assert found["separability"] > 0.85 * found["loss"]
        assert found["eer"] == pytest.approx(0.5, abs=0.05)


@settings(deadline=None)
@given(ROWS)
def test_rates_are_those_of_plain_counting(rows: list[Row]) -> None:
    found = measured(*columns(rows), 1.0)
    made = [row for row in rows if not math.isnan(row[1])]
    tp = sum(row[2] and row[1] >= row[3] for row in made)
    fp = sum(not row[2] and row[1] >= row[3] for row in made)
    made_mates = sum(row[2] for row in made)

    def share(part: float, whole: float) -> float:
        return part / whole if whole else math.nan

    # With one kind alone, accepting all or nothing would score 100%: these are not told then.
    both = 1.0 if 0 < made_mates < len(made) else math.nan
    want = {
        "accuracy": both * share(sum((row[1] >= row[3]) == row[2] for row in made), len(made)),
        "precision": both * share(tp, tp + fp),
        "recall": share(tp, made_mates),
        "f1": both * share(2 * tp, tp + fp + made_mates),
        "eer": eer(np.array([row[1] for row in made]), np.array([row[2] for row in made], np.bool_))[0],
    }
    assert {name: found[name] for name in want} == pytest.approx(want, abs=1e-12, nan_ok=True)


@settings(deadline=None, max_examples=30)
@given(SEEDS, st.sampled_from([0.3, 0.4, 0.6, 2.0]))
def test_at_one_threshold_rates_are_those_of_any_evaluation(seed: int, threshold: float) -> None:
    clean, mated = system(seed)
    degraded = np.random.default_rng(seed).permutation(clean)
    found = measured(clean, degraded, mated, threshold)
    counts = confusion_at(degraded, mated, threshold)
    want = [rate(counts) for rate in (accuracy, precision, recall, f1)] + [eer(degraded, mated)[0]]
    assert [found[name] for name in RATES] == pytest.approx(want, abs=1e-12, nan_ok=True)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_the_influence_on_each_rate_is_the_slope_of_the_rate_in_the_weight_of_a_comparison(seed: int) -> None:
    clean, degraded, mated = degraded_system(seed, 80)
    found = split_of(clean, degraded, mated, 0.4).rates()
    accepted, made = degraded >= 0.4, ~np.isnan(degraded)

    def weighted(weights: np.ndarray) -> dict[str, float]:
        tp, fp = weights[accepted & mated].sum(), weights[accepted & ~mated].sum()
        mates, all_made = weights[made & mated].sum(), weights[made].sum()
        right = weights[made & (accepted == mated)].sum()
        return {
            "accuracy": right / all_made,
            "precision": tp / (tp + fp),
            "recall": tp / mates,
            "f1": 2 * tp / (tp + fp + mates),
        }

    before, step = weighted(np.ones(80)), 1e-6
    for row in range(80):
        after = weighted(1 + step * (np.arange(80) == row))
        for name, value in before.items():
            assert found[name].influence[row] == pytest.approx((after[name] - value) / step, abs=1e-5)


def test_the_influence_on_the_eer_foretells_what_leaving_out_a_tenth_does() -> None:
    clean, degraded, mated = degraded_system(1, 6000)
    found = split_of(clean, degraded, mated).rates()["eer"]
    made = ~np.isnan(degraded)
    assert not found.influence[~made].any()
    rng = np.random.default_rng(0)
    foretold, seen = [], []
    for _ in range(60):
        kept = made & (rng.random(6000) < 0.9)
        out = made & ~kept
        foretold.append(-found.influence[out].sum() / 0.9)
        seen.append(eer(degraded[kept], mated[kept])[0] - found.value)
    slope, _ = np.polyfit(foretold, seen, 1)
    assert np.corrcoef(foretold, seen)[0, 1] > 0.9
    assert slope == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("fmr", [1e-3, 1e-1])
def test_the_cost_of_clean_photos_is_frr_and_far_at_their_price(fmr: float) -> None:
    clean, mated = system(4)
    clean = np.where(np.arange(clean.size) % 50 == 0, math.nan, clean)
    price = price_of_false_matches(fmr)
    found = measured(clean, clean, mated, 0.45, price)
    frr = np.count_nonzero(~(clean >= 0.45) & mated) / np.count_nonzero(mated)
    far = np.count_nonzero((clean >= 0.45) & ~mated) / np.count_nonzero(~mated)
    assert 0 < far < frr < 1
    assert found["cost"] == pytest.approx(frr + price * far, rel=1e-12)


def test_where_nothing_can_be_compared_the_cost_is_that_of_rejecting_everybody() -> None:
    clean, mated = system(5)
    found = measured(clean, np.full(clean.size, math.nan), mated)
    assert found["cost"] == pytest.approx(1)
    assert found["loss"] == found["not_found"]
    assert np.isnan([found[name] for name in RATES]).all()


@pytest.mark.parametrize("kind", [True, False])
def test_one_kind_of_comparison_gives_the_cost_of_its_error_alone_and_no_rate_of_the_other(kind: bool) -> None:
    clean = np.array([0.9, 0.8, 0.2, math.nan, 0.1])
    degraded = np.array([0.9, 0.1, 0.8, 0.2, math.nan])
    found = measured(clean, degraded, np.full(5, kind), 0.5, 10.0)
    assert np.isnan([found[name] for name in ("accuracy", "precision", "f1", "eer")]).all()
    if kind:
        assert found["recall"] == pytest.approx(2 / 4)
        assert found["cost"] == pytest.approx(3 / 5)
    else:
        assert math.isnan(found["recall"])
        assert found["cost"] == pytest.approx(10 * 2 / 5)
    assert found["separability"] == 0
    assert found["loss"] == pytest.approx(found["not_found"] + found["drift"], abs=1e-12)


def test_where_nothing_is_accepted_there_is_no_precision() -> None:
    clean, mated = system(7, 30)
    found = measured(clean, clean, mated, 2.0)
    assert math.isnan(found["precision"])
    assert (found["recall"], found["f1"], found["cost"]) == (0, 0, 1)


def test_without_comparisons_nothing_is_lost_and_no_rate_is_told() -> None:
    found = measured(np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
    assert [found[name] for name in ("cost", *LOSSES)] == [0] * 5
    assert np.isnan([found[name] for name in RATES]).all()


@settings(deadline=None)
@given(ROWS, PRICES)
def test_going_there_and_back_again_loses_nothing_in_all(rows: list[Row], price: float) -> None:
    clean, degraded, mated, threshold = columns(rows)
    there = measured(clean, degraded, mated, threshold, price)
    back = measured(degraded, clean, mated, threshold, price)
    for name in LOSSES:
        assert there[name] == pytest.approx(-back[name], abs=1e-9)
