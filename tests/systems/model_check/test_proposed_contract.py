"""The contract that is proposed, against a plain loop over all usual ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from patterns import blocks, faces_in, people_of, photos_of, recognizer_of

from faceproof.metrics.people_apart import pair_sums, separation
from faceproof.systems.model_check.check_faces import templates_of
from faceproof.systems.model_check.contracts import aligned_contracts, pixel_contracts
from faceproof.systems.model_check.proposed_contract import climbed, propose


def clipped(batch):
    """A net made for values of -1 to 1 that reads the first colour alone; larger values say nothing to it."""
    return blocks(np.tanh(3 * np.repeat(batch[:, :1], 3, axis=1)))


def clipped_softly(batch):
    """A net that reads the first colour alone, to which values of -127.5 to 127.5 say most."""
    return blocks(np.tanh(0.03 * np.repeat(batch[:, :1], 3, axis=1)))


def with_noise_in(channel, photos, seed, share=1.0):
    """The photos with a share of noise in one colour, which differs from photo to photo."""
    rng = np.random.default_rng(seed)
    changed = []
    for photo in photos:
        made = photo.copy()
        noise = rng.integers(0, 256, (12, 12)).repeat(8, 0).repeat(8, 1)
        made[..., channel] = (1 - share) * made[..., channel] + share * noise
        changed.append(made)
    return changed


@pytest.fixture(scope="module")
def recognizer():
    return recognizer_of(clipped, 108, pixel_mean=0, pixel_divisor=1)


def best_by_a_loop(recognizer, faces):
    """Pixel values and alignment of the highest separation of all usual contracts."""
    found = {}
    for alignment, aligned in aligned_contracts(recognizer.contract):
        for pixels, contract in pixel_contracts(aligned):
            templates = templates_of(recognizer, faces, contract)[0]
            if np.isfinite(templates).all():
                found[f"{pixels}, {alignment}"] = float(separation(pair_sums(faces.people, templates))[0])
    return max(found, key=found.get), found


def test_the_contract_that_separates_people_best_is_proposed(recognizer):
    people = people_of({f"p{one}": 3 for one in range(8)})
    faces = faces_in(people, with_noise_in(2, photos_of(people, noise=60), seed=1))
    best, found = best_by_a_loop(recognizer, faces)
    proposal = propose(recognizer, faces)
    assert proposal.text.startswith("RGB, ")
    assert found[proposal.text] > found[best] - 0.2
    assert not [one.text for one in proposal.neighbours if one.better]
    assert proposal.neighbours[0].separation == pytest.approx(found[proposal.text])
    assert math.isfinite(proposal.d_prime)


def test_people_on_whom_it_was_not_screened_overrule_those_on_whom_it_was():
    """Ten people differ in red and a little less in blue, twenty others in blue alone: BGR is best on all."""
    recognizer = recognizer_of(clipped_softly, 108, pixel_mean=0, pixel_divisor=1)
    first, others = (people_of({f"{kind}{one}": 2 for one in range(many)}) for kind, many in (("a", 10), ("b", 20)))
    people = first + others
    photos = photos_of(people, noise=60)
    photos = with_noise_in(2, photos[:20], seed=1, share=0.3) + with_noise_in(0, photos[20:], seed=2)
    few, everybody = faces_in(first, photos[:20]), faces_in(people, photos)
    assert best_by_a_loop(recognizer, few)[0].startswith("RGB, ")
    best, found = best_by_a_loop(recognizer, everybody)
    assert best.startswith("BGR, ")
    proposal = propose(recognizer, everybody)
    assert proposal.text.startswith("BGR, ")
    # Of several better pixel values the step goes to the best.
    alignment = proposal.text.partition(", face")[2]
    assert found[proposal.text] == max(value for text, value in found.items() if text.endswith(alignment))
    assert proposal.neighbours[0].separation == pytest.approx(found[proposal.text])
    assert not [one.text for one in proposal.neighbours if one.better]


def test_two_people_with_several_photos_are_enough_for_a_number(recognizer):
    people = people_of({"a": 3, "b": 3})
    faces = faces_in(people, photos_of(people, noise=60))
    assert math.isfinite(propose(recognizer, faces).d_prime)
    people = people_of({"a": 3, "b": 1})
    alone = propose(recognizer, faces_in(people, photos_of(people, noise=60)))
    assert math.isnan(alone.d_prime)
    assert alone.neighbours == ()


def test_contracts_that_give_no_template_are_not_proposed():
    """The net gives NaN for values above 3, and so for all ranges but those of about 1."""

    def small_values_only(batch):
        made = blocks(batch)
        made[np.abs(batch).max(axis=(1, 2, 3)) > 3] = np.nan
        return made

    people = people_of({"a": 2, "b": 2, "c": 2})
    faces = faces_in(people, photos_of(people, noise=60))
    proposal = propose(recognizer_of(small_values_only, 108), faces)
    assert math.isfinite(proposal.d_prime)
    assert any(text in proposal.text for text in ("0 to 1,", "-1 to 1,", "ImageNet"))


STEPS = ("0 to 255", "50%"), ("0 to 1", "50%"), ("0 to 1", "31%"), ("-1 to 1", "31%"), ("-1 to 1", "no margin")
"""Pixel values and alignments that separate people better and better; each differs from the one before in one."""


def test_no_neighbour_of_the_proposed_contract_is_better_however_many_steps_lead_there():
    """The net reads who is on a photo and how it is fed, and adds as much noise as that calls for."""
    rng = np.random.default_rng(3)
    people = people_of({f"p{one}": 2 for one in range(12)})
    vectors, noise = np.repeat(rng.normal(size=(12, 40)), 2, axis=0), rng.normal(size=(24, 40))
    noise_of = {step: 4 / 2**place for place, step in enumerate(STEPS)}
    spans = {255: "0 to 255", 1: "0 to 1", 2: "-1 to 1"}

    def fed(green):
        """Pixel values and alignment: by the range of values, and by how much of the crop is white."""
        low, high = green.min(), green.max()
        white = (green == high).mean()
        margin = "no margin" if white < 0.2 else "31%" if white < 0.65 else "50%" if white < 0.8 else ""
        return (spans.get(round(high - low), "") if low in {0, -1} else ""), margin

    def embed(batch):
        made = []
        for green in batch[:, 1]:
            low, high = green.min(), green.max()
            photo = round(float((green[12, 12] - low) / (high - low) * 25)) - 1
            made.append(vectors[photo] + noise_of.get(fed(green), 9) * noise[photo])
        return np.array(made)

    photos = []
    for photo in range(24):
        pixels = np.full((96, 96, 3), 255, np.uint8)
        pixels[24:72, 24:72] = 0
        pixels[40:56, 40:56] = round((photo + 1) * 255 / 25)
        pixels[24:32, 24:32] = 255
        photos.append(pixels)
    recognizer = recognizer_of(embed, 40, pixel_mean=0, pixel_divisor=1)
    alignments = dict(aligned_contracts(recognizer.contract))
    begin = next(text for text in alignments if STEPS[0][1] in text)
    found = climbed(recognizer, faces_in(people, photos), (f"RGB, values {STEPS[0][0]}", begin), alignments)
    # These five points cut out what the box without a margin does.
    assert found.text == "RGB, values -1 to 1, five points of 112 x 112 (ArcFace)"
    assert not [one.text for one in found.neighbours if one.better]
