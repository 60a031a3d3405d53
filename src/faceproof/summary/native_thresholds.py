"""The usual score of a system, where its values differ from the distance of faceproof."""

from __future__ import annotations

from faceproof.runs.manifest_schema import SystemEntry
from faceproof.scoring.native_score import UsualScore


def shown_usual_score(system: SystemEntry) -> UsualScore | None:
    """The usual score of the model of a system; None where it is unknown or is the distance itself."""
    score = system.usual_score
    return None if score is None or score.name == "euclidean" else score
