"""Repeat the study that faceproof grew from, and write docs/studies/lfw-degradations.md.

    python tools/repeat_study.py LFW [--out runs/study] [--docs docs/studies]

Goes on where it was stopped. ``facenet-vggface2`` always takes part, ``dlib-resnet`` where its weights are there.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from study_pages import render, some_people

from faceproof.cli.progress import PhotoProgress
from faceproof.degrade import blur, resolution
from faceproof.degrade.registry import FAMILIES
from faceproof.degrade.types import Family, Series, Suite
from faceproof.jobs.stressing import stress
from faceproof.report.words.stress import label
from faceproof.summary.stress_schema import StressSummary
from faceproof.systems.recipe import Recipe

FIGURES = ("loss", "frr", "fmr", "detection", "distances", "heat-map", "changes")
JPEG_QUALITY = 75
STUDY_SETTINGS = Recipe(size_px=112, margin_px=0, alignment="margin_crop", mirrored=False, selection="largest")

REPORTED: dict[str, dict[str, float]] = {
    "clean": {"accuracy": 0.9324, "eer": 0.0781},
    "gaussian-blur-1": {"accuracy": 0.929, "eer": 0.083},
    "gaussian-blur-2": {"accuracy": 0.922, "eer": 0.091},
    "gaussian-blur-3": {"accuracy": 0.892, "eer": 0.119},
    "gaussian-blur-4": {"accuracy": 0.845, "eer": 0.162},
    "gaussian-blur-5": {"accuracy": 0.763, "eer": 0.237},
    "resolution-1": {"detection": 1.0},
    "resolution-2": {"detection": 0.9989},
    "resolution-3": {"detection": 0.885},
    "resolution-4": {"detection": 0.699},
    "resolution-5": {"detection": 0.139},
    "square-1": {"detection": 0.983, "eer": 0.110},
    "square-2": {"detection": 0.903, "eer": 0.147},
    "square-3": {"detection": 0.618, "eer": 0.228},
    "square-4": {"detection": 0.237, "eer": 0.389},
}
"""What the study reported for Inception-ResNet-V1 (VGGFace2), as fractions."""


def main() -> None:
    """Run both parts and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path, metavar="LFW")
    parser.add_argument("--out", type=Path, default=Path("runs/study"))
    parser.add_argument("--docs", type=Path, default=Path("docs/studies"))
    options = parser.parse_args()
    whole = _run(options.people, _models(), "classic", Recipe(mirrored=False), options.out / "all")
    with tempfile.TemporaryDirectory() as folder:
        some = some_people(options.people, Path(folder))
        as_then = _run(some, ["facenet-vggface2"], _suite_with_jpeg(), STUDY_SETTINGS, options.out / "as-then")
    images = options.docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        (images / f"{name}.svg").write_bytes((options.out / "all" / "figures" / f"{name}.svg").read_bytes())
    page = options.docs / "lfw-degradations.md"
    page.write_text(_page(whole, as_then), "utf-8")
    print(f"Written: {page}")


def _models() -> list[str]:
    from faceproof.systems.weights.dlib_file import find_dlib_file

    return ["facenet-vggface2", *(["dlib-resnet"] if find_dlib_file() else [])]


def _run(people: Path, models: list[str], suite: str | Suite, recipe: Recipe, out: Path) -> StressSummary:
    with PhotoProgress(quiet=False, unit="templates") as progress:
        run = stress(
            people,
            models=models,
            suite=suite,
            recipe=recipe,
            out=out,
            overwrite=True,
            progress=progress,
            say=progress.say,
        )
    return run.summary


def _jpeg(photo: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(file))


def blur_then_jpeg(photo: np.ndarray, radius_px: float) -> np.ndarray:
    """Blurred and stored as JPEG, as the study did it."""
    return _jpeg(blur.gaussian_blur(photo, radius_px))


def reduced_then_jpeg(photo: np.ndarray, shorter_side_px: int) -> np.ndarray:
    """Reduced and stored as JPEG, as the study did it."""
    return _jpeg(resolution.reduced(photo, shorter_side_px))


def _suite_with_jpeg() -> Suite:
    families = [
        Family(
            "blur-jpeg", "Blur, then JPEG", blur_then_jpeg, ({"radius_px": 5},), "radius {radius_px} px", identity=None
        ),
        Family(
            "reduced-jpeg",
            "Resolution, then JPEG",
            reduced_then_jpeg,
            ({"shorter_side_px": 64},),
            "{shorter_side_px} px",
            identity=None,
        ),
    ]
    series = [
        Series(FAMILIES[name], (level,)) for name, level in (("gaussian-blur", 5), ("resolution", 3), ("square", 2))
    ]
    return Suite("as the study", (*series, *(Series(family, (1,)) for family in families)))


def _page(whole: StressSummary, as_then: StressSummary) -> str:
    return render(
        "lfw_degradations.md.j2",
        s=whole,
        entries={entry.name: entry for entry in whole.conditions + as_then.conditions},
        label=label,
        reported=REPORTED,
        as_then={row.condition: row for row in as_then.models[0].conditions},
        quality=JPEG_QUALITY,
        figures=FIGURES,
    )


if __name__ == "__main__":
    main()
