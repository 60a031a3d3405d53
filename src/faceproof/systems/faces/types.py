"""Types: the faces of a photo, one face, and the reason of a failed detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Faces:
    """All faces of one photo, box, probability and landmarks row by row.

    Attributes:
        boxes_xyxy_px: float32 (n, 4), x0, y0, x1, y1 in pixels of the photo; may reach past its edges.
        probabilities: float32 (n,), 0 to 1; NaN where the detector gives none.
        landmarks_px: float32 (n, 5, 2), x and y of left eye, right eye, nose, left and right mouth corner,
            left and right as seen in the picture; NaN where the detector gives none.
    """

    boxes_xyxy_px: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    landmarks_px: NDArray[np.float32]

    def __len__(self) -> int:
        """Number of faces."""
        return len(self.boxes_xyxy_px)

    def __getitem__(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Faces:
        """The faces in ``rows``, all three columns together."""
        return Faces(self.boxes_xyxy_px[rows], self.probabilities[rows], self.landmarks_px[rows])

    def face(self, row: int) -> Face:
        """One face by its row."""
        return Face(self.boxes_xyxy_px[row], float(self.probabilities[row]), self.landmarks_px[row])

    @staticmethod
    def from_rows(rows: NDArray[np.float32]) -> Faces:
        """Faces of rows with a box, then, where there are so many numbers, a probability and five landmarks.

        Args:
            rows: float32 (n, 4), (n, 5) or (n, 15).
        """
        whole = np.full((len(rows), 15), np.nan, np.float32)
        whole[:, : rows.shape[1]] = rows
        return Faces(whole[:, :4], whole[:, 4], whole[:, 5:].reshape(-1, 5, 2))

    @staticmethod
    def none() -> Faces:
        """An empty set of faces."""
        return Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True, slots=True)
class Face:
    """One face: ``box_xyxy_px`` float32 (4,), ``probability`` 0 to 1, ``landmarks_px`` float32 (5, 2); see `Faces`."""

    box_xyxy_px: NDArray[np.float32]
    probability: float
    landmarks_px: NDArray[np.float32]

    @property
    def has_landmarks(self) -> bool:
        """Whether the detector gave landmarks."""
        return bool(np.isfinite(self.landmarks_px).all())


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why detection failed on a photo; it is not the same as a photo without a face."""

    reason: str
