from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from faceproof.cli.models import list_models
from faceproof.errors import ConfigurationError, ModelError, WeightsError
from faceproof.jobs.evaluation import evaluate
from faceproof.jobs.stressing import stress
from faceproof.jobs.thresholds import threshold_of_run
from faceproof.jobs.verification import recipe_of_run, verify
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.plugins import is_reference
from faceproof.systems.load import changed_contract, load_pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.catalog import load_model
from faceproof.systems.recognition.python_model import hidden_models, installed_models, python_runner
from faceproof.systems.weights.card import TemplateContract

CONTRACT = {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
DOCS = Path(__file__).parents[3] / "docs" / "your-model.md"


class Means:
    contract = CONTRACT

    def embed(self, batch):
        return batch.reshape(len(batch), 3, 4, 12, 4, 12).mean(axis=(3, 5)).reshape(len(batch), -1)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(6, 2, seed=3), workers=1)
    return folder


@pytest.fixture
def cached(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEPROOF_CACHE", str(tmp_path / "cache"))


def judged(people, model, tmp_path, **more):
    settings = {"protocol": "all", "canary": False, "offline": True, "figures": False} | more
    return evaluate(people, model=model, out=tmp_path / "run", **settings).summary


def test_an_object_is_a_model(people, tmp_path, cached):
    summary = judged(people, Means(), tmp_path)
    assert summary.run.system.name == "means"
    assert summary.counts.templates == 12


def test_the_example_of_the_page_runs(people, tmp_path, cached, few_faces, monkeypatch):
    code = re.search(r"```python\n# mine\.py\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    summary = judged(people, "mine:Thumbnails", tmp_path, canary=True)
    sys.modules.pop("mine")
    assert summary.auc.value > 0.6
    assert summary.run.system.canary.faces > 12
    point = summary.best
    assert point.threshold_usual == pytest.approx(point.threshold_similarity)


def test_faces_that_it_fails_on_are_failures_with_its_message(people, tmp_path, cached):
    class Picky(Means):
        def embed(self, batch):
            if len(batch) > 1 or batch.mean() > 0.1:
                raise ValueError("too bright")
            return super().embed(batch)

    picky = Picky()
    picky.template_size = 48
    summary = judged(people, picky, tmp_path)
    assert summary.counts.templates + summary.counts.failures_by_stage["embed"] == 12
    assert all("too bright" in one.reason for one in summary.failures.no_template)
    assert summary.counts.failures_by_stage["embed"] > 0


class Broken(Means):
    def embed(self, batch):
        return np.full((len(batch), 8), np.nan)


@pytest.mark.parametrize("detector", ["mtcnn", "none"])
def test_nan_is_a_failure_of_the_model_and_of_nothing_else(people, tmp_path, cached, detector):
    recipe = Recipe(detector=detector)
    summary = judged(people, Broken(), tmp_path, recipe=recipe, figures=False)
    assert summary.counts.failures_by_stage == {"decode": 0, "detect": 0, "align": 0, "embed": 12}
    assert summary.headline.startswith(
        '12 of 12 photos gave no template: the model failed (embed), "the net gave no finite template". '
    )
    said = " ".join([summary.headline, *summary.warnings]).lower()
    assert "no face" not in said.replace("no face was sought", "")
    assert "12 of 12 photos gave no template: 12 at embed (the net gave no finite template)." in summary.warnings
    found = summary.rates.detection_rate
    assert (found.value, found.reason) == (
        (None, "no photo has a number of faces found: no detector was run") if detector == "none" else (1, None)
    )
    page = (tmp_path / "run" / "report.html").read_text("utf-8").lower()
    assert "no usable face" not in page
    assert "no face that could be used" not in page


def test_nan_is_no_decision_about_two_photos(people, monkeypatch):
    models = SimpleNamespace(broken=Broken)
    monkeypatch.setitem(sys.modules, "broken_models", models)
    one, other = sorted(people.rglob("*.jpg"))[:2]
    with pytest.raises(ModelError, match=rf"{one.name}: the net gave no finite template"):
        verify(one, other, model="broken_models:broken", offline=True)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (np.zeros(4), "expected"),
        (np.zeros((3, 4)), "for 2 faces"),
        (np.zeros((2, 5)), "before, they had 4"),
        ("x", "array of <U1 .*expected numbers"),
        (np.zeros((2, 4), complex), "array of complex128 .*expected numbers"),
        ([[1, 2], [3]], "raised ValueError"),
    ],
)
def test_what_is_no_template_is_refused(made, said):
    with pytest.raises(ModelError, match=said):
        python_runner(lambda batch: made, 4)(np.zeros((2, 3, 8, 8), np.float32))


def test_a_model_may_use_its_array_again():
    own = np.zeros((2, 1), np.float32)

    def embed(batch):
        own[:, 0] = batch.mean(axis=(1, 2, 3))
        return own

    run = python_runner(embed, None)
    first = run(np.ones((2, 3, 4, 4), np.float32))[0]
    run(np.zeros((2, 3, 4, 4), np.float32))
    assert first.tolist() == [[1.0], [1.0]]


