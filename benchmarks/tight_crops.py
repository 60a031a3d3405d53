"""What a border before detection (--pad) does on tightly cropped photos, and on the same photos as they are.

    python benchmarks/tight_crops.py [LFW] [--models FILE_OR_NAME ...] [--people 150] [--pads 0 0.35] [--out FOLDER]

Takes two photos each of people of LFW (deep-funneled), and cuts them to 92 x 105 px about the face, enlarged three
times. All photos are compared with each other. Landmarks are held against those that MTCNN finds without a border in
the photo as it is; their error is the mean over the five, in distances of eyes and mouth, and the median over photos.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

import faceproof
from faceproof.summary.evaluation_schema import EvaluationSummary

SHARED = Path(os.environ.get("FACEPROOF_SHARED", "../shared"))
CUT, TIMES = (80, 75, 172, 180), 3
Rows = dict[str, dict[str, Any]]


def main() -> None:
    """Write the photos, judge the models on them, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lfw", type=Path, nargs="?", default=SHARED / "data" / "lfw-deepfunneled")
    parser.add_argument("--models", nargs="+", default=[str(SHARED / "weights" / "MobileFaceNet.onnx")])
    parser.add_argument("--people", type=int, default=150, help="50 or more, for an FMR of 0.1%%.")
    parser.add_argument("--pads", type=float, nargs="+", default=[0, 0.35])
    parser.add_argument("--out", type=Path, help="Keep photos and runs here; a temporary folder by default.")
    options = parser.parse_args()
    if options.out is not None:
        measure(options, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


def measure(options: argparse.Namespace, folder: Path) -> None:
    """All runs, and a row for each; the first says where the landmarks should be."""
    write_photos(options.lfw, options.people, folder)
    print("| Model | Photos | Border | No face | Landmarks off | EER | FNMR at FMR 0.1% | Detection, ms |")
    print("|-|-|-|-|-|-|-|-|")
    for model in options.models:
        reference: Rows = {}
        for kind in ("whole", "tight"):
            for pad in options.pads if options.pads[0] == 0 else [0, *options.pads]:
                run = faceproof.evaluate(
                    folder / kind,
                    model=model,
                    protocol="all",
                    recipe=faceproof.Recipe(pad=pad),
                    out=folder / f"run-{Path(model).stem}-{kind}-{pad}",
                    overwrite=True,
                    cache=False,
                    canary=False,
                    figures=False,
                    offline=True,
                )
                photos = pq.read_table(run.folder / "photos.parquet").to_pylist()
                rows = {row["photo"]: row for row in photos}
                reference = reference or rows
                numbers = summary_of(run.summary, rows, reference, kind)
                print(f"| {run.summary.run.system.name} | {kind} | {pad:.0%} | {' | '.join(numbers)} |", flush=True)


def write_photos(lfw: Path, people: int, folder: Path) -> None:
    """Two photos each of ``people`` people, spread over the alphabet: ``whole`` as they are, ``tight`` cut, as PNG."""
    several = [person for person in sorted(lfw.iterdir()) if len(list(person.glob("*.jpg"))) > 1]
    if len(several) < people:
        raise SystemExit(f"{lfw} has {len(several)} people with two photos or more; expected {people}.")
    for place in np.linspace(0, len(several) - 1, people).astype(int):
        for photo in sorted(several[place].glob("*.jpg"))[:2]:
            whole, tight = (folder / kind / several[place].name for kind in ("whole", "tight"))
            whole.mkdir(parents=True, exist_ok=True)
            tight.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photo, whole / photo.name)
            cut = Image.open(photo).convert("RGB").crop(CUT)
            size = (cut.width * TIMES, cut.height * TIMES)
            cut.resize(size, Image.Resampling.BILINEAR).save((tight / photo.name).with_suffix(".png"))


def summary_of(summary: EvaluationSummary, rows: Rows, reference: Rows, kind: str) -> list[str]:
    """Photos without a face, landmark error, EER, FNMR and time, as text."""
    missed = sum(row["box_xyxy_px"] is None for row in rows.values())
    off = []
    for name, row in rows.items():
        should = reference[str(Path(name).with_suffix(".jpg"))]["landmarks_px"]
        if row["landmarks_px"] is not None and should is not None:
            off.append(_off(_points(row["landmarks_px"]), _points(should), kind))
    fnmr = next(one for one in summary.fnmr_at_fmr if one.fmr == 1e-3).fnmr.value
    return [
        f"{missed} of {len(rows)}",
        f"{statistics.median(off):.3f}",
        f"{summary.eer.value:.2%}",
        f"{fnmr:.1%}",
        f"{statistics.median(row['detect_ms'] for row in rows.values()):.0f}",
    ]


def _points(numbers: list[float]) -> NDArray[np.float64]:
    return np.array(numbers, np.float64).reshape(5, 2)


def _off(found: NDArray[np.float64], whole: NDArray[np.float64], kind: str) -> float:
    should = (whole - CUT[:2]) * TIMES if kind == "tight" else whole
    eyes_to_mouth = np.linalg.norm(should[:2].mean(axis=0) - should[3:].mean(axis=0))
    return float(np.linalg.norm(found - should, axis=1).mean() / eyes_to_mouth)


if __name__ == "__main__":
    main()
