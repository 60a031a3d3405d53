"""Score files as they come: spellings, separators, holes, and every mistake with its line."""

from __future__ import annotations

import os
import re
import sys

import numpy as np
import pytest

from faceproof.errors import PeopleError
from faceproof.systems.external.score_file import read_rows, read_scores


@pytest.fixture
def written(tmp_path):
    def write(content, name="scores.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_marks_and_line_ends(written, separator, mark, end):
    lines = [["Photo A", "photo-b", "DISTANCE", "Mated"], ["ü.jpg", '"b"', "1.5", "1"], ["c", "d", "-2e1", "0"]]
    file = read_scores(written(mark + end.join(separator.join(line) for line in lines)))
    assert file.kind == "distance"
    assert file.score.tolist() == [1.5, -20]
    assert file.mated.tolist() == [True, False]
    assert file.names["photo_a"].to_pylist() == ["ü.jpg", "c"]
    assert file.names["photo_b"].to_pylist() == ["b", "d"]


def test_tsv_is_told_by_its_name(written):
    assert read_scores(written("similarity\tmated\ta,b,c\n.5\t1\t\n", "scores.TSV")).score.tolist() == [0.5]


@pytest.mark.parametrize("empty", ["", " ", "NaN", "NA", "n/a", "null", "None"])
def test_a_missing_score_is_a_comparison_that_could_not_be_made(written, empty):
    file = read_scores(written(f"similarity,mated,reason\n{empty},1,no face\n0.5,0,\n"))
    np.testing.assert_array_equal(file.score, [np.nan, 0.5])
    assert file.names["reason"].to_pylist() == ["no face", ""]


def test_folds_are_counted_from_0_in_their_order(written):
    assert read_scores(written("similarity,mated,fold\n.1,0,7\n.2,1,3\n.3,1,7.0\n")).fold.tolist() == [1, 0, 1]
    assert read_scores(written("similarity,mated,fold\n.1,0,7\n.2,1,7\n")).fold.tolist() == [-1, -1]
    assert read_scores(written("similarity,mated\n.1,0\n")).fold.tolist() == [-1]


def test_a_comparison_that_is_left_out_takes_its_whole_row_along(written):
    """Row 2 repeats row 1 with its sides swapped; labels, folds, names and numbers of the later rows stay theirs."""
    rows = ["a,b,.9,1,0", "b,a,.9,1,0", "a,c,.1,0,1", "c,d,.8,1,1", "b,d,.2,0,0"]
    file = read_scores(written("photo_a,photo_b,similarity,mated,fold\n" + "\n".join(rows)))
    assert file.row.tolist() == [1, 3, 4, 5]
    assert file.score.tolist() == [0.9, 0.1, 0.8, 0.2]
    assert file.mated.tolist() == [True, False, True, False]
    assert file.fold.tolist() == [0, 1, 1, 0]
    assert file.names["photo_b"].to_pylist() == ["b", "c", "d", "d"]


def test_blank_rows_and_columns_of_others_are_passed_over(written):
    file = read_scores(written("\n,similarity,mated,extra,\n0,.5,1,x,\n\n,,,,\n1,.4,0,,\n"))
    assert file.score.tolist() == [0.5, 0.4]
    assert file.notes == ("Columns of the score file that are ignored: extra.",)


def test_a_row_of_which_only_ignored_columns_are_filled_is_a_comparison_without_a_label(written):
    with pytest.raises(PeopleError, match=re.escape("'' (1 row, first in line 4), '1' (1 row")):
        read_scores(written("id,similarity,mated\n1,.5,1\n,,\n2,,\n"))


QUOTED = 'similarity,mated,reason\n.5,1,{}\n.4,0,\n.3,0,"fine ""so"", yes"\n'


@pytest.mark.parametrize("cell", ['"not closed', '"closed" too early', '"a"b"'])
def test_a_quote_that_would_swallow_rows_is_refused_with_the_line(written, cell):
    with pytest.raises(PeopleError, match=r"the row that starts in line 2 is not CSV \(.*\)\. Quotes go around"):
        read_scores(written(QUOTED.format(cell)))


@pytest.mark.parametrize(
    "content",
    [
        'similarity,mated,reason\n.5,1,"a\n.4,0,5"\n.3,0,\n',
        'similarity,mated,reason\r\n.5,1,"a\r\n\r\n.4,0,5"\r\n.3,0,\r\n',
        'similarity,mated,reason\r.5,1,"a\r.4,0,5"\r.3,0,\r',
        'similarity,mated,photo_a,photo_b\n.5,1,"a,b\n.4,0,5",d\n.3,0,e,f\n',
    ],
)
def test_a_cell_that_may_hold_a_row_is_refused(written, content):
    with pytest.raises(PeopleError, match=r"a cell in quotes that ends in line \d has line breaks and \d separators"):
        read_scores(written(content))


def test_quotes_that_are_text_are_text(written):
    file = read_scores(written(QUOTED.format('5" wide')))
    assert file.names["reason"].to_pylist() == ['5" wide', "", 'fine "so", yes']
    with pytest.raises(PeopleError, match="the row that starts in line 1 is not CSV"):
        read_scores(written('similarity,"mated\n.5,1\n'))


@pytest.mark.parametrize(
    "content",
    [
        "similarity,mated," + "x" * 200_000 + "\n.5,1,\n",
        "similarity,mated,reason\n.5,1," + "x" * 200_000 + "\n.4,what,\n",
        'similarity,mated,reason\n.5,1,"' + "x" * 200_000 + '"\n.4,0,\n',
        "similarity,mated,reason\n.5,1," + "x" * 3_000_000 + "\n.4,0,\n",
    ],
)
def test_a_cell_without_end_is_refused(written, content):
    with pytest.raises(PeopleError, match=r"larger than field limit|cannot be read as a table") as caught:
        read_scores(written(content))
    assert len(str(caught.value)) < 1000


def test_pipes_devices_and_folders_are_refused_before_they_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, why in ((tmp_path / "pipe", "is a pipe"), ("/dev/zero", "is a device"), (tmp_path, "is a folder")):
        with pytest.raises(PeopleError, match=why):
            read_scores(path)


def test_contradictions_are_noted_and_labels_are_followed(written):
    file = read_scores(
        written("similarity,mated,person_a,person_b,photo_a,photo_b\n.1,1,a,b,1,2\n.2,0,a,a,1,3\n.3,1,c,c,4,4\n")
    )
    assert file.mated.tolist() == [True, False, True]
    assert [re.sub("[^0-9]", "", note) for note in file.notes] == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("similarity,mated,Mated\n1,1,1\n", "mated more than once"),
        ("similarity,mated,photo_a,path A\n1,1,x,x\n", "with the column photo_a more than once"),
        (
            "similarity,mated\n1,1\n0.5,maybe\n",
            "mated are 'maybe' (1 row, first in line 3), '1' (1 row, first in line 2).",
        ),
        ("similarity,label\n1,\n", "the column label are '' (1 row, first in line 2). '' is no label. Expected"),
        ("similarity,mated\n0.5,1\nabc,1\n", "line 3: similarity is 'abc', expected a finite number"),
        ("distance,mated\n1e999,1\n", "line 2: distance is '1e999'"),
        ("distance,mated\ninf,1\n", "line 2: distance is 'inf'"),
        ("similarity,mated,fold\n1,1,x\n", "line 2: fold is 'x', expected a whole number"),
        ("similarity,mated,fold\n1,1,\n", "line 2: fold is ''"),
        ("similarity,mated,person_a,person_b\n1,1,a,\n", "line 2: person_b is '', expected a name"),
        ("similarity,mated\n1,1\n1\n1,1,1\n", "line 3: 1 cells; line 4: 3 cells; the first line names 2 columns"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(written, content, message):
    path = written(content)
    with pytest.raises(PeopleError, match=re.escape(message)) as error:
        read_scores(path)
    assert str(path) in str(error.value)


def test_lines_are_right_after_blank_ones_and_cells_of_several_lines(written):
    content = 'similarity,mated,reason\n\n.5,1,"two\nlines"\n,,\n.4,what,\n'
    with pytest.raises(PeopleError, match=r"'what' \(1 row, first in line 6\)"):
        read_scores(written(content))


def test_many_mistakes_are_counted_and_the_first_five_shown(written):
    with pytest.raises(PeopleError, match=r"line 2: .*line 6: .*; and 995 more\. Correct") as error:
        read_scores(written("similarity,mated\n" + "x,1\n" * 1000))
    assert str(error.value).count("line") == 6


@pytest.mark.parametrize("content", ["similarity,mated\n.5,1\n".encode("utf-16"), b"similarity,mated,x\n.5,1,\xff\n"])
def test_other_encodings_are_refused_with_the_line(written, content):
    with pytest.raises(PeopleError, match=r"line \d is not UTF-8 text\. Save"):
        read_scores(written(content))


def test_bytes_in_a_column_that_counts_are_refused_with_the_line(written):
    with pytest.raises(PeopleError, match="line 3 is not UTF-8"):
        read_scores(written(b"similarity,mated,reason\n.5,1,\n,0,\xe9\n"))


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
def test_a_file_whose_name_is_no_unicode_is_read(written):
    assert len(read_scores(written("similarity,mated\n.5,1\n.4,0\n", os.fsdecode(b"caf\xe9.csv")))) == 2


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PeopleError, match="cannot be read"):
        read_scores(tmp_path / "nowhere.csv")


def test_rows_are_read_as_they_stand(written):
    """Repeats, contradictions and infinite scores stay, and further columns are read."""
    rows = [
        "photo_a,photo_b,similarity,mated,decision",
        "a,b,inf,1,yes",
        "a,b,.2,0,no",
        "b,a,-Infinity,1,",
        "a,b,1e999,1,",
    ]
    path = written("\n".join(rows))
    found = read_rows(path, infinite=True, more=("decision", "split"))
    assert found.numbers.score.tolist() == [np.inf, 0.2, -np.inf, np.inf]
    assert found.mated.tolist() == [True, False, True, True]
    assert found.names["decision"].to_pylist() == ["yes", "no", "", ""]
    assert "split" not in found.names
    with pytest.raises(PeopleError, match="similarity is 'inf', expected a finite number"):
        read_rows(path)
    with pytest.raises(PeopleError, match="similarity is 'infinit', expected a finite number"):
        read_rows(written("similarity,mated\ninfinit,1\n"), infinite=True)
