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
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
from coverage import all_pairs, draw

from faceproof.findings.linked import LinkedScores, link
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.curves import auc_of_steps
from faceproof.metrics.intervals import auc_interval, d_prime_interval
from faceproof.metrics.separation import d_prime
from faceproof.summary.calibration import calibration
from faceproof.summary.decisions import equal_error_rate, operating_points
from faceproof.summary.evaluation import TOGETHER_UP_TO
from faceproof.summary.folded import folded_accuracy
from faceproof.summary.series import curves, histogram, threshold_table

_PHOTOS = 4
_BESIDE = ("calibration", "ROC and DET", "threshold table")


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

    def share() -> LinkedScores:
        return link(similarity, pairs.mated, pairs.people, (pairs.photo_a, pairs.photo_b))

    linked = timed("who shares whom", share)
    parts = _parts(scored, linked)
    for name, compute in parts.items():
        timed(name, compute)
    serial = sum(seconds.values())
    del linked, parts
    # As `summarize` does it: likelihood ratios, curves and table on a second thread.
    start = time.perf_counter()
    fresh = _parts(scored, share())
    with ThreadPoolExecutor(1) as beside:
        waiting = [beside.submit(fresh.pop(name)) for name in _BESIDE]
        if similarity.size > TOGETHER_UP_TO:
            waiting[-1].result()
        for compute in fresh.values():
            compute()
        for part in waiting:
            part.result()
    together = time.perf_counter() - start
    return seconds | {
        "comparisons": float(similarity.size),
        "GB before": before,
        "GB": _gigabytes(),
        "one": serial,
        "two": together,
    }


def _parts(scored: ScoredComparisons, linked: LinkedScores) -> dict[str, Callable[[], Any]]:
    similarity, mated = scored.similarity, scored.mated
    return {
        "operating points": lambda: operating_points(linked, None),
        "EER": lambda: equal_error_rate(linked),
        "AUC": lambda: auc_interval(linked.made, auc_of_steps(linked.steps)),
        "d'": lambda: d_prime_interval(linked.made, d_prime(similarity, mated)),
        "accuracy over folds": lambda: folded_accuracy(scored, linked, 10, 0),
        "histogram": lambda: histogram(similarity, mated),
        "calibration": lambda: calibration(scored, linked, 0),
        "ROC and DET": lambda: curves(linked),
        "threshold table": lambda: threshold_table(linked),
    }


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
        one, two = found.pop("one"), found.pop("two")
        print(
            f"{people} people, {n:,.0f} comparisons: {two:.1f} s on two threads, {one:.1f} s on one, "
            f"peak {peak:.1f} GB ({before:.1f} GB input)"
        )
        for name, seconds in found.items():
            print(f"  {name:<22}{seconds:6.2f} s")


if __name__ == "__main__":
    main()
