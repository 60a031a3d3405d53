"""Attacks at a size for every day; ``make attack`` runs them at full size (docs/reliability.md)."""

from __future__ import annotations

import pytest


def test_mutated_photos(bench, nothing_failed):
    from attacks import photos

    assert nothing_failed(photos.attack(bench, 130, 0)) > 130


@pytest.mark.slow
def test_mutated_photos_through_nets(bench, nothing_failed):
    from attacks import photos

    assert nothing_failed(photos.attack(bench, 1, 12)) > 12


def test_kills(bench, nothing_failed):
    from attacks import kills

    commands = ("evaluate --overwrite", "stress", "report --threshold")
    assert nothing_failed(kills.attack(bench, 9, commands)) == 9


def test_flipped_bits(bench, nothing_failed):
    from attacks import bits

    assert nothing_failed(bits.attack(bench, 120)) >= 110


def test_odd_files(bench, nothing_failed):
    from attacks import tables

    assert nothing_failed(tables.attack(bench, 140, bomb_bytes=1 << 28)) >= 130


def test_odd_surroundings(bench, nothing_failed):
    from attacks import environments

    assert nothing_failed(environments.attack(bench, whole=False)) > 15
