"""Protocols: they determine which photos are compared, before face detection.

A protocol is a function from a `PhotoSet` to `Comparisons`. The same photos and settings give the same comparisons on
every machine. ``docs/protocol.md`` describes when to use each protocol.
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Iterable

import numpy as np

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.comparison_memory import refuse_too_many
from faceproof.people.pair_csv import csv_protocol
from faceproof.people.pair_files import lfw_protocol
from faceproof.people.pairing import Rows, compose, person_codes, some
from faceproof.people.types import Comparisons, Group, PhotoSet

_SAMPLED_ADVICE = "protocol 'sampled' makes non-mated comparisons of people who have several photos"


def folders_protocol(people: PhotoSet, *, one_photo_people: int | None = None) -> Comparisons:
    """The first two photos of each person who has two, and pairs of people with one photo.

    Mated: photos 1 and 2 of each person with two photos or more. Non-mated: photo 1 of the first and the second
    one-photo person, of the third and the fourth, and so on, in sorted order. No photo is used twice. Photos below
    ``matched_faces/`` are for mated comparisons, photos below ``mismatched_faces/`` for non-mated ones.

    Args:
        people: the photos.
        one_photo_people: number of one-photo people to use, the first in sorted order, 0 or more; None: all.

    Returns:
        Mated comparisons, then non-mated, without folds.

    Raises:
        ConfigurationError: ``one_photo_people`` is negative.
        PeopleError: there is nothing to compare.
    """
    if one_photo_people is not None:
        _refuse_negative("one_photo_people", one_photo_people)
    groups = {photo.group for photo in people.photos}
    grouped = groups != {"any"}
    rows_of = _rows_of_people(people, "mated" if grouped else "any")
    couples = [rows[:2] for rows in rows_of.values() if len(rows) >= 2]
    alone = [person for person, rows in rows_of.items() if len(rows) == 1]
    notes = []
    if grouped:
        if alone:
            notes.append(f"{len(alone):,} people in matched_faces have a single photo: left out ({some(alone)}).")
        if "any" in groups:
            notes.append("Photos outside matched_faces and mismatched_faces are not used.")
        singles = [rows[0] for rows in _rows_of_people(people, "non_mated").values()]
    else:
        singles = [rows_of[person][0] for person in alone]
    singles, more_notes = _whole_couples(people, singles, one_photo_people)
    pairs = np.array(couples + list(zip(singles[::2], singles[1::2], strict=True)), np.int64).reshape(-1, 2)
    return compose(
        people,
        pairs[:, 0],
        pairs[:, 1],
        np.arange(len(pairs)) < len(couples),
        protocol="folders",
        settings={"one_photo_people": None if one_photo_people is None else int(one_photo_people)},
        notes=notes + more_notes,
    )


def all_protocol(people: PhotoSet, *, limit: int = 1_000_000) -> Comparisons:
    """Every photo against every other photo, each pair once.

    Args:
        people: the photos.
        limit: largest number of comparisons, 0 or more.

    Returns:
        n (n - 1) / 2 comparisons of n photos, without folds.

    Raises:
        PeopleError: there would be more than ``limit``, or none.
        ConfigurationError: ``limit`` is negative.
    """
    _refuse_negative("limit", limit)
    photos = len(people.photos)
    total = math.comb(photos, 2)
    if total > limit:
        raise PeopleError(
            f"Protocol 'all' on {photos:,} photos makes {total:,} comparisons, above the limit of {limit:,}. "
            "Use protocol 'sampled', fewer photos, or a higher limit."
        )
    refuse_too_many(total, "Use protocol 'sampled', or fewer photos.")
    later = np.arange(photos - 1, -1, -1)
    row_a, row_b = _unrank(np.arange(total), later, np.arange(1, photos + 1))
    codes = person_codes(people.photos)
    return compose(people, row_a, row_b, codes[row_a] == codes[row_b], protocol="all", settings={"limit": int(limit)})


def sampled_protocol(people: PhotoSet, *, mated: int = 3000, non_mated: int = 3000, seed: int = 0) -> Comparisons:
    """A random sample of mated and of non-mated comparisons, with equal probability for each pair, no pair twice.

    Args:
        people: the photos. Pairs are not listed, so there may be millions of photos.
        mated: number of mated comparisons, 0 or more; all if fewer exist.
        non_mated: number of non-mated comparisons, 0 or more; all if fewer exist.
        seed: 0 or more. The two kinds are drawn from separate random streams.

    Returns:
        Mated comparisons, then non-mated, without folds. They depend on photos and settings only.

    Raises:
        ConfigurationError: a number is negative.
        PeopleError: there is nothing to compare.
    """
    for name, value in (("mated", mated), ("non_mated", non_mated), ("seed", seed)):
        _refuse_negative(name, value)
    codes = person_codes(people.photos)
    by_person = np.argsort(codes, kind="stable")
    place = np.arange(len(codes))
    end_of_person = np.searchsorted(codes[by_person], codes[by_person], side="right")
    kinds = (
        ("mated", int(mated), end_of_person - 1 - place, place + 1),
        ("non-mated", int(non_mated), len(place) - end_of_person, end_of_person),
    )
    refuse_too_many(sum(min(wanted, int(partners.sum())) for _, wanted, partners, _ in kinds), "Ask for fewer.")
    streams = np.random.SeedSequence(int(seed)).spawn(len(kinds))
    sides, notes = [], []
    for (kind, wanted, partners, first_partner), stream in zip(kinds, streams, strict=True):
        existing = int(partners.sum())
        if wanted > existing:
            notes.append(f"{wanted:,} {kind} comparisons were requested; all {existing:,} that exist are used.")
        ranks = _draw(np.random.PCG64(stream), existing, min(wanted, existing))
        sides.append(_unrank(ranks, partners, first_partner))
    row_a, row_b = (by_person[np.concatenate(side)] for side in zip(*sides, strict=True))
    return compose(
        people,
        row_a,
        row_b,
        codes[row_a] == codes[row_b],
        protocol="sampled",
        settings={"mated": int(mated), "non_mated": int(non_mated), "seed": int(seed)},
        notes=notes,
    )


PROTOCOLS: dict[str, Callable[..., Comparisons]] = {
    "all": all_protocol,
    "csv": csv_protocol,
    "folders": folders_protocol,
    "lfw": lfw_protocol,
    "sampled": sampled_protocol,
}


def list_protocols() -> list[str]:
    """Names of all protocols.

    >>> list_protocols()
    ['all', 'csv', 'folders', 'lfw', 'sampled']
    """
    return sorted(PROTOCOLS)


def make_comparisons(name: str, people: PhotoSet, **settings: object) -> Comparisons:
    """The comparisons of a protocol, by name.

    Args:
        name: one of `list_protocols`.
        people: the photos.
        settings: keyword arguments of that protocol, such as ``pairs``.

    Returns:
        The comparisons.

    Raises:
        ConfigurationError: there is no such protocol, or a setting is missing or unknown.
        PeopleError: an error of the protocol, such as a malformed pair list.
    """
    if name not in PROTOCOLS:
        raise ConfigurationError(f"There is no protocol {name!r}.{_closest(name, PROTOCOLS)}")
    protocol = PROTOCOLS[name]
    _people, *takes = inspect.signature(protocol).parameters.values()
    known = [parameter.name for parameter in takes]
    for setting in settings:
        if setting not in known:
            raise ConfigurationError(f"Protocol {name!r} has no setting {setting!r}.{_closest(setting, known)}")
    for parameter in takes:
        if parameter.default is parameter.empty and settings.get(parameter.name) is None:
            raise ConfigurationError(f"Protocol {name!r} needs the setting {parameter.name!r}.")
    return protocol(people, **settings)


def _rows_of_people(people: PhotoSet, group: Group) -> dict[str, list[int]]:
    """Rows of each person's photos of one group, in sorted order."""
    rows: dict[str, list[int]] = {}
    for row, photo in enumerate(people.photos):
        if photo.group == group:
            rows.setdefault(photo.person, []).append(row)
    return rows


