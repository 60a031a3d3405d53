"""Figures as files: what was drawn, and why the rest was not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faceproof.files import write_whole
from faceproof.report.formatting import printable

if TYPE_CHECKING:
    import altair as alt

_SUFFIXES = ("svg", "png", "csv")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of the figures of a run.

    Attributes:
        files: what was written.
        missing: why a figure is missing, by its name.
        wanted: False where figures were left out on purpose.
    """

    files: tuple[Path, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    wanted: bool = True

    def with_files(self, files: Sequence[Path]) -> Drawn:
        """The same with more files."""
        return replace(self, files=(*self.files, *files))

    def notes(self) -> Iterator[str]:
        """One sentence for each reason why figures are missing."""
        for reason in dict.fromkeys(self.missing.values()):
            names = [name for name, why in self.missing.items() if why == reason]
            yield f"{'Figure' if len(names) == 1 else 'Figures'} {', '.join(names)} not drawn: {reason}."


def left_out(folder: Path) -> Drawn:
    """Remove the figures that an earlier report left: they may show other numbers.

    Args:
        folder: the run's folder of figures; it need not exist.
    """
    for suffix in _SUFFIXES:
        for file in folder.glob(f"*.{suffix}"):
            file.unlink()
    return Drawn(wanted=False)


def remove_figure(folder: Path, name: str) -> None:
    """Remove the files of one figure, if there are any."""
    for suffix in _SUFFIXES:
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)


def write_charts(charts: Mapping[str, alt.TopLevelMixin], folder: Path) -> Drawn:
    """Write each chart as SVG and as PNG at twice the size.

    Args:
        charts: Altair charts that carry their data, by name.
        folder: where they go; it has to be there. Each file is replaced as a whole.

    Returns:
        The files ``NAME.svg`` and ``NAME.png``.

    Raises:
        OSError: a file cannot be written.
    """
    import vl_convert

    version, files = vega_lite_version(), []
    for name, chart in charts.items():
        spec = drawable(chart.to_dict())
        svg = _renumbered(vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[])).encode()
        png = vl_convert.vegalite_to_png(spec, vl_version=version, scale=2, allowed_base_urls=[])
        for suffix, content in (("svg", svg), ("png", png)):
            files.append(folder / f"{name}.{suffix}")
            write_whole(files[-1], content)
    return Drawn(tuple(files))


def drawable(spec: Any) -> Any:
    r"""A chart's spec with texts that the drawing library can take.

    A control character ends its process, and it cuts letters beyond U+FFFF (emoji) in two where a label is too long:
    the first are escaped, the second shown as an empty square.

    >>> drawable({"title": "a\x07b", "n": [1, "\U0001f600"]})
    {'title': 'a\\x07b', 'n': [1, '□']}
    """
    if isinstance(spec, dict):
        return {drawable(key): drawable(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [drawable(value) for value in spec]
    if isinstance(spec, str):
        return "".join(letter if letter <= "\uffff" else "□" for letter in printable(spec))
    return spec


def _renumbered(svg: str) -> str:
    """The drawing with its clip paths counted from 0: Vega goes on counting from figure to figure."""
    numbers: dict[str, str] = {}
    return re.sub(r"(?<=[\"#])clip\d+", lambda found: numbers.setdefault(found[0], f"clip{len(numbers)}"), svg)


def vega_lite_version() -> str:
    """Version of Vega-Lite that Altair writes for, as vl-convert names it, such as ``6.4``."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
