"""Photos of a stress run: the contact sheet, and clean and degraded photos of the most sensitive comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from faceproof.degrade.types import CLEAN, Condition, Picture
from faceproof.errors import FaceproofError
from faceproof.report.pictures.contact_sheet import Tile, contact_sheet
from faceproof.report.pictures.thumbnails import decoded_photo, framed
from faceproof.systems.faces.types import Face
from faceproof.systems.recognition.recognizer import face_in_crop, prepare_face, whole_photo

if TYPE_CHECKING:
    from PIL.Image import Image

    from faceproof.runs.run_folder import StoredRun


class StressPhotos:
    """Makes the degraded photos of a run again, one at a time.

    Args:
        run: the run.
        root: folder of people.
        conditions: conditions whose functions are available, by name.
    """

    def __init__(self, run: StoredRun, root: Path, conditions: Mapping[str, Condition]) -> None:
        self.run, self.root = run, root
        self.conditions = dict(conditions) | {CLEAN.name: CLEAN}
        self.aligned = run.manifest.stage == "aligned"
        self.contracts = {
            system.name: system.card.contract
            for system in run.manifest.systems
            if system.card is not None and system.card.contract is not None
        }
        if run.manifest.detector is not None and run.manifest.detector.name == "none":
            self.contracts = {model: whole_photo(contract) for model, contract in self.contracts.items()}
        self._rows: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}

    def row(self, model: str, condition: str, photo: str) -> dict[str, Any] | None:
        """The row of ``photos.parquet`` of a photo under a condition; None where there is none."""
        key = model, condition
        if key not in self._rows:
            table = self.run.tables(model, condition).photos
            columns = ["photo", "sha256", "outcome", "box_xyxy_px", "probability", "landmarks_px"]
            self._rows[key] = {row["photo"]: row for row in table.select(columns).to_pylist()}
        return self._rows[key].get(photo)

    def degraded(self, model: str, condition: str, photo: str) -> Picture | None:
        """The photo (or, in an ``aligned`` run, the prepared face) under a condition; None where it cannot be made."""
        how, clean = self.conditions.get(condition), self.row(model, "clean", photo)
        if how is None or clean is None:
            return None
        try:
            pixels, face = decoded_photo(self.root, photo), _face(clean)
            if self.aligned:
                contract = self.contracts[model]
                crop = None if face is None else prepare_face(contract, pixels, face)
                if crop is None or face is None:
                    return None
                return how.apply(crop, clean["sha256"], face_in_crop(contract, pixels.shape[0], pixels.shape[1], face))
            return how.apply(pixels, clean["sha256"], face)
        except FaceproofError:
            return None

    def thumbnail(self, model: str, condition: str, photo: str) -> str | None:
        """The photo under a condition with the box of the detected face, as a data URI; None where there is none."""
        row = self.row(model, condition, photo)
        pixels = self.degraded(model, condition if row else "clean", photo)
        if pixels is None:
            return None
        box = None if self.aligned or row is None else row["box_xyxy_px"]
        return framed(pixels, box)

    def sheet(self) -> Image | None:
        """The contact sheet of the first photo in which a face was found; None where there is none."""
        model, photo = self.run.manifest.system.name, self._photo_to_show()
        if photo is None:
            return None
        families: dict[str, list[Tile]] = {"Photo as it is": [self._tile(model, "clean", "", photo)]}
        for entry in self.run.manifest.conditions[1:]:
            if entry.failed is None:
                tile = self._tile(model, entry.name, entry.told, photo)
                families.setdefault(entry.title, []).append(tile)
        return contact_sheet(list(families.items()))

    def _photo_to_show(self) -> str | None:
        model = self.run.manifest.system.name
        for photo in map(str, self.run.comparisons["photo_b"][:50].to_pylist()):
            row = self.row(model, "clean", photo)
            if row is not None and row["outcome"] == "template" and self.degraded(model, "clean", photo) is not None:
                return photo
        return None

    def _tile(self, model: str, condition: str, words: str, photo: str) -> Tile:
        row = self.row(model, condition, photo)
        box = None if self.aligned or row is None else row["box_xyxy_px"]
        return Tile(words, self.degraded(model, condition, photo), box, face_sought=not self.aligned)


def _face(row: Mapping[str, Any]) -> Face | None:
    if row["box_xyxy_px"] is None:
        return None
    points = np.array(row["landmarks_px"] or [np.nan] * 10, np.float32).reshape(5, 2)
    probability = np.nan if row["probability"] is None else row["probability"]
    return Face(np.array(row["box_xyxy_px"], np.float32), float(probability), points)
