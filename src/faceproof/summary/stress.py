"""A stress run in, one plain dict out: every number under every condition, what was lost, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from faceproof.files import write_csv
from faceproof.findings.decomposition import Decomposition, Measures
from faceproof.findings.flips import Decisions, first_flips
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.metrics.cost import price_of_false_matches
from faceproof.metrics.folds import blocks_of_people
from faceproof.metrics.held_out import held_out_thresholds
from faceproof.metrics.operating_points import fmr_label
from faceproof.metrics.resampling import REPLICATES, resampled_weights
from faceproof.scoring.similarity import distance_from_similarity, similarity_from_distance
from faceproof.summary.decisions import RATES, held_point
from faceproof.summary.estimates import Estimate, told, untold
from faceproof.summary.evaluation import numbers
from faceproof.summary.native_thresholds import usual_score_in

if TYPE_CHECKING:
    import pyarrow as pa

    from faceproof.runs.stress_folder import StressRun

SCHEMA_VERSION = 1
FLIPS_SHOWN = 12
CHANGES = ("accuracy", "precision", "recall", "f1", "eer")
LOSS = ("loss", "not_found", "drift", "separability")
_FEW_REPLICATES = 50
_MANY_COMPARISONS = 200_000
_BOOTSTRAP = "95% interval from people drawn again (bootstrap), thresholds held."
_HOW = {
    "cost": "FRR + price x FAR at the held threshold; rejecting everybody costs 1.",
    "loss": "Cost less the cost on clean photos; faces not found, drift and separability add up to it.",
    "not_found": "Part of the loss on comparisons that could be made clean or degraded, but not both.",
    "drift": "Part of the loss that a threshold set anew for this condition would win back, beyond what it would win "
    "back on clean photos.",
    "separability": "Rise of the least cost that any threshold could reach: what the scores no longer tell apart.",
}


@dataclass(frozen=True, slots=True)
class _Held:
    """The operating point that is held: a threshold for each comparison, and how it came about."""

    threshold: NDArray[np.float64]
    head: dict[str, Any]
    price: float


def summarize_stress(run: StressRun) -> tuple[dict[str, Any], list[Decisions]]:
    """Every number of a stress run with its uncertainty, and what each model decided.

    Args:
        run: the run folder.

    Returns:
        Plain JSON values (docs/stress.md), and the decisions of each model.

    Raises:
        RunFolderError: the tables do not fit together.
    """
    manifest = run.manifest
    usable = [entry for entry in run.conditions if entry["failed"] is None]
    found = [_model(run, model, usable) for model in run.models]
    summary: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "stress",
        "headline": "",
        "warnings": [],
        "run": manifest,
        "conditions": run.conditions,
        "models": [summary for summary, _ in found],
    }
    return summary, [decisions for _, decisions in found]


def _model(run: StressRun, model: str, usable: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], Decisions]:
    clean = run.tables(model, "clean")
    scored = join_scores(clean)
    seed = int(run.manifest["seed"])
    loaded = next(one for one in run.manifest["models"] if one["model"] == model)
    usual = usual_score_in(loaded)
    held = _held(scored, run.manifest["judging"], seed)
    similarity = np.empty((len(usable), len(scored)))
    rows: list[dict[str, Any]] = []
    for place, entry in enumerate(usable):
        tables = run.tables(model, entry["name"])
        under = join_scores(tables)
        similarity[place] = under.similarity
        row = {"condition": entry["name"], **numbers(under, tables.photos, seed=seed, usual=usual)}
        row["held"] = held_point(held.threshold, held.head, under.similarity, under.mated)
        row["not_enlarged"] = _not_enlarged(clean.photos, entry)
        rows.append(row)
    decisions = Decisions(model, scored, usable, similarity, held.threshold)
    index, families = _losses(rows, decisions, held, seed)
    distinct = distance_from_similarity(np.unique(held.threshold[~np.isnan(held.threshold)]))
    return {
        "name": model,
        "title": loaded["card"]["title"],
        "held": held.head
        | {"price": held.price}
        | {"threshold_distance": [float(distinct.min()), float(distinct.max())] if distinct.size else None},
        "index": index,
        "families": families,
        "conditions": rows,
        "flips": first_flips(decisions, FLIPS_SHOWN),
    }, decisions


def _held(scored: ScoredComparisons, judging: Mapping[str, Any], seed: int) -> _Held:
    fmr, distance = judging["fmr"], judging["threshold_distance"]
    if distance is not None:
        head = {
            "name": "held",
            "label": f"distance {distance:g}, given beforehand",
            "how": "The threshold was given beforehand.",
            "target_fmr": fmr,
            "optimistic": False,
            "reason": None,
            "note": None,
        }
        threshold = np.full(len(scored), similarity_from_distance(float(distance)))
        return _Held(threshold, head, price_of_false_matches(fmr or 1e-3))
    block_a, block_b, by_fold = blocks_of_people(*scored.person_codes(), scored.fold, seed)
    who = "of the protocol's other folds" if by_fold else "of other people"
    found = held_out_thresholds(scored.similarity, scored.mated, block_a, block_b, fmr)
    target = None if np.isnan(found.fmr) else found.fmr
    label = "none" if target is None else f"FMR {fmr_label(target)} on clean photos {who}"
    head = {
        "name": "held",
        "label": label,
        "how": f"For each comparison, the lowest threshold with at most this FMR on comparisons of clean photos {who}; "
        f"at least {found.fewest_non_mated:,} non-mated ones set it. It stays where it is under every condition.",
        "target_fmr": target,
        "optimistic": False,
        "reason": found.reason if target is None else None,
        "note": found.reason,
    }
    return _Held(found.threshold, head, price_of_false_matches(target or fmr or 1e-3))


def _losses(
    rows: list[dict[str, Any]], decisions: Decisions, held: _Held, seed: int
) -> tuple[Estimate, list[dict[str, Any]]]:
    """Put cost, loss and changes into each row; the robustness index, and what is left of each family."""
    index_how = (
        "Mean over families of the mean over severities of (1 - cost) / (1 - cost on clean photos), a cost above 1 "
        f"counting as 1. 1: nothing is lost; 0: no better than rejecting everybody. {_BOOTSTRAP}"
    )
    if np.isnan(held.threshold).all():
        why = held.head["reason"] or "there is no threshold to hold"
        for row in rows:
            row["loss"] = {name: untold(why, _HOW[name]) for name in _HOW}
            row["change"] = {name: untold(why, "") for name in CHANGES}
        return untold(why, index_how), []
    scored = decisions.scored
    points, drawn = _measured(decisions, held, seed)
    n = len(scored)
    for row, point, many in zip(rows, points, drawn, strict=True):
        row["loss"] = {
            name: _estimate(getattr(point, name), getattr(many, name), n, f"{_HOW[name]} {_BOOTSTRAP}") for name in _HOW
        }
        row["change"] = {
            name: _estimate(
                _relative(getattr(point, name), getattr(points[0], name)),
                _relative(getattr(many, name), getattr(drawn[0], name)),
                n,
                f"Relative change against clean photos, as a fraction. {_BOOTSTRAP}",
            )
            for name in CHANGES
        }
    families: list[dict[str, Any]] = []
    left: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    useful = [(_useful(point.cost), _useful(many.cost)) for point, many in zip(points, drawn, strict=True)]
    for name in dict.fromkeys(entry["family"] for entry in decisions.conditions[1:]):
        places = [c for c, entry in enumerate(decisions.conditions) if entry["family"] == name]
        pair = tuple(_ratio(np.mean([useful[c][side] for c in places], axis=0), useful[0][side]) for side in (0, 1))
        left.append((pair[0], pair[1]))
        families.append(
            {
                "family": name,
                "title": decisions.conditions[places[0]]["title"],
                "severities": [decisions.conditions[c]["severity"] for c in places],
                "left": _estimate(pair[0], pair[1], n, f"What is left over the severities. {_BOOTSTRAP}"),
            }
        )
    if not left:
        return untold("no condition gave numbers", index_how), families
    index = tuple(np.mean([pair[side] for pair in left], axis=0) for side in (0, 1))
    return _estimate(index[0], index[1], n, index_how), families


def _measured(decisions: Decisions, held: _Held, seed: int) -> tuple[list[Measures], list[Measures]]:
    """Measures of each condition, on the comparisons as they are, and on people drawn again."""
    scored = decisions.scored
    clean = decisions.similarity[0]
    once = np.ones((1, len(scored)), np.float32)
    replicates = REPLICATES if len(scored) <= _MANY_COMPARISONS else _FEW_REPLICATES
    person_a, person_b = scored.person_codes()
    points, drawn = [], []
    for under in decisions.similarity:
        split = Decomposition(clean, under, scored.mated, held.threshold, held.price)
        points.append(split.measures(once))
        # The same draws for every condition, made again each time: they would not fit in memory together.
        weights = resampled_weights(person_a, person_b, replicates, seed)
        drawn.append(Measures.joined(split.measures(part) for part in weights))
    return points, drawn


def _estimate(point: NDArray[np.float64], drawn: NDArray[np.float64], n: int, how: str) -> Estimate:
    value = float(point[0])
    if not np.isfinite(value):
        return untold("it is not defined on these comparisons", how)
    finite = drawn[np.isfinite(drawn)]
    interval = tuple(np.percentile(finite, [2.5, 97.5]).tolist()) if finite.size else None
    return told(value, interval if interval is None else (interval[0], interval[1]), n, how)


def _relative(now: NDArray[np.float64], clean: NDArray[np.float64]) -> NDArray[np.float64]:
    return _ratio(now, clean) - 1


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: NDArray[np.float64] = np.where(whole > 0, part / whole, np.nan)
    return result


def _useful(cost: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0.0, 1 - cost)


def _not_enlarged(clean_photos: pa.Table, entry: Mapping[str, Any]) -> int:
    """Photos that are no larger than the resolution that a condition reduces to, and so stay as they are."""
    target = entry["parameters"].get("shorter_side_px")
    if target is None:
        return 0
    width, height = (clean_photos[name].to_numpy() for name in ("width_px", "height_px"))
    return int(np.count_nonzero(np.fmin(width, height) <= target))


def write_conditions_csv(path: Path, summary: Mapping[str, Any]) -> None:
    """Write the main numbers, a row for each model and condition, rates as fractions (`faceproof.files.write_csv`).

    Args:
        path: the file; its folder has to be there.
        summary: the dict of `summarize_stress`.
    """
    rows = list(condition_rows(summary))
    write_csv(path, list(rows[0]) if rows else ["model"], rows)


def condition_rows(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The main numbers as flat rows: model, condition, and each number with the ends of its interval."""
    entries = {entry["name"]: entry for entry in summary["conditions"]}
    for model in summary["models"]:
        for row in model["conditions"]:
            entry = entries[row["condition"]]
            flat: dict[str, Any] = {
                "model": model["name"],
                "condition": entry["name"],
                **{name: entry[name] for name in ("family", "title", "severity", "told")},
            }
            best = next(point for point in row["operating_points"] if point["name"] == "best_accuracy")
            estimates = {
                **{f"held_{name}": row["held"][name] for name in RATES},
                "best_accuracy": best["accuracy"],
                "eer": row["eer"],
                "auc": row["auc"],
                "d_prime": row["d_prime"],
                **row["rates"],
                **row["loss"],
                **{f"change_{name}": row["change"][name] for name in CHANGES},
            }
            for name, estimate in estimates.items():
                flat |= {name: estimate["value"], f"{name}_low": estimate["low"], f"{name}_high": estimate["high"]}
            for cell in ("tp", "fn", "tn", "fp"):
                flat[f"held_{cell}"] = (row["held"]["confusion"] or {}).get(cell)
            flat |= {
                "best_threshold_distance": best["threshold_distance"],
                "mean_distance_mated": row["distances"]["mated"]["mean"],
                "mean_distance_non_mated": row["distances"]["non_mated"]["mean"],
                "time_ms": row["times"]["total_ms"],
            }
            yield flat
