"""How often the 95% intervals contain the truth, on simulated lists of comparisons that share people.

The truth of each number is known, since the scores are drawn from normal distributions with effects of person, photo and
couple. A list is drawn many times; the coverage is the share of the draws whose interval contains the truth. An
interval without an upper end counts as reaching to the largest value.

    python benchmarks/coverage.py [--draws 500] [--lists view2 folders] [--write docs/coverage.md]
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from faceproof.metrics.curves import auc
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.intervals import (
    Interval,
    auc_interval,
    combined_interval,
    d_prime_interval,
    eer_interval,
    fnmr_at_fmr_interval,
    rate_interval,
)
from faceproof.metrics.operating_points import eer
from faceproof.metrics.separation import d_prime

MEAN = 4.1
"""Mean of the mated similarities; those of non-mated comparisons have mean 0, and both have variance 1."""
LFW_PAIRS = Path(os.environ.get("FACEPROOF_SHARED", "../shared")) / "data" / "lfw-pairs.txt"


@dataclass(frozen=True)
class PairList:
    """Comparisons of numbered photos: int64 (n,) photos of both sides, and the person of each photo."""

    photo_a: NDArray[np.int64]
    photo_b: NDArray[np.int64]
    person: NDArray[np.int64]

    @property
    def people(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self.person[self.photo_a], self.person[self.photo_b]

    @property
    def mated(self) -> NDArray[np.bool_]:
        a, b = self.people
        return np.asarray(a == b)


def all_pairs(people: int, photos: int) -> PairList:
    """Every photo with every other."""
    a, b = np.triu_indices(people * photos, 1)
    return PairList(a.astype(np.int64), b.astype(np.int64), np.repeat(np.arange(people), photos))


def folders() -> PairList:
    """300 mated and 300 non-mated comparisons, no person twice."""
    photo = np.arange(1200).reshape(600, 2)
    person = np.concatenate([np.repeat(np.arange(300), 2), np.arange(300, 900)])
    return PairList(photo[:, 0], photo[:, 1], person)


def sampled(people: int = 200, photos: int = 4, mated: int = 600, non_mated: int = 3000) -> PairList:
    """A random part of all pairs."""
    whole, rng = all_pairs(people, photos), np.random.default_rng(0)
    kinds = [
        rng.choice(np.flatnonzero(rows), n, replace=False)
        for rows, n in ((whole.mated, mated), (~whole.mated, non_mated))
    ]
    rows = np.sort(np.concatenate(kinds))
    return PairList(whole.photo_a[rows], whole.photo_b[rows], whole.person)


def mixed() -> PairList:
    """All pairs of 20 x 2 photos, and 800 non-mated and 400 mated comparisons of people who are in no other."""
    dense = all_pairs(20, 2)
    loose = np.arange(40, 40 + 2400).reshape(1200, 2)
    person = np.concatenate([dense.person, 20 + np.arange(1600), np.repeat(1620 + np.arange(400), 2)])
    return PairList(np.append(dense.photo_a, loose[:, 0]), np.append(dense.photo_b, loose[:, 1]), person)


def view2() -> PairList:
    """The pairs of LFW View 2."""
    number: dict[tuple[str, int], int] = {}
    rows = [line.split() for line in LFW_PAIRS.read_text().splitlines()[1:] if line.strip()]
    couples = [((row[0], int(row[1])), (row[-2] if len(row) == 4 else row[0], int(row[-1]))) for row in rows]
    a, b = (np.array([number.setdefault(pair[side], len(number)) for pair in couples]) for side in (0, 1))
    _, person = np.unique([name for name, _ in number], return_inverse=True)
    return PairList(a, b, person.astype(np.int64))


LISTS: dict[str, Callable[[], PairList]] = {
    "view2": view2,
    "folders": folders,
    "all 50 x 4": lambda: all_pairs(50, 4),
    "all 20 x 4": lambda: all_pairs(20, 4),
    "all 200 x 4": lambda: all_pairs(200, 4),
    "sampled": sampled,
    "mixed": mixed,
}


def draw(pairs: PairList, rng: np.random.Generator) -> NDArray[np.float64]:
    """Similarities with effects of person, photo and couple; a person's two effects have a correlation of 0.3."""
    a, b = pairs.people
    people, photos, n = int(pairs.person.max()) + 1, pairs.person.size, a.size
    effect = rng.standard_normal(people)
    own = 0.3 * effect + math.sqrt(1 - 0.09) * rng.standard_normal(people)
    of_photo, of_mate = rng.standard_normal(photos), rng.standard_normal(photos)
    _, couple = np.unique(np.minimum(a, b) * people + np.maximum(a, b), return_inverse=True)
    of_couple = rng.standard_normal(int(couple.max()) + 1)[couple]
    noise = math.sqrt(0.35) * rng.standard_normal(n)
    other = math.sqrt(0.1) * (effect[a] + effect[b]) + math.sqrt(0.05) * (
        of_photo[pairs.photo_a] + of_photo[pairs.photo_b]
    )
    other += math.sqrt(0.35) * of_couple + noise
    mates = (
        MEAN + math.sqrt(0.35) * own[a] + math.sqrt(0.15) * (of_mate[pairs.photo_a] + of_mate[pairs.photo_b]) + noise
    )
    return np.where(a == b, mates, other)


