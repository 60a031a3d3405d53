"""What a run's manifest says of people, comparisons, system and machine: enough to repeat it."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.files import sha256_of_json
from faceproof.people.types import Comparisons, PhotoSet
from faceproof.runs.manifest_file import SCHEMA_VERSION
from faceproof.systems.photo_table import printable_path
from faceproof.version import __version__

if TYPE_CHECKING:
    from faceproof.systems.pipeline import Pipeline

_LIBRARIES = ("torch", "numpy", "scipy", "pillow", "pyarrow")


def begun(kind: str, command: str | None, started: datetime) -> dict[str, Any]:
    """The first entries of the manifest of a run that is not finished yet."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "faceproof_version": __version__,
        "command": command,
        "started": stamp(started),
        "finished": None,
    }


def plan_entry(**parts: object) -> dict[str, str]:
    """Digest of each part of what a run is going to do, by which an unfinished run is recognised.

    Args:
        parts: JSON values by name, such as ``comparisons``, ``system`` and ``settings``.
    """
    return {name: sha256_of_json(part) for name, part in parts.items()}


def system_entry(pipeline: Pipeline) -> dict[str, Any]:
    """Model, what loads it again, card (with the contract as it is used) and digest of the weights."""
    recognizer = pipeline.recognizer
    card = recognizer.card.model_dump(mode="json") | {"contract": recognizer.contract.model_dump(mode="json")}
    reference = None if recognizer.reference is None else printable_path(Path(recognizer.reference))
    return {
        "model": recognizer.card.name,
        "reference": reference,
        "card": card,
        "weights": recognizer.weights_sha256,
    }


def detector_entry(pipeline: Pipeline) -> dict[str, Any]:
    """The detector's recipe, where it comes from, and which face counts."""
    detector = pipeline.detector
    return detector.recipe() | dict(detector.source) | {"selection": pipeline.selection}


def people_entry(photo_set: PhotoSet) -> dict[str, Any]:
    """Where the photos are, how many, and their digest."""
    return {
        "root": printable_path(photo_set.root.resolve()),
        "people": len(photo_set.by_person()),
        "photos": len(photo_set.photos),
        "photo_list_sha256": photo_set.digest(),
        "synthetic": photo_set.synthetic,
        "notices": [asdict(notice) for notice in photo_set.notices],
    }


def protocol_entry(comparisons: Comparisons) -> dict[str, Any]:
    """How the comparisons were made, how many, and their digest."""
    return {
        "name": comparisons.protocol,
        "settings": dict(comparisons.settings),
        "comparisons": len(comparisons),
        "mated": int(comparisons.mated.sum()),
        "non_mated": int((~comparisons.mated).sum()),
        "folds": int(comparisons.fold.max()) + 1 if len(comparisons) else 0,
        "sha256": comparisons.digest(),
        "notes": list(comparisons.notes),
    }


def elsewhere_entries(model: str, kind: str, file: Path, sha256: str) -> dict[str, Any]:
    """A system of which only a file is at hand, with its ``templates`` or ``scores``, in place of card and detector."""
    source = {"kind": kind, "file": printable_path(file.resolve()), "sha256": sha256}
    return {"model": model, "card": None, "detector": None, "weights": {}, "source": source}


def machine_entries(pipeline: Pipeline, seed: int, device: str) -> dict[str, Any]:
    """Seed, how the work was cut up, versions and machine."""
    return {
        "seed": seed,
        "device": device,
        "batch_size": pipeline.batch_size,
        "workers": pipeline.workers,
        "decode_memory_bytes": pipeline.decode_memory,
        **host_entries(),
    }


def host_entries() -> dict[str, Any]:
    """Versions and machine."""
    return {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
    }


def stamp(moment: datetime | None = None) -> str:
    """A moment (now, without one) as ISO 8601 in UTC."""
    moment = moment or datetime.now(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
