"""Read a score file for an audit: every row as it stands, with decisions and parts of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.findings.doctor.audited import NO_DECISION, AuditedScores
from faceproof.people.labels import LABELS
from faceproof.scoring.native_score import USUAL_SCORES, UsualScore
from faceproof.systems.external.score_cells import SIDES
from faceproof.systems.external.score_file import ScoreRows, read_rows
from faceproof.systems.external.score_numbers import Decimal

DECISION, SPLIT = "decision", "split"
_ACCEPTED = ("accept", "accepted", "tp", "fp", *(word for word, mated in LABELS.items() if mated))
_REJECTED = ("reject", "rejected", "tn", "fn", *(word for word, mated in LABELS.items() if not mated))
_SHOWN = 5


def audited_file(path: str | Path, *, decimal: Decimal | None = None, score: str | None = None) -> AuditedScores:
    """The comparisons of a score file for an audit.

    Args:
        path: the file, see `faceproof.systems.external.score_file.read_scores`. Two further columns are read:
            ``decision`` (such as accept and reject, 1 and 0, or TP, FP, TN, FN) and ``split`` (such as train and test).
        decimal: decimal mark of the scores; None: as the scores show it.
        score: what the scores are, a key of `faceproof.scoring.native_score.USUAL_SCORES`; None: not known.

    Raises:
        PeopleError: the file cannot be read, or a cell is not as expected.
        ConfigurationError: ``decimal`` or ``score`` is not valid, or not what the file has.
    """
    measure = measure_of(score)
    rows = read_rows(Path(path), decimal=decimal, infinite=True, more=(DECISION, SPLIT))
    if measure is not None and measure.higher_is_more_alike != (rows.kind == "similarity"):
        raise ConfigurationError(
            f"The score is {score}, of which {measure.direction}; the file has a column {rows.kind}. Rename the column."
        )
    reason = rows.names.get("reason")
    return AuditedScores(
        rows.numbers.score,
        rows.kind,
        rows.mated,
        rows.fold.astype(np.int64),
        {name: rows.names[name] for side in SIDES for name in side if name in rows.names},
        measure,
        _decisions(rows, Path(path)),
        rows.names.get(SPLIT),
        None if reason is None else np.asarray(pc.not_equal(reason, pa.scalar("")).to_numpy(), dtype=np.bool_),
    )


def measure_of(score: str | None) -> UsualScore | None:
    """The usual score of a name; None for None.

    Raises:
        ConfigurationError: the name is unknown.
    """
    if score is None:
        return None
    if score not in USUAL_SCORES:
        raise ConfigurationError(f"score is {score!r}; expected one of {', '.join(USUAL_SCORES)}", argument="score")
    return {str(name): measure for name, measure in USUAL_SCORES.items()}[score]


def _decisions(rows: ScoreRows, path: Path) -> NDArray[np.int8] | None:
    """The column of decisions, int8 (n,); None where there is none.

    Raises:
        PeopleError: a cell is no decision.
    """
    if DECISION not in rows.names:
        return None
    text: pa.ChunkedArray[Any] = pc.utf8_lower(rows.names[DECISION])
    words = pa.array([*_ACCEPTED, *_REJECTED, ""])
    place = pc.index_in(text, value_set=words).fill_null(-1).to_numpy()
    if (place < 0).any():
        wrong = np.flatnonzero(place < 0)
        values = pc.unique(text.take(wrong)).to_pylist()[:_SHOWN]
        line = rows.cells.lines([int(wrong[0])])[int(wrong[0])]
        raise PeopleError(
            f"{path}: {wrong.size:,} cells of the column {DECISION} are no decision, the first in line {line:,}: "
            f"{', '.join(repr(str(value)[:80]) for value in values)}. Expected accept or reject, 1 or 0, "
            "or TP, FP, TN, FN.",
            path=path,
        )
    meaning = np.array([1] * len(_ACCEPTED) + [0] * len(_REJECTED) + [NO_DECISION], np.int8)
    return np.asarray(meaning[place], dtype=np.int8)
