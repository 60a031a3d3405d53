"""Damaged manifests of runs: entries removed, replaced by what nobody expects, or nested without end."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from attacks.bench import child_rng
from attacks.cases import Case, Must

Rng = np.random.Generator

_VALUES: tuple[Any, ...] = (
    *(None, "", "x" * 100_000, [], {}, 0, -1, 10**30, 1e300, True, [1, "a", None], {"a": {"b": []}}, "\ud800", "\0"),
    *(float("nan"), float("inf"), [[[]]], {"name": None}, "../../etc", "2026-13-45"),
)
_REMOVED = object()
_DEEP = 50_000


def read(path: Path) -> dict[str, Any]:
    """What a run's report is made of, computed again from the folder of a manifest."""
    from attacks.results import without_times
    from faceproof.jobs.publishing import report_again
    from faceproof.jobs.thresholds import threshold_of_run
    from faceproof.jobs.verification import recipe_of_run

    threshold_of_run(path.parent)
    recipe_of_run(path.parent)
    return dict(without_times(report_again(path.parent, figures=False).summary.as_json()))


def cases(seed: int, count: int, run: Path, numbers: dict[str, Any]) -> Iterator[Case]:
    """So many damaged manifests of a run.

    Args:
        seed: decides the damage.
        count: how many.
        run: a finished run.
        numbers: what `read` gives of it.
    """
    sound = (run / "manifest.json").read_bytes()
    for number in range(count):
        rng = child_rng(seed, "manifest", number)
        yield _case(rng, number, run, sound, numbers)


def _case(rng: Rng, number: int, run: Path, sound: bytes, numbers: dict[str, Any]) -> Case:
    """A manifest that is damaged as it lies, or edited and sealed again as a skilful person would."""
    kind = ("edited", "sealed again", "sealed again", "bytes")[number % 4]
    if kind == "bytes":
        what, content = _damaged_bytes(rng, sound)
        truth: Any = numbers
    else:
        what, manifest = _edited(rng, json.loads(sound))
        content = _sealed(manifest) if kind == "sealed again" else _dumped(manifest)
        truth = Must.NOT_CRASH if kind == "sealed again" else numbers

    def prepare(path: Path) -> None:
        shutil.copytree(run, path.parent, dirs_exist_ok=True)
        path.write_bytes(content)

    return Case(f"manifest {number}: {kind}, {what}", "manifest.json", None, read, truth, prepare=prepare)


def _damaged_bytes(rng: Rng, sound: bytes) -> tuple[str, bytes]:
    place = int(rng.integers(len(sound)))
    ways: tuple[tuple[str, bytes], ...] = (
        ("cut", sound[:place]),
        ("empty", b""),
        ("nested lists", b"[" * _DEEP + b"]" * _DEEP),
        ("nested objects", b'{"a":' * _DEEP + b"1" + b"}" * _DEEP),
        ("a nested entry", b'{"x": ' + b"[" * _DEEP + b"]" * _DEEP + b"," + sound[1:]),
        ("a list", b"[" + sound + b"]"),
        ("UTF-16", sound.decode().encode("utf-16")),
        ("zeros", b"\0" * len(sound)),
        ("a digit changed", sound[:place] + b"7" + sound[place + 1 :]),
        ("an entry twice", sound.rstrip()[:-1] + b',"seed": 5}'),
        ("huge number", sound.replace(b'"seed": 0', b'"seed": 1' + b"0" * 5000)),
    )
    return ways[int(rng.integers(len(ways)))]


def _edited(rng: Rng, manifest: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The manifest with one entry, at whatever depth, removed or replaced."""
    places = [place for place in _places(manifest) if place[0] not in ("manifest_sha256",)]
    place = places[int(rng.integers(len(places)))]
    choice = int(rng.integers(len(_VALUES) + 3))
    value = _VALUES[choice] if choice < len(_VALUES) else _REMOVED
    holder: Any = manifest
    for step in place[:-1]:
        holder = holder[step]
    if value is _REMOVED:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    name = ".".join(map(str, place))
    return f"{name} {'removed' if value is _REMOVED else f'is {value!r:.40}'}", manifest


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*above, name)
        yield from _places(child, (*above, name))


def _dumped(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, indent=2).encode("utf-8", "backslashreplace")


def _sealed(manifest: dict[str, Any]) -> bytes:
    """The manifest with the digest that it would have, where it can have one."""
    import hashlib

    entries = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    try:
        text = json.dumps(entries, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        entries["manifest_sha256"] = hashlib.sha256(text.encode()).hexdigest()
    except ValueError:
        return _dumped(manifest)
    return _dumped(entries)
