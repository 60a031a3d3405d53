"""Several runs in, one plain dict out: every number of each run, and of every run against the first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from faceproof.findings.compared import (
    MEASURES,
    Agreement,
    Floats,
    Paired,
    drawn_measures,
    enough_draws,
    interval_of,
    mcnemar,
    measures,
    pair_runs,
)
from faceproof.findings.disputed import Disputed
from faceproof.findings.joined import JoinedRuns
from faceproof.metrics.operating_points import fmr_label, missing_kind
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.decisions import equal_error_rate, held_point
from faceproof.summary.estimates import Estimate, finite_or_none, told, untold
from faceproof.summary.evaluation import numbers
from faceproof.summary.native_thresholds import usual_score_in
from faceproof.summary.series import curves

SCHEMA_VERSION = 1
SHOWN = 24
COST_FMRS = (0.001, 0.01, 0.1)
_HOW = {
    "accuracy": "Difference in the share of right decisions at the held-out thresholds.",
    "fnmr": "Difference in the share of mated comparisons rejected at the held-out thresholds.",
    "fmr": "Difference in the share of non-mated comparisons accepted at the held-out thresholds.",
    "eer": "Difference of the equal error rates; each run has a threshold of its own there, set on these comparisons.",
}
_MCNEMAR = (
    "Exact two-sided McNemar test on the comparisons that one of the two runs alone decides correctly. It takes "
    "comparisons as independent; they share people, so the true p-value is somewhat higher."
)
_KAPPA = "Agreement beyond that of two runs that accept as often, but blindly: 1 always alike, 0 as by chance (Cohen)."


def summarize_comparison(
    joined: JoinedRuns, head: Mapping[str, Any], *, common: bool
) -> tuple[dict[str, Any], Disputed]:
    """Every number of some runs with its uncertainty, and the comparisons that they dispute.

    Args:
        joined: the runs and the comparisons that they share; the first run is what the others are held against.
        head: what to say of the comparison itself: faceproof_version, command, finished.
        common: whether runs of different pair lists were allowed.

    Returns:
        Plain JSON values (docs/compare.md), and the disputed comparisons.

    Raises:
        RunFolderError: the tables of a run do not fit together.
    """
    first = joined.scored[0]
    manifest = joined.runs[0].tables.manifest
    seed = manifest["seed"] if isinstance(manifest.get("seed"), int) else 0
    folds = manifest.get("judging", {}).get("folds", 10)
    paired = pair_runs(joined.similarity, first.mated, *first.person_codes(), first.fold, seed)
    disputed = Disputed(joined, paired)
    summary: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": "comparison",
        "headline": "",
        "warnings": [],
        "run": {**head, "common": common, "seed": seed, "folds": folds, "baseline": joined.names[0]},
        "comparisons": _counts(joined, paired),
        "runs": [_run(joined, place, folds, seed) for place in range(len(joined.runs))],
        "operating_point": _operating_point(paired),
        **_paired(joined, paired, seed),
        "agreement": list(_agreements(joined, paired)),
        "flips": [_flips(disputed, run) for run in range(1, len(joined.runs))],
        "not_made": [_not_made(disputed, run) for run in range(len(joined.runs))],
    }
    summary["cost"] = _cost(summary["runs"])
    return summary, disputed


def _counts(joined: JoinedRuns, paired: Paired) -> dict[str, int]:
    """How many comparisons the runs share, and how many of them all runs could make."""
    mated, made = joined.scored[0].mated, paired.mated
    people = np.unique(np.concatenate([paired.person_a, paired.person_b])).size
    return {
        "shared": len(joined),
        "mated": int(mated.sum()),
        "non_mated": int((~mated).sum()),
        "made_by_all": int(made.size),
        "made_by_all_mated": int(made.sum()),
        "made_by_all_non_mated": int((~made).sum()),
        "people": int(people),
    }


def _run(joined: JoinedRuns, place: int, folds: int, seed: int) -> dict[str, Any]:
    """A run's own numbers, on those of the shared comparisons that it could make."""
    run, scored, photos = joined.runs[place], joined.scored[place], joined.photos[place]
    manifest, made = run.tables.manifest, scored.compared
    card = manifest.get("card") or {}
    return {
        "name": run.name,
        "folder": str(run.folder),
        "model": manifest.get("model"),
        "title": card.get("title"),
        "template_size": card.get("template_size"),
        "weights_bytes": card.get("size_bytes"),
        "weights_sha256": (manifest.get("weights") or {}).get(manifest.get("model")),
        "left_out": joined.left_out[place],
        "default_operating_point": "best_accuracy",
        **numbers(scored, photos, folds=folds, seed=seed, usual=usual_score_in(manifest)),
        "curves": curves(scored.similarity[made], scored.mated[made]),
        "manifest": manifest,
    }


