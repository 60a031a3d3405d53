"""Errors of a file in one message: the first five with their lines, and how many there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from faceproof.errors import PeopleError
from faceproof.people.problems import Problems

PATH = Path("lists/pairs.csv")


def message(count: int) -> str:
    problems = Problems(PATH)
    for number in range(count):
        problems.add(998 + number, f"wrong {number}")
    with pytest.raises(PeopleError) as caught:
        problems.check("Correct these lines.")
    assert caught.value.path == PATH
    return str(caught.value)


def test_without_an_error_nothing_is_raised() -> None:
    Problems(PATH).check("Correct these lines.")


def test_one_error_is_named_with_its_line() -> None:
    assert message(1) == f"{PATH}: line 998: wrong 0. Correct these lines."


def test_five_errors_are_all_named_and_of_more_the_others_are_counted() -> None:
    five = (
        f"{PATH}: line 998: wrong 0; line 999: wrong 1; line 1,000: wrong 2; line 1,001: wrong 3; line 1,002: wrong 4"
    )
    assert message(5) == f"{five}. Correct these lines."
    assert message(6) == f"{five}; and 1 more. Correct these lines."
    assert message(1_005) == f"{five}; and 1,000 more. Correct these lines."
