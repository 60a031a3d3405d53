"""Runs of made-up similarities as tables in memory, and their summaries as JSON values."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from faceproof.findings.scored import join_scores
from faceproof.report.words.evaluation import in_words
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.evaluation import summarize


def summary_of(run: Any, **judging: Any) -> dict[str, Any]:
    """The summary of a run with its headline and warnings, as the file of numbers has it."""
    scored = join_scores(run)
    return in_words(summarize(run, scored=scored, **judging), scored, run).as_json()


def make_run(
    similarity: Any, mated: Any, *, fold: Any = None, failed: dict[str, str] | None = None, **manifest: Any
) -> Any:
    """A run in which comparison i is of person i, and of person i + 1 on the other side where it is non-mated.

    Photos are ``pI/1`` on side a, ``pI/2`` on side b of a mated and ``qI/1`` of a non-mated comparison. ``failed`` has
    the stage at which a photo failed; a NaN similarity is one that could not be made.
    """
    failed = failed or {}
    side_a = [f"p{i}/1" for i in range(len(mated))]
    side_b = [f"p{i}/2" if same else f"q{i}/1" for i, same in enumerate(mated)]
    photos = side_a + side_b
    n, text, real = len(mated), pa.string(), pa.float32()
    outcome = [failed.get(photo, "template") for photo in photos]
    faces = [None if stage == "decode" else 0 if stage == "detect" else 1 for stage in outcome]
    numbers = pa.array(range(n), pa.int64())
    return SimpleNamespace(
        condition="clean",
        manifest=Manifest.model_validate(
            {"model": "facenet-vggface2", "seed": 3, "people": {"root": "r", "synthetic": False}} | manifest
        ),
        comparisons=pa.table(
            {
                "comparison": numbers,
                "photo_a": pa.array(side_a, text),
                "photo_b": pa.array(side_b, text),
                "person_a": pa.array([photo.split("/")[0] for photo in side_a], text),
                "person_b": pa.array([photo.split("/")[0] for photo in side_b], text),
                "mated": pa.array([bool(same) for same in mated], pa.bool_()),
                "fold": pa.array([None] * n if fold is None else list(fold), pa.int16()),
            }
        ),
        photos=pa.table(
            {
                "photo": pa.array(photos, text),
                "person": pa.array([photo.split("/")[0] for photo in photos], text),
                "sha256": pa.array([f"digest of {photo}" for photo in photos], text),
                "condition": pa.array(["clean"] * len(photos), text),
                "outcome": pa.array(outcome, text),
                "reason": pa.array([None if stage == "template" else "why" for stage in outcome], text),
                "faces_found": pa.array(faces, pa.int32()),
                "decode_ms": pa.array([1.0] * len(photos), real),
                "detect_ms": pa.array([None if x == "decode" else 10.0 for x in outcome], real),
                "embed_ms": pa.array([20.0 if x == "template" else None for x in outcome], real),
            }
        ),
        scores=pa.table(
            {
                "comparison": numbers,
                "condition": pa.array(["clean"] * n, text),
                "similarity": pa.array([None if math.isnan(x) else float(x) for x in similarity], pa.float64()),
                "reason": pa.array([None] * n, text),
            }
        ),
    )


def bell_run(n: int = 400, seed: int = 0, **settings: Any) -> Any:
    rng = np.random.default_rng(seed)
    mated = np.arange(n) % 2 == 0
    similarity = np.clip(np.where(mated, rng.normal(0.7, 0.12, n), rng.normal(0.1, 0.15, n)), -1, 1)
    return make_run(similarity, mated, **settings)


def point(summary: Any, name: str) -> Any:
    return next(entry for entry in summary["operating_points"] if entry["name"] == name)


def warned(summary: Any, text: str) -> bool:
    return any(text in warning for warning in summary["warnings"])
