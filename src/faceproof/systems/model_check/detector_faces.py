"""Compare the detector's faces with MTCNN's, and with the faces found with a black border, on the user's photos.

Landmarks in another order, boxes for another picture size, photos that were never aligned and photos that are cut
tightly around the face give templates that look like those of a poor model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faceproof.metrics.people_apart import Gain, gain_of, pair_sums, separation
from faceproof.systems.model_check.checks import Check
from faceproof.systems.model_check.contracts import changed
from faceproof.systems.recognition.recognizer import Recognizer

Crop = NDArray[np.uint8] | None

AS_MTCNN = "the detector's faces separate people as well as MTCNN's"
BORDER = "a black border before detection gains nothing"

MATTERS = 0.25
"""Smallest gain of separation that counts, in standard deviations of non-mated cosines."""

_FEWEST = 8
_SURE = 0.05


@dataclass(frozen=True, slots=True)
class FacesCompared:
    """Two sets of faces in the same photos.

    Attributes:
        both: number of photos that have a template of either.
        base: separation of people on these photos with the first faces; NaN where it cannot be computed.
        other: likewise with the second.
        gain: of the second over the first.
    """

    both: int
    base: float
    other: float
    gain: Gain


def compare_faces(
    recognizer: Recognizer, people: Sequence[str], base: Sequence[Crop], other: Sequence[Crop]
) -> FacesCompared:
    """How well people are separated with two sets of faces, on the photos that have both.

    Args:
        recognizer: makes the templates.
        people: who is on each photo.
        base: the prepared face of each, uint8 (s, s, 3), or None where there is none.
        other: likewise.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    described = [_described(recognizer, crops) for crops in (base, other)]
    both = np.flatnonzero(np.isfinite(np.stack(described)).all(axis=(0, 2)))
    if not both.size:
        return FacesCompared(0, float("nan"), float("nan"), Gain(float("nan"), float("-inf"), float("inf")))
    who = [people[row] for row in both.tolist()]
    sums = [pair_sums(who, templates[both]) for templates in described]
    apart = [float(separation(one)[0]) for one in sums]
    return FacesCompared(both.size, apart[0], apart[1], gain_of([(sums[0], sums[1])]))


def check_detector_faces(
    recognizer: Recognizer, people: Sequence[str], given: Sequence[Crop], by_mtcnn: Sequence[Crop]
) -> Check:
    """Compare the faces of another detector with MTCNN's.

    Args:
        recognizer: makes the templates.
        people: who is on each photo.
        given: the prepared face of each, uint8 (s, s, 3), or None where there is none.
        by_mtcnn: likewise, found by MTCNN.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    found = compare_faces(recognizer, people, given, by_mtcnn)
    if found.both < _FEWEST:
        few = f"{found.both} of {len(people)} photos have both faces; {_FEWEST} are needed"
        return Check(AS_MTCNN, "inconclusive", few)
    if np.isfinite(found.other) and not np.isfinite(found.base):
        same = f"all {found.both} photos have the same template with the detector's faces"
        return Check(AS_MTCNN, "failed", f"{same}; separation with MTCNN's is {found.other:.2f}")
    if not np.isfinite(found.gain.value):
        pairs = "give too few pairs of one person or of two people"
        return Check(AS_MTCNN, "inconclusive", f"the {found.both} photos that have both {pairs}")
    measured = (
        f"separation on {found.both} of your photos is {found.base:.2f} with the detector's faces and "
        f"{found.other:.2f} with MTCNN's (gain {found.gain.text})"
    )
    return _judged(AS_MTCNN, found.gain, measured)


def check_border(
    recognizer: Recognizer, people: Sequence[str], plain: Sequence[Crop], bordered: Sequence[Crop], pad: float
) -> Check:
    """Compare the faces that MTCNN finds with those that it finds when photos get a black border first.

    Args:
        recognizer: makes the templates.
        people: who is on each photo.
        plain: the prepared face of each, uint8 (s, s, 3), or None where there is none.
        bordered: likewise, of photos with a border.
        pad: width of the border on each side, as a fraction of the photo's sides.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    found = compare_faces(recognizer, people, plain, bordered)
    gone, new = (
        sum(a is not None and b is None for a, b in zip(*crops, strict=True))
        for crops in ((plain, bordered), (bordered, plain))
    )
    faces = [sum(crop is not None for crop in crops) for crops in (plain, bordered)]
    measured = (
        f"of {len(people)} of your photos, {faces[1]} have a face with a border of {pad:.0%} and {faces[0]} without"
    )
    if np.isfinite(found.gain.value) and found.both >= _FEWEST:
        measured += (
            f"; on {found.both} of them separation is {found.other:.2f} with the border and {found.base:.2f} without "
            f"(gain {found.gain.text})"
        )
        judged = _judged(BORDER, found.gain, measured)
    else:
        judged = Check(BORDER, "inconclusive", f"{measured}; too few to compare how well people are separated")
    from scipy.stats import binomtest  # here and not at the top: it takes long to load

    more_faces = new > gone and binomtest(new, new + gone, alternative="greater").pvalue < _SURE
    if more_faces or judged.outcome == "failed":
        return Check(BORDER, "failed", f"{measured}; the recipe's pad of {pad:g} adds it")
    return judged


def _judged(name: str, gain: Gain, measured: str) -> Check:
    """Failed if the second faces are better; passed if a gain that counts is excluded."""
    required = f"no gain of {MATTERS:g} or more may have an interval above 0"
    if gain.low > 0 and gain.value >= MATTERS:
        return Check(name, "failed", f"{measured}; {required}")
    if gain.high < MATTERS:
        return Check(name, "passed", f"{measured}; {required}")
    return Check(name, "inconclusive", f"{measured}: the interval reaches {MATTERS:g}")


def _described(recognizer: Recognizer, crops: Sequence[Crop]) -> NDArray[np.float32]:
    """A template for each crop, without the mirrored face added; NaN where there is no crop or no template."""
    unmirrored = replace(recognizer, contract=changed(recognizer.contract, mirrored=False))
    templates = np.full((len(crops), recognizer.template_size), np.nan, np.float32)
    there = [crop for crop in crops if crop is not None]
    if there:
        templates[[crop is not None for crop in crops]] = unmirrored.embed(np.stack(there))[0]
    return templates
