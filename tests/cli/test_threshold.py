"""A threshold card: what is on it, and who may use it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import faceproof
from faceproof.errors import ConfigurationError
from faceproof.findings.scored import join_scores
from faceproof.metrics.aims import Aim
from faceproof.metrics.folds import blocks_of_people
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.runs.run_folder import read_run
from faceproof.scoring.similarity import similarity_from_distance
from faceproof.summary.threshold_card import read_card
from faceproof.systems.weights.dlib_file import find_dlib_file

pytestmark = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A run of twelve people with three photos each, all compared, and its card for FMR 10%."""
    root = tmp_path_factory.mktemp("threshold")
    write_population(root / "people", Population(12, 3, seed=4), workers=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        settings = {"model": "dlib-resnet", "protocol": "all", "offline": True, "figures": False, "canary": False}
        faceproof.evaluate(root / "people", out=root / "run", **settings)
    return root


@pytest.fixture
def card(world, run, tmp_path):
    run("threshold", world / "run", "--fmr", 0.1, "--out", tmp_path / "card.json")
    return tmp_path / "card.json"


def two_photos(world, *people: int) -> list[str]:
    folders = sorted((world / "people").iterdir())
    one, other = people
    return [str(sorted(folders[one].iterdir())[0]), str(sorted(folders[other].iterdir())[1])]


def test_the_card_has_the_threshold_and_what_is_known_of_it(world, card):
    found, scored = read_card(card), join_scores(read_run(world / "run"))
    accepted = scored.similarity >= similarity_from_distance(found.value)
    made = scored.compared & ~scored.mated
    share = np.count_nonzero(accepted & made) / np.count_nonzero(made)
    assert 0.08 < share <= 0.1
    assert found.fnmr.value == pytest.approx(np.mean(~accepted[scored.compared & scored.mated]))
    assert found.low < found.value < found.high
    assert found.fmr.value == pytest.approx(0.1, abs=0.06)
    assert (found.people, found.mated + found.non_mated) == (12, np.count_nonzero(scored.compared))
    assert found.target_fmr == 0.1
    assert found.threshold().weights_sha256 == found.system.weights
    assert any("another recipe" in limit for limit in found.do_not_use_for)


def test_verify_decides_at_it_with_its_model_and_recipe(world, card, run):
    done = json.loads(run("verify", *two_photos(world, 0, 0), "--threshold-card", card, "--offline", "--json").stdout)
    found = read_card(card)
    assert done["threshold_distance"] == found.value
    assert done["same_person"] == (done["distance"] <= found.value)
    assert "threshold card for FMR 10%" in done["threshold_origin"]


def test_it_is_refused_for_another_model_and_for_other_weights(world, card, run):
    photos = two_photos(world, 0, 1)
    said = run("verify", *photos, "--threshold-card", card, "--model", "facenet-vggface2", code=2).stderr
    assert "means nothing to facenet-vggface2" in said
    values = json.loads(card.read_text())
    values["system"]["weights"] = "0" * 64
    card.write_text(json.dumps(values))
    said = run("verify", *photos, "--threshold-card", card, "--offline", code=2).stderr
    assert "was set with other weights" in said


def test_another_set_is_judged_at_it(world, card, run, tmp_path):
    settings = ["--model", "dlib-resnet", "--protocol", "all", "--offline", "--no-figures", "--no-canary"]
    people = tmp_path / "people"
    write_population(people, Population(3, 2, seed=9), workers=1)
    run("evaluate", people, *settings, "--threshold-from", card, "--out", tmp_path / "other")
    summary = faceproof.load_run(tmp_path / "other").summary
    assert summary.default_operating_point == "fixed"
    assert summary.default_point.threshold_distance == read_card(card).value
    from_run = run(
        "evaluate", people, *settings, "--threshold-from", world / "run", "--dry-run", "--out", tmp_path / "x"
    )
    assert "Systems: dlib-resnet." in from_run.stdout
    said = run("evaluate", people, *settings, "--threshold-from", card, "--threshold", 1, code=2).stderr
    assert "not both" in said
    values = json.loads(card.read_text())
    values["system"]["weights"] = "0" * 64
    card.write_text(json.dumps(values))
    said = run("stress", people, *settings, "--threshold-from", card, "--out", tmp_path / "y", code=2).stderr
    assert "was set with other weights" in said
    assert not (tmp_path / "y").exists()


def test_one_source_of_the_threshold_is_enough(world, card, run):
    said = run("verify", *two_photos(world, 0, 1), "--threshold-card", card, "--threshold", 0.5, code=2).stderr
    assert "Give one of --threshold, --run and --threshold-card" in said


def test_what_the_run_cannot_resolve_gives_no_card(world, run, tmp_path):
    said = run("threshold", world / "run", "--fmr", 1e-4, "--out", tmp_path / "card.json", code=2).stderr
    assert "needs 10,000 non-mated comparisons" in said
    assert not (tmp_path / "card.json").exists()


def test_a_threshold_of_few_false_matches_says_so(world, card, run, tmp_path):
    faceproof_card = faceproof.threshold_card(world / "run", fmr=0.002)
    assert faceproof_card.fnmr.no_end
    assert any("no upper end" in limit for limit in faceproof_card.do_not_use_for)


def test_a_card_is_replaced_only_when_asked(world, card, run):
    before = card.read_bytes()
    assert "exists" in run("threshold", world / "run", "--fmr", 0.2, "--out", card, code=2).stderr
    assert card.read_bytes() == before
    done = run("threshold", world / "run", "--fmr", 0.2, "--out", card, "--overwrite")
    assert "for FMR 20%" in done.stdout
    assert read_card(card).target_fmr == 0.2


@pytest.mark.parametrize("content", [None, "{}", "no JSON", '{"kind": "model"}'])
def test_what_is_no_card_is_said_to_be_none(tmp_path, content):
    file = tmp_path / "card.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match="cannot be read" if content is None else "is no threshold card"):
        read_card(file)


def test_a_card_of_a_later_version_is_refused(card):
    card.write_text(json.dumps(json.loads(card.read_text()) | {"schema_version": 99}))
    with pytest.raises(ConfigurationError, match="this version does not know"):
        read_card(card)


def test_a_run_of_scores_gives_no_card(made_up_run, tmp_path):
    system = {"systems": [{"name": "theirs", "source": {"kind": "scores", "file": "s.csv", "sha256": "0" * 64}}]}
    folder = made_up_run([("a/1", "a/2"), ("a/1", "b/1")], [0.9, 0.1], manifest=system, model="theirs").write(
        tmp_path / "r"
    )
    with pytest.raises(ConfigurationError, match="made elsewhere"):
        faceproof.threshold_card(folder, fmr=0.5)


def test_a_card_for_the_least_cost_has_its_aim_its_loss_and_its_interval(world, run, tmp_path):
    done = run("threshold", world / "run", "--cost-ratio", 9, "--out", tmp_path / "card.json")
    found, scored = read_card(tmp_path / "card.json"), join_scores(read_run(world / "run"))
    assert "for least cost where FMR counts 9 times, set on" in done.stdout
    assert "FNMR to expect on other people: " in done.stdout
    assert f"Cost of a threshold from other people over the best one: {found.transfer_loss.value:.4f}." in done.stdout
    assert (found.target_fmr, found.cost_ratio) == (None, 9)
    made, mated = scored.similarity[scored.compared], scored.mated[scored.compared]

    def cost(at):
        return np.mean(made[mated] < at) + 9 * np.mean(made[~mated] >= at)

    least = min(cost(at) for at in [*np.unique(made), 2.0])
    assert cost(similarity_from_distance(found.value)) == pytest.approx(least)
    on_others = found.fnmr.value + 9 * found.fmr.value
    assert found.transfer_loss.value == pytest.approx(on_others - least)
    assert found.transfer_loss.value >= 0
    assert found.transfer_loss.no_end == "the best threshold is chosen on these comparisons"
    assert 0 <= found.low < found.value < found.high <= 2
    assert not any("another mix" in limit for limit in found.do_not_use_for)


def test_the_interval_of_an_aim_is_that_of_leaving_out_one_block_of_people_each(world):
    found, scored = faceproof.threshold_card(world / "run", cost_ratio=9), join_scores(read_run(world / "run"))
    block_a, block_b, _ = blocks_of_people(*scored.person_codes(), scored.fold, 0)
    left = []
    for block in np.unique(block_a):
        rows = scored.compared & (block_a != block) & (block_b != block)
        left.append(Aim(cost_ratio=9).choose(scored.similarity[rows], scored.mated[rows]))
    each = np.sqrt(2 - 2 * np.array(left))
    k = each.size
    half = stats.t(k - 1).ppf(0.975) * np.sqrt((k - 1) / k * np.sum((each - each.mean()) ** 2))
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_a_card_for_best_accuracy_has_the_fewest_errors(world, run, tmp_path):
    done = run("threshold", world / "run", "--best-accuracy", "--out", tmp_path / "card.json", "--json")
    found, scored = json.loads(done.stdout), join_scores(read_run(world / "run"))
    made, mated = scored.similarity[scored.compared], scored.mated[scored.compared]
    wrong = np.count_nonzero((made >= similarity_from_distance(found["value"])) != mated)
    assert wrong == min(np.count_nonzero((made >= at) != mated) for at in [*made, 2.0])
    assert found.get("target_fmr") is found.get("cost_ratio") is None
    card = read_card(tmp_path / "card.json")
    assert card.threshold().origin.startswith("threshold card for best accuracy on ")
    assert any("another mix" in limit for limit in card.do_not_use_for)
    price = np.count_nonzero(~mated) / np.count_nonzero(mated)
    best = wrong / np.count_nonzero(mated)
    assert card.transfer_loss.value == pytest.approx(card.fnmr.value + price * card.fmr.value - best)


def test_a_target_fmr_has_a_transfer_loss_and_no_jackknife(world, card):
    found = read_card(card)
    assert found.cost_ratio is None
    assert found.transfer_loss.optimistic
    assert found.transfer_loss.value is not None
    assert not any("another mix" in limit for limit in found.do_not_use_for)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cost-ratio", 0], "a cost ratio of 0 makes no sense"),
        (["--cost-ratio", 2e6], "expected 0.001 to 1,000,000"),
        (["--cost-ratio", "nan"], "a cost ratio of nan makes no sense"),
        (["--cost-ratio", 3, "--fmr", 0.1], "A threshold has one aim"),
        (["--best-accuracy", "--fmr", 0.1], "A threshold has one aim"),
        (["--best-accuracy", "--cost-ratio", 3], "A threshold has one aim"),
    ],
)
def test_an_aim_out_of_range_or_two_of_them_give_no_card(world, run, tmp_path, options, said):
    assert said in run("threshold", world / "run", *options, "--out", tmp_path / "card.json", code=2).stderr
    assert not (tmp_path / "card.json").exists()


