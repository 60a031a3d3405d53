"""Honest results raise no fault, and statistical tests find something about as rarely as they say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from honest_scores import all_pairs, like_view2, sampled

from faceproof.errors import ConfigurationError
from faceproof.findings.doctor.audit import CHECKS, audit
from faceproof.findings.doctor.check import LEVEL, TESTS

DRAWS = 100
LISTS = {
    "view2": like_view2,
    "all": lambda seed: all_pairs(16, 3, seed),
    "sampled": lambda seed: sampled(40, 3, 300, seed),
}


@pytest.mark.parametrize("name", LISTS)
def test_honest_results_raise_no_fault(name):
    rng, found = np.random.default_rng(7), Counter()
    for _ in range(DRAWS):
        results = LISTS[name](rng)
        lost = rng.random(results.mated.size) < 0.05
        scores = results.having(score=np.where(lost, np.nan, results.score))
        outcome = audit(scores.audited())
        assert outcome.faults == []
        found.update({finding.check for finding in outcome.findings})
    # Two tests of drift at 1% and one of loss: over 8 of 100 is rarer than 1 in 1000 even at 2%.
    assert found["drift_over_rows"] <= 8
    assert found["loss_by_kind"] <= 8
    assert set(found) <= {"drift_over_rows", "loss_by_kind", "missing_scores", "labels_that_look_wrong"}


def test_every_check_finds_runs_or_passes():
    outcome = audit(all_pairs().audited())
    names = [*(one.check for one in outcome.findings), *(one.check for one in outcome.not_run), *outcome.passed]
    assert sorted(set(names)) == sorted(check.name for check in CHECKS)
    assert len({check.name for check in CHECKS}) == len(CHECKS) == 27


def test_the_level_is_spread_over_the_tests():
    assert sum(check.false_alarm is None for check in CHECKS) + 1 == TESTS  # drift is tested in both kinds
    upside_down = all_pairs().having(score=-all_pairs().score)
    [finding] = audit(upside_down.audited(), level=0.1).faults
    assert finding.false_alarm == "at most 0.02 (one of 5 tests that share 0.1)"
    assert LEVEL == 0.05
    for level in (0.0, 1.0, float("nan")):
        with pytest.raises(ConfigurationError, match="above 0 and below 1"):
            audit(all_pairs().audited(), level=level)


def test_the_page_has_every_check_with_its_rate_of_false_alarms():
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text("utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for check in CHECKS:
        assert rows[check.name].endswith(f"| {check.false_alarm or 'the level, shared by five tests'} |")
