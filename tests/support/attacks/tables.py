"""Attack: odd files whose content is known: scores, pair lists, faces, templates, TOML, manifests.

A reader has to give what the file says or refuse it with an error of faceproof's, within memory and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from attacks import odd_boxes, odd_manifests, odd_pairs, odd_scores, odd_templates, odd_toml
from attacks.bench import Bench
from attacks.cases import Case
from attacks.child import called
from attacks.findings import Failure, Fault, Tally
from attacks.orders import Raised
from attacks.pictures import drawn, jpeg
from attacks.scene import make_scene

BATCH = 12
MEMORY_BYTES = 6 << 30
SECONDS = 120.0
SHARES = {"scores": 6, "pair lists": 4, "files of faces": 2, "templates": 4, "cards and suites": 4, "manifests": 4}


def attack(bench: Bench, files: int, bomb_bytes: int = 3 << 30) -> Iterator[Tally]:
    """A tally for each kind of file.

    Args:
        bench: where it runs.
        files: how many, of all kinds.
        bomb_bytes: what the largest template file unpacks to.
    """
    with bench.folder("tables") as scene:
        make_scene(bench, scene)
        people = scene / "pair people"
        odd_pairs.write_people(people, jpeg(drawn(bench.seed, 0, 0, 48)))
        numbers = bench.forks.call(odd_manifests.read, scene / "one" / "manifest.json").value
        makers: dict[str, Callable[[int, int], Iterable[Case]]] = {
            "scores": odd_scores.cases,
            "pair lists": partial(odd_pairs.cases, root=people),
            "files of faces": odd_boxes.cases,
            "templates": partial(odd_templates.cases, bomb_bytes=bomb_bytes),
            "cards and suites": odd_toml.cases,
            "manifests": partial(odd_manifests.cases, run=scene / "one", numbers=numbers),
        }
        for kind, make in makers.items():
            tally = Tally("tables", kind, "odd files")
            count = max(1, files * SHARES[kind] // sum(SHARES.values()))
            batches = _batches(make(bench.seed, count))
            for tried_now, failures in bench.map(partial(tried, bench), batches):
                tally.add(tried_now, failures)
            bench.say(f"tables: {tally.tried} {kind}, {len(tally.failures)} failures")
            yield tally


def _batches(cases: Iterable[Case]) -> Iterator[list[Case]]:
    rest = iter(cases)
    while batch := list(islice(rest, BATCH)):
        yield batch


def tried(bench: Bench, cases: Sequence[Case]) -> tuple[int, list[Failure]]:
    """Number of files, and what is wrong with how they are read.

    Files are read in one process; where it ends by itself or hangs, each is read in a process of its own.
    """
    with bench.folder("table", with_model=False) as folder:
        paths = []
        for number, case in enumerate(cases):
            place = folder / "in" / str(number)
            place.mkdir(parents=True)
            paths.append(case.write(place))
        jobs = [(case.read, (path, *case.options)) for case, path in zip(cases, paths, strict=True)]
        ended = bench.forks.call(
            read_each,
            jobs,
            folder=Path("/"),
            seconds=SECONDS,
            limits={"RLIMIT_AS": MEMORY_BYTES},
            variables=_own(folder),
        )
        if ended.value is None and len(cases) > 1:
            return len(cases), [failure for case in cases for failure in tried(bench, [case])[1]]
        outcomes = ended.value or [(None, ended.raised)]
        if ended.value is None and (failures := bench.failures.of(cases[0].name, ended, [paths[0].parent])):
            return 1, failures
        return len(cases), [
            failure
            for case, path, (value, raised) in zip(cases, paths, outcomes, strict=True)
            for failure in _wrong(bench, case, path, value, raised)
        ]


def read_each(jobs: Sequence[tuple[Callable[..., object], Sequence[object]]]) -> list[tuple[object, Raised | None]]:
    """What each reader gives or raises; called in a process of its own."""
    return [called(read, values) for read, values in jobs]


def _wrong(bench: Bench, case: Case, path: Path, value: object, raised: Raised | None) -> Iterator[Failure]:
    files = [path] if case.content is not None else [path.parent]
    if raised is not None and not raised.foreseen:
        yield bench.failures.add(Fault.CRASH, case.name, f"{raised.kind}: {raised.message}\n{raised.trace}", files)
    elif raised is None and case.is_wrong(value):
        what = f"read {str(value)[:600]}; right is {str(case.truth)[:600]}"
        yield bench.failures.add(Fault.WRONG, case.name, what, files)


def _own(folder: Path) -> dict[str, str | None]:
    return {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home"), "FACEPROOF_CACHE": str(folder / "cache")}
