"""A recogniser: prepares faces by its contract, and computes their templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, ModelError
from faceproof.systems.faces.alignment import align_five_points, crop_with_margin, margin_box, similarity_transform
from faceproof.systems.faces.types import Face
from faceproof.systems.nets.dlib_resnet import DlibResnet
from faceproof.systems.nets.face_transformer import P8S8, P10S8, P12S8, FaceTransformer
from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1
from faceproof.systems.nets.runtime import Runner, load_tensors, place_on, torch_runner
from faceproof.systems.recognition.float32 import as_float32
from faceproof.systems.weights.card import Card, InputContract
from faceproof.systems.weights.resolve import resolve_weights

CHUNK = 32
"""Fixed number of faces in a batch, so that templates do not depend on the number of faces."""
NO_FINITE_TEMPLATE = "the net gave no finite template"

_NETS: dict[str, Callable[[], InceptionResnetV1 | DlibResnet | FaceTransformer]] = {
    "inception_resnet_v1": InceptionResnetV1,
    "dlib_resnet": DlibResnet,
    "face_transformer_p8s8": partial(FaceTransformer, P8S8),
    "face_transformer_p10s8": partial(FaceTransformer, P10S8),
    "face_transformer_p12s8": partial(FaceTransformer, P12S8),
}

_LEAST_PX = {"inception_resnet_v1": 75, "dlib_resnet": 103}
"""Smallest side of a crop in pixels, for nets that accept several sizes."""


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A net with its input contract.

    Attributes:
        card: what the model is.
        contract: what the net is fed; the card's, or the user's changes to it.
        weights_sha256: digest of its tensors.
        weights_source: where they came from.
        run: gives raw templates (n, template size) of float32 (n, 3, s, s).
        known_contract: what its makers say, where that is known; ``contract`` may differ.
        cacheable: whether its templates may be kept between runs.
        reference: what `faceproof.systems.recognition.catalog.load_model` takes to give it again; None: nothing does.
        quantized: whether the net is known to compute with whole numbers (int8) somewhere.
        code_sha256: digest of the source of a model in Python; None for other models, and where it cannot be read.
    """

    card: Card
    contract: InputContract
    weights_sha256: str
    weights_source: str
    run: Runner
    known_contract: InputContract | None = None
    cacheable: bool = True
    reference: str | None = None
    quantized: bool = False
    code_sha256: str | None = None

    @property
    def template_size(self) -> int:
        """Numbers in a template."""
        return self.card.template_size or 0

    def recipe(self) -> dict[str, object]:
        """Everything that determines a template besides the photo and the box, as JSON values."""
        return {"weights": self.weights_sha256, "chunk": CHUNK, **self.contract.model_dump(mode="json")}

    def prepare(self, photo: NDArray[np.uint8], face: Face) -> NDArray[np.uint8] | None:
        """The crop of the face, before normalisation; see `prepare_face`."""
        return prepare_face(self.contract, photo, face)

    def embed(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Templates of prepared faces.

        Args:
            crops: uint8 (n, size_px, size_px, 3) from `prepare`.

        Returns:
            Templates, float32 (n, template_size), each of unit length (or NaN where the net gave no finite,
            non-zero output), and their lengths before normalisation, float32 (n,).

        Raises:
            ModelError: the net fails, or gives something else than one template of ``template_size`` for each face.
        """
        raw = self._raw(crops)
        if self.contract.mirrored:
            mirrored = self._raw(crops[:, :, ::-1])
            raw = _unit(raw)[0] + _unit(mirrored)[0]
        return _unit(raw)

    def _raw(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        contract = self.contract
        batch = np.ascontiguousarray(crops).astype(np.float32)
        # Values beyond float32 become infinite; the photo then fails, as its template is not finite.
        with np.errstate(all="ignore"):
            batch -= np.array(contract.pixel_mean, np.float32)  # one number, or one for each channel (the last axis)
            batch /= np.array(contract.pixel_divisor, np.float32)
        if contract.color_order == "bgr":
            batch = np.ascontiguousarray(batch[..., ::-1])
        raw = self.run(batch.transpose(0, 3, 1, 2))[0]
        if raw.shape != (len(crops), self.template_size):
            raise ModelError(
                f"the net gave an array of shape {raw.shape} for {len(crops)} faces; expected "
                f"({len(crops)}, {self.template_size})"
            )
        return raw


def prepare_face(contract: InputContract, photo: NDArray[np.uint8], face: Face) -> NDArray[np.uint8] | None:
    """The crop of a face by a contract, before normalisation.

    Args:
        contract: what the net is fed.
        photo: uint8 (h, w, 3), RGB.
        face: the face in it.

    Returns:
        uint8 (size_px, size_px, 3), or None when the box lies outside of the photo or is empty.
    """
    if contract.template_points is not None:
        points = np.array(contract.template_points, np.float64)
        return align_five_points(photo, face.landmarks_px, points, contract.size_px)
    even = contract.alignment == "even_margin_crop"
    return crop_with_margin(photo, face.box_xyxy_px, contract.size_px, contract.margin_px, even=even)


@cache
def whole_photo(contract: InputContract) -> InputContract:
    """The contract for photos that are crops already: they are only resized."""
    plain = {"alignment": "margin_crop", "margin_px": 0, "template_points": None}
    return InputContract.model_validate(contract.model_dump() | plain)


def face_in_crop(contract: InputContract, height: int, width: int, face: Face) -> Face:
    """Box and landmarks of a face in the crop of `prepare_face`.

    Args:
        contract: what the net is fed.
        height: of the photo in pixels.
        width: likewise.
        face: the face in the photo, whose crop is not empty.
    """
    corners = face.box_xyxy_px.astype(np.float64).reshape(2, 2)
    landmarks = face.landmarks_px.astype(np.float64)
    if contract.template_points is not None:
        to_crop = similarity_transform(landmarks, np.array(contract.template_points, np.float64))
        # The box stays upright: its middle moves, its sides are scaled.
        middle, half = corners.mean(axis=0), (corners[1] - corners[0]) / 2
        moved = np.vstack([middle, landmarks]) @ to_crop[:, :2].T + to_crop[:, 2]
        half *= float(np.hypot(to_crop[0, 0], to_crop[1, 0]))
        box, points = np.concatenate([moved[0] - half, moved[0] + half]), moved[1:]
    else:
        even = contract.alignment == "even_margin_crop"
        x0, y0, x1, y1 = margin_box(face.box_xyxy_px, height, width, contract.size_px, contract.margin_px, even=even)
        scale = contract.size_px / np.array([x1 - x0, y1 - y0])
        box, points = ((corners - [x0, y0]) * scale).ravel(), (landmarks - [x0, y0]) * scale
    return Face(box.astype(np.float32), face.probability, points.astype(np.float32))


def _unit(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows of unit length, and their lengths before. A length of 0 or beyond float32 makes the row NaN."""
    exact = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1))
    length = as_float32(exact)
    usable = np.isfinite(length) & (length > 0)
    unit = np.full(vectors.shape, np.nan, np.float32)
    unit[usable] = vectors[usable] / exact[usable, None]
    return unit, length


