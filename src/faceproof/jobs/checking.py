"""Checks the files of a finished run, and the files that it was made of, against the digests in its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from faceproof.errors import FaceproofError, RepeatError
from faceproof.files import sha256_of
from faceproof.jobs.base import Say
from faceproof.jobs.repeating import Places, onnx_file, pairs_of, people_of, source_of, study_again
from faceproof.jobs.system_checks import SHOWN, check_degradations, check_systems, other_versions, some_of
from faceproof.people.folder import read_people
from faceproof.people.types import Comparisons, Photo, PhotoSet
from faceproof.runs.conditions import suite_again
from faceproof.runs.manifest import detector_entry, system_entry
from faceproof.runs.manifest_file import MANIFEST, manifest_digest
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import CLEAN_NAME, TABLE_FILES, StoredRun, open_run
from faceproof.summary.receipts import FileCheck, RunCheck
from faceproof.summary.run_differences import digests_of
from faceproof.systems.external import score_tables


def check_run(
    run: str | Path,
    *,
    people: str | Path | None = None,
    weights: str | Path | None = None,
    pairs: str | Path | None = None,
    source: str | Path | None = None,
    say: Say = lambda _: None,
) -> RunCheck:
    """Check the files of a run, and the files that it was made of, against the digests in its manifest.

    No template is computed, and the network is not used. The systems are loaded, which runs code of a model or a
    detector in Python.

    Args:
        run: the run folder.
        people: folder of people, where it has moved.
        weights: weights file or ONNX file, where it has moved; for a run of one model.
        pairs: pair list, where it has moved.
        source: file of templates or scores, where it has moved.
        say: called with messages about the progress.

    Returns:
        The check of each part.

    Raises:
        RunFolderError: the folder holds no finished run of ``evaluate``, ``score`` or ``stress``, or its manifest was
            changed.
        ConfigurationError: a file is given that the run does not have.
    """
    stored = open_run(Path(run), "evaluation", "stress")
    places = Places(people=people, weights=weights, pairs=pairs, source=source)
    places.refuse_without_use(stored)
    checks = [*check_files(stored), *check_inputs(stored, places, say=say), *_check_loaded(stored, places, say)]
    notes = tuple(other_versions(stored.manifest))
    return RunCheck(Path(run), tuple(checks), notes, manifest_digest(stored.folder))


def check_files(run: StoredRun) -> list[FileCheck]:
    """Check the manifest, the files of the run, and the comparisons in its tables."""
    if run.files is None:
        old = "Schema version 1 has no digests of files."
        return [FileCheck("files of the run", "not recorded", old), check_comparisons(run)]
    missing = [name for name in run.files if not (run.folder / name).is_file()]
    changed = [name for name in run.files if name not in missing and not _has_digest(run, name)]
    seal = FileCheck("manifest", "same", f"{MANIFEST} is as it was written.")
    if missing or changed:
        found = _counted(missing, "missing", len(run.files), "files"), _counted(changed, "changed", len(run.files))
        files = FileCheck(
            "files of the run",
            "differs" if changed else "missing",
            f"{'; '.join(filter(None, found))}.",
            (*missing, *changed)[:SHOWN],
        )
    else:
        files = FileCheck("files of the run", "same", f"All {len(run.files):,} files are as they were written.")
    if any(name in TABLE_FILES for name in (*missing, *changed)):
        return [seal, files, FileCheck("comparisons", "not checked", "A table is missing or was changed.")]
    return [seal, files, check_comparisons(run)]


def _counted(names: Sequence[str], what: str, of: int, unit: str = "") -> str:
    return f"{len(names):,} of {of:,}{f' {unit}' if unit else ''} {what}: {some_of(names)}" if names else ""


def _has_digest(run: StoredRun, name: str) -> bool:
    assert run.files is not None
    try:
        return sha256_of(run.folder / name) == run.files[name]
    except OSError:
        return False


def check_comparisons(run: StoredRun) -> FileCheck:
    """Check photos, pairs, labels and folds in the tables against the digest of the comparisons."""
    what, recorded = "comparisons", run.manifest.protocol.sha256
    if recorded is None:
        return FileCheck(what, "not recorded", "The manifest has no digest of the comparisons.")
    try:
        same = comparisons_digest(run) == recorded
    except FaceproofError as error:
        return FileCheck(what, "differs", str(error))
    if same:
        return FileCheck(what, "same", f"All {run.manifest.protocol.comparisons or 0:,} comparisons have their digest.")
    return FileCheck(
        what, "differs", "Photos, pairs, labels or folds in the tables are not those that were fixed before the run."
    )


def comparisons_digest(run: StoredRun) -> str:
    """The digest of the comparisons of a run (`Comparisons.digest`), computed from its tables.

    Raises:
        RunFolderError: a table cannot be read.
    """
    table = run.comparisons
    if run.manifest.system.of_scores:
        return score_tables.digest_of(table)
    photos = run.table("photos", run.manifest.system.name, CLEAN_NAME)
    ids = photos["photo"].cast(pa.string()).combine_chunks()
    row_a, row_b = (
        np.asarray(pc.index_in(table[side].cast(pa.string()), value_set=ids).fill_null(-1).to_numpy(), np.int64)
        for side in ("photo_a", "photo_b")
    )
    listed = tuple(Photo(photo, Path(), "", digest) for photo, digest in digests_of(photos).items())
    fold = np.asarray(table["fold"].fill_null(pa.scalar(-1)).to_numpy()).astype(np.int16)
    mated = np.asarray(table["mated"].to_numpy(), np.bool_)
    return Comparisons(listed, row_a, row_b, mated, fold, run.manifest.protocol.name or "").digest()


def check_inputs(run: StoredRun, places: Places, *, say: Say = lambda _: None) -> list[FileCheck]:
    """Check photos, pair list, and the file of templates or scores."""
    manifest, found = run.manifest, []
    source, pairs = source_of(manifest, places), pairs_of(manifest, places)
    if source is not None and manifest.system.source is not None:
        kind = manifest.system.source.kind
        found.append(_check_file(f"file of {kind}", source, manifest.system.source.sha256, "source"))
    found += _check_model_files(manifest, places)
    people = people_of(run, places)
    if people is not None:
        say(f"Reading the photos below {people} ...")
        found.append(check_photos(run, people))
    if pairs is not None:
        recorded = manifest.protocol.settings.get("sha256")
        found.append(_check_file("pair list", pairs, None if recorded is None else str(recorded), "pairs"))
    return found


def _check_model_files(manifest: Manifest, places: Places) -> list[FileCheck]:
    """The ONNX files of a run that are missing; digests are compared when the models are loaded."""
    found = []
    for system in manifest.systems:
        file = onnx_file(system, places)
        if file is not None and not file.is_file():
            option = "weights" if len(manifest.systems) == 1 else None
            found.append(FileCheck(f"file of {system.name}", "missing", f"{file} is not there.", (str(file),), option))
    return found


def _check_file(what: str, path: Path, recorded: str | None, option: str) -> FileCheck:
    if not path.is_file():
        relative = "" if path.is_absolute() else f" (relative to {Path.cwd()})"
        return FileCheck(what, "missing", f"{path}{relative} is not there.", (str(path),), option)
    try:
        digest = sha256_of(path)
    except OSError as error:
        return FileCheck(what, "missing", f"{path} cannot be read ({error.strerror or error}).", (str(path),))
    if recorded is None:
        return FileCheck(what, "not recorded", f"The manifest has no digest of {path}.")
    if digest != recorded:
        return FileCheck(what, "differs", f"{path} was changed: {_other(digest, recorded)}.", (str(path),), option)
    return FileCheck(what, "same", f"{path} is the same.")


def _other(now: str, then: str) -> str:
    return f"its SHA-256 is {now[:12]}..., in the run it was {then[:12]}..."


def check_photos(run: StoredRun, people: Path) -> FileCheck:
    """Check the photos in a folder of people against the digests of the photos that a run has compared."""
    what = "photos"
    recorded = digests_of(run.table("photos", run.manifest.system.name, CLEAN_NAME))
    try:
        photo_set = read_people(people)
    except FaceproofError as error:
        return FileCheck(
            what,
            "missing",
            f"None of the {len(recorded):,} photos can be read ({some_of(list(recorded))}). {_sentence(error)}",
            tuple(recorded)[:SHOWN],
            "people",
        )
    return _compared(photo_set, recorded)


def _sentence(error: FaceproofError) -> str:
    text = str(error)
    return text if text.endswith(".") else f"{text}."


def _compared(photo_set: PhotoSet, recorded: Mapping[str, str]) -> FileCheck:
    what, root = "photos", photo_set.root
    here = {photo.id: photo.sha256 for photo in photo_set.photos}
    missing = [photo for photo in recorded if photo not in here]
    changed = [photo for photo, digest in recorded.items() if photo in here and here[photo] != digest]
    more = len(here) - (len(recorded) - len(missing))
    photos = "photo" if more == 1 else "photos"
    besides = f" {root} has {more:,} more {photos}, which the run did not compare." if more > 0 else ""
    if missing or changed:
        parts = [_counted(missing, "missing", len(recorded), what), _counted(changed, "changed", len(recorded), what)]
        found = f"In {root}, {'; '.join(filter(None, parts))}.{besides}"
        return FileCheck(what, "missing" if missing else "differs", found, (*missing, *changed)[:SHOWN], "people")
    return FileCheck(what, "same", f"All {len(recorded):,} photos in {root} have the bytes that they had.{besides}")


def _check_loaded(run: StoredRun, places: Places, say: Say) -> list[FileCheck]:
    """Check the functions of a run of models, load its systems, and check them."""
    manifest = run.manifest
    if manifest.system.source is not None:
        return []
    found = []
    if manifest.kind == "stress":
        suite, lost = suite_again(manifest)
        found.append(check_degradations(lost, len(suite.series) + len(lost)))
    return [*found, *_check_systems_loaded(run, places, say)]


def _check_systems_loaded(run: StoredRun, places: Places, say: Say) -> list[FileCheck]:
    # Imported here since it loads torch.
    from faceproof.jobs.settling import load_systems

    say("Loading the systems ...")
    try:
        study = study_again(run, places, device="cpu", offline=True, cache=False)
        pipelines = load_systems(study)
    except RepeatError as error:
        return [FileCheck("systems", "not loaded", " ".join(error.reasons))]
    except FaceproofError as error:
        return [FileCheck("systems", "not loaded", _sentence(error))]
    systems = [system_entry(pipeline) for pipeline in pipelines]
    return check_systems(run.manifest, systems, detector_entry(pipelines[0]))
