"""MTCNN as an object: photos in, faces or crops out, with the options of facenet-pytorch's class.

What differs from the original, on purpose: photos of a list may differ in size; a photo without a face is an empty
`Faces` or None and harms no other photo; arrays, tensors and PIL images give the same answer; whatever the
selection, box, probability and landmarks of a face stay together; of faces that a selection scores equal, the larger
is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from faceproof.errors import ConfigurationError
from faceproof.systems.detection.cascade import CASCADE_VERSION, Cascade, CascadeSettings
from faceproof.systems.detection.detector import Detector, Picture
from faceproof.systems.faces.alignment import crop_with_margin
from faceproof.systems.faces.selection import choose, get_selection
from faceproof.systems.faces.types import Face, Faces, Failure
from faceproof.systems.nets.mtcnn import ONet, PNet, RNet
from faceproof.systems.nets.runtime import load_tensors, place_on, torch_runner
from faceproof.systems.weights.resolve import resolve_weights
from faceproof.systems.weights.zoo import get_card

if TYPE_CHECKING:
    from torch import Tensor

PHOTOS_AT_A_TIME = 2
"""Fixed number of photos that P-Net processes together on a CPU: kernels round differently with the number."""

CROPS_AT_A_TIME = {"rnet": 64, "onet": 32}


class MtcnnDetector(Detector):
    """The cascade with its weights: the engine's default detector.

    Attributes:
        cascade: nets and settings.
        weights_sha256: digest of the tensors.
    """

    name = "mtcnn"

    def __init__(self, cascade: Cascade, weights_sha256: str) -> None:
        self.cascade, self.weights_sha256 = cascade, weights_sha256

    def faces(self, photos: Sequence[Picture]) -> list[Faces]:
        """All faces of each photo (uint8 (h, w, 3), RGB; sizes may differ), the largest first."""
        return self.cascade.find(photos)

    def find(self, pictures: Sequence[Picture], ids: Sequence[str] = ()) -> list[Faces | Failure]:
        """As `faces`."""
        return list(self.faces(pictures))

    def recipe(self) -> dict[str, object]:
        """Weights, settings and the version of the cascade's arithmetic."""
        settings = self.cascade.settings
        return {
            "name": self.name,
            "version": CASCADE_VERSION,
            "weights": self.weights_sha256,
            "min_face_size": float(settings.min_face_size),
            "thresholds": [float(threshold) for threshold in settings.thresholds],
            "factor": float(settings.factor),
            "pad": float(settings.pad),
        }


def load_mtcnn(
    settings: CascadeSettings | None = None,
    *,
    weights: Path | None = None,
    device: str = "cpu",
    offline: bool = False,
) -> MtcnnDetector:
    """Load MTCNN.

    Args:
        settings: of the cascade; None for the defaults.
        weights: file to take the weights from; None for the ``mtcnn`` package and the other usual places.
        device: ``cpu``, ``cuda``, ``cuda:1``, ...
        offline: never download.

    Raises:
        WeightsError: when the weights cannot be found, or are not the expected ones.
    """
    loaded = resolve_weights(get_card("mtcnn"), path=weights, offline=offline)
    pnet = place_on(load_tensors(PNet(), loaded.tensors, "pnet."), device)
    rnet = place_on(load_tensors(RNet(), loaded.tensors, "rnet."), device)
    onet = place_on(load_tensors(ONet(), loaded.tensors, "onet."), device)
    cascade = Cascade(
        torch_runner(pnet, device=device, chunk=PHOTOS_AT_A_TIME if device == "cpu" else None),
        torch_runner(rnet, device=device, chunk=CROPS_AT_A_TIME["rnet"]),
        torch_runner(onet, device=device, chunk=CROPS_AT_A_TIME["onet"]),
        settings or CascadeSettings(),
    )
    return MtcnnDetector(cascade, loaded.tensors_sha256)


