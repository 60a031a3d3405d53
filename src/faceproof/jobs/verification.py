"""Verification of two photos: similarity of the faces, and the decision at a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, FaceproofError, ImageDecodeError, ModelError
from faceproof.jobs.repeating import recipe_again
from faceproof.jobs.thresholds import refuse_other_weights
from faceproof.people.decode import decode_photo
from faceproof.runs.manifest_schema import DetectorEntry, SystemEntry
from faceproof.runs.run_folder import open_run
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.scoring.threshold import Threshold
from faceproof.summary.calibration import LikelihoodRatio, likelihood_ratio
from faceproof.systems.faces.types import Face, Failure
from faceproof.systems.load import load_pipeline
from faceproof.systems.recipe import Recipe
from faceproof.systems.recognition.recognizer import NO_FINITE_TEMPLATE

if TYPE_CHECKING:
    from faceproof.summary.calibration_schema import LlrLine
    from faceproof.summary.threshold_card import ThresholdCard
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recognition.python_model import PythonModel


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of comparing two photos.

    Attributes:
        similarity: cosine of the templates, -1 to 1.
        distance: Euclidean distance of the unit templates, 0 to 2.
        same_person: the decision at the threshold; None without a threshold.
        threshold: the threshold; None where there is none for this recipe.
        likelihood_ratio: how many times more likely the similarity is for one person than for two, with its interval;
            None without a calibration.
        faces: the compared face in each photo.
        photos: pixels of each photo, uint8 (h, w, 3), RGB.
    """

    similarity: float
    distance: float
    same_person: bool | None
    threshold: Threshold | None
    likelihood_ratio: LikelihoodRatio | None
    faces: tuple[Face, Face]
    photos: tuple[NDArray[np.uint8], NDArray[np.uint8]]


def verify(
    a: str | Path,
    b: str | Path,
    *,
    model: str | Path | PythonModel = "facenet-vggface2",
    weights: str | Path | None = None,
    recipe: Recipe | None = None,
    threshold: float | Threshold | None = None,
    calibration: LlrLine | None = None,
    device: str = "cpu",
    offline: bool = False,
) -> Verification:
    """Compare the faces of two photos.

    Args:
        a: a photo.
        b: another photo.
        model: see `faceproof.jobs.evaluation.evaluate`.
        weights: file with the weights of the model, instead of the usual places.
        recipe: changes to detection and preprocessing. A threshold is valid only for the recipe that it was set with
            (see `recipe_of_run`).
        threshold: distance of unit templates, 0 to 2, up to which the comparison is accepted, as a number or as a
            `faceproof.Threshold`; None: the threshold on the card, if ``recipe`` changes nothing.
        calibration: likelihood ratios that were set with the same model and recipe: ``summary.calibration.line`` of a
            run, or ``calibration`` of a threshold card.
        device: ``cpu``, ``cuda``, ...
        offline: never use the network.

    Raises:
        ConfigurationError: the threshold is no such distance or was set with other weights, or the recipe takes its
            faces from a file, which has none for these photos.
        FaceproofError: a photo cannot be read, no face is found in it, or the model gives no template for it.
    """
    given = Threshold(float(threshold)) if isinstance(threshold, int | float) else threshold
    if given is not None and given.unit == "score":
        raise ConfigurationError("The threshold is a score of a file; expected a distance or a cosine of templates.")
    pipeline = load_pipeline(model, weights, recipe, device, offline=offline)
    if pipeline.detector.clean_only:
        raise ConfigurationError(
            "Faces from a file are those of a folder of people; where a face lies in two photos alone is not known. "
            "Take a detector that looks at photos."
        )
    if given is not None:
        refuse_other_weights(given, pipeline)
    (face_a, photo_a, template_a), (face_b, photo_b, template_b) = _described([Path(a), Path(b)], pipeline)
    similarity = float(np.clip(template_a.astype(np.float64) @ template_b.astype(np.float64), -1, 1))
    distance = float(distance_from_similarity(similarity))
    used = _threshold_of_card(pipeline) if given is None and recipe is None else given
    same = None if used is None else distance <= used.distance
    ratio = None if calibration is None else likelihood_ratio(calibration, similarity)
    return Verification(similarity, distance, same, used, ratio, (face_a, face_b), (photo_a, photo_b))


def recipe_of_run(folder: str | Path) -> tuple[str, Recipe]:
    """The model of a run and its recipe, so that a threshold of that run is applied to the same system.

    Args:
        folder: the run folder.

    Returns:
        Reference that loads the model, and the recipe.

    Raises:
        RunFolderError: the folder holds no finished evaluation.
        ConfigurationError: the run is of imported templates or scores, or its model or detector cannot be loaded again.
    """
    manifest = open_run(Path(folder), "evaluation").manifest
    return _system_again(folder, manifest.system, manifest.detector)


def recipe_of_card(file: str | Path, card: ThresholdCard) -> tuple[str, Recipe]:
    """The model of a threshold card and its recipe; see `recipe_of_run`.

    Args:
        file: the file of the card, for messages.
        card: the card.

    Raises:
        ConfigurationError: the model or the detector cannot be loaded again.
    """
    return _system_again(file, card.system, card.detector)


def _system_again(folder: str | Path, system: SystemEntry, detector: DetectorEntry | None) -> tuple[str, Recipe]:
    """Reference and recipe of a system that was judged; ``folder`` names the place in messages."""
    if system.card is None or system.card.contract is None or detector is None:
        made = system.source.kind if system.source else "templates"
        raise ConfigurationError(
            f"{folder} judges {made} of {system.name} that were made elsewhere: no model here makes them of a photo, "
            "and its threshold means nothing to another model. Expected a run of faceproof evaluate with a [[model]].",
            path=folder,
        )
    if system.reference is None:
        raise ConfigurationError(
            f"{folder} judges {system.name}, an object in Python that nothing loads again. Give it to "
            "verify() yourself.",
            path=folder,
        )
    if detector.name not in ("mtcnn", "none") and detector.reference is None:
        raise ConfigurationError(
            f"{folder} judges faces of {detector.file or detector.name}, and nothing here finds faces in other photos "
            "the same way. Expected a run with a detector that can be loaded again.",
            path=folder,
        )
    return system.reference, recipe_again(system.card.contract, detector)


def _threshold_of_card(pipeline: Pipeline) -> Threshold | None:
    known = pipeline.recognizer.card.threshold
    return None if known is None else Threshold(known.distance, "distance", known.origin)


def _described(paths: Sequence[Path], pipeline: Pipeline) -> list[tuple[Face, NDArray[np.uint8], NDArray[np.float32]]]:
    photos = []
    for path in paths:
        try:
            photos.append(decode_photo(path))
        except ImageDecodeError as error:
            raise ImageDecodeError(f"{path}: {error}.", path=path, stage="decode") from error
    described = []
    for path, photo in zip(paths, photos, strict=True):
        face = pipeline.find_face(photo)
        if isinstance(face, Failure):
            raise FaceproofError(
                f"{path}: {face.reason}. See what the detector sees: faceproof detect {path}",
                path=path,
                stage="detect",
            )
        crop = pipeline.prepare(photo, face)
        if crop is None:
            raise FaceproofError(f"{path}: {pipeline.why_not_prepared(face)}.", path=path, stage="align")
        template = pipeline.recognizer.embed(crop[None])[0][0]
        if not np.isfinite(template).all():
            raise ModelError(
                f"{path}: {NO_FINITE_TEMPLATE}. Check how the model is fed and its weights.",
                path=path,
                stage="embed",
            )
        described.append((face, photo, template))
    return described
