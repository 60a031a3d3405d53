"""Checks weights, code and settings of the systems of a finished run against those of the systems that are here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from faceproof.runs.manifest import machine_here, versions_here
from faceproof.runs.manifest_schema import ConditionEntry, DetectorEntry, Manifest, SystemEntry
from faceproof.summary.receipts import FileCheck
from faceproof.version import __version__

SHOWN = 10
_NOT_KNOWN = (None, "", "not known")
_OF_DETECTOR = (
    *("name", "selection", "weights", "min_face_size", "pad", "on_missing", "thresholds", "factor"),
    *("identity", "sha256"),
)


def some_of(names: Sequence[str]) -> str:
    """The first ten names, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN:,} more" if len(names) > SHOWN else shown


def check_degradations(lost: Sequence[ConditionEntry], of: int) -> FileCheck:
    """Check the functions of the conditions of a stress run.

    Args:
        lost: conditions whose function is missing or has changed (`faceproof.runs.conditions.suite_again`).
        of: number of conditions.
    """
    what = "degradations"
    if not lost:
        return FileCheck(what, "same", f"The functions of all {of:,} conditions are there, with the same source.")
    named = [f"{':'.join(entry.function.split(':')[:2]) or entry.family} of {entry.name}" for entry in lost]
    return FileCheck(
        what,
        "differs",
        f"Functions that are missing, or whose source has changed: {some_of(named)}.",
        tuple(entry.name for entry in lost)[:SHOWN],
    )


def check_systems(manifest: Manifest, systems: Sequence[SystemEntry], detector: DetectorEntry) -> list[FileCheck]:
    """Check weights, code and contracts of the systems of a run against those of the systems that were loaded.

    Args:
        manifest: manifest of the run.
        systems: entries of the systems that were loaded, in the order of the run.
        detector: entry of the detector that was loaded.
    """
    found = [_check_system(then, now) for then, now in zip(manifest.systems, systems, strict=True)]
    return found if manifest.detector is None else [*found, _check_detector(manifest.detector, detector)]


def _check_system(then: SystemEntry, now: SystemEntry) -> FileCheck:
    what = f"system {then.name}"
    python = now.code_sha256 is not None or then.code_sha256 is not None
    if then.weights not in _NOT_KNOWN and then.weights != now.weights:
        part = f"The version or the source of {then.reference}" if python else f"The weights of {then.name}"
        verb = "has changed" if python else "are others"
        return FileCheck(what, "differs", f"{part} {verb}: {_digests(now.weights, then.weights)}.")
    if then.code_sha256 is not None and then.code_sha256 != now.code_sha256:
        digests = _digests(now.code_sha256, then.code_sha256)
        return FileCheck(what, "differs", f"The source of {then.reference} has changed: {digests}.")
    fields = _other_fields(
        then.card.contract.model_dump() if then.card and then.card.contract else {},
        now.card.contract.model_dump() if now.card and now.card.contract else {},
    )
    if fields:
        return FileCheck(what, "differs", f"The input contract differs: {fields}.")
    if then.weights in _NOT_KNOWN and then.code_sha256 is None:
        return FileCheck(what, "not recorded", "The manifest has no digest of its weights or its source.")
    if then.weights in _NOT_KNOWN:
        return FileCheck(what, "same", "The source of its class is the same; other code and weights have no digest.")
    return FileCheck(what, "same", f"{'Version and source' if python else 'The weights'} are the same.")


def _digests(now: str | None, then: str | None) -> str:
    return f"the digest is {(now or 'unknown')[:12]}..., in the run it was {(then or 'unknown')[:12]}..."


def _check_detector(then: DetectorEntry, now: DetectorEntry) -> FileCheck:
    what = f"detector {then.name}"
    before, here = then.model_dump(), now.model_dump()
    fields = _other_fields(before, here, _OF_DETECTOR)
    if then.name not in ("mtcnn", "none", "file") and before.get("identity") is None:
        fields = fields or _other_fields(before, here, ("code_sha256",))
        if not fields and before.get("code_sha256") is None:
            return FileCheck(what, "not recorded", "The manifest has no digest of its source.")
    if fields:
        return FileCheck(what, "differs", f"The detector differs: {fields}.")
    return FileCheck(what, "same", "Weights, settings and files of the detector are the same.")


def _other_fields(then: Mapping[str, object], now: Mapping[str, object], names: Sequence[str] | None = None) -> str:
    """Fields that were recorded and differ, as text; empty where there are none."""
    wanted = [name for name in then if names is None or name in names]
    other = [name for name in wanted if then[name] is not None and now.get(name) != then[name]]
    return "; ".join(f"{name} is {_short(now.get(name))}, in the run it was {_short(then[name])}" for name in other)


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}..." if isinstance(value, str) and len(text) == 64 else text


def other_versions(manifest: Manifest) -> list[str]:
    """Versions and machine that differ between a run and this process, as sentences; they may change last digits."""
    then = {"faceproof": manifest.faceproof_version, **manifest.versions}
    now = {"faceproof": __version__, **versions_here()}
    other = [
        f"{name} {now.get(name)} (in the run {version})" for name, version in then.items() if now.get(name) != version
    ]
    found = [f"Other versions here: {', '.join(other)}."] if other else []
    here = machine_here()
    changed = [
        f"{name} {here.get(name)} ({value})" for name, value in manifest.machine.items() if here.get(name) != value
    ]
    return [*found, f"Another machine: {', '.join(changed)}."] if changed else found
