"""The main job: judge a model on a folder of people, and leave a run folder."""

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
    """Compare the people of a folder by a protocol, and write a run folder with every number and picture.

    Args:
        people: folder with a folder of photos for each person.
        model: name of a card, an ONNX file, ``package.module:factory``, or an object with a contract and
            ``embed(batch)`` (docs/your-model.md).
        weights: file with its weights, instead of the usual places.
        protocol: ``folders``, ``lfw``, ``all``, ``sampled`` or ``csv`` (docs/protocol.md).
        protocol_settings: arguments of the protocol, such as ``{"pairs": "pairs.txt"}``.
        out: the run folder; None for a new one below ``runs/``.
        overwrite: write to it though it holds a finished run.
        recipe: changes to how the model is fed.
        threshold: distance of unit templates, 0 to 2, up to which two photos count as the same person, or a
            `faceproof.Threshold`; None: the best on these data.
        folds: for accuracy with a threshold from other people, where the protocol has no folds of its own.
        seed: of folds, sampling and jitter.
        device: ``cpu``, ``cuda``, ...
        batch_size: photos detected together; changes no number.
        workers: threads that decode; changes no number.
        decode_memory: memory that photos may take while they are decoded and wait, in bytes or as text such as
            ``2GB``; None: a quarter of what this process may use. A photo that needs more fails with that reason.
        cache: keep templates for the next run, and use those that are there.
        offline: never use the network.
        canary: run the model check first (`faceproof.systems.model_check`); the result is on the page.
        figures: draw the figures; False: numbers and page without them (`report_again` draws them later).
        progress: called with how many photos are done.
        say: called with what is being done, in words.
        command: as given, for the manifest.

    Returns:
        The run.

    Raises:
        PeopleError: the folder or the pair list cannot be used.
        ConfigurationError: an option makes no sense.
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
