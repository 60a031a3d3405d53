"""The version of faceproof."""

__version__ = "0.1.0"
