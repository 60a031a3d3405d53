"""Receipts on the console: sentences that are right for one and for many, and every difference by its name."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from faceproof.findings.differences import DifferentScore, ScoreDifferences
from faceproof.report.console.receipts import print_check, print_differences, print_rerun_check
from faceproof.report.words.receipts import (
    check_headline,
    diff_headline,
    names_in_words,
    numbers_in_words,
    numbers_of_rerun_in_words,
    rerun_headline,
    scores_in_words,
    similarities_in_words,
)
from faceproof.summary.number_differences import NumberDifference, StoredNumber
from faceproof.summary.receipts import FileCheck, RerunCheck, RunCheck
from faceproof.summary.run_differences import NameDifferences, RunDifferences, SettingDifference

EQUAL = ScoreDifferences("m", "clean", 1200, 0, 0, 0, 0.0, 0, 0, ())
ONE = DifferentScore(7, "ann/1", "ben/1", False, 0.5, 0.75, "rejected", "accepted")
OTHER = ScoreDifferences("m", "blur-1", 1200, 3, 2, 1, 0.25, 1, 1, (ONE, replace(ONE, similarity_b=None)))
RUN = Path("runs/a")


def printed(show, value, width=80):
    console = Console(file=io.StringIO(), width=width)
    show(value, console)
    return " ".join(console.file.getvalue().split())


def rerun_check(*scores, **fields):
    return RerunCheck(RUN, **({"tolerance": 1e-5, "scores": scores, "numbers": (), "numbers_checked": 1500} | fields))


def test_a_check_names_the_parts_that_failed():
    same, gone = FileCheck("photos", "same", "All."), FileCheck("pair list", "missing", "p.csv is not there.", ("p",))
    assert check_headline(RunCheck(RUN, (same,))).startswith("No difference: everything that runs/a was made of")
    assert check_headline(RunCheck(RUN, (same, gone))) == "runs/a is not as in its manifest: pair list (missing)."
    unknown = FileCheck("tables", "not recorded", "No digest.")
    assert check_headline(RunCheck(RUN, (same, unknown))).endswith("of runs/a; without a digest: tables.")
    shown = printed(print_check, RunCheck(RUN, (same, gone), ("Other versions here: numpy 2.",)))
    assert "pair list missing p.csv is not there." in shown
    assert shown.endswith("! Other versions here: numpy 2.")


def test_equal_runs_are_exactly_equal():
    assert list(similarities_in_words([EQUAL, replace(EQUAL, condition="blur-1")], 1e-5)) == [
        "All 2,400 similarities under 2 conditions are exactly equal.",
        "All decisions at the stored threshold are the same.",
    ]
    check = rerun_check(EQUAL)
    assert rerun_headline(check) == "No difference: the repetition of runs/a has the same similarities and decisions."
    assert numbers_of_rerun_in_words(check) == "All 1,500 numbers of metrics.json follow from the stored tables."


def test_differences_of_a_repetition_are_counted():
    assert list(similarities_in_words([EQUAL, OTHER], 1e-5)) == [
        "3 of 2,400 similarities under 2 conditions differ, 2 of them by more than 1e-05; the largest difference is "
        "0.25.",
        "1 decision at the stored threshold differs.",
        "1 decision differs although the similarities are equal within 1e-05: they lie at the threshold. They do not "
        "count.",
    ]
    number = NumberDifference("eer", StoredNumber(0.1, 0.05, 0.2), StoredNumber(0.1, 0.04, 0.2))
    check = rerun_check(EQUAL, OTHER, numbers=(number,), conditions=("noise-1",))
    assert rerun_headline(check) == (
        "The repetition of runs/a differs: 2 similarities by more than 1e-05, 1 decision, 1 number of metrics.json, "
        "the conditions that have results (noise-1)."
    )
    assert numbers_of_rerun_in_words(check) == (
        "1 of 1,500 numbers of metrics.json do not follow from the stored tables by the formulas of this version; 1 of "
        "them differs only in an end of the interval."
    )
    shown = printed(print_rerun_check, check)
    assert "Comparisons that differ of m under blur-1: 3" in shown
    assert "7: ann/1 and ben/1: 0.5000000 stored (rejected), 0.7500000 repeated (accepted)" in shown
    assert "no similarity repeated" in shown
    assert "... and 1 more." in shown
    assert "eer 0.1 (0.05 to 0.2) 0.1 (0.04 to 0.2)" in shown


def test_small_differences_and_none_to_decide():
    within = replace(OTHER, different=0, decisions=None, decisions_within=None, largest=2e-7)
    assert list(similarities_in_words([within], 1e-5)) == [
        "3 of 1,200 similarities differ, all by 1e-05 or less; the largest difference is 2e-07.",
        "There are no decisions to compare: the run has no threshold.",
    ]
    assert numbers_of_rerun_in_words(rerun_check(numbers_checked=None)).endswith("other formulas: not compared.")


def differences(**fields):
    usual = {"settings": (), "not_recorded": (), "photos": None, "people": None, "comparisons": (), "scores": (EQUAL,)}
    usual |= {"only_one": (), "numbers": (), "tolerance": 0.0}
    return RunDifferences(Path("a"), Path("b"), **(usual | fields))


def test_no_difference_is_a_sentence_of_its_own():
    assert diff_headline(differences()) == "No difference between a and b in settings, data, systems and results."
    versions = SettingDifference("versions", "versions.torch", "2.0", "2.1")
    paths = SettingDifference("machine", "people.root", "/a", "/b")
    assert diff_headline(differences(settings=(versions, paths), tolerance=1e-5)) == (
        "No difference within 1e-05 between a and b in settings, data, systems and results. They differ in versions "
        "and machine or paths, which count as no difference of results."
    )


def test_every_part_that_differs_is_in_the_headline():
    def setting(part):
        return SettingDifference(part, "x", "1", None)

    names = NameDifferences("photos", 1, 12, 1, ("p",), ("q", "r"), ("s",))
    number = NumberDifference("eer", StoredNumber(0.1), StoredNumber(0.2))
    for fields, part in (
        ({"settings": (setting("settings"),)}, "settings"),
        ({"settings": (setting("data"),)}, "data"),
        ({"photos": names}, "data"),
        ({"comparisons": ("1 other photo",)}, "data"),
        ({"settings": (setting("systems"),)}, "systems"),
        ({"scores": (replace(EQUAL, different=1),)}, "similarities"),
        ({"scores": (replace(EQUAL, decisions_within=1),)}, "decisions"),
        ({"numbers": (number,)}, "numbers"),
        ({"only_one": ("blur-1",)}, "the systems or conditions that they have results for"),
    ):
        assert diff_headline(differences(**fields)) == f"a and b differ in {part}."
    everything = differences(
        settings=(setting("settings"), setting("versions"), setting("machine")),
        photos=names, comparisons=("1 other photo",), scores=(OTHER,), only_one=("noise-1",), numbers=(number,) * 31,
        not_recorded=("detector.pad",),
    )  # fmt: skip
    shown = printed(print_differences, everything)
    for text in (
        "Versions (no difference of results)",
        "x 1 none",
        "Photos that only A has: 1 (p). Photos that only B has: 12 (q, r, ...). Photos with other bytes: 1 (s).",
        "Comparisons of B against A: 1 other photo.",
        "Only one manifest has: detector.pad.",
        "Only one of the runs has: noise-1.",
        "Numbers of metrics.json that differ: 31",
        "... and 1 more; --json has all.",
        "0.5000000 A (rejected), 0.7500000 B (accepted)",
    ):
        assert text in shown
    assert "runs are of different kinds" in printed(print_differences, differences(numbers=None))
    assert "no system in common" in printed(print_differences, differences(scores=()))
    assert "eer A: 0.1 B: 0.2" in printed(print_differences, differences(numbers=(number,)), width=40)


def test_scores_in_one_sentence():
    assert scores_in_words(OTHER, 1e-5) == (
        "2 of 1,200 similarities differ by more than 1e-05; the largest difference is 0.25; 1 could be made by one run "
        "alone; 2 decisions differ (each run decides at its own threshold)."
    )
    assert scores_in_words(EQUAL, 0.0) == (
        "0 of 1,200 similarities differ; 0 decisions differ (each run decides at its own threshold)."
    )
    assert "there are no decisions" in scores_in_words(replace(EQUAL, decisions=None), 0.0)
    assert scores_in_words(replace(EQUAL, comparisons=0), 0.0) == "The runs have no comparison in common."
    assert list(names_in_words(NameDifferences("people", 0, 0, 0, (), (), ()), "A", "B")) == []


@pytest.mark.parametrize(
    ("a", "b", "shown"),
    [
        (StoredNumber(3), StoredNumber(123456), ("3", "123456")),
        (StoredNumber(0.5, None, 0.75), StoredNumber(0.5, 0.25), ("0.5 (0.75 or less)", "0.5 (0.25 or more)")),
        (StoredNumber(None), None, ("none", "absent")),
        (StoredNumber(0.1234567), StoredNumber(0.1234568), ("0.1234567", "0.1234568")),
        (StoredNumber(0.1234567), StoredNumber(0.2), ("0.12346", "0.2")),
    ],
)
def test_numbers_have_as_many_digits_as_show_the_difference(a, b, shown):
    assert numbers_in_words(NumberDifference("x", a, b)) == shown
