"""What a comparison says in sentences: who is better, by how much, and when nothing can be said."""

from __future__ import annotations

import pytest
from edited import merged

from faceproof.jobs.comparing import compare
from faceproof.report.words.comparison import compare_cautions, compare_headline, reading
from faceproof.summary.comparison_schema import DifferenceTest
from faceproof.summary.estimates import Estimate


@pytest.fixture(scope="module")
def summary(made_up_run, two_scores, tmp_path_factory):
    root = tmp_path_factory.mktemp("words")
    pairs, first, second = two_scores()
    runs = [
        made_up_run(pairs, scores, model=name).write(root / name) for name, scores in (("one", first), ("two", second))
    ]
    return compare(runs, out=root / "out").summary


def told(low, value, high):
    return Estimate(value=value, low=low, high=high, n=5000)


DIFFERENT = {"different": True, "p": 0.003, "people_needed": None, "reason": None}
ALIKE = {"different": False, "p": 0.4, "people_needed": 1234, "reason": None}
UNTESTED = {"different": False, "p": None, "people_needed": None, "reason": "too few errors"}


@pytest.mark.parametrize(
    ("value", "test", "said"),
    [
        (-0.01, DIFFERENT, "better"),
        (0.01, DIFFERENT, "worse"),
        (-0.01, ALIKE, "cannot be told apart; about 1,300 people would"),
        (0.0, ALIKE | {"people_needed": None}, "cannot be told apart"),
        (-0.01, UNTESTED, "not tested: too few errors"),
    ],
)
def test_a_lower_error_rate_is_better_and_only_where_the_tests_say_so(value, test, said):
    assert reading(told(value - 0.1, value, value + 0.1), DifferenceTest(**test)) == said


def test_what_has_no_test_or_no_value_has_no_reading():
    assert reading(told(-0.2, -0.1, -0.05), None) == ""
    assert reading(Estimate.absent("There is none.", "how"), DifferenceTest(**DIFFERENT)) == ""


@pytest.mark.parametrize(
    ("estimate", "test", "said"),
    [
        (
            told(-0.02, -0.01, -0.005),
            DIFFERENT,
            "is lower, which is better, than that of one (-1.00 points, 95% interval -2.00 to -0.50; p 0.003)",
        ),
        (told(0.005, 0.01, 0.02), DIFFERENT, "is higher, which is worse, than that of one (+1.00 points"),
        (
            told(-0.01, 0.001, 0.01),
            ALIKE,
            "they cannot tell two and one apart in FNMR at FMR 10% (+0.10 points, 95% interval -1.00 to +1.00; about "
            "1,300 people would)",
        ),
        (told(None, 0.001, None), UNTESTED, "of two and one was not tested (+0.10 points; too few errors)"),
        (Estimate.absent("There is none.", "how"), UNTESTED, "nothing can be said about two against one (There is"),
    ],
)
def test_the_headline_says_who_is_better_and_how_sure_that_is(summary, estimate, test, said):
    changed = merged(merged(summary, "differences", 0, fnmr=estimate), "differences", 0, fnmr_test=test)
    text = compare_headline(merged(changed, "operating_point", target_fmr=0.1))
    assert said in text
    assert text.startswith(f"On {summary.comparisons.made_by_all} comparisons that both runs made: ")


def test_without_thresholds_the_headline_is_about_the_eer(summary):
    changed = merged(merged(summary, "operating_point", target_fmr=None), "differences", 0, eer_test=ALIKE)
    assert "they cannot tell two and one apart in EER (" in compare_headline(changed)


def test_synthetic_people_come_first(summary):
    changed = merged(summary, "runs", 1, "manifest", "people", synthetic=True)
    assert compare_headline(changed).startswith("These are synthetic people and no evidence about a real system.")
    assert compare_cautions(changed)[0].startswith("These people are synthetic")


def test_what_the_model_check_found_is_said_here_too(summary):
    canary = {"passed": None, "reason": "skipped as asked"}
    changed = merged(summary, "runs", 1, "manifest", "systems", 0, canary=canary)
    assert any(one.startswith("two was not checked before the run") for one in compare_cautions(changed))


def test_few_people_and_few_disputed_comparisons_are_said(summary):
    changed = merged(summary, "comparisons", people=12)
    few = {"p": 0.5, "only_run_wrong": 2, "only_baseline_wrong": 3}
    changed = merged(changed, "differences", 0, "fnmr_test", **few)
    said = compare_cautions(changed)
    assert any(one.startswith("Only 12 people take part") for one in said)
    assert any("two and one decide only 5 mated comparisons differently" in one for one in said)
    assert not any("Only" in one for one in compare_cautions(summary))
