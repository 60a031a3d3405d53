from __future__ import annotations

import pytest

from faceproof.engine.run_folder import SCHEMA_VERSION, prepare_folder, read_run, write_manifest
from faceproof.errors import RunFolderError


def test_a_new_folder_is_made(tmp_path):
    prepare_folder(tmp_path / "a" / "b", overwrite=False, comparisons_sha256="x")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_finished_run_is_not_overwritten_unasked(tmp_path):
    write_manifest(tmp_path, {"finished": "2026-01-01T00:00:00Z"})
    with pytest.raises(RunFolderError, match="--overwrite"):
        prepare_folder(tmp_path, overwrite=False, comparisons_sha256="x")
    prepare_folder(tmp_path, overwrite=True, comparisons_sha256="x")


def test_an_unfinished_run_of_the_same_comparisons_goes_on(tmp_path):
    write_manifest(tmp_path, {"finished": None, "protocol": {"sha256": "x"}})
    prepare_folder(tmp_path, overwrite=False, comparisons_sha256="x")
    with pytest.raises(RunFolderError, match="other comparisons"):
        prepare_folder(tmp_path, overwrite=False, comparisons_sha256="y")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("")
    with pytest.raises(RunFolderError, match="holds no run"):
        prepare_folder(tmp_path, overwrite=False, comparisons_sha256="x")
    with pytest.raises(RunFolderError, match="is a file"):
        prepare_folder(tmp_path / "thesis.doc", overwrite=True, comparisons_sha256="x")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"schema_version": SCHEMA_VERSION, "finished": None}, "unfinished"),
        ({"schema_version": 99, "finished": "x"}, "schema version 99"),
        ({"schema_version": SCHEMA_VERSION, "finished": "x"}, "comparisons.parquet"),
    ],
)
def test_what_is_no_finished_run_is_refused_with_the_reason(tmp_path, manifest, message):
    write_manifest(tmp_path, manifest)
    with pytest.raises(RunFolderError, match=message):
        read_run(tmp_path)


def test_a_damaged_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"manifest\.json"):
        read_run(tmp_path)
    with pytest.raises(RunFolderError, match="no run folder"):
        read_run(tmp_path / "nowhere")
