"""The study of a finished run, made again from its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faceproof.degrade.types import Suite
from faceproof.errors import ConfigurationError, RepeatError
from faceproof.jobs.study import Study, StudyOptions
from faceproof.runs.manifest_schema import DetectorEntry, Manifest, SystemEntry
from faceproof.runs.run_folder import StoredRun
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.card import InputContract

PEOPLE, WEIGHTS, PAIRS, SOURCE = "[[people]]", "[[weights]]", "[[pairs]]", "[[source]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the files of a run lie now; None: where the manifest says.

    Attributes:
        people: folder of people.
        weights: weights file of a model with a card, or the ONNX file; for a run of one model.
        pairs: pair list of the protocols ``lfw`` and ``csv``.
        source: file of templates or scores.
    """

    people: str | Path | None = None
    weights: str | Path | None = None
    pairs: str | Path | None = None
    source: str | Path | None = None

    def refuse_without_use(self, run: StoredRun) -> None:
        """Check that each given file belongs to a run of this kind.

        Raises:
            ConfigurationError: the run has no such file.
        """
        manifest = run.manifest
        source, several = manifest.system.source, len(manifest.systems) > 1
        of_people = people_of(run, Places()) is not None
        useless = (
            (self.people is not None and not of_people, PEOPLE, "has no folder of people"),
            (self.weights is not None and source is not None, WEIGHTS, f"is of {source and source.kind}"),
            (self.weights is not None and several, WEIGHTS, f"is of {len(manifest.systems)} models"),
            (self.pairs is not None and "pairs" not in manifest.protocol.settings, PAIRS, "has no pair list"),
            (self.source is not None and source is None, SOURCE, "is of a model"),
        )
        for refused, option, why in useless:
            if refused:
                raise ConfigurationError(f"{option} means nothing here: the run in {run.folder} {why}. Leave it out.")


def people_of(run: StoredRun, places: Places) -> Path | None:
    """The folder of people of a run; None for scores, and for templates without a folder of people."""
    manifest = run.manifest
    assert manifest.people is not None
    source = manifest.system.source
    if source is not None and (source.kind == "scores" or manifest.people.root == source.file):
        return None
    return Path(places.people) if places.people is not None else Path(manifest.people.root)


def source_of(manifest: Manifest, places: Places) -> Path | None:
    """The file of templates or scores of a run; None for a run of models."""
    source = manifest.system.source
    if source is None:
        return None
    return Path(places.source) if places.source is not None else Path(source.file)


def pairs_of(manifest: Manifest, places: Places) -> Path | None:
    """The pair list of a run; None for a protocol without one."""
    listed = manifest.protocol.settings.get("pairs")
    if listed is None:
        return None
    return Path(places.pairs) if places.pairs is not None else Path(str(listed))


def settings_of_protocol(manifest: Manifest, places: Places) -> dict[str, Any]:
    """Arguments of the protocol of a run."""
    settings: dict[str, Any] = {
        name: value for name, value in manifest.protocol.settings.items() if name not in ("pairs", "sha256")
    }
    pairs = pairs_of(manifest, places)
    return settings if pairs is None else settings | {"pairs": pairs}


def study_again(run: StoredRun, places: Places, suite: Suite | None = None, **options: Any) -> Study:
    """The study of a run of models.

    Args:
        run: the run.
        places: where its files lie now.
        suite: conditions of a stress run (`faceproof.runs.conditions.suite_again`); None: clean photos only.
        options: fields of `StudyOptions` in place of those of the run.

    Raises:
        RepeatError: the manifest does not tell how to load a system.
    """
    manifest = run.manifest
    if reasons := _not_loaded_again(manifest):
        raise cannot_be_repeated(run, reasons)
    people = people_of(run, places)
    assert people is not None
    stress: dict[str, Any] = {}
    if suite is not None:
        asked = manifest.suite.severities if manifest.suite else None
        stress = {"suite": suite, "severities": asked, "stage": manifest.stage, "side": manifest.side}
    return Study(
        people=people,
        models=[_reference(system, places) for system in manifest.systems],
        weights=_weights_file(manifest, places),
        recipe=[_recipe(system, manifest.detector) for system in manifest.systems],
        threshold=manifest.judging.threshold_distance,
        folds=manifest.judging.folds,
        fmr=manifest.judging.fmr,
        **stress,
        options=StudyOptions(**(_options(run, places) | options)),
    )


