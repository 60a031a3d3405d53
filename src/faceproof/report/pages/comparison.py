"""The page of a comparison of runs: one HTML file without scripts and external resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from faceproof.files import write_whole
from faceproof.report.charts.drawing import Drawn
from faceproof.report.pages.evaluation import page_policy, page_style, page_svg, page_templates, settings_of
from faceproof.report.pictures.thumbnails import PhotoStrips, boxes_of_run, thumbnail
from faceproof.report.words.comparison import reading
from faceproof.report.words.comparison_rows import MEASURE_NAMES, SHAPES, SWATCHES, p_value, side_by_side
from faceproof.summary.comparison_schema import AgreementOfTwo, ComparisonSummary

_OF_ITSELF = ("run.command", "run.started", "run.finished", "timing.", "canary.")
_OF_THE_CARD = ("card.architecture", "card.training_set", "card.template_size", "card.contract.")
_NAMED = 3


def write_compare_report(summary: ComparisonSummary, folder: Path, drawn: Drawn | None = None) -> Path:
    """Write ``report.html`` to the folder of the comparison; an existing page is replaced.

    Photos are shown where the folder of people of a run exists.

    Args:
        summary: summary of the comparison.
        folder: folder of the comparison, which has the figures already.
        drawn: result of drawing the figures; None: all were drawn.

    Returns:
        The file.
    """
    figures = {file.stem: page_svg(file.read_text("utf-8")) for file in sorted((folder / "figures").glob("*.svg"))}
    page = render_compare_report(summary, figures, _photos(summary), drawn)
    target = folder / "report.html"
    write_whole(target, page.encode("utf-8", errors="replace"))
    return target


def render_compare_report(
    summary: ComparisonSummary, figures: Mapping[str, str], photos: PhotoStrips, drawn: Drawn | None = None
) -> str:
    """The page as HTML without external resources.

    Args:
        summary: summary of the comparison.
        figures: SVG of each figure by name.
        photos: thumbnails of disputed comparisons; ``PhotoStrips()`` where there are none.
        drawn: result of drawing the figures, with reasons for those missing in ``figures``; None: none is missing.

    Returns:
        The page. Texts of the summary are escaped, so that they cannot become markup or script.
    """
    names = [run.name for run in summary.runs]
    return (
        page_templates()
        .get_template("compare.html.j2")
        .render(
            s=summary,
            names=names,
            title=_title(names),
            swatches=dict(zip(names, _swatches(len(names)), strict=True)),
            rows=side_by_side(summary),
            measures=MEASURE_NAMES,
            paired={row.run: row for row in summary.paired},
            agreed=_matrix(summary),
            reading=reading,
            p_value=p_value,
            figures=figures,
            drawn=drawn or Drawn(),
            photos=photos,
            differing=_settings_that_differ(summary),
            settings=[(run.name, settings_of(run.manifest)) for run in summary.runs],
            style=page_style(),
            policy=page_policy([]),
        )
    )


def _title(names: list[str]) -> str:
    others = names[1:]
    if len(others) > _NAMED:
        return f"{len(others)} runs against {names[0]}"
    return f"{' and '.join(filter(None, [', '.join(others[:-1]), others[-1]]))} against {names[0]}"


def _swatches(runs: int) -> list[tuple[str, str]]:
    """Colour and shape of each run, as in the figures."""
    turns = (divmod(place, len(SWATCHES)) for place in range(runs))
    return [(SWATCHES[place], SHAPES[turn % len(SHAPES)]) for turn, place in turns]


def _matrix(summary: ComparisonSummary) -> dict[tuple[str, str], AgreementOfTwo]:
    """Agreement of each two runs, by their names in either order."""
    rows = summary.agreement
    return {pair: row for row in rows for pair in ((row.a, row.b), (row.b, row.a))}


def _photos(summary: ComparisonSummary) -> PhotoStrips:
    """Thumbnails of the disputed comparisons, from the first folder of people that exists.

    The box of a photo comes from the first run that has one.
    """
    named = dict.fromkeys(run.manifest.people.root for run in summary.runs if run.manifest.people)
    root = next((Path(name) for name in named if name and Path(name).is_dir()), None)
    if root is None:
        return PhotoStrips()
    boxes: dict[str, tuple[float, ...]] = {}
    for run in reversed(summary.runs):
        boxes |= boxes_of_run(Path(run.folder))
    wanted = dict.fromkeys(_shown(summary))
    return PhotoStrips({photo: thumbnail(root, photo, boxes.get(photo)) for photo in wanted}, at_hand=True)


def _shown(summary: ComparisonSummary) -> Iterator[str]:
    for flips in summary.flips:
        for entry in (*flips.worse, *flips.better):
            yield entry.photo_a
            yield entry.photo_b


def _settings_that_differ(summary: ComparisonSummary) -> list[tuple[str, list[str]]]:
    """Settings that differ between runs, with the value of each run; times, paths and the like are left out."""
    every = [
        {f"{group}.{key}": value for group, rows in settings_of(run.manifest) for key, value in rows}
        for run in summary.runs
    ]
    names = dict.fromkeys(name for settings in every for name in settings)
    found = []
    for name in names:
        values = [settings.get(name, "–") for settings in every]
        of_itself = name.startswith(_OF_ITSELF) or (name.startswith("card.") and not name.startswith(_OF_THE_CARD))
        if len(set(values)) > 1 and not of_itself:
            found.append((name.removeprefix("run."), values))
    return found
