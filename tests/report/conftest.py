"""A summary as a run of the LFW protocol would give it, made by plain NumPy from made-up people."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from faceproof.degrade.suite_file import read_suite
from faceproof.degrade.suites import get_suite
from faceproof.degrade.types import Series, Suite
from faceproof.jobs.stressing import stress
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.stress_schema import StressSummary
from faceproof.systems.weights.dlib_file import find_dlib_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Z = 1.959964
EVIL = "<script>alert(1)</script>"
HOW = "Comparisons are taken as independent."


def estimate(successes: float, n: int, how: str = HOW, *, optimistic: bool = False, reason: str = "") -> dict[str, Any]:
    if n == 0:
        blank = {"value": None, "low": None, "high": None, "n": 0}
        return blank | {"how": how, "reason": reason or "no such comparison", "optimistic": optimistic}
    p = successes / n
    centre, spread = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = (float(np.clip((centre + side * spread) / (1 + Z**2 / n), 0, 1)) for side in (-1, 1))
    low, high = (0.0 if successes == 0 else low), (1.0 if successes == n else high)
    return {
        "value": p,
        "low": low,
        "high": high,
        "n": n,
        "how": how,
        "reason": None,
        "optimistic": optimistic,
    }


def plain(value: float | None, n: int, reason: str | None = None, *, optimistic: bool = False) -> dict[str, Any]:
    spread = None if value is None else 0.004
    return {
        **{"value": value, "low": spread and value - spread, "high": spread and value + spread, "n": n},
        **{"how": "over all comparisons that were made", "reason": reason, "optimistic": optimistic},
    }


def confusion(distance: np.ndarray, mated: np.ndarray, threshold: float) -> dict[str, int]:
    accepted = distance <= threshold
    return {
        "tp": int((accepted & mated).sum()),
        "fn": int((~accepted & mated).sum()),
        "tn": int((~accepted & ~mated).sum()),
        "fp": int((accepted & ~mated).sum()),
    }


def operating_point(
    name: str, label: str, threshold: float, distance: np.ndarray, mated: np.ndarray, *, optimistic: bool
) -> dict[str, Any]:
    c = confusion(distance, mated, threshold)
    tp, fn, tn, fp = (c[key] for key in ("tp", "fn", "tn", "fp"))
    f1 = 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None
    rates = {
        "accuracy": (tp + tn, tp + fn + tn + fp),
        **{"precision": (tp, tp + fp), "recall": (tp, tp + fn), "fmr": (fp, fp + tn), "fnmr": (fn, fn + tp)},
        **{"far": (fp, fp + tn), "frr": (fn, fn + tp)},
    }
    return {
        "name": name,
        "label": label,
        "how": f"{label}, found on all comparisons",
        "optimistic": optimistic,
        "reason": None,
        "threshold_similarity": 1 - threshold**2 / 2,
        "threshold_distance": threshold,
        "confusion": c,
        **{key: estimate(k, n, optimistic=optimistic) for key, (k, n) in rates.items()},
        "f1": plain(f1, len(mated), None if f1 is not None else "nothing was accepted", optimistic=optimistic),
    }


def unresolved_point(name: str, label: str, reason: str) -> dict[str, Any]:
    keys = ("accuracy", "precision", "recall", "f1", "fmr", "fnmr", "far", "frr")
    empty = {
        "name": name,
        "label": label,
        "how": reason,
        "optimistic": False,
        "reason": reason,
        "confusion": None,
    }
    empty |= {"threshold_similarity": None, "threshold_distance": None}
    return empty | {key: estimate(0, 0, reason=reason) for key in keys}


def make_summary(n_mated: int = 3000, n_non_mated: int = 3000, person: str | None = None) -> dict[str, Any]:
    """JSON values of a summary of made-up distances: mated around 0.66, non-mated around 1.36."""
    rng = np.random.default_rng(7)
    tail = np.where(rng.random(n_mated) < 0.06, rng.exponential(0.22, n_mated), 0)
    same, other = rng.normal(0.64, 0.12, n_mated) + tail, rng.normal(1.36, 0.095, n_non_mated)
    distance = np.concatenate([same, other]).clip(0.05, 1.7)
    mated = np.arange(n_mated + n_non_mated) < n_mated
    grid = np.linspace(0, 2, 401)
    table = [confusion(distance, mated, at + 1e-12) for at in grid]
    correct = [row["tp"] + row["tn"] for row in table]
    best = float(grid[int(np.argmax(correct))]) + 0.0013
    fmr = np.array([row["fp"] for row in table]) / max(n_non_mated, 1)
    fnmr = np.array([row["fn"] for row in table]) / max(n_mated, 1)
    both = bool(n_mated and n_non_mated)
    points, at_fmr = _points(distance, mated, best, n_non_mated)
    photos = _photo_names(len(mated), person)
    reason = None if both else "only one kind of comparison was made"
    eer_at = int(np.argmin(np.abs(fmr - fnmr)))
    return {
        "schema_version": 2,
        "calibration": _calibration(distance, mated) if both else None,
        "headline": "On photos of these people, 98.9% of decisions were right (95% interval 98.6% to 99.2%) "
        "when the threshold was set on other comparisons than it was judged on.",
        "warnings": [
            "FMR 0.01% cannot be resolved: 3,000 non-mated comparisons bound the FMR only to about 0.1%.",
            "1 photo has no template; its comparison is left out of FMR and FNMR and counted in FAR and FRR.",
        ],
        "run": MANIFEST,
        "counts": {
            **{"people": 5749, "photos": 7701, "templates": 7700, "failures": 1},
            "failures_by_stage": {"decode": 0, "detect": 1, "align": 0, "embed": 0},
            "failure_reasons": {"detect": {"reason": "no face was found", "photos": 1}},
            **{"comparisons": len(mated) + 1, "mated": n_mated + 1, "non_mated": n_non_mated},
            **{"compared_mated": n_mated, "compared_non_mated": n_non_mated},
            **{"not_compared_mated": 1, "not_compared_non_mated": 0},
        },
        "rates": {"detection_rate": estimate(7700, 7701), "fta": estimate(1, 7701)},
        "operating_points": points,
        "default_operating_point": "best_accuracy",
        "folds": _folds(best, both),
        "eer": estimate(fnmr[eer_at] * n_mated, n_mated if both else 0, optimistic=True, reason=reason or "")
        | {"threshold_similarity": 1 - grid[eer_at] ** 2 / 2, "threshold_distance": float(grid[eer_at])},
        "auc": plain(0.9951 if both else None, len(mated), reason),
        "d_prime": plain(5.24 if both else None, len(mated), reason),
        "fnmr_at_fmr": at_fmr,
        "distances": {"mated": _moments(distance[mated]), "non_mated": _moments(distance[~mated])},
        "times": {"decode_ms": 0.52, "detect_ms": 11.93, "embed_ms": 17.2, "total_ms": 29.65},
        "curves": {
            "roc": {"fmr": fmr.tolist(), "tmr": (1 - fnmr).tolist(), "threshold_distance": grid.tolist()},
            "det": {"fmr": fmr.tolist(), "fnmr": fnmr.tolist(), "threshold_distance": grid.tolist()},
        },
        "histogram": _histogram(distance, mated),
        "threshold_table": {"distance": grid.tolist()}
        | {key: [row[key] for row in table] for key in ("tp", "fn", "tn", "fp")}
        | _ends(table, "fmr", "fp", n_non_mated)
        | _ends(table, "fnmr", "fn", n_mated),
        "scatter": _scatter(distance, mated, best, photos, rng),
        "failures": _failures(distance, mated, best, photos, person),
    }


def _ends(table: list[dict[str, int]], name: str, errors: str, n: int) -> dict[str, list[float]]:
    """Ends of the intervals of a rate at each step of the slider; empty without comparisons."""
    found = [estimate(row[errors], n) for row in table] if n else []
    return {f"{name}_{end}": [one[end] for one in found] for end in ("low", "high")}


def _points(
    distance: np.ndarray, mated: np.ndarray, best: float, n_non_mated: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    others = np.sort(distance[~mated])
    points = [operating_point("best_accuracy", "threshold of best accuracy", best, distance, mated, optimistic=True)]
    points.append(operating_point("eer", "equal errors of both kinds", best + 0.03, distance, mated, optimistic=True))
    at_fmr = []
    for fmr in (0.1, 0.01, 0.001, 0.0001):
        row: dict[str, Any] = {"fmr": fmr, "resolvable": n_non_mated * fmr >= 1}
        label = f"at most {100 * fmr:g}% of non-mated comparisons accepted"
        if row["resolvable"]:
            threshold = float(others[int(n_non_mated * fmr)]) - 1e-6
            point = operating_point(f"fmr_{fmr:.10g}", label, threshold, distance, mated, optimistic=False)
            row |= {"fnmr": point["fnmr"], "observed_fmr": point["fmr"]["value"]}
        else:
            reason = f"{n_non_mated:,} non-mated comparisons cannot show an FMR of {100 * fmr:g}%"
            point = unresolved_point("fmr_0.0001" if fmr == 0.0001 else f"fmr_{fmr:g}", label, reason)
            row |= {"fnmr": point["fnmr"], "observed_fmr": None}
        row |= {key: point[key] for key in ("threshold_similarity", "threshold_distance")}
        points.append(point)
        at_fmr.append(row)
    return points, at_fmr


def _calibration(distance: np.ndarray, mated: np.ndarray) -> dict[str, Any]:
    """Likelihood ratios of a line through distance 1, with made-up bins and intervals."""
    llr = np.clip(-10 * (distance - 1), -np.log(500), np.log(500))
    cost = np.logaddexp(0, np.where(mated, -llr, llr)) / np.log(2)
    at = np.linspace(-np.log(500), np.log(500), 41)
    wrong = mated & (llr < 0), ~mated & (llr > 0)
    bins = [(-1.5, -1.4, 4, 90), (-0.5, -0.45, 20, 60), (0.5, 0.6, 60, 16), (1.5, 1.45, 80, 3), (2.5, None, 70, 0)]
    stated, observed, n_mated, n_non_mated = (list(column) for column in zip(*bins, strict=True))
    line = {"centre": 0.5, "offset": 0.0, "slope": 8.0, "offset_variance": 0.04, "slope_variance": 1.0}
    return {
        "cllr": plain(float(cost[mated].mean() + cost[~mated].mean()) / 2, len(mated)),
        "min_cllr": plain(0.02, len(mated), optimistic=True),
        "loss": plain(0.01, len(mated), optimistic=True),
        "misleading_mated": estimate(wrong[0].sum(), int(mated.sum())),
        "misleading_non_mated": estimate(wrong[1].sum(), int((~mated).sum())),
        "line": line
        | {"covariance": -0.1, "effective_people": 300.0, "cap": float(np.log(500)), "people": 500}
        | {"people_known": True},
        "reliability": {
            **{"stated": stated, "observed": observed},
            "low": [None if at is None else at - 0.2 for at in observed[:-1]] + [1.1],
            "high": [None if at is None else at + 0.2 for at in observed],
            **{"mated": n_mated, "non_mated": n_non_mated},
        },
        "tippett": {
            "llr": (at / np.log(10)).tolist(),
            "mated": [float((llr[mated] >= one).mean()) for one in at],
            "non_mated": [float((llr[~mated] >= one).mean()) for one in at],
        },
    }


def _folds(best: float, both: bool) -> dict[str, Any]:
    accuracies = [0.995, 0.9933, 0.9817, 0.9867, 0.99, 0.9917, 0.985, 0.9883, 0.9867, 0.9917]
    rows = [
        {
            **{"fold": fold, "accuracy": accuracy, "comparisons": 600},
            **{"threshold_distance": best, "threshold_similarity": 1 - best**2 / 2},
        }
        for fold, accuracy in enumerate(accuracies)
    ]
    value = float(np.mean(accuracies))
    error = float(np.std(accuracies, ddof=1) / np.sqrt(10))
    accuracy = {"value": value, "low": value - 2.262 * error, "high": value + 2.262 * error, "n": 6000}
    accuracy |= {"how": "mean of ten folds", "reason": None, "optimistic": False, "standard_error": error}
    how = "The threshold is set on nine folds and judged on the tenth, ten times over."
    if both:
        return {
            "kind": "protocol",
            "k": 10,
            "accuracy": accuracy,
            "per_fold": rows,
            "left_out": 0,
            "how": how,
        } | {"reason": None}
    reason = "folds need both kinds of comparison"
    accuracy = dict.fromkeys(accuracy, None) | {"how": how, "reason": reason, "optimistic": False}
    return {
        "kind": None,
        "k": 10,
        "accuracy": accuracy,
        "per_fold": [],
        "left_out": 0,
        "how": how,
        "reason": reason,
    }


def _moments(values: np.ndarray) -> dict[str, Any]:
    if not len(values):
        return {"mean": None, "sd": None, "min": None, "max": None, "n": 0}
    edges = {"min": float(values.min()), "max": float(values.max()), "n": len(values)}
    return {"mean": float(values.mean()), "sd": float(values.std(ddof=1))} | edges


def _histogram(distance: np.ndarray, mated: np.ndarray) -> dict[str, Any]:
    edges = np.linspace(0, 2, 81)
    sides = {"mated": distance[mated], "non_mated": distance[~mated]}
    return {"edges": edges.tolist()} | {key: np.histogram(d, edges)[0].tolist() for key, d in sides.items()}


def _photo_names(n: int, person: str | None) -> list[tuple[str, str, str, str]]:
    names = []
    for row in range(n):
        a, b = f"Person_{row:04d}", f"Person_{row:04d}" if row % 2 else f"Someone_Else_{row:04d}"
        if person is not None and row % 3 == 0:
            a = person
        names.append((a, f"{a}/{a}_0001.jpg", b, f"{b}/{b}_0002.jpg"))
    return names


def _scatter(
    distance: np.ndarray, mated: np.ndarray, best: float, photos: list[Any], rng: np.random.Generator
) -> dict[str, Any]:
    accepted = distance <= best
    outcome = np.where(mated, np.where(accepted, "TP", "FN"), np.where(accepted, "FP", "TN"))
    return {
        "comparison": list(range(len(distance))),
        "distance": distance.tolist(),
        "jitter": rng.uniform(-1, 1, len(distance)).tolist(),
        "outcome": outcome.tolist(),
        "photo_a": [photo[1] for photo in photos],
        "photo_b": [photo[3] for photo in photos],
        "shown": len(distance),
        "of": len(distance),
    }


def _failures(
    distance: np.ndarray, mated: np.ndarray, best: float, photos: list[Any], person: str | None
) -> dict[str, Any]:
    def entry(row: int) -> dict[str, Any]:
        person_a, photo_a, person_b, photo_b = photos[row]
        at = float(distance[row])
        return {
            **{
                "comparison": row,
                "photo_a": photo_a,
                "photo_b": photo_b,
                "person_a": person_a,
                "person_b": person_b,
            },
            **{"similarity": 1 - at**2 / 2, "distance": at, "margin": abs(at - best)},
        }

    rejected = np.flatnonzero(mated & (distance > best))
    accepted = np.flatnonzero(~mated & (distance <= best))
    name = person or "Marilyn_Monroe"
    missed = {
        "photo": f"{name}/{name}_0001.jpg",
        "person": name,
        "stage": "detect",
        "reason": "no face was found",
        "comparisons_lost": 1,
    }
    return {
        "false_matches": [entry(int(row)) for row in accepted[np.argsort(distance[accepted])][:24]],
        "false_non_matches": [entry(int(row)) for row in rejected[np.argsort(-distance[rejected])][:24]],
        "no_template": [missed],
    }


MANIFEST: dict[str, Any] = {
    "schema_version": 3,
    "faceproof_version": "0.1.0",
    "command": "faceproof evaluate photos/lfw --model facenet-vggface2 --protocol lfw",
    "started": "2025-05-04T09:12:44Z",
    "finished": "2025-05-04T09:17:01Z",
    "systems": [
        {
            **{"name": "facenet-vggface2", "reference": "facenet-vggface2", "weights": "9f2c" * 16},
            "card": {"name": "facenet-vggface2", "title": "FaceNet", "template_size": 512},
        }
    ],
    "detector": {
        "name": "mtcnn",
        "weights": "02ab" * 16,
        "min_face_size": 20.0,
        "thresholds": [0.6, 0.7, 0.7],
        "selection": "centre",
    },
    "people": {
        **{
            "root": "photos/lfw",
            "people": 5749,
            "photos": 12593,
            "photo_list_sha256": "ab12" * 16,
            "synthetic": False,
        },
        "notices": [
            {
                **{
                    "kind": "one_photo",
                    "message": "people with a single photo take part in non-mated pairs only",
                },
                **{"count": 4069, "examples": ["AJ_Cook", "AJ_Lamas"]},
            }
        ],
    },
    "protocol": {
        **{"name": "lfw", "settings": {"pairs": "lfw-pairs.txt"}, "comparisons": 6001, "mated": 3001},
        **{"non_mated": 3000, "folds": 10, "sha256": "c0de" * 16, "notes": ["View 2, restricted"]},
    },
    **{"seed": 0, "device": "cpu", "batch_size": 32, "workers": 2},
    "versions": {"python": "3.12.3", "torch": "2.13.0", "numpy": "2.4.6", "pillow": "13.0.0"},
    "machine": {"system": "Linux", "processor": "x86_64", "cpus": 2},
    "timing": {"wall_s": 257.3, "photos": 7701, "from_cache": 0},
}


@pytest.fixture(scope="session")
def summary() -> EvaluationSummary:
    """3,000 mated and 3,000 non-mated comparisons; FMR 0.01% cannot be resolved."""
    return EvaluationSummary.model_validate(make_summary())


@pytest.fixture(scope="session")
def summary_of() -> Callable[..., EvaluationSummary]:
    """``make_summary`` for other numbers of comparisons or for an odd name."""
    return lambda *given, **named: EvaluationSummary.model_validate(make_summary(*given, **named))


@dataclass(frozen=True)
class Stressed:
    """A stress run on disk: its folder, its summary, and the folder of people."""

    folder: Path
    summary: StressSummary
    people: Path


FORMULA = "=1+1"
MARKUP = "<img src=x onerror=alert(1)>"
STRESS_SUITE = f"""
name = "{EVIL}"
[[degradation]]
family = "gaussian-blur"
title = "{EVIL}"
severities = [1, 3, 5]
[[degradation]]
family = "brightness-down"
title = "{FORMULA}"
severities = [2, 5]
[[degradation]]
family = "face-square"
severities = [4]
"""


@pytest.fixture(scope="session")
def stress_run(tmp_path_factory: pytest.TempPathFactory) -> Stressed:
    """Eight people with two photos, three of them with awkward names, under six conditions, of which one fails.

    Under ``black`` there is no face left.
    """
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    root = tmp_path_factory.mktemp("stress")
    people, file = root / "people", root / "suite.toml"
    write_population(people, Population(8, 2, seed=2), workers=1)
    for folder, name in zip(sorted(people.iterdir()), (MARKUP, FORMULA, os.fsdecode(b"caf\xe9")), strict=False):
        folder.rename(people / name)
    file.write_text(STRESS_SUITE)

    def black(photo: Any, severity: int) -> Any:
        return photo * 0

    def picky(photo: Any, severity: int) -> Any:
        raise ValueError(EVIL)

    own = [Series(get_suite(function).series[0].family, (1,)) for function in (black, picky)]
    suite = Suite(EVIL, (*read_suite(file).series, *own))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        run = stress(
            people,
            models=["dlib-resnet"],
            suite=suite,
            protocol="all",
            out=root / "run",
            offline=True,
            command=EVIL,
            canary=False,
        )
    return Stressed(run.folder, run.summary, people)


@pytest.fixture
def stressed(stress_run: Stressed) -> StressSummary:
    """The summary of ``stress_run``."""
    return stress_run.summary


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(names)} is on the path")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] if as_root else [])
        yield chromium
        chromium.close()
