"""Cross-validated accuracy: over the folds of the protocol, else over folds that share no person."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faceproof.findings.linked import LinkedScores, link
from faceproof.findings.scored import ScoredComparisons
from faceproof.metrics.folds import FoldResult, cross_validated_accuracy, person_disjoint_folds
from faceproof.metrics.intervals import Interval, combined_interval
from faceproof.scoring.similarity import distance_from_similarity
from faceproof.summary.estimates import finite_or_none
from faceproof.summary.evaluation_schema import Fold, FoldedAccuracy, Folds

_HOW = {
    "protocol": "The threshold of best accuracy is set on all folds of the protocol but one and judged on "
    "that one, each in turn.",
    "person_disjoint": "The people are split into folds; the threshold of best accuracy is set on all folds but one "
    "and judged on that one, each in turn. Comparisons of people from different folds are left out; mated and "
    "non-mated ones are weighted, so that the result is the accuracy at the mix of the whole list.",
}
_PLAIN, _WEIGHTED = " The mean over folds.", " Each comparison counts the same."


def folded_accuracy(scored: ScoredComparisons, linked: LinkedScores, folds: int, seed: int) -> Folds:
    """Cross-validated accuracy: the threshold of each fold comes from the other folds.

    Folds of the protocol with equal numbers of comparisons give the plain mean over folds, as published for LFW View 2.

    Args:
        scored: the comparisons; those that could not be made are left out.
        linked: the same, linked.
        folds: number of folds to split the people into, where the protocol has none.
        seed: seed of that split.

    Returns:
        The accuracy. Where there is none, ``kind`` is None, ``per_fold`` is empty, and ``reason`` says why.

    Raises:
        ConfigurationError: ``folds`` is below 2.
    """
    kind: Literal["protocol", "person_disjoint"] = "protocol" if (scored.fold >= 0).any() else "person_disjoint"
    made = scored.compared
    mated = scored.mated[made]
    mates = int(np.count_nonzero(mated))
    mix, plain = (mates, mated.size - mates), False
    if kind == "protocol":
        member = scored.fold[made]
        plain = np.unique(np.unique(scored.fold[scored.fold >= 0], return_counts=True)[1]).size == 1
        result = cross_validated_accuracy(scored.similarity[made], mated, member, plain_mean=plain)
        kept = mated[result.decided]
        mix = int(np.count_nonzero(kept)), int(np.count_nonzero(~kept))
    else:
        person_a, person_b = linked.people or scored.person_codes()
        member = person_disjoint_folds(person_a[made], person_b[made], folds, seed).astype(np.int64)
        both = mix if min(mix) else None
        result = cross_validated_accuracy(scored.similarity[made], mated, member, mix=both)
    how = _HOW[kind] + (_PLAIN if plain else _WEIGHTED if kind == "protocol" else "")
    reason = _reason(result, mates, mated.size)
    if reason is not None:
        return Folds(
            kind=None,
            k=folds,
            accuracy=FoldedAccuracy.absent(reason, how, standard_error=None),
            per_fold=[],
            left_out=result.left_out,
            how=how,
            reason=reason,
        )
    interval = _interval(linked, np.flatnonzero(made)[result.decided], result, mix)
    n = int(np.count_nonzero(result.decided))
    accuracy = FoldedAccuracy.of(
        *(result.accuracy, interval, n, how), standard_error=finite_or_none(result.standard_error)
    )
    return Folds(
        kind=kind,
        k=result.k,
        accuracy=accuracy,
        per_fold=_rows(result),
        left_out=result.left_out,
        how=how,
        reason=None,
    )


def _interval(linked: LinkedScores, rows: NDArray[np.int64], result: FoldResult, mix: tuple[int, int]) -> Interval:
    """Interval of the accuracy, from the FMR and FNMR of the decisions in all folds."""
    people, photos = (
        None if sides is None else (sides[0][rows], sides[1][rows]) for sides in (linked.people, linked.photos)
    )
    kept = link(linked.similarity[rows], linked.mated[rows], people, photos)
    rates = kept.error_rates(result.accepted[result.decided])
    if rates.fmr is None or rates.fnmr is None:
        return Interval(None, None, "", None, "the folds keep comparisons of one kind only")
    mated, non_mated = mix

    def accuracy(fmr: float, fnmr: float) -> float:
        return 1 - (mated * fnmr + non_mated * fmr) / (mated + non_mated)

    # The plain mean over folds differs a little from the accuracy of all decisions where comparisons are missing.
    return combined_interval(accuracy, rates.fmr, rates.fnmr).shifted(
        result.accuracy - accuracy(rates.fmr.value, rates.fnmr.value)
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
            accuracy=finite_or_none(part.accuracy),
            threshold_similarity=part.threshold,
            threshold_distance=distance_from_similarity(part.threshold),
            comparisons=part.comparisons,
        )
        for part in result.per_fold
    ]
