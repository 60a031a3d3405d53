"""Checks of the templates that a recogniser gives for a few dozen faces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.checks import Check, at_least, below

Array = NDArray[np.float32]

ALIKE, COMPONENT, SHIFT, MIRROR, APART = 0.97, 0.5, 0.9, 0.7, 1.5
_LENGTH_TOLERANCE = 1e-3


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
    """Whether people are separated at all."""
    return at_least("different people are separated", "d'", d_prime, APART, ".2f")


def median_cosine(a: Array, b: Array) -> float:
    """Median cosine of templates of unit length, row by row; NaN where a row is not finite."""
    return float(np.median((a.astype(np.float64) * b).sum(axis=1)))
