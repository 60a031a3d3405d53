"""Find out whether a face verification system works on your photos, and how sure you may be of it."""

__version__ = "0.1.0"
