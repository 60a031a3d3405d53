"""Template files: npz and Parquet give the same, unit length is made, and what cannot be used says why."""

from __future__ import annotations

import io
import os
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faceproof.errors import PeopleError
from faceproof.systems.external.template_file import read_templates

PHOTOS = ["Ann/1.jpg", "Ann/2.jpg", "Ben/1.jpg"]
ROWS = np.array([[3.0, 4.0], [0.6, 0.8], [0.0, -2.0]])


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        path = tmp_path / "faces.npz"
        np.savez(path, **arrays)
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    def write(**columns):
        path = tmp_path / "faces.parquet"
        pq.write_table(pa.table(columns), path)
        return path

    return write


LISTS = {
    "list": pa.list_(pa.float64()),
    "large": pa.large_list(pa.float64()),
    "fixed": pa.list_(pa.float64(), 2),
    "float": pa.list_(pa.float32()),
    "half": pa.list_(pa.float16()),
}


@pytest.mark.parametrize("kind", LISTS)
def test_parquet_and_npz_give_the_same(npz, parquet, kind):
    rows = pa.array(list(ROWS.astype(LISTS[kind].value_type.to_pandas_dtype())), LISTS[kind])
    a = read_templates(npz(photo=np.array(PHOTOS), template=ROWS, person=np.array(["a", "a", "b"])))
    b = read_templates(parquet(photo=PHOTOS, template=rows, person=pa.array(["a", "a", "b"]).dictionary_encode()))
    assert a.photos == b.photos == tuple(PHOTOS)
    assert a.people == b.people == ("a", "a", "b")
    np.testing.assert_allclose(a.templates, b.templates, atol=1e-3 if kind == "half" else 1e-7)
    assert a.not_unit == b.not_unit == 2
    assert not a.failures
    assert not b.failures


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i8"])
def test_templates_are_made_unit_length(npz, dtype):
    found = read_templates(npz(photo=np.array(PHOTOS), template=np.abs(np.rint(ROWS * 5)).astype(dtype)))
    np.testing.assert_allclose(np.linalg.norm(found.templates, axis=1), 1, atol=1e-6)
    assert found.templates.dtype == (np.float64 if dtype in {"f8", "i8"} else np.float32)
    assert found.norm.tolist() == [25, 5, 10]
    assert found.people is None


def test_very_large_and_very_small_numbers_keep_their_direction(npz):
    found = read_templates(npz(photo=np.array(PHOTOS), template=ROWS * [[1e300], [1e-300], [1e-310]]))
    np.testing.assert_allclose(found.templates, [[0.6, 0.8], [0.6, 0.8], [0, -1]], rtol=1e-12)
    assert not found.failures


def test_rows_that_cannot_be_used_are_failures_with_a_reason(npz, parquet):
    rows = np.array([[np.nan, 1], [np.inf, 1], [0, 0], [1, 0]], np.float32)
    photos = np.array(["a/1", "a/2", "a/3", "a/4"])
    found = read_templates(npz(photo=photos, template=rows))
    what = ["has NaN", "has infinite numbers", "has length 0"]
    assert found.failures == {row: f"the template in faces.npz {why}" for row, why in enumerate(what)}
    assert np.isnan(found.templates[:3]).all()
    assert np.isnan(found.norm[:3]).all()
    assert found.not_unit == 0
    lists = pa.array([None, [], [np.nan, 2], [None, 1.0], [1.0, 0.0]], pa.list_(pa.float32()))
    found = read_templates(parquet(photo=["a", "b", "c", "d", "e"], template=lists))
    assert [found.failures.get(row, "") for row in range(5)] == [
        *["no template in faces.parquet"] * 2, *["the template in faces.parquet has NaN"] * 2, ""
    ]  # fmt: skip
    assert found.templates[4].tolist() == [1, 0]


def test_a_file_of_missing_templates_alone_has_only_failures(parquet):
    found = read_templates(parquet(photo=["a"], template=pa.array([None], pa.list_(pa.float32()))))
    assert list(found.failures) == [0]


