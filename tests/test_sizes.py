"""Numbers of bytes as text, and text as numbers of bytes."""

from __future__ import annotations

import pytest

from faceproof.errors import ConfigurationError
from faceproof.sizes import bytes_of, in_words, rounded_up


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (7, "7 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1234, "1.23 kB"),
        (999_000, "999 kB"),
        (1_000_000, "1 MB"),
        (1 << 30, "1.07 GB"),
        (10**12, "1 TB"),
        (2.5e12, "2.5 TB"),
        (4.2e14, "420 TB"),
    ],
)
def test_a_unit_begins_at_a_thousand_of_the_one_below(number: float, text: str) -> None:
    assert in_words(number) == text


@pytest.mark.parametrize(
    ("number", "up"),
    [(0, 0), (7, 7), (999, 999), (1000, 1000), (1001, 1010), (64_000_000, 64_000_000), (64_000_001, 64_100_000)],
)
def test_rounding_goes_up_from_the_fourth_digit_on(number: int, up: int) -> None:
    assert rounded_up(number) == up


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (1, 1),
        (2_000_000, 2_000_000),
        ("2000000", 2_000_000),
        ("2GB", 2_000_000_000),
        ("2 gb", 2_000_000_000),
        ("2G", 2_000_000_000),
        ("1.5GiB", 3 << 29),
        ("512 MiB", 512 << 20),
        ("3kB", 3000),
        ("7B", 7),
        ("1TB", 10**12),
    ],
)
def test_sizes_are_read_with_their_units(text: int | str, expected: int) -> None:
    assert bytes_of("decode_memory", text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", 0, -1, "-2GB", "GB", "2 PB", "1e9", "2GBs", "0.4", True, "inf", "nan", "²GB"]
)
def test_what_is_no_size_is_refused_with_what_was_found(text: int | str) -> None:
    with pytest.raises(ConfigurationError, match=r"decode_memory is .*expected a size above 0 in bytes"):
        bytes_of("decode_memory", text)
