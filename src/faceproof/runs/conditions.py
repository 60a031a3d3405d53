"""The conditions of a run on disk, as functions that can be applied to photos again."""

from __future__ import annotations

from dataclasses import replace

from faceproof.degrade.own_functions import family_again
from faceproof.degrade.types import Condition, Series, Suite
from faceproof.runs.manifest_schema import ConditionEntry, Manifest


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


def suite_again(manifest: Manifest) -> tuple[Suite, list[ConditionEntry]]:
    """The suite of a stress run, made from the conditions in its manifest.

    Args:
        manifest: manifest of the run.

    Returns:
        The suite, which has a series for each condition, and the conditions whose function is missing or has changed.
    """
    entries = [entry for entry in manifest.conditions if entry.severity]
    found = conditions_of(manifest)
    asked = (manifest.suite.severities if manifest.suite else None) or [1]
    series = []
    for entry in entries:
        if entry.name in found:
            condition = found[entry.name]
            levels: list[dict[str, object]] = [{} for _ in range(max(entry.severity, *asked))]
            levels[entry.severity - 1] = dict(condition.parameters)
            series.append(Series(replace(condition.family, levels=tuple(levels)), (entry.severity,)))
    name = manifest.suite.name if manifest.suite else "suite"
    return Suite(name, tuple(series)), [entry for entry in entries if entry.name not in found]
