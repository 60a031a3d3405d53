"""How often the model check fails right contracts, and how often it finds wrong ones, over draws of faces.

    python benchmarks/model_check.py MobileFaceNet.onnx dlib-resnet --draws 20 [--people LFW] [--out FILE.md]

Each draw is another set of people who do not exist (and, with ``--people``, of forty photos of twenty people from a
folder). The contract of each model is that of its card; the check is told nothing of the card, as it is with a file
that it does not know. Wrong contracts are those that people give by mistake. "not told apart" is neither an alarm nor
a find.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from faceproof.canary_faces import SEED, own_faces, packaged_faces
from faceproof.engine.runner import Pipeline
from faceproof.evaluation import cache_folder
from faceproof.findings.canary import Canary, check_recognizer
from faceproof.findings.check_faces import NO_FACES, CheckFaces
from faceproof.findings.contracts import neighbours_of
from faceproof.nets.runtime import Array, Runner
from faceproof.people.types import Photo
from faceproof.recipe import load_pipeline
from faceproof.recognition.card import InputContract

WRONG = (
    "RGB, values 0 to 1",
    "RGB, values 0 to 255",
    "RGB, values -1 to 1",
    "RGB, values ImageNet mean and sd",
    "BGR, values -1 to 1",
    "BGR, values ImageNet mean and sd",
    "BGR, values as declared",
    "five points of 112 x 96 (SphereFace, CosFace), not centred",
    "five points of 112 x 96 (SphereFace, CosFace), stretched",
    "five points of 112 x 112 (ArcFace)",
    "face box with a margin of 31%, not aligned",
)
_CONTRACT = "the declared contract separates people best"
_OWN_PEOPLE = 20


@dataclass
class Tally:
    """Outcomes of one contract over the draws."""

    outcomes: Counter[str]
    failed: Counter[str]
    contract: Counter[str]
    d_prime: list[str]

    def add(self, found: Canary) -> None:
        """Count the outcome of all checks, of the contract's, and which ones failed."""
        self.outcomes[found.outcome] += 1
        for check in found.checks:
            if check.outcome == "failed":
                self.failed[check.name] += 1
            if check.name == _CONTRACT:
                self.contract[check.outcome] += 1
            if check.name == "different people are separated":
                self.d_prime.append(check.found.split(";")[0].removeprefix("d' is "))


def main() -> None:
    """Run every model and print a table for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--people", type=Path, help="a folder of people, whose photos are the user's own")
    parser.add_argument("--right-only", action="store_true", help="count false alarms alone")
    parser.add_argument("--out", type=Path, help="write the tables here too")
    options = parser.parse_args()
    lines = []
    for model in options.models:
        for line in tables(model, options.draws, options.people, options.right_only):
            print(line, flush=True)
            lines.append(line)
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", "utf-8")


def tables(model: str, draws: int, people: Path | None, right_only: bool) -> Iterator[str]:
    """Lines of Markdown about one model."""
    pipeline = load_pipeline(model, None, None)
    right = pipeline.recognizer.contract
    contracts = {"right": right} | ({} if right_only else dict(wrong_contracts(right)))
    tallies = {text: Tally(Counter(), Counter(), Counter(), []) for text in contracts}
    for draw in range(draws):
        run, forget = remembered(pipeline.recognizer.run)
        faces = packaged_faces(pipeline, cache=cache_folder(), seed=SEED + draw)
        own = NO_FACES if people is None else faces_from(pipeline, people, draw)
        for text, contract in contracts.items():
            recognizer = replace(pipeline.recognizer, run=run, contract=contract)
            tallies[text].add(check_recognizer(recognizer, faces, None, own))
        forget()
    yield f"\n{pipeline.recognizer.card.name}, {draws} draws{'' if people is None else ', with own photos'}\n"
    yield "| contract | failed | not told apart | passed | contract's check alone | checks that failed | d' |"
    yield "|-|-:|-:|-:|-|-|-|"
    for text, tally in tallies.items():
        counts = " | ".join(str(tally.outcomes[one]) for one in ("failed", "not told apart", "passed"))
        alone = ", ".join(f"{count} {outcome}" for outcome, count in tally.contract.most_common())
        failed = "; ".join(f"{name}: {count}" for name, count in tally.failed.most_common())
        values = sorted(float(value) for value in tally.d_prime if value[0].isdigit())
        span = f"{values[0]:.2f} to {values[-1]:.2f}" if values else ""
        yield f"| {text} | {counts} | {alone} | {failed} | {span} |"


def wrong_contracts(right: InputContract) -> Iterator[tuple[str, InputContract]]:
    """Those of `WRONG` that differ from the right one."""
    others = dict(neighbours_of(right))
    yield from ((text, others[text]) for text in WRONG if text in others)


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


def remembered(run: Runner) -> tuple[Runner, Callable[[], None]]:
    """A runner that computes each face once, since contracts share most of theirs; and what makes it forget."""
    kept: dict[bytes, Array] = {}

    def once(batch: Array) -> tuple[Array, ...]:
        keys = [hashlib.sha1(np.ascontiguousarray(row).tobytes()).digest() for row in batch]
        new = [row for row, key in enumerate(keys) if key not in kept]
        if new:
            kept.update(zip((keys[row] for row in new), run(batch[new])[0], strict=True))
        return (np.stack([kept[key] for key in keys]),)

    return once, kept.clear


if __name__ == "__main__":
    main()