@dataclass(frozen=True)
class Number:
    """A number: its truth, and its interval on drawn comparisons."""

    truth: float
    interval: Callable[[Dependence, NDArray[np.float64], NDArray[np.bool_]], Interval]


def numbers(pairs: PairList) -> dict[str, Number]:
    """The numbers whose intervals are judged."""
    share = float(pairs.mated.mean())
    middle = MEAN / 2

    def of_rates(value: Callable[[float, float], float], threshold: float) -> Number:
        truth = value(float(ndtr(-threshold)), float(ndtr(threshold - MEAN)))

        def interval(scores: Dependence, *_: object) -> Interval:
            fmr, fnmr = (rate_interval(kind, kind.errors_where(threshold)) for kind in (scores.non_mated, scores.mated))
            return combined_interval(value, fmr, fnmr)

        return Number(truth, interval)

    found = {}
    for rate in (0.1, 0.01, 0.001, 0.0001):
        at = float(-ndtri(rate))
        found[f"FMR {rate:g}"] = Number(
            rate, lambda s, *_, at=at: rate_interval(s.non_mated, s.non_mated.errors_where(at)).interval
        )
    for rate in (0.1, 0.01):
        at = float(ndtri(rate)) + MEAN
        found[f"FNMR {rate:g}"] = Number(
            rate, lambda s, *_, at=at: rate_interval(s.mated, s.mated.errors_where(at)).interval
        )
    found["accuracy"] = of_rates(lambda fmr, fnmr: 1 - share * fnmr - (1 - share) * fmr, middle)
    found["precision"] = of_rates(
        lambda fmr, fnmr: share * (1 - fnmr) / (share * (1 - fnmr) + (1 - share) * fmr), middle
    )
    found["F1"] = of_rates(lambda fmr, fnmr: 2 * share * (1 - fnmr) / (share * (2 - fnmr) + (1 - share) * fmr), middle)
    found["EER"] = Number(float(ndtr(-middle)), lambda s, x, y: eer_interval(s, eer(x, y)[0]))
    for rate in (0.01, 0.001):
        truth = float(ndtr(-ndtri(rate) - MEAN))
        found[f"FNMR@FMR {rate:g}"] = Number(truth, lambda s, *_, rate=rate: fnmr_at_fmr_interval(s, rate))
    found["AUC"] = Number(float(ndtr(MEAN / math.sqrt(2))), lambda s, x, y: auc_interval(s, auc(x, y)))
    found["d'"] = Number(MEAN, lambda s, x, y: d_prime_interval(s, d_prime(x, y)))
    return found


@dataclass
class Cell:
    """How the intervals of one number did on one list."""

    held: int = 0
    draws: int = 0
    open_above: int = 0
    too_low: int = 0
    width: float = 0.0

    def add(self, truth: float, interval: Interval) -> None:
        self.draws += 1
        low = -math.inf if interval.low is None else interval.low
        high = math.inf if interval.high is None else interval.high
        self.held += low <= truth <= high
        self.too_low += truth > high
        self.open_above += math.isinf(high)
        self.width += 0 if math.isinf(high) else high - low

    def merged(self, other: Cell) -> Cell:
        return Cell(
            *(
                getattr(self, name) + getattr(other, name)
                for name in ("held", "draws", "open_above", "too_low", "width")
            )
        )


def judge(name: str, draws: int, seed: int) -> dict[str, Cell]:
    """The coverage of every number over some draws of a list."""
    pairs, rng = LISTS[name](), np.random.default_rng(seed)
    judged, mated, cells = numbers(pairs), pairs.mated, {}
    for _ in range(draws):
        similarity = draw(pairs, rng)
        scores = Dependence(similarity, mated, pairs.people, (pairs.photo_a, pairs.photo_b))
        for number, what in judged.items():
            if number.startswith("FNMR@") and scores.non_mated.n * float(number.split()[-1]) < 1:
                continue
            cells.setdefault(number, Cell()).add(what.truth, what.interval(scores, similarity, mated))
    return cells


def shares(draws: int, parts: int) -> Iterator[int]:
    for place in range(parts):
        yield draws * (place + 1) // parts - draws * place // parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--lists", nargs="+", choices=LISTS, default=list(LISTS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        for name in given.lists:
            start = time.perf_counter()
            draws = min(given.draws, 200) if name == "all 200 x 4" else given.draws
            parts = [pool.submit(judge, name, n, given.seed + 1000 * k) for k, n in enumerate(shares(draws, 2))]
            done = [part.result() for part in parts]
            print(f"\n{name}: {draws} draws, {time.perf_counter() - start:.0f} s")
            for number in done[0]:
                cell = done[0][number].merged(done[1][number])
                closed = cell.draws - cell.open_above
                print(
                    f"  {number:<16}{100 * cell.held / cell.draws:6.1f}%  missed above {100 * cell.too_low / cell.draws:4.1f}%"
                    f"  open {100 * cell.open_above / cell.draws:3.0f}%  width {cell.width / max(closed, 1):.4g}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
