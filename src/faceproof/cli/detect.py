"""``faceproof detect``: every face of some photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import Device, MinFaceSize, Offline
from faceproof.cli.output import print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from faceproof.detection.types import Faces


def detect_command(
    photos: Annotated[list[Path], typer.Argument(help="Photos.", metavar="PHOTO...")],
    min_face_size: MinFaceSize = 20,
    crops: Annotated[Path | None, typer.Option(help="Write each face to this folder.")] = None,
    crop_size: Annotated[int, typer.Option(help="Side of these crops in pixels.")] = 160,
    margin: Annotated[int, typer.Option(help="Margin around them, in pixels of the crop.")] = 0,
    annotated: Annotated[Path | None, typer.Option(help="Write the photos with boxes to this folder.")] = None,
    device: Device = "cpu",
    offline: Offline = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only counts.")] = False,
) -> None:
    """Find every face: boxes, probabilities, landmarks; crops and annotated pictures on request."""
    from faceproof.detection.cascade import CascadeSettings
    from faceproof.detection.mtcnn import load_detector
    from faceproof.errors import ConfigurationError, ImageDecodeError
    from faceproof.people.decode import decode_photo

    if not 0 <= margin < crop_size:
        raise ConfigurationError(f"--margin {margin} must be at least 0 and below --crop-size {crop_size}.")
    detector = load_detector(CascadeSettings(min_face_size), device=device, offline=offline)
    rows: list[dict[str, Any]] = []
    for number, path in enumerate(photos):
        try:
            pixels = decode_photo(path)
        except ImageDecodeError as error:
            rows.append({"photo": str(path), "error": str(error), "faces": []})
            continue
        faces = detector.find([pixels])[0]
        name = f"{number:03d}-{path.stem}" if len(photos) > 1 else path.stem
        rows.append({"photo": str(path), "error": None, "faces": _as_dicts(faces)})
        _write(pixels, faces, name, crops, annotated, crop_size, margin)
    if json:
        print_json(rows)
    else:
        _print(rows, quiet)
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


def _as_dicts(faces: Faces) -> list[dict[str, Any]]:
    return [
        {
            "box_xyxy_px": [round(float(v), 3) for v in faces.boxes_xyxy_px[i]],
            "probability": round(float(faces.probabilities[i]), 6),
            "landmarks_px": [[round(float(v), 3) for v in point] for point in faces.landmarks_px[i]],
        }
        for i in range(len(faces))
    ]


def _write(
    pixels: NDArray[np.uint8],
    faces: Faces,
    name: str,
    crops: Path | None,
    annotated_folder: Path | None,
    size: int,
    margin: int,
) -> None:
    from PIL import Image

    from faceproof.detection.alignment import crop_with_margin
    from faceproof.report.annotate import annotated, save_picture

    if annotated_folder is not None:
        found = [faces.face(i) for i in range(len(faces))]
        save_picture(annotated(pixels, found), annotated_folder / f"{name}.png")
    for i in range(len(faces) if crops is not None else 0):
        crop = crop_with_margin(pixels, faces.boxes_xyxy_px[i], size, margin)
        if crop is not None and crops is not None:
            save_picture(Image.fromarray(crop), crops / f"{name}-{i + 1}.png")


def _print(rows: list[dict[str, Any]], quiet: bool) -> None:
    for row in rows:
        if row["error"]:
            typer.echo(f"{row['photo']}: {row['error']}", err=True)
            continue
        count = len(row["faces"])
        typer.echo(f"{row['photo']}: {count} face{'' if count == 1 else 's'}")
        for face in [] if quiet else row["faces"]:
            box = "  ".join(f"{v:8.1f}" for v in face["box_xyxy_px"])
            points = "  ".join(f"{x:.1f},{y:.1f}" for x, y in face["landmarks_px"])
            typer.echo(f"  box {box}   probability {face['probability']:.4f}   landmarks {points}")
