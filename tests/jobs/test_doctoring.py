"""`faceproof.doctor` on files and runs, and every fault of a real analysis that results can show, made again."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from honest_scores import Results, all_pairs, like_view2

import faceproof
from faceproof.errors import ConfigurationError, PeopleError, RunFolderError
from faceproof.findings.scored import join_scores
from faceproof.metrics.confusion import accuracy, confusion_at
from faceproof.metrics.curves import auc
from faceproof.metrics.operating_points import best_accuracy_threshold, eer
from faceproof.runs.run_folder import read_run

MODELS = {
    "facenet-vggface2": {"weights": "facenet-vggface2.safetensors"},
    "mobilefacenet": {"model": "MobileFaceNet.onnx"},
}
FOLDS, PER_KIND = 2, 15


@pytest.fixture(scope="module")
def view2(shared, tmp_path_factory) -> Path:
    """A pair list with a part of two folds of View 2."""
    lines = (shared / "data/lfw-pairs.txt").read_text().splitlines()[1:]
    starts = [600 * fold + first for fold in range(FOLDS) for first in (0, 300)]
    path = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    path.write_text("\n".join([f"{FOLDS}\t{PER_KIND}", *(line for s in starts for line in lines[s : s + PER_KIND])]))
    return path


@pytest.fixture(
    scope="module", params=["made up", *(pytest.param(name, marks=pytest.mark.real_photos) for name in MODELS)]
)
def honest(request, tmp_path_factory) -> tuple[Results, Path]:
    """Honest results as distances, and their pair list: made-up templates, or real photos and models."""
    folder = tmp_path_factory.mktemp("honest")
    if request.param == "made up":
        cosines, pairs = like_view2(folds=2, per_kind=40, people=30), folder / "pairs.csv"
        columns = ("photo_a", "photo_b", "person_a", "person_b")
        rows = zip(*(cosines.columns[name] for name in columns), strict=True)
        lines = [",".join([*row, str(int(mated))]) for row, mated in zip(rows, cosines.mated, strict=True)]
        pairs.write_text("\n".join([",".join([*columns, "mated"]), *lines]) + "\n")
    else:
        shared, pairs = request.getfixturevalue("shared"), request.getfixturevalue("view2")
        run = faceproof.evaluate(
            shared / "data/lfw-deepfunneled",
            **{name: shared / "weights" / file for name, file in MODELS[request.param].items()},
            protocol="lfw",
            protocol_settings={"pairs": pairs},
            out=folder / "run",
            canary=False,
            figures=False,
            offline=True,
        )
        assert faceproof.doctor(run.folder, pairs=pairs).faults == []
        scored = join_scores(read_run(run.folder))
        names = {name: scored.names[name].to_pylist() for name in scored.names.column_names}
        cosines = Results(names, scored.mated, scored.similarity, fold=scored.fold)
    distance = np.sqrt(np.maximum(0, 2 - 2 * cosines.score))
    return cosines.having(score=distance, kind="distance", measure="euclidean"), pairs


def faults(results, folder, **options):
    """Checks with a fault in a score file of the results."""
    more = {name: options.pop(name) for name in ("decision",) if name in options}
    audit = faceproof.doctor(results.write(folder / "scores.csv", **more), **options)
    return {finding.check for finding in audit.faults}


def decisions(accepted):
    return {"decision": np.where(accepted, "accept", "reject").tolist()}


def test_honest_results_have_no_fault(honest, tmp_path):
    results, pairs = honest
    at = -best_accuracy_threshold(-results.score, results.mated)
    right = accuracy(confusion_at(-results.score, results.mated, -at))
    claims = {"accuracy": f"{right:.3f}", "threshold": f"{at:.6f}", "auc": f"{auc(-results.score, results.mated):.4f}"}
    options = {"claims": claims, "pairs": pairs, "score": "euclidean"} | decisions(results.score <= at)
    assert faults(results, tmp_path, **options) == set()


def test_an_undetected_face_that_became_a_coin_flip(honest, tmp_path):
    results, _ = honest
    lost = np.arange(results.mated.size) % 9 == 0
    some = results.having(score=np.where(lost, np.nan, results.score))
    coin = np.arange(results.mated.size) % 2 == 0
    assert faults(some, tmp_path, **decisions(np.where(lost, coin, results.score <= 1.1))) == {
        "decisions_without_score"
    }
    decided = confusion_at(-results.score[~lost], results.mated[~lost], -1.1)
    flipped = {"tp": decided.tp + 2, "fn": decided.fn + int((lost & results.mated).sum()) - 2, "threshold": "1.1000"}
    assert faults(some, tmp_path, claims=flipped) == {"claims_recomputed"}


def test_a_missed_face_that_shifted_all_later_pairs(honest, tmp_path):
    results, pairs = honest
    others = np.flatnonzero(~results.mated)
    columns = {name: list(column) for name, column in results.columns.items()}
    for name in ("photo_b", "person_b"):
        for row, after in pairwise(others[5:]):
            columns[name][row] = results.columns[name][after]
    assert "pairs_of_the_list" in faults(results.having(columns=columns), tmp_path, pairs=pairs)


def test_a_cap_that_cut_the_pairs_short(honest, tmp_path):
    results, pairs = honest
    assert faults(results.with_rows(np.arange(results.mated.size - 10)), tmp_path, pairs=pairs) == {"pairs_of_the_list"}
    assert faults(results, tmp_path, claims={"comparisons": 3360}) == {"claims_recomputed"}


def test_a_threshold_that_was_tuned_and_scored_on_the_same_pairs(honest, tmp_path):
    results, _ = honest
    best = accuracy(confusion_at(-results.score, results.mated, best_accuracy_threshold(-results.score, results.mated)))
    claims = {"accuracy": f"{best:.4f}"}
    audit = faceproof.doctor(results.having(fold=None).write(tmp_path / "s.csv"), claims=claims)
    assert "accuracy_of_the_best_threshold" in {one.check for one in audit.hints}
    assert faults(results, tmp_path, claims=claims | {"tuned_on_same_comparisons": True}) == {
        "accuracy_of_the_best_threshold"
    }


def test_a_threshold_for_each_kind(honest, tmp_path):
    results, _ = honest
    # Where no score of one kind lies among those of the other, two thresholds decide as one does.
    at = [float(np.median(results.score[kind])) for kind in (results.mated, ~results.mated)]
    accepted = results.score <= np.where(results.mated, *at)
    assert faults(results, tmp_path, **decisions(accepted)) == {"two_thresholds"}
    assert faults(results, tmp_path, claims={"threshold": ["1.35", "0.6"]}) == {"two_thresholds"}


def test_labels_of_one_class(honest, tmp_path):
    results, _ = honest
    assert "one_kind_only" in faults(results.with_rows(np.flatnonzero(results.mated)), tmp_path)
    assert "labels_against_names" in faults(results.having(mated=np.ones_like(results.mated)), tmp_path)


def test_a_distance_that_was_taken_for_a_similarity(honest, tmp_path):
    results, _ = honest
    assert faults(results.having(kind="similarity"), tmp_path) == {"scores_upside_down"}
    area = auc(results.score, results.mated)
    audit = faceproof.doctor(results.write(tmp_path / "s.csv"), claims={"auc": f"{area:.4f}"})
    assert ["The claim is 1 - AUC" in finding.found for finding in audit.faults] == [True]


def test_distances_over_a_batch_of_two_and_templates_that_were_not_normalised(honest, tmp_path):
    results, _ = honest
    score, others = results.score.copy(), np.flatnonzero(~results.mated)
    for start in range(0, others.size - 1, 2):
        score[others[start : start + 2]] = np.linalg.norm(score[others[start : start + 2]])
    assert "runs_of_equal_scores" in faults(results.having(score=score), tmp_path)
    assert faults(results.having(score=3 * results.score), tmp_path, score="euclidean") == {"possible_range"}


def test_an_accuracy_that_is_one_minus_the_eer(honest, tmp_path):
    results, _ = honest
    rate = eer(-results.score, results.mated)[0]
    claims = {"accuracy": f"{1 - rate:.4f}", "eer": f"{rate:.4f}"}
    audit = faceproof.doctor(results.having(fold=None).write(tmp_path / "s.csv"), claims=claims)
    assert "accuracy_is_one_minus_eer" in {one.check for one in audit.hints}


def test_a_folder_without_a_photo_that_counted_as_matched(honest, tmp_path):
    results, _ = honest
    decided = confusion_at(-results.score, results.mated, -1.1)
    claims = {"tp": decided.tp + 1, "fn": decided.fn, "threshold": "1.1000"}
    assert faults(results, tmp_path, claims=claims) == {"claims_recomputed"}


@pytest.mark.parametrize("kind", ["templates", "scores"])
def test_a_run_is_audited_like_its_file(kind, tmp_path, made_up_run):
    results = all_pairs(12, 3)
    if kind == "scores":
        hundredfold = results.having(score=100 * results.score, measure=None)
        folder = faceproof.score(hundredfold.write(tmp_path / "scores.csv"), out=tmp_path / "run", figures=False).folder
    else:
        pairs = list(zip(results.columns["photo_a"], results.columns["photo_b"], strict=True))
        folder = made_up_run(pairs, results.score, failed=frozenset(pairs[0])).write(tmp_path / "run")
        results = results.with_rows([row for row, pair in enumerate(pairs) if not set(pair) & set(pairs[0])])
    audit = faceproof.doctor(folder, claims={"auc": f"{auc(results.score, results.mated):.4f}"})
    assert (audit.faults, audit.comparisons, audit.people) == ([], 630, 12)
    assert "missing_scores" in audit.passed
    assert audit.without_score == 630 - len(results.mated)
    assert ("possible_range" in audit.passed) == (kind == "templates")
    at = "50.00" if kind == "scores" else "1.0000"
    decided = confusion_at(results.score, results.mated, 0.5)
    assert faceproof.doctor(folder, claims={"fp": decided.fp, "tp": decided.tp, "threshold": at}).faults == []
    with pytest.raises(ConfigurationError, match="run folder"):
        faceproof.doctor(folder, score="euclidean")


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(PeopleError, match=r"none\.csv"):
        faceproof.doctor(tmp_path / "none.csv")
    with pytest.raises(RunFolderError, match="no run folder"):
        faceproof.doctor(tmp_path)
    file = tmp_path / "s.csv"
    file.write_text("similarity,mated,decision\n0.9,1,accept\n0.1,0,perhaps\n0.2,0,\n")
    with pytest.raises(
        PeopleError, match="1 cells of the column decision are no decision, the first in line 3: 'perhaps'"
    ):
        faceproof.doctor(file)
    file.write_text("similarity,mated\n0.9,1\n0.1,0\n")
    with pytest.raises(ConfigurationError, match="euclidean, of which lower is more alike; the file has a column simi"):
        faceproof.doctor(file, score="euclidean")
    with pytest.raises(ConfigurationError, match="expected one of euclidean"):
        faceproof.doctor(file, score="cosine")


def test_words_for_decisions_and_infinite_scores(tmp_path):
    file = tmp_path / "s.csv"
    rows = ["inf,1,TP", "-Infinity,0,TN", "1e999,1,FN", "nan,0,reject", "0.5,1,1", "0.4,0,"]
    file.write_text("\n".join(["similarity,mated,decision", *rows]))
    audit = faceproof.doctor(file)
    assert [len(one.evidence) for one in audit.of("infinite_scores")] == [3]
    assert audit.of("decisions_without_score") == []
    assert audit.without_score == 4
