"""Npz files that claim more than they hold, or unpack to more than there is room for: nothing is unpacked."""

from __future__ import annotations

import pickle
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import faceproof.unpacking
from faceproof.errors import ConfigurationError, PeopleError
from faceproof.systems.detection.box_file import BoxFile
from faceproof.systems.external.template_file import read_templates

ONES = np.ones((2, 3), np.float32).tobytes()
NAMES = np.array(["a/1", "a/2"])


def npy(shape, dtype, body=b"", *, version=(1, 0), header=None):
    """An array in npy format, with any claim of its shape and type."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode() if header is None else header
    return (
        b"\x93NUMPY"
        + bytes(version)
        + struct.pack("<H" if version == (1, 0) else "<I", len(text) + 1)
        + text
        + b"\n"
        + body
    )


@pytest.fixture
def npz(tmp_path):
    def write(template, photo=None):
        path = tmp_path / "faces.npz"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("photo.npy", npy((2,), "<U3", NAMES.tobytes()) if photo is None else photo)
            archive.writestr("template.npy", template)
        return path

    return write


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(npz, version):
    found = read_templates(npz(npy((2, 3), "<f4", ONES, version=version)))
    assert found.photos == ("a/1", "a/2")
    np.testing.assert_allclose(found.templates, np.full((2, 3), 3**-0.5), atol=1e-7)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (npy((10**6, 10**6), "<f4", ONES), r"claims shape \(1000000, 1000000\) and dtype float32, .* has 24 bytes"),
        (npy((2**62, 8), "<f4", ONES), r"is damaged: array template claims shape \(4611686018427387904, 8\)"),
        (npy((2, 3), "<f4", ONES * 2), r"claims shape \(2, 3\) and dtype float32, and the file has 48 bytes"),
        (npy((2, 3), "<f4", ONES[:-1]), r"claims shape \(2, 3\) and dtype float32, and the file has 23 bytes"),
        (npy((-2, 3), "<f4", ONES), r"claims shape \(-2, 3\)"),
        (npy((True, 6), "<f4", ONES), r"claims shape \(True, 6\)"),
        (npy((2,), "|O", pickle.dumps([1, 2])), "array template is pickled Python objects"),
        (npy((2, 3), "<f4", ONES, version=(9, 0)), r"version \(9, 0\) of npy"),
        (npy(0, 0, header=b"(" * 9_000), "cannot be read as an npz file"),
        (npy(0, 0, header=b"-" * 9_000 + b"1"), "cannot be read as an npz file"),
        (npy(0, 0, header=b"{'descr': __import__('os'), 'shape': ()}"), "cannot be read as an npz file"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"x" * 100_000, "cannot be read as an npz file"),
        (b"", "cannot be read as an npz file"),
        (b"no array", "cannot be read as an npz file"),
    ],
)
def test_a_claim_that_the_file_does_not_hold_is_refused(npz, template, said):
    with pytest.raises(PeopleError, match=said):
        read_templates(npz(template))


@pytest.mark.parametrize("dtype", ["<U0", "<U10"])
def test_a_trillion_names_are_refused(npz, dtype):
    with pytest.raises(PeopleError, match=r"array photo .* shape \(1000000000000,\) and dtype <U"):
        read_templates(npz(npy((2, 3), "<f4", ONES), npy((10**12,), dtype)))


def test_numbers_that_are_no_letters_are_refused(npz):
    with pytest.raises(PeopleError, match=r"array photo is not UTF-8 text"):
        read_templates(npz(npy((2, 3), "<f4", ONES), npy((2,), "<U1", struct.pack("<II", 0x7FFFFFFF, 65))))


def test_an_archive_with_a_password_is_refused(npz):
    path = npz(npy((2, 3), "<f4", ONES))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := content.find(signature, place + 1)) >= 0:
            content[place + flags] |= 1
    path.write_bytes(content)
    with pytest.raises(PeopleError, match=r"cannot be read as an npz file .*password"):
        read_templates(path)


def test_a_file_that_unpacks_to_more_than_half_of_the_memory_is_refused_unread(npz, monkeypatch):
    shape = (1000, 300)
    path = npz(npy(shape, "<f4", bytes(1_200_000)), npy((1000,), "<U9", np.arange(1000).astype("<U9").tobytes()))
    assert path.stat().st_size < 20_000
    header = len(npy(shape, "<f4"))
    needed = header + 1_200_000 + 1_200_000 + 2 * (len(npy((1000,), "<U9")) + 36_000)
    monkeypatch.setattr(faceproof.unpacking, "memory_limit", lambda: 2 * needed)
    assert len(read_templates(path).failures) == 1000
    monkeypatch.setattr(faceproof.unpacking, "memory_limit", lambda: 2 * needed - 1)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(PeopleError, match=r"faces\.npz takes 2\.47 MB of memory when it is read, more than half of"):
        read_templates(path)


def lists(rows, size):
    return pa.FixedSizeListArray.from_arrays(pa.repeat(pa.scalar(1.0, pa.float32()), rows * size), size)


def one_name(rows, letters):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * letters]))


@pytest.mark.parametrize("store_schema", [True, False])
def test_a_parquet_file_that_unpacks_to_more_than_half_of_the_memory_is_refused(tmp_path, monkeypatch, store_schema):
    path = tmp_path / "faces.parquet"
    monkeypatch.setattr(faceproof.unpacking, "memory_limit", lambda: 20_000_000)
    pq.write_table(pa.table({"photo": pa.array(map(str, range(10_000))), "template": lists(10_000, 100)}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(PeopleError, match=r"faces\.parquet takes 16 MB of memory when it is read"):
        read_templates(path)
    table = pa.table({"photo": one_name(1000, 100_000), "template": lists(1000, 1)})
    pq.write_table(table, path, store_schema=store_schema)
    with pytest.raises(PeopleError, match=r"faces\.parquet takes 100 MB of memory when it is read"):
        read_templates(path)


def boxes(rows, **columns):
    numbers = {
        name: pa.repeat(pa.scalar(value, pa.float32()), rows)
        for name, value in zip(("x0", "y0", "x1", "y1"), (1.0, 2.0, 30.0, 40.0), strict=True)
    }
    return pa.table({"photo": pa.array([f"Ann/{row}" for row in range(rows)])} | numbers | columns)


@pytest.mark.parametrize("store_schema", [True, False])
def test_a_file_of_faces_likewise(tmp_path, monkeypatch, store_schema):
    path = tmp_path / "faces.parquet"
    monkeypatch.setattr(faceproof.unpacking, "memory_limit", lambda: 20_000_000)
    pq.write_table(boxes(1000, notes=one_name(1000, 100_000)), path, store_schema=store_schema)
    assert len(BoxFile(path)._rows) == 1000
    for column in ("photo", "x1"):
        pq.write_table(boxes(1000, **{column: one_name(1000, 100_000)}), path, store_schema=store_schema)
        with pytest.raises(ConfigurationError, match=r"faces\.parquet takes 100 MB of memory when it is read"):
            BoxFile(path)
    pq.write_table(boxes(200_000), path)
    with pytest.raises(ConfigurationError, match=r"faces\.parquet takes 24 MB of memory when it is read"):
        BoxFile(path)


def test_numbers_may_be_text_in_a_file_of_faces(tmp_path):
    pq.write_table(boxes(2, x1=pa.array(["30.5", "31"])), tmp_path / "faces.parquet")
    assert [rows[0, 2] for rows in BoxFile(tmp_path / "faces.parquet")._rows.values()] == [30.5, 31]


def test_a_template_file_that_is_no_regular_file_is_not_opened(tmp_path, special):
    called = special(tmp_path / "odd.npz")
    with pytest.raises(PeopleError, match=rf"^The template file \S+odd\.npz is {called}\. Expected a "):
        read_templates(tmp_path / "odd.npz")
