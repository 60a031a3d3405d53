"""A comparison in the terminal: two runs in the 80 columns that every terminal has, more below each other."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from faceproof.jobs.comparing import compare
from faceproof.report.console.comparison import print_comparison
from faceproof.report.words.comparison_rows import p_value, side_by_side


@pytest.fixture(scope="module")
def summary_of(made_up_run, two_scores, tmp_path_factory):
    pairs, first, second = two_scores()

    def summary_of(*models, **settings):
        root = tmp_path_factory.mktemp("console")
        scores = [first, second, 0.5 * (first + second), first - 0.02]
        runs = [
            made_up_run(pairs, scores[place], model=model, **settings).write(root / str(place))
            for place, model in enumerate(models)
        ]
        return compare(runs, out=root / "out", figures=False).summary

    return summary_of


@pytest.fixture(scope="module")
def two(summary_of):
    return summary_of("facenet-vggface2", "dlib-resnet")


def printed(summary, width=80, report=None):
    out = io.StringIO()
    print_comparison(summary, Console(width=width, file=out), report)
    return out.getvalue()


def squeezed(text):
    return " ".join(text.split())


def test_two_runs_fit_80_columns_and_nothing_is_cut(two):
    text = printed(two)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


def test_every_number_is_a_row_of_both_runs(two):
    lines = [squeezed(line) for line in printed(two).splitlines()]
    for row in side_by_side(two, joiner=" to "):
        cells = [f"{cell.value} {cell.interval}".replace("–", "-").strip() for cell in row.cells]
        assert f"{row.what}{' *' if row.optimistic else ''} {' '.join(cells)}" in lines


def test_differences_are_shown_with_sign_and_interval(two):
    text = printed(two)
    assert "dlib-resnet against facenet-vggface2, on" in text
    row = two.differences[0].eer
    assert f"{100 * row.value:+.1f}" in text
    assert f"{100 * row.low:+.1f} to {100 * row.high:+.1f}".replace("+0.0", "0.0") in text
    test = two.differences[0].fnmr_test
    assert test.p is not None
    assert (
        f"(p {p_value(test.p)}; wrong in facenet-vggface2 alone {test.only_baseline_wrong}, in dlib-resnet alone "
        f"{test.only_run_wrong})"
    ) in " ".join(text.split())
    assert "kappa 0." in text


def test_headline_warnings_and_the_report_are_there(two, tmp_path):
    text = squeezed(printed(two, report=tmp_path / "report.html"))
    assert text.startswith(two.headline)
    for warning in two.warnings:
        assert f"! {warning}" in text
    assert text.endswith(f"Report: {tmp_path / 'report.html'}")


def test_more_runs_go_below_each_other_or_beside_each_other_where_there_is_room(summary_of):
    four = summary_of("alpha", "beta", "gamma", "delta")
    narrow, wide = printed(four), printed(four, width=160)
    assert max(cell_len(line) for line in narrow.splitlines()) <= 80
    assert narrow.count("Accuracy, held-out folds") == 2
    assert wide.count("Accuracy, held-out folds") == 1
    for text in (narrow, wide):
        assert all(f"{name} against alpha" in text for name in ("beta", "gamma", "delta"))


def test_long_names_are_folded(summary_of):
    names = ["a-model-with-a-name-that-nobody-would-give-to-a-model-by-hand" + end for end in "ab"]
    text = printed(summary_of(*names))
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "…" not in text


def test_names_cannot_steer_the_terminal_or_its_markup(summary_of):
    text = printed(summary_of("[bold]x[/bold]", "\x1b[31mred"))
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text


def test_without_an_operating_point_the_reason_is_given(made_up_run, tmp_path):
    pairs = [("a/1", "a/2"), ("b/1", "b/2"), ("a/1", "b/1")]
    runs = [made_up_run(pairs, [0.9, 0.8, 0.1], model=name).write(tmp_path / name) for name in "ab"]
    text = squeezed(printed(compare(runs, out=tmp_path / "out", figures=False).summary))
    assert "accuracy cannot be estimated: An FMR of" in text
    assert "McNemar" not in text.partition("Comparisons share people")[0]
