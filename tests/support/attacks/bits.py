"""Attack: single flipped bits in what faceproof keeps on disk.

Each flip is followed by a read through the library. Reading has to give what the sound file gave, or refuse the
file: an error of faceproof's, and for what is kept in the cache a result that is computed again. Anything else is a
wrong number.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from attacks.bench import WITH_TOY_MODEL, Bench, child_rng
from attacks.findings import Failure, Fault, Tally
from attacks.results import without_times
from attacks.scene import make_scene, must, run

BLOCK = 50
_HEAD, _TAIL = 200, 1500
MEMORY_BYTES = 16 << 30
SAME, REFUSED = "same", "refused"


class RecomputedError(Exception):
    """What is kept was not used: the result would be computed again."""


@dataclass(frozen=True)
class Target:
    """Files in which bits are flipped.

    Attributes:
        name: for the table.
        files: their places below the scene, as a pattern.
        read: gives what the library reads, from the scene's folder.
        share: how many of the flips it gets, in parts.
    """

    name: str
    files: str
    read: Callable[[Path], Any]
    share: int


def attack(bench: Bench, flips: int) -> Iterator[Tally]:
    """A tally for each target, ``flips`` in all."""
    with bench.folder("bits") as scene:
        make_scene(bench, scene)
        stressed = (
            "stress",
            "people",
            "--suite",
            "two.toml",
            "--out",
            "stressed",
            "--protocol",
            "all",
            *WITH_TOY_MODEL,
        )
        must(run(bench, scene, stressed))
        for keep in (keep_model_check, keep_faces):
            kept = bench.forks.call(keep, scene)
            if kept.value is None:
                raise RuntimeError(f"the cache keeps nothing: {kept}")
        shares = sum(target.share for target in TARGETS)
        for target in TARGETS:
            rest = flips - sum(flips * one.share // shares for one in TARGETS) if target is TARGETS[0] else 0
            count = max(1, flips * target.share // shares + rest)
            tally = Tally("bits", target.name, "flipped bits")
            blocks = [range(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
            for numbers in blocks:
                tally.add(len(numbers), _block(bench, target, scene, numbers))
            bench.say(f"bits: {target.name}, {count} flips, {len(tally.failures)} failures")
            yield tally


def _block(bench: Bench, target: Target, scene: Path, numbers: Sequence[int]) -> list[Failure]:
    """Some flips in one process; where it ends by itself, each in a process of its own."""
    file = sorted(scene.glob(target.files))[-1]
    sound = file.read_bytes()
    places = {number: _place(bench.seed, target, number, len(sound)) for number in numbers}
    ended = bench.forks.call(
        flipped, target.read, scene, file, list(places.values()), seconds=300, limits={"RLIMIT_AS": MEMORY_BYTES}
    )
    file.write_bytes(sound)
    if ended.value is None and len(numbers) > 1:
        return [failure for number in numbers for failure in _block(bench, target, scene, [number])]
    failures = []
    for place, outcome in zip(places.values(), ended.value or [("crash", str(ended))], strict=True):
        if outcome[0] not in (SAME, REFUSED):
            name = f"seed {bench.seed}, bit {place[1]} of byte {place[0]} of {file.relative_to(scene)}"
            fault = Fault.WRONG if outcome[0] == "wrong" else Fault.HANG if ended.timed_out else Fault.CRASH
            failures.append(bench.failures.add(fault, name, outcome[1], [file]))
    return failures


def _place(seed: int, target: Target, number: int, size: int) -> tuple[int, int]:
    """A byte, half of the time near an end of the file, where its structure is, and a bit."""
    rng = child_rng(seed, "bit", target.name, number)
    byte = int(rng.integers(size))
    if rng.random() < 0.1:
        byte = int(rng.integers(min(size, _HEAD)))
    elif rng.random() < 0.4:
        byte = size - 1 - int(rng.integers(min(size, _TAIL)))
    return byte, int(rng.integers(8))


def flipped(
    read: Callable[[Path], Any], scene: Path, file: Path, places: Sequence[tuple[int, int]]
) -> list[tuple[str, str]]:
    """Read after each flip; called in a process of its own.

    Returns:
        For each flip `SAME`, `REFUSED`, ``wrong`` or ``crash``, and what was seen.
    """
    sound, right = file.read_bytes(), read(scene)
    outcomes = []
    for byte, bit in places:
        damaged = bytearray(sound)
        damaged[byte] ^= 1 << bit
        file.write_bytes(damaged)
        outcomes.append(_outcome(read, scene, right))
        file.write_bytes(sound)
    return outcomes


def _outcome(read: Callable[[Path], Any], scene: Path, right: Any) -> tuple[str, str]:
    from faceproof.errors import FaceproofError

    try:
        found = read(scene)
    except (FaceproofError, RecomputedError):
        return REFUSED, ""
    except BaseException:  # whatever it is, it is counted
        return "crash", traceback.format_exc()[-1000:]
    if found == right:
        return SAME, ""
    return "wrong", f"read {str(found)[:300]}, right is {str(right)[:300]}"


def read_shard(scene: Path) -> list[str]:
    """Everything in the rows of the template cache of the scene's first model.

    Raises:
        RecomputedError: a damaged shard was set aside; the rows in it would be computed again.
    """
    import json

    from faceproof.engine.cache import TemplateCache

    folder = _shard(scene).parent
    recipe = json.loads((folder / "recipe.json").read_text())
    photos = _photo_digests(scene)
    cache = TemplateCache(scene / "cache", recipe, template_size=432)
    rows = sorted(f"{digest} {_shown(outcome)}" for digest, outcome in cache.load(dict.fromkeys(photos)))
    if cache.set_aside:
        for damaged in cache.set_aside:
            Path(damaged).unlink()
        raise RecomputedError
    return rows


def _shard(scene: Path) -> Path:
    return sorted(scene.glob("cache/templates/*/*.parquet"))[-1]


def _photo_digests(scene: Path) -> set[str]:
    from faceproof.files import sha256_of

    return {sha256_of(file) for file in scene.glob("people/*/*.jpg")}


def _shown(outcome: Any) -> str:
    """A row with all digits of its numbers."""
    arrays = (outcome.template, None if outcome.face is None else outcome.face.box_xyxy_px)
    plain = {name: getattr(outcome, name) for name in outcome.__slots__ if name not in ("template", "face")}
    return f"{plain} {[None if array is None else np.asarray(array).tobytes().hex() for array in arrays]}"


def read_evaluation(scene: Path) -> list[dict[str, list[Any]]]:
    """The tables of a run of evaluate."""
    from faceproof.runs.run_folder import read_run

    run = read_run(scene / "one")
    return [table.to_pydict() for table in (run.comparisons, run.photos, run.scores)]


def read_stress(scene: Path) -> list[dict[str, list[Any]]]:
    """The tables of a run of stress."""
    from faceproof.runs.run_folder import open_run

    run = open_run(scene / "stressed", "stress")
    parts = [run.tables(one.name, it.name) for one in run.manifest.systems for it in run.manifest.conditions]
    return [table.to_pydict() for part in parts for table in (part.photos, part.scores)]


def read_manifest_of_run(scene: Path) -> dict[str, Any]:
    """The manifest of a run of evaluate."""
    from faceproof.runs.run_folder import open_run

    return open_run(scene / "one").manifest.as_json()


def read_threshold(scene: Path) -> tuple[Any, ...]:
    """What ``faceproof verify --run`` takes from a run."""
    from faceproof.jobs.thresholds import threshold_of_run
    from faceproof.jobs.verification import recipe_of_run

    return threshold_of_run(scene / "one", "eer"), recipe_of_run(scene / "one")


CHECKED = {"outcome": "passed", "checks": [{"name": "people apart", "outcome": "passed", "found": "d' is 3.123"}]}


def keep_model_check(scene: Path) -> dict[str, Any]:
    """Let the library keep a result of the model check in the scene's cache."""
    from faceproof.systems.model_check.result import ModelCheck

    found = mock.Mock()
    found.result.return_value = ModelCheck.model_validate(CHECKED)
    return _model_check(scene, mock.Mock(return_value=found))


