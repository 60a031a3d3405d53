"""Numbers of two summaries, found by their places and compared with their intervals."""

from __future__ import annotations

from faceproof.summary.number_differences import NumberDifference, StoredNumber, different_numbers, numbers_in

EER = {"value": 0.05, "low": 0.04, "high": 0.06, "level": 0.95, "n": 40, "effective_people": 3.5, "how": "so"}


def test_numbers_are_found_by_the_names_of_entries():
    summary = {
        "headline": "a text",
        "run": {"seed": 5},
        "conditions": [{"name": "blur-1", "severity": 1}],
        "eer": EER | {"threshold_distance": 0.9},
        "operating_points": [{"name": "fmr_0.1", "fnmr": EER, "optimistic": True}, {"name": "eer", "confusion": None}],
        "fnmr_at_fmr": [{"fmr": 0.01, "observed_fmr": 0.009}],
        "models": [{"name": "m", "conditions": [{"condition": "clean", "times": {"total_ms": 3}, "n": 2}]}],
        "edges": [0.0, 0.5],
    }
    number = StoredNumber(0.05, 0.04, 0.06)
    assert numbers_in(summary, ("times",)) == {
        "eer": number,
        "eer.threshold_distance": StoredNumber(0.9),
        "operating_points[fmr_0.1].fnmr": number,
        "operating_points[fmr_0.1].optimistic": StoredNumber(True),
        "operating_points[eer].confusion": StoredNumber(None),
        "fnmr_at_fmr[0.01].fmr": StoredNumber(0.01),
        "fnmr_at_fmr[0.01].observed_fmr": StoredNumber(0.009),
        "models[m].conditions[clean].n": StoredNumber(2),
        "edges[0]": StoredNumber(0.0),
        "edges[1]": StoredNumber(0.5),
    }


def test_a_number_differs_by_its_value_or_an_end_of_its_interval():
    a = {"x": StoredNumber(0.05, 0.04, 0.06), "y": StoredNumber(1)}
    assert different_numbers(a, dict(a)) == ()
    for other in (StoredNumber(0.051, 0.04, 0.06), StoredNumber(0.05, 0.041, 0.06), StoredNumber(0.05, 0.04, None)):
        assert different_numbers(a, a | {"x": other}) == (NumberDifference("x", a["x"], other),)


def test_differences_up_to_the_tolerance_are_none():
    a, b = {"x": StoredNumber(0.5, 0.25, None)}, {"x": StoredNumber(0.5625, 0.25, None)}
    assert different_numbers(a, b, 0.0625) == ()
    assert len(different_numbers(a, b, 0.0624)) == 1
    assert len(different_numbers(b, a, 0.0624)) == 1
    assert len(different_numbers(a, {"x": StoredNumber(None)}, 1.0)) == 1


def test_a_number_of_one_summary_alone_is_listed_where_it_has_a_value():
    a, b = {"x": StoredNumber(1), "gone": StoredNumber(2)}, {"new": StoredNumber(None), "x": StoredNumber(1)}
    assert different_numbers(a, b) == (NumberDifference("gone", StoredNumber(2), None),)
    assert different_numbers(b, a) == (NumberDifference("gone", None, StoredNumber(2)),)
