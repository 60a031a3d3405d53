"""The main job: evaluate a model on a folder of people, and write a run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.jobs.base import Run, Say
from faceproof.jobs.running import run_evaluation
from faceproof.jobs.study import Study, StudyOptions

if TYPE_CHECKING:
    from faceproof.engine.values import Progress
    from faceproof.scoring.threshold import Threshold
    from faceproof.summary.evaluation_schema import EvaluationSummary
    from faceproof.systems.recipe import Recipe
    from faceproof.systems.recognition.python_model import PythonModel


def evaluate(
    people: str | Path,
    *,
    model: str | Path | PythonModel = "facenet-vggface2",
    weights: str | Path | None = None,
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    recipe: Recipe | None = None,
    threshold: float | Threshold | None = None,
    folds: int = 10,
    seed: int = 0,
    device: str = "cpu",
    batch_size: int = 32,
    workers: int | None = None,
    decode_memory: int | str | None = None,
    cache: bool = True,
    offline: bool = False,
    canary: bool = True,
    figures: bool = True,
    progress: Progress | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run[EvaluationSummary]:
    """Evaluate a model on the comparisons of a folder of people, and write a run folder with numbers and figures.

    Args:
        people: folder with a folder of photos for each person.
        model: name of a card, an ONNX file, ``package.module:factory``, or an object with a contract and
            ``embed(batch)`` (docs/your-model.md).
        weights: file with the weights of the model, instead of the usual places.
        protocol: ``folders``, ``lfw``, ``all``, ``sampled`` or ``csv`` (docs/protocol.md).
        protocol_settings: arguments of the protocol, such as ``{"pairs": "pairs.txt"}``.
        out: the run folder; None: a new folder below ``runs/``.
        overwrite: replace a finished run that ``out`` holds.
        recipe: changes to detection and preprocessing; None: as the card of the model says.
        threshold: fixed threshold: distance of unit templates, 0 to 2, up to which a comparison is accepted, or a
            `faceproof.Threshold`; None: outcomes are decided at the strictest target FMR that the data support.
        folds: number of folds of cross-validated accuracy, where the protocol has no folds.
        seed: seed of folds, sampling and jitter.
        device: ``cpu``, ``cuda``, ...
        batch_size: number of photos detected together; changes no number.
        workers: number of threads that decode photos; changes no number.
        decode_memory: memory limit of photos that are being decoded or wait, in bytes or as text such as ``2GB``;
            None: a quarter of the memory that this process may use. A photo that needs more fails with that reason.
        cache: store templates in the cache, and use those that are stored.
        offline: never use the network.
        canary: run the model check first (`faceproof.systems.model_check`); the result is on the page.
        figures: draw the figures; False: numbers and page without figures (`report_again` draws them later).
        progress: called with the number of photos done.
        say: called with messages about the progress.
        command: the command line, for the manifest.

    Returns:
        The run.

    Raises:
        PeopleError: the folder or the pair list cannot be used.
        ConfigurationError: an option is not valid.
        WeightsError: the weights are missing or wrong.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = evaluate("photos", model="facenet-vggface2")  # doctest: +SKIP
        >>> run.summary.eer.value  # doctest: +SKIP
        0.0123
    """
    options = StudyOptions(
        protocol=protocol,
        protocol_settings=protocol_settings or {},
        out=out,
        overwrite=overwrite,
        seed=seed,
        device=device,
        batch_size=batch_size,
        workers=workers,
        decode_memory=decode_memory,
        cache=cache,
        offline=offline,
        canary=canary,
        figures=figures,
    )
    study = Study(
        people=people,
        models=[model],
        weights=weights,
        recipe=recipe,
        threshold=threshold,
        folds=folds,
        options=options,
    )
    return run_evaluation(study, progress=progress, say=say, command=command)
