"""How often candidates of MTCNN's last stage have the very same probability, why, and what the rule for them decides.

    python benchmarks/equal_candidates.py [LFW] [--photos 1500] [--tight 150]

Takes random photos of LFW (deep-funneled) as they are, and others cut to 92 x 105 px about the face, enlarged three
times. Equals are clipped when O-Net saw the very same crop of each, else saturated. Under the opposite rule the last
suppression keeps the earlier row of equals instead of the later one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.systems.detection.cascade import Cascade
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.detection.suppression import suppress

SHARED = Path(os.environ.get("FACEPROOF_SHARED", "../shared"))
Photo = NDArray[np.uint8]


def main() -> None:
    """Count and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lfw", type=Path, nargs="?", default=SHARED / "data" / "lfw-deepfunneled")
    parser.add_argument("--photos", type=int, default=1500)
    parser.add_argument("--tight", type=int, default=150)
    options = parser.parse_args()
    paths = sorted(options.lfw.glob("*/*.jpg"))
    if len(paths) < options.photos + options.tight:
        raise SystemExit(f"{options.lfw} has {len(paths)} photos; expected {options.photos + options.tight}.")
    drawn = np.random.default_rng(5).permutation(len(paths))
    usual, tight = drawn[: options.photos], drawn[options.photos : options.photos + options.tight]
    print("| Photos | with equals | groups clipped | groups saturated | face differs | by up to |")
    print("|-|-|-|-|-|-|")
    _row("as they are", (np.asarray(Image.open(paths[i]).convert("RGB")) for i in usual))
    _row("tightly cut", (_cut(paths[i]) for i in tight))


def _cut(path: Path) -> Photo:
    cut = Image.open(path).convert("RGB").crop((80, 75, 172, 180))
    return np.asarray(cut.resize((276, 315), Image.Resampling.BILINEAR))


def _row(kind: str, photos: Iterator[Photo]) -> None:
    look = _Look()
    for photo in photos:
        look.at(photo)
    largest = max(look.moved_px, default=0)
    print(
        f"| {look.photos:,} {kind} | {look.with_equals} | {look.clipped} | {look.saturated} | {len(look.moved_px)} "
        f"| {largest:.1f} px |",
        flush=True,
    )


class _Look:
    """Detects one photo at a time and counts what the last stage saw."""

    def __init__(self) -> None:
        usual = load_mtcnn().cascade
        self._onet = usual.onet
        self._cascade = Cascade(usual.pnet, usual.rnet, self._seen, usual.settings)
        self.photos = self.with_equals = self.clipped = self.saturated = 0
        self.moved_px: list[float] = []

    def at(self, photo: Photo) -> None:
        self.photos += 1
        before = self.clipped + self.saturated
        with patch("faceproof.systems.detection.cascade.suppress", self._suppressed):
            self._cascade.find([photo])
        self.with_equals += self.clipped + self.saturated > before

    def _seen(self, crops: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        out = self._onet(crops)
        sure = out[2][:, 1]
        for value in np.unique(sure[sure > self._cascade.settings.thresholds[2]]):
            rows = np.flatnonzero(sure == value)
            if len(rows) > 1:
                same = bool((crops[rows] == crops[rows[0]]).all())
                self.clipped += same
                self.saturated += not same
        return out

    def _suppressed(self, boxes: NDArray[np.float32], *rest: Any, **rule: Any) -> NDArray[np.intp]:
        rows = suppress(boxes, *rest, **rule)
        if rule.get("of_equals") == "later":
            others = suppress(boxes, *rest, of_equals="earlier")
            if set(rows) != set(others):
                both = [np.sort(boxes[kept], axis=0) for kept in (rows, others)]
                apart = np.abs(both[0] - both[1]).max() if len(rows) == len(others) else np.inf
                self.moved_px.append(float(apart))
        return rows


if __name__ == "__main__":
    main()