def _operating_point(paired: Paired) -> dict[str, Any]:
    who = "of the protocol's other folds" if paired.by_fold else "of other people"
    label = f"FMR {fmr_label(paired.fmr)}, set on comparisons {who}" if paired.decided else "none"
    return {
        "name": "held_out",
        "label": label,
        "target_fmr": finite_or_none(paired.fmr),
        "how": f"Each comparison is decided at the lowest threshold that accepts at most this share of the non-mated "
        f"comparisons {who}, by the same run; at least {paired.fewest_non_mated:,} of them set it. Nobody has a say "
        "in his own threshold, and each run has thresholds of its own.",
        "reason": None if paired.decided else paired.reason,
        "note": paired.reason,
    }


def _paired(joined: JoinedRuns, paired: Paired, seed: int) -> dict[str, Any]:
    """``paired``: each run on the comparisons that all could make; ``differences``: each run less the first one."""
    head = _operating_point(paired)
    rows = []
    for place, name in enumerate(joined.names):
        similarity, threshold = paired.similarity[place], paired.threshold[place]
        distance = distance_from_similarity(np.unique(threshold[~np.isnan(threshold)]))
        rows.append(
            {
                "run": name,
                "held": held_point(threshold, head, similarity, paired.mated),
                "threshold_distance": [float(distance.min()), float(distance.max())] if distance.size else None,
                "eer": equal_error_rate(similarity, paired.mated, missing_kind(paired.mated)),
            }
        )
    draws = enough_draws(paired.mated.size)
    point = measures(paired, np.ones((1, paired.mated.size)))
    drawn = drawn_measures(paired, draws, seed) if paired.mated.size else {name: point[name][:, :0] for name in point}
    differences = [
        {
            "run": joined.names[place],
            "baseline": joined.names[0],
            **{name: _difference(name, place, paired, point, drawn) for name in MEASURES},
            "mcnemar": _mcnemar(paired, place),
        }
        for place in range(1, len(joined.runs))
    ]
    bootstrap = {"draws": draws, "how": _bootstrap(draws)}
    return {"bootstrap": bootstrap, "paired": rows, "differences": differences}


def _difference(
    name: str, place: int, paired: Paired, point: Mapping[str, Floats], drawn: Mapping[str, Floats]
) -> Estimate:
    """A run's number less that of the first run, with the interval from people drawn again for both alike."""
    mated, other = int(paired.mated.sum()), int((~paired.mated).sum())
    n = {"accuracy": mated + other, "fnmr": mated, "fmr": other, "eer": min(mated, other)}[name]
    how = f"{_HOW[name]} {_bootstrap(drawn[name].shape[1])}"
    # Sums in another order leave a trace of rounding in what is equal.
    value = round(float(point[name][place, 0] - point[name][0, 0]), 12)
    if math.isnan(value):
        why = missing_kind(paired.mated) or (None if name == "eer" else paired.reason)
        return untold(why or "it is not defined on these comparisons", how)
    return told(value, interval_of((drawn[name][place] - drawn[name][0]).round(12), n), n, how)


