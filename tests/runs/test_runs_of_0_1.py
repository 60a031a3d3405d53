"""Runs that faceproof 0.1 left are read, reported and compared, and their numbers stay what they were.

``tests/data/runs-0.1/README.md`` says how they were made.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from faceproof import RunFolderError, load_run
from faceproof.cli import app
from faceproof.jobs.thresholds import threshold_of_run
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.weights.dlib_file import find_dlib_file

STORED = Path(__file__).parents[1] / "data" / "runs-0.1"
# Rows of photos.parquet and scores.parquet, and scores that are missing.
ROWS = {
    "evaluate": (72, 36, 2),
    "evaluate-onnx": (72, 36, 2),
    "templates": (18, 153, 17),
    "score": (36, 36, 1),
    "stress": (40, 180, 0),
    "version-1-evaluate": (10, 45, 0),
    "version-1-stress": (20, 90, 0),
}

# Intervals are computed by other formulas now. So are the accuracy over folds that leave comparisons out, the target
# FMR at which runs are compared, and everything that follows from the two. Places without indices, and what is below.
OF_INTERVALS = (
    "low",
    "high",
    "level",
    "method",
    "effective_people",
    "no_end",
    "certainty",
    "carried",
    "standard_error",
)
OF_BANDS = ("tmr_low", "tmr_high", "fnmr_low", "fnmr_high", "fmr_low", "fmr_high")
OF_FOLDS = tuple(
    f"{part}folds.{name}" for part in ("", "models[].conditions[].", "runs[].") for name in ("accuracy", "per_fold")
)
OF_COMPARISON = ("warnings", "cost", "operating_point", "bootstrap", "paired", "differences", "agreement", "flips")
OTHERWISE = (*OF_FOLDS, *OF_COMPARISON, *(f"models[].{name}" for name in ("flips",)))

# Places in metrics.json that a later version added, without indices; what is below them is new too. In runs of all
# kinds, and in some.
ADDED_TO_ALL = (
    *("calibration", "failure_policies"),
    *(f"{part}counts.centre_crops" for part in ("", "models[].conditions[].", "runs[].")),
)
ADDED: dict[str, tuple[str, ...]] = {
    "version-1-evaluate": ("counts.failures_by_stage.align", "counts.failure_reasons"),
    "version-1-stress": ("models[].conditions[].counts.failure_reasons",),
}

# Entries that hold manifests, whose form has changed; tests of manifests are elsewhere.
MANIFESTS = ("run", "manifest")

# The version of the format is the one thing that a report that is written again brings up to date.
UPDATED = "schema_version"

# Fractional numbers may differ in their last digits: NumPy and SciPy round by processor and version.
EXACT = 1e-12


@pytest.fixture
def old(tmp_path):
    """A copy of a stored run, which a test may change."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(STORED / name, tmp_path / name))

    return copy


