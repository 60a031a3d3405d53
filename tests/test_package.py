"""Gates on the package itself: the public list, and an import that costs nothing."""

from __future__ import annotations

import importlib.util
import inspect
import json
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import faceproof
from faceproof.jobs import thresholds, verification
from faceproof.people.folder import read_people
from faceproof.systems.weights.card import InputContract

HEAVY = {"torch", "altair", "vl_convert", "sklearn", "pyarrow", "pandas", "PIL", "numpy", "pydantic", "jinja2"}


def test_the_public_names_are_these():
    assert faceproof.__all__ == [
        "MTCNN", "CacheError", "ConfigurationError", "DegradationError", "DetectedPhoto", "DownloadError",
        "FaceproofError", "Faces", "ImageDecodeError", "MetricUndefinedError", "ModelError", "PeopleError",
        "Recipe", "RepeatError", "Run", "RunFolderError", "Threshold", "Verification", "WeightsError", "check_run",
        "compare", "detect", "diff", "doctor", "evaluate", "evaluate_templates", "load_model", "load_run", "plan",
        "plan_claim", "rerun", "score", "stress", "threshold_card", "verify"
    ]  # fmt: skip
    assert all(getattr(faceproof, name) is not None for name in faceproof.__all__)


def test_importing_the_package_and_the_command_line_loads_nothing_heavy():
    code = "import sys, faceproof, faceproof.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], timeout=300, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not HEAVY & set(loaded)


def test_the_version_stands_in_one_place_and_needs_no_metadata():
    root = Path(faceproof.__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    assert "version" not in settings["project"]
    assert settings["project"]["dynamic"] == ["version"]
    source = (root / settings["tool"]["hatch"]["version"]["path"]).read_text("utf-8")
    assert f'__version__ = "{faceproof.__version__}"' in source
    # -I -S: neither installed packages nor their metadata.
    code = f"import sys; sys.path.insert(0, {str(root / 'src')!r}); import faceproof; print(faceproof.__version__)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], timeout=60, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == faceproof.__version__


def test_every_error_is_public():
    from faceproof import errors

    leaves = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
    assert leaves <= set(faceproof.__all__)
    assert faceproof.FaceproofError is errors.FaceproofError


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(faceproof, "evaluat")


def test_no_public_name_is_a_module_that_takes_its_place_once_it_is_imported():
    for name in faceproof.__all__:
        assert importlib.util.find_spec(f"faceproof.{name}") is None
        assert callable(getattr(faceproof, name))
        assert getattr(faceproof, name) is getattr(faceproof, name)


def test_every_path_may_be_text_or_a_path():
    public = [getattr(faceproof, name) for name in faceproof.__all__ if not name.endswith(("Run", "Photo", "Error"))]
    public += [faceproof.MTCNN.__call__, thresholds.threshold_of_run, verification.recipe_of_run, read_people]
    paths = [
        (function.__name__, parameter.name, str(parameter.annotation))
        for function in public
        for parameter in inspect.signature(function).parameters.values()
        if "Path" in str(parameter.annotation)
    ]
    assert len(paths) > 20
    assert [one for one in paths if "str | Path" not in one[2]] == []


class Means:
    """Describes a face by the means of its parts."""

    contract = InputContract(size_px=8, pixel_mean=0, pixel_divisor=255, alignment="even_margin_crop")

    def embed(self, batch):
        return batch.reshape(len(batch), 3, 4, 2, 4, 2).mean(axis=(3, 5)).reshape(len(batch), -1)


@pytest.mark.parametrize("kind", [str, Path])
def test_jobs_take_text_and_paths_alike(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for photo in range(6):
        folder = Path("people") / f"p{photo // 2}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(photo).integers(0, 255, (8, 8, 3), np.uint8)).save(
            folder / f"{photo}.png"
        )
    ids = np.array([f"p{photo // 2}/{photo}.png" for photo in range(6)])
    np.savez("templates.npz", photo=ids, template=np.random.default_rng(0).normal(size=(6, 4)))
    Path("scores.csv").write_text("similarity,mated\n0.9,1\n0.2,0\n0.4,0\n0.8,1\n")
    lines = [f"{a},{b},{int(a[:2] == b[:2])}\n" for a, b in pairwise(ids)]
    Path("pairs.csv").write_text("path_a,path_b,mated\n" + "".join(lines))
    plain = {"recipe": faceproof.Recipe(detector="none"), "canary": False, "figures": False}
    first = faceproof.evaluate(
        kind("people"),
        model=Means(),
        protocol="csv",
        protocol_settings={"pairs": kind("pairs.csv")},
        out=kind("a"),
        **plain,
    )
    assert first.folder == Path("a")
    assert first.summary.counts.templates == 6
    faceproof.evaluate_templates(
        kind("templates.npz"), kind("people"), protocol="csv", protocol_settings={"pairs": kind("pairs.csv")},
        out=kind("b"), figures=False,
    )  # fmt: skip
    assert faceproof.compare([kind("a"), kind("b")], out=kind("c"), figures=False).folder == Path("c")
    assert faceproof.score(kind("scores.csv"), out=kind("d"), figures=False).folder == Path("d")
    run = faceproof.stress(
        kind("people"), models=[Means()], suite=grey, protocol="csv", protocol_settings={"pairs": kind("pairs.csv")},
        out=kind("e"), threshold=0.5, **plain,
    )  # fmt: skip
    assert run.folder == Path("e")
    found = faceproof.verify(kind(f"people/{ids[0]}"), kind(f"people/{ids[0]}"), model=Means(), recipe=plain["recipe"])
    assert found.distance == pytest.approx(0, abs=1e-3)
    assert thresholds.threshold_of_run(kind("a"), "best_accuracy").distance >= 0
    again = faceproof.load_run(kind("a"))
    assert again == faceproof.Run(Path("a"), first.summary)
    assert (again.scores().num_rows, again.photos().num_rows) == (5, 6)
    assert faceproof.load_run(kind("e")).scores()["condition"].unique().to_pylist() == [
        "clean",
        *(f"grey-{severity}" for severity in range(1, 6)),
    ]
    shown = repr(again).splitlines()
    assert shown[0] == "Run(folder='a')"
    assert shown[1].strip()[:40] == again.summary.headline[:40]
    assert (len(shown), max(map(len, shown)) <= 120) == (3, True)
    assert json.loads(Path("a/manifest.json").read_text())["people"]["photos"] == 6


def grey(photo, severity):
    return np.full_like(photo, 128)
