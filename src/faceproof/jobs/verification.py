"""Two photos: the same person or not, and how sure one may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, FaceproofError, ImageDecodeError, ModelError, RunFolderError
from faceproof.jobs.base import check_judging

if TYPE_CHECKING:
    from faceproof.systems.faces.types import Face
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recipe import Recipe
    from faceproof.systems.recognition.python_model import PythonModel


@dataclass(frozen=True, slots=True)
class Threshold:
    """Distance from which two photos count as different people, how it was set, and with which weights, if known."""

    distance: float
    origin: str
    weights_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What comparing two photos gave.

    Attributes:
        similarity: cosine of the templates, -1 to 1.
        distance: Euclidean distance of the unit templates, 0 to 2.
        same_person: the decision at the threshold; None without one.
        threshold: the threshold; None when none is known for this recipe.
        faces: the face that was compared in each photo.
        photos: the pixels, uint8 (h, w, 3).
    """

    similarity: float
    distance: float
    same_person: bool | None
    threshold: Threshold | None
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
    device: str = "cpu",
    offline: bool = False,
) -> Verification:
    """Compare the faces of two photos.

    Args:
        a: a photo.
        b: another.
        model: as `faceproof.jobs.evaluation.evaluate` takes it.
        weights: file with its weights, instead of the usual places.
        recipe: changes to how the model is fed; a threshold only holds for the recipe that it was set with
            (`recipe_of_run` gives a run's).
        threshold: distance of unit templates, 0 to 2, up to which the photos show the same person, as a number or as
            a `Threshold`; None: the one on the card, if ``recipe`` changes nothing.
        device: ``cpu``, ``cuda``, ...
        offline: never use the network.

    Raises:
        ConfigurationError: when the threshold is no such distance or was set with other weights; or when the recipe's
            faces are those of a file, which says nothing of these photos.
        FaceproofError: when a photo cannot be read, no face is found in it, or the model gives no template of it.
    """
    from faceproof.scoring.similarity import distance_from_similarity
    from faceproof.systems.load import load_pipeline

    if threshold is not None:
        check_judging(threshold if isinstance(threshold, int | float) else threshold.distance, 0)
    pipeline = load_pipeline(model, weights, recipe, device, offline=offline)
    if pipeline.detector.clean_only:
        raise ConfigurationError(
            "Faces from a file are those of a folder of people; where a face lies in two photos alone is not known. "
            "Take a detector that looks at photos."
        )
    if isinstance(threshold, int | float):
        threshold = Threshold(float(threshold), "given by you")
    if threshold is not None and threshold.weights_sha256 not in (None, pipeline.recognizer.weights_sha256):
        raise ConfigurationError(
            f"The threshold ({threshold.origin}) was set with other weights than those of {model} now: "
            f"{threshold.weights_sha256}, not {pipeline.recognizer.weights_sha256}. Judge the model again."
        )
    (face_a, photo_a, template_a), (face_b, photo_b, template_b) = _described([Path(a), Path(b)], pipeline)
    similarity = float(np.clip(template_a.astype(np.float64) @ template_b.astype(np.float64), -1, 1))
    distance = float(distance_from_similarity(similarity))
    if threshold is None and recipe is None:
        threshold = _threshold_of_card(pipeline)
    same = None if threshold is None else distance <= threshold.distance
    return Verification(similarity, distance, same, threshold, (face_a, face_b), (photo_a, photo_b))


_STRICT_ENOUGH = ("fixed", "fmr_0.001", "fmr_0.01", "fmr_0.1", "best_accuracy")


def threshold_of_run(folder: str | Path, point: str | None = None) -> Threshold:
    """The threshold of an operating point of a finished run.

    Args:
        folder: the run folder.
        point: name of the operating point (``eer``, ``fmr_0.001``, ``best_accuracy``, ...); None: the one that was
            given beforehand, else that of FMR 0.1%, or of the lowest FMR above that which the run could set.

    Raises:
        RunFolderError: when the folder has no metrics.
        ConfigurationError: when there is no such point, or the data could not set it.
    """
    metrics = _metrics_of(folder)
    points = {one["name"]: one for one in metrics["operating_points"]}
    if point is None:
        usable = [name for name in _STRICT_ENOUGH if points.get(name, {}).get("threshold_distance") is not None]
        point = usable[0] if usable else "best_accuracy"
    distance = points.get(point, {}).get("threshold_distance")
    if distance is None:
        usable = [name for name, one in points.items() if one["threshold_distance"] is not None]
        raise ConfigurationError(f"{folder} has no operating point {point!r}. It has: {', '.join(usable)}.")
    run = metrics["run"]
    origin = f"operating point {point} of the run in {folder} ({run['model']})"
    return Threshold(float(distance), origin, (run.get("weights") or {}).get(run["model"]))


