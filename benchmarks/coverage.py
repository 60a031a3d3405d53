"""How often the 95% intervals contain the truth, on simulated lists of comparisons that share people.

The truth of each number is known, since the scores are drawn from normal distributions with effects of person, photo
and couple. A list is drawn many times; the coverage is the share of the draws whose interval contains the truth. An
interval without an upper end counts as reaching to the largest value.

    python benchmarks/coverage.py [--draws 500] [--lists view2 folders] [--real RUN] [--write docs/coverage.md]

``--real`` is the folder of a finished run of all comparisons of many people. Fewer people are drawn from it, and the
truth is the number of all of them: real scores, whose dependence no formula was made for.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from faceproof.findings.decomposition import Decomposition
from faceproof.findings.linked import link
from faceproof.findings.scored import join_scores
from faceproof.metrics.calibration import cllr, held_out_llr, line_of, spread_of_line
from faceproof.metrics.curves import auc
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.intervals import (
    Interval,
    auc_interval,
    combined_interval,
    d_prime_interval,
    eer_interval,
    fnmr_at_fmr_interval,
    linear_interval,
    rate_interval,
)
from faceproof.metrics.operating_points import eer
from faceproof.metrics.separation import d_prime
from faceproof.runs.run_folder import read_run

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
        """The person on each side."""
        return self.person[self.photo_a], self.person[self.photo_b]

    @property
    def mated(self) -> NDArray[np.bool_]:
        """The same person on both sides."""
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
FEWER_DRAWS = {"all 200 x 4": 300}


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
    return found | numbers_of_calibration(pairs)


def numbers_of_calibration(pairs: PairList) -> dict[str, Number]:
    """LLRs at two similarities, and Cllr; the LLR of a similarity s is in truth MEAN * (s - MEAN / 2)."""
    cap = math.log(np.unique(np.concatenate(pairs.people)).size)
    block_a, block_b, _ = blocks_of_people(*pairs.people, np.full(pairs.photo_a.size, -1))

    def llr_at(similarity: float) -> Number:
        def interval(scores: Dependence, x: NDArray[np.float64], y: NDArray[np.bool_]) -> Interval:
            line = line_of(x, y)
            at = float(line.llr(np.float64(similarity)))
            half = spread_of_line(line, x, y, scores).half_width(similarity - line.centre)
            return Interval(at - half, at + half, "")

        return Number(MEAN * (similarity - MEAN / 2), interval)

    def cost(scores: Dependence, x: NDArray[np.float64], y: NDArray[np.bool_]) -> Interval:
        found = cllr(np.clip(held_out_llr(x, y, block_a, block_b).llr, -cap, cap), y)
        return linear_interval(found.value, scores.influence_of(found.influence), known=True)

    # LLRs of mated comparisons are normal with mean MEAN^2 / 2 and standard deviation MEAN; the cost of the others is
    # the same by symmetry.
    z = np.linspace(-8, 8, 20001)
    llr = np.clip(MEAN**2 / 2 + MEAN * z, -cap, cap)
    density = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    truth = float(density @ np.logaddexp(0, -llr)) / math.log(2)
    return {"LLR 0": llr_at(MEAN / 2), "LLR 4.1": llr_at(MEAN / 2 + 1), "Cllr": Number(truth, cost)}


@dataclass
class Cell:
    """How the intervals of one number did on one list."""

    held: int = 0
    draws: int = 0
    open_above: int = 0
    too_low: int = 0
    width: float = 0.0

    def add(self, truth: float, interval: Interval) -> None:
        """Count one interval."""
        self.draws += 1
        low = -math.inf if interval.low is None else interval.low
        high = math.inf if interval.high is None else interval.high
        self.held += low <= truth <= high
        self.too_low += truth > high
        self.open_above += math.isinf(high)
        self.width += 0 if math.isinf(high) else high - low

    def merged(self, other: Cell) -> Cell:
        """The counts of two processes."""
        return Cell(
            *(
                getattr(self, name) + getattr(other, name)
                for name in ("held", "draws", "open_above", "too_low", "width")
            )
        )


# Stress: a degradation moves the mated similarities down, adds noise of its own, and makes photos fail.
DRIFT, NOISE, FAILED, PRICE = 1.0, 0.5, 0.05, 1.0
AT = MEAN / 2


def stress_truth() -> dict[str, float]:
    """Loss and its parts in truth, at the threshold `AT` held."""
    spread = math.sqrt(1 + NOISE**2)
    made = (1 - FAILED) ** 2

    def errors(threshold: float, mean: float, sd: float) -> tuple[float, float]:
        return float(ndtr((threshold - mean) / sd)), PRICE * float(ndtr(-threshold / sd))

    held_clean, held = errors(AT, MEAN, 1), errors(AT, MEAN - DRIFT, spread)
    thresholds = np.linspace(-1, MEAN + 1, 60_001)
    least = [
        float(np.min(ndtr((thresholds - mean) / sd) + PRICE * ndtr(-thresholds / sd)))
        for mean, sd in ((MEAN, 1.0), (MEAN - DRIFT, spread))
    ]
    cost = (1 - made) + made * held[0] + made * held[1]
    loss = cost - sum(held_clean)
    separability = made * (least[1] - least[0])
    not_found = (1 - made) * (1 - held_clean[0] - held_clean[1])
    index = (1 - cost) / (1 - sum(held_clean))
    return {
        "stress: cost": cost,
        "stress: loss": loss,
        "stress: not found": not_found,
        "stress: separability": separability,
        "stress: drift": loss - not_found - separability,
        "stress: index": index,
    }


def stress_intervals(pairs: PairList, similarity: NDArray[np.float64], rng: np.random.Generator) -> dict[str, Interval]:
    """The intervals of loss, its parts and the index, on one draw of clean and degraded similarities."""
    degraded = similarity - np.where(pairs.mated, DRIFT, 0.0)
    _, couple = np.unique(np.sort(np.stack(pairs.people), axis=0), axis=1, return_inverse=True)
    half = NOISE * math.sqrt(0.5)
    degraded += half * (rng.standard_normal(couple.max() + 1)[couple] + rng.standard_normal(similarity.size))
    lost = rng.random(pairs.person.size) < FAILED
    degraded[lost[pairs.photo_a] | lost[pairs.photo_b]] = math.nan
    clean, under = (link(one, pairs.mated, pairs.people) for one in (similarity, degraded))
    threshold = np.full(similarity.size, AT)
    parts = Decomposition(clean, under, threshold, PRICE).cost_parts()
    before = Decomposition(clean, clean, threshold, PRICE).cost_parts()["cost"]
    index = (parts["cost"] * -1).shifted(1).over((before * -1).shifted(1))
    named = {f"stress: {name.replace('_', ' ')}": number for name, number in parts.items()} | {"stress: index": index}
    return {
        name: linear_interval(number.value, clean.every.influence_of(number.influence), known=True)
        for name, number in named.items()
    }


def judge(name: str, draws: int, seed: int) -> dict[str, Cell]:
    """The coverage of every number over some draws of a list."""
    pairs, rng = LISTS[name](), np.random.default_rng(seed)
    judged, mated, truths = numbers(pairs), pairs.mated, stress_truth()
    cells: dict[str, Cell] = {}
    for _ in range(draws):
        similarity = draw(pairs, rng)
        scores = Dependence(similarity, mated, pairs.people, (pairs.photo_a, pairs.photo_b))
        for number, what in judged.items():
            if number.startswith("FNMR@") and scores.non_mated.n * float(number.split()[-1]) < 1:
                continue
            cells.setdefault(number, Cell()).add(what.truth, what.interval(scores, similarity, mated))
        for number, interval in stress_intervals(pairs, similarity, rng).items():
            cells.setdefault(number, Cell()).add(truths[number], interval)
    return cells


class RealScores:
    """The scores of a finished run of all comparisons; people are drawn from it."""

    def __init__(self, folder: Path) -> None:
        scored = join_scores(read_run(folder))
        kept = scored.compared
        self.similarity, self.mated = scored.similarity[kept], scored.mated[kept]
        (self.a, self.b), (self.photo_a, self.photo_b) = (
            (one[kept], other[kept]) for one, other in (scored.person_codes(), scored.photo_codes())
        )
        self.people = int(self.a.max()) + 1

    def judge(self, people: int, draws: int, seed: int) -> dict[str, Cell]:
        """The coverage of the error rates and the EER over draws of some of the people."""
        rng, cells = np.random.default_rng(seed), {}
        others = np.sort(self.similarity[~self.mated])[::-1]
        mates = np.sort(self.similarity[self.mated])
        thresholds = {f"FMR {rate:g}": float(others[int(rate * others.size)]) for rate in (0.01, 0.001, 0.0001)}
        thresholds |= {f"FNMR {rate:g}": float(mates[int(rate * mates.size)]) for rate in (0.1, 0.01)}
        whole = Dependence(self.similarity, self.mated, (self.a, self.b))
        truths = {
            name: kind.count_at(at) / kind.n
            for name, at in thresholds.items()
            for kind in [whole.non_mated if name.startswith("FMR") else whole.mated]
        }
        of_all = eer(self.similarity, self.mated)[0]
        for _ in range(draws):
            drawn = np.zeros(self.people, dtype=np.bool_)
            drawn[rng.choice(self.people, people, replace=False)] = True
            rows = drawn[self.a] & drawn[self.b]
            similarity, mated = self.similarity[rows], self.mated[rows]
            scores = Dependence(
                similarity, mated, (self.a[rows], self.b[rows]), (self.photo_a[rows], self.photo_b[rows])
            )
            for name, at in thresholds.items():
                kind = scores.non_mated if name.startswith("FMR") else scores.mated
                interval = rate_interval(kind, kind.errors_where(at)).interval
                cells.setdefault(name, Cell()).add(truths[name], interval)
            cells.setdefault("EER", Cell()).add(of_all, eer_interval(scores, eer(similarity, mated)[0]))
        return cells


def judge_real(folder: Path, people: int, draws: int, seed: int) -> dict[str, Cell]:
    """`RealScores.judge` in a process of its own."""
    return RealScores(folder).judge(people, draws, seed)


def shares(draws: int, parts: int) -> Iterator[int]:
    """A number of draws divided among processes."""
    for place in range(parts):
        yield draws * (place + 1) // parts - draws * place // parts


def merged(parts: Sequence[dict[str, Cell]]) -> dict[str, Cell]:
    """The cells of several processes as one."""
    return {number: reduce(Cell.merged, (part[number] for part in parts)) for number in parts[0]}


def table(found: dict[str, dict[str, Cell]]) -> Iterator[str]:
    """A Markdown table: a row for each number, a column for each list, misses in bold."""
    numbers_ = list(dict.fromkeys(number for cells in found.values() for number in cells))
    yield f"| number | {' | '.join(found)} |"
    yield f"|-|{'-|' * len(found)}"
    for number in numbers_:
        yield f"| {number} | {' | '.join(text_of(number, cells.get(number)) for cells in found.values())} |"


def text_of(number: str, cell: Cell | None) -> str:
    """Coverage in percent and mean width; in bold outside of what was aimed at."""
    if cell is None:
        return "–"
    share = 100 * cell.held / cell.draws
    highest = 99.0 if number.startswith("FNMR@") else 97.5
    text = f"{share:.1f}" if 93.5 <= share <= highest else f"**{share:.1f}**"
    closed = cell.draws - cell.open_above
    if not closed:
        return f"{text}, no upper end"
    open_share = 100 * cell.open_above / cell.draws
    more = f", {open_share:.0f}% no upper end" if open_share >= 1 else ""
    return f"{text} ({cell.width / closed:.2g}{more})"


def write_page(page: Path, simulated: dict[str, dict[str, Cell]], real: dict[str, dict[str, Cell]]) -> None:
    """Replace the tables of the page, between its two markers."""
    text = page.read_text("utf-8")
    for name, found in (("simulated", simulated), ("real", real)):
        if found:
            start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
            before, after = text.split(start)[0], text.split(end)[1]
            text = f"{before}{start}\n" + "\n".join(table(found)) + f"\n{end}{after}"
    page.write_text(text, "utf-8")


def main() -> None:
    """Judge every list, print the coverage, and write the tables where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--lists", nargs="*", choices=LISTS, default=list(LISTS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=Path, metavar="RUN", help="a finished run of all comparisons of many people")
    parser.add_argument("--people", type=int, nargs="+", default=[50, 100], help="how many are drawn from it")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with markers for the tables")
    given = parser.parse_args()
    simulated, real = {}, {}
    with ProcessPoolExecutor(2) as pool:
        for name in given.lists:
            draws = min(given.draws, FEWER_DRAWS.get(name, given.draws))
            parts = [pool.submit(judge, name, n, given.seed + 1000 * k) for k, n in enumerate(shares(draws, 2))]
            simulated[name] = merged([part.result() for part in parts])
            say(f"{name}, {draws} draws", simulated[name])
        for people in given.people if given.real else ():
            parts = [
                pool.submit(judge_real, given.real, people, n, given.seed + 1000 * k)
                for k, n in enumerate(shares(given.draws, 2))
            ]
            real[f"{people} people"] = merged([part.result() for part in parts])
            say(f"real scores, {people} people, {given.draws} draws", real[f"{people} people"])
    if given.write:
        write_page(given.write, simulated, real)


def say(title: str, cells: dict[str, Cell]) -> None:
    """Print the coverage of every number."""
    print(f"\n{title}")
    for number, cell in cells.items():
        closed = cell.draws - cell.open_above
        print(
            f"  {number:<22}{100 * cell.held / cell.draws:6.1f}%  missed above "
            f"{100 * cell.too_low / cell.draws:4.1f}%  no upper end {100 * cell.open_above / cell.draws:3.0f}%  "
            f"width {cell.width / max(closed, 1):.4g}",
            flush=True,
        )


if __name__ == "__main__":
    main()
