"""Five comparisons of five photos of three people, for tests of what joins runs."""

from __future__ import annotations

PAIRS = [("ann/1", "ann/2"), ("ben/1", "ben/2"), ("ann/1", "ben/1"), ("ann/2", "cem/1"), ("ben/2", "cem/1")]
SIMILARITY = [0.9, 0.8, 0.1, 0.2, 0.3]