def _whole_couples(people: PhotoSet, singles: list[int], most: int | None) -> tuple[list[int], list[str]]:
    """Rows of an even number of one-photo people, at most ``most``, and notes on the others."""
    notes = []
    if not singles:
        notes.append(f"Nobody has exactly one photo, so there is no non-mated comparison; {_SAMPLED_ADVICE}.")
    if most is not None and most < len(singles):
        notes.append(f"The first {most:,} of {len(singles):,} one-photo people are used, as requested.")
        singles = singles[:most]
    elif most is not None and most > len(singles) > 0:
        notes.append(f"{most:,} one-photo people were requested; there are {len(singles):,}.")
    if len(singles) % 2:
        person = people.photos[singles[-1]].person
        notes.append(f"{person} has no partner for a non-mated comparison: left out.")
        singles = singles[:-1]
    return singles, notes


def _unrank(ranks: Rows, partners: Rows, first_partner: Rows) -> tuple[Rows, Rows]:
    """Pairs by rank. The partners of photo i are ``first_partner[i]`` and the ``partners[i] - 1`` photos after it.

    Ranks number the pairs of photo 0 first, then those of photo 1, and so on.
    """
    after = np.cumsum(partners)
    row_a = np.searchsorted(after, ranks, side="right")
    return row_a, first_partner[row_a] + ranks - (after - partners)[row_a]


def _draw(stream: np.random.PCG64, total: int, count: int) -> Rows:
    """``count`` distinct numbers below ``total``, all subsets with equal probability, in ascending order.

    The result is the first ``count`` distinct numbers of the stream. If ``count`` is over half of ``total``, the
    numbers to leave out are drawn instead. Only raw bits of PCG64 are used. NumPy guarantees these for all versions
    and machines, but not the output of `numpy.random.Generator`.
    """
    if count > total // 2:
        taken = np.ones(total, dtype=np.bool_)
        taken[_draw(stream, total, total - count)] = False
        return np.flatnonzero(taken)
    bits = total.bit_length()
    drawn: list[np.ndarray] = []
    missing = count
    values = first = np.empty(0, dtype=np.int64)
    while missing > 0:
        raw = (stream.random_raw(missing * (3 << bits) // (2 * total) + 64) >> np.uint64(64 - bits)).astype(np.int64)
        drawn.append(raw[raw < total])
        values, first = np.unique(np.concatenate(drawn), return_index=True)
        missing = count - len(values)
    return np.sort(values[np.argsort(first)[:count]])


def _refuse_negative(name: str, value: int) -> None:
    if value < 0:
        raise ConfigurationError(f"{name} is {value}: expected 0 or more.")


def _closest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{hint} Expected one of {', '.join(names)}." if names else " It has none."
