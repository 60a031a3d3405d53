"""Pair lists that are read by names of photos alone."""

from __future__ import annotations

import pytest

from faceproof.errors import PeopleError
from faceproof.systems.external.listed_pairs import read_listed_pairs


def test_a_csv_file(tmp_path):
    file = tmp_path / "pairs.csv"
    file.write_text("Path A;path_b;label;note\na/1.jpg; a/2.jpg ;yes;x\n\na/1.jpg;b/1.jpg;no;y\n")
    pairs = read_listed_pairs(file)
    assert {name: column.to_pylist() for name, column in pairs.names.items()} == {
        "photo_a": ["a/1.jpg", "a/1.jpg"],
        "photo_b": ["a/2.jpg", "b/1.jpg"],
    }
    assert (pairs.mated.tolist(), pairs.stems, len(pairs)) == ([True, False], False, 2)


def test_a_list_in_the_format_of_lfw(tmp_path):
    file = tmp_path / "pairs.txt"
    file.write_text("2\t1\nAnn_Lee\t1\t4\nAnn_Lee\t1\tBob\t2\nCem\t1\t2\nCem\t1\tDan\t12\n")
    pairs = read_listed_pairs(file)
    assert pairs.names["photo_a"].to_pylist() == ["Ann_Lee_0001", "Ann_Lee_0001", "Cem_0001", "Cem_0001"]
    assert pairs.names["photo_b"].to_pylist() == ["Ann_Lee_0004", "Bob_0002", "Cem_0002", "Dan_0012"]
    assert pairs.names["person_b"].to_pylist() == ["Ann_Lee", "Bob", "Cem", "Dan"]
    assert (pairs.mated.tolist(), pairs.stems) == ([True, False, True, False], True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("photo_a,photo_b\na,b\n", "Expected a first line with the columns photo_a"),
        ("photo_a,photo_b,mated,person_a\na,b,1,p\n", "Expected a first line with the columns photo_a"),
        ("photo_a,photo_b,mated\n", "no pair below it"),
        ("photo_a,photo_b,mated\na,b,perhaps\n", "'perhaps' is no label"),
        ("10 300\nAnn 1 2\n", "announces 6,000 pairs, 1 follow"),
    ],
)
def test_lists_that_cannot_be_used(tmp_path, content, message):
    (tmp_path / "pairs.csv").write_text(content)
    with pytest.raises(PeopleError, match=message):
        read_listed_pairs(tmp_path / "pairs.csv")
