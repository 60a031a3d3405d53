"""Photos without a template, treated in four ways: what the choice changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.findings.linked import ErrorRates, LinkedScores
from faceproof.findings.scored import ScoredComparisons, codes_of
from faceproof.metrics.acquisition import generalised_accept_rate, generalised_reject_rate
from faceproof.metrics.confusion import Confusion
from faceproof.metrics.intervals import Rate, photo_rate, rate_interval
from faceproof.people.types import UNKNOWN
from faceproof.summary.decisions import rates_of
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import FailurePolicies, FailurePolicy

_HOW = {
    "exclude": "of the comparisons that were made",
    "reject": "of all comparisons; one that could not be made counts as rejected",
    "worst": "of all comparisons; one that could not be made counts as wrong",
}
_ISO = {
    "fmr": "Generalised false accept rate, GFAR = (1 - FTE) (1 - FTA) FMR (ISO/IEC 19795-1).",
    "fnmr": "Generalised false reject rate, GFRR = 1 - (1 - FTE) (1 - FTA) (1 - FNMR) (ISO/IEC 19795-1).",
    "accuracy": "There is no generalised accuracy in ISO/IEC 19795-1.",
}


def failure_policies(
    scored: ScoredComparisons, linked: LinkedScores, photos: pa.Table, threshold: float | None, *, optimistic: bool
) -> FailurePolicies | None:
    """Error rates at a threshold with photos without a template treated in four ways.

    Args:
        scored: the comparisons.
        linked: the same, linked.
        photos: the rows of ``photos.parquet`` under the condition.
        threshold: similarity from which a comparison is accepted.
        optimistic: whether these comparisons set the threshold.

    Returns:
        The rates; None where every comparison was made, or there is no threshold.
    """
    if threshold is None or linked.compared.all() or not linked.compared.any():
        return None
    accepted = linked.compared & (linked.similarity >= threshold)
    rates = linked.error_rates(accepted)
    wrong = linked.compared & (accepted != linked.mated) | ~linked.compared
    worst = _rate_of(linked, wrong, mated=False), _rate_of(linked, wrong, mated=True)
    fte, fta = _photos_of_side(scored, photos, "photo_a"), _photos_of_side(scored, photos, "photo_b")
    policies = [
        _policy("exclude", rates.fmr, rates.fnmr, optimistic=optimistic),
        _policy("reject", rates.far, rates.frr, optimistic=optimistic),
        _iso(rates.fmr, rates.fnmr, fte, fta, optimistic=optimistic),
        _policy("worst", *worst, optimistic=optimistic),
    ]
    missing = "nothing is known of any photo"
    return FailurePolicies(
        policies=policies,
        failure_to_enrol=_photo_estimate(fte, "Reference photos (side a) without a template.", missing),
        failure_to_acquire=_photo_estimate(fta, "Probe photos (side b) without a template.", missing),
        matters=any(_outside(policies[0], other) for other in policies[1:]),
    )


def _rate_of(linked: LinkedScores, wrong: NDArray[np.bool_], *, mated: bool) -> Rate | None:
    kind = linked.failed_wrong.mated if mated else linked.failed_wrong.non_mated
    rows = np.flatnonzero(wrong[linked.mated == mated])
    return rate_interval(kind, rows) if kind.n else None


def _photos_of_side(scored: ScoredComparisons, photos: pa.Table, side: str) -> Rate | None:
    """Rate of photos without a template among those on one side of the comparisons; None where unknown."""
    here = photos.filter(pc.is_in(photos["photo"].cast(pa.string()), value_set=pc.unique(scored.names[side])))
    here = here.filter(pc.not_equal(here["outcome"], pa.scalar(UNKNOWN)))
    if not len(here):
        return None
    person = codes_of(here["person"]) if scored.people_known else None
    return photo_rate(np.asarray(here["outcome"].to_numpy() != "template", dtype=np.bool_), person)


def _policy(name: str, fmr: Rate | None, fnmr: Rate | None, *, optimistic: bool) -> FailurePolicy:
    counts = _confusion(fmr, fnmr)
    found = rates_of(counts, ErrorRates(fmr=fmr, fnmr=fnmr, far=fmr, frr=fnmr), optimistic=optimistic)
    how = {"fmr": "Non-mated comparisons accepted", "fnmr": "Mated comparisons rejected", "accuracy": "Right decisions"}
    of_policy = {key: found[key].model_copy(update={"how": f"{text}, {_HOW[name]}."}) for key, text in how.items()}
    return FailurePolicy.model_validate({"name": name, **of_policy})


def _confusion(fmr: Rate | None, fnmr: Rate | None) -> Confusion:
    fp, n = (fmr.errors, fmr.n) if fmr else (0, 0)
    fn, m = (fnmr.errors, fnmr.n) if fnmr else (0, 0)
    return Confusion(tp=m - fn, fn=fn, tn=n - fp, fp=fp)


def _iso(fmr: Rate | None, fnmr: Rate | None, fte: Rate | None, fta: Rate | None, *, optimistic: bool) -> FailurePolicy:
    absent = {key: Estimate.absent("ISO defines none", how) for key, how in _ISO.items()}
    if fte is None or fta is None:
        unknown = Estimate.absent("nothing is known of any photo", _ISO["fmr"])
        return FailurePolicy.model_validate({**absent, "name": "iso", "fmr": unknown, "fnmr": unknown})
    found: dict[str, Any] = dict(absent)
    for key, rate, generalised in (("fmr", fmr, generalised_accept_rate), ("fnmr", fnmr, generalised_reject_rate)):
        if rate is None:
            found[key] = Estimate.absent("no such comparison could be made", _ISO[key])
            continue
        value, interval = generalised(rate, fte, fta)
        found[key] = Estimate.of(value, interval, rate.n, _ISO[key], optimistic=optimistic)
    return FailurePolicy.model_validate({"name": "iso", **found})


def _photo_estimate(rate: Rate | None, how: str, missing: str) -> Estimate:
    return Estimate.absent(missing, how) if rate is None else Estimate.of(rate.value, rate.interval, rate.n, how)


def _outside(base: FailurePolicy, other: FailurePolicy) -> bool:
    """Whether an error rate lies outside of the interval of the base; without an end, nothing lies beyond it."""
    pairs = [(base.fnmr, other.fnmr)] if other.name == "worst" else [(base.fnmr, other.fnmr), (base.fmr, other.fmr)]
    return any(outside(here, there) for here, there in pairs)


def outside(here: Estimate, there: Estimate) -> bool:
    """Whether the value of an estimate lies outside of the interval of another."""
    if there.value is None:
        return False
    below = here.low is not None and there.value < here.low
    return below or (here.high is not None and there.value > here.high)