def faceproof(*arguments: object) -> str:
    """The command line in this process: what it prints on stdout."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each value in a JSON value by its place, and the length of each list. All texts are alike: wording may change."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name in (*MANIFESTS, *OF_INTERVALS, *OF_BANDS) or (place == "" and name == "kind"):
                continue
            yield from leaves(one, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        yield f"{place}.length", len(value)
        for row, one in enumerate(value):
            yield from leaves(one, f"{place}[{row}]")
    elif not place.endswith(UPDATED):
        yield place, "a text" if isinstance(value, str) else value


def same(before: Any, now: Any) -> bool:
    """Whether two values of a JSON file are the same."""
    if isinstance(before, float) and isinstance(now, float):
        return now == pytest.approx(before, rel=EXACT, abs=EXACT)
    return type(before) is type(now) and before == now


def refuse_other_numbers(before: Path, now: Path, added: tuple[str, ...] = ()) -> None:
    """Every number, flag, null and length of a JSON file is in another, which has nothing more than what was added."""
    old, new = (dict(leaves(json.loads(path.read_text("utf-8")))) for path in (before, now))
    assert sum(isinstance(value, int | float) for value in old.values()) > 500
    old = {place: value for place, value in old.items() if not is_below(place, OTHERWISE)}
    new = {place: value for place, value in new.items() if not is_below(place, OTHERWISE)}
    missing = [place for place in old if place not in new]
    unexpected = [place for place in new if place not in old and not is_below(place, (*ADDED_TO_ALL, *added))]
    other = {place: (value, new.get(place)) for place, value in old.items() if not same(value, new.get(place))}
    assert (missing, unexpected, other) == ([], [], {})


def is_below(place: str, names: tuple[str, ...]) -> bool:
    """Whether a place, without indices, is one of these or below one."""
    plain = re.sub(r"\[\d+\]", "[]", place)
    return any(plain == name or plain.startswith((f"{name}.", f"{name}[")) for name in names)


def as_stored(table: Any, name: str) -> Any:
    """A table without the column ``system``, or with the name that a stress run of version 0.1 gave it."""
    return table.rename_columns({"system": "model"}) if name.endswith("stress") else table.drop_columns("system")


def cells(path: Path) -> list[list[Any]]:
    """The cells of a CSV file but for ends of intervals; numbers with a tolerance for their last digits."""
    with path.open(encoding="utf-8", newline="") as file:
        first, *rows = csv.reader(file)
    kept = [place for place, name in enumerate(first) if not name.endswith(("_low", "_high"))]
    return [[number_or_text(row[place]) for place in kept] for row in (first, *rows)]


def number_or_text(cell: str) -> Any:
    try:
        return pytest.approx(float(cell), rel=EXACT, abs=EXACT)
    except ValueError:
        return cell


@pytest.mark.parametrize("name", ROWS)
class TestEveryKind:
    def test_it_is_loaded(self, old, name):
        run = load_run(old(name))
        headline = json.loads((STORED / name / "metrics.json").read_text("utf-8"))["headline"]
        assert headline[:80] in repr(run)

    def test_its_tables_are_those_on_disk(self, old, name):
        run = load_run(old(name))
        photos, scores = run.photos(), run.scores()
        assert as_stored(photos, name).equals(pq.read_table(STORED / name / "photos.parquet"))
        assert as_stored(scores, name).equals(pq.read_table(STORED / name / "scores.parquet"))
        systems = {system.name for system in run.summary.run.systems}
        assert set(photos["system"].to_pylist()) == set(scores["system"].to_pylist()) == systems
        assert (len(photos), len(scores), scores["similarity"].null_count) == ROWS[name]

    def test_its_report_is_written_again_with_the_same_numbers(self, old, name):
        folder = old(name)
        (folder / "metrics.json").unlink()
        printed = faceproof("report", folder, "--no-figures", "--quiet")
        assert str(folder / "report.html") in printed.replace("\n", "")
        assert (folder / "report.html").stat().st_size > 10_000
        refuse_other_numbers(STORED / name / "metrics.json", folder / "metrics.json", ADDED.get(name, ()))
        for table in STORED.joinpath(name).glob("*.csv"):
            assert cells(folder / table.name) == cells(table)

    def test_what_was_written_again_is_read_and_written_once_more(self, old, name):
        folder = old(name)
        faceproof("report", folder, "--no-figures", "--quiet")
        first = Path(shutil.copy(folder / "metrics.json", folder.with_suffix(".json")))
        assert as_stored(load_run(folder).scores(), name).equals(pq.read_table(STORED / name / "scores.parquet"))
        faceproof("report", folder, "--no-figures", "--quiet")
        refuse_other_numbers(first, folder / "metrics.json")


def test_two_runs_are_compared_with_the_same_numbers(old, tmp_path):
    faceproof("compare", old("evaluate"), old("evaluate-onnx"), "--no-figures", "--quiet", "--out", tmp_path / "both")
    refuse_other_numbers(STORED / "compare" / "comparison.json", tmp_path / "both" / "comparison.json")
    assert (tmp_path / "both" / "flips.csv").read_bytes() == (STORED / "compare" / "flips.csv").read_bytes()


def test_a_run_of_version_1_is_compared_with_itself_written_again(old, tmp_path):
    folder = old("version-1-evaluate")
    again = shutil.copytree(folder, tmp_path / "again")
    faceproof("report", again, "--no-figures", "--quiet")
    faceproof("compare", folder, again, "--no-figures", "--quiet", "--out", tmp_path / "both")
    compared = json.loads((tmp_path / "both" / "comparison.json").read_text("utf-8"))
    difference = compared["differences"][0]["accuracy"]
    assert (difference["value"], difference["n"]) == (0, 45)


def test_a_failed_model_check_of_version_1_is_a_warning(old):
    folder = old("version-1-evaluate")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["canary"]["passed"] = False
    (check,) = (one for one in manifest["canary"]["checks"] if one["name"] == "people are told apart")
    check |= {"passed": False, "found": "d' 1.00, 1.5 or more"}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    faceproof("report", folder, "--no-figures", "--quiet")
    warnings = json.loads((folder / "metrics.json").read_text("utf-8"))["warnings"]
    (warning,) = (one for one in warnings if "model check" in one)
    assert warning.startswith("dlib-resnet failed the model check")
    assert "1.00" in warning


@pytest.mark.parametrize(
    ("name", "point", "distance"),
    [
        ("evaluate", "fmr_0.1", 0.430748106080),
        ("templates", "fixed", 0.9),
        ("score", "fixed", 0.858971945020),
        ("version-1-evaluate", "fmr_0.1", 0.418133119186),
    ],
)
def test_a_threshold_is_taken_from_an_evaluation(old, name, point, distance):
    threshold = threshold_of_run(old(name))
    assert f"operating point {point} " in threshold.origin
    assert threshold.distance == pytest.approx(distance, abs=EXACT)


@pytest.mark.parametrize("name", ["stress", "version-1-stress"])
def test_a_stress_run_gives_no_threshold(old, name):
    with pytest.raises(RunFolderError, match="expected one of faceproof evaluate"):
        threshold_of_run(old(name))


@pytest.mark.skipif(find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')")
@pytest.mark.parametrize("name", ["evaluate", "version-1-evaluate"])
def test_two_photos_are_verified_at_its_threshold(old, tmp_path, name):
    write_population(tmp_path / "people", Population(2, 2, seed=6), workers=1)
    first, second, other = sorted((tmp_path / "people").rglob("*.jpg"))[:3]
    threshold = threshold_of_run(old(name)).distance
    for photo, is_same in ((second, True), (other, False)):
        verified = json.loads(faceproof("verify", first, photo, "--run", tmp_path / name, "--offline", "--json"))
        assert verified["threshold_distance"] == threshold
        assert (verified["same_person"], verified["distance"] <= threshold) == (is_same, is_same)
