"""Detects all faces of photos, and optionally writes a table of faces, crops and annotated photos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from faceproof.errors import ConfigurationError, ImageDecodeError, PeopleError
from faceproof.people.decode import decode_photo
from faceproof.people.photo_files import PHOTO_SUFFIXES, photos_below, valid_unicode
from faceproof.report.pictures.annotate import annotated, save_picture
from faceproof.systems.detection.box_file import write_box_file
from faceproof.systems.faces.alignment import crop_with_margin
from faceproof.systems.faces.types import Faces, Failure

if TYPE_CHECKING:
    from faceproof.systems.detection.detector import Detector
    from faceproof.systems.detection.python_detector import FindsFaces


@dataclass(frozen=True, slots=True)
class DetectedPhoto:
    """The faces of one photo, or the reason why detection failed.

    Attributes:
        path: the photo.
        photo_id: path of the photo below the given folder, or its file name.
        faces: all faces, possibly none; None where detection failed.
        reason: why the photo cannot be decoded or the detector failed; else None.
    """

    path: Path
    photo_id: str
    faces: Faces | None
    reason: str | None = None


def detect(
    photos: str | Path | Iterable[str | Path],
    *,
    detector: str | Path | FindsFaces | Detector = "mtcnn",
    min_face_size: float | None = None,
    pad: float | None = None,
    boxes: str | Path | None = None,
    crops: str | Path | None = None,
    crop_size_px: int = 160,
    margin_px: int = 0,
    annotated_photos: str | Path | None = None,
    device: str = "cpu",
    offline: bool = False,
) -> list[DetectedPhoto]:
    """Detect all faces of photos.

    Args:
        photos: a photo, a folder of photos, or several of these.
        detector: see `faceproof.systems.detection.catalog.load_detector`.
        min_face_size: for MTCNN: side of the smallest face to detect, in pixels of the photo; None: 20.
        pad: for MTCNN: black border added to each side before detection, as a fraction of the photo's sides; None: 0.
        boxes: write the faces to this ``.csv`` file; ``detector`` accepts such a file.
        crops: write a crop of each face to this folder.
        crop_size_px: side of the crops in pixels.
        margin_px: margin around the face, in pixels of the crop, both sides together.
        annotated_photos: write the photos with boxes, probabilities and landmarks to this folder.
        device: for MTCNN: ``cpu``, ``cuda``, ...
        offline: never download.

    Returns:
        One entry for each photo, in the order given; those of a folder are sorted. A photo that cannot be decoded,
        or on which the detector fails, has a reason and is left out of the files.

    Raises:
        ConfigurationError: an argument is wrong, or a file cannot be written.
        PeopleError: there is no photo.
        WeightsError: the weights of MTCNN are missing or have another digest than expected.

    Examples:
        >>> [len(photo.faces) for photo in detect("holiday.jpg") if photo.faces]  # doctest: +SKIP
        [3]
    """
    from faceproof.systems.detection.catalog import load_detector  # loads torch

    if not 0 <= margin_px < crop_size_px:
        raise ConfigurationError(
            f"margin_px {margin_px} must be at least 0 and below the side of the crop, {crop_size_px}.",
            argument="margin_px",
        )
    if boxes is not None and Path(boxes).suffix.lower() != ".csv":
        raise ConfigurationError(f"boxes {boxes}: expected a name that ends in .csv.", argument="boxes")
    finder = load_detector(detector, min_face_size=min_face_size, pad=pad, device=device, offline=offline)
    places = [Path(place) for place in ([photos] if isinstance(photos, str | Path) else photos)]
    every = list(_each_photo(places))
    if not every:
        raise PeopleError(
            f"There is no photo in {', '.join(map(str, places)) or 'an empty list'}. Expected files that end in one "
            f"of: {', '.join(sorted(PHOTO_SUFFIXES))}."
        )
    if boxes is not None:
        _refuse_equal_ids(every, Path(boxes))
    found = []
    for number, (path, photo_id) in enumerate(every):
        pixels, one = _detected(finder, path, photo_id)
        found.append(one)
        if pixels is None or one.faces is None:
            continue
        name = f"{number:03d}-{path.stem}" if len(every) > 1 else path.stem
        if annotated_photos is not None:
            drawn = annotated(pixels, [one.faces.face(row) for row in range(len(one.faces))])
            save_picture(drawn, Path(annotated_photos) / f"{name}.png")
        if crops is not None:
            _write_crops(pixels, one.faces, Path(crops), name, crop_size_px, margin_px)
    if boxes is not None:
        write_box_file(Path(boxes), ((one.photo_id, one.faces) for one in found if one.faces is not None))
    return found


def _each_photo(places: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Every photo with its id, which is its path below the given folder, or its file name."""
    for place in places:
        if place.is_dir():
            found = photos_below(place)[0]
            yield from ((path, valid_unicode(path.relative_to(place).as_posix())) for path in found)
        else:
            yield place, valid_unicode(place.name)


def _refuse_equal_ids(every: Iterable[tuple[Path, str]], boxes: Path) -> None:
    """Raise where two photos have the same id, since a table of faces identifies photos by id."""
    first: dict[str, Path] = {}
    for path, photo_id in every:
        other = first.setdefault(photo_id, path)
        if other is not path:
            raise ConfigurationError(
                f"{other} and {path} would both be called {photo_id} in {boxes}. Give the folder that both lie in."
            )


def _detected(finder: Detector, path: Path, photo_id: str) -> tuple[NDArray[np.uint8] | None, DetectedPhoto]:
    """The pixels of a photo, or None where it cannot be decoded; and its faces, or the reason why detection failed."""
    try:
        pixels = decode_photo(path)
    except ImageDecodeError as error:
        return None, DetectedPhoto(path, photo_id, None, str(error))
    faces = finder.find([pixels], [photo_id])[0]
    if isinstance(faces, Failure):
        return pixels, DetectedPhoto(path, photo_id, None, faces.reason)
    return pixels, DetectedPhoto(path, photo_id, faces)


def _write_crops(
    pixels: NDArray[np.uint8], faces: Faces, folder: Path, name: str, size_px: int, margin_px: int
) -> None:
    """Write a crop of each face; a face outside the photo gets no crop."""
    for row in range(len(faces)):
        crop = crop_with_margin(pixels, faces.boxes_xyxy_px[row], size_px, margin_px)
        if crop is not None:
            save_picture(Image.fromarray(crop), folder / f"{name}-{row + 1}.png")
