"""Stress run: the same comparisons under every degradation, at fixed thresholds from clean photos of other people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.jobs.base import Run, Say
from faceproof.jobs.running import run_stress
from faceproof.jobs.study import Study, StudyOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from faceproof.degrade.types import Stage, Suite
    from faceproof.engine.values import Progress
    from faceproof.engine.workload import Side
    from faceproof.scoring.threshold import Threshold
    from faceproof.summary.stress_schema import StressSummary
    from faceproof.systems.recipe import Recipe
    from faceproof.systems.recognition.python_model import PythonModel


def stress(
    people: str | Path,
    *,
    models: Sequence[str | Path | PythonModel] = ("facenet-vggface2",),
    weights: str | Path | None = None,
    suite: str | Path | Suite | Callable[..., NDArray[np.uint8]] = "classic",
    severities: Sequence[int] | None = None,
    stage: Stage = "capture",
    side: Side = "both",
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    recipe: Recipe | None = None,
    fmr: float | None = None,
    threshold: float | Threshold | None = None,
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
) -> Run[StressSummary]:
    """Evaluate models on a folder of people under every condition of a suite, and write a run folder (docs/stress.md).

    Args:
        people: folder with a folder of photos for each person.
        models: one or more models, as in `faceproof.jobs.evaluation.evaluate`; they share detector and selection.
        weights: file with the weights of the model; for a single model.
        suite: see `faceproof.degrade.suites.get_suite`.
        severities: severities to use; None: all of the suite.
        stage: ``capture``: photos are degraded before detection; ``aligned``: faces are detected in the clean photos,
            and the prepared face is degraded, which tests only the recogniser.
        side: ``both``: both photos of a comparison are degraded; ``probe``: only the second.
        protocol: see `faceproof.jobs.evaluation.evaluate`.
        protocol_settings: likewise.
        out: the run folder; None: a new folder below ``runs/``.
        overwrite: replace a finished run that ``out`` holds.
        recipe: changes to detection and preprocessing, for all models.
        fmr: target FMR of the fixed thresholds, which are set on clean photos of other people; above 0 and up to 1.
            None: the first of 0.001, 0.01 and 0.1 that the comparisons can resolve.
        threshold: a distance, 0 to 2, or a `faceproof.Threshold` to use instead; for a single model.
        seed: seed of degradations, folds and sampling.
        device: ``cpu``, ``cuda``, ...
        batch_size: number of photos detected together; changes no number.
        workers: number of threads that decode and degrade photos; changes no number.
        decode_memory: memory limit of photos that are being decoded or wait, in bytes or as text such as ``2GB``;
            None: a quarter of the memory that this process may use. A photo that needs more fails with that reason.
        cache: store templates in the cache, and use those that are stored.
        offline: never use the network.
        canary: see `faceproof.jobs.evaluation.evaluate`.
        figures: likewise.
        progress: called with the number of photos done; a photo counts once for each model and condition.
        say: called with messages about the progress.
        command: the command line, for the manifest.

    Returns:
        The run. A condition whose function failed is marked and has no numbers; other conditions are not affected.

    Raises:
        PeopleError, ConfigurationError, WeightsError, RunFolderError: as `faceproof.jobs.evaluation.evaluate`.
        CacheError: the disk has not enough free space for the templates.

    Examples:
        >>> run = stress("photos", models=["dlib-resnet"], suite="classic")  # doctest: +SKIP
        >>> run.summary.models[0].index.value  # doctest: +SKIP
        0.87
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
        models=list(models),
        weights=weights,
        recipe=recipe,
        threshold=threshold,
        suite=suite,
        severities=severities,
        stage=stage,
        side=side,
        fmr=fmr,
        options=options,
    )
    return run_stress(study, progress=progress, say=say, command=command)