def load_card(
    card: Card, contract: InputContract, *, weights: Path | None = None, offline: bool = False, device: str = "cpu"
) -> Recognizer:
    """Load a model that has a built-in card.

    Args:
        card: its card.
        contract: what it is fed.
        weights: file to take the weights from instead of looking for them.
        offline: never download.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...

    Raises:
        ConfigurationError: when it cannot be fed as ``contract`` says, or there is no such device.
        WeightsError: when its weights cannot be found, or are not the card's.
    """
    known = card.contract
    least = _LEAST_PX.get(card.architecture, 1)
    if contract.size_px < least:
        raise ConfigurationError(
            f"{card.name} takes crops of {least} px or more, since its layers leave nothing of smaller ones; "
            f"{contract.size_px} px are asked for ([[size_px]])."
        )
    if card.architecture.startswith("face_transformer") and known and contract.size_px != known.size_px:
        raise ConfigurationError(
            f"{card.name} takes crops of {known.size_px} px and no other, since it tells patches by their "
            f"place; {contract.size_px} px are asked for ([[size_px]])."
        )

    loaded = resolve_weights(card, path=weights, offline=offline)
    net = place_on(load_tensors(_NETS[card.architecture](), loaded.tensors), device)
    return Recognizer(
        card=card,
        contract=contract,
        weights_sha256=loaded.tensors_sha256,
        weights_source=loaded.source,
        run=torch_runner(net.features, device=device, chunk=CHUNK),
        known_contract=known,
        reference=card.name,
    )
