"""What differs between two finished runs: settings, data, systems, versions, machine and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.findings.differences import ScoreDifferences, compare_scores, shared_rows
from faceproof.findings.joined import named_runs
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import CLEAN_NAME, StoredRun
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.number_differences import NumberDifference
from faceproof.summary.stored import Summary
from faceproof.summary.stress import held_thresholds

Part = Literal["settings", "data", "systems", "versions", "machine"]

_PARTS: dict[str, Part | None] = {
    **dict.fromkeys(("kind", "conditions", "judging", "seed", "suite", "stage", "side"), "settings"),
    **dict.fromkeys(("people", "protocol"), "data"),
    **dict.fromkeys(("systems", "detector"), "systems"),
    **dict.fromkeys(("versions", "faceproof_version", "schema_version"), "versions"),
    **dict.fromkeys(("machine", "device", "batch_size", "workers", "decode_memory_bytes"), "machine"),
}
_PLACES = ("root", "pairs", "file", "reference", "weights_file")
"""Paths: they say where a file was, not what was in it."""
_NOT_COMPARED = ("canary", "notices", "notes")
_OF_CARD = ("contract", "templates")
_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A difference between two manifests.

    Attributes:
        part: ``settings``, ``data``, ``systems``, ``versions`` or ``machine`` (paths and use of the machine).
        name: place in the manifest, such as ``judging.folds``.
        a: value in the first run as text; None where it has none.
        b: value in the second run, likewise.
    """

    part: Part
    name: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True)
class NameDifferences:
    """Photos or people that differ between two runs; of each kind of difference the first ten names.

    Attributes:
        what: ``photos`` or ``people``.
        only_a: number that only the first run has.
        only_b: number that only the second run has.
        changed: number of photos with other bytes under the same id.
        names_a: names that only the first run has.
        names_b: names that only the second run has.
        names_changed: photos with other bytes.
    """

    what: str
    only_a: int
    only_b: int
    changed: int
    names_a: tuple[str, ...]
    names_b: tuple[str, ...]
    names_changed: tuple[str, ...]

    @property
    def differ(self) -> bool:
        """Whether there is a difference."""
        return bool(self.only_a or self.only_b or self.changed)


@dataclass(frozen=True, slots=True)
class RunDifferences:
    """What differs between two runs.

    Attributes:
        a: folder of the first run.
        b: folder of the second run.
        tolerance: largest absolute difference of similarities and numbers that counts as equal.
        settings: differences between the manifests.
        not_recorded: entries about a system that only one manifest has; they count as no difference.
        photos: photos that differ; None where neither run names photos.
        people: people that differ, likewise.
        comparisons: differences between the lists of comparisons, a few words each.
        scores: differences of similarities and decisions on shared comparisons, for each system under each condition
            that both runs have; each run decides at its own thresholds.
        only_one: systems and conditions that only one of the runs has results for.
        numbers: numbers of ``metrics.json`` that differ; None where the runs are of different kinds.
    """

    a: Path
    b: Path
    tolerance: float
    settings: tuple[SettingDifference, ...]
    not_recorded: tuple[str, ...]
    photos: NameDifferences | None
    people: NameDifferences | None
    comparisons: tuple[str, ...]
    scores: tuple[ScoreDifferences, ...]
    only_one: tuple[str, ...]
    numbers: tuple[NumberDifference, ...] | None

    def of(self, part: Part) -> tuple[SettingDifference, ...]:
        """The differences between the manifests in one part."""
        return tuple(one for one in self.settings if one.part == part)

    @property
    def other_numbers(self) -> tuple[NumberDifference, ...]:
        """The numbers that both runs have and that differ."""
        return tuple(one for one in self.numbers or () if one.a is not None and one.b is not None)

    @property
    def same(self) -> bool:
        """Whether settings, data, systems and results are the same; versions, machine, paths and time do not count."""
        counted = [one for one in self.settings if one.part in ("settings", "data", "systems")]
        names = [one for one in (self.photos, self.people) if one is not None and one.differ]
        scores = [one for one in self.scores if one.different or one.decisions]
        return not (counted or names or scores or self.comparisons or self.only_one or self.other_numbers)


