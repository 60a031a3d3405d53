"""A folder of people laid out anew: by who has two photos, or into testing and training; the source stays as it is.

The new folder is built under the name ``DESTINATION.partial`` and gets its own name when it is whole, so that no
half-made one can be taken for a finished one. Photos are moved only after that: they are never in no place.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from faceproof.errors import ConfigurationError, ImageDecodeError, PeopleError
from faceproof.people.opening import EMPTY, check_readable
from faceproof.people.pairing import some
from faceproof.people.types import Photo, PhotoSet

Mode = Literal["link", "symlink", "copy", "move"]
MODES: tuple[Mode, ...] = get_args(Mode)

_MORE_THAN_FOR_TRAINING = 3


@dataclass(frozen=True, slots=True)
class Placement:
    """One photo and where it goes below the destination."""

    photo: Photo
    folder: str
    target: Path


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """What a split would do; nothing has been written.

    Attributes:
        source: the folder of people.
        destination: folder to make.
        folders: the two folders that it will hold.
        placements: where every photo goes.
        people_without_photos: people who go nowhere, since there is no photo of them.
        people_left_out: people who go nowhere, since they have too few photos (testing and training only).
    """

    source: Path
    destination: Path
    folders: tuple[str, str]
    placements: tuple[Placement, ...]
    people_without_photos: tuple[str, ...] = ()
    people_left_out: tuple[str, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """People and photos of each of the two folders."""
        photos = Counter(placement.folder for placement in self.placements)
        people = Counter(folder for folder, _person in {(p.folder, p.photo.person) for p in self.placements})
        return {folder: {"people": people[folder], "photos": photos[folder]} for folder in self.folders}


def plan_split(people: PhotoSet, destination: str | Path, *, train_test: bool = False) -> SplitPlan:
    """Where each photo would go.

    People with two photos or more go to ``matched_faces/``, people with one to ``mismatched_faces/``. With
    ``train_test``, the first photo of each person with more than three goes to ``testing/`` and that person's other
    photos to ``training/``; everybody else is left out.

    Args:
        people: the photos; their folder may itself have been made by a split.
        destination: folder to make; it may exist when it is empty.
        train_test: lay out for training a model instead of for comparisons.

    Returns:
        The plan.

    Raises:
        PeopleError: the destination cannot be used, or two photos would get the same place.
    """
    destination = _checked_destination(people.root, Path(destination))
    _refuse_linked_folder(people, destination)
    placements: list[Placement] = []
    left_out = []
    for person, photos in people.by_person().items():
        if train_test and len(photos) <= _MORE_THAN_FOR_TRAINING:
            left_out.append(person)
            continue
        for place, photo in enumerate(photos):
            if train_test:
                folder = "testing" if place == 0 else "training"
            else:
                folder = "matched_faces" if len(photos) >= 2 else "mismatched_faces"
            target = Path(folder, photo.path.parent.name, photo.path.name)
            placements.append(Placement(photo, folder, target))
    if not placements:
        raise PeopleError(f"Nobody in {people.root} has enough photos: testing and training need four of a person.")
    _refuse_same_target(placements)
    folders = ("testing", "training") if train_test else ("matched_faces", "mismatched_faces")
    return SplitPlan(
        people.root, destination, folders, tuple(placements), people.people_without_photos, tuple(left_out)
    )


def apply_split(
    plan: SplitPlan, mode: Mode = "link", *, progress: Callable[[int, int], None] | None = None
) -> dict[str, int]:
    """Make the destination of a plan.

    Args:
        plan: from `plan_split`.
        mode: ``link`` makes hard links, which take no space, and copies where that is impossible; ``symlink`` makes
            symbolic links; ``copy`` copies; ``move`` takes the photos out of the source once the destination is whole.
        progress: called after each photo with photos done and photos in all.

    Returns:
        Number of photos ``linked``, ``copied`` and ``symlinked``, and ``moved`` away from the source.

    Raises:
        PeopleError: the destination cannot be used or a photo cannot be brought there; nothing is left behind.
        ConfigurationError: there is no such mode.
    """
    if mode not in MODES:
        raise ConfigurationError(f"There is no mode {mode!r}. Expected one of {', '.join(MODES)}.")
    destination = _checked_destination(plan.source, plan.destination)
    partial = partial_path(destination)
    parents = _missing_parents(partial)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise PeopleError(f"{partial} cannot be made ({error.strerror or error}). Choose another place.") from error
    try:
        made = _build(plan, partial, mode, progress)
        if destination.exists():
            destination.rmdir()
        partial.rename(destination)
    except OSError as error:
        raise PeopleError(
            f"The split stopped at {error.filename or destination} ({error.strerror or error}). "
            "The source is as it was."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in parents:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
    if mode == "move":
        made["moved"] = _remove_sources(plan)
    return dict(made)


def partial_path(destination: Path) -> Path:
    """Where a destination is built before it gets its name."""
    return destination.with_name(destination.name + ".partial")


def _missing_parents(path: Path) -> list[Path]:
    """Folders above ``path`` that are not there yet, the innermost first."""
    return [parent for parent in path.parents if not parent.exists()]


def _checked_destination(source: Path, destination: Path) -> Path:
    """The destination as a real path, if it is free and neither inside nor around the source."""
    real_source, real = Path(os.path.realpath(source)), Path(os.path.realpath(destination))
    if real == real_source or real.is_relative_to(real_source):
        raise PeopleError(f"{destination} lies inside {source}, which a split never changes. Choose a place beside it.")
    if real_source.is_relative_to(real):
        raise PeopleError(f"{destination} holds {source}, which a split never changes. Choose a place beside it.")
    try:
        if real.exists() and (not real.is_dir() or any(real.iterdir())):
            raise PeopleError(
                f"{destination} is already there and not empty. Choose another place, or remove it first."
            )
    except OSError as error:
        raise PeopleError(f"{destination} cannot be opened ({error.strerror or error}).") from error
    if os.path.lexists(partial_path(real)):
        raise PeopleError(
            f"{partial_path(real)} is what an interrupted split left behind, or one that is still running. "
            "Remove it if none is running, then split again."
        )
    return real


def _refuse_linked_folder(people: PhotoSet, destination: Path) -> None:
    """A person's folder may be a link to elsewhere, and is no place for a split either."""
    for folder in {photo.path.parent for photo in people.photos if photo.path.parent.is_symlink()}:
        if destination.is_relative_to(os.path.realpath(folder)):
            raise PeopleError(f"{destination} lies inside {folder}, which a split never changes. Choose another place.")


