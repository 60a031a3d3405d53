"""The look at a model before a run, on a few dozen faces: what they say of the model and of how it is fed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.errors import ModelError

if TYPE_CHECKING:
    from faceproof.detection.mtcnn import MtcnnDetector
    from faceproof.engine.runner import Pipeline
    from faceproof.findings.canary import Check
    from faceproof.people.types import Comparisons, Photo
    from faceproof.recipe import Recipe

OWN_PHOTOS, OWN_PHOTOS_OF_OTHER_DETECTORS = 16, 40
SKIPPED: dict[str, Any] = {"passed": None, "reason": "skipped as asked (--no-canary)"}


def canary(
    pipeline: Pipeline, comparisons: Comparisons | None = None, *, cache: Path | None = None, device: str = "cpu"
) -> dict[str, Any]:
    """Look at a pipeline's recogniser, at packaged faces and at the first of the user's.

    MTCNN finds the faces; where another detector is used, what that gives is held against it on the user's photos.

    Args:
        pipeline: detector and recogniser.
        comparisons: whose first mated photos are looked at too; None: packaged faces alone.
        cache: folder where what was found is kept; the same recogniser is not asked twice about the same faces.
        device: where MTCNN runs, where the pipeline has another detector.

    Returns:
        `faceproof.findings.canary.Canary.as_dict`; a model that fails on these faces gives ``passed`` False and a
        ``reason``.
    """
    from faceproof.canary_faces import faces_of, own_photos, packaged_faces
    from faceproof.findings.canary import look_at

    with_mtcnn = _with_mtcnn(pipeline, device)
    usual = with_mtcnn is pipeline
    own = [] if comparisons is None else own_photos(comparisons, OWN_PHOTOS if usual else OWN_PHOTOS_OF_OTHER_DETECTORS)
    kept = None if cache is None or not pipeline.cacheable else _kept(cache, pipeline, with_mtcnn, own)
    known = _read(kept)
    if known is not None:
        return known
    faces = packaged_faces(with_mtcnn)
    if usual:
        faces += faces_of(pipeline, own)
    try:
        looked = look_at(pipeline.recognizer, faces, pipeline.recognizer.known_contract)
        if own and not usual:
            looked = replace(looked, checks=(*looked.checks, _about_own_faces(pipeline, with_mtcnn, own)))
    except ModelError as error:
        return {"passed": False, "reason": f"the model fails on the first faces: {error}"}
    found = looked.as_dict()
    if all(check.told for check in looked.checks):
        _write(kept, found)
    return found


def _with_mtcnn(pipeline: Pipeline, device: str) -> Pipeline:
    """The pipeline with faces that MTCNN finds: itself, where it has these."""
    from faceproof.detection.mtcnn import MtcnnDetector

    return pipeline if isinstance(pipeline.detector, MtcnnDetector) else replace(pipeline, detector=_mtcnn(device))


@lru_cache(maxsize=1)
def _mtcnn(device: str) -> MtcnnDetector:
    from faceproof.detection.mtcnn import load_mtcnn

    return load_mtcnn(device=device)


def _kept(cache: Path, pipeline: Pipeline, with_mtcnn: Pipeline, own: Sequence[Photo]) -> Path:
    """Where what was found is kept: by all that it hangs on."""
    from faceproof.findings.canary import VERSION

    known = pipeline.recognizer.known_contract
    hangs_on = {
        "version": VERSION,
        "recipe": pipeline.recipe(),
        "mtcnn": with_mtcnn.detector.recipe(),
        "templates": pipeline.recognizer.card.templates.model_dump(),
        "known": None if known is None else known.model_dump(),
        "own": [(pipeline.detector.key(photo) or photo.id, photo.person) for photo in own],
    }
    digest = hashlib.sha256(json.dumps(hangs_on, sort_keys=True).encode()).hexdigest()
    return cache / "canary" / f"{digest}.json"


def _about_own_faces(pipeline: Pipeline, with_mtcnn: Pipeline, own: Sequence[Photo]) -> Check:
    from faceproof.canary_faces import crops_of
    from faceproof.findings.own_faces import about_the_faces

    people, (given, by_mtcnn) = crops_of(own, [pipeline, with_mtcnn])
    return about_the_faces(pipeline.recognizer, people, given, by_mtcnn)


def asked(
    pipeline: Pipeline,
    comparisons: Comparisons,
    *,
    wanted: bool,
    cache: bool,
    device: str = "cpu",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """`canary` before a run: what it found for the manifest, and a note where something is wrong."""
    from faceproof.evaluation import cache_folder

    if not wanted:
        return SKIPPED
    name = pipeline.recognizer.card.name
    found = canary(pipeline, comparisons, cache=cache_folder() if cache else None, device=device)
    for complaint in complaints(found):
        say(f"Note: {name} {complaint}")
    return found


def complaints(found: dict[str, Any]) -> list[str]:
    """What is wrong with a model, in sentences that go on after its name."""
    if found.get("reason"):
        return [] if found["passed"] is None else [f"did not pass the look at it: {found['reason']}."]
    failed = [check for check in found["checks"] if not check["passed"]]
    return [f"did not pass the look at it ({check['name']}): {check['found']}." for check in failed]


def check_model(
    model: str, weights: Path | None, recipe: Recipe, *, device: str = "cpu", offline: bool = False
) -> dict[str, Any]:
    """Load a model and look at it, on packaged faces alone.

    Args:
        model: see `faceproof.recognition.catalog.load_model`.
        weights: file with the weights of a named model.
        recipe: changes to how it is fed.
        device: ``cpu``, ``cuda``, ...
        offline: never use the network.

    Returns:
        See `canary`.

    Raises:
        ConfigurationError, WeightsError: see `faceproof.recognition.catalog.load_model`.
    """
    from faceproof.recipe import load_pipeline

    return canary(load_pipeline(model, weights, recipe, device, offline=offline), device=device)


def propose_contract(model: Path, size_px: int | None, *, device: str = "cpu", write: bool = False) -> dict[str, Any]:
    """Try every usual contract on an ONNX file that nothing is known of.

    Args:
        model: the file.
        size_px: side of its input, where the file leaves it open.
        device: ``cpu``, ``cuda``, ...
        write: write the best as a card beside the file.

    Returns:
        ``contracts``: each with ``told`` and ``d_prime``, the best first; ``toml``: the best as a card; ``works``:
        whether that tells people apart at all, without which nothing is written.

    Raises:
        ConfigurationError, WeightsError: the file cannot be used, or its size has to be said.
    """
    from faceproof.canary_faces import packaged_faces
    from faceproof.engine.runner import Pipeline
    from faceproof.files import write_whole
    from faceproof.findings.canary import APART, every_contract, proposal, told_or_none
    from faceproof.recognition.catalog import open_unknown
    from faceproof.recognition.model_file import as_toml, card_path

    recognizer = open_unknown(model, size_px, lambda size: every_contract(size)[0][1], device=device)
    faces = packaged_faces(Pipeline(_mtcnn(device), recognizer))
    found = proposal(recognizer, faces)
    toml, beside = as_toml(found[0][1]), card_path(model)
    works = found[0][2] >= APART
    if write and works:
        write_whole(beside, toml.encode())
    return {
        "model": str(model),
        "contracts": [{"told": told, "d_prime": told_or_none(apart)} for told, _, apart in found],
        "toml": toml,
        "card": str(beside),
        "works": works,
        "written": write and works,
    }


def _read(file: Path | None) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text("utf-8")) if file is not None else None
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(file: Path | None, found: dict[str, Any]) -> None:
    from faceproof.files import write_whole

    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(found, indent=2).encode())
    except (OSError, ValueError):
        return  # it is asked again next time
