from __future__ import annotations

from pathlib import Path

import pytest

from faceproof.errors import ConfigurationError, FaceproofError, RunFolderError


@pytest.mark.parametrize(
    ("written", "in_python", "on_command_line"),
    [
        ("[[out]]", "`out`", "--out"),
        ("[[overwrite=True]]", "`overwrite=True`", "--overwrite"),
        ("[[cache=False]]", "`cache=False`", "--no-cache"),
        ("[[stage=aligned]]", "`stage='aligned'`", "--stage aligned"),
        ("[[size_px=112]]", "`size_px=112`", "--crop-size 112"),
        ("[[weights=FILE]]", "`weights=FILE`", "--weights FILE"),
        ("[[min_face_size]] and [[selection]]", "`min_face_size` and `selection`", "--min-face-size and --select"),
        ("[1, 2] and a[0][1]", "[1, 2] and a[0][1]", "[1, 2] and a[0][1]"),
    ],
)
def test_arguments_are_named_as_python_and_the_command_line_have_them(written, in_python, on_command_line):
    error = FaceproofError(f"Choose {written}.")
    assert str(error) == f"Choose {in_python}."
    assert error.on_command_line() == f"Choose {on_command_line}."


def test_an_error_has_what_it_is_about():
    error = RunFolderError("no run folder", path="runs/a")
    assert (error.path, error.stage) == (Path("runs/a"), None)
    assert ConfigurationError("x", argument="seed").argument == "seed"
    assert FaceproofError("x").path is None
