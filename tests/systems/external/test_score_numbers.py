"""Commas and points in scores: read one way, or refused with the lines; never guessed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.systems.external.score_file import read_scores


@pytest.fixture
def read(tmp_path):
    def write(cells, decimal=None, delimiter=";"):
        quote = '"' if delimiter == "," else ""
        path = tmp_path / "scores.csv"
        rows = [f"similarity{delimiter}mated", *(f"{quote}{cell}{quote}{delimiter}1" for cell in cells)]
        path.write_text("\n".join(rows) + "\n")
        return read_scores(path, decimal=decimal)

    return write


DECIMAL_COMMAS = "Commas in the scores are taken as decimal commas."
ADVICE = "Say which: `decimal='comma'` or `decimal='point'`"


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_commas_in_every_number_are_decimal_commas(read, delimiter):
    file = read(["0,25", "", "1,5e1", "-3,0", ",5", "NaN", "0,640"], delimiter=delimiter)
    np.testing.assert_array_equal(file.score, [0.25, np.nan, 15, -3, 0.5, np.nan, 0.64])
    assert (file.notes, file.decimal) == ((DECIMAL_COMMAS,), "comma")


@pytest.mark.parametrize(
    "cells", [["0.25", "1", "-3"], ["640", "6"], ["0.640", "1"], ["6.640", "0.25", "1"], ["6.640"]]
)
def test_points_are_decimal_points(read, cells):
    file = read(cells)
    assert file.score.tolist() == [float(cell) for cell in cells]
    assert (file.notes, file.decimal) == ((), "point")


MIXED = "some numbers have a comma and others have none"
BOTH_MARKS = "numbers have a comma and a point"
ALL_GROUPS = "every comma stands in front of three digits"
POINT_GROUPS = "some numbers have a point in front of three digits"


@pytest.mark.parametrize(
    ("cells", "why", "shown"),
    [
        (["6,640", "640"], MIXED, "'6,640' in line 2 (1 of 1), '640' in line 3 (1 of 1)"),
        (["640", "", "6,640", "7,000"], MIXED, "'6,640' in line 4 (1 of 2), '640' in line 2 (1 of 1)"),
        (["0,5", "1"], MIXED, "'0,5' in line 2 (1 of 1), '1' in line 3 (1 of 1)"),
        (["0.5", "0,25"], MIXED, "'0,25' in line 3 (1 of 1), '0.5' in line 2 (1 of 1)"),
        (["1,234,567", "0.5"], MIXED, "'1,234,567' in line 2"),
        (["1.234,5", "2,5"], BOTH_MARKS, "'1.234,5' in line 2 (1 of 1)"),
        (["1,234.5", "2,567.5"], BOTH_MARKS, "'1,234.5' in line 2 (1 of 2)"),
        (["6,640", "7,120"], ALL_GROUPS, "'6,640' in line 2 (1 of 2)"),
        (["1,234,567"], ALL_GROUPS, "'1,234,567' in line 2 (1 of 1)"),
        (["6.640", "640"], POINT_GROUPS, "'6.640' in line 2 (1 of 1), '640' in line 3"),
    ],
)
def test_what_may_be_thousands_is_refused_with_the_lines(read, cells, why, shown):
    with pytest.raises(PeopleError) as caught:
        read(cells)
    for part in (f"in the column similarity, {why}", shown, ADVICE):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("decimal", "cells", "scores"),
    [
        ("comma", ["6,640", "640", "0,5", "1"], [6.64, 640, 0.5, 1]),
        ("point", ["6,640", "640", "0.5", "1"], [6640, 640, 0.5, 1]),
        ("point", ["1,234,567.8", "-1,000", "+12,345."], [1234567.8, -1000, 12345]),
        ("comma", ["1.234.567,8", "-1.000", "+12.345,"], [1234567.8, -1000, 12345]),
        ("comma", ["6.640", "640"], [6640, 640]),
        ("point", ["6.640", "640"], [6.64, 640]),
        ("comma", ["0,25", "1,5e1"], [0.25, 15]),
    ],
)
def test_the_decimal_mark_that_is_asked_for_decides(read, decimal, cells, scores):
    file = read(cells, decimal)
    assert file.score.tolist() == scores
    assert file.decimal == decimal


NO_NUMBER = {
    "point": [
        *("0,5", "1,23", "12,3456", "1234,567", "1,2345", "0,640", "1,234,56", "1,234e3", "1.234,5", ",123", "1,,234"),
        *("1,234.5.6", "1 234", "1'234", "50%", "1\u00a0234", "1_0"),
    ],
    "comma": ["0.5", "1.23", "1234.567", "0.640", "1,234.5", ".123", "1.234e3", "1'234,5", "5,0%"],
    None: ["1'234", "1 234", "1\u202f234", "50%", "\u22120.5", "0x1p3", "1_000", ".", ",", "1,2,3", "\u0663"],
}


@pytest.mark.parametrize(("decimal", "cell"), [(mark, cell) for mark, cells in NO_NUMBER.items() for cell in cells])
def test_other_marks_are_refused_with_the_line(read, decimal, cell):
    expected = f"line 3: similarity is {cell!r}, expected a finite number with a decimal {decimal or 'point'}"
    with pytest.raises(PeopleError, match=re.escape(expected)):
        read(["5", cell], decimal)


def test_thousands_that_were_taken_are_told(read):
    notes = read(["5", "1,000", "2,000"], "point").notes
    assert notes == ("Commas in 2 scores are taken as thousands separators: '1,000' in line 3 is 1000.",)
    notes = read(["0,5", "1.234,5"], "comma").notes
    assert notes == (
        DECIMAL_COMMAS,
        "Points in 1 score are taken as thousands separators: '1.234,5' in line 3 is 1234.5.",
    )


def test_another_decimal_is_a_mistake_of_configuration(read):
    with pytest.raises(ConfigurationError, match="decimal is 'dot'; expected 'comma' or 'point'"):
        read(["1"], "dot")
