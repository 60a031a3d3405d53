"""Odd pair lists: CSV files and lists in the format of Labeled Faces in the Wild."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from attacks.bench import child_rng
from attacks.cases import Case, Must
from attacks.odd_scores import ENCODINGS, LABELS, OPPOSITE, READ_LABELS

Rng = np.random.Generator

PEOPLE = ("Ann_Lee", "Bob Ross", "Zoë_Å", "007", "NA", "true")
PHOTOS = 3
_HEADERS = (
    *(("path_a", "path_b"), ("photo_a", "photo_b"), ("Path A", "Path B"), ("PATH-A", "PATH-B")),
    *(("image1", "image2"), None),
)
_HUGE = ("1\t999999999", "30000 300000000", "999999999 999999999", "0 300", "-1 5", "1e9", "10 300 5", "3", "")

_CSV_ODDITIES = (
    *("none", "none", "none", "again", "again", "swapped", "swapped"),
    *("both labels", "itself", "unknown", "ragged", "quote"),
)
_LFW_ODDITIES = ("none", "none", "blank lines", "blank lines", "trailing", "missing", "more", "negative", "four")

Truth = list[list[Any]]


def photo(person: int, number: int) -> str:
    """Place of a photo below the folder of people."""
    return f"{PEOPLE[person]}/{PEOPLE[person]}_{number + 1:04d}.jpg"


def write_people(root: Path, content: bytes) -> None:
    """The folder of people that the lists are about."""
    for person in range(len(PEOPLE)):
        for number in range(PHOTOS):
            file = root / photo(person, number)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content + bytes([person, number]))


def read(path: Path, protocol: str, root: Path) -> Truth:
    """The comparisons of a pair list as the library reads them: photos, label and fold of each."""
    from faceproof.people.folder import read_people
    from faceproof.people.pair_csv import csv_protocol
    from faceproof.people.pair_files import lfw_protocol

    people = read_people(root)
    made = (csv_protocol if protocol == "csv" else lfw_protocol)(people, path)
    rows = zip(made.row_a.tolist(), made.row_b.tolist(), made.mated.tolist(), made.fold.tolist(), strict=True)
    return [[made.photos[a].id, made.photos[b].id, mated, fold] for a, b, mated, fold in rows]


def cases(seed: int, count: int, root: Path) -> Iterator[Case]:
    """So many odd pair lists about the people below ``root``."""
    yield from islice((_claiming(claim, root) for claim in _HUGE), count)
    labels, headers = cycle(LABELS), cycle(_HEADERS)
    for number in range(count - len(_HUGE)):
        rng = child_rng(seed, "pairs", number)
        if number % 3 < 2:
            words = next(labels) if number % 4 == 0 else READ_LABELS[number % len(READ_LABELS)]
            yield _csv(rng, number, words, next(headers), root)
        else:
            yield _lfw(rng, number, root)


def _claiming(claim: str, root: Path) -> Case:
    """A list of two pairs whose first line claims something else."""
    text = f"{claim}\nAnn_Lee\t1\t2\nAnn_Lee\t1\t007\t1\n"
    return Case(f"pairs: lfw, first line {claim!r}", "pairs.txt", text.encode(), read, Must.REFUSE, ("lfw", root))


def _drawn_pairs(rng: Rng, count: int) -> list[tuple[str, str, bool]]:
    """Different pairs, mated and non-mated by turns."""
    found: dict[frozenset[str], tuple[str, str, bool]] = {}
    while len(found) < count:
        mated = len(found) % 2 == 0
        one, other = (int(person) for person in rng.choice(len(PEOPLE), 2, replace=False))
        first, second = (int(place) for place in rng.choice(PHOTOS, 2, replace=False))
        a, b = photo(one, first), photo(one if mated else other, second)
        found.setdefault(frozenset({a, b}), (a, b, mated))
    return list(found.values())


def _csv(rng: Rng, number: int, labels: tuple[str, str], header: tuple[str, str] | None, root: Path) -> Case:
    pairs = _drawn_pairs(rng, int(rng.integers(4, 15)))
    folds = rng.permutation(np.arange(len(pairs)) % 3) * 7 + 2 if rng.random() < 0.4 else None
    spelling = str(rng.choice(["plain", "plain", "dot", "backslash", "absolute", "nfd", "slash"]))
    separator, encoding = str(rng.choice([",", ";", "\t"])), str(rng.choice(ENCODINGS))
    rows = [
        [_spelt(a, spelling, root), _spelt(b, spelling, root), labels[0 if mated else 1]]
        + ([] if folds is None else [str(folds[row])])
        for row, (a, b, mated) in enumerate(pairs)
    ]
    truth = [
        [a, b, mated, -1 if folds is None else int(folds[row] - 2) // 7] for row, (a, b, mated) in enumerate(pairs)
    ]
    oddity = str(rng.choice(_CSV_ODDITIES))
    rows, right = _with_oddity(oddity, rows, labels, truth)
    if header is not None:
        names = [*header, str(rng.choice(["mated", "label", "Mated"]))]
        rows.insert(0, names if folds is None else [*names, "fold"])
    text = "\n".join(separator.join(_quoted(cell, separator) for cell in row) for row in rows) + "\n"
    if oddity == "quote":
        text = text[:-1] + '\n"' + text.splitlines()[-1] + "\n"
    name = f"pairs {number}: csv, {'/'.join(labels)}, {header}, {spelling}, {separator!r}, {encoding}, {oddity}"
    if right != Must.REFUSE:
        right = Must.NOT_CRASH if labels in OPPOSITE else right if labels in READ_LABELS else Must.REFUSE
    return Case(name, "pairs.csv", text.encode(encoding, "replace"), read, right, ("csv", root))


def _with_oddity(
    oddity: str, rows: list[list[str]], labels: tuple[str, str], truth: Truth
) -> tuple[list[list[str]], Truth | str]:
    """The rows with one that is odd, and what they then say."""
    last = rows[-1]
    label = labels[1] if last[2] == labels[0] else labels[0]
    odd: dict[str, tuple[list[str], Truth | str]] = {
        "again": (last, truth),
        "swapped": ([last[1], last[0], *last[2:]], truth),
        "both labels": ([*last[:2], label, *last[3:]], Must.REFUSE),
        "itself": ([last[0], last[0], *last[2:]], Must.REFUSE),
        "unknown": (["Nobody/Nobody_0001.jpg", *last[1:]], Must.REFUSE),
        "ragged": (last[:-1], Must.REFUSE),
    }
    if oddity not in odd:
        return rows, Must.REFUSE if oddity == "quote" else truth
    row, right = odd[oddity]
    return [*rows, row], right


def _spelt(place: str, spelling: str, root: Path) -> str:
    return {
        "dot": f"./{place}",
        "backslash": place.replace("/", "\\"),
        "absolute": str(root / place),
        "nfd": unicodedata.normalize("NFD", place),
        "slash": place.replace("/", "//"),
    }.get(spelling, place)


def _quoted(cell: str, separator: str) -> str:
    return f'"{cell}"' if separator in cell or " " in cell else cell


def _lfw(rng: Rng, number: int, root: Path) -> Case:
    """A list of two folds."""
    each = int(rng.integers(1, 4))
    pairs = _drawn_pairs(rng, 4 * each)
    mated, others = [pair for pair in pairs if pair[2]], [pair for pair in pairs if not pair[2]]
    in_order = [*mated[:each], *others[:each], *mated[each:], *others[each:]]
    separator = str(rng.choice(["\t", "\t", " "]))
    padded = rng.random() < 0.3
    lines = [separator.join(_lfw_fields(a, b, padded=bool(padded))) for a, b, _ in in_order]
    oddity = str(rng.choice(_LFW_ODDITIES))
    lines, whole = _lfw_oddity(oddity, lines, separator)
    # A name with a blank cannot be told from two fields.
    unclear = separator == " " and any("Bob Ross" in line for line in lines)
    truth = [[a, b, same, row // (2 * each)] for row, (a, b, same) in enumerate(in_order)]
    newline, encoding = str(rng.choice(["\n", "\r\n"])), str(rng.choice(ENCODINGS))
    text = newline.join([f"2{separator}{each}", *lines]) + newline
    name = f"pairs {number}: lfw, {separator!r}, {encoding}, {oddity}"
    right: Truth | str = truth if whole and not unclear else Must.REFUSE
    return Case(name, "pairs.txt", text.encode(encoding, "replace"), read, right, ("lfw", root))


def _lfw_fields(a: str, b: str, *, padded: bool) -> list[str]:
    (one, first), (two, second) = (_person_and_number(place, padded=padded) for place in (a, b))
    return [one, first, second] if one == two else [one, first, two, second]


def _person_and_number(place: str, *, padded: bool) -> tuple[str, str]:
    person, number = place.partition("/")[0], int(place[-8:-4])
    return person, f"{number:04d}" if padded else str(number)


def _lfw_oddity(oddity: str, lines: list[str], separator: str) -> tuple[list[str], bool]:
    """The lines with something odd, and whether they still say what they said."""
    odd = {
        "blank lines": ([*lines[:1], "", "  ", *lines[1:], ""], True),
        "trailing": ([f"{line}  " for line in lines], True),
        "missing": (lines[:-1], False),
        "more": ([*lines, lines[-1]], False),
        "negative": ([lines[0].replace("1", "-1").replace("2", "-2").replace("3", "-3"), *lines[1:]], False),
        "four": ([f"{lines[0]}{separator}extra{separator}5", *lines[1:]], False),
    }
    return odd.get(oddity, (lines, True))
