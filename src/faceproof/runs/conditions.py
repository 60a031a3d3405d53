"""The conditions of a run on disk, as functions that can be applied to photos again."""

from __future__ import annotations

from faceproof.degrade.own_functions import family_again
from faceproof.degrade.types import Condition
from faceproof.runs.manifest_schema import Manifest


def conditions_of(manifest: Manifest) -> dict[str, Condition]:
    """The conditions of a run by name. Conditions whose function is missing or has changed are left out.

    Args:
        manifest: manifest of the run.
    """
    found = {}
    for entry in manifest.conditions:
        family = family_again(entry.function, name=entry.family, title=entry.title, text=entry.told)
        if family is not None:
            found[entry.name] = Condition(
                family, entry.severity, dict(entry.parameters), manifest.stage, manifest.seed or 0
            )
    return found
