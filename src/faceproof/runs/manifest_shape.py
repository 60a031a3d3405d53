"""The entries of ``manifest.json`` that the code reads, and their types. Others are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class _Entries(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False, protected_namespaces=())


class _People(_Entries):
    root: str
    people: int | None = None
    photos: int | None = None
    synthetic: bool = False
    notices: list[dict[str, Any]] = []


class _Protocol(_Entries):
    name: str | None = None
    settings: dict[str, Any] = {}
    sha256: str | None = None
    notes: list[str] = []


class _Judging(_Entries):
    threshold_distance: float | None = None
    threshold_score: float | None = None
    folds: int | None = None
    fmr: float | None = None


class _StressJudging(_Judging):
    fmr: float | None
    threshold_distance: float | None


class _Card(_Entries):
    title: str


class _System(_Entries):
    model: str
    card: _Card


class _Condition(_Entries):
    name: str
    family: str
    severity: int
    failed: str | None = None


class _Manifest(_Entries):
    finished: str
    kind: Literal["evaluation", "stress"] = "evaluation"
    people: _People
    protocol: _Protocol = _Protocol()
    judging: _Judging = _Judging()
    seed: int | None = None
    card: dict[str, Any] | None = None
    detector: dict[str, Any] | None = None
    weights: dict[str, Any] = {}
    machine: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    timing: dict[str, Any] = {}
    source: dict[str, Any] | None = None
    scale: dict[str, Any] | None = None
    canary: dict[str, Any] | None = None


class _Evaluation(_Manifest):
    model: str


class _Stress(_Manifest):
    judging: _StressJudging
    seed: int
    models: list[_System]
    conditions: list[_Condition]


def shape_error(manifest: Mapping[str, Any]) -> str | None:
    """What is wrong with a manifest, in words; None where nothing is."""
    kind = manifest.get("kind", "evaluation")
    try:
        (_Stress if kind == "stress" else _Evaluation).model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"entry {place!r}: {str(first['msg']).lower()}"
    return None
