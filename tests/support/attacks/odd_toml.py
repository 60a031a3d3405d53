"""Odd TOML files: cards beside a model's file, and suites of degradations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from attacks.cases import Case, Must

_CARD = """name = "mine"
{top}
[contract]
size_px = {size_px}
pixel_mean = {pixel_mean}
pixel_divisor = {pixel_divisor}
alignment = {alignment}
{more}
"""
_SOUND = {
    "top": "",
    "size_px": "112",
    "pixel_mean": "127.5",
    "pixel_divisor": "128.0",
    "alignment": '"margin_crop"',
    "more": "",
}
_RIGHT = {"size_px": 112, "pixel_mean": 127.5, "pixel_divisor": 128.0, "alignment": "margin_crop", "margin_px": 0}
_DEEP = 20_000


def read_card(path: Path) -> dict[str, Any]:
    """The contract of a card as the library reads it, with threshold and unit length where it says them."""
    from faceproof.systems.recognition.model_file import contract_from, read_model_file

    file = read_model_file(path)
    contract = contract_from(file.contract or {}, None, str(path)).model_dump(mode="json")
    found = {name: contract[name] for name in _RIGHT} | {"margin_px": contract["margin_px"]}
    said = {"threshold_distance": file.threshold_distance, "mirrored": contract["mirrored"] or None}
    return found | {name: value for name, value in said.items() if value is not None}


def read_suite(path: Path) -> list[list[Any]]:
    """The conditions of a suite as the library reads it: name, severity, parameters."""
    from faceproof.degrade.suites import get_suite

    return [
        [condition.name, condition.severity, dict(condition.parameters)] for condition in get_suite(path).conditions()
    ]


def cases(seed: int, count: int) -> Iterator[Case]:
    """So many odd cards and suites, taken in turn; nothing is drawn, as each is an idea of its own."""
    cards, suites = list(_cards()), list(_suites())
    in_turn = [case for pair in zip(cycle(suites), cards, strict=False) for case in pair]
    unique = list(dict.fromkeys(case.name for case in in_turn))
    by_name = {case.name: case for case in in_turn}
    yield from islice((by_name[name] for name in unique), count)


def _card(name: str, truth: Any, **parts: str) -> Case:
    text = _CARD.format(**(_SOUND | parts))
    return Case(f"card: {name}", "model.toml", text.encode(), read_card, truth)


def _cards() -> Iterator[Case]:
    refuse = Must.REFUSE
    yield _card("sound", _RIGHT)
    yield _card("a whole number", _RIGHT | {"pixel_divisor": 128.0}, pixel_divisor="128")
    yield _card("three numbers", _RIGHT | {"pixel_mean": [1.0, 2.0, 3.0]}, pixel_mean="[1, 2, 3]")
    yield _card("two numbers", refuse, pixel_mean="[1, 2]")
    yield _card("numbers as text", _RIGHT, pixel_mean='"127.5"')
    yield _card("a decimal comma", refuse, pixel_mean='"127,5"')
    yield _card("true as a number", refuse, pixel_divisor="true")
    yield _card("true as a size", refuse, size_px="true")
    yield _card("a size of 112.0", _RIGHT, size_px="112.0")
    yield _card("a size of 112.5", refuse, size_px="112.5")
    yield _card("a size of 10^9", refuse, size_px="1_000_000_000")
    yield _card("a size of 10^400", refuse, size_px="1" + "0" * 400)
    yield _card("a size below 0", refuse, size_px="-112")
    yield _card("no number", refuse, pixel_mean="nan")
    yield _card("an infinite divisor", refuse, pixel_divisor="inf")
    yield _card("a divisor of 0", refuse, pixel_divisor="0")
    yield _card("a divisor below 0", refuse, pixel_divisor="[128.0, -128.0, 128.0]")
    yield _card("a huge mean", Must.NOT_CRASH, pixel_mean="1e308")
    yield _card("a date", refuse, pixel_mean="2026-01-01")
    yield _card("hexadecimal", _RIGHT, size_px="0x70")
    yield _card("an unknown alignment", refuse, alignment='"five points"')
    yield _card("alignment in a list", refuse, alignment='["margin_crop"]')
    yield _card("an unknown field", refuse, more="pixel_scale = 2")
    yield _card("a field twice", refuse, more="size_px = 112")
    yield _card("margin over size", refuse, more="margin_px = 112")
    yield _card("points without alignment", refuse, more="template_points = [[1, 2], [3, 4], [5, 6], [7, 8], [9, 1]]")
    yield _card("points that are no numbers", refuse, alignment='"five_point"', more="template_points = [[nan, 1]]")
    yield _card("mirrored", _RIGHT | {"mirrored": True}, more="mirrored = true")
    yield _card("mirrored in words", refuse, more='mirrored = "maybe"')
    yield _card("threshold 0.9", _RIGHT | {"threshold_distance": 0.9}, top="threshold_distance = 0.9")
    yield _card("threshold 9", refuse, top="threshold_distance = 9")
    yield _card("threshold nan", refuse, top="threshold_distance = nan")
    yield _card("two thresholds", refuse, top="threshold = 0.4\nthreshold_distance = 0.9")
    yield _card("two tables", refuse, more="[contract]\nsize_px = 3")
    yield _card("brackets without end", refuse, top="x = " + "[" * _DEEP)
    yield _card("nested lists", refuse, top="x = " + "[" * _DEEP + "]" * _DEEP)
    yield _card("nested tables", refuse, more="x = " + "{a = " * _DEEP + "1" + "}" * _DEEP)
    yield _card("a deep key", refuse, top=".".join("a" * _DEEP) + " = 1")
    yield _card("many deep keys", refuse, top="\n".join(f"{'a.' * 200}k{n} = 1" for n in range(300)))
    yield _card("a very long text", refuse, top=f'title = "{"x" * 5_000_000}"\ny = 1')
    for name, content in {
        "empty": b"",
        "UTF-16": _CARD.format(**_SOUND).encode("utf-16"),
        "latin-1": 'name = "Zo\u00eb"\n'.encode("latin-1") + _CARD.format(**_SOUND).encode()[14:],
        "zero bytes": b"\0" * 100,
        "JSON": b'{"contract": {"size_px": 112}}',
        "a key without value": b"[contract]\nsize_px =\n",
        "a contract that is a list": b"contract = [112]\n",
    }.items():
        yield Case(f"card: {name}", "model.toml", content, read_card, refuse)


def _suite(name: str, truth: Any, *entries: str, top: str = "") -> Case:
    text = f'name = "s"\n{top}\n' + "\n".join(f"[[degradation]]\n{entry}" for entry in entries) + "\n"
    return Case(f"suite: {name}", "suite.toml", text.encode(), read_suite, truth)


def _suites() -> Iterator[Case]:
    refuse = Must.REFUSE
    blur = 'family = "gaussian-blur"'
    yield _suite("one severity", Must.NOT_CRASH, f"{blur}\nseverities = [2]")
    yield _suite("no degradation", refuse)
    yield _suite("an unknown family", refuse, 'family = "gaussian-blurr"')
    yield _suite("neither family nor function", refuse, 'name = "x"')
    yield _suite("severity 0", refuse, f"{blur}\nseverities = [0]")
    yield _suite("severity 99", refuse, f"{blur}\nseverities = [99]")
    yield _suite("severity -1", refuse, f"{blur}\nseverities = [-1]")
    yield _suite("severity 2.5", refuse, f"{blur}\nseverities = [2.5]")
    yield _suite("severity true", refuse, f"{blur}\nseverities = [true]")
    yield _suite("severity in words", refuse, f'{blur}\nseverities = "2"')
    yield _suite("a severity twice", refuse, f"{blur}\nseverities = [2, 2]")
    yield _suite("no severity", refuse, f"{blur}\nseverities = []")
    yield _suite("a family twice", refuse, blur, blur)
    yield _suite("levels of nan", refuse, f"{blur}\nlevels = [{{sigma_px = nan}}]")
    yield _suite("levels below 0", refuse, f"{blur}\nlevels = [{{sigma_px = -3.0}}]")
    yield _suite("infinite levels", refuse, f"{blur}\nlevels = [{{sigma_px = inf}}]")
    yield _suite("huge levels", Must.NOT_CRASH, f"{blur}\nlevels = [{{sigma_px = 1e300}}]")
    yield _suite("levels in words", refuse, f'{blur}\nlevels = [{{sigma_px = "3"}}]')
    yield _suite("other levels", refuse, f"{blur}\nlevels = [{{radius = 3.0}}]")
    yield _suite("no levels", refuse, f"{blur}\nlevels = []")
    yield _suite("a name with blanks", refuse, f'{blur}\nname = "my blur"')
    yield _suite("a name that leaves the folder", refuse, f'{blur}\nname = "../../x"')
    yield _suite("an unknown field", refuse, f"{blur}\nstrength = 2")
    yield _suite("a function that is none", refuse, 'function = "math:pi"')
    yield _suite("a function of no module", refuse, 'function = "no.such.module:f"')
    yield _suite(
        "a function that ends the process", refuse, 'function = "os:abort"\nlevels = [{severity = "x y"}]', blur, blur
    )
    yield _suite("nested lists", refuse, blur, top="x = " + "[" * _DEEP + "]" * _DEEP)
    yield _suite("nested levels", refuse, f"{blur}\nlevels = {'[' * _DEEP}{']' * _DEEP}")
    yield Case(
        "suite: a table in place of a list", "suite.toml", b"[degradation]\n" + blur.encode(), read_suite, refuse
    )
    yield Case("suite: empty", "suite.toml", b"", read_suite, refuse)
    yield Case("suite: noise", "suite.toml", bytes(range(256)), read_suite, refuse)
    yield Case("suite: a link to /dev/zero", "s.toml", None, read_suite, refuse, prepare=_link_to_zeros)


def _link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")
