"""People who do not exist, runs of theirs, and what commands give when nothing disturbs them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attacks.bench import MODEL, SIDE_PX, WITH_TOY_MODEL, Bench, child_rng, surroundings
from attacks.findings import Failure, Fault
from attacks.orders import Ended
from attacks.pictures import drawn, jpeg
from attacks.results import BROKEN, NOTHING, WHOLE, State, state_of

PEOPLE, PHOTOS = 5, 3
OUT = "run"
SECONDS = 300.0

_SUITE = """name = "two"
[[degradation]]
family = "gaussian-blur"
severities = [1, 3]
[[degradation]]
family = "jpeg"
severities = [2]
"""
_SECOND_MODEL = """

class Grays(Pixels):
    def embed(self, batch):
        return super().embed(batch.mean(axis=1, keepdims=True).repeat(3, axis=1))
"""


@dataclass(frozen=True)
class Command:
    """A command that leaves a result in the folder `OUT`.

    Attributes:
        name: for the table.
        arguments: the command.
        before: the command whose result is in the folder already; empty: none is.
        share: how often an attack takes it, in parts.
    """

    name: str
    arguments: tuple[str, ...]
    before: tuple[str, ...] = ()
    share: int = 1


@dataclass(frozen=True)
class Known:
    """What a command does when nothing disturbs it.

    Attributes:
        command: the command.
        scene: folder with what it reads.
        old: folder with the result that is there before; None: nothing is.
        before: its state.
        after: the state afterwards.
        seconds: how long the command takes.
        steps: how often it changes the file system.
    """

    command: Command
    scene: Path
    old: Path | None
    before: State
    after: State
    seconds: float
    steps: int


def make_scene(bench: Bench, scene: Path) -> None:
    """Write people, a suite, scores and two runs, of two models, into a folder."""
    for person in range(PEOPLE):
        home = scene / "people" / f"person-{person}"
        home.mkdir(parents=True)
        for photo in range(PHOTOS):
            (home / f"{photo}.jpg").write_bytes(jpeg(drawn(bench.seed, person, photo, SIDE_PX)))
    (scene / "people" / "person-0" / "broken.jpg").write_bytes(b"\xff\xd8\xff broken")
    (scene / "two.toml").write_text(_SUITE)
    rng = child_rng(bench.seed, "scores")
    rows = [f"{0.3 + 0.3 * (n % 3 == 0) + rng.normal(0, 0.15):.4f},{int(n % 3 == 0)}" for n in range(90)]
    (scene / "scores.csv").write_text("similarity,mated\n" + "\n".join(rows) + "\n")
    (scene / "toy_model.py").write_text(MODEL + _SECOND_MODEL)
    for name, model in (("one", "Pixels"), ("other", "Grays")):
        options = [option.replace("Pixels", model) for option in WITH_TOY_MODEL]
        must(run(bench, scene, ("evaluate", "people", "--protocol", "all", *options, "--out", name)))


def commands(scene: Path) -> list[Command]:
    """The commands that leave a result, on an empty folder and over an old result."""
    people = str(scene / "people")
    judged = ("evaluate", people, "--protocol", "all", *WITH_TOY_MODEL, "--out", OUT)
    stressed = (
        "stress",
        people,
        "--protocol",
        "all",
        *WITH_TOY_MODEL,
        "--suite",
        str(scene / "two.toml"),
        "--out",
        OUT,
    )
    scored = ("score", str(scene / "scores.csv"), "--out", OUT)
    one, other = str(scene / "one"), str(scene / "other")
    old, new, again = ("--threshold", "0.9"), ("--threshold", "0.6"), ("--overwrite",)
    return [
        Command("evaluate", (*judged, *new), share=4),
        Command("evaluate --overwrite", (*judged, *new, *again), (*judged, *old), share=4),
        Command("stress", (*stressed, *new), share=3),
        Command("stress --overwrite", (*stressed, *new, *again), (*stressed, *old), share=3),
        Command("report --threshold", ("report", OUT, *new), (*judged, *old), share=3),
        Command("score", (*scored, "--threshold", "0.4"), share=1),
        Command("score --overwrite", (*scored, "--threshold", "0.4", *again), (*scored, "--threshold", "0.2"), share=1),
        Command(
            "compare --overwrite", ("compare", one, other, "--out", OUT, *again), ("compare", other, one, "--out", OUT)
        ),
    ]


def run(bench: Bench, folder: Path, arguments: Sequence[str], *, figures: bool = False, **more: Any) -> Ended:
    """A command in a folder of `Bench.folder`; ``more`` are attributes of `attacks.orders.Order`."""
    options = ("--quiet",) if figures else ("--quiet", "--no-figures")
    settings = {"seconds": SECONDS, "folder": folder} | more
    settings["variables"] = surroundings(folder) | settings.get("variables", {})
    return bench.forks.command(*arguments, *options, **settings)


def must(ended: Ended) -> Ended:
    """The end of a command that has to succeed.

    Raises:
        RuntimeError: it did not.
    """
    if ended.code != 0:
        raise RuntimeError(f"a command fails that nothing disturbs: {ended.stderr or ended.stdout}")
    return ended


def state(bench: Bench, folder: Path) -> State:
    """What the result folder holds."""
    ended = bench.forks.call(state_of, folder / OUT)
    if isinstance(ended.value, State):
        return ended.value
    return State(BROKEN, why=f"reading it ends in {ended.raised or ended.crash or ended.code}")


def undisturbed(bench: Bench, scene: Path, command: Command) -> Known:
    """Run a command in peace.

    Raises:
        RuntimeError: it fails, or gives what was there before.
    """
    place = scene / command.name.replace(" ", "_")
    place.mkdir()
    for below in ("cache", "tmp", "home"):
        (place / below).mkdir()
    shutil.copyfile(scene / "toy_model.py", place / "toy_model.py")
    old, before = None, State(NOTHING)
    if command.before:
        must(run(bench, place, command.before))
        old, before = place / "old", state(bench, place)
        shutil.copytree(place / OUT, old)
    ended = must(run(bench, place, command.arguments, count_steps=True))
    after = state(bench, place)
    if after.kind != WHOLE or after.digest == before.digest:
        raise RuntimeError(f"{command.name} gives no new result: {after}")
    return Known(command, scene, old, before, after, ended.seconds, ended.steps or 1)


def furnish(place: Path, known: Known) -> None:
    """Put what a command finds into a folder of `Bench.folder`: the toy models, and the old result."""
    shutil.copyfile(known.scene / "toy_model.py", place / "toy_model.py")
    if known.old is not None and not (place / OUT).is_symlink():
        shutil.copytree(known.old, place / OUT, dirs_exist_ok=True)


def wrong_result(bench: Bench, known: Known, name: str, place: Path) -> list[Failure]:
    """What is wrong with the result of a command that succeeded."""
    found = state(bench, place)
    if (found.kind, found.digest) == (WHOLE, known.after.digest):
        return []
    lost = any(found.rows.get(file, 0) < rows for file, rows in known.after.rows.items())
    what = f"the result is {found}; expected {known.after}"
    return [bench.failures.add(Fault.LOST if lost else Fault.WRONG, name, what, [place / OUT])]


def wrong_again(bench: Bench, known: Known, name: str, place: Path) -> list[Failure]:
    """What is wrong when the same command is given again, in peace, after it was stopped or failed."""
    again = run(bench, place, known.command.arguments)
    if failures := bench.failures.of(f"{name}, then again", again):
        return failures
    if again.code != 0:
        what = f"the same command fails: {again.stderr[-300:]}"
        return [bench.failures.add(Fault.LOST, name, what, [place / OUT])]
    return wrong_result(bench, known, name, place)
