from __future__ import annotations

import math

import numpy as np
import pytest
from patterns import blocks, faces_in, people_of, photos_of, recognizer_of

from faceproof.metrics.people_apart import Gain, gain_of, pair_sums, separation
from faceproof.systems.model_check.check_faces import finite_rows, templates_of
from faceproof.systems.model_check.contract_check import (
    MATTERS,
    Neighbour,
    Tried,
    check_card,
    check_contract,
    differences,
)
from faceproof.systems.model_check.contracts import TEMPLATES, changed
from faceproof.systems.weights.card import InputContract
from faceproof.systems.weights.zoo import get_card

FACENET, DLIB = (get_card(name).contract for name in ("facenet-vggface2", "dlib-resnet"))
NOTHING = Gain(0.0, 0.0, 0.0)


def neighbour(text, *gain, separation=3.0):
    return Neighbour(text, FACENET, separation, Gain(*gain) if gain else NOTHING, 120)


def checked(*others):
    return check_contract([neighbour(""), *others])


@pytest.mark.parametrize(
    ("gain", "outcome"),
    [
        ((-0.5, -0.9, -0.1), "passed"),
        ((-0.5, -0.9, 0.0), "inconclusive"),
        ((0.0, -0.1, 0.1), "inconclusive"),
        ((MATTERS, 0.0, 0.2), "inconclusive"),
        ((MATTERS, 0.01, 0.2), "failed"),
        ((MATTERS - 0.001, 0.01, 0.2), "inconclusive"),
        ((float("nan"), float("-inf"), float("inf")), "inconclusive"),
    ],
)
def test_three_outcomes_by_the_interval_of_the_gain(gain, outcome):
    check = checked(neighbour("another", *gain))
    assert check.outcome == outcome
    if outcome != "passed":
        assert "another (gain" in check.found


def test_what_gives_no_template_is_worse():
    assert checked(neighbour("broken", *[float("-inf")] * 3, separation=float("nan"))).outcome == "passed"


def test_templates_that_are_all_the_same_fail_and_the_best_other_contract_is_named():
    nothing = neighbour("", separation=float("nan"))
    others = [neighbour(name, *[float("nan")] * 3, separation=value) for name, value in (("a", 1.5), ("b", 2.5))]
    found = "the declared contract gives no separation that can be computed"
    check = check_contract([nothing, *others])
    assert (check.outcome, check.found) == ("failed", f"{found}, and b one of 2.50; the templates must differ")
    check = check_contract([nothing, neighbour("c", separation=float("nan"))])
    assert (check.outcome, check.found) == ("failed", f"{found}; the templates must differ")


def test_one_better_contract_fails_whatever_the_others_are_and_the_best_comes_first():
    check = checked(
        neighbour("worse", -1, -2, -0.5), neighbour("unclear", 0.1, -0.2, 0.4), neighbour("good", 0.3, 0.1, 0.5),
        neighbour("best", 0.6, 0.2, 1.0),
    )  # fmt: skip
    assert check.outcome == "failed"
    assert check.found == (
        "best (gain +0.60, 95% interval +0.20 to +1.00); good (gain +0.30, 95% interval +0.10 to +0.50) separate "
        "people better than the declared contract (3.00); none may gain 0.1 or more with an interval above 0"
    )


def test_what_is_not_told_apart_is_named_and_counted_and_many_are_cut_short():
    check = checked(neighbour("worse", -1, -2, -0.5), *(neighbour(f"n{one}", -one / 10, -1, 1) for one in range(6)))
    assert check.found.startswith(
        "1 of 7 other contracts are worse; not distinguishable from the declared one: n0 (gain"
    )
    assert check.found.endswith("; and 2 more")
    assert "n4" not in check.found


def test_a_neighbour_is_plain_json_with_none_for_what_cannot_be_computed():
    broken = neighbour("broken", *[float("-inf")] * 3, separation=float("nan")).result().as_json()
    assert (broken["separation"], broken["gain"], broken["low"]) == (None, None, None)
    assert broken["contract"]["size_px"] == 160


def test_a_contract_that_agrees_with_the_card_passes():
    assert check_card(FACENET, FACENET, None).outcome == "passed"
    mirrored = changed(FACENET, mirrored=False, selection="largest", pixel_divisor=127.5)
    assert check_card(mirrored, FACENET, None).outcome == "passed"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"color_order": "bgr"}, "colour order is BGR; the card has RGB"),
        (
            {"pixel_mean": 0.0, "pixel_divisor": 255.0},
            "pixel values are (x - 0) / 255; the card has (x - (122.782, 117.001, 104.298)) / 256",
        ),
        (
            {"alignment": "margin_crop", "template_points": None},
            "alignment is margin_crop; the card has five_point",
        ),
        (
            {"template_points": [(x, y + 12) for x, y in DLIB.template_points]},
            "template_points lie up to 12.0 px from the card's",
        ),
    ],
)
def test_a_contract_that_differs_says_in_what(changes, found):
    declared = changed(DLIB, **changes)
    assert list(differences(declared, DLIB)) == [found]
    check = check_card(declared, DLIB, neighbour("as the card says", 0.4, 0.1, 0.7))
    assert (check.outcome, check.found) == (
        "failed",
        f"{found}; as the card says, separation gains +0.40, 95% interval +0.10 to +0.70",
    )


