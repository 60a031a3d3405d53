"""A run is repeated from its manifest: the same numbers, or the reason why not."""

from __future__ import annotations

import json
import sys
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from edited import edited, merged
from PIL import Image
from receipts import OWN, PEOPLE, SUITE, copied, with_similarity, write_pairs, write_people

import faceproof
from faceproof.errors import ConfigurationError, RepeatError, RunFolderError
from faceproof.jobs.publishing import report_again
from faceproof.jobs.rerunning import rerun
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.dlib_file import find_dlib_file

PLAIN = {"figures": False, "canary": False}
NO_FACES = Recipe(detector="none")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Runs of people, a model, a function and a pair list that lie in one folder; they share a cache."""
    root = tmp_path_factory.mktemp("rerun")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        patch.setattr(sys, "path", list(sys.path))
        write_people(root / "people")
        write_pairs(root / "pairs.csv")
        (root / "receipt_own.py").write_text(OWN)
        (root / "field.toml").write_text(SUITE)
        pairs = {"protocol": "csv", "protocol_settings": {"pairs": root / "pairs.csv"}}
        faceproof.evaluate(
            root / "people",
            model="receipt_own:Model",
            recipe=NO_FACES,
            out=root / "run",
            seed=3,
            folds=4,
            **pairs,
            **PLAIN,
        )
        faceproof.stress(
            root / "people", models=["receipt_own:Model"], recipe=NO_FACES, suite=root / "field.toml",
            severities=[2, 3], side="probe", stage="aligned", protocol="all", out=root / "stress", seed=5, fmr=0.1,
            **PLAIN,
        )  # fmt: skip
        yield root
    sys.modules.pop("receipt_own", None)


@pytest.fixture(autouse=True)
def at_home(world, _own_cache, monkeypatch):
    """Work where the model lies, with the cache of the runs."""
    monkeypatch.chdir(world)
    monkeypatch.setenv("FACEPROOF_CACHE", str(world / "cache"))
    sys.modules.pop("receipt_own", None)


def reasons(run, **settings):
    with pytest.raises(RepeatError) as error:
        rerun(run, **settings)
    assert all(reason in str(error.value) or "[[" in reason for reason in error.value.reasons)
    return " ".join(error.value.reasons)


@pytest.mark.parametrize(
    ("name", "conditions"), [("run", ["clean"]), ("stress", ["clean", "dim-2", "gaussian-noise-3"])]
)
def test_a_sound_run_is_repeated_exactly(world, name, conditions):
    said = []
    found = rerun(world / name, check=True, say=said.append)
    assert found.run is None
    assert found.check.same
    assert [one.condition for one in found.check.scores] == conditions
    for one in found.check.scores:
        assert (one.comparisons, one.not_exact, one.decisions, one.decisions_within) == (66, 0, 0, 0)
    assert found.check.numbers == found.notes == ()
    assert found.check.numbers_checked > 100
    assert "All templates are computed: a check does not use the template cache." in said


def test_a_check_neither_reads_nor_writes_the_cache(world, tmp_path, monkeypatch):
    shards = list((world / "cache").rglob("*.parquet"))
    assert shards
    out = rerun(world / "run", check=True, out=tmp_path / "kept").run
    assert out.summary.run.timing.from_cache == 0
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))
    rerun(world / "run", check=True)
    assert list(tmp_path.joinpath("cache").rglob("*.parquet")) == []
    assert rerun(world / "run", out=tmp_path / "new", cache=False).run.summary.run.timing.from_cache == 0
    monkeypatch.setenv("FACEPROOF_CACHE", str(world / "cache"))
    assert rerun(world / "run", out=tmp_path / "cached").run.summary.run.timing.from_cache == 12


@pytest.mark.parametrize("name", ["run", "stress"])
def test_without_a_check_it_is_a_new_run_of_the_same_settings(world, name, tmp_path):
    found = rerun(world / name, out=tmp_path / "new", command="faceproof rerun")
    assert found.check is None
    stored, again = open_run(world / name).manifest, open_run(tmp_path / "new").manifest
    assert again.command == "faceproof rerun"
    assert again.plan == stored.plan
    for part in ("systems", "conditions", "detector", "people", "protocol", "judging", "seed", "side", "stage"):
        assert getattr(again, part) == getattr(stored, part), part
    assert faceproof.load_run(tmp_path / "new").scores().equals(faceproof.load_run(world / name).scores())


def test_a_changed_similarity_is_found_and_named(world, tmp_path):
    run = with_similarity(copied(world / "run", tmp_path / "run"), 12, 1e-3)
    check = rerun(run, check=True).check
    assert not check.same
    (one,) = check.scores
    assert (one.not_exact, one.different, [example.comparison for example in one.examples]) == (1, 1, [12])
    assert one.largest == pytest.approx(1e-3)
    assert one.examples[0].similarity_a == pytest.approx(one.examples[0].similarity_b + 1e-3)
    assert rerun(run, check=True, tolerance=2e-3).check.scores[0].different == 0


def test_a_changed_similarity_of_a_condition_is_found(world, tmp_path):
    run = with_similarity(copied(world / "stress", tmp_path / "run"), 3, -1e-3, "dim-2")
    check = rerun(run, check=True).check
    assert [(one.condition, one.different) for one in check.scores] == [
        ("clean", 0),
        ("dim-2", 1),
        ("gaussian-noise-3", 0),
    ]
    assert not check.same


def test_a_decision_that_was_changed_is_found_at_the_stored_threshold(world, tmp_path):
    stored = faceproof.load_run(world / "run")
    threshold = stored.summary.default_point.threshold_similarity
    similarity = stored.scores()["similarity"].to_numpy()
    row = int(np.argmin(np.where(similarity < threshold, threshold - similarity, np.inf)))
    run = with_similarity(copied(world / "run", tmp_path / "run"), row, float(threshold - similarity[row]) + 1e-3)
    (one,) = rerun(run, check=True).check.scores
    assert (one.different, one.decisions) == (1, 1)
    assert (one.examples[0].decision_a, one.examples[0].decision_b) == ("accepted", "rejected")


def test_a_changed_number_of_metrics_does_not_follow_from_the_tables(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    manifest, path = open_run(run).manifest, run / "metrics.json"
    numbers = json.loads(path.read_text())
    numbers["eer"]["value"] = numbers["eer"]["value"] / 2 + 0.01
    path.write_text(json.dumps(numbers))
    write_manifest(run, manifest)
    check = rerun(run, check=True).check
    assert [one.name for one in check.numbers] == ["eer"]
    assert not check.same
    assert check.scores[0].not_exact == 0


def test_a_report_with_another_threshold_is_judged_at_it(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    report_again(run, threshold=0.8, folds=3, figures=False)
    assert rerun(run, check=True).check.same


def test_a_table_that_was_edited_is_refused(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    path = run / "scores.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(RunFolderError, match="damaged"):
        rerun(run, check=True)


def test_photos_that_are_gone_are_named_and_counted(world, tmp_path):
    people = copied(world / "people", tmp_path / "people")
    for name in ("ann/1.png", "cem/2.png"):
        (people / name).unlink()
    said = reasons(world / "run", people=people)
    assert "2 of 12 photos missing: ann/1.png, cem/2.png." in said
    said = reasons(world / "run", people=tmp_path / "nowhere")
    assert "None of the 12 photos can be read (ann/1.png, ann/2.png, " in said


def test_a_photo_that_was_changed_is_named(world, tmp_path):
    people = copied(world / "people", tmp_path / "people")
    Image.new("RGB", (96, 96), "gray").save(people / "ben" / "2.png")
    assert "1 of 12 photos changed: ben/2.png." in reasons(world / "run", people=people)


def test_photos_that_moved_are_read_from_their_new_place(world, tmp_path):
    people = copied(world / "people", tmp_path / "moved")
    assert rerun(world / "run", check=True, people=people).check.same


def test_photos_that_were_added_are_refused_where_they_are_compared(world, tmp_path):
    people = copied(world / "people", tmp_path / "people")
    (people / "ann" / "3.png").write_bytes((people / "ann" / "1.png").read_bytes() + b"x")
    assert rerun(world / "run", check=True, people=people).check.same  # the pair list does not name it
    said = reasons(world / "stress", people=people)
    assert "78, in the run 66" in said
    assert "has 13 photos, in the run 12" in said


def test_a_changed_pair_list_is_refused(world, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text((world / "pairs.csv").read_text().replace("ann/1.png,ann/2.png,1", "ann/1.png,ann/2.png,0"))
    assert f"{pairs} was changed: its SHA-256 is" in reasons(world / "run", pairs=pairs)
    assert "is not there" in reasons(world / "run", pairs=tmp_path / "none.csv")
    moved = tmp_path / "moved.csv"
    moved.write_bytes((world / "pairs.csv").read_bytes())
    assert rerun(world / "run", check=True, pairs=moved).check.same


def test_changed_comparisons_in_the_tables_are_refused(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    manifest, path = open_run(run).manifest, run / "comparisons.parquet"
    table = pq.read_table(path)
    labels = table["mated"].to_pylist()
    labels[0] = not labels[0]
    pq.write_table(table.set_column(table.column_names.index("mated"), "mated", pa.array(labels)), path)
    write_manifest(run, manifest)
    assert "not those that were fixed before the run" in reasons(run)


def test_changed_code_is_refused(world, monkeypatch):
    path = world / "receipt_own.py"
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    try:
        path.write_text(OWN.replace("return SCALE *", "return 2 * SCALE *"))
        assert "version or the source of receipt_own:Model has changed" in reasons(world / "run")
        sys.modules.pop("receipt_own", None)
        path.write_text(OWN.replace("np.uint8(severity)", "np.uint8(severity + 1)"))
        said = reasons(world / "stress")
        assert "Functions that are missing, or whose source has changed: receipt_own:dim of dim-2." in said
        sys.modules.pop("receipt_own", None)
        path.unlink()
        assert "receipt_own" in reasons(world / "run")
    finally:
        path.write_text(OWN)


def test_code_without_a_version_is_recognised_by_its_source(world, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    recipe = Recipe(detector="receipt_own:Finder")
    faceproof.evaluate(
        world / "people", model="receipt_own:NoVersion", recipe=recipe, protocol="all", out=tmp_path / "run", **PLAIN
    )
    entry = open_run(tmp_path / "run").manifest.system
    assert (entry.weights, len(entry.code_sha256)) == ("not known", 64)
    assert rerun(tmp_path / "run", check=True).check.same
    path = world / "receipt_own.py"
    try:
        sys.modules.pop("receipt_own", None)
        path.write_text(OWN.replace("version = None", "version = None\n    title = 'another'"))
        assert "The source of receipt_own:NoVersion has changed" in reasons(tmp_path / "run")
        sys.modules.pop("receipt_own", None)
        path.write_text(OWN.replace("(24, 24, 72, 72)", "(20, 20, 72, 72)"))
        assert "The detector differs: code_sha256 is" in reasons(tmp_path / "run")
    finally:
        path.write_text(OWN)


def test_an_object_cannot_be_loaded_again(world, tmp_path, blocks_model):
    faceproof.evaluate(
        world / "people", model=blocks_model(), recipe=NO_FACES, protocol="all", out=tmp_path / "run", **PLAIN
    )
    assert "System blocks is an object in Python that was given to faceproof.evaluate" in reasons(tmp_path / "run")


def test_other_versions_are_said_and_do_not_matter(world, tmp_path):
    run = copied(world / "run", tmp_path / "run")
    manifest = merged(open_run(run).manifest, "versions", torch="1.0")
    write_manifest(run, edited(manifest, lambda values: values.update(faceproof_version="0.0.9")))
    said = []
    found = rerun(run, check=True, say=said.append)
    (note,) = found.notes
    assert "faceproof 0.1.0 (in the run 0.0.9), torch" in note
    assert "(in the run 1.0)" in note
    assert f"Note: {note}" in said
    assert found.check.same
    assert found.check.notes == found.notes


def test_odd_settings_are_refused(world, tmp_path):
    with pytest.raises(ConfigurationError, match="expected 0 or more"):
        rerun(world / "run", check=True, tolerance=float("nan"))
    with pytest.raises(ConfigurationError, match="The tolerance is -1"):
        rerun(world / "run", check=True, tolerance=-1)
    with pytest.raises(ConfigurationError, match=r"`source` means nothing here: the run in \S+ is of a model"):
        rerun(world / "run", source=tmp_path)
    with pytest.raises(ConfigurationError, match="`pairs` means nothing here"):
        rerun(world / "stress", pairs=tmp_path)
    with pytest.raises(RunFolderError, match="is the run that is repeated"):
        rerun(world / "run", out=world / "run")
    with pytest.raises(RunFolderError, match="no run folder"):
        rerun(world / "people")


@pytest.mark.skipif(find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')")
def test_a_real_model_and_detector_are_repeated_exactly(tmp_path):
    write_population(tmp_path / "people", Population(4, 2, seed=7), workers=1)
    usual = {"protocol": "all", "offline": True, **PLAIN}
    faceproof.evaluate(tmp_path / "people", model="dlib-resnet", out=tmp_path / "run", threshold=0.4, **usual)
    found = rerun(tmp_path / "run", check=True, offline=True).check
    assert (found.same, found.scores[0].not_exact, found.scores[0].comparisons) == (True, 0, 28)
    (tmp_path / "faces.toml").write_text('[[degradation]]\nfamily = "face-square"\nseverities = [3]\n')
    faceproof.stress(
        tmp_path / "people", models=["dlib-resnet", "receipt_own:Model"], suite=tmp_path / "faces.toml",
        recipe=Recipe(selection="subject", alignment="even_margin_crop", margin_px=10, min_face_size=24, pad=0.1),
        out=tmp_path / "stress", **usual,
    )  # fmt: skip
    found = rerun(tmp_path / "stress", check=True, offline=True).check
    assert found.same
    assert {one.system for one in found.scores} == {"dlib-resnet", "receipt-own.model"}
    assert all(one.not_exact == 0 and one.comparisons == 28 for one in found.scores)


@pytest.mark.skipif(find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')")
def test_a_weights_file_that_was_given_is_taken_again(world, tmp_path):
    file = tmp_path / "mine.dat"
    file.write_bytes(find_dlib_file().read_bytes())
    usual = {"recipe": NO_FACES, "protocol": "all", "offline": True, **PLAIN}
    faceproof.evaluate(world / "people", model="dlib-resnet", weights=file, out=tmp_path / "run", **usual)
    assert open_run(tmp_path / "run").manifest.system.weights_file == str(file)
    assert rerun(tmp_path / "run", check=True, offline=True).check.same
    file.rename(tmp_path / "moved.dat")
    said = []
    rerun(tmp_path / "run", check=True, offline=True, say=said.append)
    assert any(f"{file}, is not there; the weights are taken from the usual places" in note for note in said)
    assert rerun(tmp_path / "run", check=True, offline=True, weights=tmp_path / "moved.dat").check.same
    damaged = tmp_path / "damaged.dat"
    content = bytearray((tmp_path / "moved.dat").read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert str(damaged) in reasons(tmp_path / "run", offline=True, weights=damaged)


def test_changed_weights_are_refused(world, tmp_path):
    pytest.importorskip("onnxruntime", reason="extra 'onnx' is not installed")
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import TensorProto, helper, numpy_helper

    def write(path, seed):
        weight = np.random.default_rng(seed).standard_normal((192, 16)).astype(np.float32)
        nodes = [
            helper.make_node("AveragePool", ["face"], ["mean"], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node("Flatten", ["mean"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weight"], ["template"]),
        ]
        face = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["n", 3, 32, 32])
        given = helper.make_tensor_value_info("template", TensorProto.FLOAT, ["n", 16])
        graph = helper.make_graph(nodes, "tiny", [face], [given], [numpy_helper.from_array(weight, "weight")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)

    model = tmp_path / "tiny.onnx"
    write(model, 1)
    recipe = Recipe(detector="none", pixel_mean=127.5, pixel_divisor=127.5)
    model.with_suffix(".toml").write_text(
        '[contract]\npixel_mean = 0\npixel_divisor = 255\nalignment = "even_margin_crop"\n'
    )
    faceproof.evaluate(world / "people", model=model, recipe=recipe, protocol="all", out=tmp_path / "run", **PLAIN)
    assert rerun(tmp_path / "run", check=True).check.same
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for suffix in (".onnx", ".toml"):
        model.with_suffix(suffix).rename(moved / f"tiny{suffix}")
    assert f"{model} is not there. Give its place with [[weights]]." in reasons(tmp_path / "run")
    assert rerun(tmp_path / "run", check=True, weights=moved / "tiny.onnx").check.same
    write(moved / "tiny.onnx", 2)
    said = reasons(tmp_path / "run", weights=moved / "tiny.onnx")
    assert "The weights of tiny are others: the digest is" in said


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Runs of templates and of scores that were made elsewhere."""
    root = tmp_path_factory.mktemp("imported")
    rng = np.random.default_rng(3)
    ids = np.array([f"p{number // 3}/{number}.jpg" for number in range(12)])
    np.savez(root / "templates.npz", photo=ids, template=rng.normal(size=(12, 8)))
    rows = [f"{a},{b},{int(a[:2] == b[:2])},{rng.uniform():.4f}" for a, b in pairwise(ids)]
    (root / "scores.csv").write_text("\n".join(["photo_a,photo_b,mated,similarity", *rows]))
    faceproof.evaluate_templates(
        root / "templates.npz", protocol="all", threshold=1.2, out=root / "templates", figures=False, name="theirs"
    )
    faceproof.score(root / "scores.csv", threshold=0.5, out=root / "scores", figures=False)
    return root


