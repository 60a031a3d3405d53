"""Odd files of known truth: what each says, so that a reader that takes it for something else is found out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Must:
    """What a file must lead to where that is no value."""

    REFUSE = "it must be refused"
    NOT_CRASH = "whatever it gives, no crash"


@dataclass(frozen=True)
class Case:
    """An odd file.

    Attributes:
        name: what is odd.
        file: its name.
        content: its bytes; None: `prepare` makes the file.
        read: gives what the library reads, from the file's path and ``options``.
        truth: what it says, as ``read`` gives it, or one of `Must`. A refusal is right too.
        options: further arguments of ``read``.
        prepare: makes the file, from its path, where it cannot be bytes.
    """

    name: str
    file: str
    content: bytes | None
    read: Callable[..., Any]
    truth: Any
    options: tuple[Any, ...] = field(default=())
    prepare: Callable[[Path], None] | None = None

    def write(self, folder: Path) -> Path:
        """Make the file."""
        path = folder / self.file
        if self.content is not None:
            path.write_bytes(self.content)
        elif self.prepare is not None:
            self.prepare(path)
        return path

    def is_wrong(self, found: Any) -> bool:
        """Whether a value that was read differs from the truth."""
        if self.truth == Must.NOT_CRASH:
            return False
        return self.truth == Must.REFUSE or not same(found, self.truth)


def same(found: Any, right: Any) -> bool:
    """Whether two values are equal; numbers to 6 digits, NaN equal to NaN."""
    if isinstance(right, dict):
        return isinstance(found, dict) and found.keys() == right.keys() and all(same(found[k], right[k]) for k in right)
    if isinstance(right, list | tuple):
        both = isinstance(found, list | tuple) and len(found) == len(right)
        return both and all(same(one, other) for one, other in zip(found, right, strict=True))
    if isinstance(right, float) and not isinstance(found, bool) and isinstance(found, int | float):
        return math.isclose(found, right, rel_tol=1e-6) or (math.isnan(found) and math.isnan(right))
    return type(found) is type(right) and found == right
