"""Code of the user's own: whatever it raises becomes an error that names it."""

from __future__ import annotations

import re
import sys

import pytest

from faceproof.errors import ConfigurationError, DegradationError
from faceproof.plugins import attribute, described, imported, users_code


class SilentError(Exception):
    def __str__(self):
        raise ValueError("no text")


def test_an_error_is_described_in_one_line():
    assert described(ValueError("two\n  lines\t")) == "ValueError: two lines"
    assert described(SilentError()) == "SilentError"
    assert described(ValueError("x" * 501)) == f"ValueError: {'x' * 500} ..."


def test_whatever_is_raised_becomes_the_error_that_is_asked_for():
    with (
        pytest.raises(DegradationError, match=r"^mine raised KeyError: 'a'\.$") as caught,
        users_code("mine", DegradationError),
    ):
        _ = {}["a"]
    assert isinstance(caught.value.__cause__, KeyError)
    with (
        pytest.raises(DegradationError, match=r"^mine tried to end the process \(SystemExit: 0\)$"),
        users_code("mine", DegradationError, stop=""),
    ):
        raise SystemExit(0)
    with pytest.raises(KeyboardInterrupt), users_code("mine", DegradationError):
        raise KeyboardInterrupt


class Lacking:
    @property
    def broken(self):
        return self.nothing

    def __getattr__(self, name):
        if name == "made":
            return 5
        raise AttributeError(name)


def test_an_attribute_that_is_not_there_has_its_default():
    assert attribute(Lacking(), "absent", "it", 3) == 3
    assert attribute(Lacking(), "made", "it") == 5


def test_an_attribute_that_is_there_and_lacks_something_is_no_default():
    with pytest.raises(ConfigurationError, match=r"^it: its attribute broken raised AttributeError: "):
        attribute(Lacking(), "broken", "it", 3)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder, and the modules and the path of this process as they were afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_reference_leads_to_a_module_of_the_current_folder_and_that_to_its_neighbours(here):
    (here / "mine_at_home.py").write_text("from neighbour_at_home import number\n")
    (here / "neighbour_at_home.py").write_text("number = 7\n")
    assert imported("mine_at_home:number") == 7
    assert imported("mine_at_home:number") == 7
    assert sys.path.count(str(here)) == 1


@pytest.mark.parametrize("library", ["numpy", "added_library", "wave", "ftplib"])
def test_a_file_with_the_name_of_a_library_is_refused(here, library, monkeypatch):
    """Whether the library is loaded already (numpy), installed (below), or Python's own and not loaded yet."""
    if library == "added_library":
        elsewhere = here / "site-packages"
        elsewhere.mkdir()
        (elsewhere / f"{library}.py").write_text("number = 1\n")
        monkeypatch.setattr(sys, "path", [*sys.path, str(elsewhere)])
    (here / f"{library}.py").write_text("number = 7\n")
    said = rf"^{library}:number: {re.escape(str(here))}/{library}\.py has the name of another module, {library} \(/"
    with pytest.raises(ConfigurationError, match=said):
        imported(f"{library}:number")
    with pytest.raises(ConfigurationError, match="Give the file another name"):
        imported(f"{library}.inner:number")


def test_a_file_with_the_name_of_a_library_does_not_stand_in_for_it(here):
    """A module of the user's, or faceproof itself, may import the library only later."""
    (here / "mine_at_home.py").write_text("import wave\nnumber = wave.open\n")
    (here / "wave.py").write_text("open = 'the wrong one'\n")
    sys.modules.pop("wave", None)
    assert callable(imported("mine_at_home:number"))


def test_a_package_in_the_current_folder_that_is_installed_from_there_is_one_module(here, monkeypatch):
    (here / "mine_at_home.py").write_text("number = 7\n")
    link = here / "link"
    link.symlink_to(here)
    monkeypatch.setattr(sys, "path", [str(link), *sys.path])
    assert imported("mine_at_home:number") == 7


def test_a_folder_of_the_name_of_an_installed_package_does_not_count(here):
    (here / "wave").mkdir()
    assert callable(imported("wave:open"))
