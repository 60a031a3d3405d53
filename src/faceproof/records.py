"""The base of everything that is written to a run folder: fields with types, checked when made and when read."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Record(BaseModel):
    """A value with typed fields that cannot be changed; `pydantic.BaseModel.model_copy` makes a changed copy.

    Fields that a newer version has added are left out when an older one reads the file.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    def as_json(self) -> dict[str, Any]:
        """JSON values of the fields that were given, as files hold them."""
        return self.model_dump(mode="json", exclude_unset=True)


class Entry(Record):
    """A part of a manifest, with strict types. Fields that this version does not know are kept as they are."""

    model_config = ConfigDict(strict=True, extra="allow")


def first_error(error: ValidationError) -> str:
    """The first thing that is wrong with the fields of a record, as part of a sentence."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    why = str(first["msg"]).removeprefix("Value error, ")
    return f"entry {place!r}: {why[0].lower()}{why[1:]}" if place else why
