"""Writes figures to files, and records why a figure could not be drawn.

Charts are drawn in a separate process (`faceproof.report.charts.draw`), since the drawing library can end the process
that it runs in. A figure that cannot be drawn is missing with a reason; the numbers do not depend on figures.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from faceproof.files import write_whole
from faceproof.report.charts import page_scripts
from faceproof.report.words.formatting import printable

if TYPE_CHECKING:
    import altair as alt

LIMIT_S = 600.0
"""Time limit for all figures of a run together, in seconds."""
_STARTS = 3
_SUFFIXES = ("svg", "png", "csv")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Result of drawing the figures of a run.

    Attributes:
        files: the files that were written.
        missing: reason for each missing figure, by name of the figure.
        wanted: False where the caller wanted no figures.
        script: JavaScript that draws figures on a page (``vegaEmbed``); None where there is none.
        no_script: why there is no script although the caller wanted it; else empty.
        specs: Vega-Lite specification of each figure, by name.
    """

    files: tuple[Path, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    wanted: bool = True
    script: str | None = None
    no_script: str = ""
    specs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def with_files(self, files: Sequence[Path]) -> Drawn:
        """A copy with more files."""
        return replace(self, files=(*self.files, *files))

    def notes(self) -> Iterator[str]:
        """Messages about missing figures, one for each reason, and about a missing script."""
        for reason in dict.fromkeys(self.missing.values()):
            names = [name for name, why in self.missing.items() if why == reason]
            subject = "The figure" if len(names) == 1 else "The figures"
            verb = "is" if len(names) == 1 else "are"
            page = " The page draws them with its own script." if self.script else ""
            yield f"{subject} {', '.join(names)} {verb} missing: {reason}.{page} All numbers are there."
        if self.no_script and self.no_script not in self.missing.values():
            yield f"The figures of the page are still pictures: {self.no_script}."


def left_out(folder: Path) -> Drawn:
    """Remove the figures of an earlier report, which may show other numbers.

    Args:
        folder: folder of the figures; it need not exist.
    """
    for suffix in _SUFFIXES:
        for file in folder.glob(f"*.{suffix}"):
            file.unlink()
    return Drawn(wanted=False)


def remove_figure(folder: Path, name: str) -> None:
    """Remove the files of one figure, if there are any."""
    for suffix in _SUFFIXES:
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)


def write_charts(
    charts: Mapping[str, alt.TopLevelMixin], folder: Path, *, script: bool = False, limit_s: float = LIMIT_S
) -> Drawn:
    """Write each chart as SVG and as PNG at twice the size.

    Args:
        charts: Altair charts that contain their data, by name.
        folder: folder to write to; it has to exist. Each file is replaced as a whole.
        script: also get the JavaScript that draws the charts on a page.
        limit_s: time limit in seconds, after which the drawing process is stopped.

    Returns:
        The files ``NAME.svg`` and ``NAME.png``, and reasons for missing figures. Files of a missing figure are removed.

    Raises:
        OSError: a file cannot be written.
    """
    version = vega_lite_version()
    specs = {name: chart.to_dict() for name, chart in charts.items()}
    drawn = {name: drawable(spec) for name, spec in specs.items()}
    answers = _Answers(version, drawn, script=script and page_scripts.find(version) is None)
    answers.ask(monotonic() + limit_s)
    files = []
    for name in charts:
        if name not in answers.figures:
            for suffix in ("svg", "png"):
                (folder / f"{name}.{suffix}").unlink(missing_ok=True)
            continue
        for suffix, content in zip(("svg", "png"), answers.figures[name], strict=True):
            files.append(folder / f"{name}.{suffix}")
            write_whole(files[-1], content)
    made = page_scripts.find(version) if script else None
    return Drawn(tuple(files), answers.missing, script=made, no_script=answers.no_script, specs=specs)


def page_script(limit_s: float = LIMIT_S) -> Drawn:
    """Get the JavaScript that draws figures on a page, without drawing a figure; see `write_charts`."""
    return write_charts({}, Path(), script=True, limit_s=limit_s)


