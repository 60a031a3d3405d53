"""What a comparison says in sentences: who is better, by how much, and when nothing can be said."""

from __future__ import annotations

import pytest
from edited import merged

from faceproof.jobs.comparing import compare
from faceproof.report.words.comparison import compare_cautions, compare_headline, no_difference
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


def with_accuracy(summary, estimate):
    return merged(summary, "differences", 0, accuracy=estimate)


@pytest.mark.parametrize(
    ("estimate", "nothing"),
    [
        (told(-0.02, -0.01, -0.001), False),
        (told(0.001, 0.01, 0.02), False),
        (told(-0.01, 0.0, 0.01), True),
        (told(0.0, 0.01, 0.02), True),
        (told(-0.02, -0.01, 0.0), True),
        (told(None, 0.01, None), True),
    ],
)
def test_an_interval_that_holds_zero_shows_no_difference(estimate, nothing):
    assert no_difference(estimate) is nothing


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (
            told(-0.02, -0.01, -0.005),
            "the accuracy of two is 1.00 points below that of one (95% interval -2.00 to -0.50)",
        ),
        (told(0.005, 0.01, 0.02), "the accuracy of two is 1.00 points above that of one (95% interval +0.50 to +2.00)"),
        (told(-0.01, 0.001, 0.01), "no difference in accuracy between two and one can be shown (+0.10 points"),
        (Estimate.absent("There is none.", "how"), "nothing can be said about two against one (There is none)"),
    ],
)
def test_the_headline_says_who_is_better_and_how_sure_that_is(summary, estimate, said):
    text = compare_headline(with_accuracy(summary, estimate))
    assert said in text
    assert text.startswith(f"On {summary.comparisons.made_by_all} comparisons that both runs made, each run at FMR")


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
    changed = merged(changed, "differences", 0, "mcnemar", only_run_right=2, only_baseline_right=3)
    said = compare_cautions(changed)
    assert any(one.startswith("Only 12 people take part") for one in said)
    assert any("two and one decide only 5 comparisons differently" in one for one in said)
    assert not any("Only" in one for one in compare_cautions(summary))
