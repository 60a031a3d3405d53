"""Run the model check on synthetic faces and on some of the user's: templates and input contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.errors import ModelError
from faceproof.files import cache_root, sha256_of_json, write_whole
from faceproof.systems.detection.mtcnn import MtcnnDetector, load_mtcnn
from faceproof.systems.load import load_pipeline
from faceproof.systems.model_check.check_faces import NO_FACES
from faceproof.systems.model_check.contract_check import finite_or_none
from faceproof.systems.model_check.contracts import any_contract
from faceproof.systems.model_check.detector_faces import check_border, check_detector_faces
from faceproof.systems.model_check.faces import own_faces, own_photos, packaged_faces
from faceproof.systems.model_check.proposed_contract import propose
from faceproof.systems.model_check.recognizer_check import VERSION, check_recognizer
from faceproof.systems.model_check.result import ContractProposal, ModelCheck
from faceproof.systems.model_check.template_checks import APART
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recognition.catalog import open_unknown
from faceproof.systems.recognition.model_file import as_toml, card_path

if TYPE_CHECKING:
    from faceproof.people.types import Comparisons, Photo
    from faceproof.systems.model_check.checks import Check
    from faceproof.systems.model_check.faces import OwnFaces
    from faceproof.systems.recipe import Recipe

OWN_PHOTOS = 40

PAD = 0.35
"""Border that is tried, as a fraction of a photo's sides (docs/your-detector.md)."""

_NEAR_EDGE_SHARE = 0.25
"""Share of photos with a face near the edge, or none, from which a border is tried."""

SKIPPED = ModelCheck(outcome="skipped", reason="skipped as asked")


def check_pipeline(
    pipeline: Pipeline,
    comparisons: Comparisons | None = None,
    *,
    cache: Path | None = None,
    again: bool = False,
    device: str = "cpu",
) -> ModelCheck:
    """Check a pipeline's recogniser, on packaged faces and on the first of the user's.

    MTCNN finds the faces. Where another detector is used, its faces are compared with MTCNN's on the user's photos.

    Args:
        pipeline: detector and recogniser.
        comparisons: whose first mated photos are used too; None: packaged faces alone.
        cache: folder where packaged faces and results are kept: a recogniser is checked once on the same faces.
        again: check it though a result is kept.
        device: where MTCNN runs, where the pipeline has another detector.

    Returns:
        All checks. A model that fails on these faces has the outcome ``failed`` and a ``reason``.
    """
    with_mtcnn = _with_mtcnn(pipeline, device)
    usual = with_mtcnn is pipeline
    own = [] if comparisons is None else own_photos(comparisons, OWN_PHOTOS)
    kept = None if cache is None or not pipeline.cacheable else _kept(cache, pipeline, with_mtcnn, own)
    known = None if again else _read(kept)
    if known is not None:
        return known
    faces = packaged_faces(with_mtcnn, cache=cache)
    given = own_faces(pipeline, own)
    recognizer = pipeline.recognizer
    try:
        result = check_recognizer(recognizer, faces, recognizer.known_contract, given.faces if usual else NO_FACES)
        if own:
            of_faces = (
                _check_border(pipeline, own, given) if usual else _check_detector(pipeline, with_mtcnn, own, given)
            )
            result = replace(result, checks=(*result.checks, *of_faces))
    except ModelError as error:
        return ModelCheck(outcome="failed", reason=f"the model fails on the first faces: {error}")
    found = result.result()
    _write(kept, found)
    return found


def _with_mtcnn(pipeline: Pipeline, device: str) -> Pipeline:
    """The pipeline with MTCNN as its detector."""
    return pipeline if isinstance(pipeline.detector, MtcnnDetector) else replace(pipeline, detector=_mtcnn(device))


@lru_cache(maxsize=1)
def _mtcnn(device: str) -> MtcnnDetector:
    return load_mtcnn(device=device)


def _kept(cache: Path, pipeline: Pipeline, with_mtcnn: Pipeline, own: Sequence[Photo]) -> Path:
    """The file in the cache for a result; its name is a digest of everything that the result depends on."""
    known = pipeline.recognizer.known_contract
    depends_on = {
        "version": VERSION,
        "model": pipeline.recognizer.card.name,
        "recipe": pipeline.recipe(),
        "mtcnn": with_mtcnn.detector.recipe(),
        "templates": pipeline.recognizer.card.templates.model_dump(),
        "known": None if known is None else known.model_dump(),
        "own": [(pipeline.detector.key(photo) or photo.id, photo.person) for photo in own],
    }
    digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    return cache / "canary" / f"{digest}.json"


