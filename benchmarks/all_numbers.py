"""Time and memory of all numbers of a run that has many comparisons: all pairs of simulated people, 4 photos each.

    python benchmarks/all_numbers.py [--people 500 1118]

500 people give 2.0 million comparisons, 1,118 people 10.0 million. Each number of people runs in a process of its own,
so that its peak memory is its own. Reading the tables and drawing the figures are not counted.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
from coverage import all_pairs, draw

from faceproof.findings.linked import link
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.curves import auc_of_steps
from faceproof.metrics.intervals import auc_interval, d_prime_interval
from faceproof.metrics.separation import d_prime
from faceproof.summary.calibration import calibration
from faceproof.summary.decisions import equal_error_rate, operating_points
from faceproof.summary.folded import folded_accuracy
from faceproof.summary.series import curves, histogram, threshold_table

_PHOTOS = 4


def measured(people: int) -> dict[str, float]:
    """Seconds of each number, number of comparisons, and peak memory of the process in GB."""
    pairs = all_pairs(people, _PHOTOS)
    similarity = np.clip(draw(pairs, np.random.default_rng(0)) / 10, -1, 1)
    number = np.arange(similarity.size)
    person_a, person_b = pairs.people
    names = {"photo_a": pairs.photo_a, "photo_b": pairs.photo_b, "person_a": person_a, "person_b": person_b}
    dictionary = pa.array([f"{code:05}" for code in range(pairs.person.size)])
    table = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(pa.array(codes), dictionary).cast(pa.string())
            for name, codes in names.items()
        }
    )
    scored = ScoredComparisons(number, pairs.mated, np.full(number.size, -1), similarity, table)
    before = _gigabytes()
    seconds: dict[str, float] = {}

    def timed(name: str, compute: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = compute()
        seconds[name] = time.perf_counter() - start
        return found

    linked = timed(
        "who shares whom", lambda: link(similarity, pairs.mated, pairs.people, (pairs.photo_a, pairs.photo_b))
    )
    timed("operating points", lambda: operating_points(linked, None))
    timed("EER", lambda: equal_error_rate(linked))
    timed("AUC", lambda: auc_interval(linked.made, auc_of_steps(linked.steps)))
    timed("d'", lambda: d_prime_interval(linked.made, d_prime(similarity, pairs.mated)))
    timed("accuracy over folds", lambda: folded_accuracy(scored, linked, 10, 0))
    timed("calibration", lambda: calibration(scored, linked, 0))
    timed("ROC and DET", lambda: curves(linked))
    timed("threshold table", lambda: threshold_table(linked))
    timed("histogram", lambda: histogram(similarity, pairs.mated))
    return seconds | {"comparisons": float(similarity.size), "GB before": before, "GB": _gigabytes()}


def _gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Measure each number of people, one process each, one after another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[500, 1118])
    for people in parser.parse_args().people:
        with ProcessPoolExecutor(1) as pool:
            found = pool.submit(measured, people).result()
        n, before, peak = (found.pop(name) for name in ("comparisons", "GB before", "GB"))
        print(
            f"{people} people, {n:,.0f} comparisons: {sum(found.values()):.1f} s, "
            f"peak {peak:.1f} GB ({before:.1f} GB input)"
        )
        for name, seconds in found.items():
            print(f"  {name:<22}{seconds:6.2f} s")


if __name__ == "__main__":
    main()
