from __future__ import annotations

import pytest

from faceproof.errors import ConfigurationError
from faceproof.summary.gates import missed, parse_gate

SUMMARY = {
    "eer": {"value": 0.02},
    "folds": {"accuracy": {"value": None, "reason": "too few people"}},
    "rates": {"fta": {"value": 0.0}},
    "fnmr_at_fmr": [{"fmr": 0.1, "fnmr": {"value": 0.01}}, {"fmr": 0.001, "fnmr": {"value": 0.03}}],
    "default_operating_point": "eer",
    "operating_points": [{"name": "eer", "precision": {"value": 0.9}}],
}


@pytest.mark.parametrize("text", ["eer > 0.01", "fnmr@fmr=1e-3 > 2%", "precision<0.95", "fta >= 0"])
def test_a_condition_that_holds_misses_the_gate(text):
    assert text in missed(parse_gate(text), SUMMARY)


@pytest.mark.parametrize("text", ["eer > 0.02", "fnmr@fmr=0.1 > 2%", "precision < 90%", "fta > 0"])
def test_a_condition_that_does_not_hold_passes(text):
    assert missed(parse_gate(text), SUMMARY) is None


def test_a_number_that_cannot_be_told_misses_with_its_reason():
    assert "too few people" in missed(parse_gate("accuracy < 0.9"), SUMMARY)


@pytest.mark.parametrize(
    ("text", "message"),
    [("accuracy", "understood"), ("eerr > 1", "'eer'"), ("eer@fmr=0.1 > 1", "at an FMR"), ("eer > 1.2.3", "float")],
)
def test_a_gate_that_makes_no_sense_is_refused(text, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_gate(text)


def test_an_fmr_that_is_not_measured_is_refused():
    with pytest.raises(ConfigurationError, match=r"0\.1, 0\.001"):
        missed(parse_gate("fnmr@fmr=0.5 > 1"), SUMMARY)