def recipe_of_run(folder: str | Path) -> tuple[str, Recipe]:
    """The model of a run and how it was fed, so that a threshold of that run is applied to the same system.

    Args:
        folder: the run folder.

    Raises:
        RunFolderError: when the folder has no metrics.
        ConfigurationError: when its templates or scores were made elsewhere: nothing here makes them of a photo.
    """
    from faceproof.systems.recipe import Recipe

    run = _metrics_of(folder)["run"]
    if run["card"] is None:
        made = (run.get("source") or {}).get("kind", "templates")
        raise ConfigurationError(
            f"{folder} judges {made} of {run['model']} that were made elsewhere: no model here makes them of a photo, "
            "and its threshold means nothing to another model. Expected a run of faceproof evaluate with a --model."
        )
    contract, detector = run["card"]["contract"], run["detector"]
    reference = run.get("reference", run["model"])
    if reference is None:
        raise ConfigurationError(
            f"{folder} judges {run['model']}, an object in Python that nothing loads again. Give it to "
            "verify() yourself."
        )
    return reference, Recipe(
        size_px=contract["size_px"],
        mirrored=contract["mirrored"],
        color_order=contract["color_order"],
        pixel_mean=_one_or_three(contract["pixel_mean"]),
        pixel_divisor=_one_or_three(contract["pixel_divisor"]),
        **_faces_of_run(folder, detector, contract),
    )


def _faces_of_run(folder: str | Path, detector: Mapping[str, Any], contract: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a run's recipe that says how faces were found and cut out."""
    name = detector["name"]
    if name == "none":
        return {"detector": name}
    margin = None if contract["alignment"] == "five_point" else contract["margin_px"]
    cut = {"margin_px": margin, "alignment": contract["alignment"], "selection": detector["selection"]}
    if name == "mtcnn":
        return cut | {"min_face_size": detector["min_face_size"], "pad": detector.get("pad")}
    if "reference" not in detector:
        raise ConfigurationError(
            f"{folder} judges faces of {detector.get('file', name)}, and nothing here finds faces in other photos the "
            "same way. Expected a run with a detector that can be loaded again."
        )
    return cut | {"detector": detector["reference"]}


def _one_or_three(values: float | list[float]) -> float | tuple[float, float, float]:
    if isinstance(values, list):
        red, green, blue = values
        return red, green, blue
    return values


def _metrics_of(folder: str | Path) -> dict[str, Any]:
    from faceproof.runs.run_folder import read_metrics

    metrics = read_metrics(Path(folder))
    kind = metrics.get("kind", "evaluation")
    if kind != "evaluation":
        raise RunFolderError(f"{folder} holds a {kind} run; expected one of faceproof evaluate.")
    try:
        metrics["operating_points"], metrics["run"]["detector"]
        (metrics["run"]["card"] or {"contract": None})["contract"]
    except (KeyError, TypeError) as error:
        raise RunFolderError(f"{folder} has no metrics that can be read ({error}). Expected a finished run.") from error
    return metrics


def _threshold_of_card(pipeline: Pipeline) -> Threshold | None:
    known = pipeline.recognizer.card.threshold
    return None if known is None else Threshold(known.distance, known.origin)


def _described(paths: Sequence[Path], pipeline: Pipeline) -> list[tuple[Face, NDArray[np.uint8], NDArray[np.float32]]]:
    from faceproof.people.decode import decode_photo
    from faceproof.systems.faces.types import Failure
    from faceproof.systems.recognition.recognizer import NO_FINITE_TEMPLATE

    photos = []
    for path in paths:
        try:
            photos.append(decode_photo(path))
        except ImageDecodeError as error:
            raise ImageDecodeError(f"{path}: {error}.") from error
    described = []
    for path, photo in zip(paths, photos, strict=True):
        face = pipeline.find_face(photo)
        if isinstance(face, Failure):
            raise FaceproofError(f"{path}: {face.reason}. See what the detector sees: faceproof detect {path}")
        crop = pipeline.prepare(photo, face)
        if crop is None:
            raise FaceproofError(f"{path}: {pipeline.why_not_prepared(face)}.")
        template = pipeline.recognizer.embed(crop[None])[0][0]
        if not np.isfinite(template).all():
            raise ModelError(f"{path}: {NO_FINITE_TEMPLATE}. Check how the model is fed and its weights.")
        described.append((face, photo, template))
    return described
