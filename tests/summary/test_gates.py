from __future__ import annotations

import pytest
from edited import edited

from faceproof.errors import ConfigurationError
from faceproof.runs.run_folder import read_run
from faceproof.summary.evaluation import summarize
from faceproof.summary.gates import missed, parse_gate


@pytest.fixture(scope="module")
def summary(made_up_run, two_scores, tmp_path_factory):
    """A run whose numbers are replaced by those that the gates below are about."""
    pairs, first, _ = two_scores(people=20)
    run = read_run(made_up_run(pairs, first).write(tmp_path_factory.mktemp("run")))

    def change(values):
        values["eer"] |= {"value": 0.02}
        values["folds"]["accuracy"] |= {"value": None, "reason": "too few people"}
        values["rates"]["fta"] |= {"value": 0.0}
        values["fnmr_at_fmr"] = [
            row | {"fmr": fmr, "fnmr": {"value": value}}
            for row, fmr, value in zip(values["fnmr_at_fmr"], (0.1, 0.001), (0.01, 0.03), strict=False)
        ]
        values["default_operating_point"] = "eer"
        next(one for one in values["operating_points"] if one["name"] == "eer")["precision"] |= {"value": 0.9}

    return edited(summarize(run), change)


@pytest.mark.parametrize("text", ["eer > 0.01", "fnmr@fmr=1e-3 > 2%", "precision<0.95", "fta >= 0"])
def test_a_condition_that_holds_misses_the_gate(text, summary):
    assert text in missed(parse_gate(text), summary)


@pytest.mark.parametrize("text", ["eer > 0.02", "fnmr@fmr=0.1 > 2%", "precision < 90%", "fta > 0"])
def test_a_condition_that_does_not_hold_passes(text, summary):
    assert missed(parse_gate(text), summary) is None


def test_a_number_that_cannot_be_told_misses_with_its_reason(summary):
    assert "too few people" in missed(parse_gate("accuracy < 0.9"), summary)


@pytest.mark.parametrize(
    ("text", "message"),
    [("accuracy", "understood"), ("eerr > 1", "'eer'"), ("eer@fmr=0.1 > 1", "at an FMR"), ("eer > 1.2.3", "float")],
)
def test_a_gate_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_gate(text)


def test_an_fmr_that_is_not_measured_is_refused(summary):
    with pytest.raises(ConfigurationError, match=r"0\.1, 0\.001"):
        missed(parse_gate("fnmr@fmr=0.5 > 1"), summary)
