"""A study: systems x comparisons x conditions, and the options of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.degrade.types import Stage, Suite
from faceproof.errors import ConfigurationError
from faceproof.scoring.threshold import Threshold, distance_of
from faceproof.sizes import bytes_of
from faceproof.systems.recipe import Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from faceproof.engine.workload import Side
    from faceproof.systems.recognition.python_model import PythonModel

    Model = str | Path | PythonModel
    SuiteLike = str | Path | Suite | Callable[..., NDArray[np.uint8]]

STAGES = ("capture", "aligned")
SIDES = ("both", "probe")


def check_seed(seed: int) -> None:
    """Check that a seed is valid.

    Raises:
        ConfigurationError: the seed is below 0.
    """
    if seed < 0:
        raise ConfigurationError(f"The seed is {seed}; expected 0 or more.", argument="seed")


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """Options of a run that do not depend on the models: comparisons, seed, output and use of the machine.

    Attributes:
        protocol: protocol that makes the comparisons: ``folders``, ``lfw``, ``all``, ``sampled`` or ``csv``
            (docs/protocol.md).
        protocol_settings: arguments of the protocol, such as ``{"pairs": "pairs.txt"}``.
        out: the run folder; None: a new folder below ``runs/``.
        overwrite: replace a finished run that ``out`` holds.
        seed: seed of all random draws; 0 or more.
        device: ``cpu``, ``cuda``, ...
        batch_size: number of photos detected together; 1 or more.
        workers: number of threads that decode and degrade photos; None: one for each core, at most 8.
        decode_memory: memory limit of photos that are being decoded or wait, in bytes or as text such as ``2GB``;
            None: a quarter of the memory that this process may use. A photo that needs more fails with that reason.
        cache: store templates in the cache, and use those that are stored.
        offline: never use the network.
        canary: run the model check first (`faceproof.systems.model_check`).
        figures: draw the figures.

    Raises:
        ConfigurationError: a value is not valid.
    """

    protocol: str = "folders"
    protocol_settings: Mapping[str, Any] = field(default_factory=dict)
    out: str | Path | None = None
    overwrite: bool = False
    seed: int = 0
    device: str = "cpu"
    batch_size: int = 32
    workers: int | None = None
    decode_memory: int | str | None = None
    cache: bool = True
    offline: bool = False
    canary: bool = True
    figures: bool = True

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.batch_size < 1 or (self.workers is not None and self.workers < 1):
            raise ConfigurationError(f"batch_size {self.batch_size} and workers {self.workers} must be 1 or more.")
        if self.decode_memory is not None:
            bytes_of("decode_memory", self.decode_memory)

    @property
    def settings_of_protocol(self) -> dict[str, Any]:
        """Arguments of the protocol, with the seed where the protocol draws comparisons at random."""
        settings = dict(self.protocol_settings)
        return {"seed": self.seed} | settings if self.protocol == "sampled" else settings


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study: models on the comparisons of a folder of people, under conditions.

    Attributes:
        people: folder with a folder of photos for each person.
        models: one or more models, as in `faceproof.evaluate`; they share detector and selection.
        weights: file with the weights of the model; for a single model.
        recipe: changes to detection and preprocessing, for all models, or one for each model; None: as the cards say.
        threshold: fixed threshold: a distance, 0 to 2, or a `faceproof.Threshold`; for a single model.
        folds: number of folds of cross-validation, where the protocol has none.
        suite: suite of degradations (`faceproof.degrade.suites.get_suite`); None: an evaluation on clean photos.
        severities: severities to use; None: all of the suite.
        stage: ``capture``: photos are degraded before detection; ``aligned``: the prepared face is degraded.
        side: ``both``: both photos of a comparison are degraded; ``probe``: only the second.
        fmr: for a stress run: target FMR of the fixed thresholds, set on clean photos of other people; above 0 and
            up to 1.
        options: options that do not depend on the models.

    Raises:
        ConfigurationError: a value is not valid, or values do not fit together.
    """

    people: str | Path
    models: Sequence[Model]
    weights: str | Path | None = None
    recipe: Recipe | Sequence[Recipe] | None = None
    threshold: float | Threshold | None = None
    folds: int = 10
    suite: SuiteLike | None = None
    severities: Sequence[int] | None = None
    stage: Stage = "capture"
    side: Side = "both"
    fmr: float | None = None
    options: StudyOptions = StudyOptions()

    def __post_init__(self) -> None:
        distance_of(self.threshold)
        for name, value, known in (("stage", self.stage, STAGES), ("side", self.side, SIDES)):
            if value not in known:
                raise ConfigurationError(f"There is no {name} {value!r}. Expected {' or '.join(known)}.")
        if not self.models:
            raise ConfigurationError("No model was given; expected one or more.")
        if len({str(model) for model in self.models}) < len(self.models):
            raise ConfigurationError(f"A model is given twice: {', '.join(map(str, self.models))}.")
        if len(self.models) > 1 and (self.weights is not None or self.threshold is not None):
            what = "A weights file" if self.weights is not None else "A threshold"
            raise ConfigurationError(f"{what} belongs to one model; {len(self.models)} were given.")
        if isinstance(self.recipe, Sequence) and len(self.recipe) != len(self.models):
            raise ConfigurationError(
                f"{len(self.recipe)} recipes were given for {len(self.models)} models; expected one for each model, or "
                "one for all."
            )
        if self.fmr is not None and not 0 < self.fmr <= 1:
            raise ConfigurationError(f"The target FMR is {self.fmr}; expected above 0 and up to 1, such as 0.001.")

    def recipe_of(self, place: int) -> Recipe | None:
        """Changes to detection and preprocessing for a model, by its index."""
        return self.recipe[place] if isinstance(self.recipe, Sequence) else self.recipe
