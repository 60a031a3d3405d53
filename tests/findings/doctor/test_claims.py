"""Reported numbers keep their digits, and are compared with what the scores give."""

from __future__ import annotations

import numpy as np
import pytest
from honest_scores import Results, all_pairs, like_view2, sampled

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.claimed import eer_range
from faceproof.findings.doctor.claims import RATES, TUNED, claims_of, read_claims
from faceproof.metrics.confusion import accuracy, confusion_at, f1, fmr, fnmr, precision, recall
from faceproof.metrics.curves import auc, count_steps
from faceproof.metrics.folds import cross_validated_accuracy
from faceproof.metrics.operating_points import best_accuracy_threshold, eer, fnmr_at_fmr

AT = 0.5


@pytest.fixture(scope="module")
def honest() -> Results:
    """Results with errors of both kinds at the threshold."""
    return sampled(60, 4, 600)


def truth(results, threshold=AT):
    decided = confusion_at(results.score, results.mated, threshold)
    assert min(decided.fp, decided.fn) > 0
    rates = {
        "accuracy": accuracy,
        "fmr": fmr,
        "fnmr": fnmr,
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }
    return {name: f"{rate(decided):.4f}" for name, rate in rates.items()} | {
        "tp": decided.tp,
        "tn": decided.tn,
        "fp": decided.fp,
        "fn": decided.fn,
        "threshold": f"{threshold:.4f}",
        "comparisons": decided.n,
        "mated": decided.mated,
        "non_mated": decided.non_mated,
        "auc": f"{auc(results.score, results.mated):.5f}",
        "eer": f"{eer(results.score, results.mated)[0]:.4f}",
        "fnmr@fmr=0.01": f"{fnmr_at_fmr(results.score, results.mated, 0.01):.3f}",
    }


def found(results, claims, check="claims_recomputed"):
    return audit(results.audited(), claims_of(claims)).of(check)


def test_digits_count():
    claims = claims_of({"accuracy": "0.990", "eer": "1.5%", "auc": 1, "fmr": "1.0", "fnmr@fmr=1e-3": "2e-2", "tp": 12})
    halves = {name: claim.half for name, claim in claims.numbers.items()}
    assert halves == pytest.approx(
        {"accuracy": 5e-4, "eer": 5e-4, "auc": 0.0, "fmr": 0.05, "fnmr@fmr=1e-3": 5e-3, "tp": 0.0}
    )
    assert claims.get("eer").value == pytest.approx(0.015)
    assert claims.at_fmr == [(1e-3, claims.get("fnmr@fmr=1e-3"))]
    assert claims.get("accuracy").holds([0.9895, 0.9905, 0.9894, 0.9906, np.nan]).tolist() == [True, True] + [False] * 3


