"""What the study's preprocessing does to a model, one fault at a time, and write docs/studies/preprocessing.md.

    python tools/preprocessing_study.py LFW MobileFaceNet.onnx [--out runs/preprocessing] [--docs docs/studies]

The study fed its transformer whole photos, neither cut out nor aligned, with pixel values of another kind than it had
learned on; compared templates that were not of unit length; and took the distances of non-mated comparisons over
batches of two. Here the same is done to ``facenet-vggface2`` and to the given file, of which the right way is known.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from study_pages import render, some_people

from faceproof.cli.progress import PhotoProgress
from faceproof.degrade.registry import FAMILIES
from faceproof.degrade.types import Series, Suite
from faceproof.jobs.base import Run
from faceproof.jobs.evaluation import evaluate
from faceproof.jobs.external import score
from faceproof.jobs.stressing import stress
from faceproof.metrics.confusion import accuracy, confusion_at
from faceproof.metrics.operating_points import best_accuracy_threshold
from faceproof.report.charts.base import base, finish
from faceproof.report.charts.drawing import write_charts
from faceproof.runs.run_folder import RunTables, open_run, read_run
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.systems.load import load_pipeline
from faceproof.systems.model_check.contracts import RANGES
from faceproof.systems.model_check.job import check_pipeline
from faceproof.systems.model_check.result import ModelCheck
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.card import TemplateContract

RADII = (1, 2, 3, 4, 5)
REPORTED = {0: 0.8605, 5: 0.67}
"""Accuracy that the study reported for its transformer, by blur radius in pixels."""
FAULTS = {
    "right": "As its card says",
    "whole": "Whole photos, not cut out, not aligned",
    "range": "Pixel values: RANGE",
    "study": "Both, as the study fed its transformer",
    "lengths": "Templates not of unit length",
    "batches": "Non-mated distances over batches of two",
}
LINES = {
    "right": "fed as its card says",
    "study": "fed as the study did",
    "printed": "fed and compared as the study did (all faults)",
    "reported": "the study's transformer, as reported",
}


@dataclass(frozen=True)
class Subject:
    """A model, and the kind of pixel values that it is wrongly given."""

    model: str
    wrong_range: str

    def recipes(self) -> dict[str, Recipe]:
        """How it is fed: as its card says, with each fault alone, and with both."""
        mean, divisor = RANGES[self.wrong_range]
        right = Recipe(mirrored=False)
        ranged = replace(right, pixel_mean=mean, pixel_divisor=divisor)
        return {
            "right": right,
            "whole": replace(right, detector="none"),
            "range": ranged,
            "study": replace(ranged, detector="none"),
        }


def main() -> None:
    """Run everything and write page and figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=Path, metavar="LFW")
    parser.add_argument("onnx", type=Path, metavar="MobileFaceNet.onnx")
    parser.add_argument("--out", type=Path, default=Path("runs/preprocessing"))
    parser.add_argument("--docs", type=Path, default=Path("docs/studies"))
    options = parser.parse_args()
    subjects = [Subject(str(options.onnx), "0 to 255"), Subject("facenet-vggface2", "ImageNet mean and sd")]
    with tempfile.TemporaryDirectory() as folder:
        people = some_people(options.people, Path(folder))
        found = [_looked_at(subject, people, options.out) for subject in subjects]
    images = options.docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for one in found:
        _, png = write_charts({f"preprocessing-{one['name']}": _figure(one)}, images).files
        png.unlink()
    page = options.docs / "preprocessing.md"
    page.write_text(
        render("preprocessing.md.j2", found=found, reported=REPORTED, radii=(0, *RADII), lines=LINES, faults=FAULTS),
        "utf-8",
    )
    print(f"Written: {page}")


def _looked_at(subject: Subject, people: Path, out: Path) -> dict[str, Any]:
    """Everything about one model: the faults one at a time, and accuracy under blur."""
    recipes = subject.recipes()
    runs = {name: _evaluated(subject, people, recipe, out, name) for name, recipe in recipes.items()}
    name = runs["right"].summary.run.system.name
    right = read_run(runs["right"].folder)
    scored = {
        "lengths": _scored(right, raw_distances(right), out, f"{name}-lengths"),
        "batches": _scored(right, batched_distances(right), out, f"{name}-batches"),
    }
    said = {name: _said(run.summary) for name, run in (runs | scored).items()}
    said["lengths"] = [*_claimed(subject), *said["lengths"]]
    return {
        "name": name,
        "wrong_range": subject.wrong_range,
        "run": runs["right"].summary.run,
        "faults": {name: run.summary for name, run in (runs | scored).items()},
        "means": {name: _means(run) for name, run in (runs | scored).items()},
        "said": said,
        "curves": _curves(subject, people, out, name),
    }


def _means(run: Run[EvaluationSummary]) -> dict[str, float]:
    """Mean distance of each kind, in the scale that it was measured in."""
    tables = read_run(run.folder)
    mated = _mated(tables)
    name = "score" if "score" in tables.scores.column_names else None
    distance = tables.scores[name].to_numpy() if name else _unit_distances(tables)
    return {"mated": float(np.nanmean(distance[mated])), "non_mated": float(np.nanmean(distance[~mated]))}


def _said(summary: EvaluationSummary) -> list[str]:
    """What faceproof finds wrong with a run, besides how few comparisons there are."""
    failed = _failed(summary.run.system.canary)
    seen = ("cannot be resolved", "failed the model check", "was checked and it is undecided")
    on_page = [caution for caution in summary.warnings if not any(words in caution for words in seen)]
    return [*failed, *on_page] or ["Nothing is found wrong."]


