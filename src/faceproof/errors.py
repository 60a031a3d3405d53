"""The exceptions of faceproof: one root, and a leaf for each cause.

A message says what was found, what was expected, and what to do next. A photo that cannot be used raises no exception
during a run: it is a row with a reason (see ``faceproof.systems.faces.types.Failure``).
"""


class FaceproofError(Exception):
    """Root of all errors that faceproof raises."""


class ConfigurationError(FaceproofError, ValueError):
    """A setting, an option or a combination of them is invalid.

    Attributes:
        argument: name of the invalid Python argument; None if the cause is not a single argument.
    """

    def __init__(self, message: str = "", *, argument: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument


class PeopleError(FaceproofError):
    """A folder of people, a pair list, a split, or a file of templates or scores cannot be used."""


class ImageDecodeError(FaceproofError):
    """A photo cannot be decoded."""


class DegradationError(FaceproofError):
    """A degradation raised an exception, or returned something other than a picture."""


class WeightsError(FaceproofError):
    """A weights file is missing, damaged, another one than expected, or not safe to load."""


class DownloadError(FaceproofError):
    """A file cannot be downloaded, or the downloaded file is not the expected one."""


class ModelError(FaceproofError):
    """A recogniser fails on some faces, or returns something other than templates."""


class CacheError(FaceproofError):
    """The template cache cannot be read or written."""


class RunFolderError(FaceproofError):
    """A run folder is incomplete, of another version, or would be overwritten."""


class MetricUndefinedError(FaceproofError, ValueError):
    """A metric is not defined for the given data."""
