from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import ConfigurationError, ModelError
from faceproof.evaluation import evaluate
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.recipe import Recipe, changed_contract, load_pipeline
from faceproof.recognition.card import TemplateContract
from faceproof.recognition.catalog import load_model
from faceproof.recognition.python_model import installed_models, python_runner
from faceproof.references import is_reference
from faceproof.stressing import stress
from faceproof.verification import recipe_of_run, threshold_of_run, verify

CONTRACT = {"size_px": 48, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
DOCS = Path(__file__).parents[2] / "docs" / "your-model.md"


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
    settings = {"protocol": "all", "canary": False, "offline": True} | more
    return evaluate(people, model=model, out=tmp_path / "run", **settings).summary


def test_an_object_is_a_model(people, tmp_path, cached):
    summary = judged(people, Means(), tmp_path)
    assert summary["run"]["model"] == "means"
    assert summary["counts"]["templates"] == 12


def test_the_example_of_the_page_runs(people, tmp_path, cached, monkeypatch):
    code = re.search(r"```python\n# mine\.py\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)[1]
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    summary = judged(people, "mine:Thumbnails", tmp_path, canary=True)
    sys.modules.pop("mine")
    assert summary["auc"]["value"] > 0.6
    assert summary["run"]["canary"]["faces"] > 20
    point = next(one for one in summary["operating_points"] if one["name"] == "best_accuracy")
    assert point["threshold_usual"] == pytest.approx(point["threshold_similarity"])


def test_faces_that_it_fails_on_are_failures_with_its_message(people, tmp_path, cached):
    class Picky(Means):
        def embed(self, batch):
            if len(batch) > 1 or batch.mean() > 0.1:
                raise ValueError("too bright")
            return super().embed(batch)

    picky = Picky()
    picky.template_size = 48
    summary = judged(people, picky, tmp_path)
    assert summary["counts"]["templates"] + summary["counts"]["failures_by_stage"]["embed"] == 12
    assert all("too bright" in one["reason"] for one in summary["failures"]["no_template"])
    assert summary["counts"]["failures_by_stage"]["embed"] > 0


def test_nan_is_a_failure(people, tmp_path, cached):
    class Broken(Means):
        def embed(self, batch):
            return np.full((len(batch), 8), np.nan)

    assert judged(people, Broken(), tmp_path)["counts"]["failures_by_stage"]["embed"] == 12


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (np.zeros(4), "expected"),
        (np.zeros((3, 4)), "for 2 faces"),
        (np.zeros((2, 5)), "before, they had 4"),
        ("x", "raised"),
    ],
)
def test_what_is_no_template_is_refused(made, said):
    with pytest.raises(ModelError, match=said):
        python_runner(lambda batch: made, 4)(np.zeros((2, 3, 8, 8), np.float32))


def test_a_reference_that_leads_nowhere_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "halfway.py").write_text("class NoModel:\n    pass\n\ndef breaks():\n    raise OSError('no licence')\n")
    for reference, said in (
        ("nowhere_to_be_found:f", "cannot be imported"),
        ("halfway:missing", "has no 'missing'"),
        ("halfway:NoModel", "without contract and embed"),
        ("halfway:breaks", "no licence"),
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
        ({"threshold": 2.5}, r"Means: .*distance 2\.5 makes no sense; expected 0 to 2"),
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