@dataclass
class MTCNN:
    """Finds faces and crops them.

    Attributes:
        image_size: side of the crops in pixels.
        margin: added to the box, in pixels of the crop, both sides together.
        min_face_size, thresholds, factor: see `CascadeSettings`.
        post_process: crops as (pixel - 127.5) / 128; otherwise 0 to 255.
        select_largest: without ``selection_method``: choose the largest face, else the most probable one.
        selection_method: a name in `faceproof.systems.faces.selection.SELECTIONS`.
        keep_all: cut out every face.
        device: where the nets run.
        pad: see `CascadeSettings`; boxes, landmarks and crops are those of the photo without the border.

    Examples:
        >>> finder = MTCNN(keep_all=True)
        >>> len(finder.detect(np.zeros((60, 80, 3), np.uint8)))
        0
    """

    image_size: int = 160
    margin: int = 0
    min_face_size: float = 20
    thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)
    factor: float = 0.709
    post_process: bool = True
    select_largest: bool = True
    selection_method: str | None = None
    keep_all: bool = False
    device: str = "cpu"
    pad: float = 0
    _detector: MtcnnDetector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.selection_method is None:
            self.selection_method = "largest" if self.select_largest else "probability"
        get_selection(self.selection_method)
        if not 0 <= self.margin < self.image_size:
            raise ConfigurationError(f"margin {self.margin} must be at least 0 and below image_size {self.image_size}")
        low, middle, high = self.thresholds
        settings = CascadeSettings(self.min_face_size, (low, middle, high), self.factor, self.pad)
        self._detector = load_mtcnn(settings, device=self.device)

    def detect(self, photos: Any) -> Any:
        """All faces: a `Faces` for one photo, a list of them for a list or a batch.

        Args:
            photos: a PIL image, array or tensor (h, w, 3) with values 0 to 255, a list of these (sizes may
                differ), or a batch (n, h, w, 3).

        Raises:
            ConfigurationError: when a photo is none of these.
        """
        pictures, single = _as_photos(photos)
        found = self._detector.faces(pictures)
        return found[0] if single else found

    def select(self, faces: Faces, height: int, width: int) -> Face | None:
        """The face that `selection_method` chooses."""
        return choose(faces, height, width, self.selection_method or "largest")

    def __call__(
        self,
        photos: Any,
        save_path: str | Path | Sequence[str | Path | None] | None = None,
        return_prob: bool = False,
    ) -> Any:
        """Crops of the chosen faces.

        Args:
            photos: see `detect`.
            save_path: where to write the crop of each photo (one path, or one each); with ``keep_all`` the faces
                after the first get ``_2``, ``_3``, ... before the suffix.
            return_prob: give the probabilities too.

        Returns:
            For one photo a float32 tensor (3, image_size, image_size), or None without a face; with ``keep_all``
            (faces, 3, image_size, image_size). For several photos a list of these. With ``return_prob`` a pair
            of that and the probabilities, of the same nesting.
        """
        pictures, single = _as_photos(photos)
        paths = _as_paths(save_path, len(pictures), single)
        crops, probabilities = [], []
        for picture, faces, path in zip(pictures, self._detector.faces(pictures), paths, strict=True):
            crop, probability = self._cut(picture, faces, path)
            crops.append(crop)
            probabilities.append(probability)
        if single:
            return (crops[0], probabilities[0]) if return_prob else crops[0]
        return (crops, probabilities) if return_prob else crops

    def _cut(self, picture: NDArray[np.uint8], faces: Faces, path: Path | None) -> tuple[Tensor | None, Any]:
        if self.keep_all:
            chosen = [faces.face(row) for row in range(len(faces))]
        else:
            one = self.select(faces, picture.shape[0], picture.shape[1])
            chosen = [] if one is None else [one]
        cuts = [(face, crop_with_margin(picture, face.box_xyxy_px, self.image_size, self.margin)) for face in chosen]
        kept = [(face, crop) for face, crop in cuts if crop is not None]
        if not kept:
            return None, [] if self.keep_all else None
        if path is not None:
            _save(path, [crop for _, crop in kept])
        batch = torch.from_numpy(np.stack([crop for _, crop in kept])).permute(0, 3, 1, 2).float()
        if self.post_process:
            batch = (batch - 127.5) / 128.0
        probabilities = [face.probability for face, _ in kept]
        return (batch, probabilities) if self.keep_all else (batch[0], probabilities[0])


def _save(path: Path, crops: list[NDArray[np.uint8]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for number, crop in enumerate(crops, start=1):
        name = path if number == 1 else path.with_stem(f"{path.stem}_{number}")
        Image.fromarray(crop).save(name)


def _as_paths(
    save_path: str | Path | Sequence[str | Path | None] | None, photos: int, single: bool
) -> list[Path | None]:
    if save_path is None:
        return [None] * photos
    if isinstance(save_path, str | Path):
        if not single:
            raise ConfigurationError(f"save_path is one path for {photos} photos; give a list with one path each.")
        return [Path(save_path)]
    if len(save_path) != photos:
        raise ConfigurationError(f"save_path has {len(save_path)} paths for {photos} photos.")
    return [None if path is None else Path(path) for path in save_path]


def _as_photos(photos: Any) -> tuple[list[NDArray[np.uint8]], bool]:
    """The photos as arrays, and whether a single photo was given."""
    if isinstance(photos, Image.Image):
        return [np.asarray(photos.convert("RGB"))], True
    if isinstance(photos, list | tuple):
        return [_as_photos(photo)[0][0] for photo in photos], False
    array = np.asarray(photos.cpu() if hasattr(photos, "cpu") else photos)
    if array.ndim == 4 and array.shape[-1] == 3:
        return [_as_uint8(photo) for photo in array], False
    if array.ndim == 3 and array.shape[-1] == 3:
        return [_as_uint8(array)], True
    raise ConfigurationError(
        f"A photo is a PIL image, or an array or tensor (height, width, 3) with values 0 to 255; "
        f"got {type(photos).__name__} of shape {array.shape}."
    )


def _as_uint8(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if not (np.isfinite(array).all() and array.size and array.min() >= 0 and array.max() <= 255):
        raise ConfigurationError("A photo's values must lie between 0 and 255.")
    if array.max() <= 1 and np.issubdtype(array.dtype, np.floating) and array.max() > 0:
        raise ConfigurationError("A photo's values look like 0 to 1; expected 0 to 255.")
    return np.round(array).astype(np.uint8)
