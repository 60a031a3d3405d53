"""Comparisons of made-up templates of made-up people, as honest results are, and the same with a change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.findings.doctor.audited import AuditedScores
from faceproof.scoring.native_score import USUAL_SCORES

SIZE, NOISE = 40, 0.11


@dataclass(frozen=True)
class Results:
    """Results as a score file has them: a cosine for each row, and columns by name."""

    columns: dict[str, list[Any]]
    mated: NDArray[np.bool_]
    score: NDArray[np.float64]
    kind: str = "similarity"
    fold: NDArray[np.int64] | None = None
    decision: NDArray[np.int8] | None = None
    split: list[str] | None = None
    measure: str | None = "cosine_similarity"

    def having(self, **changes: Any) -> Results:
        """The same results with other values."""
        return replace(self, **changes)

    def with_rows(self, rows: Any) -> Results:
        """Some of the rows, in any order and number."""
        at = np.asarray(rows)
        return replace(
            self,
            columns={name: [column[row] for row in at] for name, column in self.columns.items()},
            **{
                name: None if (old := getattr(self, name)) is None else np.asarray(old)[at]
                for name in ("mated", "score", "fold", "decision")
            },
            split=None if self.split is None else [self.split[row] for row in at],
        )

    def audited(self) -> AuditedScores:
        """As an audit takes them."""
        return AuditedScores(
            np.asarray(self.score, np.float64),
            self.kind,  # type: ignore[arg-type]
            self.mated,
            np.full(self.mated.size, -1) if self.fold is None else self.fold,
            {name: pa.chunked_array([pa.array(column, pa.string())]) for name, column in self.columns.items()},
            None if self.measure is None else USUAL_SCORES[self.measure],  # type: ignore[index]
            self.decision,
            None if self.split is None else pa.chunked_array([pa.array(self.split, pa.string())]),
        )

    def write(self, path: Path, **more: list[Any]) -> Path:
        """Write a score file; ``more`` has further columns of text."""
        columns = {self.kind: [str(x) for x in self.score], "mated": [str(int(x)) for x in self.mated], **self.columns}
        if self.fold is not None:
            columns["fold"] = [str(x) for x in self.fold]
        if self.split is not None:
            columns["split"] = self.split
        columns |= more
        rows = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return path


def templates(people: int, photos: int, rng: np.random.Generator, noise: float = NOISE) -> NDArray[np.float64]:
    """Unit templates (people * photos, SIZE); the centres of people are apart, some less than others."""
    centre = rng.standard_normal((people, SIZE)) + 0.6 * rng.standard_normal(SIZE)
    centre /= np.linalg.norm(centre, axis=1, keepdims=True)
    spread = noise * rng.uniform(0.7, 1.3, people)
    faces = np.repeat(centre, photos, axis=0) + np.repeat(spread, photos)[:, None] * rng.standard_normal(
        (people * photos, SIZE)
    )
    return np.asarray(faces / np.linalg.norm(faces, axis=1, keepdims=True))


def compared(faces: NDArray[np.float64], photos: int, a: Any, b: Any) -> Results:
    """The comparisons of numbered photos, ``photos`` for each person."""
    a, b = np.asarray(a), np.asarray(b)
    people = [f"p{number // photos:04d}" for number in range(len(faces))]
    names = [f"{person}/{number % photos}.jpg" for number, person in enumerate(people)]
    sides = {"a": a.tolist(), "b": b.tolist()}
    columns = {f"photo_{side}": [names[row] for row in rows] for side, rows in sides.items()}
    columns |= {f"person_{side}": [people[row] for row in rows] for side, rows in sides.items()}
    return Results(columns, a // photos == b // photos, np.clip(np.einsum("ij,ij->i", faces[a], faces[b]), -1, 1))


def all_pairs(people: int = 30, photos: int = 3, seed: int | np.random.Generator = 0) -> Results:
    """Every photo with every other."""
    rng = np.random.default_rng(seed)
    return compared(templates(people, photos, rng), photos, *np.triu_indices(people * photos, 1))


def sampled(people: int = 60, photos: int = 4, non_mated: int = 600, seed: int | np.random.Generator = 0) -> Results:
    """All mated pairs, and some non-mated ones."""
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(people * photos, 1)
    same = a // photos == b // photos
    rows = np.sort(np.append(np.flatnonzero(same), rng.choice(np.flatnonzero(~same), non_mated, replace=False)))
    return compared(templates(people, photos, rng), photos, a[rows], b[rows])


def like_view2(seed: int | np.random.Generator = 0, folds: int = 10, per_kind: int = 30, people: int = 40) -> Results:
    """Folds that share no person, each with as many mated as non-mated comparisons, one block after the other."""
    rng, photos, a, b = np.random.default_rng(seed), 3, [], []
    for fold in range(folds):
        first, second = np.triu_indices(people * photos, 1)
        same = first // photos == second // photos
        for kind in (same, ~same):
            rows = np.sort(rng.choice(np.flatnonzero(kind), per_kind, replace=False))
            a.append(first[rows] + fold * people * photos)
            b.append(second[rows] + fold * people * photos)
    made = compared(templates(folds * people, photos, rng), photos, np.concatenate(a), np.concatenate(b))
    return made.having(fold=np.repeat(np.arange(folds), 2 * per_kind))
