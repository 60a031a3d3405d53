"""Attack: damaged photos, and files that are none, among sound ones.

Each batch is one command on a folder of people: sound photos as controls, mutated ones, and a pair list that compares
every mutated photo with a control. The run has to finish with a row for each photo and each comparison. Controls must
score as they do without the others, and mutated photos as the same pixels do by Pillow and NumPy alone (`references`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np

from attacks.bench import SIDE_PX, WITH_TOY_MODEL, Bench, child_rng, surroundings
from attacks.findings import Failure, Fault, Tally
from attacks.mutations import mutated
from attacks.oddities import odd_files
from attacks.orders import Ended
from attacks.pictures import Base, bases, drawn, jpeg
from attacks.references import REFUSED, Template, templates_of

BATCH = 400
CULPRITS = 5
CONTROL_PEOPLE, CONTROL_PHOTOS = 4, 3
MUTATED_PEOPLE = 6
MEMORY_BYTES = 12 << 30
TOLERANCE = 1e-4
CLEAR_TOLERANCE = 5e-3
"""Of photos with transparent parts: Pillow lays them on white in whole numbers."""

_OWN_LINES = re.compile(
    r"faceproof: |Note: |Reading the people |Making |Computing the numbers |Disk|Memory|"
    r"[0-9,]+ of [0-9,]+ (photos|templates)|[0-9,]+ photos"
)


@dataclass(frozen=True)
class Batch:
    """What one command is tried on.

    Attributes:
        root: folder with ``people`` and ``pairs.csv`` in it.
        mutants: mutated photos, by their place below ``people``, and how they were made.
    """

    root: Path
    mutants: dict[str, str]

    def file(self, mutant: str) -> Path:
        """Where a mutated photo lies."""
        return self.root / "people" / mutant

    def failure(self, bench: Bench, fault: Fault, photo: str, what: str) -> Failure:
        """A failure of one photo."""
        return bench.failures.add(fault, self.mutants.get(photo, photo), what, [self.file(photo)])


Scores = dict[tuple[str, str], float]
Wrong = tuple[Fault, str, str]
"""How a photo failed, its place, and what was seen."""


def attack(bench: Bench, photos: int, through_nets: int) -> Iterator[Tally]:
    """Tallies of the attack.

    Args:
        bench: where it runs.
        photos: mutated photos for the toy model, which takes each photo for a face.
        through_nets: mutated photos for MTCNN and dlib-resnet.
    """
    with bench.folder("photos") as root:
        write_controls(root, bench.seed, SIDE_PX)
        alone = _scores_alone(bench, root, WITH_TOY_MODEL)
    tally = Tally("photos", "read as faces (toy model)", "mutated files")
    sizes = [min(BATCH, photos - start) for start in range(0, photos, BATCH)]

    def one(number: int) -> tuple[int, list[Failure]]:
        return _toy_batch(bench, number, sizes[number], alone)

    for number, (tried, failures) in enumerate(bench.map(one, range(len(sizes)))):
        tally.add(tried, failures)
        bench.say(f"photos: batch {number + 1} of {len(sizes)}, {len(failures)} failures")
    yield tally
    if through_nets:
        yield _through_nets(bench, through_nets)


def _toy_batch(bench: Bench, number: int, size: int, alone: Scores) -> tuple[int, list[Failure]]:
    with bench.folder("photos") as root:
        write_controls(root, bench.seed, SIDE_PX)
        batch = Batch(root, write_mutants(root, bench.seed, f"batch {number}", size, SIDE_PX))
        if number == 0:
            batch.mutants.update(_write_oddities(bench, root))
        failures = tried_batch(bench, batch, WITH_TOY_MODEL, alone, _compare_with_reference)
        return len(batch.mutants), failures


def _through_nets(bench: Bench, size: int) -> Tally:
    """The share of photos in which faces are sought and described by nets."""
    nets = ("--model", "dlib-resnet", "--no-canary", "--offline")
    tally = Tally("photos", "through MTCNN and dlib-resnet", "mutated files")
    with bench.folder("nets") as root:
        write_controls(root, bench.seed, 200)
        alone = _scores_alone(bench, root, nets)
        batch = Batch(root, write_mutants(root, bench.seed, "nets", size, 200))
        tally.add(len(batch.mutants), tried_batch(bench, batch, nets, alone, lambda *_: []))
    return tally


def write_controls(root: Path, seed: int, side_px: int) -> None:
    """Sound photos of people who do not exist below ``people``."""
    for person in range(CONTROL_PEOPLE):
        home = root / "people" / f"control-{person}"
        home.mkdir(parents=True)
        for photo in range(CONTROL_PHOTOS):
            (home / f"{photo}.jpg").write_bytes(jpeg(drawn(seed, person, photo, side_px)))


def write_mutants(root: Path, seed: int, name: str, count: int, side_px: int) -> dict[str, str]:
    """Damaged photos below ``people``, each from a seed of its own; how each was made by its place."""
    made = {}
    for number in range(count):
        rng = child_rng(seed, "mutant", name, number)
        of_person = _sound_photos(seed, int(rng.integers(MUTATED_PEOPLE)), side_px)
        what, suffix, content = mutated(of_person[int(rng.integers(len(of_person)))], of_person, rng)
        place = Path(f"mutant-{number // 40:03d}") / f"{number:05d}{suffix}"
        file = root / "people" / place
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
        made[place.as_posix()] = f"seed {seed}, {name}, {number}: {what}"
    return made


@cache
def _sound_photos(seed: int, person: int, side_px: int) -> list[Base]:
    return bases(drawn(seed, 100 + person, 0, side_px))


def _write_oddities(bench: Bench, root: Path) -> dict[str, str]:
    """Files that are no photos; those that a folder of people leaves out, such as pipes, take part in no comparison."""
    files = odd_files(root / "people" / "odd", child_rng(bench.seed, "odd"))
    listed = bench.forks.call(_listed, root / "people")
    return {
        place: f"odd file {place}"
        for place in (file.relative_to(root / "people").as_posix() for file in files)
        if place in (listed.value or ())
    }


def _listed(people: Path) -> set[str]:
    from faceproof.people.folder import read_people

    return {photo.id for photo in read_people(people).photos}


def controls() -> list[str]:
    """Places of the sound photos."""
    return [f"control-{person}/{photo}.jpg" for person in range(CONTROL_PEOPLE) for photo in range(CONTROL_PHOTOS)]


def _pairs(mutants: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    sound = controls()
    for a, b in combinations(sound, 2):
        yield a, b, int(a.split("/")[0] == b.split("/")[0])
    for number, mutant in enumerate(mutants):
        yield sound[number % len(sound)], mutant, 0


def _evaluated(bench: Bench, root: Path, mutants: Sequence[str], model: Sequence[str], out: str) -> Ended:
    with (root / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path_a", "path_b", "mated"), *_pairs(mutants)])
    return bench.forks.command(
        *("evaluate", "people", "--protocol", "csv", "--pairs", "pairs.csv", *model, "--no-figures", "--out", out),
        folder=root,
        variables=surroundings(root),
        seconds=180 + 2 * len(mutants),
        limits={"RLIMIT_AS": MEMORY_BYTES},
    )


def _scores_alone(bench: Bench, root: Path, model: Sequence[str]) -> Scores:
    ended = _evaluated(bench, root, (), model, "alone")
    if ended.code != 0:
        raise RuntimeError(f"the controls alone cannot be evaluated: {ended.stderr}")
    return bench.forks.call(rows_of_run, root / "alone").value[1]


def rows_of_run(folder: Path) -> tuple[dict[str, str], Scores]:
    """Outcome by photo, and similarity by the two photos of each comparison, NaN where there is none."""
    from faceproof.runs.run_folder import read_run

    run = read_run(folder)
    outcomes = dict(zip(run.photos["photo"].to_pylist(), run.photos["outcome"].to_pylist(), strict=True))
    sides = zip(run.comparisons["photo_a"].to_pylist(), run.comparisons["photo_b"].to_pylist(), strict=True)
    values = (np.nan if value is None else value for value in run.scores["similarity"].to_pylist())
    return outcomes, dict(zip(sides, values, strict=True))


Compare = Callable[[Bench, Batch, dict[str, str], Scores], list[Wrong]]


def tried_batch(bench: Bench, batch: Batch, model: Sequence[str], alone: Scores, compare: Compare) -> list[Failure]:
    """What went wrong with a batch; where its command fails, the photos that make it fail are sought."""
    out = "run"
    ended = _evaluated(bench, batch.root, list(batch.mutants), model, out)
    foreign = foreign_lines(ended.stderr)
    if ended.code != 0 or ended.crash is not None or ended.timed_out:
        return _culprits(bench, batch, model, ended)
    failures: list[Failure] = []
    if foreign:
        files = [batch.root / "people"]
        failures.append(bench.failures.add(Fault.CRASH, "a batch", f"foreign lines on stderr: {foreign[:3]}", files))
    read = bench.forks.call(rows_of_run, batch.root / out)
    if read.value is None:
        what = f"its run cannot be read: {read.raised}"
        return [*failures, bench.failures.add(Fault.CRASH, "a batch", what, [batch.root / out])]
    outcomes, scores = read.value
    wrong = [*_lost_rows(batch, outcomes, scores), *_wrong_controls(alone, scores)]
    wrong += compare(bench, batch, outcomes, scores)
    return failures + [batch.failure(bench, *one) for one in wrong]


def foreign_lines(stderr: str) -> list[str]:
    """Lines on stderr that are not faceproof's own, such as messages of image libraries."""
    return [line for line in stderr.splitlines() if line.strip() and not _OWN_LINES.match(line)]


