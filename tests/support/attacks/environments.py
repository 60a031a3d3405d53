"""Attack: surroundings in which programs break: narrow consoles, full disks, little memory, no home, no /proc.

A command has to give the right numbers, or end with a message and a documented exit code. Where it failed, the same
command has to give the right result once the surroundings are sound.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attacks.bench import Bench
from attacks.child import mount_disk, unmount_disk
from attacks.findings import Failure, Fault, Tally
from attacks.orders import CLOSED_PIPE, Ended
from attacks.scene import (
    OUT,
    Known,
    commands,
    furnish,
    make_scene,
    must,
    run,
    undisturbed,
    wrong_again,
    wrong_result,
)

WIDTHS = (0, 1, 20, 40, 60, 80)
QUOTAS = (0, 500, 2_000, 5_000, 20_000, 60_000, 150_000, 400_000)
DISKS = (8_192, 16_384, 65_536, 131_072, 262_144, 524_288)
PLACES = ("run folder", "cache", "TMPDIR")
MEMORIES_GIB = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48)
STRANGER = 61_234
"""A user whom no system knows."""
_ROOMY_GIB = 8
"""Address space in which the numbers have to come, whatever becomes of the figures."""


@dataclass(frozen=True)
class Trial:
    """A command in odd surroundings.

    Attributes:
        name: what is odd.
        order: attributes of `attacks.orders.Order`.
        must_succeed: whether nothing but success is right.
        options: further options of the command.
    """

    name: str
    order: dict[str, Any] = field(default_factory=dict)
    must_succeed: bool = False
    options: tuple[str, ...] = ()


def attack(bench: Bench, *, whole: bool) -> Iterator[Tally]:
    """A tally for each kind of surroundings; a part of them, and faster, where not ``whole``."""
    with bench.folder("environments") as scene:
        make_scene(bench, scene)
        known = [undisturbed(bench, scene, one) for one in commands(scene)[: None if whole else 1]]
        yield _consoles(bench, scene, WIDTHS if whole else WIDTHS[::3], whole=whole)
        for part, trials in _PARTS.items():
            tally = Tally("environments", part, "commands")
            for command, trial in _pairs(known, trials(whole)):
                tally.add(1, _tried(bench, command, trial))
            bench.say(f"environments: {part}, {tally.tried} commands, {len(tally.failures)} failures")
            yield tally
        yield _disks(bench, known, whole=whole)
        yield _memory(bench, known[0], MEMORIES_GIB if whole else MEMORIES_GIB[3:4])


def _pairs(known: Sequence[Known], trials: Sequence[Trial]) -> Iterator[tuple[Known, Trial]]:
    for trial in trials:
        for command in known:
            yield command, trial


def _quotas(whole: bool) -> list[Trial]:
    sizes = QUOTAS if whole else QUOTAS[1::3]
    return [Trial(f"no file over {size:,} bytes", {"limits": {"RLIMIT_FSIZE": size}}) for size in sizes]


def _streams(whole: bool) -> list[Trial]:
    return [
        Trial("stdout on /dev/full", {"stdout": "/dev/full"}),
        Trial("stdout on a closed pipe", {"stdout": CLOSED_PIPE}),
        *([Trial("JSON on /dev/full", {"stdout": "/dev/full"}, options=("--json",))] if whole else []),
    ]


def _homes(whole: bool) -> list[Trial]:
    nowhere = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"))
    trials = [
        Trial("no HOME", {"variables": nowhere}, must_succeed=True),
        Trial("HOME that is not there", {"variables": nowhere | {"HOME": "/nowhere/at/all"}}, must_succeed=True),
        Trial("HOME is /dev/null", {"variables": nowhere | {"HOME": "/dev/null"}}, must_succeed=True),
    ]
    if os.geteuid() == 0:
        trials += [
            Trial("another user, who may write nothing", {"user": 65_534}),
            Trial("an unknown user without HOME", {"user": STRANGER, "variables": nowhere | {"FACEPROOF_CACHE": None}}),
        ]
    return trials


def _starts(whole: bool) -> list[Trial]:
    trials = [
        Trial("SIGINT ignored", {"ignore_interrupts": True}, must_succeed=True),
        Trial("ASCII and no locale", {"variables": {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}}, must_succeed=True),
        Trial("TMPDIR that is not there", {"variables": {"TMPDIR": "/nowhere/at/all"}}),
    ]
    if whole:
        trials.append(Trial("Python started anew, SIGINT ignored", {"ignore_interrupts": True, "fresh": True}, True))
    if os.geteuid() == 0:
        trials.append(Trial("no /proc", {"hide_proc": True, "fresh": whole}, must_succeed=True))
    return trials


_PARTS: dict[str, Callable[[bool], list[Trial]]] = {
    "full or closed stdout": _streams,
    "files of limited size": _quotas,
    "no home, other users, read-only folders": _homes,
    "start of the process": _starts,
}


def _tried(bench: Bench, known: Known, trial: Trial) -> list[Failure]:
    """What is wrong with a command in odd surroundings, and with the same command afterwards."""
    name = f"{known.command.name}, {trial.name}"
    with bench.folder("environment") as place:
        furnish(place, known)
        ended = run(bench, place, (*known.command.arguments, *trial.options), **trial.order)
        return judged(bench, known, name, place, ended, must_succeed=trial.must_succeed)


def judged(
    bench: Bench, known: Known, name: str, place: Path, ended: Ended, *, must_succeed: bool = False
) -> list[Failure]:
    """What is wrong with how a command ended, and with the same command in peace where it failed."""
    if failures := bench.failures.of(name, ended):
        return failures
    if ended.code == 0:
        return wrong_result(bench, known, name, place)
    if must_succeed:
        return [bench.failures.add(Fault.LOST, name, f"exit code {ended.code}: {ended.stderr[-300:]}")]
    if "faceproof: " not in ended.stderr and ended.stderr.strip():
        return [bench.failures.add(Fault.CRASH, name, f"no message of faceproof's: {ended.stderr[-300:]}")]
    if known.old is None and (place / OUT / "manifest.json").exists():
        return wrong_result(bench, known, name, place)  # the result was there before the output failed
    return wrong_again(bench, known, name, place)


def _consoles(bench: Bench, scene: Path, widths: Sequence[int], *, whole: bool) -> Tally:
    """Every number of a wide console has to be on a narrow one, whole."""
    tally = Tally("environments", f"consoles of {', '.join(map(str, widths))} columns", "commands")
    shown: dict[str, tuple[str, ...]] = {
        "report": ("report", "one"),
        "compare": ("compare", "one", "other", "--out", "compared", "--overwrite"),
    }
    if whole:
        must(run(bench, scene, next(one.arguments for one in commands(scene) if one.name == "stress")))
        (scene / OUT).rename(scene / "stressed")
        shown["report of stress"] = ("report", "stressed")
        shown["score"] = ("score", "scores.csv", "--out", "scored", "--overwrite")
    for name, arguments in shown.items():
        wide = _numbers_in(must(_printed(bench, scene, arguments, 200)).stdout)
        for width in widths:
            ended = _printed(bench, scene, arguments, width)
            failures = bench.failures.of(f"{name}, {width} columns", ended)
            lacking = wide - _numbers_in(ended.stdout)
            if not failures and (lacking or ended.code != 0):
                what = f"exit code {ended.code}; missing or cut: {', '.join(sorted(lacking)[:10])}"
                failures = [bench.failures.add(Fault.WRONG, f"{name}, {width} columns", what)]
            tally.add(1, failures)
    bench.say(f"environments: {tally.part}, {tally.tried} commands, {len(tally.failures)} failures")
    return tally


def _printed(bench: Bench, scene: Path, arguments: Sequence[str], width: int) -> Ended:
    return run(bench, scene, arguments, variables={"COLUMNS": str(width)})


def _numbers_in(text: str) -> Counter[str]:
    """Words with a digit in them, but for times, which differ from run to run."""
    timeless = re.sub(r"[0-9.,]+\s+ms", "", text)
    return Counter(word.strip(".,:;()") for word in timeless.split() if re.search(r"[0-9]", word))


def _disks(bench: Bench, known: Sequence[Known], *, whole: bool) -> Tally:
    """Small file systems in place of the run folder, of the cache and of TMPDIR; they grow, and the command goes on."""
    tally = Tally("environments", "small disks", "commands")
    with bench.folder("mount") as place, bench.forks.one() as forks:
        if forks.call(mount_disk, str(place / "tmp"), 65_536).raised is not None:
            tally.not_tried = "mounting is not permitted here"
            return tally
        forks.call(unmount_disk, str(place / "tmp"))
        alone = replace(bench, forks=forks, jobs=1)
        for command in known:
            for below in PLACES if whole else PLACES[:1]:
                for size in DISKS if whole else DISKS[1:2]:
                    tally.add(1, _on_small_disk(alone, command, below, size))
    bench.say(f"environments: small disks, {tally.tried} commands, {len(tally.failures)} failures")
    return tally


def _on_small_disk(bench: Bench, known: Known, below: str, size: int) -> list[Failure]:
    name = f"{known.command.name}, {below} on a disk of {size:,} bytes"
    with bench.folder("disk") as place:
        small = place / {"run folder": OUT, "cache": "cache", "TMPDIR": "tmp"}[below]
        small.mkdir(exist_ok=True)
        # The old result lies there, and the disk holds that much more.
        old = _bytes_in(known.old) if below == "run folder" and known.old is not None else 0
        bench.forks.call(mount_disk, str(small), size + 2 * old)
        try:
            bench.forks.call(furnish, place, known)
            ended = run(bench, place, known.command.arguments)
            bench.forks.call(_grow, str(small))
            return judged(bench, known, name, place, ended)
        finally:
            bench.forks.call(unmount_disk, str(small))


def _grow(folder: str) -> None:
    mount_disk(folder, 1 << 28, again=True)


def _bytes_in(folder: Path) -> int:
    # A file takes whole pages.
    return sum(path.stat().st_size + 4096 for path in folder.rglob("*"))


def _memory(bench: Bench, known: Known, sizes_gib: Sequence[int]) -> Tally:
    """Address space that figures cannot have: from some size on the numbers have to come all the same."""
    tally = Tally("environments", "limited address space, with figures", "commands")
    for size in sizes_gib:
        name = f"evaluate with figures, {size} GiB of address space"
        with bench.folder("memory") as place:
            furnish(place, known)
            ended = run(
                *(bench, place, known.command.arguments), figures=True, fresh=True, limits={"RLIMIT_AS": size << 30}
            )
            failures = bench.failures.of(name, ended)
            if not failures and ended.code != 0 and size >= _ROOMY_GIB:
                failures = [bench.failures.add(Fault.LOST, name, f"exit code {ended.code}: {ended.stderr[-300:]}")]
            if not failures and ended.code == 0:
                shutil.rmtree(place / OUT / "figures", ignore_errors=True)
                again = must(run(bench, place, ("report", OUT)))  # without figures, as the reference is
                failures = bench.failures.of(name, again) or wrong_result(bench, known, name, place)
            tally.add(1, failures)
    bench.say(f"environments: {tally.part}, {tally.tried} commands, {len(tally.failures)} failures")
    return tally
