"""Plans by Python and on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import faceproof
from faceproof.cli import app
from faceproof.errors import ConfigurationError, RunFolderError
from faceproof.jobs.planning import plan, plan_claim


def line(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["plan", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return " ".join(done.stdout.split())


def test_a_plan_says_what_can_be_told_and_what_it_takes() -> None:
    found = faceproof.plan(200, 4)
    assert (found.mated, found.non_mated) == (200 * 6, 200 * 199 * 16 // 2)
    assert [row.resolvable for row in found.at_fmr] == [True, True, True, False, False]
    for row in found.at_fmr:
        assert row.people_needed is not None
        assert row.resolvable == (row.people_needed <= 200)
        assert (row.fnmr_intervals[0][1] is not None) == row.resolvable
        assert row.fmr_interval[0] < row.fmr < row.fmr_interval[1]


def test_a_claim_takes_more_people_the_closer_it_is() -> None:
    needs = faceproof.plan_claim("fnmr@fmr=1e-3 <= 2%", photos=4).needs
    assert [need.expected for need in needs] == pytest.approx([0.01, 0.005, 0.002])
    people = [need.people for need in needs]
    assert None not in people
    assert people == sorted(people, reverse=True)
    (alone,) = plan_claim("fnmr <= 0.02", photos=4, expected=0.01).needs
    assert alone.people < people[0]
    assert plan_claim("fmr < 1e-3", photos=2).needs[0].people > plan_claim("fmr <= 1e-2", photos=2).needs[0].people


@pytest.mark.parametrize("claim", ["eer <= 0.02", "fnmr > 0.02", "fnmr", "tar <= 1"])
def test_other_claims_are_refused(claim: str) -> None:
    with pytest.raises(ConfigurationError, match=r"[Cc]laim|Gate|metric"):
        plan_claim(claim)


def test_the_dependence_may_come_from_a_run(made_up_run, tmp_path) -> None:
    people, photos = 12, 3
    ids = [f"p{person:02}/{photo}" for person in range(people) for photo in range(photos)]
    pairs = [(one, two) for place, one in enumerate(ids) for two in ids[place + 1 :]]
    rng = np.random.default_rng(0)
    similarity = [0.6 + 0.1 * rng.normal() if a[:3] == b[:3] else 0.1 * rng.normal() for a, b in pairs]
    folder = made_up_run(pairs, similarity).write(tmp_path / "run")
    assert plan(50, 4, like=folder).source == str(folder)
    # Independent similarities say more than those of a real system.
    usual, own = (plan(50, 4, like=like).at_fmr[1].fmr_interval for like in (None, folder))
    assert usual[0] < own[0] < own[1] < usual[1]
    with pytest.raises(RunFolderError):
        plan(50, 4, like=tmp_path / "nowhere")


def test_a_run_of_one_kind_shows_no_dependence(made_up_run, tmp_path) -> None:
    folder = made_up_run([("a/1", "b/1"), ("c/1", "d/1")], [0.1, 0.2]).write(tmp_path / "run")
    with pytest.raises(RunFolderError, match="expected a run with mated and non-mated"):
        plan(50, 4, like=folder)


def test_the_command_prints_a_table() -> None:
    text = line("--people", 200, "--photos", 4)
    assert text.startswith("All comparisons of 200 people with 4 photos each: 1,200 mated, 318,400 non-mated.")
    assert "0.1% yes" in text
    assert "0.01% from 437" in text
    assert "facenet-vggface2 on Labeled Faces in the Wild" in text
    assert "2.22% or more" in text


def test_the_command_says_what_a_claim_takes() -> None:
    text = line("--claim", "fnmr@fmr=1e-4 <= 2%", "--expect", 0.01)
    assert "to show fnmr@fmr=1e-4 <= 2%" in text
    assert "if 1.00% is observed 727" in text
    assert "over a million" in line("--claim", "fmr <= 1e-14")


def test_json_has_every_number() -> None:
    found = json.loads(CliRunner().invoke(app, ["plan", "--people", "30", "--json"]).stdout)
    assert found["people"] == 30
    assert len(found["at_fmr"]) == 5
    claim = json.loads(CliRunner().invoke(app, ["plan", "--claim", "fmr <= 1e-2", "--json"]).stdout)
    assert len(claim["needs"]) == 3


@pytest.mark.parametrize("wrong", [(), ("--people", 5, "--claim", "fmr <= 1"), ("--people", 5, "--expect", 0.1)])
def test_options_that_do_not_go_together_are_refused(wrong) -> None:
    done = CliRunner().invoke(app, ["plan", *map(str, wrong)])
    assert isinstance(done.exception, ConfigurationError)
