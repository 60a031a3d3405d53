"""Failure to acquire: photos that give no template, and their effect on the error rates of the whole system."""

from __future__ import annotations

import math

from faceproof.errors import ConfigurationError


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


def _share(part: int, whole: int, what: str) -> float:
    if not 0 <= part <= whole:
        raise ConfigurationError(f"{part} {what} of {whole} makes no sense; expected 0 <= part <= whole")
    return part / whole if whole else math.nan
