"""Files in installed packages are found without importing these."""

from __future__ import annotations

import sys

import pytest

from faceproof.systems.weights.packages import find_in_package


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of packages: one cannot be imported, one lies in two folders, one is a single module."""
    for part in ("one", "two"):
        monkeypatch.syspath_prepend(tmp_path / part)
        (tmp_path / part / "fp_parts" / "data").mkdir(parents=True)
    (tmp_path / "one" / "fp_parts" / "data" / "a.bin").touch()
    for part in ("one", "two"):
        (tmp_path / part / "fp_parts" / "b.bin").touch()
    package = tmp_path / "one" / "fp_broken"
    (package / "weights").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "weights" / "net.pt").touch()
    (tmp_path / "one" / "fp_module.py").touch()
    return tmp_path


def test_a_file_or_a_folder_is_found_and_the_package_is_not_imported(site):
    package = site / "one" / "fp_broken"
    assert find_in_package("fp_broken", "weights/net.pt") == package / "weights" / "net.pt"
    assert find_in_package("fp_broken", "weights") == package / "weights"
    assert "fp_broken" not in sys.modules


def test_a_package_or_a_place_that_is_missing_is_none(site):
    assert find_in_package("fp_broken", "weights/other.pt") is None
    assert find_in_package("fp_nowhere", "weights/net.pt") is None
    assert find_in_package("fp_module", "fp_module.py") is None


def test_of_a_package_in_several_folders_the_first_that_has_the_place_counts(site):
    # The folder that was added to the path last comes first.
    assert find_in_package("fp_parts", "b.bin") == site / "two" / "fp_parts" / "b.bin"
    assert find_in_package("fp_parts", "data/a.bin") == site / "one" / "fp_parts" / "data" / "a.bin"