def test_a_card_of_a_version_without_the_new_fields_is_read(world, card, run):
    values = json.loads(card.read_text())
    for name in ("cost_ratio", "transfer_loss", "calibration"):
        values.pop(name, None)
    card.write_text(json.dumps(values))
    found = read_card(card)
    assert (found.cost_ratio, found.transfer_loss, found.calibration) == (None, None, None)
    assert found.aim.label == "FMR 10%"
    photos = [*two_photos(world, 0, 0), "--threshold-card", card, "--offline"]
    done = run("verify", *photos)
    assert "threshold" in done.stdout
    assert "evidence" not in done.stdout
    assert "has no likelihood ratios" in run("verify", *photos, "--prior", 0.5, code=2).stderr


@pytest.mark.parametrize("source", ["--threshold-card", "--run"])
def test_verify_prints_what_the_similarity_says(world, card, run, source):
    place = {"--threshold-card": card, "--run": world / "run"}[source]
    asked = ["verify", *two_photos(world, 0, 0), source, place, "--offline"]
    done = json.loads(run(*asked, "--json", "--prior", 0.25).stdout)
    ratio, line = done["likelihood_ratio"], faceproof.load_run(world / "run").summary.calibration.line
    want = np.exp(np.clip(line.offset + line.slope * (done["similarity"] - line.centre), -line.cap, line.cap))
    assert ratio["value"] == pytest.approx(want)
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert (ratio["most"], ratio["people"]) == (pytest.approx(12), 12)
    assert (done["prior"], done["posterior"]) == (0.25, pytest.approx(ratio["value"] / (ratio["value"] + 3)))
    lines = dict(line.split(maxsplit=1) for line in run(*asked).stdout.splitlines() if " " in line)
    assert "times more likely if they show" in lines["evidence"]
    shown = run(*asked, "--prior", 0.25).stdout
    assert "with prior  " in shown
    assert "if it was 25% before the photos were seen." in shown
    assert "evidence" not in run(*asked, "--quiet").stdout


