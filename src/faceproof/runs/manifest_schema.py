"""Types of the manifest of a run: systems, photos, comparisons, conditions, settings and machine."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, JsonValue, TypeAdapter, model_validator

from faceproof.records import Entry
from faceproof.runs.migration import SCHEMA_VERSION, migrated
from faceproof.scoring.native_score import UsualScore
from faceproof.scoring.scales import Scale
from faceproof.systems.model_check.result import ModelCheck
from faceproof.systems.weights.card import InputContract, TemplateContract

Kind = Literal["evaluation", "stress", "comparison"]


class NoticeEntry(Entry):
    """A notice about the folder of people: kind, message, number of cases, and examples."""

    kind: str
    message: str
    count: int = 1
    examples: list[str] = []


class PeopleEntry(Entry):
    """The photos.

    Attributes:
        root: folder of people, or the file of templates or scores.
        people: number of people; None where a file of scores does not name them.
        photos: number of photos; None where a file of scores does not name them.
        photo_list_sha256: digest over id and bytes of every photo.
        synthetic: whether a program drew the people.
        notices: ignored files and unusual findings in the folder.
    """

    root: str
    people: int | None = None
    photos: int | None = None
    photo_list_sha256: str | None = None
    synthetic: bool = False
    notices: list[NoticeEntry] = []


class ProtocolEntry(Entry):
    """The comparisons.

    Attributes:
        name: name of the protocol.
        settings: arguments of the protocol.
        comparisons: number of comparisons.
        mated: number of mated comparisons.
        non_mated: number of non-mated comparisons.
        folds: number of folds of the protocol; 0 where it has none.
        sha256: digest of photos, pairs, labels and folds.
        notes: notes on the choice of the comparisons.
    """

    name: str | None = None
    settings: dict[str, JsonValue] = {}
    comparisons: int | None = None
    mated: int | None = None
    non_mated: int | None = None
    folds: int | None = None
    sha256: str | None = None
    notes: list[str] = []


class Judging(Entry):
    """Settings of thresholds and folds.

    Attributes:
        threshold_distance: fixed threshold as a distance of unit templates, 0 to 2; None where there is none.
        threshold_score: the same threshold in the scale of a score file.
        folds: number of person-disjoint folds.
        fmr: in a stress run: target FMR on clean photos that sets the threshold.
    """

    threshold_distance: float | None = None
    threshold_score: float | None = None
    folds: int = 10
    fmr: float | None = None


class CardEntry(Entry):
    """The fields of the card of a model that are read again from the manifest."""

    name: str | None = None
    title: str
    template_size: int | None = None
    size_bytes: int | None = None
    contract: InputContract | None = None
    templates: TemplateContract | None = None


class SourceEntry(Entry):
    """The file of templates or scores that another system made."""

    kind: Literal["templates", "scores"]
    file: str
    sha256: str


def _scale(value: object) -> object:
    """A scale from its JSON values."""
    return TypeAdapter(Scale).validate_python(value) if isinstance(value, dict) else value


class SystemEntry(Entry):
    """A system of the run.

    Attributes:
        name: name of the system, unique within the run.
        reference: reference that loads the model again; None for an object in Python and for imported templates or
            scores.
        card: card of the model; None for imported templates or scores.
        weights: SHA-256 of the weights of the model.
        weights_file: file that the weights were taken from, where one was given; else None.
        code_sha256: of a model in Python: SHA-256 of the source of its class; None where it cannot be read, in other
            runs, and in runs of earlier versions.
        canary: result of the model check before the run.
        source: the imported file of templates or scores; None for a model.
        scale: scale of imported scores.
    """

    name: str
    reference: str | None = None
    card: CardEntry | None = None
    weights: str | None = None
    weights_file: str | None = None
    code_sha256: str | None = None
    canary: ModelCheck | None = None
    source: SourceEntry | None = None
    scale: Annotated[Scale | None, BeforeValidator(_scale)] = None

    @property
    def of_scores(self) -> bool:
        """Whether the scores were imported, so that photos and templates are unknown."""
        return self.source is not None and self.source.kind == "scores"

    @property
    def usual_score(self) -> UsualScore | None:
        """The usual score of the model, from its card; None where the card has none."""
        return self.card.templates.usual_score if self.card and self.card.templates else None


class DetectorEntry(Entry):
    """The detector: its recipe, its source, which of several faces is compared, and what is compared without one."""

    name: str
    selection: str | None = None
    weights: str | None = None
    min_face_size: float | None = None
    pad: float | None = None
    on_missing: str | None = None
    file: str | None = None
    reference: str | None = None


class ConditionEntry(Entry):
    """A condition: the degradation of the photos.

    Attributes:
        name: name of the condition, unique within the run; ``clean`` for the photo without degradation.
        family: family of the degradation.
        title: title of the family on pages.
        severity: severity, 1 or more; 0 for ``clean``.
        told: the parameters in words.
        parameters: arguments of the function.
        on_face: whether the function needs the position of the face.
        function: reference that finds the function again.
        failed: why the condition has no results; None where it has results.
    """

    name: str = "clean"
    family: str = "clean"
    title: str = "As it is"
    severity: int = 0
    told: str = "as it is"
    parameters: dict[str, JsonValue] = {}
    on_face: bool = False
    function: str = ""
    failed: str | None = None


class SuiteEntry(Entry):
    """The suite of degradations, and the severities that were selected; None for all."""

    name: str
    severities: list[int] | None = None


class TimingEntry(Entry):
    """Seconds from the first photo to the last score, number of photos, and number of photos from the cache."""

    wall_s: float | None = None
    photos: int | None = None
    from_cache: int | None = None


class Manifest(Entry):
    """Description of a run: enough to repeat it, and to find out whether two runs did the same.

    Attributes:
        schema_version: version of this schema.
        kind: kind of the run.
        faceproof_version: version of faceproof that wrote the manifest.
        command: the command line; None where there was none.
        started: time of the start, ISO 8601, UTC.
        finished: time of the end, likewise; None where the run is not finished.
        systems: one or more systems; none in a comparison of runs.
        conditions: the conditions; the first is ``clean``.
        detector: the detector; None where no model was run.
        people: the photos.
        protocol: the comparisons.
        judging: settings of thresholds and folds.
        seed: seed of all random draws.
        device: device of the neural networks.
        batch_size: number of photos detected together.
        workers: number of threads that decoded photos.
        decode_memory_bytes: memory limit of decoded photos in bytes.
        versions: versions of Python and libraries.
        machine: system, processor and cores.
        suite: in a stress run: the suite of degradations.
        stage: in a stress run: ``capture`` or ``aligned``.
        side: in a stress run: ``both`` or ``probe``.
        plan: digest of each part of the plan of the run.
        timing: time that the run took.
    """

    schema_version: int = SCHEMA_VERSION
    kind: Kind = "evaluation"
    faceproof_version: str | None = None
    command: str | None = None
    started: str | None = None
    finished: str | None = None
    systems: list[SystemEntry] = []
    conditions: list[ConditionEntry] = [ConditionEntry()]
    detector: DetectorEntry | None = None
    people: PeopleEntry | None = None
    protocol: ProtocolEntry = ProtocolEntry()
    judging: Judging = Judging()
    seed: int | None = None
    device: str | None = None
    batch_size: int | None = None
    workers: int | None = None
    decode_memory_bytes: int | None = None
    versions: dict[str, str] = {}
    machine: dict[str, JsonValue] = {}
    suite: SuiteEntry | None = None
    stage: Literal["capture", "aligned"] = "capture"
    side: Literal["both", "probe"] = "both"
    plan: dict[str, JsonValue] = {}
    timing: TimingEntry | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, entries: dict[str, Any]) -> dict[str, Any]:
        return migrated(entries) if isinstance(entries, dict) else entries

    @model_validator(mode="after")
    def _runs_have_systems_and_people(self) -> Self:
        if self.kind != "comparison" and not (self.systems and self.people):
            raise ValueError("a run has entries 'systems' and 'people'")
        return self

    @property
    def system(self) -> SystemEntry:
        """The first system, which is the only one of an evaluation."""
        return self.systems[0]

    @property
    def people_known(self) -> bool:
        """Whether the people of the comparisons are known; a file of scores may name none."""
        named = self.people is not None and self.people.people is not None
        return named or not (self.systems and self.system.of_scores)