def test_a_file_keeps_the_digits_of_its_numbers(tmp_path):
    file = tmp_path / "claims.toml"
    lines = ["accuracy = 0.990", '"fnmr@fmr=1e-3" = "2.0%"', "threshold = [1.10, 0.9]", f"{TUNED} = true"]
    file.write_text("\n".join(lines))
    claims = read_claims(file)
    assert (claims.get("accuracy").text, claims.get("accuracy").half) == ("0.990", pytest.approx(5e-4))
    assert [(one.text, one.half) for one in claims.thresholds] == [
        ("1.10", pytest.approx(0.005)),
        ("0.9", pytest.approx(0.05)),
    ]
    assert claims.tuned is True


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"acuracy": "0.99"}, "'acuracy' is no claim. Did you mean 'accuracy'"),
        ({"fnmr@fmr=2": "0.1"}, "is no claim"),
        ({"fnmr@fmr=x": "0.1"}, "is no claim"),
        ({"accuracy": "99.2"}, 'expected a fraction from 0 to 1, or a percentage such as "99.2%"'),
        ({"accuracy": "high"}, "expected a number"),
        ({"accuracy": "nan"}, "expected a number"),
        ({"accuracy": "."}, "expected a number"),
        ({"threshold": "1e999"}, "expected a number"),
        ({"threshold": ["1", True]}, "expected a number"),
        ({"accuracy": True}, "expected a number"),
        ({"accuracy": [0.9]}, "expected a number"),
        ({"tp": "1.5"}, "expected a whole number"),
        ({"tp": -1}, "expected a whole number"),
        ({"tuned_on_same_comparisons": "yes"}, "expected true or false"),
    ],
)
def test_claims_that_cannot_be(entries, message):
    with pytest.raises(ConfigurationError, match=message):
        claims_of(entries)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(PeopleError, match="claims"):
        read_claims(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("accuracy = ")
    with pytest.raises(PeopleError, match="no TOML"):
        read_claims(tmp_path / "bad.toml")


def test_true_claims_hold(honest):
    outcome = audit(honest.audited(), claims_of(truth(honest)))
    assert outcome.faults == []
    assert {"claims_recomputed", "wrong_denominator"} <= set(outcome.passed)
    distance = honest.having(score=np.sqrt(2 - 2 * honest.score), kind="distance", measure="euclidean")
    claims = truth(honest) | {"threshold": f"{np.sqrt(2 - 2 * AT):.6f}"}
    assert audit(distance.audited(), claims_of(claims)).faults == []


@pytest.mark.parametrize("name", [*RATES, "fnmr@fmr=0.01"])
def test_a_rate_that_the_scores_do_not_give(honest, name):
    claims = truth(honest)
    value = float(claims[name])
    other = value + 0.1 if value < 0.5 else value - 0.1
    [finding] = found(honest, {name: f"{other:.4f}", "threshold": claims["threshold"]})
    assert finding.severity == "fault"
    assert finding.found.startswith(f"{name} = {other:.4f} is claimed, and the data give ")


@pytest.mark.parametrize("name", ["tp", "tn", "fp", "fn", "comparisons", "mated", "non_mated"])
def test_a_count_that_the_scores_do_not_give(honest, name):
    claims = truth(honest)
    [finding] = found(honest, {name: claims[name] + 1, "threshold": claims["threshold"]})
    assert f"{name} = {claims[name] + 1} is claimed" in finding.found


def test_counts_that_do_not_add_up_to_the_kind(honest):
    claims = truth(honest)
    finding, *_ = found(honest, {"tp": claims["tp"] - 100, "fn": claims["fn"]})
    assert f"together {claims['tp'] + claims['fn'] - 100:,}; the data have" in finding.found


def test_failures_may_be_left_out_or_counted_as_rejected(honest):
    lost = np.zeros(honest.mated.size, np.bool_)
    lost[::20] = True
    fewer = honest.having(score=np.where(lost, np.nan, honest.score))
    kept = honest.with_rows(np.flatnonzero(~lost))
    left_out = truth(kept)
    assert found(fewer, left_out) == []
    more = [int((lost & kind).sum()) for kind in (honest.mated, ~honest.mated)]
    rejected = left_out | {"fn": left_out["fn"] + more[0], "tn": left_out["tn"] + more[1]}
    rejected = {name: rejected[name] for name in ("tp", "tn", "fp", "fn", "threshold")}
    assert found(fewer, rejected) == []
    # A failure that was decided by chance gives neither.
    flipped = rejected | {"tp": rejected["tp"] + 3, "fn": rejected["fn"] - 3}
    assert {one.found.split(" = ")[0] for one in found(fewer, flipped)} == {"tp", "fn"}


def test_without_a_threshold_any_one_will_do_but_the_same_for_all(honest):
    one, other = truth(honest, 0.5), truth(honest, 0.4)
    assert found(honest, {"fmr": one["fmr"], "fnmr": one["fnmr"], "f1": one["f1"]}) == []
    assert one["fmr"] != other["fmr"]
    [finding] = found(honest, {"fmr": one["fmr"], "fnmr": other["fnmr"]})
    assert finding.found.startswith("No single threshold gives all of fmr = ")
    assert finding.severity == "fault"


def test_an_accuracy_that_no_threshold_reaches(honest):
    [hint] = found(honest, {"accuracy": "0.9999"})
    assert (hint.severity, "claim the number of comparisons too" in hint.found) == ("hint", True)
    [fault] = found(honest, {"accuracy": "0.9999", "comparisons": honest.mated.size})
    assert fault.severity == "fault"


def test_an_auc_of_the_other_direction_is_called_so(honest):
    area = auc(honest.score, honest.mated)
    [finding] = found(honest, {"auc": f"{1 - area:.4f}"})
    assert "The claim is 1 - AUC" in finding.found


def test_an_fmr_that_the_comparisons_cannot_resolve(honest):
    [finding] = found(honest, {"fnmr@fmr=1e-3": "0.1"})
    assert "cannot resolve an FMR below 1/600" in finding.found


def test_all_definitions_of_the_eer_are_in_its_range():
    scores, labels = [0.9, 0.8, 0.7, 0.6, 0.3], [True, False, True, True, False]
    low, high = eer_range(count_steps(scores, labels))
    assert (low, high) == (pytest.approx(2 / 7), pytest.approx(2 / 3))  # the hull goes from (0, 2/3) to (1/2, 0)
    assert low <= eer(scores, labels)[0] <= high
    for seed in range(5):
        some = sampled(10, 3, 60, seed)
        low, high = eer_range(count_steps(some.score, some.mated))
        assert 0 <= low <= eer(some.score, some.mated)[0] <= high


def test_a_rate_that_no_whole_number_gives():
    honest = sampled(20, 3, 50)  # 60 mated
    [finding] = found(honest, {"fnmr": "0.041"}, "wrong_denominator")
    assert finding.severity == "fault"
    assert finding.evidence == ("2 / 60 = 0.033333333, 3 / 60 = 0.05",)
    assert found(honest, {"fnmr": "0.033", "recall": "0.967", "fmr": "0.06"}, "wrong_denominator") == []
    assert found(honest, {"fnmr": "0.041", "mated": 49}, "wrong_denominator") == []
    [finding] = found(honest, {"precision": "0.905", "tp": 50, "fp": 6}, "wrong_denominator")
    assert finding.found.startswith("precision = 0.905 is not possible with 56 accepted comparisons")
    assert found(honest, {"precision": "0.893", "tp": 50, "fp": 6}, "wrong_denominator") == []


def test_the_best_threshold_of_the_same_comparisons(honest):
    best = accuracy(confusion_at(honest.score, honest.mated, best_accuracy_threshold(honest.score, honest.mated)))
    check = "accuracy_of_the_best_threshold"
    [finding] = found(honest, {"accuracy": f"{best:.4f}"}, check)
    assert (finding.severity, f"({best:.6g} at similarity " in finding.found) == ("hint", True)
    assert found(honest, {"accuracy": f"{best - 0.001:.4f}"}, check) == []
    [fault] = found(honest, {"tuned_on_same_comparisons": True}, check)
    assert fault.severity == "fault"


def test_accuracy_over_the_folds_of_the_file_is_no_maximum():
    honest = like_view2(folds=4, people=20)
    folded = cross_validated_accuracy(honest.score, honest.mated, honest.fold).accuracy
    claims = {"accuracy": f"{folded:.4f}", "comparisons": honest.mated.size}
    assert audit(honest.audited(), claims_of(claims)).faults == []
    assert found(honest, {"accuracy": "0.9999"})[0].severity == "fault"


def test_accuracy_that_is_one_minus_the_eer(honest):
    rate = eer(honest.score, honest.mated)[0]
    check = "accuracy_is_one_minus_eer"
    assert [one.severity for one in found(honest, {"accuracy": f"{1 - rate:.4f}"}, check)] == ["hint"]
    assert found(honest, {"accuracy": f"{1 - rate - 0.001:.4f}"}, check) == []
    assert len(found(honest, {"accuracy": "0.9219", "eer": "0.0781"}, check)) == 1
    assert found(honest, {"accuracy": "0.9218", "eer": "0.0781"}, check) == []


def test_claims_of_one_kind_only_say_why_they_cannot_be_checked():
    one_kind = all_pairs(10, 2)
    mates = one_kind.with_rows(np.flatnonzero(one_kind.mated))
    outcome = audit(mates.audited(), claims_of({"accuracy": "0.9", "threshold": "0.5", "eer": "0.1"}))
    assert [one.check for one in outcome.faults] == ["one_kind_only"]
    assert {one.check: one.reason for one in outcome.not_run}["accuracy_of_the_best_threshold"] == (
        "it needs scores of both kinds"
    )


def test_a_score_equal_to_the_threshold_may_be_accepted_or_not():
    """A threshold of 1 without decimals is anything from 0.5 to 1.5."""
    results = sampled(2, 2, 2).having(score=np.array([1.5, 0.1, 0.1, 0.5]), measure=None)
    assert results.mated.tolist() == [True, False, False, True]
    for accepted, holds in ((0, True), (1, True), (2, True)):
        assert (found(results, {"tp": accepted, "threshold": "1"}) == []) is holds
    assert found(results, {"tp": 0, "threshold": "0.9"}) != []
    assert found(results, {"tp": 2, "threshold": "0.9"}) != []