def test_points_of_the_112_x_96_template_differ_from_arcface_though_both_are_five_points():
    arcface, sphereface = (
        InputContract(
            size_px=112, pixel_mean=0, pixel_divisor=255, alignment="five_point",
            template_points=[tuple(point) for point in (TEMPLATES[name] * 112).tolist()],
        )
        for name in ("112 x 112 (ArcFace)", "112 x 96 (SphereFace, CosFace), not centred")
    )  # fmt: skip
    assert list(differences(sphereface, arcface)) == ["template_points lie up to 8.0 px from the card's"]


@pytest.fixture(scope="module")
def faces():
    people = people_of({f"p{one}": 3 for one in range(13)})
    return faces_in(people, photos_of(people, noise=60))


@pytest.fixture(scope="module")
def recognizer():
    return recognizer_of(lambda batch: blocks(np.tanh(batch)), 108)


def tried_with(recognizer, *groups):
    return Tried(recognizer, groups, [templates_of(recognizer, faces)[0] for faces in groups])


def test_a_contract_that_is_no_worse_on_ten_people_is_tried_on_all(recognizer, faces):
    same = tried_with(recognizer, faces).neighbour("the same", recognizer.contract)
    assert same.faces == 39
    assert (same.gain.value, same.gain.low, same.gain.high) == (0, 0, 0)
    made = templates_of(recognizer, faces)[0]
    assert same.separation == pytest.approx(float(separation(pair_sums(faces.people, made))[0]))


def test_a_contract_that_is_worse_on_ten_people_is_tried_on_these_alone(recognizer, faces):
    flat = changed(recognizer.contract, pixel_mean=0, pixel_divisor=6)
    neighbour = tried_with(recognizer, faces).neighbour("most values saturate", flat)
    assert neighbour.worse
    assert neighbour.faces == 30
    first = faces.at(range(30))
    base, other = (templates_of(recognizer, first, one)[0] for one in (recognizer.contract, flat))
    gain = gain_of([(pair_sums(first.people, base), pair_sums(first.people, other))])
    assert (neighbour.gain.value, neighbour.gain.high) == pytest.approx((gain.value, gain.high))


def test_ten_people_or_fewer_are_tried_once(recognizer, faces):
    tried = tried_with(recognizer, faces.at(range(30)))
    assert tried.neighbour("the same", recognizer.contract).faces == 30
    assert len(tried.seen) == 1


def test_groups_count_by_their_people(recognizer, faces):
    people = people_of({f"q{one}": 3 for one in range(4)})
    own = faces_in(people, photos_of(people, noise=90, seed=5))
    each = [float(separation(pair_sums(group.people, templates_of(recognizer, group)[0]))[0]) for group in (faces, own)]
    declared = tried_with(recognizer, faces, own).declared()
    assert declared.faces == 39 + 12
    assert declared.separation == pytest.approx((13 * each[0] + 4 * each[1]) / 17)
    assert abs(each[0] - each[1]) > 0.1


def test_a_contract_that_loses_one_template_is_worse(faces):
    def bright_only(batch):
        """NaN where the mean is below 122, which it is of the darkest faces with values of 0 to 255."""
        made, brightness = blocks(batch), batch.mean(axis=(1, 2, 3))
        made[(brightness > 2) & (brightness < 122)] = np.nan
        return made

    recognizer = recognizer_of(bright_only, 108)
    raw = changed(recognizer.contract, pixel_mean=0, pixel_divisor=1)
    usable = finite_rows(templates_of(recognizer, faces, raw)[0])
    assert not usable[:30].all()
    assert usable[:30].any()
    neighbour = tried_with(recognizer, faces).neighbour("0 to 255", raw)
    assert neighbour.worse
    assert math.isnan(neighbour.separation)
    assert (neighbour.gain.low, neighbour.gain.high) == (-math.inf, -math.inf)


def test_a_crop_of_another_size_is_told_and_not_compared():
    declared = changed(FACENET, size_px=112)
    assert list(differences(declared, FACENET)) == ["size_px is 112; the card has 160"]
    check = check_card(declared, FACENET, None)
    assert (check.outcome, check.found) == ("failed", "size_px is 112; the card has 160")


def test_a_gain_matters_from_a_tenth_on():
    """In standard deviations of non-mated cosines, as docs/your-model.md says."""
    assert neighbour("", 0.1, 0.01, 0.2).better
    assert not neighbour("", 0.0999, 0.01, 0.2).better
