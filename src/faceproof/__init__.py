"""Find out whether a face verification system works on your photos, and how sure you may be of it.

Examples:
    >>> import faceproof
    >>> run = faceproof.evaluate("photos")  # doctest: +SKIP
    >>> print(run.summary.headline)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from faceproof.errors import (
    CacheError,
    ConfigurationError,
    DegradationError,
    DownloadError,
    FaceproofError,
    ImageDecodeError,
    MetricUndefinedError,
    ModelError,
    PeopleError,
    RepeatError,
    RunFolderError,
    WeightsError,
)
from faceproof.version import __version__ as __version__

if TYPE_CHECKING:
    from faceproof.jobs.base import Run, load_run
    from faceproof.jobs.checking import check_run
    from faceproof.jobs.comparing import compare
    from faceproof.jobs.detecting import DetectedPhoto, detect
    from faceproof.jobs.diffing import diff
    from faceproof.jobs.doctoring import doctor
    from faceproof.jobs.evaluation import evaluate
    from faceproof.jobs.external import evaluate_templates, score
    from faceproof.jobs.planning import plan, plan_claim
    from faceproof.jobs.rerunning import rerun
    from faceproof.jobs.stressing import stress
    from faceproof.jobs.thresholds import threshold_card
    from faceproof.jobs.verification import Verification, verify
    from faceproof.scoring.threshold import Threshold
    from faceproof.systems.detection.mtcnn import MTCNN
    from faceproof.systems.faces.types import Faces
    from faceproof.systems.recipe import Recipe
    from faceproof.systems.recognition.catalog import load_model


__all__ = [
    "MTCNN",
    "CacheError",
    "ConfigurationError",
    "DegradationError",
    "DetectedPhoto",
    "DownloadError",
    "FaceproofError",
    "Faces",
    "ImageDecodeError",
    "MetricUndefinedError",
    "ModelError",
    "PeopleError",
    "Recipe",
    "RepeatError",
    "Run",
    "RunFolderError",
    "Threshold",
    "Verification",
    "WeightsError",
    "check_run",
    "compare",
    "detect",
    "diff",
    "doctor",
    "evaluate",
    "evaluate_templates",
    "load_model",
    "load_run",
    "plan",
    "plan_claim",
    "rerun",
    "score",
    "stress",
    "threshold_card",
    "verify",
]

_HOME = {
    "DetectedPhoto": "faceproof.jobs.detecting",
    "Faces": "faceproof.systems.faces.types",
    "MTCNN": "faceproof.systems.detection.mtcnn",
    "Recipe": "faceproof.systems.recipe",
    "Run": "faceproof.jobs.base",
    "Threshold": "faceproof.scoring.threshold",
    "Verification": "faceproof.jobs.verification",
    "check_run": "faceproof.jobs.checking",
    "compare": "faceproof.jobs.comparing",
    "detect": "faceproof.jobs.detecting",
    "diff": "faceproof.jobs.diffing",
    "doctor": "faceproof.jobs.doctoring",
    "evaluate": "faceproof.jobs.evaluation",
    "evaluate_templates": "faceproof.jobs.external",
    "load_run": "faceproof.jobs.base",
    "load_model": "faceproof.systems.recognition.catalog",
    "plan": "faceproof.jobs.planning",
    "plan_claim": "faceproof.jobs.planning",
    "rerun": "faceproof.jobs.rerunning",
    "score": "faceproof.jobs.external",
    "stress": "faceproof.jobs.stressing",
    "threshold_card": "faceproof.jobs.thresholds",
    "verify": "faceproof.jobs.verification",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing faceproof stays free."""
    if name not in _HOME:
        raise AttributeError(f"module 'faceproof' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])