def read_model_check(scene: Path) -> dict[str, Any]:
    """The kept result of the model check, as a run takes it.

    Raises:
        RecomputedError: it is not used, and the model is checked again.
    """
    return without_times(_model_check(scene, mock.Mock(side_effect=RecomputedError)))


def _model_check(scene: Path, check: mock.Mock) -> dict[str, Any]:
    """The model check of the toy model, with ``check`` in place of the checks themselves, which take seconds."""
    import sys

    from faceproof.systems.load import load_pipeline
    from faceproof.systems.model_check.job import check_pipeline
    from faceproof.systems.recipe import Recipe

    sys.path.insert(0, str(scene))
    pipeline = load_pipeline("toy_model:Pixels", None, Recipe(detector="none"), "cpu")
    with (
        mock.patch("faceproof.systems.model_check.job.check_recognizer", check),
        mock.patch("faceproof.systems.model_check.job.packaged_faces"),
    ):
        return check_pipeline(pipeline, cache=scene / "cache").as_json()


def keep_faces(scene: Path) -> list[str]:
    """Let the library keep the faces of its model check in the scene's cache, of two people for the speed of it."""
    return _faces(scene)


def read_faces(scene: Path) -> list[str]:
    """The kept faces of the model check, as a run takes them.

    Raises:
        RecomputedError: they are not used, and the faces are drawn again.
    """
    with mock.patch("faceproof.systems.model_check.faces.draw_photo", side_effect=RecomputedError):
        return _faces(scene)


def _faces(scene: Path) -> list[str]:
    from faceproof.systems.load import load_pipeline
    from faceproof.systems.model_check import faces as canary_faces
    from faceproof.systems.recipe import Recipe

    pipeline = load_pipeline("dlib-resnet", None, Recipe(), "cpu")
    with mock.patch.object(canary_faces, "PEOPLE", 2), mock.patch.object(canary_faces, "_KEPT", {}):
        found = canary_faces.packaged_faces(pipeline, cache=scene / "cache")
    boxes = [(face.box_xyxy_px, face.landmarks_px, np.float64(face.probability)) for face in found.faces]
    arrays = [*found.photos, *(array for face in boxes for array in face)]
    return [*found.people, *(f"{array.shape} {array.dtype} {array.tobytes().hex()}" for array in arrays)]


TARGETS = (
    Target("shards of the template cache", "cache/templates/*/*.parquet", read_shard, 5),
    Target("photos.parquet", "one/photos.parquet", read_evaluation, 3),
    Target("scores.parquet", "one/scores.parquet", read_evaluation, 3),
    Target("comparisons.parquet", "one/comparisons.parquet", read_evaluation, 2),
    Target("scores.parquet of stress", "stressed/scores.parquet", read_stress, 1),
    Target("photos.parquet of stress", "stressed/photos.parquet", read_stress, 1),
    Target("manifest.json", "one/manifest.json", read_manifest_of_run, 2),
    Target("metrics.json", "one/metrics.json", read_threshold, 2),
    Target("kept results of the model check", "cache/canary/*.json", read_model_check, 1),
    Target("kept faces of the model check", "cache/canary/*.npz", read_faces, 1),
)
