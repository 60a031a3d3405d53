"""``manifest.json`` on disk: digests of files and of itself, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from faceproof.errors import RunFolderError
from faceproof.runs.manifest_file import (
    files_listed,
    read_json,
    read_sealed,
    refuse_other,
    seal,
    stored_files,
    without_digests,
    write_manifest,
    write_sealed,
)
from faceproof.runs.migration import SCHEMA_VERSION
from faceproof.runs.run_folder import open_run, read_run

SHA256 = {text: hashlib.sha256(text.encode()).hexdigest() for text in ("one", "two")}


@pytest.fixture
def folder(tmp_path):
    """A folder with two files, of which one is in a folder below, and a manifest."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.svg").write_text("one")
    (tmp_path / "b.csv").write_text("two")
    (tmp_path / "manifest.json").write_text("{}")
    return tmp_path


def test_a_seal_has_every_file_below_but_the_manifest(folder):
    assert list(seal(folder).items()) == [("b.csv", SHA256["two"]), ("figures/a.svg", SHA256["one"])]
    assert seal(folder, ["figures/a.svg", "manifest.json"]) == {"figures/a.svg": SHA256["one"]}
    assert seal(folder, []) == {}


def test_a_manifest_is_read_as_it_was_written_with_the_version_of_now(run):
    manifest = open_run(run).manifest
    write_sealed(run, manifest.model_copy(update={"schema_version": 1}), {"b.csv": SHA256["two"]})
    entries = read_sealed(run)
    assert entries["schema_version"] == SCHEMA_VERSION
    assert files_listed(entries) == {"b.csv": SHA256["two"]}
    assert without_digests(entries) == manifest.as_json()
    write_manifest(run, manifest)
    assert set(files_listed(read_sealed(run))) == {f"{name}.parquet" for name in ("comparisons", "photos", "scores")}


def test_white_space_is_no_part_of_the_digest_and_a_lost_digest_is_damage(run):
    path = run / "manifest.json"
    entries = json.loads(path.read_text())
    path.write_text(json.dumps(entries))
    assert read_sealed(run) == entries
    for lost in ("files", "manifest_sha256"):
        path.write_text(json.dumps({name: value for name, value in entries.items() if name != lost}))
        with pytest.raises(RunFolderError, match="its content does not match its digest"):
            read_sealed(run)


def test_version_1_is_read_without_digests(old_run):
    entries = read_sealed(old_run)
    assert entries["schema_version"] == 1
    assert files_listed(entries) is None


def test_of_a_file_its_name_and_digest_are_checked(folder):
    files = seal(folder)
    refuse_other(folder / "b.csv", files, "b.csv")
    refuse_other(folder / "lost.csv", None, "lost.csv")
    with pytest.raises(RunFolderError, match=r"b\.csv is not among the files of this run"):
        refuse_other(folder / "b.csv", {}, "b.csv")
    with pytest.raises(RunFolderError, match=r"lost\.csv cannot be read \(No such file"):
        refuse_other(folder / "lost.csv", files | {"lost.csv": SHA256["one"]}, "lost.csv")
    one, two = SHA256["one"][:12], SHA256["two"][:12]
    with pytest.raises(RunFolderError, match=rf"its SHA-256 is {two}\.\.\., and the manifest has {one}\.\.\.\."):
        refuse_other(folder / "b.csv", files | {"b.csv": SHA256["one"]}, "b.csv")


def test_without_a_manifest_or_a_list_no_file_is_known(folder):
    assert stored_files(folder / "manifest.json") == {}
    with pytest.raises(FileNotFoundError):
        stored_files(folder / "lost.json")
    with pytest.raises(RunFolderError, match=r"lost\.json cannot be read \(No such file"):
        read_json(folder / "lost.json")


@pytest.mark.parametrize("version", [0, 4, 99, True, "1", None, [1]])
def test_another_version_is_refused(run, version):
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(manifest | {"schema_version": version}))
    with pytest.raises(
        RunFolderError, match=f"schema version.*made by faceproof 0.1.0; this faceproof reads 1 to {SCHEMA_VERSION}"
    ):
        open_run(run)


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "\xff", "[" * 100_000, '{"a": 1' + "0" * 10_000 + "}"])
def test_a_damaged_manifest_is_named(tmp_path, text):
    (tmp_path / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(RunFolderError, match=r"manifest\.json|schema version"):
        read_run(tmp_path)


def test_every_file_is_listed_with_its_digest(run):
    assert set(stored_files(run / "manifest.json")) == {f"{n}.parquet" for n in ("comparisons", "photos", "scores")}


def test_every_flipped_bit_of_a_manifest_is_noticed(run):
    path = run / "manifest.json"
    whole = path.read_bytes()
    for place in range(0, 8 * len(whole), 13):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            read = read_sealed(run)
        except RunFolderError:
            continue
        # White space between values carries nothing.
        assert read == json.loads(whole) or not (chr(whole[place // 8]).strip()), place


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "C:\\x", "a/../../b"])
def test_a_name_that_leads_out_of_the_folder_is_no_file_of_the_run(tmp_path, name):
    (tmp_path / "manifest.json").write_text(json.dumps({"files": {name: "x", "a/b": "y"}}))
    assert stored_files(tmp_path / "manifest.json") == {"a/b": "y"}
