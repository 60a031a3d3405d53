"""The split of a loss against plain loops, and the laws that give its parts their names."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faceproof.findings.decomposition import Decomposition, Measures
from faceproof.metrics.confusion import accuracy, confusion_at, f1, precision, recall
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.operating_points import eer

# Eighths tie often, and they are exact in binary.
LEVELS = st.integers(-8, 8).map(lambda eighths: eighths / 8)
MAYBE = st.one_of(st.just(math.nan), LEVELS)
PRICES = st.sampled_from([1.0, 2.5, 10.0])
ROWS = st.lists(
    st.tuples(MAYBE, MAYBE, st.booleans(), st.sampled_from([-0.25, 0.0, 0.125, 0.5]), st.integers(0, 3)), max_size=25
)
SEEDS = st.integers(0, 10_000)

Row = tuple[float, float, bool, float, int]


def columns(rows: list[Row]) -> list[np.ndarray]:
    """Clean, degraded, mated, threshold and weight."""
    kinds = (np.float64, np.float64, np.bool_, np.float64, np.float64)
    return [np.array([row[i] for row in rows], dtype=kind) for i, kind in enumerate(kinds)]


def measured(
    clean: np.ndarray,
    degraded: np.ndarray,
    mated: np.ndarray,
    threshold: float | np.ndarray = 0.5,
    price: float = 10.0,
    weights: np.ndarray | None = None,
) -> dict[str, float]:
    at = np.broadcast_to(np.float64(threshold), mated.shape)
    once = np.ones(mated.size) if weights is None else weights
    found = Decomposition(clean, degraded, mated, at, price).measures(once[np.newaxis])
    return {field.name: float(getattr(found, field.name)[0]) for field in fields(Measures)}


def system(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Similarities and kinds of a system that is good, but not perfect."""
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 3 == 0
    return np.where(mated, rng.normal(0.6, 0.15, n), rng.normal(0.2, 0.15, n)).clip(-1, 1), mated


class Plain:
    """The split as it is defined, one comparison after the other."""

    def __init__(self, rows: list[Row], price: float) -> None:
        self.rows = rows
        of_mated = sum(row[4] for row in rows if row[2])
        of_others = sum(row[4] for row in rows if not row[2])
        self.cost_of = {True: 1 / of_mated if of_mated else 0, False: price / of_others if of_others else 0}

    def cost(self, side: int, rows: list[Row], threshold: float | None = None) -> float:
        """Of the wrong decisions on some comparisons, clean (0) or degraded (1)."""
        wrong = [row for row in rows if (row[side] >= (row[3] if threshold is None else threshold)) != row[2]]
        return sum(row[4] * self.cost_of[row[2]] for row in wrong)

    def split(self) -> dict[str, float]:
        made = [[not math.isnan(row[side]) for side in (0, 1)] for row in self.rows]
        both = [row for row, (clean, degraded) in zip(self.rows, made, strict=True) if clean and degraded]
        one = [row for row, (clean, degraded) in zip(self.rows, made, strict=True) if clean != degraded]
        least = [
            min(self.cost(side, both, at) for at in [math.inf, *(row[side] for row in both)]) if both else 0
            for side in (0, 1)
        ]
        held = [self.cost(side, both) for side in (0, 1)]
        return {
            "cost": self.cost(1, self.rows),
            "loss": self.cost(1, self.rows) - self.cost(0, self.rows),
            "not_found": self.cost(1, one) - self.cost(0, one),
            "drift": (held[1] - least[1]) - (held[0] - least[0]),
            "separability": least[1] - least[0],
        }


@settings(deadline=None, max_examples=200)
@given(ROWS, PRICES)
def test_every_part_is_what_its_definition_says(rows: list[Row], price: float) -> None:
    clean, degraded, mated, threshold, weights = columns(rows)
    found = measured(clean, degraded, mated, threshold, price, weights)
    want = Plain(rows, price).split()
    assert {name: found[name] for name in want} == pytest.approx(want, abs=1e-9)


