"""Checks of the templates that a recogniser gives for the faces of the model check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from faceproof.systems.model_check.checks import Check, at_least, below

Array = NDArray[np.float32]

ALIKE, COMPONENT, SHIFT, MIRROR, APART = 0.97, 0.5, 0.9, 0.7, 1.5

REACHED = (3.2, 4.1)
"""Lowest and highest d' of the models that faceproof knows, on the packaged faces (benchmarks/model_check.py)."""

OWN_REACHED = 3.0
"""d' on the user's photos that raises no question: an EER of about 7%."""

WIDEST = 2048
"""Numbers in the largest templates of usual models."""

_LENGTH_TOLERANCE, _SUM_TOLERANCE, _RANK_TOLERANCE = 1e-3, 1e-3, 1e-4
_MOST_ROWS = 1500
_LEVELS, _LEAST_REPEATS, _DIGITS = 256, 10, 5


def check_finite(usable: NDArray[np.bool_]) -> Check:
    """Whether every face has a finite template; ``usable`` is bool (faces,)."""
    finite, name = int(usable.sum()), "templates are finite"
    if finite == usable.size:
        return Check(name, "passed", f"all {usable.size} templates are finite")
    return Check(name, "failed", f"{finite} of {usable.size} templates are finite; all must be")


def check_lengths(lengths: Array) -> Check:
    """Whether templates have the unit length that the model declares; ``lengths`` is float32 (faces,)."""
    low, high = float(lengths.min()), float(lengths.max())
    unit = max(abs(low - 1), abs(high - 1)) <= _LENGTH_TOLERANCE
    required = f"they must lie within {_LENGTH_TOLERANCE:g} of 1"
    name = "templates have unit length"
    return Check(name, "passed" if unit else "failed", f"lengths are {low:.5g} to {high:.5g}; {required}")


def check_different_people(similarity: NDArray[np.float64]) -> Check:
    """Whether different people have different templates; ``similarity`` is float64 (non-mated pairs,)."""
    alike = float(np.median(similarity)) if similarity.size else float("nan")
    return below("templates of different people differ", "the median cosine of different people", alike, ALIKE)


def check_components(templates: Array) -> Check:
    """Whether no single principal component has most of the variance of templates, float32 (faces, d)."""
    centred = templates - templates.mean(axis=0)
    strength = np.linalg.svd(centred, compute_uv=False) ** 2
    share = float(strength[0] / strength.sum()) if strength.sum() > 0 else 1.0
    return below(
        "template variance is not dominated by one principal component",
        "the share of the first principal component",
        share,
        COMPONENT,
        ".0%",
    )


def check_changed_faces(templates: Array, shifted: Array, mirrored: Array) -> Iterator[Check]:
    """Whether templates change little when the crop is shifted by one pixel or mirrored, all float32 (faces, d)."""
    yield at_least(
        "a shift of one pixel changes a template little",
        "the median cosine to the shifted face",
        median_cosine(templates, shifted),
        SHIFT,
    )
    yield at_least(
        "a mirrored face stays the same person",
        "the median cosine to the mirrored face",
        median_cosine(templates, mirrored),
        MIRROR,
    )


def check_separation(d_prime: float) -> Check:
    """Whether people who do not exist are separated, and as well as by the models that faceproof knows."""
    name = "different people are separated"
    least = at_least(name, "d'", d_prime, APART, ".2f")
    if not least.passed:
        return least
    reach = f"models that faceproof knows reach {REACHED[0]:.1f} to {REACHED[1]:.1f} on these faces"
    if d_prime >= REACHED[0]:
        return Check(name, "passed", f"d' is {d_prime:.2f}; {reach}")
    why = "the model may be a weaker one, or its file may be damaged, for example by a bad conversion to int8"
    return Check(name, "inconclusive", f"d' is {d_prime:.2f}; {reach}: {why}")


def check_own_separation(d_prime: float, faces: int) -> Check:
    """Whether the user's people are separated; a low value has several possible causes, so nothing fails."""
    name = "people are separated on your photos"
    reach = f"on frontal photos that are easy, good models reach {OWN_REACHED:g} or more"
    value = f"is {d_prime:.2f}" if math.isfinite(d_prime) else "cannot be computed"
    measured = f"d' on {faces} of your photos {value}"
    if d_prime >= OWN_REACHED:
        return Check(name, "passed", f"{measured}; {reach}")
    why = "the photos may be hard, their labels wrong, faces badly found, or the model or its input wrong"
    return Check(name, "inconclusive", f"{measured}; {reach}: {why}")


def check_class_scores(templates: Sequence[Array], lengths: Array) -> Check:
    """Whether the output may be the scores of a classifier and not a template.

    Scores of classes are computed from an inner template of fewer numbers, so that they span as many dimensions as
    that; probabilities are not negative and sum to 1.

    Args:
        templates: float32 (faces, d) each, of unit length, of any faces under any contract.
        lengths: float32 (faces,), of those of the first as the net gives them.
    """
    name = "the output is a template and not class scores"
    raw = templates[0].astype(np.float64) * lengths[:, None]
    width = raw.shape[1]
    if width > 1 and (raw >= 0).all() and np.abs(raw.sum(axis=1) - 1).max() <= _SUM_TOLERANCE:
        return Check(
            name, "failed", f"all {width:,} numbers are 0 or more and sum to 1, as probabilities of classes do"
        )
    rows = np.concatenate(templates)[:_MOST_ROWS]
    rank, varying = _rank(rows), int((np.ptp(rows, axis=0) > 0).sum())
    if rank * 2 <= min(varying, len(rows)):
        spanned = f"{width:,} numbers span only {rank} dimensions, as class scores of an inner template do"
        return Check(name, "failed", f"{spanned}; use the output of the layer before")
    if width > WIDEST:
        usual = f"templates of usual models have {WIDEST:,} at most, and class scores have one for each person"
        return Check(name, "inconclusive", f"the output has {width:,} numbers; {usual}")
    return Check(name, "passed", f"{width:,} numbers, which do not depend on each other like class scores")


def check_precision(quantized: bool, templates: Array, lengths: Array) -> Iterator[Check]:
    """For a net that computes with whole numbers: a bad conversion shows in nothing but lower accuracy.

    Args:
        quantized: whether the model's file says so.
        templates: float32 (faces, d), of unit length; their numbers show it where the output itself is quantized.
        lengths: float32 (faces,), as the net gives them.
    """
    values = np.unique((templates * lengths[:, None]).round(_DIGITS)).size
    of_output = values <= _LEVELS and templates.size >= _LEVELS * _LEAST_REPEATS
    if quantized or of_output:
        sign = "the file has operators that quantize" if quantized else f"all templates consist of {values} numbers"
        why = "a bad calibration costs accuracy and shows in nothing else: compare it with the float32 model"
        yield Check("the conversion to int8 costs no accuracy", "inconclusive", f"{sign}; {why}")


def _rank(rows: Array) -> int:
    """Number of dimensions that rows span, apart from rounding."""
    exact = rows.astype(np.float64)
    gram = exact @ exact.T if len(exact) < exact.shape[1] else exact.T @ exact
    strength = np.linalg.eigvalsh(gram)
    return int((strength > _RANK_TOLERANCE**2 * strength[-1]).sum())


def median_cosine(a: Array, b: Array) -> float:
    """Median cosine of templates of unit length, row by row; NaN where a row is not finite."""
    return float(np.median((a.astype(np.float64) * b).sum(axis=1)))
