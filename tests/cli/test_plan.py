"""``--dry-run`` prints the plan and stops; ``faceproof schema`` prints the form of the files."""

from __future__ import annotations

import json

import pytest
from pydantic import TypeAdapter

from faceproof.degrade.suites import get_suite
from faceproof.findings.doctor.result import Audit
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.stored import json_schema
from faceproof.systems.weights.dlib_file import find_dlib_file

needs_dlib = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)
PLAIN = ["--model", "dlib-resnet", "--protocol", "all", "--offline"]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    root = tmp_path_factory.mktemp("people")
    write_population(root, Population(3, 2, seed=2), workers=1)
    return root


@needs_dlib
def test_a_dry_run_of_evaluate_prints_the_plan_and_writes_nothing(run, people, tmp_path):
    done = run("evaluate", people, *PLAIN, "--out", tmp_path / "out", "--dry-run")
    lines = done.stdout.splitlines()
    assert lines[0] == "Systems: dlib-resnet."
    assert lines[1].startswith("People: 3 with 6 photos in ")
    assert lines[2] == "Comparisons: 15 by protocol all (3 mated, 12 non-mated)."
    assert lines[3] == "Conditions: the photos as they are."
    assert any(line.startswith("Disk, at most: ") for line in lines)
    assert any(line.startswith("Time: about ") for line in lines)
    assert lines[-1] == f"Run folder: {tmp_path / 'out'}"
    assert not (tmp_path / "out").exists()


@needs_dlib
def test_a_dry_run_of_stress_counts_the_conditions(run, people, tmp_path):
    done = run("stress", people, *PLAIN, "--severities", "1,2", "--out", tmp_path / "out", "--dry-run", "--quiet")
    many = len(get_suite("classic").conditions([1, 2])) - 1
    assert f"Conditions: the photos as they are and {many} degradations of suite classic." in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / "out").exists()


@needs_dlib
def test_a_dry_run_refuses_what_the_run_would_refuse(run, people):
    assert "expected 0 to 2" in run("evaluate", people, *PLAIN, "--threshold", 3, "--dry-run", code=2).stderr
    assert "sepia" in run("stress", people, *PLAIN, "--suite", "sepia.toml", "--dry-run", code=2).stderr


def test_a_dry_run_means_nothing_where_templates_are_made(run, tmp_path):
    done = run("evaluate", "--templates", tmp_path / "t.npz", "--dry-run", code=2)
    assert "--dry-run means nothing with --templates" in done.stderr


@pytest.mark.parametrize(
    ("file", "schema"),
    [("metrics", json_schema()), ("manifest", Manifest.model_json_schema()), ("doctor", Audit.model_json_schema())],
)
def test_the_schema_is_that_of_the_types(run, file, schema):
    assert json.loads(run("schema", file).stdout) == schema
    assert TypeAdapter(dict).validate_python(schema)["$defs"]


def test_another_file_has_no_schema(run):
    assert "metrics" in run("schema", "tables", code=2).stderr
