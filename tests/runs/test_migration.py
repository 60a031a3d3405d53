"""Manifests of versions 1 and 2 in the form of version 3."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.migration import migrated

PEOPLE = {"root": "people"}


def test_the_system_of_an_evaluation_is_one_of_a_list():
    old = {
        "schema_version": 2,
        "model": "net",
        "reference": "net.onnx",
        "card": {"title": "A net"},
        "weights": {"mtcnn": "11", "net": "22"},
        "canary": {"outcome": "passed", "checks": []},
        "people": PEOPLE,
        "seed": 3,
    }
    manifest = Manifest.model_validate(old)
    assert (manifest.system.name, manifest.system.reference, manifest.system.weights) == ("net", "net.onnx", "22")
    assert manifest.system.card.title == "A net"
    assert manifest.system.canary.outcome == "passed"
    assert [condition.name for condition in manifest.conditions] == ["clean"]
    assert (manifest.kind, manifest.seed) == ("evaluation", 3)
    assert {"model", "card", "weights", "canary"}.isdisjoint(manifest.as_json())


def test_the_models_of_a_stress_run_are_its_systems():
    models = [{"model": "a", "card": {"title": "A"}, "weights": "1"}, {"model": "b", "card": {"title": "B"}}]
    manifest = Manifest.model_validate({"kind": "stress", "models": models, "people": PEOPLE})
    assert [(system.name, system.weights) for system in manifest.systems] == [("a", "1"), ("b", None)]


def test_scores_of_another_system_keep_file_and_scale():
    scale, source = {"kind": "distance", "low": 0.0, "high": 9.0}, {"kind": "scores", "file": "s.csv", "sha256": "0"}
    old = {"model": "s", "card": None, "weights": {}, "source": source, "scale": scale, "people": PEOPLE}
    system = Manifest.model_validate(old).system
    assert system.of_scores
    assert (system.scale.kind, system.scale.low, system.scale.high) == ("distance", 0.0, 9.0)


@pytest.mark.parametrize(
    ("canary", "outcome", "found"),
    [
        ({"passed": None, "reason": "skipped"}, "skipped", []),
        ({"passed": False, "checks": [{"name": "n", "passed": False, "found": "d' 1.4, 1.5 or more"}]}, "failed",
         ["d' 1.4; it must be 1.5 or more"]),
        ({"passed": True, "checks": [{"name": "n", "passed": True, "told": False, "found": "x"}]}, "inconclusive",
         ["x"]),
        ({"outcome": "not told apart", "checks": [{"name": "n", "outcome": "not told apart", "found": "x"}]},
         "inconclusive", ["x"]),
    ],
)  # fmt: skip
def test_a_model_check_of_version_1_has_an_outcome(canary, outcome, found):
    check = Manifest.model_validate({"model": "m", "canary": canary, "people": PEOPLE}).system.canary
    assert check.outcome == outcome
    assert [one.found for one in check.checks] == found


def test_entries_of_this_version_stay_as_they_are():
    entries = {"systems": [{"name": "m"}], "people": PEOPLE, "later": {"a": 1}}
    assert migrated(entries) == entries
    assert Manifest.model_validate(entries).as_json() == entries


@pytest.mark.parametrize("entries", [{}, {"model": "m"}, {"systems": [], "people": PEOPLE}, {"models": 3}])
def test_a_manifest_without_systems_or_people_is_refused(entries):
    with pytest.raises(ValidationError, match="has entries 'systems' and 'people'"):
        Manifest.model_validate(entries)
