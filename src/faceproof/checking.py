"""The model check before a run, on a few dozen faces: is the model sound, and does it get what it was made for?"""

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
    from faceproof.findings.checks import Check
    from faceproof.people.types import Comparisons, Photo
    from faceproof.recipe import Recipe

OWN_PHOTOS, OWN_PHOTOS_OF_OTHER_DETECTORS = 16, 40
SKIPPED: dict[str, Any] = {"outcome": "skipped", "reason": "skipped as asked (--no-canary)"}


def check_pipeline(
    pipeline: Pipeline, comparisons: Comparisons | None = None, *, cache: Path | None = None, device: str = "cpu"
) -> dict[str, Any]:
    """Check a pipeline's recogniser, on packaged faces and on the first of the user's.

    MTCNN finds the faces. Where another detector is used, its faces are compared with MTCNN's on the user's photos.

    Args:
        pipeline: detector and recogniser.
        comparisons: whose first mated photos are used too; None: packaged faces alone.
        cache: folder where results are kept: a recogniser is checked once on the same faces.
        device: where MTCNN runs, where the pipeline has another detector.

    Returns:
        `faceproof.findings.canary.Canary.as_dict`; a model that fails on these faces has the outcome ``failed`` and a
        ``reason``.
    """
    from faceproof.canary_faces import faces_of, own_photos, packaged_faces
    from faceproof.findings.canary import check_recognizer

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
        result = check_recognizer(pipeline.recognizer, faces, pipeline.recognizer.known_contract)
        undecided = False
        if own and not usual:
            of_faces = _check_own_faces(pipeline, with_mtcnn, own)
            undecided = of_faces.outcome == "not told apart"
            result = replace(result, checks=(*result.checks, of_faces))
    except ModelError as error:
        return {"outcome": "failed", "reason": f"the model fails on the first faces: {error}"}
    found = result.as_dict()
    if not undecided:
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
    """The file in the cache for a result; its name is a digest of everything that the result depends on."""
    from faceproof.findings.canary import VERSION

    known = pipeline.recognizer.known_contract
    depends_on = {
        "version": VERSION,
        "recipe": pipeline.recipe(),
        "mtcnn": with_mtcnn.detector.recipe(),
        "templates": pipeline.recognizer.card.templates.model_dump(),
        "known": None if known is None else known.model_dump(),
        "own": [(pipeline.detector.key(photo) or photo.id, photo.person) for photo in own],
    }
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    return cache / "canary" / f"{digest}.json"


def _check_own_faces(pipeline: Pipeline, with_mtcnn: Pipeline, own: Sequence[Photo]) -> Check:
    from faceproof.canary_faces import crops_of
    from faceproof.findings.own_faces import about_the_faces

    people, (given, by_mtcnn) = crops_of(own, [pipeline, with_mtcnn])
    return about_the_faces(pipeline.recognizer, people, given, by_mtcnn)


def check_before_run(
    pipeline: Pipeline,
    comparisons: Comparisons,
    *,
    wanted: bool,
    cache: bool,
    device: str = "cpu",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """`check_pipeline` before a run: the result for the manifest, and a note for each check that did not pass."""
    from faceproof.evaluation import cache_folder
    from faceproof.findings.checks import complaints

    if not wanted:
        return SKIPPED
    name = pipeline.recognizer.card.name
    found = check_pipeline(pipeline, comparisons, cache=cache_folder() if cache else None, device=device)
    for complaint in complaints(found):
        say(f"Note: {name} {complaint}")
    return found


def check_model(
    model: str, weights: Path | None, recipe: Recipe, *, device: str = "cpu", offline: bool = False
) -> dict[str, Any]:
    """Load a model and check it, on packaged faces alone.

    Args:
        model: see `faceproof.recognition.catalog.load_model`.
        weights: file with the weights of a named model.
        recipe: changes to how it is fed.
        device: ``cpu``, ``cuda``, ...
        offline: never use the network.

    Returns:
        See `check_pipeline`.

    Raises:
        ConfigurationError, WeightsError: see `faceproof.recognition.catalog.load_model`.
    """
    from faceproof.recipe import load_pipeline

    return check_pipeline(load_pipeline(model, weights, recipe, device, offline=offline), device=device)


def propose_contract(model: Path, size_px: int | None, *, device: str = "cpu", write: bool = False) -> dict[str, Any]:
    """Try every usual contract on an ONNX file that nothing is known of.

    Args:
        model: the file.
        size_px: side of its input, where the file leaves it open.
        device: ``cpu``, ``cuda``, ...
        write: write the best as a card beside the file.

    Returns:
        ``contracts``: each with ``text`` and ``d_prime``, the best first; ``toml``: the best as a card; ``works``:
        whether that separates people at all, without which nothing is written.

    Raises:
        ConfigurationError, WeightsError: the file cannot be used, or its size has to be said.
    """
    from faceproof.canary_faces import packaged_faces
    from faceproof.engine.runner import Pipeline
    from faceproof.files import write_whole
    from faceproof.findings.canary import finite_or_none, proposal
    from faceproof.findings.contracts import every_contract
    from faceproof.findings.template_checks import APART
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
        "contracts": [{"text": text, "d_prime": finite_or_none(apart)} for text, _, apart in found],
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
        return  # it is computed again next time