@pytest.mark.parametrize(("name", "file"), [("templates", "templates.npz"), ("scores", "scores.csv")])
def test_imported_systems_are_repeated_from_their_file(imported, tmp_path, name, file):
    found = rerun(imported / name, check=True).check
    assert (found.same, found.scores[0].not_exact) == (True, 0)
    again = rerun(imported / name, out=tmp_path / "new").run.summary
    stored = faceproof.load_run(imported / name).summary
    assert (again.default_point, again.run.system.name) == (stored.default_point, stored.run.system.name)
    moved = tmp_path / file
    moved.write_bytes((imported / file).read_bytes())
    assert rerun(imported / name, check=True, source=moved).check.same
    moved.write_bytes((imported / file).read_bytes().replace(b"0.", b"0,", 1) + b" ")
    assert f"{moved} was changed: its SHA-256 is" in reasons(imported / name, source=moved)
    with pytest.raises(ConfigurationError, match=r"`people` means nothing here: the run in .* has no folder of people"):
        rerun(imported / name, people=tmp_path)


def test_templates_with_a_folder_of_people_are_repeated(world, tmp_path):
    ids = np.array([f"{name}/{number}.png" for name in PEOPLE for number in (1, 2)])
    np.savez(tmp_path / "t.npz", photo=ids, template=np.random.default_rng(1).normal(size=(12, 6)))
    pairs = {"protocol": "csv", "protocol_settings": {"pairs": world / "pairs.csv"}}
    faceproof.evaluate_templates(tmp_path / "t.npz", world / "people", out=tmp_path / "run", figures=False, **pairs)
    people = copied(world / "people", tmp_path / "people")
    assert rerun(tmp_path / "run", check=True, people=people).check.same
    (people / "ann" / "1.png").unlink()
    assert "1 of 12 photos missing: ann/1.png." in reasons(tmp_path / "run", people=people)
