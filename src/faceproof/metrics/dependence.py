"""How far comparisons that share people say the same thing: influences, correlations, and the variance of a rate.

Two comparisons of one person are not two independent trials. `Influence` gives the variance of a number from sums over
people (dyadic-robust). `Kind` gives the variance of an error rate from the correlations of all similarities of a kind,
and so also where few errors, or none, were seen.

Sources: Aronow, Samii and Assenova, Political Analysis 23 (2015) 564-577, on the dyadic-robust variance; Fogliato,
Patil and Perona, arXiv 2306.01198, on face comparisons.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faceproof.errors import ConfigurationError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FEW_ERRORS = 10
"""With fewer errors, the factor of `Kind.factor` is taken at a threshold with `ERRORS_INSTEAD` errors."""
ERRORS_INSTEAD = 100
_LARGEST_CORRELATION = 0.95
_ROUNDING = 1e-9
FEWEST_DEGREES = 5.0
"""Where fewer people carry the errors, Student's t grows so fast that intervals say nothing."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_CELLS_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class Influence:
    """Influence of comparisons on a number: its error is about the sum of the influences of all comparisons.

    Attributes:
        sums: float64 (people,), the sum of the influences over the comparisons of each person. A mated comparison
            counts once, a non-mated one for both people.
        couples: the sum over all couples of two different people of the squared sum of their influences.
        squares: the sum of the squared influences.
    """

    sums: Floats
    couples: float
    squares: float

    @property
    def variance(self) -> float:
        """Dyadic-robust variance of the number, at least the variance for independent comparisons."""
        return max(float(self.sums @ self.sums) - self.couples, self.squares)

    @property
    def effective_people(self) -> float:
        """Number of people that carry the error: (sum S^2)^2 / sum S^4 over the people's sums S; NaN without any.

        It equals the number of people where all have the same influence, and is small where few people have most.

        >>> Influence(np.array([1.0, -1.0, 1.0, 0.0]), 0.0, 0.0).effective_people
        3.0
        """
        squared = self.sums**2
        fourth = float(squared @ squared)
        return float(squared.sum()) ** 2 / fourth if fourth > 0 else math.nan

    def __mul__(self, factor: float) -> Influence:
        """The influence on a multiple of the number."""
        return Influence(factor * self.sums, factor**2 * self.couples, factor**2 * self.squares)

    def __add__(self, other: Influence) -> Influence:
        """The influence on the sum of two numbers that rest on different comparisons (mated and non-mated)."""
        return Influence(self.sums + other.sums, self.couples + other.couples, self.squares + other.squares)


@dataclass(frozen=True, slots=True)
class Sharing:
    """Ordered couples of comparisons that share people in one way.

    Attributes:
        count: number of ordered couples of different comparisons.
        correlation: mean correlation of their similarities, as normal scores, 0 to 0.95.
    """

    count: float
    correlation: float


@dataclass(frozen=True, slots=True)
class People:
    """Who is in the comparisons of one kind.

    Attributes:
        first: int64 (n,), number of the person on side a.
        second: int64 (n,), number of the person on side b.
        couple: int64 (n,), number of the couple of people, the same whichever side they are on.
        mated: whether the comparisons are mated: a person and himself.
        known: whether the people are known; where not, comparisons are taken as independent.
        total: number of people in the comparisons of both kinds.
    """

    first: Whole
    second: Whole
    couple: Whole
    mated: bool
    known: bool
    total: int

    @property
    def n(self) -> int:
        """Number of comparisons."""
        return self.first.size

    def sums(self, values: Floats | None = None, rows: Whole | None = None) -> Floats:
        """Sum of values over the comparisons of each person, float64 (people,); without values, their number."""
        at = slice(None) if rows is None else rows
        total = np.bincount(self.first[at], values, minlength=self.total).astype(np.float64)
        return total if self.mated else total + np.bincount(self.second[at], values, minlength=self.total)

    def by_couple(self, values: Floats | None = None, rows: Whole | None = None) -> Floats:
        """Sum of values over the comparisons of each couple, float64 (couples,); without values, their number."""
        at = slice(None) if rows is None else rows
        return np.bincount(self.couple[at], values, minlength=self.couples).astype(np.float64)

    @property
    def couples(self) -> int:
        """Number of couples of people."""
        return int(self.couple.max()) + 1 if self.couple.size else 0


