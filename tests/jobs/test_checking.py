"""The files of a run, and those that it was made of, are checked by their digests; nothing is computed again."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from edited import merged
from PIL import Image
from receipts import OWN, SUITE, copied, write_pairs, write_people

import faceproof
from faceproof.errors import ConfigurationError, RunFolderError
from faceproof.jobs.checking import check_run, comparisons_digest
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run
from faceproof.systems.recipe import Recipe

OLD = Path(__file__).parents[1] / "data" / "runs-0.1"
SOUND = ["manifest", "files of the run", "comparisons", "photos", "pair list"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A stress run and an evaluation with a model, a function and a pair list of one's own."""
    root = tmp_path_factory.mktemp("check")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(sys, "path", list(sys.path))
        write_people(root / "people")
        write_pairs(root / "pairs.csv")
        (root / "receipt_own.py").write_text(OWN)
        (root / "field.toml").write_text(SUITE)
        usual = {
            "recipe": Recipe(detector="none"),
            "protocol": "csv",
            "figures": False,
            "canary": False,
            "cache": False,
        }
        pairs = {"pairs": root / "pairs.csv"}
        faceproof.evaluate(
            root / "people", model="receipt_own:Model", out=root / "run", protocol_settings=pairs, **usual
        )
        faceproof.stress(
            root / "people", models=["receipt_own:Model"], suite=root / "field.toml", out=root / "stress",
            threshold=0.8, protocol_settings=pairs, stage="aligned", **usual,
        )  # fmt: skip
        yield root
    sys.modules.pop("receipt_own", None)


@pytest.fixture(autouse=True)
def at_home(world, monkeypatch):
    monkeypatch.chdir(world)
    sys.modules.pop("receipt_own", None)


def outcomes(run, **places):
    return {check.what: check.outcome for check in check_run(run, **places).checks}


def the(what, run, **places):
    (one,) = (check for check in check_run(run, **places).checks if check.what == what)
    return one


def failed(run, **places):
    return [check.what for check in check_run(run, **places).checks if check.failed]


def test_a_sound_run_has_everything_that_it_was_made_of(world):
    found = check_run(world / "run")
    assert found.same
    assert outcomes(world / "run") == dict.fromkeys([*SOUND, "system receipt-own.model", "detector none"], "same")
    assert found.notes == ()
    assert found.manifest_sha256 == json.loads((world / "run" / "manifest.json").read_text())["manifest_sha256"]
    assert outcomes(world / "stress")["degradations"] == "same"


def test_the_template_cache_and_the_network_have_no_part(world, tmp_path, monkeypatch):
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was used"))
    assert check_run(world / "run").same
    assert not (tmp_path / "cache" / "templates").exists()