def _bootstrap(draws: int) -> str:
    return (
        f"95% interval from {draws:,} draws of people (bootstrap), the same draws for both runs, thresholds held; "
        "where no draw differs from another, 3/n to either side (rule of three)."
    )


def _mcnemar(paired: Paired, place: int) -> dict[str, Any]:
    names = ("both_right", "only_run_right", "only_baseline_right", "both_wrong")
    if not paired.decided:
        return {"p": None, **dict.fromkeys(names), "how": _MCNEMAR, "reason": paired.reason}
    right, baseline = paired.right[place], paired.right[0]
    counts = [
        int(np.count_nonzero(rows))
        for rows in (right & baseline, right & ~baseline, ~right & baseline, ~right & ~baseline)
    ]
    return {
        "p": mcnemar(counts[2], counts[1]),
        **dict(zip(names, counts, strict=True)),
        "how": _MCNEMAR,
        "reason": None,
    }


def _agreements(joined: JoinedRuns, paired: Paired) -> Iterator[dict[str, Any]]:
    """Each two runs: share of comparisons decided alike, and kappa."""
    names = joined.names
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            head = {"a": first, "b": names[j], "how": _KAPPA}
            if not paired.decided:
                yield head | {"alike": None, "kappa": None, "n": 0, "reason": paired.reason}
                continue
            found = Agreement.of(paired.accepted[i], paired.accepted[j])
            one_way = "both accept everything or nothing, so chance alone makes them agree"
            yield head | {
                "alike": finite_or_none(found.alike),
                "kappa": finite_or_none(found.kappa),
                "n": found.n,
                "both_accept": found.both_accept,
                "both_reject": found.both_reject,
                "only_a_accepts": found.only_first_accepts,
                "only_b_accepts": found.only_second_accepts,
                "reason": one_way if math.isnan(found.kappa) else None,
            }


def _flips(disputed: Disputed, run: int) -> dict[str, Any]:
    """Comparisons that this run or the first alone decides correctly: how many, and the worst of them."""
    names = disputed.joined.names
    return {
        "run": names[run],
        "baseline": names[0],
        "right_in_baseline": int(disputed.right_in(0, run).size),
        "right_in_run": int(disputed.right_in(run, 0).size),
        "worse": disputed.flips(run, 0, winner=0, limit=SHOWN),
        "better": disputed.flips(run, 0, winner=run, limit=SHOWN),
    }


def _not_made(disputed: Disputed, run: int) -> dict[str, Any]:
    missing = np.isnan(disputed.joined.scored[run].similarity)
    mated = disputed.joined.scored[run].mated
    return {
        "run": disputed.joined.names[run],
        "mated": int(np.count_nonzero(missing & mated)),
        "non_mated": int(np.count_nonzero(missing & ~mated)),
        "made_by_another": int(disputed.not_made(run).size),
        "shown": disputed.missing(run, SHOWN),
    }


def _cost(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Time per photo and error of each run: FNMR at the lowest FMR that all can resolve, else EER."""
    choices: list[tuple[str, list[Estimate]]] = [
        (
            f"FNMR at FMR {fmr_label(fmr)}",
            [next(row["fnmr"] for row in run["fnmr_at_fmr"] if row["fmr"] == fmr) for run in runs],
        )
        for fmr in COST_FMRS
    ]
    choices.append(("EER", [run["eer"] for run in runs]))
    for measure, estimates in choices:
        if all(estimate["value"] is not None for estimate in estimates):
            points = [
                {"run": run["name"], "time_ms": run["times"]["total_ms"], "error": estimate}
                for run, estimate in zip(runs, estimates, strict=True)
            ]
            return {"measure": measure, "points": points, "reason": None}
    return {"measure": None, "points": [], "reason": "neither FNMR at a fixed FMR nor EER can be told for every run"}
