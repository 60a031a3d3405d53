"""Manifests and lists of photos of two runs: what counts as a difference, and what is only told."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from edited import edited, merged

from faceproof.findings.differences import ScoreDifferences
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.number_differences import NumberDifference, StoredNumber
from faceproof.summary.run_differences import (
    NameDifferences,
    RunDifferences,
    SystemPair,
    paired_systems,
    people_differences,
    photo_differences,
    setting_differences,
)

CONTRACT = {"size_px": 24, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}


@pytest.fixture
def manifest():
    system = {"name": "m", "reference": "/here/m.onnx", "weights": "ab" * 32}
    card = {"name": "m", "title": "M", "contract": CONTRACT}
    return Manifest.model_validate(
        {
            "faceproof_version": "0.1.0",
            "command": "faceproof evaluate",
            "systems": [system | {"card": card}],
            "people": {"root": "/here/people", "photos": 6, "notices": []},
            "protocol": {"name": "csv", "settings": {"pairs": "/here/pairs.csv", "sha256": "0" * 64}, "notes": []},
            "detector": {"name": "mtcnn", "min_face_size": 20},
            "judging": {"threshold_distance": None, "folds": 10},
            "seed": 0,
            "device": "cpu",
            "batch_size": 32,
            "versions": {"numpy": "2.0"},
            "machine": {"cores": 2},
            "timing": {"wall_s": 1.0},
        }
    )


def found(first, second):
    differences, _ = setting_differences(first, second)
    return [(one.part, one.name, one.a, one.b) for one in differences]


def test_equal_manifests_have_no_difference(manifest):
    assert setting_differences(manifest, manifest) == ((), ())


@pytest.mark.parametrize(
    ("path", "values", "expected"),
    [
        (("judging",), {"folds": 5}, ("settings", "judging.folds", "10", "5")),
        (("judging",), {"threshold_distance": 0.5}, ("settings", "judging.threshold_distance", None, "0.5")),
        ((), {"seed": 1}, ("settings", "seed", "0", "1")),
        ((), {"side": "probe"}, ("settings", "side", "both", "probe")),
        (("people",), {"photos": 7}, ("data", "people.photos", "6", "7")),
        (("protocol",), {"name": "all"}, ("data", "protocol.name", "csv", "all")),
        (("systems", 0), {"weights": "cd" * 32}, ("systems", "systems[0].weights", "ab" * 32, "cd" * 32)),
        (("systems", 0), {"name": "n"}, ("systems", "systems[0].name", "m", "n")),
        (
            ("systems", 0, "card", "contract"),
            {"mirrored": True},
            ("systems", "systems[0].card.contract.mirrored", "False", "True"),
        ),
        (("detector",), {"min_face_size": 30}, ("systems", "detector.min_face_size", "20.0", "30.0")),
        (("versions",), {"numpy": "2.1"}, ("versions", "versions.numpy", "2.0", "2.1")),
        ((), {"faceproof_version": "0.2"}, ("versions", "faceproof_version", "0.1.0", "0.2")),
        ((), {"device": "cuda"}, ("machine", "device", "cpu", "cuda")),
        ((), {"batch_size": 8}, ("machine", "batch_size", "32", "8")),
        (("machine",), {"cores": 4}, ("machine", "machine.cores", "2", "4")),
        (("people",), {"root": "/there"}, ("machine", "people.root", "/here/people", "/there")),
        (("systems", 0), {"reference": "/m.onnx"}, ("machine", "systems[0].reference", "/here/m.onnx", "/m.onnx")),
        (
            ("protocol", "settings"),
            {"pairs": "pairs.csv"},
            ("machine", "protocol.settings.pairs", "/here/pairs.csv", "pairs.csv"),
        ),
    ],
)
def test_a_difference_is_in_its_part(manifest, path, values, expected):
    assert found(manifest, merged(manifest, *path, **values)) == [expected]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ((), {"command": "faceproof rerun"}),
        ((), {"plan": {"settings": "x"}}),
        (("timing",), {"wall_s": 9.0}),
        (("protocol",), {"notes": ["a note"]}),
        (("systems", 0), {"canary": {"outcome": "skipped"}}),
        (("systems", 0, "card"), {"title": "Another title"}),
    ],
)
def test_times_notes_and_texts_are_no_difference(manifest, path, values):
    assert setting_differences(manifest, merged(manifest, *path, **values)) == ((), ())


def test_what_one_manifest_does_not_record_is_told_apart(manifest):
    later = merged(manifest, "detector", pad=0.0)
    assert setting_differences(manifest, later) == ((), ("detector.pad",))
    later = merged(manifest, "systems", 0, code_sha256="0" * 64)
    assert setting_differences(later, manifest) == ((), ("systems[0].code_sha256",))


def test_conditions_are_compared_by_their_names(manifest):
    def with_conditions(*entries):
        clean = {"name": "clean", "severity": 0}
        return edited(manifest, lambda values: values.update(conditions=[clean, *entries]))

    blur = {"name": "blur-1", "severity": 1, "parameters": {"radius_px": 2}}
    noise = {"name": "noise-1", "severity": 1, "parameters": {"sigma": 5}}
    stronger = blur | {"parameters": {"radius_px": 3}}
    first, second = with_conditions(blur, noise), with_conditions(stronger, blur | {"name": "blur-2"})
    assert found(first, second) == [
        ("settings", "conditions[blur-1].parameters.radius_px", "2", "3"),
        ("settings", "conditions of one run alone", "noise-1", "blur-2"),
    ]
    assert found(with_conditions(blur, noise), with_conditions(noise, blur)) == []


def table(**photos):
    ids = list(photos)
    people = [name.split("_")[0] for name in ids]
    digests = pa.array(list(photos.values()), pa.string())
    return pa.table({"photo": ids, "person": people, "sha256": digests})


def test_photos_are_compared_by_their_digests():
    a, b = table(ann_1="x", ann_2="y", ben_1=None), table(ann_1="x", ann_2="z", ben_1="q", cem_1="x")
    assert photo_differences(a, b) == NameDifferences("photos", 0, 1, 1, (), ("cem_1",), ("ann_2",))
    assert photo_differences(b, a) == NameDifferences("photos", 1, 0, 1, ("cem_1",), (), ("ann_2",))
    assert people_differences(a, b) == NameDifferences("people", 0, 1, 0, (), ("cem",), ())
    assert not photo_differences(a, a).differ
    assert photo_differences(a, b).differ


def test_of_many_names_ten_are_kept():
    many = table(**{f"p{number:02d}": "x" for number in range(12)})
    one = photo_differences(many, table(p00="x"))
    assert (one.only_a, len(one.names_a), one.names_a[0]) == (11, 10, "p01")


def test_systems_are_paired_by_name_or_alone():
    def of(*names):
        return Manifest.model_validate({"systems": [{"name": name} for name in names], "people": {"root": "r"}})

    assert paired_systems(of("a"), of("b")) == ([SystemPair("a", "b")], [])
    assert paired_systems(of("a", "b"), of("b", "c")) == ([SystemPair("b", "b")], ["a", "c"])


def differences(**fields):
    scores = ScoreDifferences("m", "clean", 5, 0, 0, 0, 0.0, 0, 0, ())
    names = NameDifferences("photos", 0, 0, 0, (), (), ())
    usual = {"settings": (), "not_recorded": (), "photos": names, "people": None, "comparisons": ()}
    usual |= {"scores": (scores,), "only_one": (), "numbers": ()}
    return RunDifferences(Path("a"), Path("b"), 0.0, **(usual | fields))


def test_only_results_settings_and_data_count(manifest):
    assert differences().same
    for path, values, same in (
        (("judging",), {"folds": 5}, False),
        (("people",), {"photos": 7}, False),
        (("systems", 0), {"weights": "cd" * 32}, False),
        (("versions",), {"numpy": "2.1"}, True),
        (("machine",), {"cores": 4}, True),
    ):
        settings, _ = setting_differences(manifest, merged(manifest, *path, **values))
        assert differences(settings=settings).same is same
    other = ScoreDifferences("m", "clean", 5, 1, 1, 0, 0.1, 0, 0, ())
    assert not differences(scores=(other,)).same
    assert not differences(photos=NameDifferences("photos", 0, 0, 1, (), (), ("x",))).same
    assert not differences(comparisons=("1 other photo",)).same
    assert not differences(only_one=("blur-1",)).same
    number = StoredNumber(1)
    assert not differences(numbers=(NumberDifference("eer", number, StoredNumber(2)),)).same
    assert differences(numbers=(NumberDifference("new", None, number),)).same
    assert differences(numbers=None, not_recorded=("detector.pad",)).same