def _lost_rows(batch: Batch, outcomes: dict[str, str], scores: Scores) -> Iterator[Wrong]:
    for photo in [*controls(), *batch.mutants]:
        if photo not in outcomes:
            yield Fault.LOST, photo, "no row in photos.parquet"
    for a, b, _ in _pairs(list(batch.mutants)):
        if (a, b) not in scores:
            yield Fault.LOST, b, f"no row of {a} and {b} in scores.parquet"


def _wrong_controls(alone: Scores, scores: Scores) -> Iterator[Wrong]:
    for pair, score in alone.items():
        if scores.get(pair) != score:
            yield Fault.WRONG, pair[1], f"with {pair[0]}: {scores.get(pair)} beside mutated photos, {score} without"


def _compare_with_reference(bench: Bench, batch: Batch, outcomes: dict[str, str], scores: Scores) -> list[Wrong]:
    """Mutated photos whose score is not that of their pixels by the reference."""
    files = {place: batch.file(place) for place in [*controls(), *batch.mutants]}
    regular = [place for place, file in files.items() if file.is_file() and not file.is_symlink()]
    answer = bench.forks.call(templates_of, [files[place] for place in regular], seconds=300)
    if answer.value is None:
        bench.say("photos: a decoder ended the process of the reference; a batch goes without it")
        return []
    known: dict[str, Template | str | None] = dict(zip(regular, answer.value, strict=True))
    return [
        wrong
        for a, b, _ in _pairs(list(batch.mutants))
        if (wrong := _differs((a, b), known, outcomes, scores)) is not None
    ]


