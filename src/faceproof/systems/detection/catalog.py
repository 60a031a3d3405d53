"""Find a detector by its name, its file of faces or its Python reference, or use an object."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from faceproof.errors import ConfigurationError
from faceproof.plugins import installed, is_reference
from faceproof.systems.detection.box_file import SUFFIXES, BoxFile
from faceproof.systems.detection.cascade import CascadeSettings
from faceproof.systems.detection.detector import Detector, WholePhoto
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.detection.python_detector import ENTRY_POINTS, PythonDetector, python_detector

if TYPE_CHECKING:
    from faceproof.systems.detection.python_detector import FindsFaces


def load_detector(
    detector: str | Path | FindsFaces | Detector = "mtcnn",
    *,
    min_face_size: float | None = None,
    pad: float | None = None,
    device: str = "cpu",
    offline: bool = False,
) -> Detector:
    """Load a detector.

    Args:
        detector: ``mtcnn``; ``none``, where photos are faces that were cut out and aligned already; a CSV or Parquet
            file of faces; ``package.module:factory``, the name of an entry point, or an object with ``find(photos)``
            (docs/your-detector.md); a detector that is loaded already stays as it is.
        min_face_size: of MTCNN: side of the smallest face that is sought, in pixels of the photo; None: 20.
        pad: of MTCNN: black border added to each side before detection, as a fraction of the photo's height and width,
            0 to 1; None: 0.
        device: of MTCNN: ``cpu``, ``cuda``, ...
        offline: never download.

    Raises:
        ConfigurationError: there is no such detector, or it cannot be used.
        WeightsError: when MTCNN's weights cannot be found, or are not the expected ones.
    """
    if detector == "mtcnn":
        settings = CascadeSettings(pad=0 if pad is None else pad)
        if min_face_size is not None:
            settings = replace(settings, min_face_size=min_face_size)
        return load_mtcnn(settings, device=device, offline=offline)
    if min_face_size is not None:
        raise ConfigurationError("A smallest face ([[min_face_size]]) is for the detector mtcnn; leave it out.")
    if pad is not None:
        raise ConfigurationError(
            "A border before detection ([[pad]]) is for the detector mtcnn. Leave it out: another detector adds a "
            "border itself where it needs one."
        )
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
