from __future__ import annotations

import json

import pytest

from faceproof.errors import RunFolderError
from faceproof.runs.manifest_file import read_sealed
from faceproof.runs.run_folder import open_run, read_run


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


def test_a_folder_that_is_not_there_is_no_run(tmp_path):
    with pytest.raises(RunFolderError, match="no run folder") as raised:
        read_run(tmp_path / "nowhere")
    assert raised.value.path == tmp_path / "nowhere"


class TestDigests:
    def test_a_manifest_does_not_show_them_as_part_of_the_run(self, run):
        assert not {"files", "manifest_sha256"} & open_run(run).manifest.as_json().keys()
        assert {"files", "manifest_sha256"} <= read_sealed(run).keys()

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
        pairs = [("ann/1", "ann/2"), ("ann/1", "bea/1"), ("bea/1", "bea/2")]
        other = made_up_run(pairs, [0.9, 0.2, 0.8]).write(tmp_path / "other")
        (other / "scores.parquet").replace(run / "scores.parquet")
        with pytest.raises(RunFolderError, match=r"scores\.parquet is damaged, or does not belong to this run"):
            read_run(run)


class TestOldRuns:
    """Version 1 kept no digests: its tables are checked by what is in them."""

    def test_they_are_read(self, old_run):
        assert len(read_run(old_run).scores) == 3

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
    def test_an_entry_of_another_type_is_noticed(self, old_run, entry, value):
        manifest = json.loads((old_run / "manifest.json").read_text())
        (old_run / "manifest.json").write_text(json.dumps(manifest | {entry: value}))
        with pytest.raises(RunFolderError, match=rf"'{entry}|run of kind 3"):
            read_run(old_run)
