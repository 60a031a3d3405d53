from __future__ import annotations

import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from faceproof.engine.parquet_files import read_parquet, write_parquet
from faceproof.errors import RunFolderError
from faceproof.runs.manifest_file import read_sealed, stored_files
from faceproof.runs.migration import SCHEMA_VERSION
from faceproof.runs.run_folder import open_run, read_run

PAIRS = [("ann/1", "ann/2"), ("ann/1", "bea/1"), ("bea/1", "bea/2")]


@pytest.fixture
def run(made_up_run, tmp_path):
    return made_up_run(PAIRS, [0.9, 0.1, 0.8]).write(tmp_path / "run")


def of_version_1(folder):
    """Take the digests out of a manifest, as version 1 wrote it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"], manifest["manifest_sha256"]
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 1}))
    return folder


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"finished": None}, "unfinished"),
        ({"finished": "x", "model": "m", "people": {"root": "r"}}, r"comparisons\.parquet"),
        ({"finished": "x", "model": "m"}, "damaged or was edited: a run has entries 'systems' and 'people'"),
        ({"finished": "x", "kind": "stress"}, "run of kind stress; expected one of faceproof evaluate"),
        ({"finished": "x", "kind": "comparison"}, "run of kind comparison"),
    ],
)
def test_what_is_no_finished_run_is_refused_with_the_reason(tmp_path, manifest, message):
    (tmp_path / "manifest.json").write_text(json.dumps({"schema_version": 1, **manifest}))
    with pytest.raises(RunFolderError, match=message):
        read_run(tmp_path)


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


def test_a_folder_that_is_not_there_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match="no run folder") as raised:
        read_run(tmp_path / "nowhere")
    assert raised.value.path == tmp_path / "nowhere"


class TestDigests:
    def test_every_file_is_listed_with_its_digest(self, run):
        assert set(stored_files(run / "manifest.json")) == {f"{n}.parquet" for n in ("comparisons", "photos", "scores")}

    def test_a_manifest_does_not_show_them_as_part_of_the_run(self, run):
        assert not {"files", "manifest_sha256"} & open_run(run).manifest.as_json().keys()
        assert {"files", "manifest_sha256"} <= read_sealed(run).keys()

    def test_every_flipped_bit_of_a_manifest_is_noticed(self, run):
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

    def test_every_flipped_bit_of_a_table_is_noticed(self, run):
        for name in ("comparisons", "photos", "scores"):
            path = run / f"{name}.parquet"
            whole = path.read_bytes()
            for place in range(0, 8 * len(whole), 401):
                flipped = bytearray(whole)
                flipped[place // 8] ^= 1 << place % 8
                path.write_bytes(flipped)
                with pytest.raises(RunFolderError, match=rf"{name}\.parquet"):
                    read_run(run)
            path.write_bytes(whole)

    def test_a_table_of_another_run_is_refused(self, run, made_up_run, tmp_path):
        other = made_up_run(PAIRS, [0.9, 0.2, 0.8]).write(tmp_path / "other")
        (other / "scores.parquet").replace(run / "scores.parquet")
        with pytest.raises(RunFolderError, match=r"scores\.parquet is damaged, or does not belong to this run"):
            read_run(run)

    @pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "C:\\x", "a/../../b"])
    def test_a_name_that_leads_out_of_the_folder_is_no_file_of_the_run(self, tmp_path, name):
        (tmp_path / "manifest.json").write_text(json.dumps({"files": {name: "x", "a/b": "y"}}))
        assert stored_files(tmp_path / "manifest.json") == {"a/b": "y"}


class TestOldRuns:
    """Version 1 kept no digests: its tables are checked by what is in them."""

    def test_they_are_read(self, run):
        assert len(read_run(of_version_1(run)).scores) == 3

    def test_lost_rows_are_noticed(self, run):
        of_version_1(run)
        scores = pq.read_table(run / "scores.parquet")
        pq.write_table(scores.slice(0, 2), run / "scores.parquet")
        with pytest.raises(RunFolderError, match=r"2 rows and comparisons\.parquet has 3"):
            read_run(run)

    def test_other_comparisons_are_noticed(self, run):
        of_version_1(run)
        scores = pq.read_table(run / "scores.parquet")
        moved = scores.set_column(0, "comparison", pa.array([0, 1, 3]))
        pq.write_table(moved, run / "scores.parquet")
        with pytest.raises(RunFolderError, match="have other comparisons"):
            read_run(run)

    def test_a_photo_without_a_row_is_noticed(self, run):
        of_version_1(run)
        photos = pq.read_table(run / "photos.parquet")
        pq.write_table(photos.slice(1), run / "photos.parquet")
        with pytest.raises(RunFolderError, match="no row of ann/1"):
            read_run(run)

    @pytest.mark.parametrize(
        ("name", "column", "cells"),
        [
            ("scores", "similarity", ["0.9", "0.1", "0.8"]),
            ("scores", "comparison", [0.0, 1.0, 2.0]),
            ("comparisons", "mated", [1, 0, 1]),
            ("comparisons", "photo_a", [1, 2, 3]),
            ("photos", "decode_ms", ["1", "2", "3", "4"]),
            ("photos", "box_xyxy_px", [1.0, 2.0, 3.0, 4.0]),
        ],
    )
    def test_a_column_of_another_type_is_noticed(self, run, name, column, cells):
        of_version_1(run)
        table = pq.read_table(run / f"{name}.parquet")
        pq.write_table(
            table.set_column(table.column_names.index(column), column, pa.array(cells)), run / f"{name}.parquet"
        )
        with pytest.raises(RunFolderError, match=rf"{name}\.parquet: column '{column}' holds"):
            read_run(run)

    def test_text_that_is_no_unicode_is_noticed(self, run):
        of_version_1(run)
        table = pq.read_table(run / "photos.parquet")
        raw = pa.array([b"\xff"] * len(table), pa.binary()).view(pa.string())
        pq.write_table(table.set_column(table.column_names.index("reason"), "reason", raw), run / "photos.parquet")
        with pytest.raises(RunFolderError, match=r"photos\.parquet is damaged"):
            read_run(run)

    @pytest.mark.parametrize(
        ("entry", "value"),
        [
            ("people", {"root": 3}),
            ("people", []),
            ("protocol", []),
            ("judging", {"folds": "ten"}),
            ("judging", {"threshold_distance": float("nan")}),
            ("seed", "0"),
            ("systems", []),
            ("systems", [{"name": None}]),
            ("conditions", "clean"),
            ("kind", 3),
        ],
    )
    def test_an_entry_of_another_type_is_noticed(self, run, entry, value):
        of_version_1(run)
        manifest = json.loads((run / "manifest.json").read_text())
        (run / "manifest.json").write_text(json.dumps(manifest | {entry: value}))
        with pytest.raises(RunFolderError, match=rf"'{entry}|run of kind 3"):
            read_run(run)


class TestParquet:
    def test_a_flipped_bit_is_noticed_without_a_digest(self, tmp_path):
        path, table = tmp_path / "t.parquet", pa.table({"x": pa.array([0.1 * i for i in range(500)])})
        write_parquet(path, [table])
        whole = path.read_bytes()
        silent = 0
        for place in range(0, 8 * len(whole), 53):
            flipped = bytearray(whole)
            flipped[place // 8] ^= 1 << place % 8
            try:
                silent += not read_parquet(bytes(flipped)).equals(table)
            except (OSError, pa.ArrowException):
                continue
        assert silent == 0

    def test_what_cannot_be_written_leaves_nothing(self, tmp_path):
        (tmp_path / "t.parquet").mkdir()
        with pytest.raises(OSError, match="directory"):
            write_parquet(tmp_path / "t.parquet", [pa.table({"x": [1]})])
        assert os.listdir(tmp_path) == ["t.parquet"]
