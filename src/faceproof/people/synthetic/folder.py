"""Write a folder of people who do not exist, photo by photo; an incomplete folder is completed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PIL import Image

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.files import write_whole
from faceproof.people.decode import SYNTHETIC_MARK
from faceproof.people.synthetic.draw import Variation, draw_identity, draw_photo
from faceproof.people.synthetic.face_model import FaceModel, packaged_model

JPEG_QUALITY = 95
_AHEAD = 64
_HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Population:
    """The people to draw.

    Attributes:
        people: number of people, 1 or more.
        photos: number of photos of each person, 1 or more.
        seed: 0 or more; the same seed gives the same people for any number of people.
        groups: make ``matched_faces/`` (every other person, with all photos) and ``mismatched_faces/`` (the others,
            with their first photo).
    """

    people: int
    photos: int
    seed: int = 0
    groups: bool = False

    def __post_init__(self) -> None:
        for name, value, least in (("people", self.people, 1), ("photos", self.photos, 1), ("seed", self.seed, 0)):
            if value < least:
                raise ConfigurationError(f"{name} is {value}: expected {least} or more.")

    @property
    def total(self) -> int:
        """Number of photos of all people."""
        if not self.groups:
            return self.people * self.photos
        matched = (self.people + 1) // 2
        return matched * self.photos + self.people - matched


@dataclass(frozen=True, slots=True)
class _Wanted:
    path: Path
    person: int
    photo: int
    comment: bytes


def write_population(
    folder: str | Path,
    population: Population,
    *,
    model: FaceModel | None = None,
    variation: Variation | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Draw people and write their photos as a folder of people.

    Every photo has a JPEG comment that marks it as synthetic, so that reports recognise copies too. A folder with a
    part of the same population is completed; existing photos are not changed.

    Args:
        folder: the folder of people; made if it is missing.
        population: the people to draw.
        model: the face model; None: the one in the package.
        variation: strength of the differences between people and photos; None: the model's own.
        workers: number of threads, 1 or more; the photos do not depend on it.
        progress: called with the number of photos done, including existing ones, and of all photos.

    Returns:
        Number of photos that were drawn by this call.

    Raises:
        PeopleError: the folder has other content, or cannot be written (finished photos stay).
        ConfigurationError: ``workers`` is below 1.
    """
    if workers is not None and workers < 1:
        raise ConfigurationError(f"workers is {workers}: expected 1 or more.")
    model = model or packaged_model()
    how = variation or variation_of(model)
    folder = Path(folder)
    _refuse_other_content(folder, population, model)

    def draw(wanted: _Wanted) -> bool:
        if _is_there(wanted):
            return False
        identity = draw_identity(model, population.seed, wanted.person, how)
        pixels = draw_photo(model, identity, population.seed, wanted.person, wanted.photo, how)
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, "JPEG", quality=JPEG_QUALITY, comment=wanted.comment)
        wanted.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(wanted.path, content.getvalue())
        return True

    drawn = done = 0
    todo = _wanted(folder, population, model)
    try:
        with ThreadPoolExecutor(workers or min(os.cpu_count() or 1, 8), "faceproof-draw") as pool:
            while batch := list(islice(todo, _AHEAD)):
                for new in pool.map(draw, batch):
                    drawn, done = drawn + new, done + 1
                    if progress:
                        progress(done, population.total)
    except OSError as error:
        raise PeopleError(
            f"{error.filename or folder} cannot be written ({error.strerror or error}). {done:,} of "
            f"{population.total:,} photos are done; the same command continues."
        ) from error
    return drawn


def variation_of(model: FaceModel) -> Variation:
    """The variation with which a model was checked."""
    return Variation(**model.about.get("variation", {}))


def _wanted(folder: Path, population: Population, model: FaceModel) -> Iterator[_Wanted]:
    """All photos of the population, in order."""
    for person in range(population.people):
        name = f"synthetic-{person + 1:0{max(len(str(population.people)), 4)}d}"
        home, photos = folder / name, population.photos
        if population.groups:
            matched = person % 2 == 0
            home = folder / ("matched_faces" if matched else "mismatched_faces") / name
            photos = photos if matched else 1
        for photo in range(photos):
            comment = (
                f"{SYNTHETIC_MARK.decode()}: this person does not exist; model {model.sha256[:12]}, "
                f"seed {population.seed}, person {person}, photo {photo}"
            )
            yield _Wanted(home / f"{name}_{photo + 1:04d}.jpg", person, photo, comment.encode())


def _is_there(wanted: _Wanted) -> bool:
    """Whether the photo exists; raise PeopleError if the file is not of this population."""
    try:
        with wanted.path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return False
    if wanted.comment not in head:
        raise PeopleError(
            f"{wanted.path} exists and is not part of this population. Choose another folder, or remove it first."
        )
    return True


def _refuse_other_content(folder: Path, population: Population, model: FaceModel) -> None:
    """Raise PeopleError unless the folder is missing, is empty, or has a part of this population."""
    try:
        entries = {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return
    except OSError as error:
        raise PeopleError(
            f"{folder} cannot be used ({error.strerror or error}). Choose another folder.", path=folder
        ) from error
    if entries and not _is_there(next(_wanted(folder, population, model))):
        raise PeopleError(
            f"{folder} is not empty and has no part of this population. Choose another folder, or remove it first.",
            path=folder,
        )
    if not entries:
        return
    homes = [folder / name for name in ("matched_faces", "mismatched_faces")] if population.groups else [folder]
    existing = [entry.name for home in homes if home.is_dir() for entry in os.scandir(home)]
    first = next(_wanted(folder, population, model)).path.parent
    people, photos = len(existing), sum(1 for entry in os.scandir(first) if not entry.name.startswith("."))
    if people > population.people or photos > population.photos:
        raise PeopleError(
            f"{folder} has more than was requested: {people:,} people, {photos:,} photos of the first; "
            f"{population.people:,} and {population.photos:,} were requested. Choose another folder.",
            path=folder,
        )
