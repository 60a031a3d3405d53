"""The summary of a finished run, read from its folder."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from faceproof.errors import RunFolderError
from faceproof.records import first_error
from faceproof.runs.run_folder import StoredRun
from faceproof.summary.comparison_schema import ComparisonSummary
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stress_schema import StressSummary

METRICS, COMPARISON = "metrics.json", "comparison.json"

Summary = EvaluationSummary | StressSummary | ComparisonSummary
_TYPES: dict[str, type[Summary]] = {
    "evaluation": EvaluationSummary,
    "stress": StressSummary,
    "comparison": ComparisonSummary,
}


def read_summary(run: StoredRun) -> Summary:
    """Read the summary of a run of this version or an earlier one.

    Raises:
        RunFolderError: the file was changed after the run, or a number is missing.
    """
    kind = run.manifest.kind
    name = COMPARISON if kind == "comparison" else METRICS
    try:
        return _TYPES[kind].model_validate_json(run.read_text(name))
    except ValidationError as error:
        raise RunFolderError(
            f"{run.folder / name} is damaged or was edited: {first_error(error)}. Compute it again: faceproof report."
        ) from error


def json_schema() -> dict[str, object]:
    """JSON schema of ``metrics.json`` and ``comparison.json``."""
    return TypeAdapter(Summary).json_schema()
