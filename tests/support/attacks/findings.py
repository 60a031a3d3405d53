"""What attacks found: counts of what was tried and what failed, and the inputs that failed, kept for a closer look."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path

from attacks.orders import Ended


class Fault(StrEnum):
    """The ways in which an input may fail, as the columns of the table."""

    CRASH = "crashes"
    LOST = "rows lost"
    WRONG = "wrong numbers"
    HANG = "hangs"


@dataclass(frozen=True)
class Failure:
    """One input that failed.

    Attributes:
        fault: how.
        name: of the input, from which it can be made again.
        what: what was seen.
        place: folder with copies of the files that did it.
    """

    fault: Fault
    name: str
    what: str
    place: Path


class Failures:
    """Makes `Failure` objects, and keeps the files of each below a folder. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = count(1)

    def add(self, fault: Fault, name: str, what: str, files: Iterable[Path] = ()) -> Failure:
        """Copy the files of a failed input, and write what was seen beside them."""
        place = self.folder / f"{next(self._number):04d}-{fault.name.lower()}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "what.txt").write_text(f"{name}\n{fault}: {what}\n", "utf-8", "backslashreplace")
        for file in files:
            if file.is_symlink():
                (place / file.name).symlink_to(file.readlink())
            elif file.is_dir():
                shutil.copytree(file, place / file.name, dirs_exist_ok=True, symlinks=True, ignore=_special)
            elif file.is_file():
                shutil.copyfile(file, place / file.name)
        return Failure(fault, name, what, place)

    def of(self, name: str, ended: Ended, files: Sequence[Path] = ()) -> list[Failure]:
        """A crash or a hang, where the process of an input ended in one."""
        if ended.timed_out:
            return [self.add(Fault.HANG, name, f"no end after {ended.seconds:.0f} s", files)]
        if ended.crash is not None:
            return [self.add(Fault.CRASH, name, ended.crash, files)]
        return []


@dataclass
class Tally:
    """One row of the table.

    Attributes:
        attack: name of the attack.
        part: which part of it.
        inputs: what is counted, such as ``mutated files``.
        tried: how many.
        failures: those that failed.
        not_tried: why the part could not be tried here; empty: it was.
    """

    attack: str
    part: str
    inputs: str
    tried: int = 0
    failures: list[Failure] = field(default_factory=list)
    not_tried: str = ""

    def add(self, tried: int, failures: Iterable[Failure]) -> None:
        """Count inputs and what failed among them."""
        self.tried += tried
        self.failures += failures

    def counts(self) -> dict[Fault, int]:
        """Failures by the way in which they failed."""
        found = Counter(failure.fault for failure in self.failures)
        return {fault: found[fault] for fault in Fault}


def _special(folder: str, names: list[str]) -> list[str]:
    """Pipes and sockets, which cannot be copied."""
    places = ((name, Path(folder, name)) for name in names)
    return [name for name, place in places if not (place.is_symlink() or place.is_dir() or place.is_file())]
