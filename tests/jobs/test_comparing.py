"""Runs side by side, end to end: on people who do not exist, and on made-up runs where no net is needed."""

from __future__ import annotations

import csv
import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from edited import merged
from PIL import Image

import faceproof
from faceproof.errors import ConfigurationError, RunFolderError
from faceproof.findings.joined import join_runs, named_runs
from faceproof.findings.scored import join_scores
from faceproof.jobs.base import Run
from faceproof.jobs.comparing import compare
from faceproof.jobs.evaluation import evaluate
from faceproof.metrics.operating_points import eer
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.runs.manifest_file import write_manifest
from faceproof.runs.run_folder import open_run, read_run
from faceproof.systems.recipe import Recipe
from faceproof.systems.weights.dlib_file import find_dlib_file

ON_DISK = {"manifest.json", "comparison.json", "flips.csv", "report.html", "figures"}
FIGURES = {f"{name}.{suffix}" for name in ("roc", "det", "differences", "cost") for suffix in ("svg", "png", "csv")}


def strict_json(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


compare_without_figures = partial(compare, figures=False)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two recipes of one model on ten people who do not exist, one of whom has a photo without a face."""
    if find_dlib_file() is None:
        pytest.skip("the weights of dlib-resnet are not installed (extra 'embedded')")
    root = tmp_path_factory.mktemp("compare")
    write_population(root / "people", Population(10, 3, seed=2), workers=1)
    Image.new("RGB", (120, 90), "gray").save(root / "people" / "synthetic-0002" / "blank.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEPROOF_CACHE", str(root / "cache"))
        settings = {"model": "dlib-resnet", "protocol": "all", "offline": True, "figures": False, "canary": False}
        evaluate(root / "people", out=root / "plain", **settings)
        evaluate(root / "people", out=root / "mirrored", recipe=Recipe(mirrored=True), **settings)
    return root


@pytest.fixture(scope="module")
def compared(world):
    return compare([world / "plain", world / "mirrored"], out=world / "compared", command="faceproof compare ...")


class TestRealRuns:
    def test_it_is_what_python_calls_compare(self, compared):
        assert faceproof.compare is compare
        assert isinstance(compared, Run)

    def test_every_file_is_there_and_no_draft_is_left(self, compared):
        assert {path.name for path in compared.folder.iterdir()} == ON_DISK
        assert {path.name for path in (compared.folder / "figures").iterdir()} == FIGURES

    def test_comparison_json_is_strict_and_what_python_gets(self, compared):
        assert strict_json(compared.folder / "comparison.json") == compared.summary.as_json()
        assert compared.summary.run.command == "faceproof compare ..."
        assert compared.summary.kind == "comparison"

    def test_runs_of_one_model_go_by_their_folders(self, compared):
        assert [(run.name, run.model) for run in compared.summary.runs] == [
            ("plain", "dlib-resnet"),
            ("mirrored", "dlib-resnet"),
        ]

    def test_each_run_has_the_numbers_of_its_own_report(self, world, compared):
        for run in compared.summary.runs:
            own = strict_json(world / run.name / "metrics.json")
            for name in ("counts", "rates", "eer", "auc", "d_prime", "fnmr_at_fmr", "folds", "times", "curves"):
                assert run.as_json()[name] == own[name], name
            assert run.template_size == 128
            assert len(run.weights_sha256) == 64

    def test_differences_are_those_of_the_tables(self, world, compared):
        scored = [join_scores(read_run(world / name)) for name in ("plain", "mirrored")]
        rates = [eer(one.similarity[one.compared], one.mated[one.compared])[0] for one in scored]
        found = compared.summary.differences[0]
        assert found.eer.value == pytest.approx(rates[1] - rates[0])
        plain, mirrored = (row.held for row in compared.summary.paired)
        for name in ("accuracy", "fnmr", "fmr"):
            assert getattr(found, name).value == pytest.approx(
                getattr(mirrored, name).value - getattr(plain, name).value
            )
            assert getattr(found, name).low <= getattr(found, name).value <= getattr(found, name).high

    def test_counts_hang_together(self, compared):
        counts, test = compared.summary.comparisons, compared.summary.differences[0].fnmr_test
        assert counts.shared == 31 * 30 / 2
        assert counts.made_by_all == 30 * 29 / 2
        assert counts.made_by_all_mated + counts.made_by_all_non_mated == counts.made_by_all
        (agreement,) = compared.summary.agreement
        (flips,) = compared.summary.flips
        alone = flips.right_in_baseline + flips.right_in_run
        assert agreement.alike == pytest.approx(1 - alone / counts.made_by_all)
        rows = rows_of(compared.folder / "flips.csv")
        assert len(rows) == alone
        mated = [row["kind"] for row in rows if row["mated"] in ("True", "true")]
        assert mated.count("right in plain") == test.only_run_wrong
        assert mated.count("right in mirrored") == test.only_baseline_wrong

    def test_what_nobody_could_make_is_counted(self, compared):
        assert [(row.mated + row.non_mated, row.made_by_another) for row in compared.summary.not_made] == [
            (30, 0),
            (30, 0),
        ]
        assert any("30 by plain, 30 by mirrored" in warning for warning in compared.summary.warnings)

    def test_the_headline_says_that_nobody_exists(self, compared):
        assert compared.summary.headline.startswith("These are synthetic people")

    def test_the_page_shows_the_photos_of_what_is_disputed(self, world, compared):
        page = (compared.folder / "report.html").read_text("utf-8")
        shown = {
            getattr(entry, side)
            for flips in compared.summary.flips
            for way in ("worse", "better")
            for entry in getattr(flips, way)
            for side in ("photo_a", "photo_b")
        }
        assert shown
        assert all(f'alt="Photo {photo}"' in page for photo in shown)

    def test_the_same_runs_give_the_same_numbers(self, world, compared):
        again = compare([str(world / "plain"), str(world / "mirrored")], out=world / "again")
        assert again.summary.model_dump(exclude={"run"}) == compared.summary.model_dump(exclude={"run"})
        for name in ("flips.csv", "figures/roc.svg", "figures/cost.csv"):
            assert (again.folder / name).read_bytes() == (compared.folder / name).read_bytes()

    def test_without_the_photos_the_page_has_none(self, world, compared, tmp_path):
        for name in ("plain", "mirrored"):
            shutil.copytree(world / name, tmp_path / name)
            manifest = open_run(tmp_path / name).manifest
            write_manifest(tmp_path / name, merged(manifest, "people", root=str(tmp_path / "nowhere")))
        page = (
            compare_without_figures([tmp_path / "plain", tmp_path / "mirrored"], out=tmp_path / "c").folder
            / "report.html"
        )
        assert "data:image" not in page.read_text("utf-8")
        assert "data:image" in (compared.folder / "report.html").read_text("utf-8")

    def test_overlapping_folders_of_people_share_what_they_share(self, world, tmp_path, monkeypatch):
        monkeypatch.setenv("FACEPROOF_CACHE", str(world / "cache"))
        shutil.copytree(world / "people", tmp_path / "people")
        shutil.rmtree(tmp_path / "people" / "synthetic-0001")
        changed = next((tmp_path / "people" / "synthetic-0003").glob("*.jpg"))
        Image.open(changed).save(changed, quality=60)
        settings = {"model": "dlib-resnet", "protocol": "all", "offline": True, "figures": False, "canary": False}
        evaluate(tmp_path / "people", out=tmp_path / "other", **settings)
        with pytest.raises(ConfigurationError, match=r"378 comparisons instead of 465; 1 other photo.*common=True"):
            compare_without_figures([world / "plain", tmp_path / "other"], out=tmp_path / "c")
        summary = compare_without_figures(
            [world / "plain", tmp_path / "other"], out=tmp_path / "c", common=True
        ).summary
        assert summary.comparisons.shared == 27 * 26 / 2
        assert [run.left_out for run in summary.runs] == [465 - 351, 378 - 351]
        assert any("left out: 114 of plain, 27 of other" in warning for warning in summary.warnings)
        assert summary.differences[0].eer.value == 0
        assert summary.runs[0].counts.photos == summary.runs[1].counts.photos == 27


class TestMadeUpRuns:
    @pytest.fixture
    def write(self, made_up_run, two_scores, tmp_path):
        """Write a run of the first or the second of two made-up systems."""
        pairs, *scores = two_scores()

        def write(name, system=0, **settings):
            given = {"pairs": pairs, "similarity": scores[system], "model": f"model-{system}"} | settings
            return made_up_run(**given).write(tmp_path / name)

        return write

    def test_three_runs_are_held_against_the_first(self, write, tmp_path):
        folders = [write("a"), write("b", 1), write("c")]
        summary = compare_without_figures(folders, out=tmp_path / "out").summary
        assert [row.run for row in summary.differences] == ["model-1", "c"]
        assert {row.baseline for row in summary.differences} == {"a"}
        assert len(summary.agreement) == 3
        same = summary.differences[1]
        assert {name: getattr(same, name).value for name in ("accuracy", "fnmr", "fmr", "eer")} == dict.fromkeys(
            ("accuracy", "fnmr", "fmr", "eer"), 0
        )
        assert (same.fnmr_test.p, same.fnmr_test.different, same.eer_test.different) == (1, False, False)
        assert next(row.kappa for row in summary.agreement if row.a == "a" and row.b == "c") == 1
        assert any("c and a decide all mated comparisons alike" in warning for warning in summary.warnings)

    def test_swapping_the_runs_flips_the_signs(self, write, tmp_path):
        a, b = write("a"), write("b", 1)
        forth = compare_without_figures([a, b], out=tmp_path / "1").summary.differences[0]
        back = compare_without_figures([b, a], out=tmp_path / "2").summary.differences[0]
        for name in ("accuracy", "fnmr", "fmr", "eer"):
            assert getattr(forth, name).value == pytest.approx(-getattr(back, name).value)
            assert getattr(forth, name).low == pytest.approx(-getattr(back, name).high)
            assert getattr(forth, name).low <= getattr(forth, name).value <= getattr(forth, name).high
        assert forth.accuracy.value < 0 < forth.fnmr.value
        assert forth.fnmr_test.p == back.fnmr_test.p
        assert forth.fnmr_test.only_run_wrong == back.fnmr_test.only_baseline_wrong

    def test_paired_numbers_are_on_what_all_runs_made(self, write, tmp_path):
        lost = frozenset({"p003/2.jpg"})
        summary = compare_without_figures([write("a"), write("b", 1, failed=lost)], out=tmp_path / "out").summary
        missing = summary.not_made[1]
        assert missing.mated == missing.made_by_another == 1
        assert summary.comparisons.made_by_all == summary.comparisons.shared - 1
        assert missing.shown[0].reason == "photo b: detect: no face was found"
        assert {row.held.accuracy.n for row in summary.paired} == {summary.comparisons.made_by_all}
        rows = [row for row in rows_of(tmp_path / "out" / "flips.csv") if row["kind"] == "not made"]
        assert [(row["run"], row["photo_b"]) for row in rows] == [("model-1", "p003/2.jpg")]

    def test_cost_falls_back_to_what_every_run_can_tell(self, write, two_scores, tmp_path):
        summary = compare_without_figures([write("a"), write("b", 1, embed_ms=80.0)], out=tmp_path / "1").summary
        assert summary.cost.measure == "FNMR at FMR 10%"
        assert [point.time_ms for point in summary.cost.points] == [12.0, 84.0]
        few = {"pairs": [("a/1", "a/2"), ("b/1", "b/2"), ("a/1", "b/1")], "similarity": [0.9, 0.8, 0.1]}
        summary = compare_without_figures([write("c", **few), write("d", **few)], out=tmp_path / "2").summary
        assert summary.cost.measure == "EER"
        pairs, first, second = two_scores(people=260)
        runs = [write(name, pairs=pairs, similarity=scores) for name, scores in (("e", first), ("f", second))]
        assert compare_without_figures(runs, out=tmp_path / "3").summary.cost.measure == "FNMR at FMR 1%"

    def test_with_too_few_comparisons_it_says_so_and_invents_nothing(self, write, tmp_path):
        few = {"pairs": [("a/1", "a/2"), ("b/1", "b/2"), ("a/1", "b/1")], "similarity": [0.9, 0.8, 0.1]}
        compared = compare_without_figures([write("a", **few), write("b", **few)], out=tmp_path / "out")
        difference = compared.summary.differences[0]
        assert difference.accuracy.value is None
        assert "non-mated comparisons of other people; there are 0" in difference.accuracy.reason
        assert difference.fnmr_test.p is None
        assert compared.summary.agreement[0].alike is None
        assert "cannot be estimated" in (compared.folder / "report.html").read_text("utf-8")

    def test_with_nothing_made_by_all_there_is_a_page_all_the_same(self, write, tmp_path):
        few = {"pairs": [("a/1", "a/2"), ("a/1", "b/1")], "similarity": [0.9, 0.1]}
        runs = [write("a", **few), write("b", **few, failed=frozenset({"a/1"}))]
        compared = compare_without_figures(runs, out=tmp_path / "out")
        assert compared.summary.comparisons.made_by_all == 0
        assert compared.summary.differences[0].eer.value is None
        assert (compared.folder / "report.html").is_file()

    def test_with_one_kind_of_comparison_accuracy_cannot_be_estimated(self, write, tmp_path):
        rng = np.random.default_rng(0)
        pairs = [(f"p{i}/1", f"q{i}/1") for i in range(400)]
        runs = [write(name, pairs=pairs, similarity=rng.uniform(-0.2, 0.4, 400)) for name in "ab"]
        difference = compare_without_figures(runs, out=tmp_path / "out").summary.differences[0]
        assert difference.accuracy.value is None
        assert difference.accuracy.reason == "There is no mated comparison."
        assert difference.fmr.value is not None

    def test_other_machines_and_other_folds_are_said(self, write, tmp_path):
        other = {"device": "cuda", "judging": {"threshold_distance": None, "folds": 5}}
        warnings = compare_without_figures(
            [write("a"), write("b", 1, manifest=other)], out=tmp_path / "out"
        ).summary.warnings
        assert any("different devices or machines" in warning for warning in warnings)
        assert any("different folds or seeds" in warning for warning in warnings)


PAIRS = [("a/1", "a/2"), ("b/1", "b/2"), ("a/1", "b/1")]


class TestRefusals:
    @pytest.fixture
    def write(self, made_up_run, tmp_path):
        def write(name, pairs=None, **settings):
            pairs = PAIRS if pairs is None else pairs
            return made_up_run(pairs, np.linspace(0.9, 0.1, len(pairs)), **settings).write(tmp_path / name)

        return write

    @pytest.mark.parametrize("runs", [[], ["a"], "a"])
    def test_fewer_than_two(self, runs):
        with pytest.raises(ConfigurationError, match="expected two or more"):
            compare_without_figures(runs)

    def test_the_same_folder_twice(self, write, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        write("a")
        with pytest.raises(ConfigurationError, match="same folder"):
            compare_without_figures(["a", Path("a") / ".." / "a"])

    def test_what_is_no_run_or_unfinished(self, write, tmp_path):
        with pytest.raises(RunFolderError, match="no run folder"):
            compare_without_figures([write("a"), tmp_path / "nowhere"])
        with pytest.raises(RunFolderError, match="unfinished"):
            compare_without_figures([tmp_path / "a", write("b", manifest={"finished": None})])

    def test_a_stress_run(self, write):
        with pytest.raises(RunFolderError, match="stress"):
            compare_without_figures([write("a"), write("b", manifest={"kind": "stress"})])

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ({"pairs": PAIRS[:2]}, "2 comparisons instead of 3"),
            ({"pairs": [*PAIRS[:2], ("a/2", "b/1")]}, "1 pair that the other does not have"),
            ({"other_bytes": frozenset({"a/1"})}, "1 other photo .1 of them under a name"),
            ({"fold": [0, 1, 0]}, "3 comparisons in another fold"),
            ({"labels": [True, True, True]}, "another label"),
            ({"pairs": PAIRS[::-1]}, "in another order"),
        ],
    )
    def test_other_pair_lists_with_what_differs_and_what_to_do(self, write, tmp_path, other, said):
        runs = [write("a"), write("b", **other)]
        with pytest.raises(ConfigurationError, match=f"{said}.*common=True"):
            compare_without_figures(runs, out=tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert compare_without_figures(runs, out=tmp_path / "out", common=True).summary.run.common is True

    def test_tables_that_are_the_same_under_another_digest(self, write, tmp_path):
        with pytest.raises(ConfigurationError, match="digests of the lists differ"):
            compare_without_figures(
                [write("a"), write("b", manifest={"protocol": {"sha256": "else"}})], out=tmp_path / "out"
            )

    def test_nothing_in_common(self, write, tmp_path):
        with pytest.raises(ConfigurationError, match="no comparison in common"):
            compare_without_figures([write("a"), write("b", [("x/1", "x/2")])], common=True, out=tmp_path / "out")

    def test_a_folder_that_holds_something_else(self, write, tmp_path):
        runs = [write("a"), write("b")]
        before = {path: path.read_bytes() for path in (tmp_path / "a").iterdir()}
        for overwrite in (False, True):
            with pytest.raises(RunFolderError, match="holds no comparison"):
                compare_without_figures(runs, out=tmp_path / "a", overwrite=overwrite)
        assert {path: path.read_bytes() for path in (tmp_path / "a").iterdir()} == before
        (tmp_path / "file").write_text("")
        with pytest.raises(RunFolderError, match="is a file"):
            compare_without_figures(runs, out=tmp_path / "file")
        with pytest.raises(RunFolderError, match="cannot be made"):
            compare_without_figures(runs, out=tmp_path / "file" / "below")

    def test_a_comparison_is_replaced_only_when_asked(self, write, tmp_path):
        runs = [write("a"), write("b")]
        compare_without_figures(runs, out=tmp_path / "out")
        with pytest.raises(RunFolderError, match="overwrite=True"):
            compare_without_figures(runs, out=tmp_path / "out")
        compare_without_figures(runs, out=tmp_path / "out", overwrite=True)

    def test_without_out_a_new_folder_is_made_below_runs(self, write, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        folder = compare_without_figures([write("a"), write("b")]).folder
        assert folder.parent == Path("runs")
        assert folder.name.endswith("-compare")


def test_shared_comparisons_of_two_protocols_are_found(made_up_run, two_scores, tmp_path):
    """Rows in another order, sides swapped, folds of one list only: the paired numbers are the same."""
    pairs, first, second = two_scores()
    order = np.random.default_rng(0).permutation(len(pairs))
    a = made_up_run(pairs, first).write(tmp_path / "a")
    b = made_up_run(pairs, second, model="b").write(tmp_path / "b")
    shuffled = made_up_run([pairs[row][::-1] for row in order], second[order], model="b").write(tmp_path / "c")
    straight = compare_without_figures([a, b], out=tmp_path / "1").summary
    joined = compare_without_figures([a, shuffled], out=tmp_path / "2", common=True).summary
    for name in ("differences", "agreement", "comparisons", "cost"):
        assert getattr(straight, name) == getattr(joined, name)
    assert join_runs(named_runs([a], [read_run(a)])).left_out == (0,)


class TestScoresMadeElsewhere:
    """Runs of which scores are all that is known: no photo has bytes, and perhaps not even a name."""

    @pytest.fixture
    def world(self, made_up_run, two_scores, tmp_path):
        """A run that was evaluated, and the same comparisons as another system's scores, with and without names."""
        pairs, first, second = two_scores()
        made_up_run(pairs, first).write(tmp_path / "own")
        for name in ("named", "nameless", "nameless-too"):
            score_alone(made_up_run(pairs, second, model=name).write(tmp_path / name), named=name == "named")
        return tmp_path

    def test_they_are_joined_by_photo_id_alone(self, world):
        summary = compare_without_figures([world / "own", world / "named"], out=world / "out").summary
        assert summary.comparisons.shared == summary.comparisons.made_by_all
        assert summary.differences[0].accuracy.value < 0
        assert [point.time_ms for point in summary.cost.points] == [12.0, None]
        assert summary.runs[1].rates.fta.value is None
        assert any("named: Distances and thresholds here are not the file's own" in one for one in summary.warnings)

    def test_without_names_of_photos_rows_are_joined_and_it_is_said(self, world):
        summary = compare_without_figures([world / "nameless", world / "nameless-too"], out=world / "out").summary
        assert summary.differences[0].eer.value == 0
        assert any("joined by the number of the row" in one for one in summary.warnings)
        assert any("nameless names no people" in one for one in summary.warnings)

    def test_without_names_there_is_nothing_in_common_with_a_run_that_has_them(self, world):
        with pytest.raises(ConfigurationError, match="no comparison in common"):
            compare_without_figures([world / "own", world / "nameless"], common=True, out=world / "out")


def score_alone(folder, *, named):
    """Make a run look like one of scores: nothing is known of photos, and without names not even which they are."""
    manifest = open_run(folder).manifest
    scale = {"kind": "similarity", "low": -30.0, "high": 90.0}
    source = {"kind": "scores", "file": "scores.csv", "sha256": "0" * 64}
    people = {"root": "scores.csv", "people": 60 if named else None, "photos": 120 if named else None}
    system = {"name": manifest.system.name, "source": source, "scale": scale}
    manifest = merged(manifest, systems=[system], people=people)
    photos, comparisons = (pq.read_table(folder / f"{name}.parquet") for name in ("photos", "comparisons"))
    unknown = {"outcome": pa.array(["unknown"] * len(photos)), "sha256": pa.nulls(len(photos), pa.string())}
    unknown |= {name: pa.nulls(len(photos), photos[name].type) for name in ("decode_ms", "detect_ms", "embed_ms")}
    for name, column in (unknown | {"faces_found": pa.nulls(len(photos), pa.int32())}).items():
        photos = photos.set_column(photos.column_names.index(name), name, column)
    if not named:
        photos = photos.slice(0, 0)
        for name in ("photo_a", "photo_b", "person_a", "person_b"):
            mated, side = comparisons["mated"].to_pylist(), name[-1]
            whole = [f"row {row}" for row in range(1, len(comparisons) + 1)]
            names = [
                one if name.startswith("person") and same else f"{one} {side}"
                for one, same in zip(whole, mated, strict=True)
            ]
            comparisons = comparisons.set_column(comparisons.column_names.index(name), name, pa.array(names))
    pq.write_table(photos, folder / "photos.parquet")
    pq.write_table(comparisons, folder / "comparisons.parquet")
    write_manifest(folder, manifest)
