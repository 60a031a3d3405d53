"""Everything that faceproof raises on purpose, one root and a leaf for each cause.

A message says what was found, what was expected, and what to do next. A photo that cannot be used is no
exception: it is a row with a reason (see ``faceproof.systems.faces.types.Failure``).
"""


class FaceproofError(Exception):
    """Root of all errors that faceproof raises on purpose."""


class ConfigurationError(FaceproofError, ValueError):
    """A setting, an option or a combination of them makes no sense.

    Attributes:
        argument: name of the Python argument that is wrong, where it is one.
    """

    def __init__(self, message: str = "", *, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument


class PeopleError(FaceproofError):
    """A folder of people, a pair list, a split, or a file of templates or scores cannot be used as it is."""


class ImageDecodeError(FaceproofError):
    """One photo cannot be turned into pixels."""


class DegradationError(FaceproofError):
    """A degradation raised, or gave something that is no picture."""


class WeightsError(FaceproofError):
    """A weights file is missing, damaged, not the expected one, or not safe to load."""


class DownloadError(FaceproofError):
    """A file cannot be downloaded, or what arrived is not the file."""


class ModelError(FaceproofError):
    """A recogniser fails on some faces, or gives something that is no template."""


class CacheError(FaceproofError):
    """The template cache cannot be read or written."""


class RunFolderError(FaceproofError):
    """A run folder is incomplete, of another version, or would be overwritten."""


class MetricUndefinedError(FaceproofError, ValueError):
    """A metric was asked for on data that cannot give it."""
