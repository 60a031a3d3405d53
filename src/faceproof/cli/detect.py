"""``faceproof detect``: detects all faces of photos."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import DetectorName, Device, MinFaceSize, Offline, Pad, options_named
from faceproof.cli.output import only_results_on_stdout, print_json

if TYPE_CHECKING:
    from faceproof.jobs.detecting import DetectedPhoto
    from faceproof.systems.faces.types import Face

_OPTIONS = {"margin_px": "margin"}


def detect_command(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.", metavar="PHOTO...")],
    detector: DetectorName = "mtcnn",
    min_face_size: MinFaceSize = None,
    pad: Pad = None,
    boxes: Annotated[
        Path | None, typer.Option(help="Write the faces to this .csv file, as evaluate --detector reads it.")
    ] = None,
    crops: Annotated[Path | None, typer.Option(help="Write each face to this folder.")] = None,
    crop_size: Annotated[int, typer.Option(help="Side of these crops in pixels.")] = 160,
    margin: Annotated[int, typer.Option(help="Margin around them, in pixels of the crop.")] = 0,
    annotated: Annotated[Path | None, typer.Option(help="Write the photos with boxes to this folder.")] = None,
    device: Device = "cpu",
    offline: Offline = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only counts.")] = False,
) -> None:
    """Find every face: boxes, probabilities, landmarks; a file of them, crops and annotated pictures on request."""
    from faceproof.jobs.detecting import detect

    with only_results_on_stdout(), options_named(_OPTIONS):
        found = detect(
            photos,
            detector=detector,
            min_face_size=min_face_size,
            pad=pad,
            boxes=boxes,
            crops=crops,
            crop_size_px=crop_size,
            margin_px=margin,
            annotated_photos=annotated,
            device=device,
            offline=offline,
        )
    if json:
        print_json([_as_dict(photo) for photo in found])
    else:
        for photo in found:
            _print(photo, quiet)
    if any(photo.reason is not None for photo in found):
        raise typer.Exit(1)


def _as_dict(photo: DetectedPhoto) -> dict[str, Any]:
    """Plain JSON values of a photo."""
    return {"photo": str(photo.path), "error": photo.reason, "faces": [_face_as_dict(face) for face in _faces(photo)]}


def _faces(photo: DetectedPhoto) -> list[Face]:
    return [] if photo.faces is None else [photo.faces.face(row) for row in range(len(photo.faces))]


def _face_as_dict(face: Face) -> dict[str, Any]:
    points = [[round(float(v), 3) for v in point] for point in face.landmarks_px] if face.has_landmarks else None
    return {
        "box_xyxy_px": [round(float(v), 3) for v in face.box_xyxy_px],
        "probability": round(face.probability, 6) if isfinite(face.probability) else None,
        "landmarks_px": points,
    }


def _print(photo: DetectedPhoto, quiet: bool) -> None:
    """Print the faces of a photo, or on stderr the reason why detection failed."""
    if photo.reason is not None:
        typer.echo(f"{photo.path}: {photo.reason}", err=True)
        return
    faces = _faces(photo)
    typer.echo(f"{photo.path}: {len(faces)} face{'' if len(faces) == 1 else 's'}")
    for face in [] if quiet else faces:
        box = "  ".join(f"{v:8.1f}" for v in face.box_xyxy_px)
        points = "  ".join(f"{x:.1f},{y:.1f}" for x, y in face.landmarks_px) if face.has_landmarks else "not given"
        probability = f"{face.probability:.4f}" if isfinite(face.probability) else "not given"
        typer.echo(f"  box {box}   probability {probability}   landmarks {points}")
