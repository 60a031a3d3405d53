"""Gates on the package itself: the public list, and an import that costs nothing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import faceproof

HEAVY = {"torch", "altair", "vl_convert", "sklearn", "pyarrow", "pandas", "PIL", "numpy", "pydantic", "jinja2"}


def test_the_public_names_are_these():
    assert faceproof.__all__ == [
        "MTCNN", "Recipe", "Run", "Threshold", "Verification", "compare", "evaluate", "evaluate_templates",
        "load_model", "score", "stress", "verify"
    ]  # fmt: skip
    assert all(getattr(faceproof, name) is not None for name in faceproof.__all__)


def test_importing_the_package_and_the_command_line_loads_nothing_heavy():
    code = "import sys, faceproof, faceproof.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(faceproof, "evaluat")


def test_no_public_name_is_a_module_that_takes_its_place_once_it_is_imported():
    for name in faceproof.__all__:
        assert importlib.util.find_spec(f"faceproof.{name}") is None
        assert callable(getattr(faceproof, name))
        assert getattr(faceproof, name) is getattr(faceproof, name)
