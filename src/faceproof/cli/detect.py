"""``faceproof detect``: every face of some photos."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from faceproof.cli.options import DetectorName, Device, MinFaceSize, Offline, Pad
from faceproof.cli.output import only_results_on_stdout, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.faces.types import Faces


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
    from faceproof.errors import ConfigurationError, PeopleError
    from faceproof.people.photo_files import PHOTO_SUFFIXES
    from faceproof.systems.detection.catalog import load_detector

    if not 0 <= margin < crop_size:
        raise ConfigurationError(f"--margin {margin} must be at least 0 and below --crop-size {crop_size}.")
    if boxes is not None and boxes.suffix.lower() != ".csv":
        raise ConfigurationError(f"--boxes {boxes}: expected a name that ends in .csv.")
    rows: list[dict[str, Any]] = []
    found: list[tuple[str, Faces]] = []
    with only_results_on_stdout():
        finder = load_detector(detector, min_face_size=min_face_size, pad=pad, device=device, offline=offline)
        every = list(_each(photos))
        if not every:
            raise PeopleError(
                f"There is no photo in {', '.join(map(str, photos))}. Expected files that end in one of: "
                f"{', '.join(sorted(PHOTO_SUFFIXES))}."
            )
        if boxes is not None:
            _refuse_one_name(every, boxes)
        for number, (path, photo_id) in enumerate(every):
            pixels, faces = _look(finder, path, photo_id)
            if pixels is None or isinstance(faces, str):
                rows.append({"photo": str(path), "error": faces, "faces": []})
                continue
            rows.append({"photo": str(path), "error": None, "faces": _as_dicts(faces)})
            found.append((photo_id, faces))
            name = f"{number:03d}-{path.stem}" if len(every) > 1 else path.stem
            _write(pixels, faces, name, crops, annotated, crop_size, margin)
    if boxes is not None:
        _write_boxes(found, boxes)
    if json:
        print_json(rows)
    else:
        _print(rows, quiet)
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


def _each(places: list[Path]) -> Iterator[tuple[Path, str]]:
    """Every photo, and its path below the folder that was given."""
    from faceproof.people.photo_files import photos_below, valid_unicode

    for place in places:
        if place.is_dir():
            found = photos_below(place)[0]
            yield from ((path, valid_unicode(path.relative_to(place).as_posix())) for path in found)
        else:
            yield place, valid_unicode(place.name)


def _refuse_one_name(every: list[tuple[Path, str]], boxes: Path) -> None:
    """Faces of two photos of one name would be taken for those of one photo."""
    from faceproof.errors import ConfigurationError

    first: dict[str, Path] = {}
    for path, photo in every:
        other = first.setdefault(photo, path)
        if other is not path:
            raise ConfigurationError(
                f"{other} and {path} would both be called {photo} in {boxes}. Give the folder that both lie in."
            )


def _look(finder: Detector, path: Path, photo_id: str) -> tuple[NDArray[np.uint8] | None, Faces | str]:
    """The photo and its faces, or why there are none to be had."""
    from faceproof.errors import ImageDecodeError
    from faceproof.people.decode import decode_photo
    from faceproof.systems.faces.types import Failure

    try:
        pixels = decode_photo(path)
    except ImageDecodeError as error:
        return None, str(error)
    faces = finder.find([pixels], [photo_id])[0]
    return pixels, faces.reason if isinstance(faces, Failure) else faces


def _as_dicts(faces: Faces) -> list[dict[str, Any]]:
    return [
        {
            "box_xyxy_px": [round(float(v), 3) for v in face.box_xyxy_px],
            "probability": round(face.probability, 6) if isfinite(face.probability) else None,
            "landmarks_px": [[round(float(v), 3) for v in p] for p in face.landmarks_px]
            if face.has_landmarks
            else None,
        }
        for face in map(faces.face, range(len(faces)))
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

    from faceproof.report.pictures.annotate import annotated, save_picture
    from faceproof.systems.faces.alignment import crop_with_margin

    if annotated_folder is not None:
        found = [faces.face(i) for i in range(len(faces))]
        save_picture(annotated(pixels, found), annotated_folder / f"{name}.png")
    for i in range(len(faces) if crops is not None else 0):
        crop = crop_with_margin(pixels, faces.boxes_xyxy_px[i], size, margin)
        if crop is not None and crops is not None:
            save_picture(Image.fromarray(crop), crops / f"{name}-{i + 1}.png")


def _write_boxes(found: list[tuple[str, Faces]], path: Path) -> None:
    """Write faces as a file for ``--detector``; a photo without a face has a row without a box."""
    from faceproof.errors import ConfigurationError
    from faceproof.files import write_csv
    from faceproof.systems.detection.box_file import COLUMNS

    def lines() -> Iterator[dict[str, object]]:
        for photo, faces in found:
            if not len(faces):
                yield {"photo": photo}
            for face in map(faces.face, range(len(faces))):
                numbers = [*face.box_xyxy_px, face.probability, *face.landmarks_px.ravel()]
                # By its shortest text, a float32 is neither cut short nor as long as a float64.
                cells = ("" if isnan(number) else float(str(number)) for number in numbers)
                yield {"photo": photo, **dict(zip(COLUMNS[1:], cells, strict=True))}

    try:
        write_csv(path, COLUMNS, lines())
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written ({error.strerror or error}).") from error


def _print(rows: list[dict[str, Any]], quiet: bool) -> None:
    for row in rows:
        if row["error"]:
            typer.echo(f"{row['photo']}: {row['error']}", err=True)
            continue
        count = len(row["faces"])
        typer.echo(f"{row['photo']}: {count} face{'' if count == 1 else 's'}")
        for face in [] if quiet else row["faces"]:
            box = "  ".join(f"{v:8.1f}" for v in face["box_xyxy_px"])
            points = "  ".join(f"{x:.1f},{y:.1f}" for x, y in face["landmarks_px"] or ())
            sure = "not given" if face["probability"] is None else f"{face['probability']:.4f}"
            typer.echo(f"  box {box}   probability {sure}   landmarks {points or 'not given'}")
