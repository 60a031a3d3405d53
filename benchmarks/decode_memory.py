"""Peak memory against the number of photos: flat, whatever their size.

    python benchmarks/decode_memory.py [--photos 20 60 200] [--megapixels 12] [--format jpeg] [--decode-memory 2GB]

Draws a few pictures of noise with the face of a person who does not exist, and copies them with other bytes at the end,
so that each is a photo of its own. Each number of photos runs in a process of its own, without a detector and with a
model that costs nothing, so that what is measured is decoding. ``--detector mtcnn`` adds detection.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PICTURES = 4
_SUFFIXES = {"jpeg": "jpg", "png": "png"}


class Means:
    """A model that costs nothing: the means of 4 x 4 fields of the photo."""

    contract = {"size_px": 32, "pixel_mean": 127.5, "pixel_divisor": 128, "alignment": "margin_crop"}  # noqa: RUF012

    def embed(self, batch: np.ndarray) -> np.ndarray:
        """Templates (n, 48)."""
        return batch.reshape(len(batch), 3, 4, 8, 4, 8).mean(axis=(3, 5)).reshape(len(batch), -1)


def main() -> None:
    """Run every number of photos and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, nargs="+", default=[20, 60, 200])
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--format", choices=sorted(_SUFFIXES), default="jpeg")
    parser.add_argument("--decode-memory")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--detector", default="none")
    parser.add_argument("--draw", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw or options.run:
        return draw(options) if options.draw else run(options)
    print(f"{options.megapixels:g} megapixels, {options.format}, detector {options.detector}, {os.cpu_count()} cores")
    print("photos   peak memory   photos/s")
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: the peak memory of a process counts as that of its children too.
        in_own_process("--draw", folder)
        pictures = sorted(Path(folder).glob("*.*"))
        done = 0
        for many in sorted(options.photos):
            copies(pictures, Path(folder) / "people", range(done, many))
            done = many
            print(f"{many:6}   {in_own_process('--run', str(Path(folder) / 'people'))}", end="")
    return None


def in_own_process(option: str, folder: str) -> str:
    """What this script prints with one more option."""
    command = [sys.executable, __file__, option, folder, *sys.argv[1:]]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def draw(options: argparse.Namespace) -> None:
    """Pictures in the proportions of a phone's, each with a face in its middle."""
    from PIL import Image

    from faceproof.people.synthetic.draw import draw_identity, draw_photo
    from faceproof.people.synthetic.face_model import packaged_model

    model, rng = packaged_model(), np.random.default_rng(1)
    width = round((options.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(options.megapixels * 1e6 / width)
    for number in range(PICTURES):
        field = Image.fromarray(rng.integers(60, 200, (height // 16 + 1, width // 16 + 1, 3), dtype=np.uint8))
        picture = field.resize((width, height), Image.Resampling.BICUBIC)
        face = Image.fromarray(draw_photo(model, draw_identity(model, 1, number), 1, number, 0))
        side = min(width, height) // 2
        picture.paste(face.resize((side, side), Image.Resampling.BICUBIC), ((width - side) // 2, (height - side) // 2))
        grain = rng.integers(-5, 6, (height, width, 1), dtype=np.int16)
        noisy = Image.fromarray((np.asarray(picture) + grain).clip(0, 255).astype(np.uint8))
        target = options.draw / f"{number}.{_SUFFIXES[options.format]}"
        noisy.save(target, **({"compress_level": 1} if options.format == "png" else {"quality": 90}))


def copies(pictures: list[Path], people: Path, numbers: range) -> None:
    """Photos of two each for a person, all with different bytes."""
    for number in numbers:
        picture = pictures[number % len(pictures)]
        target = people / f"{number // 2:04}" / f"{number:04}{picture.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(picture.read_bytes() + number.to_bytes(8, "big"))


def run(options: argparse.Namespace) -> None:
    """Process a folder in this process and print its peak memory and speed."""
    import resource

    from faceproof.engine.runner import process
    from faceproof.people.folder import read_people
    from faceproof.systems.load import load_pipeline
    from faceproof.systems.recipe import Recipe

    given = {} if options.decode_memory is None else {"decode_memory": options.decode_memory}
    recipe = Recipe(detector=options.detector)
    pipeline = load_pipeline(Means(), None, recipe, workers=options.workers, offline=True, **given)
    photos = read_people(options.run).photos
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    table = process(photos, pipeline)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    lost = sum(outcome != "template" for outcome in table.outcome)
    why = f"   {lost} without a template: {next(iter(table.reason.values()))}" if lost else ""
    print(f"{peak * unit / 1e6:5.0f} MB ({before * unit / 1e6:.0f} before)   {len(photos) / seconds:.1f}{why}")


if __name__ == "__main__":
    main()
