"""How often the comparison of two systems calls them different, where they are equal in truth, and where they are not.

Two systems are equal where their scores are drawn from one distribution, each with effects of its own (half of the
variance of each effect is shared, as two systems find the same people hard). A copy is the same scores with a little
noise.

    python benchmarks/equal_systems.py [--draws 200] [--lists view2 folders]

The power for a real difference: two finished runs of all comparisons of the same people, of which some people are drawn
again and again. Prints how often the two are called different, and the mean difference.

    python benchmarks/equal_systems.py --power RUN_A RUN_B --people 100 400 1600 --draws 40
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from coverage import LISTS, PairList, all_pairs, draw, shares
from numpy.typing import NDArray

from faceproof.findings.compared import MeasuredDifference, difference, linked_runs, measured, pair_runs
from faceproof.findings.scored import join_scores
from faceproof.metrics.differences import LEVEL
from faceproof.runs.run_folder import read_run

SHARED = 0.5
NOISES = (0.01, 0.03)
CASES = ("equal", *(f"copy, {100 * noise:g}% noise" for noise in NOISES))
FIVE = {
    **{name: LISTS[name] for name in ("view2", "folders", "mixed", "sampled")},
    "all 30 x 4": lambda: all_pairs(30, 4),
}


def systems(pairs: PairList, case: str, rng: np.random.Generator) -> np.ndarray:
    """Similarities of two systems, float64 (2, n)."""
    if case != "equal":
        noise = NOISES[CASES.index(case) - 1]
        one = draw(pairs, rng)
        return np.stack([one, one + noise * rng.standard_normal(one.size)])
    centre = np.where(pairs.mated, 4.1, 0.0)
    common, *own = (draw(pairs, rng) - centre for _ in range(3))
    return np.stack([centre + math.sqrt(SHARED) * common + math.sqrt(1 - SHARED) * alone for alone in own])


def judge(name: str, case: str, draws: int, seed: int) -> dict[str, list[int]]:
    """For each measure: how often it is tested, called different by its interval alone, and by both tests."""
    pairs, rng = FIVE[name](), np.random.default_rng(seed)
    person_a, person_b = pairs.people
    fold = np.full(person_a.size, -1)
    if name == "view2":
        fold = np.repeat(np.arange(10), 600)
    counts = {measure: [0, 0, 0] for measure in ("fnmr", "eer")}
    for _ in range(draws):
        similarity = systems(pairs, case, rng) / 10
        paired = pair_runs(similarity, pairs.mated, person_a, person_b, fold)
        linked = linked_runs(paired)
        baseline, run = (measured(paired, linked[place], place) for place in (0, 1))
        for measure, found in counts.items():
            told = difference(measure, paired, linked[0], run, baseline)
            found[0] += told.test is not None
            found[1] += told.test is not None and told.test.p_difference < LEVEL
            found[2] += told.test is not None and told.test.p < LEVEL
    return counts


@dataclass(frozen=True)
class RealRuns:
    """Similarities of two runs of the same comparisons, and who is in them."""

    similarity: NDArray[np.float64]
    mated: NDArray[np.bool_]
    person_a: NDArray[np.int64]
    person_b: NDArray[np.int64]

    @staticmethod
    def read(folders: Sequence[Path]) -> RealRuns:
        """Read two finished runs."""
        first, second = (join_scores(read_run(folder)) for folder in folders)
        if not first.names.equals(second.names):
            raise SystemExit("The two runs have different comparisons.")
        return RealRuns(np.stack([first.similarity, second.similarity]), first.mated, *first.person_codes())

    def drawn(self, people: int, seed: int) -> RealRuns:
        """The comparisons among people drawn at random; all people where there are no more."""
        total = int(max(self.person_a.max(), self.person_b.max())) + 1
        chosen = np.zeros(total, dtype=np.bool_)
        chosen[np.random.default_rng(seed).permutation(total)[:people]] = True
        rows = chosen[self.person_a] & chosen[self.person_b]
        return RealRuns(self.similarity[:, rows], self.mated[rows], self.person_a[rows], self.person_b[rows])

    def differences(self) -> dict[str, MeasuredDifference]:
        """Differences of FNMR and EER, second less first run."""
        fold = np.full(self.mated.size, -1)
        paired = pair_runs(self.similarity, self.mated, self.person_a, self.person_b, fold)
        linked = linked_runs(paired)
        baseline, run = (measured(paired, linked[place], place) for place in (0, 1))
        return {name: difference(name, paired, linked[0], run, baseline) for name in ("fnmr", "eer")}


def power(folders: Sequence[Path], sizes: Sequence[int], draws: int) -> None:
    """Print how often two real systems are called different, by the number of people."""
    runs = RealRuns.read(folders)
    total = np.unique(np.concatenate([runs.person_a, runs.person_b])).size
    for people in sizes:
        n = draws if people < total else 1
        found = [runs.drawn(people, seed).differences() for seed in range(n)]
        said = []
        for name in ("fnmr", "eer"):
            tested = [test for one in found if (test := one[name].test) is not None]
            told = sum(test.p < LEVEL for test in tested)
            mean = np.mean([one[name].value for one in found])
            said.append(
                f"{name}: tested in {len(tested)} and different in {told} of {n}, mean {100 * mean:+.2f} points"
            )
        print(f"{min(people, total):>6} people   {'   '.join(said)}", flush=True)


def main() -> None:
    """Judge every list and print how often two systems are called different."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--lists", nargs="+", choices=FIVE, default=list(FIVE))
    parser.add_argument("--power", type=Path, nargs=2, metavar="RUN", help="two real runs instead of simulations")
    parser.add_argument("--people", type=int, nargs="+", default=[100, 400, 1600], help="how many are drawn from them")
    given = parser.parse_args()
    if given.power:
        power(given.power, given.people, given.draws)
        return
    with ProcessPoolExecutor(2) as pool:
        for name in given.lists:
            for case in CASES:
                parts = [pool.submit(judge, name, case, n, 7 + k) for k, n in enumerate(shares(given.draws, 2))]
                done = [part.result() for part in parts]
                said = []
                for measure in done[0]:
                    counts = (sum(part[measure][k] for part in done) for k in range(3))
                    tests, alone, both = (100 * count / given.draws for count in counts)
                    said.append(f"{measure} {both:5.1f}% (interval alone {alone:5.1f}%, tested {tests:3.0f}%)")
                print(f"{name:<12}{case:<18}{'   '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
