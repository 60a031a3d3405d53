"""How often the model check fails right contracts, and how often it finds wrong ones, over draws of faces.

    python benchmarks/model_check.py MobileFaceNet.onnx dlib-resnet --draws 20 [--people LFW] [--out DRAWS.jsonl]

Each draw is another set of people who do not exist (and, with ``--people``, of forty photos of twenty people from a
folder, as the user's own). The contract of each model is that of its card, and the check is told nothing of the card,
as it is with a file that it does not know. For the right contract all checks are counted; wrong contracts, those that
people give by mistake, are compared with contracts that differ from them where they are wrong. A run that is stopped
goes on after the last draw in ``--out``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from faceproof.files import cache_root
from faceproof.people.types import Photo
from faceproof.systems.load import load_pipeline
from faceproof.systems.model_check.check_faces import NO_FACES, CheckFaces, templates_of
from faceproof.systems.model_check.contract_check import Tried, check_contract
from faceproof.systems.model_check.contracts import neighbours_of
from faceproof.systems.model_check.faces import SEED, own_faces, packaged_faces
from faceproof.systems.model_check.recognizer_check import check_recognizer
from faceproof.systems.nets.runtime import Array, Runner
from faceproof.systems.pipeline import Pipeline
from faceproof.systems.recognition.recognizer import Recognizer
from faceproof.systems.weights.card import InputContract

OUTCOMES = ("failed", "inconclusive", "passed")
_OWN_PEOPLE = 20


def main() -> None:
    """Run every model and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--people", type=Path, help="a folder of people, whose photos are the user's own")
    parser.add_argument("--out", type=Path, help="a line of JSON for each model and draw")
    options = parser.parse_args()
    lines = options.out.read_text("utf-8").splitlines() if options.out and options.out.is_file() else []
    done = {(row["model"], row["own"], row["draw"]): row for row in map(json.loads, lines)}
    for model in options.models:
        pipeline = load_pipeline(model, None, None)
        name, own = pipeline.recognizer.card.name, options.people is not None
        for draw in range(options.draws):
            if (name, own, draw) not in done:
                row = {"model": name, "own": own, "draw": draw} | one_draw(pipeline, options.people, draw)
                done[name, own, draw] = row
                if options.out:
                    with options.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
        rows = [done[name, own, draw] for draw in range(options.draws)]
        print("\n".join(table(name, own, rows)), flush=True)


def one_draw(pipeline: Pipeline, people: Path | None, draw: int) -> dict[str, Any]:
    """Outcomes of one draw: of every check under the right contract, and of the contract's under each wrong one."""
    recognizer = replace(pipeline.recognizer, run=remembered(pipeline.recognizer.run))
    faces = packaged_faces(pipeline, cache=cache_root(), seed=SEED + draw)
    own = NO_FACES if people is None else faces_from(pipeline, people, draw)
    found = check_recognizer(recognizer, faces, None, own)
    groups = [faces, own] if len(own) else [faces]
    return {
        "faces": [found.faces, found.own_faces],
        "right": {check.name: check.outcome for check in found.checks},
        "found": {check.name: check.found for check in found.checks},
        "wrong": {text: outcome_of_wrong(recognizer, groups, wrong) for text, wrong in wrong_contracts(recognizer)},
    }


def wrong_contracts(recognizer: Recognizer) -> Iterator[tuple[str, InputContract]]:
    """Every usual contract beside the right one."""
    yield from neighbours_of(recognizer.contract)


def outcome_of_wrong(recognizer: Recognizer, groups: list[CheckFaces], wrong: InputContract) -> str:
    """The outcome of the contract's check under a wrong contract."""
    fed = replace(recognizer, contract=wrong)
    tried = Tried(fed, groups, [templates_of(fed, group)[0] for group in groups])
    of_pixels = wrong.template_points == recognizer.contract.template_points and (
        wrong.alignment == recognizer.contract.alignment
    )
    others = [
        (text, other)
        for text, other in neighbours_of(wrong)
        if of_pixels == text.startswith(("RGB", "BGR"))
    ]  # fmt: skip
    others.append(("right", recognizer.contract))
    return check_contract([tried.declared(), *(tried.neighbour(text, other) for text, other in others)]).outcome


def faces_from(pipeline: Pipeline, folder: Path, draw: int) -> CheckFaces:
    """The faces of two photos each of some people of a folder, others in each draw."""
    several = [person for person in sorted(folder.iterdir()) if len(list(person.glob("*.jpg"))) > 1]
    chosen = np.random.default_rng(draw).choice(len(several), _OWN_PEOPLE, replace=False)
    photos = [
        Photo(f"{several[row].name}/{file.name}", file, several[row].name, "")
        for row in chosen.tolist()
        for file in sorted(several[row].glob("*.jpg"))[:2]
    ]
    return own_faces(pipeline, photos).faces


def remembered(run: Runner) -> Runner:
    """A runner that computes each face once, since contracts share most of theirs."""
    kept: dict[bytes, Array] = {}

    def once(batch: Array) -> tuple[Array, ...]:
        keys = [hashlib.sha1(np.ascontiguousarray(row).tobytes()).digest() for row in batch]
        new = [row for row, key in enumerate(keys) if key not in kept]
        if new:
            kept.update(zip((keys[row] for row in new), run(batch[new])[0], strict=True))
        return (np.stack([kept[key] for key in keys]),)

    return once


def table(name: str, own: bool, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of Markdown: how often each outcome came."""
    yield f"\n{name}, {len(rows)} draws{', with photos of real people' if own else ''}\n"
    yield "| right contract: check | failed | inconclusive | passed |"
    yield "|-|-:|-:|-:|"
    for check in rows[0]["right"]:
        yield counted(check, [row["right"].get(check, "") for row in rows])
    yield "\n| wrong contract | failed | inconclusive | passed |"
    yield "|-|-:|-:|-:|"
    for text in rows[0]["wrong"]:
        yield counted(text, [row["wrong"][text] for row in rows])
    separated = [row["found"]["different people are separated"].split(";")[0] for row in rows]
    yield f"\n{', '.join(sorted(separated))}"


def counted(text: str, outcomes: list[str]) -> str:
    """A line of a table."""
    counts = Counter(outcomes)
    return f"| {text} | {' | '.join(str(counts[one]) for one in OUTCOMES)} |"


if __name__ == "__main__":
    main()
