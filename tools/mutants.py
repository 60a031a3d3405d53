"""Change one operator of faceproof at a time and report the changes that no test notices.

    python tools/mutants.py [--only TEXT] [--jobs N] [--list FILE]

A mutant is the package with one change. The list, tests/mutants.toml, names for each the file, the old and the new
text, and the tests that must fail. The change is made in a copy of the package in a temporary folder; the working tree
stays as it is. Each line says what became of a mutant:

- killed: a test failed, or ran past its time limit.
- survived: all tests passed, so they do not hold the value that the change makes wrong.
- equivalent: the list gives the reason why no test can tell the change; it is not run.
- does not apply: the old text does not occur exactly once in its file.
- no answer: the tests could not be run.

The exit status is 1 where a mutant survived, did not apply or gave no answer. Tests with real photos or a browser take
no part, so that the answer is the same on every machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path("src") / "faceproof"
LIST = ROOT / "tests" / "mutants.toml"

_LEAST_S, _TIMES_AS_LONG = 60.0, 10
_KILLED_BY = {1, 2}
"""Exit statuses of pytest for a test that failed and for a module that cannot be imported."""

_PLUGIN = """
import os
from pathlib import Path
import pytest

def pytest_configure(config):
    import faceproof
    if not Path(faceproof.__file__).resolve().is_relative_to(os.environ["MUTANT_PACKAGE"]):
        raise pytest.UsageError(f"the tests import {faceproof.__file__}, not the changed copy")
"""


@dataclass(frozen=True)
class Mutant:
    """One change of the package.

    Attributes:
        path: file below ``src/faceproof``.
        old: text that occurs exactly once in it.
        new: what stands there instead.
        tests: paths or node ids of tests, one of which must fail.
        equivalent: why no test can tell the change; None: a test must.
    """

    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    equivalent: str | None = None

    def applied_to(self, source: str) -> str | None:
        """The changed source; None where the old text does not occur exactly once."""
        return source.replace(self.old, self.new) if source.count(self.old) == 1 else None

    def __str__(self) -> str:
        """File and change on one line."""
        old, new = (" ".join(text.split()) for text in (self.old, self.new))
        return f"{self.path}: {old}  ->  {new}"


def read_list(path: Path = LIST) -> list[Mutant]:
    """The mutants of a list, a TOML file.

    Args:
        path: holds ``[[file]]`` with ``path`` and ``tests``, and below each ``[[file.mutant]]`` with ``old``, ``new``
            and, where they differ, ``tests`` of its own, or ``equivalent``.

    Raises:
        KeyError: an entry lacks a field.
    """
    found = []
    for file in tomllib.loads(path.read_text("utf-8"))["file"]:
        for entry in file["mutant"]:
            tests = tuple(entry.get("tests", file["tests"]))
            found.append(Mutant(file["path"], entry["old"], entry["new"], tests, entry.get("equivalent")))
    return found


class Copy:
    """A copy of the package, in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        """Copy the package into ``folder``, which must not exist."""
        self.folder = folder
        shutil.copytree(ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "mutant_plugin.py").write_text(_PLUGIN, "utf-8")

    def write(self, path: str, source: str) -> None:
        """Replace a file, and remove what Python compiled of it: a file of equal size and time would be mistaken."""
        file = self.folder / PACKAGE / path
        file.write_text(source, "utf-8")
        Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)

    def run(self, tests: Sequence[str], limit_s: float | None) -> tuple[int | None, str]:
        """Run tests on the copy: pytest's exit status, None where it ran past the limit, and the end of its output."""
        plugins = ["-p", "no:cacheprovider", "-p", "no:slipcover", "-p", "mutant_plugin"]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", *plugins]
        command += ["--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml"), "-m", "not real_photos and not browser"]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(self.folder / "src"), str(self.folder)]),
            "MUTANT_PACKAGE": str((self.folder / PACKAGE).resolve()),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.folder / "hypothesis"),
            "OMP_NUM_THREADS": "1",
        }
        try:
            done = subprocess.run(
                [*command, *(str(ROOT / test) for test in tests)],
                cwd=self.folder,
                env=environment,
                timeout=limit_s,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout[-2000:]


def judge(mutant: Mutant, copy: Copy, limit_s: float) -> tuple[str, str]:
    """What became of a mutant, in the words of this module's docstring, and what pytest printed last."""
    source = (ROOT / PACKAGE / mutant.path).read_text("utf-8")
    changed = mutant.applied_to(source)
    if changed is None:
        return "does not apply", ""
    if mutant.equivalent is not None:
        return "equivalent", ""
    copy.write(mutant.path, changed)
    try:
        status, output = copy.run(mutant.tests, limit_s)
    finally:
        copy.write(mutant.path, source)
    if status is None or status in _KILLED_BY:
        return "killed", output
    return ("survived" if status == 0 else "no answer"), output


@contextmanager
def lent(free: SimpleQueue[Copy]) -> Iterator[Copy]:
    """A copy that nobody else uses meanwhile."""
    copy = free.get()
    try:
        yield copy
    finally:
        free.put(copy)


def time_limits(
    mutants: Sequence[Mutant], free: SimpleQueue[Copy], pool: ThreadPoolExecutor
) -> dict[tuple[str, ...], float]:
    """Seconds that each selection of tests may take, from how long it takes without a change.

    Raises:
        SystemExit: a selection fails, or selects nothing, without a change.
    """
    selections = list(dict.fromkeys(one.tests for one in mutants if one.equivalent is None))

    def took(tests: tuple[str, ...]) -> float:
        with lent(free) as copy:
            start = time.monotonic()
            status, output = copy.run(tests, None)
            if status:
                raise SystemExit(f"Without a change, {' '.join(tests)} ends with status {status}:\n{output}")
            return time.monotonic() - start

    times = pool.map(took, selections)
    return {tests: max(_LEAST_S, _TIMES_AS_LONG * seconds) for tests, seconds in zip(selections, times, strict=True)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the list and print a line for each mutant; 0 where all are killed or equivalent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="TEXT", help="only mutants whose path or texts contain TEXT")
    parser.add_argument("--jobs", type=int, default=max((os.cpu_count() or 2) // 2, 1), metavar="N", help="at a time")
    parser.add_argument("--list", type=Path, default=LIST, metavar="FILE", help="another list of mutants")
    options = parser.parse_args(arguments)
    mutants = [one for one in read_list(options.list) if options.only in str(one)]
    if not mutants:
        parser.error(f"no mutant contains {options.only!r}")
    counts: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="faceproof-mutants-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        free: SimpleQueue[Copy] = SimpleQueue()
        for number in range(options.jobs):
            free.put(Copy(Path(folder) / str(number)))
        limits = time_limits(mutants, free, pool)
        print(f"{len(limits)} selections of tests pass without a change; {len(mutants)} mutants follow.", flush=True)

        def answer(mutant: Mutant) -> tuple[str, str]:
            with lent(free) as copy:
                return judge(mutant, copy, limits.get(mutant.tests, _LEAST_S))

        for mutant, (outcome, output) in zip(mutants, pool.map(answer, mutants), strict=True):
            counts[outcome] = counts.get(outcome, 0) + 1
            print(f"{outcome:<15}{mutant}", flush=True)
            if outcome == "equivalent":
                print(f"{'':<15}{mutant.equivalent}")
            elif outcome == "no answer":
                print(output)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    return int(not counts.keys() <= {"killed", "equivalent"})


if __name__ == "__main__":
    sys.exit(main())
