"""Odd score files: numbers, labels, separators, encodings, quotes and columns as spreadsheets and people write them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from attacks.bench import child_rng
from attacks.cases import Case, Must

Rng = np.random.Generator

LABELS = (
    *(("1", "0"), ("1", "-1"), ("1.0", "0.0"), ("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f")),
    *(("mated", "non-mated"), ("genuine", "impostor"), ("same", "different"), ("match", "non-match")),
    *(("positive", "negative"), ("client", "impostor"), ("mated", "nonmated"), ("match", "mismatch")),
    *(("0", "1"), ("0", "-1"), ("2", "1"), ("vrai", "faux"), ("+", "-"), ("pass", "fail"), ("known", "unknown")),
    *(("Same Person", "Other Person"), ("non-match", "match"), ("genuine", "genuine_not"), ("1", "no"), ("-1", "1")),
)
"""Words for mated and non-mated; some are no words that are read, some mean the opposite."""

OPPOSITE = frozenset({("0", "1"), ("-1", "1"), ("non-match", "match")})
"""Words whose intention no reader can know: they read as they usually mean."""

_MISSING = ("", "NaN", "nan", "NA", "n/a", "null", "None", "#N/A", "-", "?", "inf", "-inf", "1e999", "missing")
ENCODINGS = (*["utf-8"] * 9, "utf-8-sig", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32", "utf-7")
READ_LABELS = LABELS[:15]
_SEPARATORS = (",", ";", "\t", "|")
_NEWLINES = ("\n", "\n", "\r\n", "\r")


def _grouped(value: float, thousands: str, decimal: str) -> str:
    return f"{value:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))


STYLES: dict[str, Callable[[float], str]] = {
    "point": lambda x: f"{x:.4f}",
    "comma": lambda x: f"{x:.4f}".replace(".", ","),
    "comma and three digits": lambda x: f"{x:.3f}".replace(".", ","),
    "exponent": lambda x: f"{x:.6e}",
    "exponent and comma": lambda x: f"{x:.6e}".replace(".", ","),
    "signed": lambda x: f"{x:+.4f}",
    "padded": lambda x: f"  {x:09.4f} ",
    "thousands and point": lambda x: _grouped(x * 1000, ",", "."),
    "thousands and comma": lambda x: _grouped(x * 1000, ".", ","),
    "thousands and blank": lambda x: _grouped(x * 1000, " ", ","),
    "thousands and apostrophe": lambda x: _grouped(x * 1000, "'", "."),
    "whole thousands": lambda x: f"{round(x * 9000):,}",
    "whole": lambda x: str(round(x * 90)),
    "huge": lambda x: f"{x * 1e307:.6e}",
    "tiny": lambda x: f"{x * 1e-307:.6e}",
    "many digits": lambda x: f"{x:.40f}",
    "per cent": lambda x: f"{x * 100:.2f}%",
    "hexadecimal": lambda x: float(x).hex(),
    "underscores": lambda x: f"{round(x * 90_000):_}",
    "minus sign": lambda x: f"{x - 1:.4f}".replace("-", "\N{MINUS SIGN}"),
    "wide digits": lambda x: f"{x:.4f}".translate({48 + d: 0xFF10 + d for d in range(10)}),
    "dollar": lambda x: f"${x:.4f}",
    "comma sometimes": lambda x: f"{x:.1f}".replace(".0", "").replace(".", ","),
}


def _value(style: str, x: float) -> float:
    """The number that a cell of a style means."""
    if style.startswith("thousands"):
        return round(x * 1000, 2)
    exact = {"whole thousands": 9000, "whole": 90, "underscores": 90_000}
    if style in exact:
        return float(round(x * exact[style]))
    if style in ("huge", "tiny"):
        return float(f"{x * (1e307 if style == 'huge' else 1e-307):.6e}")
    rounded = {"minus sign": x - 1, "comma and three digits": round(x, 3), "comma sometimes": round(x, 1)}
    return float(rounded.get(style, x))


def read(path: Path, decimal: str | None = None) -> dict[str, Any]:
    """Scores and labels of a file as the library reads them."""
    from faceproof.systems.external.score_file import read_scores

    found = read_scores(path) if decimal is None else read_scores(path, decimal=decimal)
    return {"score": found.score.tolist(), "mated": found.mated.tolist()}


def cases(seed: int, count: int) -> Iterator[Case]:
    """So many odd score files: the fixed ones, then drawn ones."""
    fixed = list(_fixed())
    yield from fixed[:count]
    styles, labels = cycle(STYLES), cycle(LABELS)
    for number in range(count - len(fixed)):
        words = next(labels) if number % 3 == 0 else READ_LABELS[number % len(READ_LABELS)]
        yield _drawn(child_rng(seed, "scores", number), number, next(styles), words)


def _drawn(rng: Rng, number: int, style: str, labels: tuple[str, str]) -> Case:
    """A file in which a style of numbers and a pair of labels meet drawn separators, encodings, quotes and more."""
    rows = int(rng.integers(6, 30))
    x = np.round(rng.uniform(0.01, 1.9, rows), 4)
    mated = rng.random(rows) < 0.5
    scores = [_value(style, float(value)) for value in x]
    cells = [STYLES[style](float(value)) for value in x]
    if rng.random() < 0.3:
        missing = str(rng.choice(_MISSING))
        place = int(rng.integers(rows))
        cells[place], scores[place] = missing, float("inf") if "inf" in missing or "e9" in missing else float("nan")
    changed = (str.lower, str.lower, str.upper, str.title)[int(rng.integers(4))]
    words = [changed(labels[0 if one else 1]) for one in mated]
    separator = str(rng.choice(_SEPARATORS))
    encoding, newline = str(rng.choice(ENCODINGS)), str(rng.choice(_NEWLINES))
    quoted = rng.random() < 0.5 or any(separator in cell for cell in cells)
    text = _text(rng, cells, words, separator, newline, quoted=bool(quoted))
    truth = {"score": scores, "mated": [bool(one) for one in mated]}
    decimal = _decimal(style) if rng.random() < 0.4 else None
    name = f"scores {number}: {style}, {'/'.join(labels)}, {separator!r}, {encoding}, {newline!r}, decimal {decimal}"
    content = text.encode(encoding, "replace")
    options = (decimal,)
    return Case(name, "scores.csv", content, read, Must.NOT_CRASH if labels in OPPOSITE else truth, options)


def _decimal(style: str) -> str:
    return "comma" if style in _WITH_COMMA else "point"


_WITH_COMMA = frozenset(
    {"comma", "comma and three digits", "exponent and comma", "thousands and comma", "thousands and blank"}
    | {"comma sometimes"}
)


def _text(rng: Rng, cells: list[str], words: list[str], separator: str, newline: str, *, quoted: bool) -> str:
    """The table, with what people put around it."""

    def quote(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if quoted and cell else cell

    names = [f"Zoë {n % 7}" for n in range(len(cells))]
    columns = {"similarity": cells, str(rng.choice(["mated", "label", "Label", " MATED "])): words}
    if rng.random() < 0.3:
        columns["comment"] = [f"a{separator}b\n" if quoted else "c" for _ in cells]
    if rng.random() < 0.3:
        columns |= {"person_a": names, "person_b": [f"{name} x" for name in names]}
    if rng.random() < 0.2:
        columns = {"": list(map(str, range(len(cells)))), **columns}
    order = [str(name) for name in rng.permutation(list(columns))]
    lines = [separator.join(map(quote, order))]
    lines += [separator.join(quote(columns[name][row]) for name in order) for row in range(len(cells))]
    if rng.random() < 0.2:
        lines.insert(int(rng.integers(1, len(lines))), "")
    end = newline if rng.random() < 0.7 else newline * int(rng.integers(0, 4))
    return newline.join(lines) + end


def _fixed() -> Iterator[Case]:
    """Files that are worth a look whatever is drawn."""
    good = "similarity,mated\n0.5,1\n0.25,0\n"
    truth = {"score": [0.5, 0.25], "mated": [True, False]}

    def case(name: str, content: str | bytes, right: Any = Must.REFUSE, file: str = "scores.csv") -> Case:
        return Case(f"scores: {name}", file, content.encode() if isinstance(content, str) else content, read, right)

    yield case("a sound file", good, truth)
    yield case("label -1", "similarity,label\n0.5,1\n0.25,-1\n", truth)
    yield case("thousands beside none", "similarity;mated\n6,640;1\n640;0\n7,120;1\n")
    yield case("point thousands beside none", "similarity;mated\n6.640;1\n640;0\n")
    yield case("two words mixed", "similarity,mated\n0.5,1\n0.25,no\n")
    yield case("a column twice", "similarity,similarity,mated\n0.5,0.1,1\n0.25,0.9,0\n")
    yield case("labels twice", "similarity,mated,mated\n0.5,1,0\n0.25,0,1\n")
    yield case("two kinds of score", "similarity,distance,mated\n0.5,0.1,1\n0.25,0.9,0\n")
    yield case("no first line", "0.5,1\n0.25,0\n")
    yield case("only a first line", "similarity,mated\n")
    yield case("empty", "")
    yield case("blank lines only", "\n\n  \n")
    yield case("a quote that is never closed", 'similarity,mated\n0.5,1\n"0.25,0\n0.75,1\n')
    yield case("a quote within a cell", 'similarity,mated\n0.5,1\n0.2"5,0\n')
    yield case("a cell too few", "similarity,mated,fold\n0.5,1,0\n0.25,0\n")
    yield case("zero bytes", "similarity,mated\n0.5,1\n0.2\x005,0\n")
    yield case("zeros at the end", good.encode() + b"\0" * 4096, truth)
    yield case("cut within a number", "similarity,mated\n0.5,1\n0.25,0\n0.9")
    yield case("two tables", good + "\n" + good)
    yield case("gzip", gzip.compress(good.encode()))
    yield case("a parquet file", b"PAR1" + b"\0" * 100 + b"PAR1")
    yield case("JSON", '[{"similarity": 0.5, "mated": 1}]')
    yield case("a very long cell", "similarity,mated,comment\n0.5,1," + "x" * 10_000_000 + "\n0.25,0,\n", truth)
    yield case("very many columns", "similarity,mated," + ",".join(f"c{n}" for n in range(20_000)) + "\n0.5,1\n")
    yield case("the same pair, same score", _named("a,b,0.5,1\nb,a,0.5,1\nc,d,0.25,0\n"), truth)
    yield case("the same pair, other score", _named("a,b,0.5,1\na,b,0.4,1\nc,d,0.25,0\n"))
    yield case("the same pair, other label", _named("a,b,0.5,1\nb,a,0.5,0\nc,d,0.25,0\n"))
    yield case("fold in words", "similarity,mated,fold\n0.5,1,one\n0.25,0,two\n")
    yield case("a huge fold", "similarity,mated,fold\n0.5,1,999999999999\n0.25,0,0\n")
    yield case("half a fold", "similarity,mated,fold\n0.5,1,0.5\n0.25,0,0\n")
    yield case("other numbers in the label", "similarity,mated\n0.5,1\n0.25,2\n")
    yield case("an empty label", "similarity,mated\n0.5,1\n0.25,\n")
    yield Case("scores: a pipe", "scores.csv", None, read, Must.REFUSE, prepare=os.mkfifo)
    yield Case("scores: a folder", "scores.csv", None, read, Must.REFUSE, prepare=os.mkdir)
    yield Case("scores: /dev/zero", "scores.csv", None, read, Must.REFUSE, prepare=lambda p: p.symlink_to("/dev/zero"))
    yield Case("scores: nothing", "scores.csv", None, read, Must.REFUSE)


def _named(rows: str) -> str:
    return "photo_a,photo_b,similarity,mated\n" + rows
