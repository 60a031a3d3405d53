"""Thresholds from finished runs and threshold cards, for use on other photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from faceproof.errors import ConfigurationError
from faceproof.metrics.aims import Aim
from faceproof.runs.run_folder import open_run
from faceproof.scoring.threshold import Threshold
from faceproof.summary.stored import read_summary
from faceproof.summary.threshold_card import ThresholdCard, make_card, read_card

if TYPE_CHECKING:
    from faceproof.summary.calibration_schema import LlrLine
    from faceproof.summary.evaluation_schema import EvaluationSummary
    from faceproof.systems.pipeline import Pipeline

_STRICT_ENOUGH = ("fixed", "fmr_0.001", "fmr_0.01", "fmr_0.1", "best_accuracy")


def threshold_of_run(folder: str | Path, point: str | None = None) -> Threshold:
    """The threshold of an operating point of a finished run.

    Args:
        folder: the run folder.
        point: name of the operating point (``eer``, ``fmr_0.001``, ``best_accuracy``, ...). None: the first of
            ``fixed``, ``fmr_0.001``, ``fmr_0.01``, ``fmr_0.1`` and ``best_accuracy`` that has a threshold in the run.

    Raises:
        RunFolderError: the folder holds no finished evaluation, or its numbers cannot be read.
        ConfigurationError: the run has no such operating point, or its threshold could not be set.
    """
    run = open_run(Path(folder), "evaluation")
    summary = cast("EvaluationSummary", read_summary(run))
    points = {one.name: one.threshold_distance for one in summary.operating_points}
    if point is None:
        # A threshold that rejects everything is of no use on other photos.
        useless = {one.name for one in summary.operating_points if one.confusion and not one.confusion.tp}
        usable = [name for name in _STRICT_ENOUGH if points.get(name) is not None and name not in useless]
        point = usable[0] if usable else "best_accuracy"
    distance = points.get(point)
    if distance is None:
        usable = [name for name, one in points.items() if one is not None]
        raise ConfigurationError(
            f"{folder} has no operating point {point!r}. It has: {', '.join(usable)}.", path=folder
        )
    system = run.manifest.system
    origin = f"operating point {point} of the run in {folder} ({system.name})"
    return Threshold(distance, "distance", origin, system.weights)


def calibration_of_run(folder: str | Path) -> LlrLine | None:
    """The likelihood ratios of a finished run, for photos of the same kind and the same model and recipe.

    Args:
        folder: the run folder.

    Returns:
        LLR as a line in the similarity; None where the run has no calibration, or is of an old version.

    Raises:
        RunFolderError: the folder holds no finished evaluation, or its numbers cannot be read.
    """
    summary = cast("EvaluationSummary", read_summary(open_run(Path(folder), "evaluation")))
    return None if summary.calibration is None else summary.calibration.line


def threshold_card(
    run: str | Path, *, fmr: float | None = None, cost_ratio: float | None = None, best_accuracy: bool = False
) -> ThresholdCard:
    """Set a threshold on a finished run, with what is known of it.

    Args:
        run: the run folder.
        fmr: target FMR, above 0 and up to 1; by default 0.001 where no other aim is given.
        cost_ratio: set the threshold of the least FNMR + cost_ratio * FMR instead.
        best_accuracy: set the threshold of best accuracy instead.

    Raises:
        RunFolderError: the folder holds no finished evaluation.
        ConfigurationError: several aims are given or one is out of range, the run cannot resolve the target FMR, or the
            run is of no model.
    """
    if sum((fmr is not None, cost_ratio is not None, best_accuracy)) > 1:
        raise ConfigurationError("A threshold has one aim: give one of a target FMR, a cost ratio and best accuracy.")
    if fmr is None and cost_ratio is None and not best_accuracy:
        fmr = 1e-3
    return make_card(open_run(Path(run), "evaluation").tables(), str(run), Aim(fmr, cost_ratio))


def threshold_from(place: str | Path) -> Threshold:
    """The threshold of a run folder (see `threshold_of_run`) or of a threshold card.

    Raises:
        RunFolderError: the folder holds no finished evaluation.
        ConfigurationError: the file is no threshold card, or the run has no threshold.
    """
    path = Path(place)
    return threshold_of_run(path) if path.is_dir() else read_card(path).threshold()


def refuse_other_weights(threshold: Threshold, pipeline: Pipeline) -> None:
    """Check that a threshold was set with the weights of a pipeline, where its weights are known.

    Raises:
        ConfigurationError: it was set with other weights.
    """
    weights = pipeline.recognizer.weights_sha256
    if threshold.weights_sha256 not in (None, weights):
        raise ConfigurationError(
            f"The threshold ({threshold.origin}) was set with other weights than those of "
            f"{pipeline.recognizer.card.name} now: {threshold.weights_sha256}, not {weights}. Judge the model again."
        )
