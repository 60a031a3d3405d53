"""Plans of what photos can show, on the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faceproof.metrics.operating_points import fmr_label
from faceproof.report.console.terminal import Column, print_table, print_text
from faceproof.report.words.formatting import count, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


def print_reach(
    console: Console,
    *,
    people: int,
    photos: int,
    comparisons: tuple[int, int],
    rows: Sequence[tuple[float, bool, int | None, tuple[float, float], Sequence[tuple[float, float | None]]]],
    observed: Sequence[float],
    source: str,
) -> None:
    """Print what all comparisons of people can show.

    Args:
        console: console to print to.
        people: number of people.
        photos: photos of each person.
        comparisons: number of mated and of non-mated comparisons.
        rows: for each target FMR: the FMR, whether FNMR there has an upper end, the people that it needs, the interval
            of FMR, and the intervals of FNMR for each of ``observed``.
        observed: observed FNMRs.
        source: the system whose dependence of comparisons is used.
    """
    mated, non_mated = comparisons
    print_text(
        console,
        f"All comparisons of {count(people)} people with {count(photos)} photos each: {count(mated)} mated, "
        f"{count(non_mated)} non-mated.",
        style="bold",
    )
    columns = [
        Column("FMR"),
        Column("told", label="told:"),
        Column("interval", label="interval:"),
        *(Column(f"FNMR {fmr_label(fnmr)}", label=f"FNMR {fmr_label(fnmr)}:") for fnmr in observed),
    ]
    print_table(console, columns, [_cells(*row) for row in rows])
    console.print()
    print_text(
        console,
        "told: whether FNMR at this FMR will have an upper end, or from how many people on. interval: the 95% interval "
        "of the FMR itself, where it is observed at a threshold set elsewhere. Then the 95% interval of FNMR at this "
        "FMR, where it is observed.",
    )
    print_text(console, f"How alike comparisons of the same people are: {source}.")


def _cells(
    fmr: float,
    resolvable: bool,
    needed: int | None,
    interval: tuple[float, float],
    of_fnmr: Sequence[tuple[float, float | None]],
) -> list[str]:
    said = "yes" if resolvable else "never" if needed is None else f"from {count(needed)}"
    return [fmr_label(fmr), said, _ends(interval), *map(_ends, of_fnmr)]


def _ends(interval: tuple[float, float | None]) -> str:
    low, high = interval
    return f"{percent(low, sign=False)}% or more" if high is None else f"{percent(low, sign=False)} to {percent(high)}"


def print_needs(
    console: Console, claim: str, photos: int, needs: Sequence[tuple[float, int | None]], source: str
) -> None:
    """Print how many people a claim needs.

    Args:
        console: console to print to.
        claim: the claim.
        photos: photos of each person.
        needs: for each expected rate: the rate, and the number of people.
        source: the system whose dependence of comparisons is used.
    """
    print_text(console, f"People with {count(photos)} photos each, all compared, to show {claim}:", style="bold")
    columns = [Column(""), Column("people", label="people:", right=True)]
    print_table(
        console,
        columns,
        [[f"if {percent(rate)} is observed", "over a million" if n is None else count(n)] for rate, n in needs],
    )
    console.print()
    print_text(console, f"How alike comparisons of the same people are: {source}. There is no margin for bad luck.")
