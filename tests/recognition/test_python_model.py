from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from faceproof.errors import ConfigurationError, ModelError
from faceproof.evaluation import evaluate
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.recognition.catalog import load_model
from faceproof.recognition.python_model import is_reference, python_runner

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


def test_a_contract_that_makes_no_sense_is_told():
    class Odd(Means):
        contract = CONTRACT | {"alignment": "sideways"}

    with pytest.raises(ConfigurationError, match="alignment"):
        load_model(Odd())


def test_references_are_told_from_names():
    assert [is_reference(name) for name in ("a.b:c", "facenet-vggface2", "C:/x.onnx", "a:b:c")] == [
        True,
        False,
        False,
        False,
    ]


def test_an_unknown_name_says_what_else_there_is():
    with pytest.raises(ConfigurationError, match=r"\.onnx"):
        load_model("facenet-vgface")
