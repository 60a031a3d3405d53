"""The columns of a score file as text, and its mistakes in one message."""

from __future__ import annotations

import re

import numpy as np
import pytest

from faceproof.errors import PeopleError
from faceproof.systems.external.score_cells import Mistakes, read_cells


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "scores.csv"
        path.write_text(content)
        return path

    return write


def test_the_columns_that_count_are_read_as_text_whatever_their_order(written):
    cells = read_cells(written("extra,Label,distance\nx,1, .5\n,,\ny,0,\n"))
    assert cells.places == {"distance": 2, "label": 1}
    assert cells.table.to_pydict() == {"distance": [" .5", ""], "label": ["1", "0"]}
    assert cells.lines([0, 1]) == {0: 2, 1: 4}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("similarity,mated", "no comparison below it"),
        ("similarity,mated\n", "no comparison below it"),
        ("similarity,mated\n,\n\n", "no comparison below it"),
        ("similarity,distance,mated\n1,1,1\n", "both similarity and distance"),
        ("score,mated\n1,1\n", "neither similarity nor distance"),
        ("0.5,1\n0.4,0\n", "line 1 is '0.5,1', with neither similarity nor distance"),
        ("similarity\n1\n", "neither mated nor label"),
        ("similarity,mated,label\n1,1,1\n", "both mated and label"),
        ("similarity,mated,photo_a\n1,1,x\n", "only one of photo_a and photo_b"),
        ("similarity,mated,person_b\n1,1,x\n", "only one of person_a and person_b"),
        ("similarity,mated,path_b\n1,1,x\n", "only one of photo_a and photo_b"),
    ],
)
def test_columns_that_are_missing_or_exclude_each_other_are_refused(written, content, message):
    path = written(content)
    with pytest.raises(PeopleError, match=re.escape(message)) as error:
        read_cells(path)
    assert str(path) in str(error.value)


@pytest.fixture
def cells(written):
    """Seven rows, with a blank one after the first."""
    return read_cells(written("similarity,mated\n0,0\n,\n1,10\n2,20\n3,30\n4,40\n5,50\n6,60\n"))


def message_of(mistakes):
    with pytest.raises(PeopleError) as caught:
        mistakes.check()
    return str(caught.value).partition("scores.csv: ")[2]


def rows(*wrong):
    return np.isin(np.arange(7), wrong)


def test_without_a_mistake_nothing_is_raised(cells):
    mistakes = Mistakes(cells)
    mistakes.add("similarity", rows(), "a number")
    mistakes.check()


def test_mistakes_of_all_columns_are_told_in_the_order_of_lines(cells):
    mistakes = Mistakes(cells)
    mistakes.add("similarity", rows(3), "a number")
    mistakes.add("mated", rows(0, 3), "a label")
    assert message_of(mistakes) == (
        "line 2: mated is '0', expected a label; line 6: mated is '30', expected a label; "
        "line 6: similarity is '3', expected a number. Correct these lines."
    )


def test_five_mistakes_are_told_and_the_others_counted(cells):
    mistakes = Mistakes(cells)
    mistakes.add("similarity", rows(0, 1, 2, 3, 4), "a number")
    assert message_of(mistakes).endswith("line 7: similarity is '4', expected a number. Correct these lines.")
    mistakes.add("mated", rows(*range(7)), "a label")
    assert re.fullmatch(r"line 2: .*; line 5: .*; and 7 more\. Correct these lines\.", message_of(mistakes))


def test_a_long_cell_is_cut(written):
    mistakes = Mistakes(read_cells(written(f"similarity,mated\n{'x' * 81},1\n")))
    mistakes.add("similarity", np.array([True]), "a number")
    assert f"similarity is '{'x' * 80}', expected" in message_of(mistakes)