def _refuse_same_target(placements: list[Placement]) -> None:
    times = Counter(placement.target for placement in placements)
    twice = [p.photo.id for p in placements if times[p.target] > 1]
    if twice:
        raise PeopleError(
            f"{len(twice):,} photos would take each other's place, since the same person is in both groups: "
            f"{some(twice)}. Rename these photos or people."
        )


def _build(plan: SplitPlan, partial: Path, mode: Mode, progress: Callable[[int, int], None] | None) -> Counter[str]:
    for folder in plan.folders:
        (partial / folder).mkdir()
    made: Counter[str] = Counter()
    known: set[Path] = set()
    for done, placement in enumerate(plan.placements, start=1):
        target = partial / placement.target
        if placement.target.parent not in known:
            target.parent.mkdir()
            known.add(placement.target.parent)
        made[_bring(placement.photo.path, target, mode)] += 1
        if progress:
            progress(done, len(plan.placements))
    return made


def _bring(source: Path, target: Path, mode: Mode) -> str:
    """Put one photo in place; a symbolic link in the source stands for the photo that it leads to."""
    real = os.path.realpath(source, strict=True)
    if mode == "symlink":
        os.symlink(real, target)
        return "symlinked"
    if mode != "copy":
        try:
            os.link(real, target)
        except OSError:
            # Another device, no hard links there, or somebody else's file: the copy says if it is something worse.
            pass
        else:
            return "linked"
    if target.exists():
        raise FileExistsError(17, "two names that this file system cannot tell apart", str(target))
    if _is_empty(real):
        target.touch()
        shutil.copystat(real, target)
    else:
        shutil.copy2(real, target)
    return "copied"


def _is_empty(photo: str) -> bool:
    """Whether a photo has no bytes. Copying a device, a pipe or a file of the kernel could take for ever.

    Raises:
        OSError: it is no regular file, or larger than any photo.
    """
    try:
        check_readable(os.stat(photo))
    except ImageDecodeError as error:
        if str(error) == EMPTY:
            return True
        raise OSError(errno.EINVAL, str(error), photo) from error
    return False


def _remove_sources(plan: SplitPlan) -> int:
    """Take the photos out of the source, and the folders that are empty then; what a link leads to stays."""
    inside = [p.photo.path for p in plan.placements if not p.photo.path.parent.is_symlink()]
    try:
        for path in inside:
            path.unlink()
    except OSError as error:
        raise PeopleError(
            f"{plan.destination} is complete, but {error.filename} cannot be taken out of {plan.source} "
            f"({error.strerror or error}): photos that are still there are there twice."
        ) from error
    for folder in {path.parent for path in inside}:
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(inside)
