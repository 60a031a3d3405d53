"""Writes degraded photos to a folder, for viewing or for other tools."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.errors import ConfigurationError, DegradationError, FaceproofError, ImageDecodeError, PeopleError
from faceproof.files import write_whole
from faceproof.people.decode import decode_with_digest
from faceproof.people.photo_files import photos_below
from faceproof.systems.faces.selection import choose, get_selection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from faceproof.degrade.types import Condition
    from faceproof.systems.detection.mtcnn import MtcnnDetector


@dataclass(frozen=True, slots=True)
class Degraded:
    """Result of degrading the photos of a folder.

    Attributes:
        written: number of photos written.
        failed: each photo that could not be written, with the reason.
        ignored: number of files that are no photos.
    """

    written: int
    failed: tuple[tuple[Path, str], ...]
    ignored: int


def degrade_photos(
    source: str | Path,
    target: str | Path,
    condition: Condition,
    *,
    overwrite: bool = False,
    selection: str = "subject",
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Degraded:
    """Write every photo of a folder (or one photo) under a condition, as PNG, in the same subfolders.

    Random draws depend on the bytes of the photo, as in a stress run: the same photo gets the same noise. For a family
    that needs the position of the face, the face is detected first.

    Args:
        source: a folder or a photo.
        target: folder to write to; it is made where it is missing. Photos keep their names, with the suffix ``.png``.
        condition: the degradation (`faceproof.degrade.registry.get_family`).
        overwrite: replace existing files.
        selection: rule that selects one of several faces.
        workers: number of photos processed at a time.
        progress: called with the number of photos done and the number of all photos.

    Returns:
        The number of photos written, and the photos that could not be written, with the reason.

    Raises:
        PeopleError: there is no photo.
        ConfigurationError: the target lies in the source, two photos would have the same name, or a file exists.
        DegradationError: the function of the condition fails.
    """
    if workers is not None and workers < 1:
        raise ConfigurationError(f"workers is {workers}; expected 1 or more.")
    get_selection(selection)
    source, target = Path(source), Path(target)
    if not source.exists():
        raise PeopleError(f"{source} does not exist. Expected a photo or a folder of photos.", path=source)
    if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
        raise ConfigurationError(
            f"{target} lies in {source}: the next run would degrade its own photos. Choose another.", path=target
        )
    if target.exists() and not target.is_dir():
        raise ConfigurationError(f"{target} is a file; expected a folder to write to.", path=target)
    photos, ignored = photos_below(source)
    if not photos:
        raise PeopleError(f"There is no photo below {source}.")
    root = source if source.is_dir() else source.parent
    targets = {photo: (target / photo.relative_to(root)).with_suffix(".png") for photo in photos}
    _check_targets(targets, overwrite)
    detector = None
    if condition.family.on_face and condition.severity:
        from faceproof.systems.detection.mtcnn import load_mtcnn

        detector = load_mtcnn()
    failed: list[tuple[Path, str]] = []
    one = partial(_one, condition=condition, detector=detector, selection=selection)
    with ThreadPoolExecutor(workers or min(os.cpu_count() or 1, 8)) as pool:
        for done, (photo, why) in enumerate(pool.map(one, targets, targets.values()), start=1):
            if why is not None:
                failed.append((photo, why))
            progress(done, len(photos))
    return Degraded(len(photos) - len(failed), tuple(failed), ignored)


def _check_targets(targets: dict[Path, Path], overwrite: bool) -> None:
    owner: dict[Path, Path] = {}
    sources = {photo.resolve() for photo in targets}
    for photo, file in targets.items():
        if file in owner:
            raise ConfigurationError(f"{owner[file]} and {photo} would both become {file}. Rename one of them.")
        owner[file] = photo
        if file.resolve() in sources:
            raise ConfigurationError(
                f"{file} is one of the photos themselves. Choose another folder to write to.", path=file
            )
        if file.exists() and not overwrite:
            raise ConfigurationError(
                f"{file} is there already. Choose another folder, or use [[overwrite=True]].", path=file
            )


def _one(
    photo: Path, target: Path, condition: Condition, detector: MtcnnDetector | None, selection: str
) -> tuple[Path, str | None]:
    from PIL.Image import fromarray

    try:
        pixels, sha256 = decode_with_digest(photo)
        worse = _degraded(pixels, sha256, condition, detector, selection)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, _png(fromarray(worse)))
    except DegradationError:
        raise
    except OSError as error:
        return photo, f"{error.strerror or error}"
    except FaceproofError as error:
        return photo, str(error)
    return photo, None


def _degraded(
    pixels: NDArray[np.uint8], digest: str, condition: Condition, detector: MtcnnDetector | None, selection: str
) -> NDArray[np.uint8]:
    face = None
    if detector is not None:
        face = choose(detector.faces([pixels])[0], pixels.shape[0], pixels.shape[1], selection)
        if face is None:
            raise ImageDecodeError("no face found in the photo as it is")
    return condition.apply(pixels, digest, face)


def _png(picture: Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
