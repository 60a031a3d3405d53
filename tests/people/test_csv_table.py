"""The one reader of CSV files: rows one by one, and columns, are the same table with the same lines."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.csv_table import DELIMITERS, decoded, read_table

EXPECTED = "Expected a table"


def table_of(tmp_path, content, name="table.csv", *, in_memory=False):
    content = content.encode() if isinstance(content, str) else content
    path = tmp_path / name
    path.write_bytes(content)
    return read_table(path, "table", PeopleError, expected=EXPECTED, content=content if in_memory else None)


def by_rows(table):
    return list(table.records())


def by_columns(table):
    """As `by_rows`, from the columns."""
    cells = table.cells({str(place): place for place in range(table.width)})
    rows = [list(row) for row in zip(*(column.to_pylist() for column in cells.table.columns), strict=True)]
    lines = cells.lines(list(range(len(rows))))
    return [(lines[row], values) for row, values in enumerate(rows)]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("in_memory", [False, True])
def test_separators_marks_and_line_ends(tmp_path, delimiter, mark, end, in_memory):
    lines = ["", "Photo A?label?x", "ü?1?", " ", "??", '"b?""c"""?0?y', ""]
    table = table_of(tmp_path, mark + end.join(lines).replace("?", delimiter), in_memory=in_memory)
    assert (table.delimiter, table.first, table.first_line) == (delimiter, ("Photo A", "label", "x"), 2)
    assert table.names() == ["photo_a", "label", "x"]
    expected = [(3, ["ü", "1", ""]), (6, [f'b{delimiter}"c"', "0", "y"])]
    assert by_rows(table) == expected
    assert by_columns(table) == expected


@pytest.mark.parametrize("suffix", [".tsv", ".TAB"])
def test_tabs_are_told_by_the_name_of_the_file(tmp_path, suffix):
    assert table_of(tmp_path, "a\tb,c,d\n", f"table{suffix}").first == ("a", "b,c,d")


CELL = st.text(st.sampled_from('ab ü,;"\n\r'), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(2, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_rows_and_columns_agree_with_what_was_written(tmp_path_factory, rows, end, quoting):
    rows = [["a"] * len(rows[0]), *rows]
    stream = io.StringIO(newline="")
    # Python's writer quotes a carriage return only where its lines end with one.
    csv.writer(stream, lineterminator="\r\n", quoting=quoting).writerows(rows)
    assume(not any({*"\n\r"} & {*cell} and {*DELIMITERS} & {*cell} for row in rows for cell in row))
    assume(not any("\r\n" in cell for row in rows for cell in row))
    table = table_of(tmp_path_factory.mktemp("any"), stream.getvalue().replace("\r\n", end))
    one_by_one = by_rows(table)
    assert [cells for _, cells in one_by_one] == [row for row in rows[1:] if any(cell.strip() for cell in row)]
    assert by_columns(table) == one_by_one


@pytest.mark.parametrize("blank", ["", " ", ",", ", ,\t", '"",""'])
def test_blank_rows_are_passed_over_whatever_their_number_of_cells(tmp_path, blank):
    table = table_of(tmp_path, f"a,b,c\n1,2,3\n{blank}\n4,5,6\n")
    assert by_rows(table) == by_columns(table) == [(2, ["1", "2", "3"]), (4, ["4", "5", "6"])]


def test_a_row_counts_where_only_a_column_that_is_not_read_is_filled(tmp_path):
    cells = table_of(tmp_path, "a,b\n1,\n,2\n,\n3,\n").cells({"a": 0})
    assert cells.table["a"].to_pylist() == ["1", "", "3"]
    assert cells.lines([0, 1, 2]) == {0: 2, 1: 3, 2: 5}


def test_rows_of_another_width_are_kept_one_by_one_and_refused_as_columns(tmp_path):
    table = table_of(tmp_path, "a,b\n1\n1,2,3\n" + "x\n" * 5)
    assert [len(cells) for _, cells in by_rows(table)] == [1, 3, 1, 1, 1, 1, 1]
    said = r"line 2: 1 cells; line 3: 3 cells; line 4: .*; line 6: 1 cells; and 2 more; the first line names 2 columns"
    with pytest.raises(PeopleError, match=said):
        table.cells({"a": 0})


@pytest.mark.parametrize("read", [by_rows, by_columns])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('a,b\n1,"2\n3,4\n', r"the row that starts in line 2 is not CSV"),
        ('a,b\n1,2\n\n1,"2" 3\n', r"the row that starts in line 3 is not CSV|starts in line 4 is not CSV"),
        ('a,b\n1,"2\n3,4"\n5,6\n', r"a cell in quotes that ends in line 3 has line breaks and 1 separators"),
    ],
)
def test_a_stray_quote_is_refused_with_the_line(tmp_path, read, content, said):
    with pytest.raises(PeopleError, match=said):
        read(table_of(tmp_path, content))


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff", ",,\n"])
def test_a_file_without_a_row_is_empty(tmp_path, content):
    with pytest.raises(PeopleError, match=r"table\.csv is empty\. Expected a table\.$"):
        table_of(tmp_path, content)


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\n\n,\n"])
def test_a_first_row_alone_is_a_table_without_records(tmp_path, content):
    table = table_of(tmp_path, content)
    assert by_rows(table) == by_columns(table) == []


