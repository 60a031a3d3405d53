"""What attacks share: processes, a folder to work in, the seed, and a toy model."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from attacks.findings import Failures
from attacks.forks import Forks

Input = TypeVar("Input")
Found = TypeVar("Found")

SIDE_PX = 48
BLOCKS = 12
MODEL = f'''"""A toy model: a face is described by the mean colours of {BLOCKS} x {BLOCKS} blocks of its crop."""


class Pixels:
    contract = {{"size_px": {SIDE_PX}, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}}
    version = "1"

    def embed(self, batch):
        n, step = len(batch), {SIDE_PX // BLOCKS}
        small = batch.reshape(n, 3, {BLOCKS}, step, {BLOCKS}, step).mean(axis=(3, 5)).reshape(n, -1)
        return small - small.mean(axis=1, keepdims=True)
'''
WITH_TOY_MODEL = ("--model", "toy_model:Pixels", "--detector", "none", "--no-canary")


def child_rng(seed: int, *key: object) -> np.random.Generator:
    """A generator of its own for each item, whatever else is drawn, and in whatever order."""
    return np.random.default_rng([seed, zlib.crc32("/".join(map(str, key)).encode())])


@dataclass(frozen=True)
class Bench:
    """Where attacks run.

    Attributes:
        forks: processes.
        work: folder for whatever is written.
        failures: keeps what failed.
        seed: of all that is drawn.
        jobs: trials at a time.
        say: told how far the attack is.
    """

    forks: Forks
    work: Path
    failures: Failures
    seed: int
    jobs: int = 1
    say: Callable[[str], None] = lambda _: None

    @contextmanager
    def folder(self, name: str, *, with_model: bool = True) -> Iterator[Path]:
        """A new folder, removed at the end, with the toy model and places for cache and temporary files."""
        place = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))
        place.chmod(0o755)
        try:
            for below in ("cache", "tmp", "home"):
                (place / below).mkdir()
            if with_model:
                (place / "toy_model.py").write_text(MODEL)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def map(self, function: Callable[[Input], Found], inputs: Iterable[Input]) -> Iterator[Found]:
        """Results in the order of the inputs, `jobs` at a time."""
        with ThreadPoolExecutor(self.jobs) as pool:
            yield from pool.map(function, inputs)


def surroundings(folder: Path) -> dict[str, str | None]:
    """Environment variables by which a command keeps to a folder of `Bench.folder`."""
    home = str(folder / "home")
    return {
        "FACEPROOF_CACHE": str(folder / "cache"),
        "TMPDIR": str(folder / "tmp"),
        "HOME": home,
        "XDG_STATE_HOME": home,
        "COLUMNS": "100",
        "FACEPROOF_TRACEBACK": None,
    }
