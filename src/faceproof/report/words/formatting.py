"""Formatting of numbers as text, the same on the page, in the console and in figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line imports this module at its start, and NumPy loads slowly
    from faceproof.summary.estimates import Estimate

_MOST_DIGITS = 10


def percent(rate: float | None, n: int | None = None, *, sign: bool = True) -> str:
    """A rate as a percentage; the number of decimals depends on the number of trials.

    A rate above 0 is never shown as 0%, and a rate below 1 never as 100%.

    Args:
        rate: 0 to 1, or None where it cannot be estimated.
        n: number of trials of the rate; None: two decimals.
        sign: whether to append the % sign.

    Returns:
        The text; a dash for None.

    Example:
        >>> percent(0.99216, 6000), percent(0.5, 40), percent(0.0000333, 30000), percent(0.99999, 100)
        ('99.22%', '50.0%', '0.0033%', '99.999%')
    """
    if rate is None:
        return "–"
    digits = percent_digits(rate, n)
    return f"{100 * rate:.{digits}f}{'%' if sign else ''}"


def percent_digits(rate: float, n: int | None = None) -> int:
    """Number of decimals in `percent`, for a rate of 0 to 1 in ``n`` trials."""
    digits = 2 if n is None or n >= 1000 else 1
    remainder = round(100 * min(abs(rate), abs(1 - rate)), 10)
    if remainder > 0:
        first = -math.floor(math.log10(remainder))
        digits = max(digits, min(8, first + (rate < 0.5)))
    return digits


def percent_range(estimate: Estimate, joiner: str = " – ") -> str:
    """The interval of a rate as text, such as ``98.96 – 99.41%``; empty where there is none.

    >>> from faceproof.summary.estimates import Estimate
    >>> percent_range(Estimate(value=0.02, low=0.0123, n=300)), percent_range(Estimate(value=0.9, high=0.95, n=300))
    ('1.2% or more', '95.0% or less')
    """
    low, high, n = estimate.low, estimate.high, estimate.n
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"{percent(high, n)} or less" if low is None else f"{percent(low, n)} or more"
    digits = max(percent_digits(edge, n) - (0 < edge < 1e-3) for edge in (low, high))
    while digits < _MOST_DIGITS and low < high and _blurred(low, high, digits):
        digits += 1
    return f"{100 * low:.{digits}f}{joiner}{100 * high:.{digits}f}%"


def _blurred(low: float, high: float, digits: int) -> bool:
    """Whether ``digits`` decimals show both ends as equal, an end above 0 as 0%, or an end below 1 as 100%."""
    ends = [float(f"{100 * end:.{digits}f}") for end in (low, high)]
    return ends[0] == ends[1] or (ends[0] == 0 < low) or (ends[1] == 100 and high < 1)


def number(value: float | None, decimals: int = 3) -> str:
    """A number with a fixed number of decimals; a dash for None."""
    return "–" if value is None else f"{value:.{decimals}f}"


def number_range(estimate: Estimate, decimals: int = 3, joiner: str = " – ") -> str:
    """The interval of a number with a fixed number of decimals; empty where there is none."""
    low, high = estimate.low, estimate.high
    return "" if low is None or high is None else f"{low:.{decimals}f}{joiner}{high:.{decimals}f}"


def points(estimate: Estimate) -> str:
    """A difference of two rates in percentage points, with its sign; a difference other than 0 is never shown as 0.

    >>> from faceproof.summary.estimates import Estimate
    >>> points(Estimate(value=-0.0055, n=6000)), points(Estimate(value=0.0, n=40)), points(Estimate(value=None))
    ('-0.55', '0.0', '–')
    """
    value = estimate.value
    return "–" if value is None else _signed(value, percent_digits(value, estimate.n))


def points_range(estimate: Estimate, joiner: str = " to ") -> str:
    """The interval of a difference in percentage points; empty where there is none.

    >>> from faceproof.summary.estimates import Estimate
    >>> points_range(Estimate(value=-0.0055, low=-0.0092, high=0.00012, n=6000))
    '-0.92 to +0.01'
    >>> points_range(Estimate(value=0.0, low=-0.000003, high=0.000003, n=1_200_000))
    '-0.0003 to +0.0003'
    """
    low, high, n = estimate.low, estimate.high, estimate.n
    if low is None or high is None:
        return ""
    digits = percent_digits(estimate.value or 0.0, n)
    while digits < 8 and low < high and _signed(low, digits) == _signed(high, digits):
        digits += 1
    return f"{_signed(low, digits)}{joiner}{_signed(high, digits)}"


def _signed(value: float, digits: int) -> str:
    text = f"{100 * value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text


def count(value: int | None) -> str:
    """A count with a comma between thousands.

    Example:
        >>> count(12593)
        '12,593'
    """
    return "–" if value is None else f"{value:,}"


def printable(name: str) -> str:
    r"""A name with all characters escaped that do not print, so that it cannot break a line or control a terminal.

    >>> printable("a\x1b[31m/ü.jpg")
    'a\\x1b[31m/ü.jpg'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def cannot_be_estimated(estimate: Estimate) -> str:
    """Why an estimate has no value, as the second part of a sentence."""
    return f"cannot be estimated: {estimate.reason or 'no reason was recorded'}"