def cannot_be_repeated(run: StoredRun, reasons: Sequence[str]) -> RepeatError:
    """The error for a run that cannot be repeated, with all reasons."""
    return RepeatError(
        f"The run in {run.folder} cannot be repeated. {' '.join(reasons)}", path=run.folder, reasons=reasons
    )


def _options(run: StoredRun, places: Places) -> dict[str, Any]:
    manifest = run.manifest
    checked = [system.canary for system in manifest.systems]
    found: dict[str, Any] = {
        "protocol": manifest.protocol.name,
        "protocol_settings": settings_of_protocol(manifest, places),
        "seed": manifest.seed or 0,
        "device": manifest.device or "cpu",
        "decode_memory": manifest.decode_memory_bytes,
        "canary": any(canary is not None and canary.outcome != "skipped" for canary in checked),
        "figures": has_figures(run),
    }
    return found if manifest.batch_size is None else found | {"batch_size": manifest.batch_size}


def has_figures(run: StoredRun) -> bool:
    """Whether figures of the run were drawn."""
    return (run.folder / "figures").is_dir() or any(name.startswith("figures/") for name in run.files or ())


def _not_loaded_again(manifest: Manifest) -> list[str]:
    """Why systems cannot be loaded again, a sentence for each."""
    reasons = []
    for system in manifest.systems:
        if system.reference is None:
            reasons.append(
                f"System {system.name} is an object in Python that was given to faceproof.{_function(manifest)}; the "
                "manifest has no reference that loads it again (package.module:factory)."
            )
        elif system.card is None or system.card.contract is None:
            reasons.append(f"The manifest does not have the input contract of {system.name}.")
    detector = manifest.detector
    if detector is None:
        reasons.append("The manifest does not have the detector.")
    elif detector.name not in ("mtcnn", "none") and not (detector.reference or detector.file):
        reasons.append(
            f"The detector {detector.name} is an object in Python; the manifest has no reference that loads it again "
            "(package.module:factory)."
        )
    return reasons


def _function(manifest: Manifest) -> str:
    return "stress" if manifest.kind == "stress" else "evaluate"


def onnx_file(system: SystemEntry, places: Places) -> Path | None:
    """The ONNX file of a system; None for another model."""
    reference = system.reference or ""
    if not reference.lower().endswith(".onnx"):
        return None
    return Path(places.weights) if places.weights is not None else Path(reference)


def _reference(system: SystemEntry, places: Places) -> str:
    assert system.reference is not None
    return str(onnx_file(system, places) or system.reference)


def _weights_file(manifest: Manifest, places: Places) -> str | Path | None:
    """The file to take the weights from; None: the usual places."""
    system = manifest.system
    if onnx_file(system, places) is not None:
        return None
    if places.weights is not None:
        return places.weights
    # If the file is gone, the usual places may have the same weights; their digest is compared.
    return None if lost_weights_file(manifest, places) is not None else system.weights_file


def lost_weights_file(manifest: Manifest, places: Places) -> Path | None:
    """The weights file of the run, where it is gone and no other place is given; else None."""
    stored = manifest.system.weights_file
    lost = places.weights is None and stored is not None and not Path(stored).is_file()
    return Path(stored) if lost and stored is not None else None


def _recipe(system: SystemEntry, detector: DetectorEntry | None) -> Recipe:
    assert system.card is not None
    assert system.card.contract is not None
    assert detector is not None
    return recipe_again(system.card.contract, detector)


def recipe_again(contract: InputContract, detector: DetectorEntry) -> Recipe:
    """The recipe by which a run has prepared faces.

    Args:
        contract: contract of the model in the run.
        detector: detector of the run: ``mtcnn``, ``none``, one with a reference, or a file of faces.
    """
    return Recipe(
        size_px=contract.size_px,
        mirrored=contract.mirrored,
        color_order=contract.color_order,
        pixel_mean=contract.pixel_mean,
        pixel_divisor=contract.pixel_divisor,
        **_faces(contract, detector),
    )


def _faces(contract: InputContract, detector: DetectorEntry) -> dict[str, Any]:
    """The part of a recipe about detection, selection and cropping of faces."""
    if detector.name == "none":
        return {"detector": detector.name}
    margin = None if contract.alignment == "five_point" else contract.margin_px
    cut: dict[str, Any] = {"margin_px": margin, "alignment": contract.alignment, "selection": detector.selection}
    if detector.on_missing is not None:
        cut["on_missing"] = detector.on_missing
    if detector.name == "mtcnn":
        return cut | {"min_face_size": detector.min_face_size, "pad": detector.pad}
    return cut | {"detector": detector.reference or detector.file}
