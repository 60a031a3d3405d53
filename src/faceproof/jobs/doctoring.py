"""Audit of face verification results: a score file or a run folder, with reported numbers and a pair list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from faceproof.errors import ConfigurationError
from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.audited import AuditedScores, of_run
from faceproof.findings.doctor.check import LEVEL
from faceproof.findings.doctor.claims import Claims, claims_of, read_claims
from faceproof.findings.doctor.result import Audit
from faceproof.findings.doctor.score_rows import audited_file
from faceproof.findings.scored import imported_scores, join_scores
from faceproof.runs.run_folder import read_run
from faceproof.systems.external.listed_pairs import read_listed_pairs


def doctor(
    source: str | Path,
    *,
    claims: str | Path | Mapping[str, object] | None = None,
    pairs: str | Path | None = None,
    score: str | None = None,
    level: float = LEVEL,
    decimal: Literal["comma", "point"] | None = None,
) -> Audit:
    """Look for faults in face verification results that were made elsewhere.

    Args:
        source: table of scores and labels (docs/imported.md), which may have a column ``decision`` and a column
            ``split``, or the folder of a finished evaluation.
        claims: reported numbers (docs/doctor.md): a TOML file, or values by name, such as ``{"accuracy": "0.990"}``.
        pairs: the pair list of the test, as CSV or in LFW's format.
        score: what the scores are: euclidean, squared_euclidean, cosine_similarity, cosine_distance or angle_deg.
            None: not known, and checks that need it do not run.
        level: level of all statistical tests together.
        decimal: decimal mark of the scores; None: as the scores show it.

    Returns:
        What was found, what could not be checked and why, and what passed.

    Raises:
        PeopleError: a file cannot be used.
        RunFolderError: the folder holds no finished evaluation.
        ConfigurationError: an option or a claim is not valid.

    Examples:
        >>> faults = doctor("scores.csv", claims={"accuracy": "0.990"}).faults  # doctest: +SKIP
    """
    path = Path(source)
    known = claims if claims is None or isinstance(claims, Mapping) else read_claims(claims)
    reported: Claims | None = claims_of(known) if isinstance(known, Mapping) else known
    listed = None if pairs is None else read_listed_pairs(pairs)
    if path.is_dir():
        if score is not None or decimal is not None:
            raise ConfigurationError("[[score]] and [[decimal]] go with a score file, and not with a run folder.")
        scores = _of_folder(path)
    else:
        scores = audited_file(path, decimal=decimal, score=score)
    return audit(scores, reported, listed, source=str(path), level=level)


def _of_folder(folder: Path) -> AuditedScores:
    """The comparisons of a finished evaluation, with imported scores in their own scale."""
    run = read_run(folder)
    scored = join_scores(run)
    scale = run.manifest.system.scale
    if scale is None:
        return of_run(scored)
    kind: Literal["similarity", "distance"] = "distance" if scale.kind == "distance" else "similarity"
    score = imported_scores(run, scored.comparison)
    return of_run(scored, templates=False) if score is None else of_run(scored, score, kind)
