"""The score by which a system is usually judged, where it says other numbers than faceproof's distance."""

from __future__ import annotations

from faceproof.runs.manifest_schema import SystemEntry
from faceproof.scoring.native_score import UsualScore


def shown_usual_score(system: SystemEntry) -> UsualScore | None:
    """The usual score of a system's model; None where none is known, or where it is the distance itself."""
    score = system.usual_score
    return None if score is None or score.name == "euclidean" else score
