"""The look at a model before a run, on a few dozen faces: what they say of the model and of how it is fed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ImageDecodeError, ModelError

if TYPE_CHECKING:
    from faceproof.engine.runner import Pipeline
    from faceproof.evaluation import Recipe
    from faceproof.findings.canary import CanaryFaces, Check
    from faceproof.people.types import Comparisons, Photo

PEOPLE, PHOTOS, SEED = 10, 3, 20
OWN_PHOTOS, OWN_PHOTOS_OF_OTHER_DETECTORS = 16, 40
SKIPPED: dict[str, Any] = {"passed": None, "reason": "skipped as asked (--no-canary)"}


def canary(pipeline: Pipeline, comparisons: Comparisons | None = None, *, cache: Path | None = None) -> dict[str, Any]:
    """Look at a pipeline's recogniser, at packaged faces and at the first of the user's.

    MTCNN finds the faces; where another detector is used, what that gives is held against it on the user's photos.

    Args:
        pipeline: detector and recogniser.
        comparisons: whose first mated photos are looked at too; None: packaged faces alone.
        cache: folder where what was found is kept; the same recogniser is not asked twice about the same faces.

    Returns:
        `faceproof.findings.canary.Canary.as_dict`; a model that fails on these faces gives ``passed`` False and a
        ``reason``.
    """
    from faceproof.detection.mtcnn import MtcnnDetector, load_mtcnn
    from faceproof.findings.canary import VERSION, look_at

    usual = isinstance(pipeline.detector, MtcnnDetector)
    many = OWN_PHOTOS if usual else OWN_PHOTOS_OF_OTHER_DETECTORS
    own = _own_photos(comparisons, many) if comparisons is not None else []
    asked = {
        "version": VERSION,
        "recipe": pipeline.recipe(),
        "templates": pipeline.recognizer.card.templates.model_dump(),
        "own": [pipeline.detector.key(photo) or photo.id for photo in own],
    }
    kept = None
    if cache is not None and pipeline.cacheable:
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        kept = cache / "canary" / f"{digest}.json"
    known = _read(kept)
    if known is not None:
        return known
    with_mtcnn = pipeline if usual else replace(pipeline, detector=load_mtcnn())
    faces = faces_in(with_mtcnn, _drawn())
    if own and usual:
        faces += faces_in(pipeline, [(photo.person, pixels) for photo, pixels in _decoded(own)])
    try:
        looked = look_at(pipeline.recognizer, faces, pipeline.recognizer.known_contract)
        if own and not usual:
            looked = replace(looked, checks=(*looked.checks, _about_own_faces(pipeline, with_mtcnn, own)))
        found = looked.as_dict()
    except ModelError as error:
        return {"passed": False, "reason": f"the model fails on the first faces: {error}"}
    _write(kept, found)
    return found


def asked(
    pipeline: Pipeline, comparisons: Comparisons, *, wanted: bool, cache: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """`canary` before a run: what it found for the manifest, and a note where something is wrong."""
    from faceproof.evaluation import cache_folder

    if not wanted:
        return SKIPPED
    name = pipeline.recognizer.card.name
    found = canary(pipeline, comparisons, cache=cache_folder() if cache else None)
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
    from faceproof.evaluation import load_pipeline

    return canary(load_pipeline(model, weights, recipe, device, offline=offline))


def propose_contract(model: Path, size_px: int | None, *, device: str = "cpu", write: bool = False) -> dict[str, Any]:
    """Try every usual contract on an ONNX file that nothing is known of.

    Args:
        model: the file.
        size_px: side of its input, where the file leaves it open.
        device: ``cpu``, ``cuda``, ...
        write: write the best as a card beside the file.

    Returns:
        ``contracts``: each with ``told`` and ``d_prime``, the best first; ``toml``: the best as a card.

    Raises:
        ConfigurationError, WeightsError: the file cannot be used, or its size has to be said.
    """
    from faceproof.engine.runner import Pipeline
    from faceproof.files import write_whole
    from faceproof.findings.canary import every_contract, proposal, told_or_none
    from faceproof.recognition.catalog import open_unknown
    from faceproof.recognition.model_file import as_toml, card_path

    recognizer = open_unknown(model, size_px, lambda size: every_contract(size)[0][1], device=device)
    from faceproof.detection.mtcnn import load_mtcnn

    faces = packaged_faces(Pipeline(load_mtcnn(device=device), recognizer))
    found = proposal(recognizer, faces)
    toml, beside = as_toml(found[0][1]), card_path(model)
    if write:
        write_whole(beside, toml.encode())
    return {
        "model": str(model),
        "contracts": [{"told": told, "d_prime": told_or_none(apart)} for told, _, apart in found],
        "toml": toml,
        "card": str(beside),
        "written": write,
    }


def packaged_faces(pipeline: Pipeline) -> CanaryFaces:
    """The faces of people who do not exist that every model is asked about."""
    return faces_in(pipeline, _drawn())


def faces_in(pipeline: Pipeline, photos: Iterable[tuple[str, NDArray[np.uint8]]]) -> CanaryFaces:
    """The chosen face of each photo of a person, where there is one."""
    from faceproof.detection.selection import choose_in
    from faceproof.findings.canary import CanaryFaces

    people, pictures = zip(*photos, strict=True)
    kept = []
    for person, picture, found in zip(people, pictures, pipeline.detector.find(list(pictures)), strict=True):
        face = choose_in(found, picture, pipeline.selection)
        if face is not None:
            kept.append((person, picture, face))
    return CanaryFaces(tuple(p for p, _, _ in kept), tuple(x for _, x, _ in kept), tuple(f for _, _, f in kept))


def _drawn() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    from faceproof.people.synthetic.draw import draw_identity, draw_photo
    from faceproof.people.synthetic.face_model import packaged_model
    from faceproof.people.synthetic.folder import variation_of

    model = packaged_model()
    how = variation_of(model)
    for person in range(PEOPLE):
        identity = draw_identity(model, SEED, person, how)
        for photo in range(PHOTOS):
            yield f"drawn {person}", draw_photo(model, identity, SEED, person, photo, how)


def _own_photos(comparisons: Comparisons, many: int) -> list[Photo]:
    """The first photos that take part in mated comparisons: of each person's first one, then of each one's second."""
    seen: Counter[str] = Counter()
    in_turn = []
    for row in np.flatnonzero(comparisons.mated).tolist():
        person = comparisons.photos[comparisons.row_a[row]].person
        in_turn.append((seen[person], row))
        seen[person] += 1
    rows = [row for _, row in nsmallest(many // 2, in_turn)]
    places = dict.fromkeys(np.stack([comparisons.row_a[rows], comparisons.row_b[rows]], axis=1).ravel().tolist())
    return [comparisons.photos[place] for place in places]


def _decoded(photos: Iterable[Photo]) -> Iterator[tuple[Photo, NDArray[np.uint8]]]:
    from faceproof.people.decode import decode_photo

    for photo in photos:
        try:
            yield photo, decode_photo(photo.path)
        except ImageDecodeError:
            continue


def _about_own_faces(pipeline: Pipeline, with_mtcnn: Pipeline, own: Iterable[Photo]) -> Check:
    from faceproof.findings.own_faces import about_the_faces

    readable = list(_decoded(own))
    given, by_mtcnn = (_crops(one, readable) for one in (pipeline, with_mtcnn))
    return about_the_faces(pipeline.recognizer, [photo.person for photo, _ in readable], given, by_mtcnn)


def _crops(pipeline: Pipeline, photos: list[tuple[Photo, NDArray[np.uint8]]]) -> list[NDArray[np.uint8] | None]:
    """The prepared face of each photo, or None where there is none."""
    from faceproof.detection.selection import choose_in

    crops = []
    found = pipeline.detector.find([pixels for _, pixels in photos], [photo.id for photo, _ in photos])
    for (_, pixels), faces in zip(photos, found, strict=True):
        face = choose_in(faces, pixels, pipeline.selection)
        crops.append(None if face is None else pipeline.prepare(pixels, face))
    return crops


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
