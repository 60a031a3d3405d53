"""Plans against brute-force counts, against simulation, and against the table that the formulas were published with."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from faceproof.errors import ConfigurationError
from faceproof.metrics.dependence import Dependence
from faceproof.metrics.planning import (
    TARGET_FMRS,
    USUAL,
    Design,
    likeness_of,
    people_for,
    people_for_claim,
    people_for_fmr,
)


def with_factor(factor: float):
    return replace(USUAL, factors=((1e-4, factor),))


def every_pair(people: int, photos: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Photos of side a and b, and the person of each photo."""
    a, b = np.triu_indices(people * photos, 1)
    return a.astype(np.int64), b.astype(np.int64), np.repeat(np.arange(people), photos)


@pytest.mark.parametrize(("people", "photos"), [(5, 2), (4, 3), (3, 4), (6, 1)])
def test_ways_of_sharing_are_counted_as_in_a_list_of_all_pairs(people: int, photos: int) -> None:
    a, b, person = every_pair(people, photos)
    other = [(int(x), int(y)) for x, y in zip(a, b, strict=True) if person[x] != person[y]]
    counts = {"couple": 0, "photo": 0, "person": 0}
    for one, two in itertools.permutations(other, 2):
        shared = {int(person[x]) for x in one} & {int(person[x]) for x in two}
        if len(shared) == 2:
            counts["couple"] += 1
        elif set(one) & set(two):
            counts["photo"] += 1
        elif shared:
            counts["person"] += 1
    design = Design(people, photos)
    assert design.non_mated.n == len(other)
    assert [way.count for way in design.non_mated.sharing] == [n for n in counts.values() if n]
    if photos > 1:
        each = photos * (photos - 1) // 2
        assert design.mated.n == people * each
        assert sum(way.count for way in design.mated.sharing) == people * each * (each - 1)


@pytest.mark.parametrize(("photos", "people"), [(2, (833, 398, 308)), (4, (375, 241, 214)), (10, (296, 203, 183))])
def test_people_for_a_claim_are_about_those_of_the_published_table(photos: int, people: tuple[int, ...]) -> None:
    found = [people_for_claim(photos, 0.02, 1e-4, rate, with_factor(3.0)) for rate in (0.01, 0.005, 0.002)]
    assert found == pytest.approx(people, rel=0.02)


@pytest.mark.parametrize(("factor", "people"), [(3.0, (35, 80, 210)), (10.0, (65, 160, 395))])
def test_people_for_an_upper_end_are_about_those_of_the_published_table(factor: float, people: tuple[int, ...]) -> None:
    found = [
        people_for(lambda n, fmr=fmr: n >= 2 and Design(n, 4, with_factor(factor)).resolves(fmr))
        for fmr in (1e-2, 1e-3, 1e-4)
    ]
    assert found == pytest.approx(people, rel=0.1)


def simulated(people: int, photos: int, rng: np.random.Generator) -> tuple[Dependence, np.ndarray, np.ndarray]:
    """All comparisons with effects of person, photo and couple."""
    a, b, person = every_pair(people, photos)
    one, two = person[a], person[b]
    effect, of_photo = rng.standard_normal(people), rng.standard_normal(people * photos)
    couple = np.unique(one * people + two, return_inverse=True)[1]
    of_couple, noise = rng.standard_normal(couple.max() + 1)[couple], rng.standard_normal(a.size)
    other = np.sqrt(0.1) * (effect[one] + effect[two]) + np.sqrt(0.05) * (of_photo[a] + of_photo[b])
    other += np.sqrt(0.35) * (of_couple + noise)
    mates = 4 + np.sqrt(0.5) * rng.standard_normal(people)[one] + np.sqrt(0.5) * noise
    similarity = np.where(one == two, mates, other)
    return Dependence(similarity, one == two, (one, two), (a, b)), similarity, one == two


def test_spreads_are_those_of_simulated_lists_to_a_fifth() -> None:
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(300):
        _, similarity, mated = simulated(25, 4, rng)
        rates.append((np.mean(similarity[~mated] >= 1.28), np.mean(similarity[mated] < 4 - 1.28)))
    fmr, fnmr = np.array(rates).T
    # The correlations come from one larger list, as they would from a run.
    likeness = likeness_of(simulated(150, 4, rng)[0], "a run")
    design = Design(25, 4, replace(likeness, factors=((0.1, 1.0),)))
    assert design.non_mated.spread(float(fmr.mean()), 1.0) == pytest.approx(fmr.std(), rel=0.2)
    assert design.mated.spread(float(fnmr.mean()), 1.0) == pytest.approx(fnmr.std(), rel=0.2)


def test_what_a_run_does_not_have_is_that_of_a_usual_system() -> None:
    apart = np.arange(40)
    alone = Dependence(np.linspace(0, 1, 40), apart < 20, (apart, np.where(apart < 20, apart, apart + 40)))
    found = likeness_of(alone, "loose")
    assert (found.couple, found.photo, found.person) == (USUAL.couple, USUAL.photo, USUAL.person)
    assert (found.mated, found.factors, found.source) == (USUAL.mated, USUAL.factors, "loose")
    rng = np.random.default_rng(1)
    scores, *_ = simulated(60, 4, rng)
    own = likeness_of(scores, "dense")
    assert own.couple == pytest.approx(scores.non_mated.sharing[0].correlation)
    assert own.mated == pytest.approx(0.5, abs=0.1)
    rows = scores.non_mated.worst_first[: int(0.01 * scores.non_mated.n)]
    assert dict(own.factors)[1e-2] == scores.non_mated.factor(rows)
    assert dict(own.factors)[1e-4] == dict(USUAL.factors)[1e-4]


def test_more_people_show_more() -> None:
    assert [sum(map(Design(n, 4).resolves, TARGET_FMRS)) for n in (10, 200, 2000)] == [1, 3, 5]
    narrow, wide = (Design(n, 4).fnmr_interval(0.02, 1e-2) for n in (400, 100))
    assert narrow[1] is not None
    assert wide[1] is not None
    assert wide[0] < narrow[0] < 0.02 < narrow[1] < wide[1]
    assert Design(20, 4).fnmr_interval(0.02, 1e-3)[1] is None
    elsewhere = Design(100, 4).fnmr_interval(0.02)
    assert elsewhere[1] is not None
    assert wide[0] < elsewhere[0] < elsewhere[1] < wide[1]


def test_the_smallest_number_of_people_is_found() -> None:
    found = people_for_fmr(2, 1e-3, 1e-4)
    assert found is not None
    factor = USUAL.factor(1e-4)
    assert Design(found, 2).non_mated.interval(1e-4, factor)[1] <= 1e-3
    assert Design(found - 1, 2).non_mated.interval(1e-4, factor)[1] > 1e-3
    assert people_for(lambda people: people > 10**6) is None


@pytest.mark.parametrize("numbers", [(1, 4), (5, 0)])
def test_impossible_folders_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ConfigurationError, match="expected 2 people or more"):
        Design(*numbers)


def test_what_cannot_be_shown_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no mated comparison"):
        _ = Design(5, 1).mated
    with pytest.raises(ConfigurationError, match="cannot show a claim"):
        people_for_claim(4, 0.01, None, 0.02)
    with pytest.raises(ConfigurationError, match="cannot show a claim"):
        people_for_fmr(4, 0.01, 0.01)
