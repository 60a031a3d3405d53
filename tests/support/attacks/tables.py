"""Attack: odd files whose content is known: scores, pair lists, faces, templates, TOML, manifests.

A reader has to give what the file says or refuse it with an error of faceproof's, within memory and time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from attacks import odd_boxes, odd_manifests, odd_pairs, odd_scores, odd_templates, odd_toml
from attacks.bench import Bench
from attacks.cases import Case
from attacks.findings import Failure, Fault, Tally
from attacks.pictures import drawn, jpeg
from attacks.scene import make_scene

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
            for failures in bench.map(partial(tried, bench), make(bench.seed, count)):
                tally.add(1, failures)
            bench.say(f"tables: {tally.tried} {kind}, {len(tally.failures)} failures")
            yield tally


def tried(
    bench: Bench, case: Case, limits: Sequence[tuple[str, int]] = (("RLIMIT_AS", MEMORY_BYTES),)
) -> list[Failure]:
    """What is wrong with how one file is read."""
    with bench.folder("table", with_model=False) as folder:
        place = folder / "in"
        place.mkdir()
        path = case.write(place)
        ended = bench.forks.call(
            case.read,
            path,
            *case.options,
            folder=Path("/"),
            seconds=SECONDS,
            limits=dict(limits),
            variables=_own(folder),
        )
        files = [path] if case.content is not None else [place]
        if failures := bench.failures.of(case.name, ended, files):
            return failures
        if ended.raised is None and case.is_wrong(ended.value):
            what = f"read {str(ended.value)[:600]}; right is {str(case.truth)[:600]}"
            return [bench.failures.add(Fault.WRONG, case.name, what, files)]
    return []


def _own(folder: Path) -> dict[str, str | None]:
    return {"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home"), "FACEPROOF_CACHE": str(folder / "cache")}
