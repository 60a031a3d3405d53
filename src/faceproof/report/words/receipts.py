"""Sentences about the check of a run, about its repetition, and about differences of two runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from faceproof.findings.differences import ScoreDifferences
from faceproof.report.words.formatting import count
from faceproof.summary.number_differences import NumberDifference, StoredNumber
from faceproof.summary.receipts import RerunCheck, RunCheck
from faceproof.summary.run_differences import NameDifferences, RunDifferences

NO_CACHE = "All templates were computed; the template cache was not used."


def check_headline(check: RunCheck) -> str:
    """Result of the check of the files of a run, one sentence."""
    failed = [f"{one.what} ({one.outcome})" for one in check.checks if one.failed]
    if failed:
        return f"{check.folder} is not as in its manifest: {', '.join(failed)}."
    unknown = [one.what for one in check.checks if one.outcome != "same"]
    if unknown:
        return f"No difference from the manifest of {check.folder}; without a digest: {', '.join(unknown)}."
    return f"No difference: everything that {check.folder} was made of, and its files, are as in its manifest."


def rerun_headline(check: RerunCheck) -> str:
    """Result of the check of a repetition, one sentence."""
    different = sum(one.different for one in check.scores)
    decisions = sum(one.decisions or 0 for one in check.scores)
    found = []
    if different:
        found.append(f"{_many(different, 'similarity', 'similarities')} by more than {check.tolerance:g}")
    if decisions:
        found.append(_many(decisions, "decision"))
    if check.numbers:
        found.append(f"{_many(len(check.numbers), 'number')} of metrics.json")
    if check.conditions:
        found.append(f"the conditions that have results ({', '.join(check.conditions)})")
    if found:
        return f"The repetition of {check.folder} differs: {', '.join(found)}."
    return f"No difference: the repetition of {check.folder} has the same similarities and decisions."


def similarities_in_words(scores: Sequence[ScoreDifferences], tolerance: float) -> Iterator[str]:
    """How many similarities and decisions of a repetition differ, as sentences."""
    total, not_exact = sum(one.comparisons for one in scores), sum(one.not_exact for one in scores)
    conditions = len({one.condition for one in scores})
    under = f" under {conditions:,} conditions" if conditions > 1 else ""
    if not not_exact:
        yield f"All {count(total)} similarities{under} are exactly equal."
    else:
        largest = max((one.largest for one in scores if one.largest is not None), default=None)
        at_most = "" if largest is None else f"; the largest difference is {largest:.2g}"
        different = sum(one.different for one in scores)
        how = f"{count(different)} of them by more than {tolerance:g}" if different else f"all by {tolerance:g} or less"
        yield f"{count(not_exact)} of {count(total)} similarities{under} differ, {how}{at_most}."
    if any(one.decisions is None for one in scores):
        yield "There are no decisions to compare: the run has no threshold."
        return
    beyond, within = (sum(getattr(one, name) or 0 for one in scores) for name in ("decisions", "decisions_within"))
    if not (beyond or within):
        yield "All decisions at the stored threshold are the same."
    elif beyond:
        yield f"{_many(beyond, 'decision')} at the stored threshold {_differ(beyond)}."
    if within:
        yield (
            f"{_many(within, 'decision')} {_differ(within)} although the similarities are equal within {tolerance:g}: "
            "they lie at the threshold. They do not count."
        )


def numbers_of_rerun_in_words(check: RerunCheck) -> str:
    """Whether the numbers of ``metrics.json`` follow from the stored tables, one sentence."""
    if check.numbers_checked is None:
        return "The numbers of metrics.json are of an earlier version with other formulas: not compared."
    if not check.numbers:
        return f"All {count(check.numbers_checked)} numbers of metrics.json follow from the stored tables."
    ends = sum(one.a is not None and one.b is not None and one.a.value == one.b.value for one in check.numbers)
    only = f"; {count(ends)} of them {_differ(ends)} only in an end of the interval" if ends else ""
    return (
        f"{count(len(check.numbers))} of {count(check.numbers_checked)} numbers of metrics.json do not follow from the "
        f"stored tables by the formulas of this version{only}."
    )


def diff_headline(found: RunDifferences) -> str:
    """What differs between two runs, in one sentence."""
    parts = list(_differing(found))
    if parts:
        return f"{found.a} and {found.b} differ in {_listed(parts)}."
    within = f" within {found.tolerance:g}" if found.tolerance else ""
    other = [one.part for one in found.settings]
    beside = [what for part, what in (("versions", "versions"), ("machine", "machine or paths")) if part in other]
    more = f" They differ in {_listed(beside)}, which count as no difference of results." if beside else ""
    return f"No difference{within} between {found.a} and {found.b} in settings, data, systems and results.{more}"


def _differing(found: RunDifferences) -> Iterator[str]:
    if found.of("settings"):
        yield "settings"
    names = [one for one in (found.photos, found.people) if one is not None and one.differ]
    if found.of("data") or names or found.comparisons:
        yield "data"
    if found.of("systems"):
        yield "systems"
    if any(one.different for one in found.scores):
        yield "similarities"
    if any((one.decisions or 0) + (one.decisions_within or 0) for one in found.scores):
        yield "decisions"
    if found.other_numbers:
        yield "numbers"
    if found.only_one:
        yield "the systems or conditions that they have results for"


def names_in_words(names: NameDifferences, a: str, b: str) -> Iterator[str]:
    """Photos or people that differ, as sentences."""
    for number, only, run in ((names.only_a, names.names_a, a), (names.only_b, names.names_b, b)):
        if number:
            yield f"{names.what.capitalize()} that only {run} has: {count(number)} ({_some(only, number)})."
    if names.changed:
        changed = _some(names.names_changed, names.changed)
        yield f"{names.what.capitalize()} with other bytes: {count(names.changed)} ({changed})."


def scores_in_words(one: ScoreDifferences, tolerance: float) -> str:
    """Differences of similarities and decisions between two runs, one sentence."""
    if not one.comparisons:
        return "The runs have no comparison in common."
    beyond = f" by more than {tolerance:g}" if tolerance else ""
    largest = "" if one.largest is None or not one.not_exact else f"; the largest difference is {one.largest:.2g}"
    by_one = f"; {count(one.made_by_one)} could be made by one run alone" if one.made_by_one else ""
    if one.decisions is None:
        decided = "there are no decisions to compare"
    else:
        changed = one.decisions + (one.decisions_within or 0)
        decided = f"{_many(changed, 'decision')} {_differ(changed)} (each run decides at its own threshold)"
    return (
        f"{count(one.different)} of {count(one.comparisons)} similarities differ{beyond}{largest}{by_one}; {decided}."
    )


def numbers_in_words(one: NumberDifference) -> tuple[str, str]:
    """A number of two runs, each with its interval; with all digits where five do not show the difference.

    >>> numbers_in_words(NumberDifference("eer", StoredNumber(0.05, 0.04, 0.0612345), StoredNumber(0.06)))
    ('0.05 (0.04 to 0.061234)', '0.06')
    >>> numbers_in_words(NumberDifference("eer", StoredNumber(0.05), StoredNumber(0.0500000001)))
    ('0.05', '0.0500000001')
    """
    a, b = _number(one.a, ".5g"), _number(one.b, ".5g")
    return (a, b) if a != b else (_number(one.a, ""), _number(one.b, ""))


def _number(number: StoredNumber | None, form: str) -> str:
    if number is None:
        return "absent"
    if number.value is None:
        return "none"
    shown = str(number.value) if isinstance(number.value, int) else f"{number.value:{form}}"
    if number.low is None or number.high is None:
        only = ((number.low, "or more"), (number.high, "or less"))
        return shown + "".join(f" ({end:{form}} {which})" for end, which in only if end is not None)
    return f"{shown} ({number.low:{form}} to {number.high:{form}})"


def _many(n: int, what: str, plural: str | None = None) -> str:
    return f"{n:,} {what if n == 1 else plural or f'{what}s'}"


def _differ(n: int) -> str:
    return "differs" if n == 1 else "differ"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _some(names: Sequence[str], of: int) -> str:
    return f"{', '.join(names)}{', ...' if of > len(names) else ''}"