class Panic(BaseException):
    """What libraries written in Rust raise: no Exception."""


@pytest.mark.parametrize(
    ("thrown", "told"),
    [
        (SystemExit(3), r"embed tried to end the process \(SystemExit: 3\)"),
        (Panic("out of cheese"), "embed raised Panic: out of cheese"),
        (RecursionError("deep"), "embed raised RecursionError: deep"),
    ],
)
def test_a_model_that_ends_the_process_ends_no_run(people, tmp_path, cached, thrown, told):
    class Quits(Means):
        template_size = 48

        def embed(self, batch):
            raise thrown

    summary = judged(people, Quits(), tmp_path)
    assert summary.counts.failures_by_stage["embed"] == 12
    assert all(re.fullmatch(told, one.reason) for one in summary.failures.no_template)


def test_ctrl_c_in_a_model_is_ctrl_c():
    def embed(batch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        python_runner(embed, None)(np.zeros((1, 3, 4, 4), np.float32))


def raising(thrown):
    def get(self):
        raise thrown

    return property(get)


@pytest.mark.parametrize("part", ["contract", "embed", "name", "templates", "threshold", "template_size", "version"])
@pytest.mark.parametrize(
    ("thrown", "told"),
    [
        (ValueError("no file"), "raised ValueError: no file"),
        (SystemExit(7), r"tried to end the process \(SystemExit: 7\)"),
        (AttributeError("no net"), "raised AttributeError: no net"),
    ],
)
def test_an_attribute_that_raises_is_named(part, thrown, told):
    model = type("Mine", (Means,), {part: raising(thrown)})()
    with pytest.raises(ConfigurationError, match=rf"^Mine: its attribute {part} {told}\.$"):
        load_model(model)


class Refuses:
    def __str__(self):
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"contract": 5}, r"Mine: its contract is of type int .*dict of its fields"),
        ({"contract": "five"}, "Mine: its contract is of type str"),
        ({"contract": {1: 2}}, "Mine"),
        ({"contract": CONTRACT | {"size_px": "big", "alignment": "five_point"}}, r"Mine: .*size_px"),
        ({"contract": CONTRACT | {"size_px": None, "alignment": "five_point"}}, "Mine: .*size_px"),
        ({"contract": CONTRACT | {"size_px": 10**12}}, "Mine: .*size_px"),
        ({"contract": CONTRACT | {"alignment": np.zeros(3)}}, "Mine: .*alignment"),
        ({"template_size": "many"}, "Mine: its template_size is no whole number"),
        ({"template_size": 0}, "Mine: its template_size is 0. Expected 1 to 1,048,576"),
        ({"template_size": 10**12}, "Mine: its template_size is 1,000,000,000,000"),
        ({"embed": 3}, "Mine: its embed cannot be called"),
        ({"version": Refuses()}, "Mine: making text of its version raised ValueError: no text"),
        ({"title": Refuses()}, "Mine: .*title"),
        ({"threshold": {}}, "Mine: .*threshold"),
    ],
)
def test_garbage_in_a_model_is_refused(said, told):
    model = type("Mine", (Means,), said)()
    with pytest.raises(ConfigurationError, match=told):
        load_model(model)


def test_a_name_that_is_no_text_is_refused_and_a_long_one_is_cut():
    with pytest.raises(ConfigurationError, match=r"Means: .*name"):
        load_model(type("Means", (Means,), {"name": 5})())
    name = load_model(type("Means", (Means,), {"name": "a b" * 200})()).card.name
    assert name == ("a-ba-bb-"[:3] + "a-b" * 200)[3:83].strip("-.")


def test_a_reference_that_leads_nowhere_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "halfway.py").write_text(
        "class NoModel:\n    pass\n\ndef breaks():\n    raise OSError('no licence')\n"
        "\ndef quits():\n    raise SystemExit(4)\n"
    )
    (tmp_path / "quits.py").write_text("raise SystemExit(5)\n")
    for reference, said in (
        ("nowhere_to_be_found:f", "cannot be imported"),
        ("halfway:missing", "has no 'missing'"),
        ("halfway:NoModel", "without contract and embed"),
        ("halfway:breaks", "no licence"),
        ("halfway:quits", r"the factory tried to end the process \(SystemExit: 4\)"),
        ("quits:f", r"cannot be imported, it tried to end the process \(SystemExit: 5\)"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            load_model(reference)
    sys.modules.pop("halfway")


def test_weights_of_a_model_that_brings_its_own_are_refused():
    with pytest.raises(ConfigurationError, match="brings its own"):
        load_model("mine.onnx", weights=Path("nowhere.bin"))


def test_a_contract_that_makes_no_sense_is_told():
    class Odd(Means):
        contract = CONTRACT | {"alignment": "sideways"}

    with pytest.raises(ConfigurationError, match="alignment"):
        load_model(Odd())


@pytest.mark.parametrize(
    "templates",
    [
        {"score": "cosine_distance", "unit_length": True},
        TemplateContract(score="cosine_distance", unit_length=True),
    ],
    ids=["dict", "object"],
)
def test_a_model_says_what_comes_out_of_it(templates):
    model = Means()
    model.templates, model.threshold = templates, np.float32(0.5)
    card = load_model(model).card
    assert card.templates == TemplateContract(score="cosine_distance", unit_length=True)
    assert (card.threshold.distance, card.threshold.origin) == (1.0, "the model itself")


def test_a_model_may_say_nothing_of_what_comes_out_of_it():
    card = load_model(Means()).card
    assert (card.templates, card.threshold) == (TemplateContract(), None)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"templates": {"score": "cosine"}}, r"Means: .*templates\.score"),
        ({"templates": ["euclidean"]}, "Means: .*templates"),
        ({"threshold": "strict"}, "Means: .*threshold"),
        ({"threshold": 2.5}, r"Means: .*distance is 2\.5; expected 0 to 2"),
    ],
)
def test_what_a_model_says_of_itself_has_to_make_sense(said, why):
    model = Means()
    vars(model).update(said)
    with pytest.raises(ConfigurationError, match=why):
        load_model(model)


