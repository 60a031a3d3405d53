"""Cross-validated accuracy: over the folds of the protocol, else over folds that share no person."""

from __future__ import annotations

from typing import Literal

import numpy as np

from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.folds import FoldResult, cross_validated_accuracy, person_disjoint_folds
from faceproof.metrics.intervals import mean_accuracy_interval
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.estimates import INDEPENDENT, finite_or_none
from faceproof.summary.evaluation_schema import Fold, FoldedAccuracy, Folds

_HOW = {
    "protocol": "The threshold of best accuracy is set on all folds of the protocol but one and judged on "
    "that one, each in turn; the mean over folds.",
    "person_disjoint": "The people are split into folds; the threshold of best accuracy is set on all folds "
    "but one and judged on that one, each in turn; the mean over folds. Comparisons of people from different folds "
    "are left out.",
}
_INTERVAL = "Wilson 95% interval of as many right decisions as the mean stands for."


def folded_accuracy(scored: ScoredComparisons, folds: int, seed: int) -> Folds:
    """Cross-validated accuracy: the threshold of each fold comes from the other folds.

    Args:
        scored: the comparisons; those that could not be made are left out.
        folds: number of folds to split the people into, where the protocol has none.
        seed: seed of that split.

    Returns:
        The accuracy. Where there is none, ``kind`` is None, ``per_fold`` is empty, and ``reason`` says why.

    Raises:
        ConfigurationError: ``folds`` is below 2.
    """
    kind: Literal["protocol", "person_disjoint"] = "protocol" if (scored.fold >= 0).any() else "person_disjoint"
    made = scored.compared
    if kind == "protocol":
        member = scored.fold[made]
    else:
        person_a, person_b = scored.person_codes()
        member = person_disjoint_folds(person_a[made], person_b[made], folds, seed).astype(np.int64)
    mated = scored.mated[made]
    result = cross_validated_accuracy(scored.similarity[made], mated, member)
    reason = _reason(result, int(np.count_nonzero(mated)), mated.size)
    if reason is not None:
        return Folds(
            kind=None,
            k=folds,
            accuracy=FoldedAccuracy.absent(reason, _HOW[kind], standard_error=None),
            per_fold=[],
            left_out=result.left_out,
            how=_HOW[kind],
            reason=reason,
        )
    n = sum(part.comparisons for part in result.per_fold)
    accuracy = FoldedAccuracy.of(
        *(result.accuracy, mean_accuracy_interval(result.accuracy, n), n, f"{_HOW[kind]} {_INTERVAL} {INDEPENDENT}"),
        standard_error=finite_or_none(result.standard_error),
    )
    return Folds(
        kind=kind,
        k=result.k,
        accuracy=accuracy,
        per_fold=_rows(result),
        left_out=result.left_out,
        how=_HOW[kind],
        reason=None,
    )


def _reason(result: FoldResult, mated: int, n: int) -> str | None:
    if n == 0:
        return "no comparison could be made"
    if mated in (0, n):
        missing = "non-mated" if mated else "mated"
        return f"no {missing} comparison could be made, and a threshold needs both kinds"
    return result.reason


def _rows(result: FoldResult) -> list[Fold]:
    return [
        Fold(
            fold=part.fold,
            accuracy=part.accuracy,
            threshold_similarity=part.threshold,
            threshold_distance=distance_from_similarity(part.threshold),
            comparisons=part.comparisons,
        )
        for part in result.per_fold
    ]
