"""Migration of manifests of earlier versions to the schema of this version.

Version 1 has no digests. Versions 1 and 2 keep the one system of an evaluation in entries of its own (``model``,
``card``, ``weights`` and others) and the systems of a stress run under ``models``. Version 3 has ``systems`` and
``conditions`` in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 3
READABLE = (1, 2, 3)

_OF_THE_SYSTEM = ("reference", "card", "canary", "source", "scale")


def migrated(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a manifest of any readable version, converted to the schema of this version."""
    found = dict(entries)
    if "systems" in found:
        return found
    if isinstance(found.get("models"), list):
        found["systems"] = [_renamed(model) for model in found.pop("models")]
    elif "model" in found:
        name, weights = found.pop("model"), found.pop("weights", None)
        system = {key: found.pop(key) for key in _OF_THE_SYSTEM if key in found}
        digest = weights.get(name) if isinstance(weights, Mapping) else None
        found["systems"] = [{"name": name, **system, "weights": digest}]
    return found


def _renamed(model: object) -> object:
    if not isinstance(model, Mapping) or "model" not in model:
        return model
    return {"name": model["model"], **{key: value for key, value in model.items() if key != "model"}}
