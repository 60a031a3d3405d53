"""Convert numbers of any type to float32, the type of templates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_float32(numbers: NDArray[Any]) -> NDArray[np.float32]:
    """A copy of an array as float32; a number that is too large for float32 becomes infinite, without a warning.

    >>> as_float32(np.array([1.5, -1e300])).tolist()
    [1.5, -inf]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(numbers, np.float32)
