"""A score file as the tables of a run folder."""

from __future__ import annotations

import numpy as np
import pytest

from faceproof.people.types import UNKNOWN, Comparisons
from faceproof.runs.manifest import people_of_scores, protocol_of_scores
from faceproof.runs.run_tables import comparisons_table
from faceproof.systems.external.score_file import read_scores
from faceproof.systems.external.score_tables import (
    compared_in,
    digest_of,
    photos_in,
    scored_in,
)

NAMED = "similarity,mated,person_a,person_b,photo_a,photo_b,fold\n.9,1,Ann,Ann,2,1,1\n,0,Ann,Ben,1,3,0\n"


@pytest.fixture
def read(tmp_path):
    def write(text):
        (tmp_path / "scores.csv").write_text(text)
        return read_scores(tmp_path / "scores.csv")

    return write


def test_what_the_file_names_is_kept(read):
    file = read(NAMED)
    table = compared_in(file)
    assert table.to_pydict() == {
        **{"comparison": [0, 1], "photo_a": ["2", "1"], "photo_b": ["1", "3"]},
        **{"person_a": ["Ann", "Ann"], "person_b": ["Ann", "Ben"], "mated": [True, False], "fold": [1, 0]},
    }
    photos = photos_in(file)
    assert photos["photo"].to_pylist() == ["2", "1", "3"]
    assert photos["person"].to_pylist() == ["Ann", "Ann", "Ben"]
    assert photos["outcome"].to_pylist() == [UNKNOWN] * 3
    entry = people_of_scores(file, photos)
    assert (entry.people, entry.photos) == (2, 3)
    protocol = protocol_of_scores(file, table)
    assert (protocol.comparisons, protocol.mated, protocol.non_mated, protocol.folds) == (2, 1, 1, 2)


def test_what_it_does_not_name_is_numbered_by_rows_and_counted_as_unknown(read):
    file = read("similarity,mated\n.9,1\n.2,0\n")
    found = compared_in(file).to_pydict()
    assert (found["photo_a"], found["photo_b"]) == (["row 1 a", "row 2 a"], ["row 1 b", "row 2 b"])
    assert (found["person_a"], found["person_b"]) == (["row 1", "row 2 a"], ["row 1", "row 2 b"])
    assert found["fold"] == [None, None]
    photos = photos_in(file)
    assert len(photos) == 0
    entry = people_of_scores(file, photos)
    assert (entry.people, entry.photos) == (None, None)


def test_a_missing_score_has_a_reason_and_others_have_none(read):
    file = read("similarity,mated,reason\n.9,1,why not\n,1,no face\n,0,\n")
    table = scored_in(file, np.array([0.9, np.nan, np.nan]))
    assert table["similarity"].to_pylist() == table["score"].to_pylist() == [0.9, None, None]
    assert table["reason"].to_pylist() == [None, "no face", "no score"]


def test_the_columns_are_those_of_any_run(read):
    none = np.zeros(0, np.int64)
    empty = comparisons_table(Comparisons((), none, none, none.astype(bool), none.astype(np.int16), "csv"))
    assert compared_in(read(NAMED)).schema.equals(empty.schema)


def test_the_digest_hangs_on_names_labels_and_folds_and_on_no_score(read):
    def digest(text):
        return digest_of(compared_in(read(text)))

    same = [NAMED, NAMED.replace(".9", ".1"), NAMED.replace("similarity", "distance")]
    edits = [("Ben", "Bob"), ("1,3,0", "1,4,0"), (",0,Ann", ",1,Ann"), ("2,1,1", "2,1,0")]
    digests = [digest(text) for text in [*same, *(NAMED.replace(*edit) for edit in edits)]]
    assert len(set(digests[: len(same)])) == 1
    assert len(set(digests)) == 1 + len(edits)