NAMES = np.array(PHOTOS)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"template": ROWS}, "lacks photo; its arrays are template. Expected the arrays photo"),
        ({"photo": NAMES}, "lacks template; its arrays are photo"),
        ({"faces": ROWS}, "lacks photo and template; its arrays are faces"),
        ({"photo": NAMES[:2], "template": ROWS}, "array photo has shape (2,) and dtype <U9; expected text (3,)"),
        ({"photo": np.arange(3), "template": ROWS}, "array photo has shape (3,) and dtype int64; expected text"),
        ({"photo": NAMES, "template": ROWS, "person": NAMES[:1]}, "array person has shape (1,)"),
        ({"photo": NAMES, "template": ROWS[0]}, "array template has shape (2,) and dtype float64; expected numbers"),
        ({"photo": NAMES, "template": ROWS[:, :0]}, "array template has shape (3, 0)"),
        ({"photo": NAMES, "template": ROWS > 0}, "dtype bool; expected numbers"),
        ({"photo": NAMES, "template": ROWS + 1j}, "dtype complex128; expected numbers"),
        ({"photo": NAMES.astype(object), "template": ROWS}, "array photo is pickled Python objects"),
        ({"photo": NAMES, "template": ROWS.astype(object)}, "array template is pickled Python objects"),
        ({"photo": NAMES[[0, 1, 0]], "template": ROWS}, "rows 0 and 2 (from 0) are both of photo 'Ann/1.jpg'"),
        ({"photo": np.array(["a", "", "b"]), "template": ROWS}, "photo in row 1 (from 0) is ''"),
        ({"photo": np.array(["a", "\udc80", "b"]), "template": ROWS}, "photo in row 1 (from 0) is '\\udc80'"),
        ({"photo": NAMES, "template": ROWS, "person": np.array(["a", " ", "b"])}, "person in row 1 (from 0) is ' '"),
        ({"photo": np.array([b"a", b"\xff", b"b"]), "template": ROWS}, "array photo is not UTF-8 text"),
        ({"photo": NAMES[:0], "template": ROWS[:0]}, "has no row"),
    ],
)
def test_what_is_wrong_with_an_npz_file_is_told(npz, arrays, message):
    path = npz(**arrays)
    with pytest.raises(PeopleError, match=re.escape(message)) as error:
        read_templates(path)
    assert str(path) in str(error.value)


def test_pickled_objects_are_never_loaded(npz, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trapped"),)

    with pytest.raises(PeopleError, match="would run code"):
        read_templates(npz(photo=NAMES, template=np.array([Trap()], object)))
    assert not (tmp_path / "trapped").exists()


def lists(*rows, of=None):
    return pa.array(rows, pa.list_(of or pa.float32()))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"template": lists([1.0])}, "lacks photo; its columns are template"),
        ({"photo": ["a"]}, "lacks template; its columns are photo"),
        ({"photo": [1], "template": lists([1.0])}, "column photo is of type int64; expected text"),
        ({"photo": ["a", None], "template": lists([1.0], [2.0])}, "column photo is empty in 1 rows"),
        ({"photo": ["a"], "template": [1.0]}, "column template is of type double; expected lists of numbers"),
        ({"photo": ["a"], "template": [["x"]]}, "column template is of type list<element: string>"),
        ({"photo": ["a", "b", "c"], "template": lists([1.0, 2], [1.0, 2], [3.0])}, "row 2 (from 0) has 1 numbers"),
        ({"photo": ["a", "a"], "template": lists([1.0], [2.0])}, "rows 0 and 1 (from 0) are both of photo 'a'"),
        ({"photo": ["a"], "template": lists([1.0]), "person": [7]}, "column person is of type int64"),
        ({"photo": pa.array([], pa.string()), "template": lists()}, "has no row"),
    ],
)
def test_what_is_wrong_with_a_parquet_file_is_told(parquet, columns, message):
    path = parquet(**columns)
    with pytest.raises(PeopleError, match=re.escape(message)) as error:
        read_templates(path)
    assert str(path) in str(error.value)


def npy_bytes():
    stream = io.BytesIO()
    np.save(stream, ROWS)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "neither an npz nor a Parquet file"),
        (b"photo,template\n", "neither an npz nor a Parquet file"),
        (npy_bytes(), "a single NumPy array"),
        (b"PK\x03\x04 and then nothing", "cannot be read as an npz file"),
        (b"PAR1 and then nothing", "cannot be read as a Parquet file"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "faces.npz"
    path.write_bytes(content)
    with pytest.raises(PeopleError, match=message):
        read_templates(path)


def test_a_file_cut_short_is_refused(npz):
    path = npz(photo=NAMES, template=ROWS)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(PeopleError, match="cannot be read as an npz file"):
        read_templates(path)
    with pytest.raises(PeopleError, match=r"The template file \S+nowhere\.npz cannot be read \(No such file"):
        read_templates(path.with_name("nowhere.npz"))
