"""Templates of a file as photos of people, and the result of each photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import PeopleError
from faceproof.people.pair_csv import photo_finder
from faceproof.people.types import Comparisons, Notice, Photo, PhotoSet
from faceproof.scoring.similarity import similarities
from faceproof.systems.external.template_file import TemplateFile
from faceproof.systems.photo_table import PhotoTable

_EXAMPLES = 5
_LARGEST = float(np.finfo(np.float32).max)


def photos_of(file: TemplateFile) -> tuple[PhotoSet, dict[str, int]]:
    """The photos of a file of templates; the file stands in for a folder of people.

    Args:
        file: the templates; where they name no people, a photo's person is its id up to the last ``/``.

    Returns:
        The photos sorted by person and id, and the row of the file by photo id.

    Raises:
        PeopleError: there is no telling who is on a photo.
    """
    people = file.people
    if people is None:
        loose = [photo for photo in file.photos if not photo.rpartition("/")[0]]
        if loose:
            raise PeopleError(
                f"{file.path}: nobody can say who is on {len(loose):,} photos, such as {loose[0]!r}. Expected ids such "
                "as Anna/1.jpg, names under person, or PEOPLE, the folder of people."
            )
        people = tuple(photo.rpartition("/")[0] for photo in file.photos)
    named = sorted(zip(people, file.photos, strict=True))
    photos = tuple(Photo(photo, Path(photo), person, "") for person, photo in named)
    photo_set = PhotoSet(file.path, photos, notices=tuple(_not_unit(file)))
    return photo_set, {photo: row for row, photo in enumerate(file.photos)}


def found_in(file: TemplateFile, people: PhotoSet) -> tuple[PhotoSet, dict[str, int]]:
    """A folder's photos with notices of what the file has besides them or lacks.

    Args:
        file: the templates.
        people: the folder's photos; the folder says who is on them.

    Returns:
        The photos, and the row of the file by photo id; photos that the file lacks have none.

    Raises:
        PeopleError: the file has none of them, or two rows are of one photo.
    """
    find = photo_finder(people)
    row_of: dict[str, int] = {}
    strangers: list[str] = []
    other_people: list[str] = []
    for row, name in enumerate(file.photos):
        place = find(name)
        if place is None:
            strangers.append(name)
            continue
        photo = people.photos[place]
        if row_of.setdefault(photo.id, row) != row:
            earlier = row_of[photo.id]
            raise PeopleError(
                f"{file.path}: rows {earlier:,} and {row:,} (from 0), {file.photos[earlier]!r} and {name!r}, are of "
                f"one photo of {people.root}. Keep one of them."
            )
        if file.people is not None and file.people[row] != photo.person:
            other_people.append(photo.id)
    if not row_of:
        raise PeopleError(
            f"{file.path} has no template of any photo of {people.root}: its ids are such as {file.photos[0]!r}. "
            f"Expected paths below that folder, such as {people.photos[0].id!r}."
        )
    lacking = [photo.id for photo in people.photos if photo.id not in row_of]
    notices = (
        _notice("templates_of_no_photo", strangers, "templates of photos that the folder lacks: left out"),
        _notice("photos_without_template", lacking, f"photos that have no template in {file.path.name}: they fail"),
        _notice("people_named_otherwise", other_people, "photos of other people in the file: the folder is followed"),
    )
    all_notices = (*people.notices, *(notice for notice in notices if notice.count), *_not_unit(file))
    return replace(people, notices=all_notices), row_of


def taking_part(file: TemplateFile, comparisons: Comparisons, row_of: dict[str, int]) -> PhotoTable:
    """A row for each photo that is compared: it has a template, or failed at stage ``embed`` with a reason."""
    table = PhotoTable(comparisons.photos, 0)
    for place, photo in enumerate(comparisons.photos):
        row = row_of.get(photo.id)
        reason = f"no template in {file.path.name}" if row is None else file.failures.get(row)
        table.outcome[place] = "template" if reason is None else "embed"
        if reason is not None:
            table.reason[place] = reason
        if row is not None:
            table.real["template_norm"][place] = min(file.norm[row], _LARGEST)
    return table


def similarities_in(file: TemplateFile, comparisons: Comparisons, row_of: dict[str, int]) -> NDArray[np.float64]:
    """Cosine of the two templates of each comparison, float64 (n,), NaN where a side has none."""
    rows = np.array([row_of.get(photo.id, -1) for photo in comparisons.photos], np.int64)
    row_a, row_b = rows[comparisons.row_a], rows[comparisons.row_b]
    there = (row_a >= 0) & (row_b >= 0)
    result = np.full(len(comparisons), np.nan)
    result[there] = similarities(file.templates, row_a[there], row_b[there])
    return result


def reasons_in(table: PhotoTable) -> str | None:
    """The number of photos that failed, with the reasons, in one line; None if all have a template."""
    if not table.reason:
        return None
    most = Counter(table.reason.values()).most_common(_EXAMPLES)
    failing = "1 photo fails" if len(table.reason) == 1 else f"{len(table.reason):,} photos fail"
    return f"{failing}: {'; '.join(f'{reason} ({count:,})' for reason, count in most)}."


def _not_unit(file: TemplateFile) -> list[Notice]:
    count, all_of_them = file.not_unit, len(file.photos)
    if not count:
        return []
    message = f"{count:,} of {all_of_them:,} templates were not of unit length and were made so"
    return [Notice("templates_not_unit", message, count)]


def _notice(kind: str, photos: Sequence[str], what: str) -> Notice:
    return Notice(kind, f"{len(photos):,} {what}", len(photos), tuple(photos[:_EXAMPLES]))