@pytest.mark.parametrize("prior", [0, 1, -0.2, 3, "nan"])
def test_a_prior_that_is_no_probability_is_refused(world, card, run, prior):
    said = run("verify", *two_photos(world, 0, 1), "--threshold-card", card, "--prior", prior, code=2).stderr
    assert "expected a probability above 0 and below 1" in said


def test_a_prior_without_likelihood_ratios_is_refused(world, run):
    said = run("verify", *two_photos(world, 0, 1), "--threshold", 1, "--prior", 0.5, code=2).stderr
    assert "--prior needs likelihood ratios: give --run or --threshold-card" in said
    plain = json.loads(run("verify", *two_photos(world, 0, 1), "--model", "dlib-resnet", "--offline", "--json").stdout)
    assert plain["likelihood_ratio"] is plain["posterior"] is plain["prior"] is None


def test_a_card_into_a_folder_that_is_not_there_says_so(world, run, tmp_path):
    done = run("threshold", world / "run", "--out", tmp_path / "none" / "card.json", code=2)
    assert "there is no folder" in done.stderr


def test_an_operating_point_without_a_run_is_refused(world, card, run):
    photo = next(path for path in (world / "people").rglob("*") if path.suffix in {".jpg", ".jpeg"})
    done = run("verify", photo, photo, "--threshold-card", card, "--at", "eer", code=2)
    assert "--at names an operating point of a run" in done.stderr
