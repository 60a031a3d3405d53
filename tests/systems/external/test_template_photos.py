"""Templates of a file as photos: whose they are, which the folder lacks, and which fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import PeopleError
from faceproof.people.protocols import make_comparisons
from faceproof.people.types import Photo, PhotoSet
from faceproof.systems.external.template_file import TemplateFile
from faceproof.systems.external.template_photos import found_in, photos_of, reasons_in, similarities_in, taking_part


def templates(*photos, people=None, failures=None):
    angle = np.arange(len(photos)) / 10
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    norm = np.ones(len(photos))
    for row in failures or {}:
        rows[row] = norm[row] = np.nan
    return TemplateFile(Path("faces.npz"), "", tuple(photos), people, rows, norm, failures or {})


def folder(*photos):
    return PhotoSet(Path("people"), tuple(Photo(p, Path("people") / p, p.split("/")[0], f"sha {p}") for p in photos))


def test_a_photo_lies_with_the_person_that_its_id_names():
    photo_set, row_of = photos_of(templates("set/Ben/1.jpg", "set/Ann/2.jpg", "set/Ann/1.jpg"))
    assert [(photo.person, photo.id) for photo in photo_set.photos] == [
        ("set/Ann", "set/Ann/1.jpg"), ("set/Ann", "set/Ann/2.jpg"), ("set/Ben", "set/Ben/1.jpg")
    ]  # fmt: skip
    assert row_of["set/Ann/1.jpg"] == 2


def test_a_column_of_people_comes_first():
    photo_set, _ = photos_of(templates("2.jpg", "x/1.jpg", people=("Ann", "Ann")))
    assert [(photo.person, photo.id) for photo in photo_set.photos] == [("Ann", "2.jpg"), ("Ann", "x/1.jpg")]


def test_a_photo_of_nobody_is_an_error():
    with pytest.raises(PeopleError, match=r"nobody can say who is on 2 photos, such as '2\.jpg'"):
        photos_of(templates("a/1.jpg", "2.jpg", "/3.jpg"))


def test_the_folder_is_followed_and_differences_are_noted():
    file = templates("./Ann/1.jpg", "Ann\\2.jpg", "Cem/1.jpg", "Ben/1.jpg", people=("Ann", "Ann", "Cem", "Bob"))
    photo_set, row_of = found_in(file, folder("Ann/1.jpg", "Ann/2.jpg", "Ben/1.jpg", "Dee/1.jpg"))
    assert row_of == {"Ann/1.jpg": 0, "Ann/2.jpg": 1, "Ben/1.jpg": 3}
    assert {notice.kind: notice.examples for notice in photo_set.notices} == {
        "templates_of_no_photo": ("Cem/1.jpg",),
        "photos_without_template": ("Dee/1.jpg",),
        "people_named_otherwise": ("Ben/1.jpg",),
    }


def test_two_rows_of_one_photo_of_the_folder_are_an_error():
    with pytest.raises(PeopleError, match=r"rows 0 and 1 \(from 0\), 'Ann/1.jpg' and './Ann/1.jpg'"):
        found_in(templates("Ann/1.jpg", "./Ann/1.jpg"), folder("Ann/1.jpg"))


def test_a_file_of_other_photos_is_an_error():
    with pytest.raises(PeopleError, match=r"its ids are such as '1\.jpg'\. Expected .* such as 'Ann/1\.jpg'"):
        found_in(templates("1.jpg"), folder("Ann/1.jpg"))


def test_photos_without_a_template_fail_and_cost_their_own_comparisons():
    why = "the template in faces.npz has NaN"
    file = templates("Ann/1.jpg", "Ann/2.jpg", "Ben/1.jpg", "Ben/2.jpg", failures={2: why})
    photo_set, row_of = found_in(file, folder(*file.photos, "Cem/1.jpg"))
    comparisons = make_comparisons("all", photo_set)
    table = taking_part(file, comparisons, row_of)
    failed = {photo.id: table.failure(row) for row, photo in enumerate(comparisons.photos)}
    assert failed == {
        "Ann/1.jpg": None, "Ann/2.jpg": None, "Ben/1.jpg": f"embed: {why}", "Ben/2.jpg": None,
        "Cem/1.jpg": "embed: no template in faces.npz",
    }  # fmt: skip
    assert reasons_in(table).startswith("2 photos fail: ")
    similarity = similarities_in(file, comparisons, row_of)
    names = [photo.id for photo in comparisons.photos]
    lost = [failed[names[a]] or failed[names[b]] for a, b in zip(comparisons.row_a, comparisons.row_b, strict=True)]
    assert np.isnan(similarity).tolist() == [why is not None for why in lost]
    assert similarity[0] == pytest.approx(np.cos(0.1))
