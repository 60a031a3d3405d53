"""What a model card says: what goes in and comes out, where the weights come from, and what their makers claim."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from faceproof.scoring.native_score import USUAL_SCORES, ScoreName, UsualScore

LARGEST_CROP_PX = 1024
"""Side of a crop in pixels, at most: room is made for what a card or a model's file says."""


def _refuse_bool(value: object) -> object:
    """Refuse true and false, which pydantic takes for 1 and 0.

    Raises:
        ValueError: it is one of them.
    """
    if isinstance(value, bool):
        raise ValueError("expected a number, not true or false")
    return value


Number = Annotated[float, BeforeValidator(_refuse_bool)]
Whole = Annotated[int, BeforeValidator(_refuse_bool)]
Point = tuple[Number, Number]


class _Frozen(BaseModel):
    """A value that cannot be changed and has no fields but those named here."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputContract(_Frozen):
    """What a recogniser must be fed, so that nobody feeds it anything else.

    Attributes:
        size_px: side of the square crop in pixels.
        color_order: order in which the net gets the colour channels; ``pixel_mean`` and ``pixel_divisor`` are always
            given as red, green, blue.
        pixel_mean: subtracted from each pixel (0 to 255) first: one number, or one each for red, green and blue;
            then
        pixel_divisor: divides it, one number or three: ``(x - pixel_mean) / pixel_divisor``.
        alignment: ``margin_crop`` cuts the face box with a margin in proportion to its width and height and does
            not rotate; ``even_margin_crop`` does so with as many pixels across as up and down; ``five_point``
            moves the five landmarks onto ``template_points`` by a similarity transform.
        margin_px: margin of the first two, in pixels of the finished crop, both sides together.
        template_points: x, y of left eye, right eye, nose, left and right mouth corner in the finished crop,
            left and right as seen in the picture; only for ``five_point``.
        mirrored: whether a template is made of the face and its mirror image: each of the two templates is made
            unit length, then they are added, and the sum is made unit length.
        selection: how the face is chosen where a photo has several.
    """

    size_px: Whole = Field(gt=0, le=LARGEST_CROP_PX)
    color_order: Literal["rgb", "bgr"] = "rgb"
    pixel_mean: Number | tuple[Number, Number, Number]
    pixel_divisor: Number | tuple[Number, Number, Number]
    alignment: Literal["margin_crop", "even_margin_crop", "five_point"]
    margin_px: Whole = Field(default=0, ge=0)
    template_points: tuple[Point, Point, Point, Point, Point] | None = None
    mirrored: bool = False
    selection: str = "subject"

    @model_validator(mode="after")
    def _divisors_are_above_zero(self) -> Self:
        divisors = self.pixel_divisor if isinstance(self.pixel_divisor, tuple) else (self.pixel_divisor,)
        if not all(divisor > 0 for divisor in divisors):
            raise ValueError(f"pixel_divisor is {self.pixel_divisor}; expected above 0")
        return self

    @model_validator(mode="after")
    def _points_go_with_five_point_alignment(self) -> Self:
        if (self.alignment == "five_point") != (self.template_points is not None):
            raise ValueError("template_points belong to alignment 'five_point', and only there")
        if self.alignment != "five_point" and self.margin_px >= self.size_px:
            raise ValueError(f"margin_px {self.margin_px} leaves no face in a crop of {self.size_px} px")
        return self


class TemplateContract(_Frozen):
    """What comes out of a recogniser.

    Attributes:
        unit_length: whether the net gives templates of unit length already. Where it does not, faceproof makes them
            so; where it does, this promise is checked.
        score: by which its makers, or those who use it, tell whether two templates are alike; thresholds of the
            model are given in it.
    """

    unit_length: bool = False
    score: ScoreName = "euclidean"

    @property
    def usual_score(self) -> UsualScore:
        """The score itself: its range, its direction, and the way to distances."""
        return USUAL_SCORES[self.score]


class Source(_Frozen):
    """Who made the weights, and the page that says so."""

    who: str
    url: str


class Figure(_Frozen):
    """A published number: ``value`` (a fraction) of ``metric`` on ``dataset``, as claimed by ``by``."""

    dataset: str
    metric: str
    value: float
    by: str


class CardThreshold(_Frozen):
    """Where to decide when nothing else is known: a distance of unit templates, 0 to 2, and how it was set."""

    distance: float = Field(ge=0, le=2)
    origin: str


class Card(_Frozen):
    """One model that faceproof knows by name.

    Attributes:
        name: what the command line and the run folder call it.
        title: what a page calls it.
        kind: whether it finds faces or makes templates.
        architecture: key of ``faceproof.systems.weights.layouts``: which tensors, of which shapes.
        training_set: the photos that it learned from.
        template_size: numbers in a template; None for a detector.
        contract: what a recogniser must be fed; None for a detector.
        templates: what comes out of a recogniser; says nothing of a detector.
        licence: short name of the terms.
        licence_note: what a user should know before using the weights, shown before a download.
        source: who made the weights.
        download_url: where ``faceproof weights pull`` gets them; None when they are not downloaded.
        wheel: Python package that carries the weights; None when there is none.
        wheel_extra: extra of faceproof that brings this package along; None when faceproof always does.
        file_from: where people get the file where faceproof neither downloads it nor finds it in a package; goes on
            from "Get".
        file_name: name of the file as its makers publish it; None where they publish none.
        size_bytes: size of that file where known.
        file_sha256: digest of the file, where that is what tells it (ONNX).
        tensors_sha256: digest of the tensors (``faceproof.systems.weights.tensors.tensors_digest``); None where
            none is known, and then the weights count as unverified.
        threshold: where to decide on two photos when the user has no data of their own; None where unknown.
        published: numbers that others have published for these weights.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    title: str
    kind: Literal["detector", "recogniser"]
    architecture: str
    training_set: str
    template_size: int | None = None
    contract: InputContract | None = None
    templates: TemplateContract = TemplateContract()
    licence: str
    licence_note: str
    source: Source
    download_url: str | None = None
    wheel: str | None = None
    wheel_extra: str | None = None
    file_from: str | None = None
    file_name: str | None = None
    size_bytes: int | None = None
    file_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    tensors_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    threshold: CardThreshold | None = None
    published: tuple[Figure, ...] = ()

    @model_validator(mode="after")
    def _recognisers_say_what_they_eat(self) -> Self:
        is_recogniser = self.kind == "recogniser"
        if is_recogniser != (self.contract is not None) or is_recogniser != (self.template_size is not None):
            raise ValueError("a recogniser, and nothing else, has a contract and a template_size")
        return self

    @model_validator(mode="after")
    def _a_download_has_a_name(self) -> Self:
        if self.download_url is not None and self.file_name is None:
            raise ValueError("a download_url needs the file_name that goes with it")
        return self