class _Answers:
    """Results of the drawing process so far.

    Attributes:
        left: charts that are not drawn yet.
        figures: SVG and PNG of the charts that were drawn.
        missing: reasons for the charts that could not be drawn.
        script: whether the script for pages is still to be made.
        no_script: why the script could not be made.
    """

    def __init__(self, version: str, specs: Mapping[str, Any], *, script: bool) -> None:
        self.version, self.left, self.script = version, dict(specs), script
        self.figures: dict[str, tuple[bytes, bytes]] = {}
        self.missing: dict[str, str] = {}
        self.no_script = ""

    def ask(self, deadline: float) -> None:
        """Draw all charts; where a chart ends the process, draw the others in a new process."""
        why = "the drawing process gave no answer"
        for _ in range(_STARTS):
            if not self.left and not self.script:
                return
            ended = self._one_process(max(deadline - monotonic(), 0))
            why = ended or why
            if ended is None or not self.left or monotonic() >= deadline:
                break
            culprit = next(iter(self.left))
            self.missing[culprit] = why
            del self.left[culprit]
        self.missing.update(dict.fromkeys(self.left, why))
        self.no_script = why if self.script else ""

    def _one_process(self, limit_s: float) -> str | None:
        """Start a drawing process and read its results; returns why the process ended early, else None."""
        asked = {"version": self.version, "charts": self.left, "script": self.script}
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "faceproof.report.charts.draw"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            return f"the drawing process could not be started ({error.strerror or error})"
        with process:
            try:
                output, complaint = process.communicate(json.dumps(asked).encode(), timeout=limit_s)
                late = False
            except subprocess.TimeoutExpired:
                process.kill()
                output, complaint = process.communicate()
                late = True
            except BaseException:
                process.kill()
                raise
        self._take(output)
        if late:
            return f"the drawing process gave no answer within {limit_s:.3g} s and was stopped"
        return _why_ended(process.returncode, complaint.decode("utf-8", "replace"))

    def _take(self, output: bytes) -> None:
        for line in output.splitlines():
            try:
                answer = json.loads(line)
                name = answer["name"]
            except (ValueError, TypeError, KeyError):  # a line that the library printed, or an incomplete line
                continue
            if name is None:
                page_scripts.keep(self.version, answer["script"])
                self.script = False
                continue
            self.left.pop(name)
            if "reason" in answer:
                self.missing[name] = answer["reason"]
            else:
                self.figures[name] = _renumbered(answer["svg"]).encode(), base64.b64decode(answer["png"])


def _environment() -> dict[str, str]:
    """Environment of the drawing process, with the module path of this process and without the working directory."""
    path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _why_ended(code: int, complaint: str) -> str | None:
    """Why a process ended early, in words; None where it did not."""
    if code == 0:
        return None
    lines = [line for line in (line.strip("# \t.") for line in complaint.splitlines()) if line]
    if code > 0:
        return f"the drawing process failed ({printable(lines[-1][:200]) if lines else f'exit code {code}'})"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    fatal = next((f": {line[:200]}" for line in lines if line.startswith("Fatal")), "")
    hint = "" if -code == signal.SIGTERM else "; often there is too little address space (ulimit -v) or memory"
    return f"the drawing process was ended by signal {-code} ({name}{printable(fatal)}){hint}"


def drawable(spec: Any) -> Any:
    r"""A specification of a chart without characters that the drawing library cannot handle.

    Control characters end the drawing process, so they are escaped. Characters above U+FFFF (emoji) are cut in two
    where a label is too long, so they are replaced by an empty square.

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
    """The SVG with its clip paths numbered from 0, since Vega continues the numbers of the previous figure."""
    numbers: dict[str, str] = {}
    return re.sub(r"(?<=[\"#])clip\d+", lambda found: numbers.setdefault(found[0], f"clip{len(numbers)}"), svg)


def vega_lite_version() -> str:
    """Version of Vega-Lite that Altair uses, in the form of vl-convert, such as ``6.4``."""
    import altair as alt

    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
