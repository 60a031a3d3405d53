"""Results of the model check of this version and of earlier ones are read alike."""

from __future__ import annotations

from faceproof.systems.model_check.result import ModelCheck


def read(entry):
    return ModelCheck.model_validate(entry)


def of_version_1(*checks, passed):
    """A manifest's entry as versions before 0.2 wrote it."""
    return {
        "version": 2,
        "passed": passed,
        "checks": [dict(zip(("name", "passed", "found", "told"), row, strict=True)) for row in checks],
    }


def test_earlier_manifests_are_read_and_say_what_was_required():
    alike = ("templates of different people differ", False, "median cosine 1.000, below 0.97", True)
    shift = ("a shift of one pixel changes little", True, "median cosine 0.999, 0.9 or more", True)
    lost = ("faces are cut out as well as MTCNN's", True, "cannot be told: 7 of 24 photos have both", False)
    failed = of_version_1(alike, shift, lost, passed=False)
    assert read(failed).outcome == "failed"
    assert read(failed).complaints() == [
        "failed the model check (templates of different people differ): median cosine 1.000; it must be below 0.97.",
        "was checked and it is undecided whether faces are cut out as well as MTCNN's: cannot be told: 7 of 24 "
        "photos have both.",
    ]
    assert read(of_version_1(shift, lost, passed=True)).outcome == "inconclusive"
    assert read(of_version_1(shift, passed=True)).outcome == "passed"
    assert read(of_version_1(shift, passed=True)).complaints() == []


def test_earlier_manifests_without_checks_are_read():
    assert read({"passed": None, "reason": "skipped as asked (--no-canary)"}).outcome == "skipped"
    assert read({"passed": None, "reason": "skipped as asked (--no-canary)"}).complaints() == []
    broken = {"passed": False, "reason": "the model fails on the first faces: boom"}
    assert read(broken).outcome == "failed"
    assert read({"passed": True}).outcome == "passed"
    assert read(broken).complaints() == ["failed the model check: the model fails on the first faces: boom."]


def test_what_failed_comes_before_what_could_not_be_decided():
    undecided = {"name": "b", "outcome": "inconclusive", "found": "few faces, below 1"}
    failed = {"name": "a", "outcome": "failed", "found": "x is 1; it must be 0"}
    assert read({"outcome": "failed", "checks": [undecided, failed]}).complaints() == [
        "failed the model check (a): x is 1; it must be 0.",
        "was checked and it is undecided whether b: few faces, below 1.",
    ]


def test_the_outcome_of_version_2_has_its_name_of_today():
    check = {"name": "b", "outcome": "not told apart", "found": "few faces"}
    found = read({"outcome": "not told apart", "checks": [check]})
    assert (found.outcome, found.names("inconclusive")) == ("inconclusive", ["b"])


def test_the_outcome_of_all_checks_follows_from_each_where_version_1_has_them():
    assert read(of_version_1(("a", False, "x", True), passed=True)).outcome == "failed"
    assert read(of_version_1(("a", True, "x", True), ("b", True, "y", False), passed=True)).outcome == "inconclusive"
