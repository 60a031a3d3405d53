"""Find out whether a face verification system works on your photos, and how sure you may be of it.

>>> import faceproof
>>> run = faceproof.evaluate("photos")  # doctest: +SKIP
>>> print(run.summary["headline"])  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faceproof.comparing import compare
    from faceproof.detection.mtcnn import MTCNN
    from faceproof.evaluation import Run, evaluate
    from faceproof.imported import evaluate_templates, score
    from faceproof.recipe import Recipe
    from faceproof.recognition.catalog import load_model
    from faceproof.stressing import stress
    from faceproof.verification import Threshold, Verification, verify

__version__ = "0.1.0"

__all__ = [
    "MTCNN",
    "Recipe",
    "Run",
    "Threshold",
    "Verification",
    "compare",
    "evaluate",
    "evaluate_templates",
    "load_model",
    "score",
    "stress",
    "verify",
]

_HOME = {
    "MTCNN": "faceproof.detection.mtcnn",
    "Recipe": "faceproof.recipe",
    "Run": "faceproof.evaluation",
    "Threshold": "faceproof.verification",
    "Verification": "faceproof.verification",
    "compare": "faceproof.comparing",
    "evaluate": "faceproof.evaluation",
    "evaluate_templates": "faceproof.imported",
    "load_model": "faceproof.recognition.catalog",
    "score": "faceproof.imported",
    "stress": "faceproof.stressing",
    "verify": "faceproof.verification",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: importing faceproof stays free."""
    if name not in _HOME:
        raise AttributeError(f"module 'faceproof' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*__all__, "__version__"])
