"""Numbers of bytes as text with a unit."""

from __future__ import annotations

import re

from faceproof.errors import ConfigurationError

_UNITS = {"": 1, "B": 1} | {
    f"{letter}{ending}": base**power
    for power, letter in enumerate("KMGT", start=1)
    for ending, base in (("", 1000), ("B", 1000), ("IB", 1024))
}


def in_words(number: float) -> str:
    """A number of bytes as text, with a unit and three digits.

    >>> in_words(1234), in_words(5.2e9)
    ('1.23 kB', '5.2 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} TB"


def rounded_up(number: int) -> int:
    """A number of bytes rounded up to three significant digits.

    >>> in_words(rounded_up(64_000_001))
    '64.1 MB'
    """
    step: int = 10 ** max(0, len(str(number)) - 3)
    return -(-number // step) * step


def bytes_of(name: str, size: int | str) -> int:
    """A number of bytes from a whole number, or from text with a unit: ``2GB``, ``1.5 GiB``, ``500 MB``.

    Args:
        name: name of the setting, for the message.
        size: bytes, or text. kB, MB, GB and TB are powers of 1000; KiB, MiB, GiB and TiB are powers of 1024.

    Returns:
        Bytes, 1 or more.

    Raises:
        ConfigurationError: the text is no size, or the size is less than one byte.

    >>> bytes_of("decode_memory", "1.5 GiB")
    1610612736
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(size), re.IGNORECASE)
    unit = _UNITS.get(found[2].upper()) if found and not isinstance(size, bool) else None
    if found is None or unit is None or float(found[1]) * unit < 1:
        raise ConfigurationError(f"{name} is {size!r}: expected a size above 0 in bytes, such as 500MB or 2GB.")
    return int(float(found[1]) * unit)