def setting_differences(a: Manifest, b: Manifest) -> tuple[tuple[SettingDifference, ...], tuple[str, ...]]:
    """Differences between two manifests, and entries about a system that only one of them has.

    The result of the model check, notes, times and the command line are not compared.
    """
    first, second = (manifest.model_dump(mode="json") for manifest in (a, b))
    found, lacking = [], []
    for entry, part in _PARTS.items():
        for name, x, y in _leaves(first.get(entry), second.get(entry), entry):
            where = "machine" if _last(name) in _PLACES else part
            if where is None:
                continue
            if where == "systems" and (x is None or y is None) and not name.endswith("template_points"):
                lacking.append(name)
            else:
                found.append(SettingDifference(where, name, x, y))
    return tuple(found), tuple(lacking)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _leaves(a: object, b: object, place: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Place and texts of each value that differs between two JSON values."""
    if (isinstance(a, Mapping) or isinstance(b, Mapping)) and all(isinstance(one, Mapping | None) for one in (a, b)):
        a, b = (cast("Mapping[str, object]", one or {}) for one in (a, b))
        for name in [*a, *(name for name in b if name not in a)]:
            if name in _NOT_COMPARED or (_last(place) == "card" and name not in _OF_CARD):
                continue
            yield from _leaves(a.get(name), b.get(name), f"{place}.{name}")
    elif _rows(a) and _rows(b):
        first, second = _by_name(cast("list[object]", a)), _by_name(cast("list[object]", b))
        for key in first:
            if key in second:
                yield from _leaves(first[key], second[key], f"{place}[{key}]")
        of_first, of_second = (
            ", ".join(str(key) for key in one if key not in other) for one, other in ((first, second), (second, first))
        )
        if of_first or of_second:
            yield f"{place} of one run alone", of_first or None, of_second or None
    elif a != b:
        yield place, _text(a), _text(b)


def _rows(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)


def _by_name(rows: Sequence[object]) -> dict[object, object]:
    """Entries of a list by condition name; the entries of a list of systems by their place."""
    return {
        (row["name"] if isinstance(row, Mapping) and "severity" in row else place): row
        for place, row in enumerate(rows)
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def photo_differences(a: pa.Table, b: pa.Table) -> NameDifferences:
    """Photos that only one of two tables of photos has, or whose bytes differ, where both tables have a digest."""
    first, second = (digests_of(table) for table in (a, b))
    changed = [photo for photo, digest in first.items() if digest and second.get(photo) and digest != second[photo]]
    return _names("photos", first, second, changed)


def people_differences(a: pa.Table, b: pa.Table) -> NameDifferences:
    """People that only one of two tables of photos has."""
    first, second = (dict.fromkeys(name for name in table["person"].to_pylist() if name) for table in (a, b))
    return _names("people", first, second, [])


def digests_of(photos: pa.Table) -> dict[str, str]:
    """SHA-256 of each photo by its id, from a table of photos; empty where it is unknown."""
    return {
        str(photo): str(digest or "")
        for photo, digest in zip(photos["photo"].to_pylist(), photos["sha256"].to_pylist(), strict=True)
    }


def _names(what: str, a: Mapping[str, object], b: Mapping[str, object], changed: Sequence[str]) -> NameDifferences:
    only_a, only_b = [name for name in a if name not in b], [name for name in b if name not in a]
    shown = (tuple(names[:_EXAMPLES]) for names in (only_a, only_b, changed))
    return NameDifferences(what, len(only_a), len(only_b), len(changed), *shown)


@dataclass(frozen=True, slots=True)
class SystemPair:
    """A system that two runs have, with its name in each."""

    a: str
    b: str


def paired_systems(a: Manifest, b: Manifest) -> tuple[list[SystemPair], list[str]]:
    """Systems of the same name in both runs, or the only system of each, and the names that only one run has."""
    first, second = ([system.name for system in manifest.systems] for manifest in (a, b))
    if len(first) == len(second) == 1:
        return [SystemPair(first[0], second[0])], []
    both = [SystemPair(name, name) for name in first if name in second]
    return both, [name for name in [*first, *second] if (name in first) != (name in second)]


def score_differences(
    a: StoredRun, b: StoredRun, summaries: tuple[Summary, Summary | None], *, tolerance: float = 0.0
) -> tuple[list[ScoreDifferences], list[str]]:
    """Differences of similarities and decisions of two runs on the comparisons that they share.

    Args:
        a: the first run.
        b: the second run.
        summaries: summaries of the runs, whose thresholds decide; None: both are decided at those of the first.
        tolerance: largest absolute difference of similarities that counts as equal.

    Returns:
        The differences for each system under each condition that both runs have, and the names of those that only one
        has.
    """
    pairs, only_one = paired_systems(a.manifest, b.manifest)
    conditions, more = _paired_conditions(a.manifest, b.manifest)
    found = []
    for pair in pairs:
        clean = a.tables(pair.a), b.tables(pair.b)
        shared = shared_rows(*named_runs([a.folder, b.folder], clean))
        scored = [join_scores(tables) for tables in clean]
        thresholds = [
            None if summary is None else thresholds_of(summary, run.manifest, one)
            for summary, run, one in zip(summaries, (a, b), scored, strict=True)
        ]
        if summaries[1] is None and thresholds[0] is not None:
            of_first = np.full(len(scored[1]), np.nan)
            of_first[shared.b] = thresholds[0][shared.a]
            thresholds[1] = of_first
        for condition in conditions:
            under = [
                one if condition == CLEAN_NAME else join_scores(run.tables(name, condition))
                for run, name, one in zip((a, b), (pair.a, pair.b), scored, strict=True)
            ]
            found.append(
                compare_scores(
                    *(under[0], under[1], shared, thresholds),
                    tolerance=tolerance,
                    system=pair.a,
                    condition=condition,
                )
            )
    return found, [*only_one, *more]


def _paired_conditions(a: Manifest, b: Manifest) -> tuple[list[str], list[str]]:
    """Conditions that both runs have results for, and those that only one has."""
    first, second = ([one.name for one in manifest.conditions if one.failed is None] for manifest in (a, b))
    return [name for name in first if name in second], [
        name for name in [*first, *second] if (name in first) != (name in second)
    ]


def thresholds_of(summary: Summary, manifest: Manifest, scored: ScoredComparisons) -> NDArray[np.float64] | None:
    """The threshold of each comparison of a run, a similarity; None where there is none.

    Args:
        summary: summary of the run: of an evaluation, the threshold of its default operating point is taken.
        manifest: manifest of the run.
        scored: comparisons of clean photos, which set the thresholds of a stress run.
    """
    if isinstance(summary, EvaluationSummary):
        threshold = summary.default_point.threshold_similarity
        return None if threshold is None else np.full(len(scored), threshold)
    return held_thresholds(scored, manifest.judging, manifest.seed or 0)
