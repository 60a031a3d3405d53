"""The base of everything that is written to a run folder: fields with types, checked when made and when read."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A value with typed fields that cannot be changed; `pydantic.BaseModel.model_copy` makes a changed copy.

    Fields that a newer version has added are left out when an older one reads the file.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    def as_json(self) -> dict[str, Any]:
        """JSON values of the fields that were given, as files hold them."""
        return self.model_dump(mode="json", exclude_unset=True)
