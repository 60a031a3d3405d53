"""The page of an evaluation: HTML from the summary, and the file.

The page is a single file. Its content security policy allows no network and only the scripts of the page, by digest.
Vega draws figures with its expression interpreter, so that no text is run as code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.files import write_whole
from faceproof.metrics.operating_points import fmr_label
from faceproof.report.charts.drawing import Drawn, page_script
from faceproof.report.charts.theme import DARK, LIGHT, chart_config
from faceproof.report.pictures.thumbnails import PhotoStrips, boxes_of_run, photo_strips
from faceproof.report.words import formatting
from faceproof.report.words.failures import POLICY_WORDS
from faceproof.report.words.key_numbers import headline_keys, key_numbers
from faceproof.runs.manifest_schema import Manifest
from faceproof.summary.evaluation_schema import EvaluationSummary
from faceproof.summary.native_thresholds import shown_usual_score

if TYPE_CHECKING:
    import jinja2

    from faceproof.scoring.native_score import UsualScore


PAGE_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
RATES = {
    "accuracy": ("Accuracy", "decisions that are right"),
    "precision": ("Precision", "of the accepted, how many are the same person"),
    "recall": ("Recall", "of the same person, how many are accepted"),
    "f1": ("F1", "balance of precision and recall"),
    "fmr": ("FMR", "false match rate: non-mated comparisons accepted"),
    "fnmr": ("FNMR", "false non-match rate: mated comparisons rejected"),
    "far": ("FAR", "false accept rate: FMR with unusable photos counted"),
    "frr": ("FRR", "false reject rate: FNMR with unusable photos counted"),
}
SLIDER_RATES = ("accuracy", "precision", "recall", "f1", "fmr", "fnmr")


def render_report(summary: EvaluationSummary, photos: PhotoStrips, drawn: Drawn | None = None) -> str:
    """The page of a run as HTML without external resources.

    Args:
        summary: summary of the run.
        photos: thumbnails of the failures; ``PhotoStrips()`` where there are none.
        drawn: result of drawing the figures. Where it has no script, the page shows the files of the figures, or why a
            figure is missing. None: get the script.

    Returns:
        The page. Texts of the summary are escaped, so that they cannot become markup or script.
    """
    drawn = page_script() if drawn is None else drawn
    figures = dict(_figures(summary, drawn)) if drawn.wanted else {}
    scripts = ({"vega": drawn.script} if drawn.script else {}) | {"page": _template_text("report.js")}
    everything = {key.key: key for key in key_numbers(summary)}
    return (
        page_templates()
        .get_template("report.html.j2")
        .render(
            s=summary,
            title=_title(summary),
            photos=photos,
            usual=shown_usual_score(summary.run.system),
            figures=figures,
            cards=[everything[key] for key in headline_keys(summary)],
            key_numbers=list(everything.values()),
            rates=RATES,
            policy_words=POLICY_WORDS,
            slider_rates=SLIDER_RATES,
            settings=settings_of(summary.run),
            page_data=_page_data(summary, figures),
            style=page_style(),
            scripts=scripts,
            policy=page_policy(scripts.values()),
        )
    )


def write_report(
    summary: EvaluationSummary,
    folder: Path,
    photos_root: Path | None,
    drawn: Drawn | None = None,
    *,
    tables: Path | None = None,
) -> Path:
    """Write ``report.html`` to a folder; an existing page is replaced as a whole.

    Args:
        summary: summary of the run.
        folder: folder to write to.
        photos_root: folder of people; None: a page without photos.
        drawn: result of drawing the figures; see `render_report`.
        tables: folder whose ``photos.parquet`` has the boxes of the faces; None: ``folder``.

    Returns:
        The file.
    """
    boxes = boxes_of_run(tables or folder) if photos_root is not None else None
    strips = photo_strips(summary, photos_root, boxes)
    page = render_report(summary, strips, drawn)
    target = folder / "report.html"
    write_whole(target, page.encode("utf-8", errors="replace"))
    return target


def _figures(summary: EvaluationSummary, drawn: Drawn) -> Iterator[tuple[str, dict[str, Any]]]:
    """Content of the page for each figure: the specification for the script, the SVG, or why the figure is missing."""
    from faceproof.report.charts.curves import roc
    from faceproof.report.charts.evaluation import FIGURES

    files = {file.stem: file for file in drawn.files if file.suffix == ".svg"}
    for name, draw in FIGURES.items():
        spec = drawn.specs[name] if name in drawn.specs else draw(summary).to_dict()
        figure = _on_page(spec)
        if drawn.script is None and figure["spec"] is not None:
            figure["spec"] = None
            if name in files:
                figure["svg"] = page_svg(files[name].read_text("utf-8"))
            else:
                figure["missing"] = drawn.missing.get(name, drawn.no_script)
        yield name, figure
    if drawn.script is not None:
        yield "roc_linear", _on_page(roc(summary, log_fmr=False).to_dict())


def _on_page(chart: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of a chart with the colours and the font of the page."""
    spec = dict(chart)
    title, meta = spec.pop("title"), spec.pop("usermeta", {})
    spec.pop("$schema")
    spec |= {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    colours = {name: f"var(--chart-{name})" for name in LIGHT}
    spec["config"] = chart_config(colours, font=PAGE_FONT, legend=False) | {"padding": {"bottom": 4}}
    reason = meta.get("nothing_to_draw")
    return {
        "title": title["text"],
        "subtitle": " ".join(title.get("subtitle", [])),
        "reason": reason,
        "spec": None if reason else spec,
        "svg": None,
        "missing": None,
    }


def _page_data(summary: EvaluationSummary, figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Data of the script of the page: specifications, counts for each step of the slider, and operating points."""
    usual = shown_usual_score(summary.run.system)
    points = [
        {
            "name": point.name,
            "label": point.label,
            "optimistic": point.optimistic,
            "distance": point.threshold_distance,
            "usual": None if usual is None or point.threshold_usual is None else usual.text(point.threshold_usual),
            "confusion": point.confusion and asdict(point.confusion),
            "rates": {rate: getattr(point, rate).as_json() for rate in SLIDER_RATES},
        }
        for point in summary.operating_points
        if point.threshold_distance is not None
    ]
    return {
        "specs": {name: figure["spec"] for name, figure in figures.items() if figure["spec"]},
        "subtitles": {name: figure["subtitle"] for name, figure in figures.items()},
        "table": summary.threshold_table.as_json(),
        "usual": usual and _in_usual_score(usual, summary.threshold_table.distance),
        "points": points,
        "start": summary.default_operating_point,
    }


def _in_usual_score(usual: UsualScore, distances: list[float]) -> dict[str, Any]:
    """Name of the usual score of the model, and each step of the slider in that score."""
    return {"label": usual.label, "steps": [usual.text(score) for score in usual.of_distance(distances).tolist()]}


def _title(summary: EvaluationSummary) -> str:
    people = summary.run.people
    root = "" if people is None else people.root.rstrip("/\\")
    folder = root.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{summary.run.system.name} on {folder or 'a folder of people'}"


def settings_of(run: Manifest) -> list[tuple[str, list[tuple[str, str]]]]:
    """The manifest of an evaluation as groups of (name, value): plain values first, then one group per entry."""
    entries = run.as_json()
    system = entries.pop("systems")[0]
    entries.pop("conditions", None)
    card = system.pop("card", None)
    own = {
        "model": system.pop("name"),
        **{name: system.pop(name) for name in ("reference", "weights") if name in system},
    }
    return grouped({**entries, **own, **({"card": card} if card else {}), **system})


def grouped(entries: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """JSON values as groups of (name, value): plain values first, then one group per nested object."""
    groups: dict[str, list[tuple[str, str]]] = {"run": []}
    for key, value in entries.items():
        if isinstance(value, Mapping):
            groups[key] = list(_leaves(value))
        else:
            groups["run"].append((key, _as_text(value)))
    return [(name, rows) for name, rows in groups.items() if rows]


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return json.dumps(value, ensure_ascii=False)


def page_style() -> str:
    """The style sheet of a page, light and dark."""

    def variables(colours: Mapping[str, str]) -> str:
        return "".join(f"--chart-{name}:{value};" for name, value in colours.items())

    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)} }} }}"
    return f":root {{ {variables(LIGHT)} }}\n{dark}\n{_template_text('report.css')}"


def page_policy(scripts: Iterable[str]) -> str:
    """Content security policy of a page that allows only these scripts."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def page_svg(svg: str) -> str:
    """Adapt the SVG of a figure to a page: it gets the colours of the page and the available width.

    Args:
        svg: SVG that `faceproof.report.charts.drawing.write_charts` wrote.
    """
    for name, colour in LIGHT.items():
        svg = svg.replace(f'"{colour}"', f'"var(--chart-{name})"')
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", svg, flags=re.DOTALL)
    return re.sub(
        r'(<svg\b[^>]*?) width="([\d.]+)" height="[\d.]+"', r'\1 style="width:100%;max-width:\2px"', svg, count=1
    )


def _template_text(name: str) -> str:
    return (resources.files("faceproof.report") / "templates" / name).read_text("utf-8")


@cache
def page_templates() -> jinja2.Environment:
    """The templates of all pages, with filters that format numbers."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.PackageLoader("faceproof.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    numbers = ("percent", "percent_range", "points", "points_range", "number", "number_range", "count")
    for helper in (*numbers, "cannot_be_estimated"):
        found.filters[helper] = getattr(formatting, helper)
    found.filters["fmr_label"] = fmr_label
    return found
