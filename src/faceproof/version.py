"""The version of faceproof: the only place that holds it; the package metadata are built from it."""

__version__ = "0.1.0"