def test_files_of_the_run_that_are_missing_or_changed_are_named(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    (run / "report.html").unlink()
    (run / "failures.csv").write_text("edited")
    one = the("files of the run", run)
    assert (one.outcome, one.names) == ("differs", ("report.html", "failures.csv"))
    assert one.found == "1 of 6 files missing: report.html; 1 of 6 changed: failures.csv."
    assert failed(run) == ["files of the run"]
    (run / "scores.parquet").write_bytes(b"")
    assert outcomes(run)["comparisons"] == "not checked"


def test_an_edited_manifest_is_refused(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    entries = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(entries | {"seed": 99}))
    with pytest.raises(RunFolderError, match="damaged or was edited"):
        check_run(run)


@pytest.mark.parametrize(
    ("table", "column", "change"),
    [
        ("comparisons", "mated", lambda value: not value),
        ("comparisons", "fold", lambda _: 1),
        ("comparisons", "photo_a", lambda _: "cem/1.png"),
        ("photos", "sha256", lambda value: value[::-1]),
        ("photos", "photo", lambda value: f"{value}x"),
    ],
)
def test_comparisons_that_were_edited_and_sealed_again_are_found(world, tmp_path, table, column, change):
    run = copied(world / "run", tmp_path / "run")
    assert comparisons_digest(open_run(run)) == open_run(run).manifest.protocol.sha256
    manifest, path = open_run(run).manifest, run / f"{table}.parquet"
    stored = pq.read_table(path)
    values = stored[column].to_pylist()
    values[0] = change(values[0])
    place = stored.column_names.index(column)
    pq.write_table(stored.set_column(place, column, pa.array(values, stored.schema.field(column).type)), path)
    write_manifest(run, manifest)
    assert "comparisons" in failed(run)


def test_photos_that_are_missing_changed_or_added(world, tmp_path):
    people = copied(world / "people", tmp_path / "people")
    Image.new("RGB", (9, 9)).save(people / "ann" / "3.png")
    one = the("photos", world / "run", people=people)
    assert (one.outcome, one.found.endswith("has 1 more photo, which the run did not compare.")) == ("same", True)
    (people / "ann" / "1.png").unlink()
    Image.new("RGB", (9, 9)).save(people / "ben" / "2.png")
    one = the("photos", world / "run", people=people)
    assert (one.outcome, one.names) == ("missing", ("ann/1.png", "ben/2.png"))
    assert "1 of 12 photos missing: ann/1.png; 1 of 12 photos changed: ben/2.png." in one.found
    assert one.found.endswith("has 1 more photo, which the run did not compare.")
    assert failed(world / "run", people=people) == ["photos"]


def test_of_many_missing_photos_ten_are_named(world, tmp_path):
    people = tmp_path / "people"
    (people / "ann").mkdir(parents=True)
    shutil.copy(world / "people" / "ann" / "1.png", people / "ann")
    one = the("photos", world / "run", people=people)
    assert (one.outcome, len(one.names)) == ("missing", 10)
    assert "11 of 12 photos missing: ann/2.png, " in one.found
    assert "and 1 more." in one.found


def test_a_changed_pair_list_is_found(world, tmp_path):
    other = tmp_path / "pairs.csv"
    other.write_text((world / "pairs.csv").read_text() + "\n")
    assert (the("pair list", world / "run", pairs=other).outcome, failed(world / "run", pairs=other)) == (
        "differs",
        ["pair list"],
    )
    assert the("pair list", world / "run", pairs=tmp_path / "none").outcome == "missing"
    assert the("pair list", world / "run", pairs=tmp_path).outcome == "missing"


def test_changed_code_is_found(world):
    path = world / "receipt_own.py"
    try:
        path.write_text(OWN.replace('version = "1"', 'version = "2"').replace("photo //", "255 - photo //"))
        assert failed(world / "stress") == ["degradations", "system receipt-own.model"]
        assert the("degradations", world / "stress").names == ("dim-2", "dim-4")
        sys.modules.pop("receipt_own", None)
        path.unlink()
        assert failed(world / "stress") == ["degradations", "systems"]
        assert the("systems", world / "stress").outcome == "not loaded"
    finally:
        path.write_text(OWN)


def test_other_weights_and_contracts_are_found(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    manifest = open_run(run).manifest
    write_manifest(run, merged(manifest, "systems", 0, weights="0" * 64))
    assert "the digest is" in the("system receipt-own.model", run).found
    write_manifest(run, merged(manifest, "systems", 0, weights="not known", code_sha256=None))
    assert the("system receipt-own.model", run).outcome == "not recorded"
    assert check_run(run).same
    write_manifest(run, merged(manifest, "systems", 0, code_sha256="0" * 64))
    assert "The source of receipt_own:Model has changed" in the("system receipt-own.model", run).found
    write_manifest(run, merged(manifest, "detector", weights="0" * 64))
    assert "weights is None, in the run it was 000000000000..." in the("detector none", run).found


def test_another_machine_and_other_versions_are_notes(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    manifest = open_run(run).manifest
    write_manifest(run, merged(manifest, "machine", cores=777))
    (note,) = check_run(run).notes
    assert note.startswith("Another machine: cores ")
    assert note.endswith("(777).")
    write_manifest(run, merged(manifest, "versions", numpy="1.0"))
    assert check_run(run).notes[0].startswith("Other versions here: numpy ")
    assert check_run(run).same


@pytest.mark.parametrize("name", ["evaluate", "evaluate-onnx", "templates", "score", "stress", "version-1-evaluate"])
def test_runs_of_version_0_1_are_checked_as_far_as_they_tell(tmp_path, name):
    run = copied(OLD / name, tmp_path / name)
    found = outcomes(run)
    assert found["comparisons"] == "same"
    # The page was left out of the stored runs, and their photos are nowhere.
    assert found["files of the run"] == ("not recorded" if name.startswith("version-1") else "missing")
    sources = {"templates": "file of templates", "score": "file of scores"}
    assert found[sources.get(name, "photos")] == "missing"


def test_a_comparison_of_runs_and_other_folders_are_refused(world, tmp_path):
    with pytest.raises(RunFolderError, match="run of kind comparison"):
        check_run(copied(OLD / "compare", tmp_path / "compare"))
    with pytest.raises(RunFolderError, match="no run folder"):
        check_run(world / "people")
    with pytest.raises(ConfigurationError, match="`source` means nothing here"):
        check_run(world / "run", source=world / "pairs.csv")
