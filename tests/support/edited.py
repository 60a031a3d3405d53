"""Records with other values, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from faceproof.records import Record

R = TypeVar("R", bound=Record)


def edited(record: R, change: Callable[[dict[str, Any]], object]) -> R:
    """A record after a change of its JSON values."""
    values = record.as_json()
    change(values)
    return type(record).model_validate(values)


def merged(record: R, *path: str | int, **values: Any) -> R:
    """A record with other values of one of its parts, such as ``merged(summary, "run", "people", synthetic=True)``."""

    def change(part: Any) -> None:
        for step in path:
            part = part[step]
        part.update({name: one.as_json() if isinstance(one, Record) else one for name, one in values.items()})

    return edited(record, change)
