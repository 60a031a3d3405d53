"""Attack: commands that are killed at a random moment.

Afterwards the folder has to read as the old result, as the new one, or as unfinished; and the same command has to
give the same result as a run that nobody killed. Half of the moments are by the clock, half are steps of the command
in the file system, which a seed gives again on any machine.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from attacks.bench import Bench, child_rng
from attacks.findings import Failure, Fault, Tally
from attacks.orders import Stop
from attacks.results import NOTHING, UNFINISHED, WHOLE
from attacks.scene import (
    OUT,
    Command,
    Known,
    commands,
    furnish,
    make_scene,
    run,
    state,
    undisturbed,
    wrong_again,
)

_FIGURES_IN = 20
_FRESH_IN = 10
_START_S = 6.0
"""How long Python and the imports take at the start of a process that is not forked, about."""


def attack(bench: Bench, kills: int, only: Sequence[str] = ()) -> Iterator[Tally]:
    """A tally for each command, ``kills`` in all; ``only`` names the commands, if not all."""
    with bench.folder("kills") as scene:
        make_scene(bench, scene)
        every = [command for command in commands(scene) if not only or command.name in only]
        for command, count in zip(every, shared_out(every, kills), strict=True):
            tally = Tally("kills", command.name, "kills")
            known = undisturbed(bench, scene, command)
            for failures in bench.map(partial(_killed, bench, known), range(count)):
                tally.add(1, failures)
            bench.say(f"kills: {command.name}, {count} kills, {len(tally.failures)} failures")
            yield tally


def shared_out(every: list[Command], kills: int) -> list[int]:
    """How many kills each command gets."""
    parts = sum(command.share for command in every)
    wanted = [max(1, kills * command.share // parts) for command in every]
    wanted[0] += max(0, kills - sum(wanted))
    return wanted


def _killed(bench: Bench, known: Known, number: int) -> list[Failure]:
    """One kill: what is wrong with the folder afterwards, or with what the same command then gives."""
    rng = child_rng(bench.seed, "kill", known.command.name, number)
    number_of_signal = signal.SIGKILL if rng.random() < 0.75 else signal.SIGTERM
    fresh, figures = number % _FRESH_IN == 7, number % _FIGURES_IN == 11
    if fresh or figures or rng.random() < 0.5:
        longest = known.seconds * 1.1 + (_START_S if fresh or figures else 0)
        stop = Stop(number_of_signal, after_s=float(rng.uniform(0.01, longest)))
        moment = f"after {stop.after_s:.3f} s"
    else:
        # Half of these in the last third, where the result is put in its place.
        first = 1 if rng.random() < 0.5 else max(1, known.steps * 2 // 3)
        stop = Stop(number_of_signal, at_step=int(rng.integers(first, known.steps + 1)))
        moment = f"at step {stop.at_step} of {known.steps}"
    name = f"seed {bench.seed}, {known.command.name}, kill {number}: {signal.Signals(number_of_signal).name} {moment}"
    with bench.folder("kill") as place:
        furnish(place, known)
        ended = run(bench, place, known.command.arguments, figures=figures, stop=stop, fresh=fresh)
        if failures := bench.failures.of(name, ended):
            return failures
        return _wrong_afterwards(bench, known, name, place, figures=figures)


def _wrong_afterwards(bench: Bench, known: Known, name: str, place: Path, *, figures: bool) -> list[Failure]:
    found = state(bench, place)
    right = {known.before.digest, known.after.digest} - {""}
    stopped = found.kind == UNFINISHED or (found.kind == NOTHING and known.old is None)
    # A result with figures has more files than the reference.
    whole = found.kind == WHOLE and (found.digest in right or figures)
    if not stopped and not whole:
        what = f"the folder is neither old nor new nor unfinished: {found}"
        return [bench.failures.add(Fault.WRONG, name, what, [place / OUT])]
    if whole and known.old is None:
        return []  # it was finished; the same command would rightly ask for --overwrite
    return wrong_again(bench, known, name, place)
