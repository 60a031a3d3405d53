"""Code of the user's own: whatever it raises becomes an error that names it."""

from __future__ import annotations

import pytest

from faceproof.errors import ConfigurationError, DegradationError
from faceproof.plugins import attribute, described, users_code


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
