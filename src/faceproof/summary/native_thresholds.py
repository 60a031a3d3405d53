"""The score by which a run's model is usually judged, beside faceproof's own distance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from faceproof.scoring.native_score import USUAL_SCORES, UsualScore


def usual_score_in(manifest: Mapping[str, Any]) -> UsualScore | None:
    """The usual score of a run's model.

    Returns:
        None where no card says it: templates or scores made elsewhere, and runs of versions without it.
    """
    card = manifest.get("card")
    templates = card.get("templates") if isinstance(card, Mapping) else None
    return USUAL_SCORES.get(templates.get("score", "")) if isinstance(templates, Mapping) else None


def shown_usual_score(manifest: Mapping[str, Any]) -> UsualScore | None:
    """`usual_score_in` where it says other numbers than the distance; None else."""
    score = usual_score_in(manifest)
    return None if score is None or score.name == "euclidean" else score


def add_usual_thresholds(entries: Iterable[dict[str, Any]], score: UsualScore | None) -> None:
    """Give every entry with a ``threshold_distance`` the same threshold as ``threshold_usual``; None where unknown."""
    for entry in entries:
        distance = entry["threshold_distance"]
        entry["threshold_usual"] = None if score is None or distance is None else float(score.of_distance(distance))
