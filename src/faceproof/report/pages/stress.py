"""The page of a stress run: one HTML file without scripts and external resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.degrade.types import Condition
from faceproof.files import write_whole
from faceproof.report.charts.drawing import Drawn
from faceproof.report.pages.evaluation import grouped, page_policy, page_style, page_svg, page_templates
from faceproof.report.pictures.stress_photos import StressPhotos
from faceproof.report.pictures.thumbnails import data_uri
from faceproof.report.words.stress import label
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.stress_schema import StressSummary

if TYPE_CHECKING:
    from faceproof.runs.run_folder import StoredRun


_SECTIONS = {
    "Where it breaks, and why": ("loss", "heat-map"),
    "As photos get worse": ("frr", "fmr", "detection", "eer", "distances"),
    "Every metric against clean photos": ("changes",),
}


def write_stress_report(
    summary: StressSummary,
    run: StoredRun,
    photos_root: Path | None,
    conditions: Mapping[str, Condition],
    drawn: Drawn | None = None,
    *,
    folder: Path | None = None,
) -> Path:
    """Write ``report.html`` (and ``figures/contact-sheet.png``) to a folder; existing files are replaced.

    Args:
        summary: summary of the run.
        run: the run.
        photos_root: folder of people; None: a page without photos.
        conditions: conditions whose functions are available, by name.
        drawn: result of drawing the figures; None: all were drawn.
        folder: folder to write to, which has the figures already; None: the run folder.

    Returns:
        The file.
    """
    drawn = drawn or Drawn()
    folder = folder or run.folder
    photos = StressPhotos(run, photos_root, conditions) if photos_root is not None else None
    sheet = photos.sheet() if photos and drawn.wanted else None
    if sheet is not None:
        sheet.save(folder / "figures" / "contact-sheet.png")
    figures = {file.stem: page_svg(file.read_text("utf-8")) for file in sorted((folder / "figures").glob("*.svg"))}
    page = render_stress_report(
        summary,
        figures,
        drawn=drawn,
        sheet=None if sheet is None else data_uri(sheet, 85),
        strips=dict(_strips(summary, photos)) if photos else {},
    )
    target = folder / "report.html"
    write_whole(target, page.encode("utf-8", errors="replace"))
    return target


def render_stress_report(
    summary: StressSummary,
    figures: Mapping[str, str],
    *,
    drawn: Drawn | None = None,
    sheet: str | None = None,
    strips: Mapping[Any, Any] | None = None,
) -> str:
    """The page as HTML without external resources.

    Args:
        summary: summary of the run.
        figures: SVG of each figure by name.
        drawn: result of drawing the figures, with reasons for those missing in ``figures``; None: none is missing.
        sheet: contact sheet as a data URI; None: no sheet.
        strips: data URIs of photos a and b, clean and at the first flip, by (model, comparison).

    Returns:
        The page. Texts of the summary are escaped, so that they cannot become markup or script.
    """
    drawn = drawn or Drawn()
    sections = {
        title: [(name, figures.get(name)) for name in names if name in figures or name in drawn.missing]
        for title, names in _SECTIONS.items()
    }
    return (
        page_templates()
        .get_template("stress.html.j2")
        .render(
            s=summary,
            entries={entry.name: entry for entry in summary.conditions},
            label=label,
            sections={title: places for title, places in sections.items() if places},
            drawn=drawn,
            sheet=sheet,
            strips=strips or {},
            settings=grouped(_shown(summary.run)),
            style=page_style(),
            policy=page_policy([]),
        )
    )


def _strips(summary: StressSummary, photos: StressPhotos) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    probe_alone = summary.run.side == "probe"
    for model in summary.models:
        name = model.name
        for flip in model.flips:
            first = flip.flips[0].condition
            sides = {}
            for side, photo in (("a", flip.photo_a), ("b", flip.photo_b)):
                under = "clean" if probe_alone and side == "a" else first
                sides[side] = (photos.thumbnail(name, "clean", photo), photos.thumbnail(name, under, photo))
            text = label(summary.entry(first))
            yield (name, flip.comparison), {"sides": sides, "text": text}


def _shown(manifest: Manifest) -> dict[str, Any]:
    """The manifest with each system by its name, and without conditions, which the page shows as a table."""
    entries = manifest.as_json()
    systems = {one["name"]: {"card": one.get("card"), "weights": one.get("weights")} for one in entries.pop("systems")}
    entries.pop("conditions", None)
    return entries | systems
