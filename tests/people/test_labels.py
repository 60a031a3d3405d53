"""Words for mated and non-mated: each means one thing, in score files and in pair lists alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import PeopleError
from faceproof.people.labels import LABEL_PAIRS, LABELS, PAIRS_IN_WORDS, meaning_of
from faceproof.people.protocols import csv_protocol
from faceproof.people.types import Photo, PhotoSet
from faceproof.systems.external.score_file import read_scores

# Written out here, word by word, so that a word that changes sides in the code fails.
MATED = ["1", "1.0", "true", "t", "yes", "y", "mated", "genuine", "client", "same", "match", "positive", "target"]
NON_MATED = [
    *("0", "-1", "0.0", "-1.0", "false", "f", "no", "n", "non-mated", "nonmated", "non_mated", "non mated", "impostor"),
    *("imposter", "different", "non-match", "nonmatch", "non_match", "non match", "mismatch", "negative"),
    *("nontarget", "non-target", "non_target", "non target"),
]
PAIRS = [
    *(("1", "0"), ("1", "-1"), ("1.0", "0.0"), ("1.0", "-1.0"), ("true", "false"), ("t", "f"), ("yes", "no")),
    *(("y", "n"), ("mated", "non-mated"), ("genuine", "impostor"), ("client", "impostor"), ("same", "different")),
    *(("match", "non-match"), ("positive", "negative"), ("target", "nontarget")),
]
PEOPLE = PhotoSet(
    Path("people"), tuple(Photo(f"Ann/{n}.jpg", Path(f"people/Ann/{n}.jpg"), "Ann", str(n)) for n in range(5))
)


def labels_in_scores(tmp_path: Path, labels: list[str], column: str = "mated") -> list[bool]:
    path = tmp_path / "scores.csv"
    path.write_text("".join([f"similarity,{column}\n", *(f"0.{n},{label}\n" for n, label in enumerate(labels))]))
    return list(read_scores(path).mated.tolist())


def labels_in_pairs(tmp_path: Path, labels: list[str], column: str = "mated") -> list[bool]:
    path = tmp_path / "pairs.csv"
    rows = [f"Ann/{n}.jpg,Ann/{n + 1}.jpg,{label}\n" for n, label in enumerate(labels)]
    path.write_text("".join([f"path_a,path_b,{column}\n", *rows]))
    return list(csv_protocol(PEOPLE, path).mated.tolist())


BOTH = pytest.mark.parametrize("read", [labels_in_scores, labels_in_pairs])


def test_every_word_is_on_the_side_that_it_says() -> None:
    assert {word for word, mated in LABELS.items() if mated} == set(MATED)
    assert {word for word, mated in LABELS.items() if not mated} == set(NON_MATED)
    assert [(pair.mated[0], pair.non_mated[0]) for pair in LABEL_PAIRS] == PAIRS
    assert "1/-1" in PAIRS_IN_WORDS


def test_the_page_lists_every_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "imported.md").read_text(encoding="utf-8")
    table = page.partition("### Labels")[2].partition("###")[0]
    rows = [[re.findall("`([^`]+)`", cell) for cell in row.split("|")[1:3]] for row in table.splitlines() if "`" in row]
    listed = [(tuple(mated), tuple(other)) for mated, other in (row for row in rows if len(row) == 2)]
    assert listed == [tuple(pair) for pair in LABEL_PAIRS]


def test_a_word_means_the_same_in_every_pair_that_has_it() -> None:
    for word in LABELS:
        assert {word in pair.mated for pair in LABEL_PAIRS if word in {*pair.mated, *pair.non_mated}} == {LABELS[word]}


@BOTH
@pytest.mark.parametrize("column", ["mated", "label", "LABEL"])
@pytest.mark.parametrize(("mated", "non_mated"), PAIRS)
def test_both_words_of_every_pair_are_read(tmp_path, read, column, mated, non_mated) -> None:
    assert read(tmp_path, [mated, non_mated, mated.upper()], column) == [True, False, True]
    assert read(tmp_path, [f" {non_mated.title()} ", mated], column) == [False, True]


@BOTH
@pytest.mark.parametrize("word", MATED)
def test_a_column_of_one_word_that_is_mated(tmp_path, read, word) -> None:
    assert read(tmp_path, [word, word]) == [True, True]


@BOTH
@pytest.mark.parametrize("word", NON_MATED)
def test_a_column_of_one_word_that_is_non_mated(tmp_path, read, word) -> None:
    assert read(tmp_path, [word, word]) == [False, False]


@BOTH
def test_two_spellings_of_one_word_may_stand_together(tmp_path, read) -> None:
    assert read(tmp_path, ["match", "mismatch", "non-match"]) == [True, False, False]
    assert read(tmp_path, ["client", "imposter", "impostor"]) == [True, False, False]


@BOTH
@pytest.mark.parametrize(
    "labels",
    [
        ["1", "no"],
        ["0", "-1"],
        ["1", "0", "-1"],
        ["1", "0.0"],
        ["true", "0"],
        ["t", "false"],
        ["genuine", "different"],
        ["client", "genuine"],
        ["mated", "nontarget"],
    ],
)
def test_words_of_two_pairs_are_refused_with_what_was_found(tmp_path, read, labels) -> None:
    with pytest.raises(PeopleError, match="No pair of labels has all of them") as caught:
        read(tmp_path, labels)
    for place, label in enumerate(labels):
        assert f"{label!r} (1 row, first in line {place + 2})" in str(caught.value)
    assert PAIRS_IN_WORDS in str(caught.value)


@BOTH
@pytest.mark.parametrize("label", ["", "2", "+1", "01", "1.00", "--1", "- 1", "1-", "-true", "no n", "imposteur", "ｔ"])
def test_other_values_are_refused_and_come_first_in_the_message(tmp_path, read, label) -> None:
    with pytest.raises(PeopleError) as caught:
        read(tmp_path, ["1", "0", "1", label])
    found = f"{label!r} (1 row, first in line 5), '1' (2 rows, first in line 2), '0' (1 row, first in line 3)"
    assert f"the column mated are {found}. {label!r} is no label. Expected" in str(caught.value)


@BOTH
def test_a_long_value_is_cut(tmp_path, read) -> None:
    with pytest.raises(PeopleError) as caught:
        read(tmp_path, ["x" * 200])
    assert "x" * 80 in str(caught.value)
    assert "x" * 81 not in str(caught.value)


def test_of_many_other_values_five_are_shown_and_the_rest_counted(tmp_path) -> None:
    with pytest.raises(PeopleError, match=re.escape("'no 4' (2 rows, first in line 6), 6 more. 'no 0' is no label")):
        labels_in_scores(tmp_path, [*[f"no {n}" for n in range(10)], "no 4", "1"])


def test_minus_one_is_never_mated(tmp_path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("similarity,label\n" + "0.9,1\n" * 200 + "0.1,-1\n" * 300)
    mated = read_scores(path).mated
    assert (int(mated.sum()), len(mated)) == (200, 500)


@given(st.lists(st.sampled_from([*MATED, *NON_MATED, "what"]), min_size=1, max_size=4))
def test_a_column_has_a_meaning_exactly_where_one_pair_has_all_its_words(words: list[str]) -> None:
    fits = any(set(words) <= {*pair.mated, *pair.non_mated} for pair in LABEL_PAIRS)
    meaning = meaning_of(words)
    assert (meaning is not None) == fits
    if meaning is not None:
        assert meaning == {word: word in MATED for word in words}
