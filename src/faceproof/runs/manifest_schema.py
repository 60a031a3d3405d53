"""The manifest of a run: what was judged, on which photos, how, with what, on which machine."""

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
    """Something odd about the folder of people."""

    kind: str
    message: str
    count: int = 1
    examples: list[str] = []


class PeopleEntry(Entry):
    """The photos.

    Attributes:
        root: folder of people, or the file that stands for it.
        people: how many; None where a file of scores does not name them.
        photos: likewise.
        photo_list_sha256: digest over id and bytes of every photo.
        synthetic: whether a program has drawn them.
        notices: what was ignored or is odd.
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
        name: of the protocol.
        settings: its arguments.
        comparisons: how many.
        mated: of the same person.
        non_mated: of different people.
        folds: of the protocol; 0: it has none.
        sha256: digest of photos, pairs, labels and folds.
        notes: what to know of the choice.
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
    """How decisions were judged.

    Attributes:
        threshold_distance: threshold given beforehand, as a distance of unit templates.
        threshold_score: the same in the scale of a score file.
        folds: person-disjoint folds.
        fmr: of a stress run: the FMR on clean photos that sets the threshold.
    """

    threshold_distance: float | None = None
    threshold_score: float | None = None
    folds: int = 10
    fmr: float | None = None


class CardEntry(Entry):
    """The model's card, as far as it is read again."""

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
    """A system that is judged.

    Attributes:
        name: unique within the run.
        reference: what loads the model again; None for an object in Python and for what was made elsewhere.
        card: the model's card; None for what was made elsewhere.
        weights: SHA-256 of the model's weights.
        canary: the model check before the run.
        source: the file of templates or scores, where another system made them.
        scale: of such scores.
    """

    name: str
    reference: str | None = None
    card: CardEntry | None = None
    weights: str | None = None
    canary: ModelCheck | None = None
    source: SourceEntry | None = None
    scale: Annotated[Scale | None, BeforeValidator(_scale)] = None

    @property
    def of_scores(self) -> bool:
        """Whether another system made the scores, so that nothing is known of photos and templates."""
        return self.source is not None and self.source.kind == "scores"

    @property
    def usual_score(self) -> UsualScore | None:
        """The score by which the model is usually judged; None where no card says it."""
        return self.card.templates.usual_score if self.card and self.card.templates else None


class DetectorEntry(Entry):
    """What found the faces: its recipe, where it comes from, which face of several counts."""

    name: str
    selection: str | None = None
    weights: str | None = None
    min_face_size: float | None = None
    pad: float | None = None
    file: str | None = None
    reference: str | None = None


class ConditionEntry(Entry):
    """A condition: what was done to the photos.

    Attributes:
        name: unique within the run; the photo as it is is called ``clean`` and has severity 0.
        family: of the degradation.
        title: of the family, for pages.
        severity: from 1; 0: nothing was done.
        told: the parameters in words.
        parameters: of the function.
        on_face: whether the place of the face is needed.
        function: where it is found again.
        failed: why the condition has no results; None: it has.
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
    """The suite of degradations, and the severities that were chosen from it."""

    name: str
    severities: list[int] | None = None


class TimingEntry(Entry):
    """Seconds from the first photo to the last score, photos, and those whose templates were in the cache."""

    wall_s: float | None = None
    photos: int | None = None
    from_cache: int | None = None


class Manifest(Entry):
    """What a run was: enough to repeat it, and to know whether two runs did the same.

    Attributes:
        schema_version: of this form.
        kind: of the run.
        faceproof_version: that wrote it.
        command: as it was given.
        started: ISO 8601, UTC.
        finished: likewise; None: the run is not finished.
        systems: one or more; a comparison of runs has none.
        conditions: the first is the photo as it is.
        detector: None where no model was run.
        people: the photos.
        protocol: the comparisons.
        judging: how decisions were judged.
        seed: of all that is drawn at random.
        device: where the nets ran.
        batch_size: photos detected together.
        workers: threads that decoded.
        decode_memory_bytes: memory for decoded photos.
        versions: of Python and libraries.
        machine: system, processor and cores.
        suite: of a stress run.
        stage: of a stress run: ``capture`` or ``aligned``.
        side: of a stress run: ``both`` or ``probe``.
        plan: digest of each part of what was going to be done.
        timing: how long it took.
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
