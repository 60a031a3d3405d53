"""Values of run folders: what is checked, what is left out, and how the first mistake reads."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError, field_validator, model_validator

from faceproof.records import Entry, Record, first_error


class Part(Record):
    value: float
    name: str = "usual"


class Whole(Record):
    parts: list[Part]

    @model_validator(mode="after")
    def _has_parts(self):
        if not self.parts:
            raise ValueError("Expected one part or more")
        return self


class Strict(Entry):
    number: int = 0

    @field_validator("number")
    @classmethod
    def _is_even(cls, value):
        if value % 2:
            raise ValueError("It is odd")
        return value


def error_of(kind, values):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(values)
    return first_error(caught.value)


def test_json_has_the_fields_that_were_given():
    assert Part(value=1).as_json() == {"value": 1.0}
    assert Part(value=1, name="usual").as_json() == {"value": 1.0, "name": "usual"}
    assert Whole(parts=[Part(value=2)]).as_json() == {"parts": [{"value": 2.0}]}


def test_a_record_cannot_be_changed_but_copied_with_a_change():
    part = Part(value=1)
    with pytest.raises(ValidationError, match="frozen"):
        part.value = 2
    assert part.model_copy(update={"value": 2}) == Part(value=2)


def test_a_record_drops_fields_of_a_newer_version_and_an_entry_keeps_them():
    assert Part.model_validate({"value": 1, "new": 3}).as_json() == {"value": 1.0}
    assert Strict.model_validate({"number": 2, "new": [3]}).as_json() == {"number": 2, "new": [3]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_refused(value):
    assert error_of(Part, {"value": value}) == "entry 'value': input should be a finite number"


def test_a_record_converts_text_and_an_entry_does_not():
    assert Part.model_validate({"value": "1.5"}).value == 1.5
    assert error_of(Strict, {"number": "2"}) == "entry 'number': input should be a valid integer"


def test_the_first_error_is_told_with_its_place():
    wrong = {"parts": [{"value": 1}, {"value": "x"}, {}]}
    assert error_of(Whole, wrong) == (
        "entry 'parts.1.value': input should be a valid number, unable to parse string as a number"
    )
    assert error_of(Whole, {"parts": [{}]}) == "entry 'parts.0.value': field required"
    assert error_of(Strict, {"number": 3}) == "entry 'number': it is odd"
    assert error_of(Whole, {"parts": []}) == "Expected one part or more"
