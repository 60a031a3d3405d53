"""Attacks on faceproof: hostile inputs and surroundings from a seed, and what they found.

``make attack`` runs all of them at full size and ``tests/attack`` a part of them. docs/reliability.md says what is
attacked and how failures are counted.
"""
