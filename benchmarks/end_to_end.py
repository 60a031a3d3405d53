"""Photos per second from file to template: the engine against the plain loop, on the same photos, in one run.

    python benchmarks/end_to_end.py [PEOPLE] [--photos 500] [--weights FILE]

Each way runs in a process of its own, one after the other, without a cache and after a warm-up on a few photos.
Prints the speed of each, their ratio, the peak memory of each, and how far their templates agree.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MARGIN = 14
SHARED = Path(os.environ.get("FACEPROOF_SHARED", "../shared"))


def main() -> None:
    """Run both ways and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path, nargs="?", default=SHARED / "data" / "lfw-deepfunneled")
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--weights", type=Path, default=SHARED / "weights" / "facenet-vggface2.safetensors")
    parser.add_argument("--way", choices=["reference", "engine"], help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    paths = sorted(options.people.glob("*/*.jpg"))[: options.photos]
    if not paths:
        raise SystemExit(f"No photos below {options.people}: expected PERSON/PHOTO.jpg.")
    if options.way:
        ways = {"reference": reference, "engine": engine}
        return ways[options.way](paths, options.weights, options.result)
    print(f"{len(paths)} photos, {os.cpu_count()} cores; reference loop first, then the engine")
    with tempfile.TemporaryDirectory() as folder:
        results = [_in_own_process(way, options, Path(folder) / f"{way}.npz") for way in ("reference", "engine")]
    for way, result in zip(("reference", "engine"), results, strict=True):
        speed, memory = len(paths) / float(result["seconds"]), float(result["peak_mb"])
        print(f"{way:<10} {speed:6.1f} photos/s   peak memory {memory:5.0f} MB")
    print(f"ratio      {float(results[0]['seconds']) / float(results[1]['seconds']):6.2f}")
    a, b = (result["templates"].astype(np.float64) for result in results)
    both = ~np.isnan(a[:, 0]) & ~np.isnan(b[:, 0])
    cosine = (a[both] * b[both]).sum(axis=1)
    one_way = (np.isnan(a) != np.isnan(b))[:, 0].sum()
    print(
        f"templates  of {both.sum()} photos in both; found in one way only: {one_way}; "
        f"cosine: lowest {cosine.min():.7f}, below 0.99999: {(cosine < 0.99999).sum()}"
    )
    return None


def reference(paths: list[Path], weights: Path, result: Path) -> None:
    """The plain loop of `reference.py`."""
    sys.path.insert(0, str(Path(__file__).parent))
    from reference import Reference

    way = Reference(weights, MARGIN)
    for path in paths[:5]:
        way.template(path)
    start = time.perf_counter()
    found = [way.template(path) for path in paths]
    seconds = time.perf_counter() - start
    _save(result, seconds, np.stack([np.full(512, np.nan, np.float32) if t is None else t for t in found]))


def engine(paths: list[Path], weights: Path, result: Path) -> None:
    """What ``faceproof evaluate`` does with the photos."""
    from faceproof.engine.runner import process
    from faceproof.people.types import Photo
    from faceproof.systems.load import load_pipeline
    from faceproof.systems.recipe import Recipe

    recipe = Recipe(margin_px=MARGIN, mirrored=False, alignment="margin_crop")
    pipeline = load_pipeline("facenet-vggface2", weights, recipe, offline=True)
    photos = [Photo(p.name, p, p.parent.name, hashlib.sha256(p.read_bytes()).hexdigest()) for p in paths]
    process(photos[:64], pipeline)
    start = time.perf_counter()
    table = process(photos, pipeline)
    _save(result, time.perf_counter() - start, np.array(table.templates))


def _save(path: Path, seconds: float, templates: np.ndarray) -> None:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    np.savez(path, seconds=seconds, templates=templates, peak_mb=peak_mb)


def _in_own_process(way: str, options: argparse.Namespace, result: Path) -> dict[str, np.ndarray]:
    command = [sys.executable, __file__, str(options.people), "--photos", str(options.photos)]
    command += ["--weights", str(options.weights), "--way", way, "--result", str(result)]
    subprocess.run(command, check=True)
    with np.load(result) as content:
        return dict(content)


if __name__ == "__main__":
    main()