def test_references_are_told_from_names():
    assert [is_reference(name) for name in ("a.b:c", "facenet-vggface2", "C:/x.onnx", "a:b:c")] == [
        True,
        False,
        False,
        False,
    ]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that adds a model."""
    (tmp_path / "addon.py").write_text(
        "import numpy as np\n\n\nclass Added:\n"
        f"    contract = {CONTRACT!r}\n\n"
        "    def embed(self, batch):\n        return batch.reshape(len(batch), -1)[:, ::97]\n"
    )
    info = tmp_path / "addon-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: addon\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[faceproof.models]\nadded = addon:Added\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield "added"
    sys.modules.pop("addon", None)


def test_an_installed_package_adds_a_model(package):
    model = load_model(package)
    assert (model.card.name, model.template_size, model.reference) == ("added", len(range(0, 3 * 48 * 48, 97)), "added")
    assert installed_models() == {"added": "addon:Added"}


def test_an_installed_package_takes_no_name_of_a_model_that_faceproof_knows(package, tmp_path, monkeypatch, capsys):
    """The name stays with that model; the other one is listed by the reference that leads to it."""
    added = tmp_path / "addon-1.0.dist-info" / "entry_points.txt"
    added.write_text("[faceproof.models]\nDLIB-resnet = addon:Added\nadded = addon:Added\n")
    assert (installed_models(), hidden_models()) == ({"added": "addon:Added"}, {"DLIB-resnet": "addon:Added"})
    with pytest.raises(
        WeightsError, match=r"none\.dat cannot be read"
    ):  # weights are asked for: it is the model of the card
        load_model("DLIB-resnet", weights=tmp_path / "none.dat")
    list_models()
    assert re.search(r"^addon:Added +recogniser .* as DLIB-resnet, which is", capsys.readouterr().out, re.MULTILINE)


def test_a_model_cannot_be_called_like_one_that_faceproof_knows():
    model = Means()
    model.name = "facenet-vggface2"
    with pytest.raises(ConfigurationError, match="would be called 'facenet-vggface2'"):
        load_model(model)


def test_two_models_of_one_name_are_refused(people, tmp_path, cached):
    with pytest.raises(ConfigurationError, match="one name"):
        stress(people, models=[Means(), Means()], out=tmp_path / "run")


def test_verify_feeds_the_model_of_a_run_as_the_run_did(package, people, tmp_path, cached):
    recipe = Recipe(color_order="bgr", pixel_mean=(1.0, 2.0, 3.0), pixel_divisor=64.0)
    judged(people, package, tmp_path, recipe=recipe)
    model, again = recipe_of_run(tmp_path / "run")
    assert model == package
    contract = load_pipeline(model, None, again).recognizer.contract
    assert contract == changed_contract(load_model(package).contract, recipe)
    judged(people, Means(), tmp_path, overwrite=True)
    with pytest.raises(ConfigurationError, match="nothing loads again"):
        recipe_of_run(tmp_path / "run")


def test_an_unknown_name_says_what_else_there_is():
    with pytest.raises(ConfigurationError, match=r"\.onnx"):
        load_model("facenet-vgface")


def test_the_threshold_of_a_run_means_nothing_to_other_weights(package, people, tmp_path, cached):
    judged(people, package, tmp_path)
    photo = sorted(people.rglob("*.jpg"))[0]
    model, recipe = recipe_of_run(tmp_path / "run")
    threshold = threshold_of_run(tmp_path / "run")
    assert verify(photo, photo, model=model, recipe=recipe, threshold=threshold).same_person
    other = replace(threshold, weights_sha256="0" * 64)
    with pytest.raises(ConfigurationError, match="other weights"):
        verify(photo, photo, model=model, recipe=recipe, threshold=other)
