"""Split a folder of people by the number of photos, or into testing and training; the source is unchanged.

The new folder is built under the name ``DESTINATION.partial`` and renamed when it is complete. Photos are removed from
the source only after that, so a photo always exists in at least one folder.
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
    """A photo, and its path below the destination."""

    photo: Photo
    folder: str
    target: Path


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """The plan of a split; nothing has been written.

    Attributes:
        source: the folder of people.
        destination: folder to make.
        folders: names of its two folders.
        placements: target of every photo.
        people_without_photos: people who are left out because they have no photo.
        people_left_out: people who are left out because they have too few photos (testing and training only).
    """

    source: Path
    destination: Path
    folders: tuple[str, str]
    placements: tuple[Placement, ...]
    people_without_photos: tuple[str, ...] = ()
    people_left_out: tuple[str, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """Number of people and photos of each of the two folders."""
        photos = Counter(placement.folder for placement in self.placements)
        people = Counter(folder for folder, _person in {(p.folder, p.photo.person) for p in self.placements})
        return {folder: {"people": people[folder], "photos": photos[folder]} for folder in self.folders}


def plan_split(people: PhotoSet, destination: str | Path, *, train_test: bool = False) -> SplitPlan:
    """Plan a split, without writing anything.

    People with two photos or more go to ``matched_faces/``, people with one to ``mismatched_faces/``. With
    ``train_test``, the first photo of each person with more than three goes to ``testing/`` and that person's other
    photos to ``training/``; everybody else is left out.

    Args:
        people: the photos; their folder may itself be the result of a split.
        destination: folder to make; it may exist if it is empty.
        train_test: split for training a model instead of for comparisons.

    Returns:
        The plan.

    Raises:
        PeopleError: the destination cannot be used, or two photos would get the same path.
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
        plan: a plan from `plan_split`.
        mode: ``link`` makes hard links, which take no space, and copies if that is impossible; ``symlink`` makes
            symbolic links; ``copy`` copies; ``move`` removes the photos from the source when the destination is
            complete.
        progress: called after each photo with the number of photos done and of all photos.

    Returns:
        Number of photos ``linked``, ``copied`` and ``symlinked``, and ``moved`` out of the source.

    Raises:
        PeopleError: the destination cannot be used or a photo cannot be put there; the partial folder is removed.
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
        counts = _build(plan, partial, mode, progress)
        if destination.exists():
            destination.rmdir()
        partial.rename(destination)
    except OSError as error:
        raise PeopleError(
            f"The split stopped at {error.filename or destination} ({error.strerror or error}). "
            "The source is unchanged."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in parents:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
    if mode == "move":
        counts["moved"] = _remove_sources(plan)
    return dict(counts)


def partial_path(destination: Path) -> Path:
    """The path under which a destination is built before it is renamed."""
    return destination.with_name(destination.name + ".partial")


def _missing_parents(path: Path) -> list[Path]:
    """Folders above ``path`` that do not exist, the innermost first."""
    return [parent for parent in path.parents if not parent.exists()]


def _checked_destination(source: Path, destination: Path) -> Path:
    """The real path of the destination.

    Raises:
        PeopleError: it is not empty, or it is inside the source or contains it.
    """
    real_source, real = Path(os.path.realpath(source)), Path(os.path.realpath(destination))
    if real == real_source or real.is_relative_to(real_source):
        raise PeopleError(f"{destination} is inside {source}, which a split never changes. Choose a place outside it.")
    if real_source.is_relative_to(real):
        raise PeopleError(f"{destination} contains {source}, which a split never changes. Choose a place beside it.")
    try:
        if real.exists() and (not real.is_dir() or any(real.iterdir())):
            raise PeopleError(
                f"{destination} already exists and is not empty. Choose another place, or remove it first."
            )
    except OSError as error:
        raise PeopleError(f"{destination} cannot be opened ({error.strerror or error}).") from error
    if os.path.lexists(partial_path(real)):
        raise PeopleError(
            f"{partial_path(real)} is from a split that was interrupted or is still running. "
            "Remove it if no split is running, then split again."
        )
    return real


def _refuse_linked_folder(people: PhotoSet, destination: Path) -> None:
    """Refuse a destination inside a person's folder that is a link to another place."""
    for folder in {photo.path.parent for photo in people.photos if photo.path.parent.is_symlink()}:
        if destination.is_relative_to(os.path.realpath(folder)):
            raise PeopleError(f"{destination} is inside {folder}, which a split never changes. Choose another place.")


def _refuse_same_target(placements: list[Placement]) -> None:
    """Raise PeopleError if two photos have the same target."""
    times = Counter(placement.target for placement in placements)
    twice = [p.photo.id for p in placements if times[p.target] > 1]
    if twice:
        raise PeopleError(
            f"{len(twice):,} photos would get the same path, since the same person is in both groups: "
            f"{some(twice)}. Rename these photos or people."
        )


def _build(plan: SplitPlan, partial: Path, mode: Mode, progress: Callable[[int, int], None] | None) -> Counter[str]:
    """Put all photos below ``partial``; return the number of photos by how they were put there."""
    for folder in plan.folders:
        (partial / folder).mkdir()
    counts: Counter[str] = Counter()
    known: set[Path] = set()
    for done, placement in enumerate(plan.placements, start=1):
        target = partial / placement.target
        if placement.target.parent not in known:
            target.parent.mkdir()
            known.add(placement.target.parent)
        counts[_put(placement.photo.path, target, mode)] += 1
        if progress:
            progress(done, len(plan.placements))
    return counts


def _put(source: Path, target: Path, mode: Mode) -> str:
    """Put one photo in place, and return how; a symbolic link in the source is replaced by its target."""
    real = os.path.realpath(source, strict=True)
    if mode == "symlink":
        os.symlink(real, target)
        return "symlinked"
    if mode != "copy":
        try:
            os.link(real, target)
        except OSError:
            # Another device, no support for hard links, or a file of another user. For other causes the copy fails too.
            pass
        else:
            return "linked"
    if target.exists():
        raise FileExistsError(17, "two names that are the same in this file system", str(target))
    if _is_empty(real):
        target.touch()
        shutil.copystat(real, target)
    else:
        shutil.copy2(real, target)
    return "copied"


def _is_empty(photo: str) -> bool:
    """Whether a photo has no bytes. Devices and pipes are refused, since copying one could block for ever.

    Raises:
        OSError: it is no regular file, or larger than `faceproof.people.opening.MAX_FILE_BYTES`.
    """
    try:
        check_readable(os.stat(photo))
    except ImageDecodeError as error:
        if str(error) == EMPTY:
            return True
        raise OSError(errno.EINVAL, str(error), photo) from error
    return False


def _remove_sources(plan: SplitPlan) -> int:
    """Remove the photos from the source, and the folders that become empty, except photos below a linked folder."""
    inside = [p.photo.path for p in plan.placements if not p.photo.path.parent.is_symlink()]
    try:
        for path in inside:
            path.unlink()
    except OSError as error:
        raise PeopleError(
            f"{plan.destination} is complete, but {error.filename} cannot be removed from {plan.source} "
            f"({error.strerror or error}). The photos that are still in the source exist twice."
        ) from error
    for folder in {path.parent for path in inside}:
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(inside)
