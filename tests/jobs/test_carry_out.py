"""From a plan to a finished run: where it goes, what is said of it, and that nothing is left half done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from faceproof.errors import RunFolderError
from faceproof.jobs.carry_out import Plan, carry_out, run_folder
from faceproof.runs.manifest_schema import Manifest
from faceproof.runs.run_folder import open_run

STARTED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
BEGUN = {"kind": "evaluation", "plan": {"settings": "x"}, "systems": [{"name": "one"}], "people": {"root": "r"}}


def manifest(**more):
    return Manifest.model_validate(BEGUN | more)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("dlib-resnet", "dlib-resnet"), ("a b/../c", "a_b_.._c"), ("Zoë+1.0", "Zoë+1.0"), ("<>:", "_")],
)
def test_without_a_folder_a_run_goes_below_runs_under_a_plain_name(name, plain):
    assert run_folder(None, STARTED, name) == Path("runs") / f"20260304-050607-{plain}"


def test_a_folder_that_was_given_is_taken_as_it_is():
    assert run_folder("a b/c", STARTED, "x") == Path("a b/c")


def test_a_plan_says_what_is_done_and_what_it_takes():
    conditions = [
        {"name": "clean", "severity": 0},
        {"name": "blur-1", "severity": 1},
        {"name": "blur-2", "severity": 2},
    ]
    entries = {
        **{"systems": [{"name": "one"}, {"name": "two"}], "people": {"root": "lfw", "people": 1200, "photos": 3400}},
        "protocol": {"name": "csv", "comparisons": 5000, "mated": 2000, "non_mated": 3000},
        **{"kind": "stress", "conditions": conditions, "suite": {"name": "standard"}},
    }
    assert Plan(manifest(**entries), Path("out"), ["Memory: little."]).in_words() == [
        "Systems: one, two.",
        "People: 1,200 with 3,400 photos in lfw.",
        "Comparisons: 5,000 by protocol csv (2,000 mated, 3,000 non-mated).",
        "Conditions: the photos as they are and 2 degradations of suite standard.",
        "Memory: little.",
        "Run folder: out",
    ]


def test_what_a_file_of_scores_does_not_name_counts_as_zero():
    said = Plan(manifest(protocol={"name": "scores", "comparisons": 3}), Path("out")).in_words()
    assert said == [
        "Systems: one.",
        "People: 0 with 0 photos in r.",
        "Comparisons: 3 by protocol scores (0 mated, 0 non-mated).",
        "Conditions: the photos as they are.",
        "Run folder: out",
    ]


def executed(staging):
    (staging / "table.csv").write_text("1")
    return manifest(finished="2026-03-04T06:00:00Z")


def shown(run):
    (run.folder / "page.html").write_text((run.folder / "table.csv").read_text() + run.manifest.finished)
    return "the summary"


def test_tables_and_page_are_published_together(tmp_path):
    run = carry_out(Plan(manifest(), tmp_path / "run"), executed, shown, overwrite=False)
    assert (run.folder, run.summary) == (tmp_path / "run", "the summary")
    assert sorted(path.name for path in run.folder.iterdir()) == ["manifest.json", "page.html", "table.csv"]
    assert (run.folder / "page.html").read_text() == "12026-03-04T06:00:00Z"
    stored = open_run(run.folder)
    assert stored.manifest.finished == "2026-03-04T06:00:00Z"
    assert set(stored.files) == {"page.html", "table.csv"}


def test_a_finished_run_is_replaced_only_when_asked(tmp_path):
    plan = Plan(manifest(), tmp_path)
    carry_out(plan, executed, shown, overwrite=False)
    with pytest.raises(RunFolderError, match="finished run"):
        carry_out(plan, executed, shown, overwrite=False)
    assert carry_out(plan, executed, shown, overwrite=True).folder == tmp_path


@pytest.mark.parametrize("part", ["execute", "show"])
def test_a_run_that_fails_is_unfinished_and_goes_on(tmp_path, part):
    def fails(_):
        raise ZeroDivisionError

    plan = Plan(manifest(), tmp_path)
    with pytest.raises(ZeroDivisionError):
        carry_out(plan, *((fails, shown) if part == "execute" else (executed, fails)), overwrite=False)
    with pytest.raises(RunFolderError, match="unfinished"):
        open_run(tmp_path)
    carry_out(plan, executed, shown, overwrite=False)
    assert open_run(tmp_path).manifest.finished
