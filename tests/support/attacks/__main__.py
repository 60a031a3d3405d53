"""All attacks at full size, and one table of what they found: ``python -m attacks`` (``make attack``)."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from attacks import bits, environments, kills, photos, tables
from attacks.bench import Bench
from attacks.findings import Failures, Tally
from attacks.forks import Forks
from attacks.table import page_with, printed

SEED = 1
FOUND, NOT_RUN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run attacks, print the table; 1 where anything failed."""
    asked = _parsed(arguments)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    say(f"Starting {asked.jobs} processes that attacks are forked from ...")
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory(prefix="attack-", dir=asked.work) as work, Forks(asked.jobs) as forks:
        Path(work).chmod(0o755)  # another user works in it, too
        bench = Bench(forks, Path(work), Failures(asked.keep), asked.seed, asked.jobs, say)
        for name in asked.only or ATTACKS:
            tallies += ATTACKS[name](bench, asked.scale)
    print(printed(tallies))
    failed = [failure for tally in tallies for failure in tally.failures]
    for failure in failed:
        print(f"{failure.place}: {failure.name}: {failure.fault}: {failure.what[:300]}")
    if asked.write is not None:
        options = f" --scale {asked.scale:g}" * (asked.scale != 1) + f" --seed {asked.seed}" * (asked.seed != SEED)
        only = "".join(f" --only {name}" for name in asked.only or ())
        command = f'make attack ATTACK="{(options + only).strip()}"' if options + only else "make attack"
        asked.write.write_text(page_with(asked.write.read_text("utf-8"), tallies, command, asked.seed), "utf-8")
        say(f"The table is in {shlex.quote(str(asked.write))}.")
    return FOUND if failed else 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="attacks", description="Attack faceproof, and count what fails.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size (1)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of all that is drawn ({SEED})")
    parser.add_argument("--only", action="append", choices=list(ATTACKS), help="this attack alone; repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time (one a core)")
    parser.add_argument("--keep", type=Path, default=Path("attack-failures"), help="folder for inputs that fail")
    parser.add_argument("--work", type=Path, default=None, help="folder for temporary files")
    parser.add_argument("--write", type=Path, default=None, help="page whose table is written again")
    asked = parser.parse_args(arguments)
    if asked.scale <= 0 or asked.jobs < 1:
        parser.error("--scale and --jobs have to be above 0")
    return asked


def _photos(bench: Bench, scale: float) -> Iterator[Tally]:
    return photos.attack(bench, round(10_000 * scale), round(400 * scale))


def _kills(bench: Bench, scale: float) -> Iterator[Tally]:
    return kills.attack(bench, round(200 * scale))


def _bits(bench: Bench, scale: float) -> Iterator[Tally]:
    return bits.attack(bench, round(2_000 * scale))


def _tables(bench: Bench, scale: float) -> Iterator[Tally]:
    return tables.attack(bench, round(1_200 * scale))


def _environments(bench: Bench, scale: float) -> Iterator[Tally]:
    return environments.attack(bench, whole=scale >= 1)


ATTACKS: dict[str, Callable[[Bench, float], Iterator[Tally]]] = {
    "photos": _photos,
    "kills": _kills,
    "bits": _bits,
    "tables": _tables,
    "environments": _environments,
}

if __name__ == "__main__":
    sys.exit(main())
