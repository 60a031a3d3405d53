"""Failure to acquire: photos that give no template, and their effect on the error rates of the whole system."""

from __future__ import annotations

import math
from dataclasses import replace

from faceproof.errors import ConfigurationError
from faceproof.metrics.intervals import Interval, Rate


def detection_rate(with_face: int, decodable: int) -> float:
    """Share of readable photos in which the detector found a face.

    Args:
        with_face: photos with one face or more.
        decodable: photos that could be turned into pixels.

    Returns:
        0 to 1; NaN where no photo could be read.

    Raises:
        ConfigurationError: the counts are negative or the part exceeds the whole.

    >>> detection_rate(191, 200)
    0.955
    """
    return _share(with_face, decodable, "photos with a face")


def failure_to_acquire(without_template: int, photos: int) -> float:
    """FTA: share of all photos that gave no template, whatever the stage that failed (ISO/IEC 19795-1).

    Args:
        without_template: photos that could not be read, had no face, or gave no template.
        photos: all photos that the comparisons use.

    Returns:
        0 to 1; NaN without photos.

    Raises:
        ConfigurationError: the counts are negative or the part exceeds the whole.

    >>> failure_to_acquire(9, 200)
    0.045
    """
    return _share(without_template, photos, "photos without a template")


def far_frr(fmr: float, fnmr: float, fta: float) -> tuple[float, float]:
    """Error rates of the whole system, in which a photo without a template counts as a rejection.

    Args:
        fmr: false match rate of the comparisons that were made, 0 to 1, or NaN.
        fnmr: false non-match rate of the comparisons that were made, 0 to 1, or NaN.
        fta: failure-to-acquire rate, 0 to 1, or NaN.

    Returns:
        FAR = FMR (1 - FTA) and FRR = FTA + FNMR (1 - FTA); each NaN where one of its terms is.

    Raises:
        ConfigurationError: a rate lies outside 0 to 1.

    Source: ISO/IEC 19795-1, one attempt per transaction.

    >>> far_frr(0.01, 0.2, 0.5)
    (0.005, 0.6)
    """
    for name, rate in (("FMR", fmr), ("FNMR", fnmr), ("FTA", fta)):
        if not (math.isnan(rate) or 0 <= rate <= 1):
            raise ConfigurationError(f"{name} is {rate}; a rate lies between 0 and 1 (a fraction, no percentage)")
    return fmr * (1 - fta), fta + fnmr * (1 - fta)


def generalised_accept_rate(fmr: Rate, fte: Rate, fta: Rate) -> tuple[float, Interval]:
    """GFAR = (1 - FTE) (1 - FTA) FMR, with its interval (MOVER).

    Args:
        fmr: false match rate of the comparisons that were made.
        fte: failure-to-enrol rate: reference photos without a template.
        fta: failure-to-acquire rate: probe photos without a template.

    Source: ISO/IEC 19795-1. FTE and FTA are taken as fully correlated, since they are of the same people.
    """
    value = (1 - fte.value) * (1 - fta.value) * fmr.value
    method = f"MOVER of FTE, FTA and FMR, each a {fmr.interval.method}"
    lost = [_ends(one) for one in (fte, fta)]
    matched = _ends(fmr)
    if lost[0] is None or lost[1] is None or matched is None:
        return value, Interval(
            None, None, method, None, fmr.interval.reason or fte.interval.reason or fta.interval.reason
        )
    # 1 - FTE and 1 - FTA: the high end of a failure rate is the low end of what is left.
    kept = (1 - fte.value) * (1 - fta.value)
    least, most = ((1 - lost[0][end]) * (1 - lost[1][end]) for end in (1, 0))
    low = value - math.hypot(value - kept * matched[0], value - least * fmr.value)
    high = value + math.hypot(kept * matched[1] - value, most * fmr.value - value)
    return value, Interval(low, high, method, fmr.interval.effective_people).within(0.0, 1.0)


def generalised_reject_rate(fnmr: Rate, fte: Rate, fta: Rate) -> tuple[float, Interval]:
    """GFRR = 1 - (1 - FTE) (1 - FTA) (1 - FNMR), with its interval; see `generalised_accept_rate`."""
    right = Rate(
        value=1 - fnmr.value,
        n=fnmr.n,
        errors=fnmr.n - fnmr.errors,
        interval=fnmr.interval.complement(),
        influence=fnmr.influence * -1.0,
    )
    value, interval = generalised_accept_rate(right, fte, fta)
    return 1 - value, replace(interval.complement(), method=interval.method.replace("FMR", "FNMR"))


def _ends(rate: Rate) -> tuple[float, float] | None:
    low, high = rate.interval.low, rate.interval.high
    return None if low is None or high is None else (low, high)


def _share(part: int, whole: int, what: str) -> float:
    if not 0 <= part <= whole:
        raise ConfigurationError(f"{part} {what} of {whole} makes no sense; expected 0 <= part <= whole")
    return part / whole if whole else math.nan