class Kind:
    """The comparisons of one kind, mated or non-mated, that were made, with who shares whom.

    An error is a similarity on the wrong side of the threshold: a low one of a mated comparison, a high one of a
    non-mated comparison. ``worst_first`` has the comparisons in the order in which they become errors.
    """

    def __init__(self, similarity: Floats, people: People, photos: tuple[Whole, Whole] | None) -> None:
        """Rank the comparisons.

        Args:
            similarity: float64 (n,); -inf is allowed for comparisons that are rejected at every threshold.
            people: who is in them.
            photos: int64 (n,) each, number of the photo on side a and on side b; None where unknown.
        """
        self.people = people
        self.n = similarity.size
        self.badness = -similarity if people.mated else similarity
        self._photos = photos

    @cached_property
    def worst_first(self) -> Whole:
        """int64 (n,), rows in the order in which the comparisons become errors."""
        return np.argsort(-self.badness, kind="stable")

    @cached_property
    def sorted_badness(self) -> Floats:
        """float64 (n,), similarity of non-mated or minus similarity of mated comparisons, rising."""
        return self.badness[self.worst_first[::-1]]

    @cached_property
    def normal_scores(self) -> Floats:
        """float64 (n,), normal deviate of the rank of each comparison, ties at their middle rank; higher is worse."""
        from scipy.special import ndtri  # here and not at the top: SciPy takes long to load

        rising = self.sorted_badness
        starts = np.flatnonzero(np.append(True, rising[1:] != rising[:-1]))
        sizes = np.diff(np.append(starts, self.n))
        # The middle of the ranks of tied comparisons, as a share of all.
        middle = np.repeat((2 * starts + sizes) / (2 * self.n), sizes)
        scores = np.empty(self.n)
        scores[self.worst_first[::-1]] = ndtri(middle)
        return scores

    @cached_property
    def degree(self) -> Floats:
        """float64 (people,), number of comparisons of each person."""
        return self.people.sums()

    @cached_property
    def distinct_people(self) -> int:
        """Number of people in the comparisons of this kind."""
        return int(np.count_nonzero(self.degree))

    @cached_property
    def _times(self) -> Floats:
        return self.people.by_couple()

    @cached_property
    def _squared_times(self) -> float:
        return float(self._times @ self._times)

    @cached_property
    def sharing(self) -> tuple[Sharing, ...]:
        """In which ways comparisons share people, and how alike that makes them; only ways that occur."""
        return tuple(one for one in self._every_sharing if one.count > 0)

    @property
    def correlations(self) -> list[float | None]:
        """Correlation for each way of sharing: of one person for mated; couple, photo, person for non-mated.

        None for a way that does not occur.
        """
        ways = self._every_sharing or (Sharing(0.0, 0.0),) * (1 if self.people.mated else 3)
        return [one.correlation if one.count > 0 else None for one in ways]

    @cached_property
    def _every_sharing(self) -> tuple[Sharing, ...]:
        if not self.people.known or self.n < 2:
            return ()
        return _uncentred(self._mated_sharing() if self.people.mated else self._non_mated_sharing(), self.n)

    def _mated_sharing(self) -> list[Sharing]:
        z = self.normal_scores
        pairs = float(self.degree @ self.degree) - self.n
        sums = self.people.sums(z)
        return [_sharing(pairs, float(sums @ sums) - float(z @ z))]

    def _non_mated_sharing(self) -> list[Sharing]:
        z = self.normal_scores
        of_person, of_couple = self.people.sums(z), self.people.by_couple(z)
        couple_pairs, couple_products = self._squared_times, float(of_couple @ of_couple)
        photo_pairs, photo_products = self._photo_products(z)
        person_pairs = float(self.degree @ self.degree) - 2 * couple_pairs - photo_pairs
        person_products = float(of_person @ of_person) - 2 * couple_products - photo_products
        return [
            _sharing(couple_pairs - self.n, couple_products - float(z @ z)),
            _sharing(photo_pairs, photo_products),
            _sharing(person_pairs, person_products),
        ]

    def _photo_products(self, z: Floats) -> tuple[float, float]:
        """Number of ordered couples with a photo in common but not both people, and the sum of their products."""
        if self._photos is None:
            return 0.0, 0.0
        photo = np.concatenate(self._photos)
        other = np.concatenate([self.people.second, self.people.first])
        twice = np.concatenate([z, z])
        cell = numbered(photo, other, self.people.total)
        pairs, products = 0.0, 0.0
        for group, sign in ((photo, 1.0), (cell, -1.0)):
            times, sums = np.bincount(group).astype(np.float64), np.bincount(group, twice)
            pairs += sign * float(times @ times)
            products += sign * float(sums @ sums)
        return pairs, products

    def variance(self, q: ArrayLike) -> Floats:
        """`rate_variance` of the observed rate of errors where the true rate is q, 0 to 1, any shape."""
        return rate_variance(q, self.n, self.sharing)

    def influence(self, rows: Whole) -> Influence:
        """Influence of the comparisons on the rate of errors, where ``rows`` are the errors.

        Args:
            rows: int64 (errors,), row of each error, once each.
        """
        if 2 * rows.size > self.n:
            # The right decisions are fewer, and their influence is the same with the other sign.
            right = np.ones(self.n, dtype=np.bool_)
            right[rows] = False
            return self._influence(np.flatnonzero(right)) * -1.0
        return self._influence(rows)

    def _influence(self, rows: Whole) -> Influence:
        q = rows.size / self.n
        sums = (self.people.sums(rows=rows) - q * self.degree) / self.n
        squares = q * (1 - q) / self.n
        if self.people.mated:
            return Influence(sums, 0.0, squares)
        errors = self.people.by_couple(rows=rows)
        couples = float(errors @ errors) - 2 * q * float(errors @ self._times) + q**2 * self._squared_times
        return Influence(sums, couples / self.n**2, squares)

    def influence_of(self, values: Floats) -> Influence:
        """`Influence` from the influence of each comparison, float64 (n,)."""
        couples = 0.0
        if not self.people.mated:
            of_couple = self.people.by_couple(values)
            couples = float(of_couple @ of_couple)
        return Influence(self.people.sums(values), couples, float(values @ values))

    def errors_where(self, threshold: float) -> Whole:
        """Rows of the errors at a threshold of similarity (a similarity at the threshold is accepted)."""
        return self.worst_first[: self.count_at(threshold)]

    def count_at(self, threshold: float) -> int:
        """Number of errors at a threshold of similarity."""
        if self.people.mated:
            return self.n - int(np.searchsorted(self.sorted_badness, -threshold, side="right"))
        return self.n - int(np.searchsorted(self.sorted_badness, threshold, side="left"))

    def factor(self, rows: Whole, influence: Influence | None = None) -> float:
        """How much larger the variance of an error rate is than `variance` says, at least 1.

        The correlations are those of the bulk of the similarities. Errors are in their tail, where a few people or
        photos often have most of them. The factor is the ratio of the dyadic-robust variance to `variance` at the
        errors; with fewer than `FEW_ERRORS`, at a threshold with `ERRORS_INSTEAD` errors. It is larger where few people
        carry the errors, since their variance is then itself uncertain.

        Args:
            rows: int64 (errors,), row of each error.
            influence: `influence` of these errors, where the caller has it already.
        """
        if not self.people.known:
            return 1.0
        if not self.seen_enough(rows):
            few_right = rows.size > self.n / 2
            count = min(ERRORS_INSTEAD, self.n // 2)
            rows = self.worst_first[: self.n - count] if few_right else self.worst_first[:count]
            influence = None
        if not 0 < rows.size < self.n:
            return 1.0
        found = influence or self.influence(rows)
        ratio = found.variance / float(self.variance(rows.size / self.n))
        return ratio * self._widened(found) if ratio > 1 + _ROUNDING else 1.0

    def _widened(self, influence: Influence) -> float:
        """Squared ratio of Student's t for the people who carry the errors to that for all people, at least 1."""
        from scipy.special import stdtrit  # here and not at the top: SciPy takes long to load

        few = max(influence.effective_people - 1, FEWEST_DEGREES)
        if math.isnan(few) or few >= self.degrees_of_freedom:
            return 1.0
        return float(stdtrit(few, 0.975) / stdtrit(self.degrees_of_freedom, 0.975)) ** 2

    def seen_enough(self, rows: Whole) -> bool:
        """Whether there are `FEW_ERRORS` errors or more, and as many right decisions."""
        return min(rows.size, self.n - rows.size) >= FEW_ERRORS

    @property
    def degrees_of_freedom(self) -> float:
        """Degrees of freedom of Student's t for intervals: number of people less 1; infinite where unknown."""
        return self.distinct_people - 1 if self.people.known else math.inf


class Dependence:
    """The mated and the non-mated comparisons of one list, with who shares whom.

    Attributes:
        mated: the mated comparisons; their number may be 0.
        non_mated: the non-mated comparisons; their number may be 0.
        known: whether the people are known; where not, comparisons are taken as independent.
        n: number of comparisons.
    """

    def __init__(
        self,
        similarity: Floats,
        mated: NDArray[np.bool_],
        people: tuple[Whole, Whole] | None,
        photos: tuple[Whole, Whole] | None = None,
    ) -> None:
        """Divide the comparisons by kind.

        Args:
            similarity: float64 (n,), higher is more alike, not NaN; -inf for one that every threshold rejects.
            mated: bool (n,).
            people: whole numbers (n,) from 0, the person on side a and on side b; None where unknown. A mated
                comparison counts as one of the person on side a.
            photos: likewise for photos; None where unknown.

        Raises:
            ConfigurationError: the lengths differ, or a similarity is NaN.
        """
        lengths = {similarity.shape, mated.shape, *(side.shape for side in (*(people or ()), *(photos or ())))}
        if len(lengths) != 1 or similarity.ndim != 1:
            raise ConfigurationError(f"columns of shapes {sorted(lengths)}; expected one and the same length (n,)")
        if np.isnan(similarity).any():
            raise ConfigurationError("a similarity is NaN; leave out the comparisons that could not be made")
        self.known = people is not None
        rows = np.arange(similarity.size)
        first, second = (rows, np.where(mated, rows, rows + rows.size)) if people is None else people
        self.total = int(max(first.max(), second.max())) + 1 if similarity.size else 0
        self.n = similarity.size
        self._of_mated, self._of_non_mated = mated, ~mated
        self.mated = self._kind(mated, similarity, first, second, photos, mated=True)
        self.non_mated = self._kind(~mated, similarity, first, second, photos, mated=False)

    def influence_of(self, values: Floats) -> Influence:
        """`Influence` from the influence of each comparison, float64 (n,) in the order of the list."""
        return self.mated.influence_of(values[self._of_mated]) + self.non_mated.influence_of(values[self._of_non_mated])

    def mated_rows(self, rows: NDArray[np.bool_]) -> Whole:
        """Rows among the mated comparisons, int64 (k,), of those that are True in a bool (n,) of the list."""
        return np.flatnonzero(rows[self._of_mated]).astype(np.int64)

    def non_mated_rows(self, rows: NDArray[np.bool_]) -> Whole:
        """Rows among the non-mated comparisons; see `mated_rows`."""
        return np.flatnonzero(rows[self._of_non_mated]).astype(np.int64)

    def in_order(self, mated: Floats, non_mated: Floats) -> Floats:
        """Values of the mated and of the non-mated comparisons, float64 (n,) in the order of the list."""
        values = np.empty(self.n)
        values[self._of_mated], values[self._of_non_mated] = mated, non_mated
        return values

    def _kind(
        self,
        rows: NDArray[np.bool_],
        similarity: Floats,
        first: Whole,
        second: Whole,
        photos: tuple[Whole, Whole] | None,
        *,
        mated: bool,
    ) -> Kind:
        a, b = first[rows].astype(np.int64), second[rows].astype(np.int64)
        couple = a if mated else numbered(np.minimum(a, b), np.maximum(a, b), self.total)
        sides = None if photos is None else (photos[0][rows], photos[1][rows])
        return Kind(similarity[rows], People(a, b, couple, mated, self.known, self.total), sides)

    @cached_property
    def crossing(self) -> Sharing:
        """Couples of a mated and a non-mated comparison of one person: their number and the mean correlation.

        The correlation is that of normal scores of being wrong. It is often negative: who resembles everybody also
        resembles himself.
        """
        pairs = float(self.mated.degree @ self.non_mated.degree)
        if not self.known or pairs == 0:
            return Sharing(0.0, 0.0)
        sums = (kind.people.sums(kind.normal_scores) for kind in (self.mated, self.non_mated))
        ours, theirs = sums
        found = float(ours @ theirs) / pairs
        return Sharing(pairs, min(max(found, -_LARGEST_CORRELATION), _LARGEST_CORRELATION))

    def crossing_covariance(self, q: Floats) -> Floats:
        """Covariance of the observed FMR and FNMR where both are q, 0 to 1; float64 of the shape of q."""
        covariance = exceedance_covariance(q, np.float64(self.crossing.correlation))
        return np.asarray(self.crossing.count * covariance / (self.mated.n * self.non_mated.n))


def rate_variance(q: ArrayLike, n: float, sharing: Sequence[Sharing]) -> Floats:
    """Variance of an observed rate where the true rate is q, from the correlations of the scores.

    Args:
        q: rates, 0 to 1, any shape.
        n: number of comparisons.
        sharing: the ways in which comparisons share people.

    Returns:
        float64 of the same shape: (n q (1 - q) + sum over ways of sharing of count x covariance) / n^2.
    """
    rate = np.asarray(q, dtype=np.float64)
    total = n * rate * (1 - rate)
    if sharing:
        counts = np.array([one.count for one in sharing])
        correlations = np.array([one.correlation for one in sharing])
        total = total + exceedance_covariance(rate[..., None], correlations) @ counts
    return np.asarray(total / n**2)


def exceedance_covariance(q: ArrayLike, correlation: ArrayLike) -> Floats:
    """Covariance of two events of probability q, where two normal deviates with a correlation exceed one limit.

    Args:
        q: probabilities, 0 to 1.
        correlation: correlations, -0.95 to 0.95; broadcast against ``q``.

    Returns:
        float64: the integral from 0 to r of exp(-h^2 / (1 + t)) / (2 pi sqrt(1 - t^2)) dt, at h = -ndtri(q).

    Source: Plackett, Biometrika 41 (1954) 351-360, by Gauss-Legendre quadrature with 24 points.

    >>> round(float(exceedance_covariance(0.5, 0.5)), 6)  # 1/3 of the plane, less 1/4
    0.083333
    """
    from scipy.special import ndtri  # here and not at the top: SciPy takes long to load

    limit = ndtri(np.clip(np.asarray(q, dtype=np.float64), 0, 1))
    r = np.asarray(correlation, dtype=np.float64)
    t = r[..., None] * (_NODES + 1) / 2
    density = np.exp(-(limit**2)[..., None] / (1 + t)) / (2 * math.pi * np.sqrt(1 - t**2))
    covariance: Floats = (density @ _WEIGHTS) * r / 2
    return covariance


def numbered(first: Whole, second: Whole, limit: int) -> Whole:
    """A number from 0 for each distinct couple of numbers, int64 (n,).

    Args:
        first: int64 (n,), 0 or more.
        second: int64 (n,), 0 up to but not including ``limit``.
        limit: 1 or more.
    """
    key: Whole = first * limit + second
    if not key.size:
        return key
    cells = int(key.max()) + 1
    if cells > _CELLS_PER_ROW * key.size:
        return np.unique(key, return_inverse=True)[1].astype(np.int64)
    there = np.zeros(cells, dtype=np.bool_)
    there[key] = True
    numbers: Whole = np.cumsum(there)[key] - 1
    return numbers


def _sharing(count: float, products: float) -> Sharing:
    return Sharing(count, products / count if count > 0 else 0.0)


def _uncentred(observed: list[Sharing], n: int) -> tuple[Sharing, ...]:
    """Undo the bias from the normal scores having mean 0 in the sample, and limit the correlations to 0 to 0.95."""
    found = [one.correlation for one in observed]
    for _ in range(30):
        of_mean = (n + sum(one.count * max(r, 0.0) for one, r in zip(observed, found, strict=True))) / n**2
        found = [(one.correlation + of_mean) / (1 + of_mean) for one in observed]
    return tuple(
        Sharing(one.count, min(max(r, 0.0), _LARGEST_CORRELATION)) for one, r in zip(observed, found, strict=True)
    )
