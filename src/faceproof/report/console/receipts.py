"""Checks, repetitions and differences of runs on the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from faceproof.findings.differences import DifferentScore, ScoreDifferences
from faceproof.report.console.terminal import Column, print_path, print_table, print_text
from faceproof.report.words.formatting import count
from faceproof.report.words.receipts import (
    NO_CACHE,
    check_headline,
    diff_headline,
    names_in_words,
    numbers_in_words,
    numbers_of_rerun_in_words,
    rerun_headline,
    scores_in_words,
    similarities_in_words,
)
from faceproof.summary.number_differences import NumberDifference
from faceproof.summary.receipts import RerunCheck, RunCheck
from faceproof.summary.run_differences import RunDifferences, SettingDifference

if TYPE_CHECKING:
    from rich.console import Console

_NUMBERS_SHOWN, _SETTINGS_SHOWN = 30, 30
_PARTS = {
    "settings": "Settings",
    "data": "Data",
    "systems": "Systems",
    "versions": "Versions (no difference of results)",
    "machine": "Machine and paths (no difference of results)",
}


def print_check(check: RunCheck, console: Console) -> None:
    """Print the result for each part of a run."""
    print_text(console, check_headline(check), style="bold")
    console.print()
    columns = [Column("part"), Column("result", inline=True), Column("found", wraps=True)]
    print_table(console, columns, [[one.what, one.outcome, one.found] for one in check.checks])
    if check.manifest_sha256 is not None:
        console.print()
        print_path(console, "manifest_sha256", check.manifest_sha256)
    _print_notes(console, check.notes)


def print_rerun_check(check: RerunCheck, console: Console) -> None:
    """Print what differs between a run and its repetition."""
    print_text(console, rerun_headline(check), style="bold")
    for sentence in similarities_in_words(check.scores, check.tolerance):
        print_text(console, sentence)
    print_text(console, numbers_of_rerun_in_words(check))
    print_text(console, NO_CACHE)
    several = len(check.scores) > 1
    for one in check.scores:
        _print_examples(console, one, ("stored", "repeated"), several=several)
    _print_numbers(console, check.numbers, ("stored", "computed again"))
    _print_notes(console, check.notes)


def print_differences(found: RunDifferences, console: Console) -> None:
    """Print what differs between two runs."""
    print_text(console, diff_headline(found), style="bold")
    names = ("A", "B")
    print_text(console, f"A: {found.a}")
    print_text(console, f"B: {found.b}")
    for part, title in _PARTS.items():
        _print_settings(console, title, [one for one in found.settings if one.part == part], names)
        if part == "data":
            _print_data(console, found, names)
    if found.not_recorded:
        print_text(console, f"Only one manifest has: {', '.join(found.not_recorded)}.", style="dim")
    _print_results(console, found, names)


def _print_data(console: Console, found: RunDifferences, names: tuple[str, str]) -> None:
    for one in (found.photos, found.people):
        for sentence in names_in_words(one, *names) if one is not None else ():
            print_text(console, sentence)
    if found.comparisons:
        print_text(console, f"Comparisons of B against A: {'; '.join(found.comparisons)}.")


def _print_results(console: Console, found: RunDifferences, names: tuple[str, str]) -> None:
    console.print()
    print_text(console, "Results", style="bold")
    several = len(found.scores) > 1
    for one in found.scores:
        head = f"{one.system}, {one.condition}: " if several else ""
        print_text(console, f"{head}{scores_in_words(one, found.tolerance)}")
    if not found.scores:
        print_text(console, "The runs have no system in common.")
    if found.only_one:
        print_text(console, f"Only one of the runs has: {', '.join(found.only_one)}.")
    for one in found.scores:
        _print_examples(console, one, names, several=several)
    if found.numbers is None:
        print_text(console, "The numbers are not compared: the runs are of different kinds.")
    elif not found.numbers:
        print_text(console, "All numbers of metrics.json are equal, and so are their intervals.")
    else:
        _print_numbers(console, found.numbers, names)


def _print_settings(
    console: Console, title: str, settings: Sequence[SettingDifference], names: tuple[str, str]
) -> None:
    if not settings:
        return
    console.print()
    print_text(console, title, style="bold")
    columns = [
        Column("", wraps=True),
        *(Column(name, label=f"{name}:", wraps=True) for name in names),
    ]
    rows = [[one.name, _value(one.a), _value(one.b)] for one in settings[:_SETTINGS_SHOWN]]
    print_table(console, columns, rows)
    _print_more(console, len(settings) - _SETTINGS_SHOWN)


def _value(text: str | None) -> str:
    if text is None:
        return "none"
    return f"{text[:12]}..." if len(text) == 64 and text.isalnum() else text


def _print_numbers(console: Console, numbers: Sequence[NumberDifference], names: tuple[str, str]) -> None:
    if not numbers:
        return
    console.print()
    print_text(console, f"Numbers of metrics.json that differ: {count(len(numbers))}", style="bold")
    columns = [Column("number"), *(Column(name, label=f"{name}:", wraps=True) for name in names)]
    rows = [[one.name, *numbers_in_words(one)] for one in numbers[:_NUMBERS_SHOWN]]
    print_table(console, columns, rows)
    _print_more(console, len(numbers) - _NUMBERS_SHOWN)


def _print_more(console: Console, more: int) -> None:
    if more > 0:
        print_text(console, f"... and {count(more)} more; --json has all.")


def _print_examples(console: Console, one: ScoreDifferences, names: tuple[str, str], *, several: bool) -> None:
    if not one.examples:
        return
    console.print()
    where = f" of {one.system} under {one.condition}" if several else ""
    of = one.different + (one.decisions_within or 0)
    print_text(console, f"Comparisons that differ{where}: {count(of)}", style="bold")
    for example in one.examples:
        print_text(console, _example(example, names), mark="  ")
    if of > len(one.examples):
        print_text(console, f"... and {count(of - len(one.examples))} more.")


def _example(one: DifferentScore, names: tuple[str, str]) -> str:
    """A comparison with the similarities and the decisions of both runs, as text."""
    values = ((one.similarity_a, one.decision_a), (one.similarity_b, one.decision_b))
    shown = [
        f"{'no similarity' if similarity is None else f'{similarity:.7f}'} {name}"
        f"{f' ({decision})' if decision is not None and similarity is not None else ''}"
        for name, (similarity, decision) in zip(names, values, strict=True)
    ]
    return f"{one.comparison}: {one.photo_a} and {one.photo_b}: {', '.join(shown)}"


def _print_notes(console: Console, notes: Sequence[str]) -> None:
    for note in notes:
        print_text(console, note, mark="! ", mark_style="yellow")
