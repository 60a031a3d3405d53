"""Similarity and distance of templates.

``similarity`` is the cosine of the angle between two templates, -1 to 1, higher is more alike. ``distance`` is the
Euclidean distance of the same unit vectors, 0 to 2, lower is more alike. Each can be computed from the other:
``distance**2 == 2 - 2 * similarity``.
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError

_LENGTH_TOLERANCE = 1e-3


def similarities(
    templates: NDArray[np.floating],
    row_a: NDArray[np.integer],
    row_b: NDArray[np.integer],
    chunk: int = 2048,
    *,
    templates_a: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """Cosine similarity of the two templates of each comparison.

    Products and sums are computed in float64, row by row. The result is therefore the same to the last bit for any
    chunk size and any order of the two sides. Besides templates and result, the memory depends on ``chunk`` only;
    ``templates`` may be memory-mapped.

    Args:
        templates: float32 (n, d), rows of unit length; a row with NaN is a photo without a template.
        row_a: integers (m,), rows of ``templates``, 0 to n - 1; of ``templates_a`` if it is given.
        row_b: integers (m,), rows of ``templates``, 0 to n - 1.
        chunk: number of comparisons per chunk, 1 or more.
        templates_a: float32 (n', d), templates of side a, if they differ from those of side b.

    Returns:
        float64 (m,), -1 to 1; NaN if a photo has no template.

    Raises:
        ConfigurationError: shapes do not match, a row is outside of the templates, a template does not have unit
            length, or ``chunk`` is below 1.

    >>> templates = np.array([[1, 0], [0.6, 0.8], [np.nan, np.nan]], dtype=np.float32)
    >>> similarities(templates, np.array([0, 0]), np.array([1, 2])).round(6).tolist()
    [0.6, nan]
    """
    if chunk < 1:
        raise ConfigurationError(f"chunk is {chunk}; expected 1 or more comparisons per chunk")
    _check_unit_length(templates, chunk)
    if templates_a is None:
        templates_a = templates
    else:
        _check_unit_length(templates_a, chunk)
        if templates_a.shape[1] != templates.shape[1]:
            raise ConfigurationError(
                f"templates have {templates.shape[1]} numbers and those of side a {templates_a.shape[1]}; expected the "
                "same number"
            )
    a, b = _checked_rows(row_a, len(templates_a), "row_a"), _checked_rows(row_b, len(templates), "row_b")
    if a.shape != b.shape:
        raise ConfigurationError(f"row_a has {a.size} comparisons and row_b {b.size}; expected the same number")
    result = np.empty(a.size, dtype=np.float64)
    for start in range(0, a.size, chunk):
        part = slice(start, start + chunk)
        products = templates_a[a[part]].astype(np.float64)
        products *= templates[b[part]]
        result[part] = products.sum(axis=1)
    # The length of float32 templates differs from 1 by up to about 1e-7.
    return np.clip(result, -1.0, 1.0, out=result)


@overload
def distance_from_similarity(similarity: float) -> float: ...
@overload
def distance_from_similarity(similarity: NDArray[np.float64]) -> NDArray[np.float64]: ...
def distance_from_similarity(similarity: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Euclidean distance of two unit templates with a given cosine, sqrt(2 - 2 similarity).

    Args:
        similarity: a number or an array of any shape, -1 to 1; NaN stays NaN, values above 1 are treated as 1.

    Returns:
        Distances from 0 to 2, in the shape of the argument.

    >>> distance_from_similarity(0.5)
    1.0
    """
    return _as_given(np.sqrt(np.maximum(0.0, 2.0 - 2.0 * np.asarray(similarity, dtype=np.float64))))


@overload
def similarity_from_distance(distance: float) -> float: ...
@overload
def similarity_from_distance(distance: NDArray[np.float64]) -> NDArray[np.float64]: ...
def similarity_from_distance(distance: float | NDArray[np.float64]) -> float | NDArray[np.float64]:
    """Cosine of two unit templates at a given Euclidean distance, 1 - distance**2 / 2.

    Args:
        distance: a number or an array of any shape, 0 to 2; NaN stays NaN.

    Returns:
        Similarities from 1 to -1, in the shape of the argument.

    Raises:
        ConfigurationError: a distance is negative.

    >>> similarity_from_distance(1.0)
    0.5
    """
    values = np.asarray(distance, dtype=np.float64)
    if (values < 0).any():
        raise ConfigurationError("a distance is negative; expected distances of unit templates, 0 to 2")
    return _as_given(1.0 - values * values / 2.0)


def _as_given(values: ArrayLike) -> float | NDArray[np.float64]:
    """A float for a scalar, else the array."""
    array = np.asarray(values, dtype=np.float64)
    return array if array.ndim else float(array)


def _checked_rows(rows: NDArray[np.integer], count: int, name: str) -> NDArray[np.int64]:
    """The rows as int64 (m,); raise ConfigurationError if one is outside of 0 to ``count`` - 1."""
    array = np.asarray(rows)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise ConfigurationError(f"{name} has shape {array.shape} and dtype {array.dtype}; expected integers (m,)")
    if array.size and not (array.min() >= 0 and array.max() < count):
        raise ConfigurationError(
            f"{name} points to rows {array.min()} to {array.max()}; there are {count} templates, from 0"
        )
    return array.astype(np.int64, copy=False)


def _check_unit_length(templates: NDArray[np.floating], chunk: int) -> None:
    """Raise ConfigurationError if a template does not have unit length; rows with NaN are ignored."""
    if templates.ndim != 2:
        raise ConfigurationError(f"templates has shape {templates.shape}; expected (n, d)")
    for start in range(0, len(templates), chunk):
        rows = templates[start : start + chunk].astype(np.float64)
        length = np.sqrt((rows * rows).sum(axis=1))
        wrong = np.flatnonzero(np.abs(length - 1.0) > _LENGTH_TOLERANCE)
        if wrong.size:
            raise ConfigurationError(
                f"template {start + wrong[0]} has length {length[wrong[0]]:.6g}; expected unit length. "
                "Normalise templates before they are compared"
            )
