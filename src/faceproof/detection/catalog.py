"""From what a user calls a detector to the detector: a name, a file of faces, a Python reference, or an object."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.detection.cascade import CascadeSettings
from faceproof.detection.detector import Detector, WholePhoto
from faceproof.errors import ConfigurationError
from faceproof.references import installed, is_reference

if TYPE_CHECKING:
    from faceproof.detection.python_detector import FindsFaces


def load_detector(
    detector: str | Path | FindsFaces | Detector = "mtcnn",
    *,
    min_face_size: float | None = None,
    device: str = "cpu",
    offline: bool = False,
) -> Detector:
    """A detector, ready to use.

    Args:
        detector: ``mtcnn``; ``none``, where photos are faces that were cut out and aligned already; a CSV or Parquet
            file of faces; ``package.module:factory``, the name of an entry point, or an object with ``find(photos)``
            (docs/your-detector.md); a detector that is loaded already stays as it is.
        min_face_size: of MTCNN: side of the smallest face that is sought, in pixels of the photo; None: 20.
        device: of MTCNN: ``cpu``, ``cuda``, ...
        offline: never download.

    Raises:
        ConfigurationError: there is no such detector, or it cannot be used.
        WeightsError: when MTCNN's weights cannot be found, or are not the expected ones.
    """
    from faceproof.detection.box_file import SUFFIXES, BoxFile
    from faceproof.detection.mtcnn import load_mtcnn
    from faceproof.detection.python_detector import ENTRY_POINTS, PythonDetector, python_detector

    if detector == "mtcnn":
        settings = CascadeSettings() if min_face_size is None else CascadeSettings(min_face_size)
        return load_mtcnn(settings, device=device, offline=offline)
    if min_face_size is not None:
        raise ConfigurationError("A smallest face (--min-face-size) is for the detector mtcnn; leave it out.")
    if isinstance(detector, Detector):
        return detector
    if not isinstance(detector, str | Path):
        return PythonDetector(detector)
    if detector == "none":
        return WholePhoto()
    if Path(detector).suffix.lower() in SUFFIXES:
        return BoxFile(Path(detector))
    name = str(detector)
    if is_reference(name) or name in installed(ENTRY_POINTS):
        return python_detector(name)
    raise ConfigurationError(
        f"There is no detector {name!r}. Expected mtcnn, none, a .csv or .parquet file of faces, or "
        "package.module:factory."
    )