@pytest.mark.parametrize(
    ("content", "line", "hint"),
    [
        ("a,b\n1,2\n".encode("utf-16"), 1, "It is UTF-16 text, which spreadsheets call Unicode text."),
        (b"PK\x03\x04\x14\x00\x80", 1, "It is a ZIP file, as xlsx and ods are: export the table as CSV."),
        (b"\x1f\x8b\x08\x00", 1, "It is compressed with gzip: unpack it."),
        (b"a,b\n1,\xe9\n", 2, ""),
        (b"a,b\n" + b"1,2\n" * (1 << 18) + "ü".encode() + b",\xff\n", 2 + (1 << 18), ""),
        (b"a,b\n1,2\n\xc3", 3, ""),
    ],
)
@pytest.mark.parametrize("in_memory", [False, True])
def test_what_is_no_utf_8_is_refused_with_the_line_and_what_it_is(tmp_path, content, line, hint, in_memory):
    with pytest.raises(PeopleError) as caught:
        table_of(tmp_path, content, in_memory=in_memory)
    assert f"line {line:,} is not UTF-8 text. Save the table as UTF-8." in str(caught.value)
    assert str(caught.value).endswith(hint or "UTF-8.")
    with pytest.raises(ConfigurationError, match=f"line {line:,} is not UTF-8"):
        decoded(content, tmp_path / "table.csv", "table", ConfigurationError)


def test_letters_may_lie_on_the_border_of_what_is_read_at_a_time(tmp_path):
    content = "a,b\n" + "x" * ((1 << 20) - 5) + "ü,1\n"
    assert table_of(tmp_path, content[:4] + content[-4:] * 3).cells({"a": 0}).table["a"].to_pylist() == ["ü"] * 3
    assert decoded(content.encode(), tmp_path, "table", PeopleError) == content


def test_columns_are_found_by_name_and_the_others_are_named(tmp_path):
    table = table_of(tmp_path, "Label,path-a, Quality ,,photo b\n1,2,3,4,5\n")
    places = table.places(["photo_a", "photo_b", "mated", "fold"], same={"label": "mated"})
    assert places == {"photo_a": 1, "photo_b": 4, "mated": 0}
    assert table.others(places) == ("Quality",)
    with pytest.raises(PeopleError, match=r"line 1 is 'mated,x,Label', with the column mated more than once: mated, L"):
        table_of(tmp_path, "mated,x,Label\n").places(["mated"], same={"label": "mated"})


def test_many_rows_are_columns_with_their_lines(tmp_path):
    table = table_of(tmp_path, "a,b\n" + "".join(f"{row},x\n" for row in range(100_000)))
    cells = table.cells({"b": 1, "a": 0})
    assert cells.table.column_names == ["b", "a"]
    np.testing.assert_array_equal(cells.row, np.arange(100_000))
    assert cells.lines([0, 99_999]) == {0: 2, 99_999: 100_001}