def _differs(
    pair: tuple[str, str], known: dict[str, Template | str | None], outcomes: dict[str, str], scores: Scores
) -> Wrong | None:
    a, b = (known.get(photo) for photo in pair)
    if outcomes.get(pair[1]) != "template" or a is None or b is None:
        return None
    if isinstance(b, str) or isinstance(a, str):
        return Fault.WRONG, pair[1], f"a score of {scores.get(pair)}, and Pillow {REFUSED} it"
    right = float(a @ b)
    if abs(scores.get(pair, np.nan) - right) <= (CLEAR_TOLERANCE if _may_be_clear(pair[1]) else TOLERANCE):
        return None
    return Fault.WRONG, pair[1], f"similarity {scores.get(pair)}, right is {right}"


def _may_be_clear(photo: str) -> bool:
    return photo.endswith((".png", ".webp", ".gif", ".apng", ".avif", ".tif", ".tiff"))


def _culprits(bench: Bench, batch: Batch, model: Sequence[str], ended: Ended) -> list[Failure]:
    """The photos, a few at most, that make a batch's command fail: each half is tried again, down to single photos."""
    found: list[Failure] = []
    tries = 0
    waiting = [list(batch.mutants)]
    while waiting and len(found) < CULPRITS:
        some = waiting.pop()
        tries += 1
        again = ended if tries == 1 else _evaluated(bench, batch.root, some, model, f"try-{tries}")
        if again.code == 0 and again.crash is None and not again.timed_out:
            continue
        if len(some) == 1:
            found += _of_one(bench, batch, some[0], again)
        else:
            waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
    return found or _of_one(bench, batch, "a batch that fails as a whole only", ended)


def _of_one(bench: Bench, batch: Batch, photo: str, ended: Ended) -> list[Failure]:
    name = batch.mutants.get(photo, photo)
    files = [batch.file(photo)] if photo in batch.mutants else [batch.root / "people"]
    return bench.failures.of(name, ended, files) or [
        bench.failures.add(Fault.LOST, name, f"the command refuses it: {ended.stderr[-300:]}", files)
    ]
