"""Entries of the manifest of a run, made from people, comparisons, systems, conditions and machine."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pydantic import JsonValue

from faceproof.degrade.types import CLEAN, Condition
from faceproof.files import sha256_of_json
from faceproof.people.types import Comparisons, PhotoSet
from faceproof.runs.manifest_schema import (
    CardEntry,
    ConditionEntry,
    DetectorEntry,
    Kind,
    Manifest,
    NoticeEntry,
    PeopleEntry,
    ProtocolEntry,
    SourceEntry,
    SystemEntry,
)
from faceproof.runs.migration import SCHEMA_VERSION
from faceproof.scoring.scales import Scale
from faceproof.systems.external.score_tables import digest_of, people_named
from faceproof.systems.photo_table import printable_path
from faceproof.version import __version__

if TYPE_CHECKING:
    from faceproof.systems.external.score_file import ScoreFile
    from faceproof.systems.pipeline import Pipeline

_LIBRARIES = ("torch", "numpy", "scipy", "pillow", "pyarrow")


def begun(kind: Kind, command: str | None, started: datetime, **entries: object) -> Manifest:
    """The manifest of a run that is not finished yet.

    Args:
        kind: kind of the run.
        command: the command line; None where there was none.
        started: time at which the run began.
        entries: other fields of `Manifest`.
    """
    return Manifest.model_validate(
        {
            "schema_version": SCHEMA_VERSION,
            "kind": kind,
            "faceproof_version": __version__,
            "command": command,
            "started": stamp(started),
            "finished": None,
            "systems": [],
            "conditions": [condition_entry(CLEAN)],
            "versions": versions_here(),
            "machine": machine_here(),
            **entries,
        }
    )


def versions_here() -> dict[str, str]:
    """Versions of Python and of the libraries that compute."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def machine_here() -> dict[str, JsonValue]:
    """System, processor and number of cores of this machine."""
    return {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()}


def plan_digests(**parts: object) -> dict[str, str]:
    """Digest of each part of the plan of a run. An unfinished run with equal digests has the same plan.

    Args:
        parts: JSON values by name, such as ``comparisons``, ``system`` and ``settings``.
    """
    return {name: sha256_of_json(part) for name, part in parts.items()}


def system_entry(pipeline: Pipeline, weights_file: str | Path | None = None) -> SystemEntry:
    """Entry of a model: name, reference that loads it again, card with the contract, and digest of the weights.

    Args:
        pipeline: the pipeline of the model.
        weights_file: file that the weights were taken from, where one was given.
    """
    recognizer = pipeline.recognizer
    card = recognizer.card.model_dump(mode="json") | {"contract": recognizer.contract.model_dump(mode="json")}
    reference = None if recognizer.reference is None else printable_path(Path(recognizer.reference))
    return SystemEntry(
        name=recognizer.card.name,
        reference=reference,
        card=CardEntry.model_validate(card),
        weights=recognizer.weights_sha256,
        weights_file=None if weights_file is None else printable_path(Path(weights_file).resolve()),
        code_sha256=recognizer.code_sha256,
    )


def system_from_file(
    name: str, kind: Literal["templates", "scores"], file: Path, sha256: str, scale: Scale | None = None
) -> SystemEntry:
    """Entry of a system that is known only by a file of templates or scores.

    Args:
        name: name of the system.
        kind: content of the file.
        file: path of the file.
        sha256: SHA-256 of the file.
        scale: scale of the scores; None for templates.
    """
    source = SourceEntry(kind=kind, file=printable_path(file.resolve()), sha256=sha256)
    if scale is None:
        return SystemEntry(name=name, card=None, source=source)
    return SystemEntry(name=name, card=None, source=source, scale=scale)


def detector_entry(pipeline: Pipeline) -> DetectorEntry:
    """Entry of the detector: its recipe, its source, and the rule that selects one of several faces."""
    detector = pipeline.detector
    recipe = detector.recipe() | dict(detector.source) | {"selection": pipeline.selection}
    code = {} if detector.code_sha256 is None else {"code_sha256": detector.code_sha256}
    return DetectorEntry.model_validate(recipe | code | pipeline.recipe_of_missing)


def condition_entry(condition: Condition) -> ConditionEntry:
    """Entry of a condition, with a reference to its function."""
    return ConditionEntry.model_validate(
        {
            "name": condition.name,
            "family": condition.family.name,
            "title": condition.family.title,
            "severity": condition.severity,
            "told": condition.text,
            "parameters": dict(condition.parameters),
            "on_face": condition.family.on_face,
            "function": condition.family.reference,
            "failed": None,
        }
    )


def people_entry(photo_set: PhotoSet) -> PeopleEntry:
    """Entry of the photos: their folder, number and digest."""
    return PeopleEntry(
        root=printable_path(photo_set.root.resolve()),
        people=len(photo_set.by_person()),
        photos=len(photo_set.photos),
        photo_list_sha256=photo_set.digest(),
        synthetic=photo_set.synthetic,
        notices=[
            NoticeEntry.model_validate(asdict(notice) | {"examples": list(notice.examples)})
            for notice in photo_set.notices
        ],
    )


def protocol_entry(comparisons: Comparisons) -> ProtocolEntry:
    """Entry of the comparisons: their protocol, number and digest."""
    return ProtocolEntry.model_validate(
        {
            "name": comparisons.protocol,
            "settings": dict(comparisons.settings),
            "comparisons": len(comparisons),
            "mated": int(comparisons.mated.sum()),
            "non_mated": int((~comparisons.mated).sum()),
            "folds": int(comparisons.fold.max()) + 1 if len(comparisons) else 0,
            "sha256": comparisons.digest(),
            "notes": list(comparisons.notes),
        }
    )


def people_of_scores(file: ScoreFile, photos: pa.Table) -> PeopleEntry:
    """As `people_entry`, for a file of scores; a field is None where the file does not name people or photos."""
    return PeopleEntry(
        root=printable_path(file.path.resolve()),
        people=people_named(file),
        photos=len(photos) if "photo_a" in file.names else None,
        photo_list_sha256=None,
        synthetic=False,
        notices=[],
    )


def protocol_of_scores(file: ScoreFile, comparisons: pa.Table) -> ProtocolEntry:
    """As `protocol_entry`, for a file of scores."""
    mated = int(file.mated.sum())
    return ProtocolEntry(
        name="scores",
        settings={"decimal": file.decimal},
        comparisons=len(file),
        mated=mated,
        non_mated=len(file) - mated,
        folds=int(file.fold.max()) + 1,
        sha256=digest_of(comparisons),
        notes=list(file.notes),
    )


def stamp(moment: datetime | None = None) -> str:
    """A time as ISO 8601 in UTC; the current time where ``moment`` is None."""
    moment = (moment or datetime.now(UTC)).astimezone(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
