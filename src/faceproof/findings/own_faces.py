"""Whether another detector's faces separate people as well as MTCNN's, on the first of the user's photos.

Landmarks in another order, boxes for another picture size and photos that were never aligned give templates that look
like those of a poor model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.canary import BETTER
from faceproof.findings.checks import Check
from faceproof.findings.people_apart import gain_interval, pairs_of, people_drawn_again
from faceproof.metrics.separation import d_prime
from faceproof.recognition.recognizer import Recognizer

Crop = NDArray[np.uint8] | None

NAME = "the detector's faces separate people as well as MTCNN's"
_FEWEST = 8


def about_the_faces(
    recognizer: Recognizer, people: Sequence[str], given: Sequence[Crop], by_mtcnn: Sequence[Crop]
) -> Check:
    """Compare how well people are separated with the faces that are given and with MTCNN's.

    Args:
        recognizer: makes the templates.
        people: who is on each photo.
        given: the prepared face of each, uint8 (s, s, 3), or None where there is none.
        by_mtcnn: likewise, found by MTCNN.

    Returns:
        The check; ``not told apart`` where too few photos have both faces.

    Raises:
        ModelError: the recogniser fails on these faces.
    """
    described = [_described(recognizer, crops) for crops in (given, by_mtcnn)]
    both = np.flatnonzero(np.isfinite(np.stack(described)).all(axis=(0, 2))).tolist()
    who = [people[row] for row in both]
    if len(both) < _FEWEST:
        return _undecided(f"{len(both)} of {len(people)} photos have both faces; {_FEWEST} are needed")
    (mated, as_given), (_, with_mtcnn) = (pairs_of(who, templates[both]) for templates in described)
    apart = [d_prime(similarity, mated) for similarity in (as_given, with_mtcnn)]
    if np.isfinite(apart[1]) and not np.isfinite(apart[0]):
        same = f"all {len(both)} photos have the same template with the detector's faces"
        return Check(NAME, "failed", f"{same}; d' with MTCNN's is {apart[1]:.2f}")
    if not np.isfinite(apart).all():
        return _undecided(f"the {len(both)} photos that have both give too few pairs of one person or of two people")
    low, _ = gain_interval(with_mtcnn, as_given, mated, people_drawn_again(who))
    worse = low > 0 and apart[1] > BETTER * max(apart[0], 0)
    found = (
        f"d' on {len(both)} of your photos is {apart[0]:.2f} with the detector's faces and {apart[1]:.2f} with MTCNN's"
    )
    required = f"the second may not be above {BETTER:g} times the first with an interval of the difference above 0"
    return Check(NAME, "failed" if worse else "passed", f"{found}; {required}")


def _undecided(why: str) -> Check:
    return Check(NAME, "not told apart", why)


def _described(recognizer: Recognizer, crops: Sequence[Crop]) -> NDArray[np.float32]:
    """A template for each crop, without the mirrored face added; NaN where there is no crop or no template."""
    plain = recognizer.contract.model_dump() | {"mirrored": False}
    as_one = replace(recognizer, contract=type(recognizer.contract).model_validate(plain))
    templates = np.full((len(crops), recognizer.template_size), np.nan, np.float32)
    there = [crop for crop in crops if crop is not None]
    if there:
        templates[[crop is not None for crop in crops]] = as_one.embed(np.stack(there))[0]
    return templates