def _check_detector(pipeline: Pipeline, with_mtcnn: Pipeline, own: Sequence[Photo], given: OwnFaces) -> Iterator[Check]:
    """The faces of another detector against MTCNN's."""
    by_mtcnn = own_faces(with_mtcnn, own)
    yield check_detector_faces(pipeline.recognizer, given.people, given.crops, by_mtcnn.crops)


def _check_border(pipeline: Pipeline, own: Sequence[Photo], given: OwnFaces) -> Iterator[Check]:
    """MTCNN's faces against those of photos with a border, where faces lie near the edge and there is no border yet."""
    mtcnn = pipeline.detector
    few = given.near_edge < max(_NEAR_EDGE_SHARE * len(given.people), 1)
    if few or not isinstance(mtcnn, MtcnnDetector) or mtcnn.cascade.settings.pad:
        return
    cascade = replace(mtcnn.cascade, settings=replace(mtcnn.cascade.settings, pad=PAD))
    padded = replace(pipeline, detector=MtcnnDetector(cascade, mtcnn.weights_sha256))
    bordered = own_faces(padded, own)
    yield check_border(pipeline.recognizer, given.people, given.crops, bordered.crops, PAD)


def check_before_run(
    pipeline: Pipeline,
    comparisons: Comparisons,
    *,
    wanted: bool,
    cache: bool,
    device: str = "cpu",
    say: Callable[[str], None] = lambda _: None,
) -> ModelCheck:
    """`check_pipeline` before a run: the result for the manifest, and a note for each check that did not pass."""
    if not wanted:
        return SKIPPED
    name = pipeline.recognizer.card.name
    found = check_pipeline(pipeline, comparisons, cache=cache_root() if cache else None, device=device)
    for complaint in found.complaints():
        say(f"Note: {name} {complaint}")
    return found


def check_model(
    model: str, weights: Path | None, recipe: Recipe, *, device: str = "cpu", offline: bool = False
) -> ModelCheck:
    """Load a model and check it, on packaged faces alone.

    Args:
        model: see `faceproof.systems.recognition.catalog.load_model`.
        weights: file with the weights of a named model.
        recipe: changes to how it is fed.
        device: ``cpu``, ``cuda``, ...
        offline: never use the network.

    Returns:
        See `check_pipeline`.

    Raises:
        ConfigurationError, WeightsError: see `faceproof.systems.recognition.catalog.load_model`.
    """
    pipeline = load_pipeline(model, weights, recipe, device, offline=offline)
    return check_pipeline(pipeline, cache=cache_root(), again=True, device=device)


def propose_contract(model: Path, size_px: int | None, *, device: str = "cpu", write: bool = False) -> ContractProposal:
    """Try every usual contract on an ONNX file that nothing is known of.

    Args:
        model: the file.
        size_px: side of its input, where the file leaves it open.
        device: ``cpu``, ``cuda``, ...
        write: write the best as a card beside the file.

    Raises:
        ConfigurationError, WeightsError: the file cannot be used, or its size has to be said.
    """
    recognizer = open_unknown(model, size_px, any_contract, device=device)
    faces = packaged_faces(Pipeline(_mtcnn(device), recognizer), cache=cache_root())
    found = propose(recognizer, faces)
    toml, beside = as_toml(found.contract), card_path(model)
    works = found.d_prime >= APART
    if write and works:
        write_whole(beside, toml.encode())
    return ContractProposal(
        model=str(model),
        best=found.text,
        d_prime=finite_or_none(found.d_prime),
        neighbours=[one.result() for one in found.neighbours],
        undecided=[one.text for one in found.neighbours[1:] if not one.worse],
        toml=toml,
        card=str(beside),
        works=works,
        written=write and works,
    )


def _read(file: Path | None) -> ModelCheck | None:
    """A result from the cache; None if there is none, or if the file was changed."""
    try:
        kept = json.loads(file.read_text("utf-8")) if file is not None else None
        if not isinstance(kept, dict) or kept["sha256"] != sha256_of_json(kept["result"]):
            return None
        return ModelCheck.model_validate(kept["result"])
    except (OSError, ValueError, KeyError, RecursionError):
        return None


def _write(file: Path | None, found: ModelCheck) -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        result = found.as_json()
        write_whole(file, json.dumps({"result": result, "sha256": sha256_of_json(result)}, indent=2).encode())
    except (OSError, ValueError):
        return  # it is computed again next time