def _failed(canary: ModelCheck | None) -> list[str]:
    checks = () if canary is None else canary.checks
    return [f"Canary, *{check.name}*: {check.found}." for check in checks if check.outcome == "failed"]


def _claimed(subject: Subject) -> list[str]:
    """What the canary says where a model's card claims that its templates have unit length."""
    pipeline = load_pipeline(subject.model, None, subject.recipes()["right"])
    recognizer = pipeline.recognizer
    claims = recognizer.card.model_copy(update={"templates": TemplateContract(unit_length=True)})
    found = check_pipeline(replace(pipeline, recognizer=replace(recognizer, card=claims)))
    failed = _failed(found)
    return [f"If its card claimed unit length: {complaint}" for complaint in failed]


def _evaluated(subject: Subject, people: Path, recipe: Recipe, out: Path, name: str) -> Run[EvaluationSummary]:
    with PhotoProgress(quiet=False) as progress:
        return evaluate(
            people,
            model=subject.model,
            recipe=recipe,
            out=out / f"{Path(subject.model).stem}-{name}",
            overwrite=True,
            progress=progress,
            say=progress.say,
        )


def raw_distances(run: RunTables) -> NDArray[np.float64]:
    """Euclidean distances of templates as the net gives them, float64 (n,), from cosines and lengths."""
    length = dict(zip(run.photos["photo"].to_pylist(), run.photos["template_norm"].to_pylist(), strict=True))
    a, b = (
        np.array([length[photo] or np.nan for photo in run.comparisons[side].to_pylist()])
        for side in ("photo_a", "photo_b")
    )
    cosine = run.scores["similarity"].to_numpy().astype(np.float64)
    squared: NDArray[np.float64] = a * a + b * b - 2 * a * b * cosine
    return np.sqrt(np.maximum(squared, 0))


def batched_distances(run: RunTables, distance: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Distances, those of non-mated comparisons taken over two of them at a time: the norm of both differences."""
    result = (_unit_distances(run) if distance is None else distance).copy()
    others = np.flatnonzero(~_mated(run))
    pairs = others[: len(others) // 2 * 2].reshape(-1, 2)
    result[pairs] = np.sqrt((result[pairs] ** 2).sum(axis=1))[:, None]
    return result


def _unit_distances(run: RunTables) -> NDArray[np.float64]:
    return np.asarray(distance_from_similarity(run.scores["similarity"].to_numpy()))


def _mated(run: RunTables) -> NDArray[np.bool_]:
    return np.asarray(run.comparisons["mated"].to_pylist(), np.bool_)


def _scored(run: RunTables, distance: NDArray[np.float64], out: Path, name: str) -> Run[EvaluationSummary]:
    """The distances judged as those of a system that gives nothing else."""
    columns = ["person_a", "person_b", "photo_a", "photo_b"]
    file = out / f"{name}.csv"
    rows = run.comparisons.select(columns).append_column("mated", pa.array(_mated(run).astype(int))).to_pylist()
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*columns, "mated", "distance"])
        writer.writeheader()
        for row, value in zip(rows, distance, strict=True):
            writer.writerow(row | {"distance": "" if np.isnan(value) else repr(float(value))})
    return score(file, out=out / name, overwrite=True)


def _curves(subject: Subject, people: Path, out: Path, name: str) -> dict[str, list[Estimate]]:
    """Accuracy at the best threshold of each blur radius, from 0, by line of the figure."""
    suite = Suite("blur", (Series(FAMILIES["gaussian-blur"], RADII),))
    curves: dict[str, list[Estimate]] = {}
    for feeding in ("right", "study"):
        folder = out / f"{Path(subject.model).stem}-blur-{feeding}"
        with PhotoProgress(quiet=False, unit="templates") as progress:
            run = stress(
                people,
                models=[subject.model],
                suite=suite,
                recipe=subject.recipes()[feeding],
                out=folder,
                overwrite=True,
                progress=progress,
                say=progress.say,
            )
        rows = run.summary.models[0].conditions
        curves[feeding] = [row.best.accuracy for row in rows]
    blurred = open_run(folder, "stress")
    curves["printed"] = [_printed(blurred.tables(name, row.condition)) for row in rows]
    return curves


def _printed(run: RunTables) -> Estimate:
    """Best accuracy of distances as the study took them: of raw templates, non-mated ones over batches of two."""
    distance = batched_distances(run, raw_distances(run))
    made = np.isfinite(distance)
    mated, similarity = _mated(run)[made], -distance[made]
    value = accuracy(confusion_at(similarity, mated, best_accuracy_threshold(similarity, mated)))
    return Estimate(value=value, n=int(made.sum()))


def _figure(found: Mapping[str, Any]) -> alt.LayerChart:
    rows = [
        {"radius": radius, "accuracy": estimate.value, "line": LINES[line]}
        for line, values in found["curves"].items()
        for radius, estimate in zip((0, *RADII), values, strict=True)
    ]
    rows += [{"radius": radius, "accuracy": value, "line": LINES["reported"]} for radius, value in REPORTED.items()]
    lines = (
        base(rows)
        .mark_line(strokeWidth=2, point={"size": 40})
        .encode(
            alt.X("radius:Q").axis(values=[0, *RADII], format="d").title("radius of the Gaussian blur, px"),
            alt.Y("accuracy:Q").scale(domain=[0.45, 1]).axis(format="~%").title("accuracy at the best threshold"),
            color=alt.Color("line:N").scale(domain=list(LINES.values()), range="category").title(None),
        )
    )
    told = "The same photos and comparisons on every line but the study's own, of which two points are taken."
    return finish([lines], f"{found['name']}: what blur does, and what feeding does", [told], 300)


if __name__ == "__main__":
    main()
