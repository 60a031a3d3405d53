"""What one more condition costs, against a clean evaluation of the same photos, in one run.

    python benchmarks/stress.py [PEOPLE] [--photos 256] [--rounds 3] [--weights FILE]

Alternates: the photos as they are, then the photos as they are and under one condition. The cost of the condition is
the time that it adds, divided by the time of the clean photos alone; the median of the rounds is printed. Last, all
conditions together, which share one decoding. Nothing is cached.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import time
from pathlib import Path

SHARED = Path(os.environ.get("FACEPROOF_SHARED", "../shared"))
CONDITIONS = (
    *(("gaussian-blur", 3), ("resolution", 2), ("square", 1), ("face-square", 1), ("sepia", 1), ("brightness-up", 2)),
    *(("gaussian-noise", 2), ("shot-noise", 1), ("motion-blur", 2), ("jpeg", 2), ("rotation", 1), ("sunglasses", 2)),
)


def main() -> None:
    """Measure and print."""
    from faceproof.degrade.registry import get_family
    from faceproof.degrade.types import CLEAN, Condition
    from faceproof.engine.runner import process_all
    from faceproof.people.types import Photo
    from faceproof.systems.load import load_pipeline

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path, nargs="?", default=SHARED / "data" / "lfw-deepfunneled")
    parser.add_argument("--photos", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", type=Path, default=SHARED / "weights" / "facenet-vggface2.safetensors")
    options = parser.parse_args()
    paths = sorted(options.people.glob("*/*.jpg"))[: options.photos]
    if not paths:
        raise SystemExit(f"No photos below {options.people}: expected PERSON/PHOTO.jpg.")
    photos = [Photo(p.name, p, p.parent.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths]
    pipeline = load_pipeline("facenet-vggface2", options.weights, None, offline=True)

    def seconds(*conditions: Condition) -> float:
        start = time.perf_counter()
        process_all(photos, [pipeline], [CLEAN, *conditions])
        return time.perf_counter() - start

    def added(*conditions: Condition) -> list[float]:
        costs = []
        for _ in range(options.rounds):
            clean = seconds()
            costs.append((seconds(*conditions) - clean) / clean / len(conditions))
        return costs

    every = [get_family(name).at(severity) for name, severity in CONDITIONS]
    process_all(photos[:8], [pipeline], [CLEAN, *every])  # what is loaded once is loaded now
    print(f"{len(photos)} photos, {os.cpu_count()} cores; cost of one condition, 1 being a clean evaluation")
    for condition in every:
        costs = added(condition)
        print(
            f"{condition.label:<44} {statistics.median(costs):5.2f}   ({min(costs):.2f} to {max(costs):.2f})",
            flush=True,
        )
    costs = added(*every)
    print(
        f"{'all of these together, each':<44} {statistics.median(costs):5.2f}   ({min(costs):.2f} to {max(costs):.2f})"
    )


if __name__ == "__main__":
    main()