@settings(deadline=None)
@given(SEEDS, st.sampled_from([np.float32, np.float64]), st.sampled_from([1.0, 10.0, 1 / 3]))
def test_the_parts_add_up_to_the_loss_for_any_data_and_weights(seed: int, dtype: type, price: float) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 80))
    clean, degraded = (np.where(rng.random(n) < 0.2, math.nan, rng.uniform(-1, 1, n)) for _ in range(2))
    weights = rng.exponential(1, (4, n)).astype(dtype)
    found = Decomposition(clean, degraded, rng.random(n) < 0.5, rng.uniform(-1, 1, n), price).measures(weights)
    np.testing.assert_allclose(found.loss, found.not_found + found.drift + found.separability, rtol=0, atol=1e-9)


@settings(deadline=None)
@given(ROWS, PRICES)
def test_scores_that_stay_as_they_are_lose_nothing(rows: list[Row], price: float) -> None:
    clean, _, mated, threshold, weights = columns(rows)
    found = measured(clean, clean, mated, threshold, price, weights)
    assert [found[name] for name in ("loss", "not_found", "drift", "separability")] == [0, 0, 0, 0]


@settings(deadline=None)
@given(
    st.lists(st.tuples(LEVELS, LEVELS, st.booleans(), LEVELS, st.integers(0, 3)), max_size=25),
    st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=17, max_size=17, unique=True),
    PRICES,
)
def test_one_rising_function_of_all_scores_is_drift_alone(rows: list[Row], scale: list[float], price: float) -> None:
    clean, _, mated, threshold, weights = columns(rows)
    degraded = np.sort(scale)[(clean * 8 + 8).astype(int)]
    found = measured(clean, degraded, mated, threshold, price, weights)
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
    found = measured(np.where(gone, math.nan, clean), np.where(gone, math.nan, clean), mated)
    assert [found[name] for name in ("loss", "not_found", "drift", "separability")] == [0, 0, 0, 0]
    assert found["frr"] == pytest.approx(np.mean(gone | (clean < 0.5), where=mated))
    assert found["cost"] > measured(clean, clean, mated)["cost"]
    # Nor does it change the loss of the others but through the share that each has in the whole.
    worse = np.where(mated, clean - 0.2, clean + 0.1)
    some = measured(np.where(gone, math.nan, clean), np.where(gone, math.nan, worse), mated, weights=1.0 * ~gone)
    without = measured(clean[~gone], worse[~gone], mated[~gone])
    for name in ("loss", "not_found", "drift", "separability"):
        assert some[name] == pytest.approx(without[name], abs=1e-12)


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
    clean, degraded, mated, threshold, weights = columns(rows)
    found = measured(clean, degraded, mated, threshold, 1.0, weights)
    every = [row for row in rows for _ in range(row[4])]
    made = [row for row in every if not math.isnan(row[1])]
    tp = sum(row[2] and row[1] >= row[3] for row in made)
    fp = sum(not row[2] and row[1] >= row[3] for row in made)
    mates, made_mates = sum(row[2] for row in every), sum(row[2] for row in made)

    def share(part: float, whole: float) -> float:
        return part / whole if whole else math.nan

    # With one kind alone, accepting all or nothing would score 100%: these are not told then.
    both = 1.0 if 0 < made_mates < len(made) else math.nan
    want = {
        "frr": share(mates - tp, mates),
        "far": share(fp, len(every) - mates),
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
    names = ("accuracy", "precision", "recall", "f1", "eer")
    assert [found[name] for name in names] == pytest.approx(want, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fmr", [1e-3, 1e-1])
def test_the_cost_of_clean_photos_is_frr_and_far_at_their_price(fmr: float, dtype: type) -> None:
    clean, mated = system(4)
    clean = np.where(np.arange(clean.size) % 50 == 0, math.nan, clean)
    price = price_of_false_matches(fmr)
    weights = np.ones(clean.size, dtype)
    found = measured(clean, clean, mated, 0.45, price, weights)
    frr = np.count_nonzero(~(clean >= 0.45) & mated) / np.count_nonzero(mated)
    far = np.count_nonzero((clean >= 0.45) & ~mated) / np.count_nonzero(~mated)
    assert 0 < far < frr < 1
    # Sums of weights are made in the precision of the weights.
    assert found["cost"] == pytest.approx(frr + price * far, rel=1e-6 if dtype == np.float32 else 1e-12)
    assert found["frr"] == pytest.approx(frr, abs=1e-12)
    assert found["far"] == pytest.approx(far, abs=1e-12)


def test_where_nothing_can_be_compared_the_cost_is_that_of_rejecting_everybody() -> None:
    clean, mated = system(5)
    found = measured(clean, np.full(clean.size, math.nan), mated)
    assert found["cost"] == pytest.approx(1)
    assert found["frr"] == 1
    assert found["far"] == 0
    assert found["loss"] == found["not_found"]
    assert np.isnan([found[name] for name in ("accuracy", "precision", "recall", "f1", "eer")]).all()


@settings(deadline=None)
@given(ROWS, PRICES)
def test_a_whole_weight_counts_as_so_many_comparisons(rows: list[Row], price: float) -> None:
    *data, weights = columns(rows)
    once = measured(*data, price, weights)
    repeated = measured(*(np.repeat(column, weights.astype(int)) for column in data), price)
    assert once == pytest.approx(repeated, abs=1e-9, nan_ok=True)


def test_many_weightings_are_each_as_alone_and_join_in_their_order() -> None:
    clean, mated = system(6, 90)
    rng = np.random.default_rng(6)
    degraded = np.where(rng.random(90) < 0.2, math.nan, clean + rng.normal(0, 0.2, 90))
    split = Decomposition(clean, degraded, mated, np.full(90, 0.4), 10.0)
    weights = rng.integers(0, 3, (7, 90)).astype(np.float32)
    whole = split.measures(weights)
    joined = Measures.joined(split.measures(part) for part in (weights[:3], weights[3:4], weights[4:]))
    for field in fields(Measures):
        assert getattr(whole, field.name).shape == (7,)
        assert getattr(whole, field.name).dtype == np.float64
        np.testing.assert_allclose(getattr(joined, field.name), getattr(whole, field.name), rtol=1e-6)
    assert len(set(whole.loss.tolist())) == 7


@pytest.mark.parametrize("kind", [True, False])
def test_one_kind_of_comparison_gives_the_cost_of_its_error_alone_and_no_rate_of_the_other(kind: bool) -> None:
    clean = np.array([0.9, 0.8, 0.2, math.nan, 0.1])
    degraded = np.array([0.9, 0.1, 0.8, 0.2, math.nan])
    found = measured(clean, degraded, np.full(5, kind), 0.5, 10.0)
    assert math.isnan(found["eer"])
    if kind:
        assert math.isnan(found["far"])
        assert found["frr"] == pytest.approx(3 / 5)
        assert found["cost"] == pytest.approx(3 / 5)
    else:
        assert np.isnan([found["frr"], found["recall"]]).all()
        assert found["far"] == 2 / 5
        assert found["cost"] == pytest.approx(10 * 2 / 5)
    assert found["separability"] == 0
    assert found["loss"] == pytest.approx(found["not_found"] + found["drift"], abs=1e-12)


def test_a_draw_without_one_kind_of_comparison_is_undefined_in_that_draw_alone() -> None:
    clean, mated = system(7, 6)
    weights = np.array([np.ones(6), mated, ~mated, np.zeros(6)], np.float32)
    found = Decomposition(clean, clean, mated, np.full(6, 0.4), 10.0).measures(weights)
    assert np.isnan(found.frr).tolist() == [False, False, True, True]
    assert np.isnan(found.far).tolist() == [False, True, False, True]
    assert np.isnan(found.eer).tolist() == [False, True, True, True]
    assert np.isfinite(found.cost).all()


def test_without_comparisons_nothing_is_lost_and_no_rate_is_told() -> None:
    found = measured(np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
    assert [found.pop(name) for name in ("cost", "loss", "not_found", "drift", "separability")] == [0] * 5
    assert np.isnan(list(found.values())).all()


@settings(deadline=None)
@given(ROWS, PRICES)
def test_going_there_and_back_again_loses_nothing_in_all(rows: list[Row], price: float) -> None:
    clean, degraded, mated, threshold, weights = columns(rows)
    there = measured(clean, degraded, mated, threshold, price, weights)
    back = measured(degraded, clean, mated, threshold, price, weights)
    for name in ("loss", "not_found", "drift", "separability"):
        assert there[name] == pytest.approx(-back[name], abs=1e-9)
