"""What a manifest says of people, comparisons, systems and conditions."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from patterns import PLAIN, blocks, recognizer_of
from photo_sets import people_of

from faceproof.degrade.registry import get_family
from faceproof.degrade.types import CLEAN
from faceproof.people.types import SYNTHETIC, Comparisons, Notice, PhotoSet
from faceproof.runs import manifest
from faceproof.runs.migration import SCHEMA_VERSION
from faceproof.scoring.scales import Scale
from faceproof.systems.detection.detector import WholePhoto
from faceproof.systems.pipeline import Pipeline
from faceproof.version import __version__

STARTED = datetime(2026, 3, 4, 5, 6, 7, 890_000, UTC)


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(WholePhoto(), recognizer_of(blocks, 108), "largest")


def test_a_run_that_has_begun_is_not_finished():
    begun = manifest.begun("comparison", "faceproof compare a b", STARTED, seed=7)
    assert (begun.schema_version, begun.kind, begun.faceproof_version) == (SCHEMA_VERSION, "comparison", __version__)
    assert (begun.command, begun.started, begun.finished) == ("faceproof compare a b", "2026-03-04T05:06:07Z", None)
    assert (begun.systems, begun.seed) == ([], 7)
    assert [condition.name for condition in begun.conditions] == ["clean"]
    assert begun.versions.keys() == {"python", "torch", "numpy", "scipy", "pillow", "pyarrow"}
    assert begun.machine["cores"] == os.cpu_count()
    assert manifest.begun("comparison", None, STARTED, conditions=[]).conditions == []


def test_a_moment_is_in_utc_and_whole_seconds():
    assert manifest.stamp(STARTED) == "2026-03-04T05:06:07Z"
    assert manifest.stamp(STARTED.astimezone(timezone(timedelta(hours=2)))) == "2026-03-04T05:06:07Z"
    now = datetime.fromisoformat(manifest.stamp())
    assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_the_digest_of_a_part_hangs_on_its_value_alone():
    digests = manifest.plan_digests(comparisons="a", system=["a", 1], settings=["a", 2])
    assert list(digests) == ["comparisons", "system", "settings"]
    assert len(set(digests.values())) == 3
    assert manifest.plan_digests(other=["a", 1]) == {"other": digests["system"]}


def test_a_system_has_its_card_with_the_contract_that_is_used(pipeline):
    entry = manifest.system_entry(pipeline)
    assert entry.name == pipeline.recognizer.card.name
    assert (entry.reference, entry.weights) == (None, pipeline.recognizer.weights_sha256)
    assert entry.card.template_size == 108
    assert PLAIN.items() <= entry.card.contract.model_dump().items()


def test_a_system_of_a_file_has_the_file_and_a_scale_where_it_has_scores(tmp_path):
    scale = Scale("distance", 0.0, 40.0)
    entry = manifest.system_from_file("other", "scores", tmp_path / "a" / ".." / "s.csv", "0" * 64, scale)
    assert entry.source.model_dump() == {"kind": "scores", "file": str(tmp_path / "s.csv"), "sha256": "0" * 64}
    assert (entry.name, entry.card, entry.scale, entry.of_scores) == ("other", None, scale, True)
    templates = manifest.system_from_file("other", "templates", Path("t.npz"), "0" * 64)
    assert (templates.scale, templates.of_scores) == (None, False)
    assert "scale" not in templates.as_json()


def test_a_detector_has_its_recipe_and_which_face_counts(pipeline):
    assert manifest.detector_entry(pipeline).as_json() == {"name": "none", "selection": "largest"}


def test_a_condition_is_told_with_its_parameters():
    clean = manifest.condition_entry(CLEAN)
    assert (clean.name, clean.severity, clean.told, clean.parameters, clean.on_face) == (
        "clean",
        0,
        "as it is",
        {},
        False,
    )
    condition = get_family("face-square").at(3)
    entry = manifest.condition_entry(condition)
    assert (entry.name, entry.family, entry.severity) == ("face-square-3", "face-square", 3)
    assert (entry.told, entry.parameters, entry.on_face) == (condition.text, dict(condition.parameters), True)
    assert (entry.function, entry.failed) == (condition.family.reference, None)


def test_people_are_counted_once_and_notices_kept(tmp_path):
    photos = people_of({"Ann": 2, "Ben": 1}, "mated") + people_of({"Ann": 1}, "non_mated")
    notice = Notice(SYNTHETIC, "drawn", 4, ("a", "b"))
    people = PhotoSet(tmp_path / "a" / "..", photos, notices=(notice,))
    entry = manifest.people_entry(people)
    assert (entry.root, entry.people, entry.photos, entry.synthetic) == (str(tmp_path), 2, 4, True)
    assert entry.photo_list_sha256 == people.digest()
    assert [one.model_dump() for one in entry.notices] == [
        {"kind": SYNTHETIC, "message": "drawn", "count": 4, "examples": ["a", "b"]}
    ]
    assert manifest.people_entry(PhotoSet(tmp_path, photos)).synthetic is False


def comparisons_of(mated, fold):
    rows = np.zeros(len(mated), np.int64)
    labels, folds = np.array(mated, np.bool_), np.array(fold, np.int16)
    return Comparisons(people_of({"Ann": 1}), rows, rows, labels, folds, "csv", {"pairs": "p.csv"}, ("a note",))


@pytest.mark.parametrize(
    ("mated", "fold", "counts"),
    [
        ([True, False, False], [0, 2, 1], (3, 1, 2, 3)),
        ([True], [-1], (1, 1, 0, 0)),
        ([], [], (0, 0, 0, 0)),
    ],
)
def test_comparisons_and_folds_are_counted(mated, fold, counts):
    comparisons = comparisons_of(mated, fold)
    entry = manifest.protocol_entry(comparisons)
    assert (entry.comparisons, entry.mated, entry.non_mated, entry.folds) == counts
    assert (entry.name, entry.settings, entry.notes) == ("csv", {"pairs": "p.csv"}, ["a note"])
    assert entry.sha256 == comparisons.digest()
