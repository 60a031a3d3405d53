"""What a study refuses before it reads a photo."""

from __future__ import annotations

import dataclasses

import pytest

from faceproof.errors import ConfigurationError
from faceproof.jobs.study import Study, StudyOptions
from faceproof.scoring.threshold import Threshold


def test_options_and_studies_are_given_by_name_and_cannot_be_changed():
    with pytest.raises(TypeError):
        StudyOptions("folders")
    with pytest.raises(TypeError):
        Study("people", ["a"])
    with pytest.raises(dataclasses.FrozenInstanceError):
        StudyOptions().seed = 1


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("seed", -1, "seed is -1; expected 0 or more"),
        ("batch_size", 0, "must be 1 or more"),
        ("workers", 0, "must be 1 or more"),
        ("decode_memory", "much", "decode_memory"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_when_it_is_made(option, value, message):
    with pytest.raises(ConfigurationError, match=message):
        StudyOptions(**{option: value})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"models": []}, "No model was given"),
        ({"models": ["a", "a"]}, "given twice: a, a"),
        ({"models": ["a", "b"], "threshold": 0.5}, "A threshold belongs to one model; 2 were given"),
        ({"models": ["a", "b"], "weights": "w"}, "A weights file belongs to one model; 2 were given"),
        ({"threshold": 2.5}, "expected 0 to 2"),
        ({"threshold": Threshold(3.0, "score")}, "is a score of a file"),
        ({"stage": "later"}, "There is no stage 'later'. Expected capture or aligned"),
        ({"side": "left"}, "There is no side 'left'. Expected both or probe"),
        ({"fmr": 0}, "target FMR is 0; expected above 0"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused_when_it_is_made(given, message):
    with pytest.raises(ConfigurationError, match=message):
        Study(**({"people": "people", "models": ["a"]} | given))


def test_only_a_protocol_that_draws_comparisons_gets_the_seed():
    assert StudyOptions(protocol="all", seed=5).settings_of_protocol == {}
    assert StudyOptions(protocol="sampled", seed=5).settings_of_protocol == {"seed": 5}
    assert StudyOptions(protocol="sampled", protocol_settings={"seed": 7}).settings_of_protocol == {"seed": 7}
