"""The drawing process: charts as JSON on stdin, figures as JSON lines on stdout.

The drawing library contains a JavaScript engine that ends its process where address space is limited.
`faceproof.report.charts.drawing` therefore starts this module as a separate process. This module imports nothing else
of faceproof.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any


def main() -> None:
    """Draw the charts from stdin, and write one line of JSON to stdout for each figure as soon as it is drawn.

    stdin is a JSON object: ``version`` (of Vega-Lite), ``charts`` (specifications by name) and ``script`` (whether to
    write the JavaScript for a page). A line for a figure has ``name``, and ``svg`` and ``png`` (base64) or ``reason``.
    The line for the JavaScript has ``script``.
    """
    import vl_convert

    asked = json.load(sys.stdin)
    for name, spec in asked["charts"].items():
        try:
            svg = vl_convert.vegalite_to_svg(spec, vl_version=asked["version"], allowed_base_urls=[])
            png = vl_convert.svg_to_png(svg, scale=2)
        except BaseException as error:  # a panic of the library is not a subclass of Exception
            _answer(name=name, reason=f"the drawing library failed ({_first_line(error)})")
        else:
            _answer(name=name, svg=svg, png=base64.b64encode(png).decode())
    if asked["script"]:
        text = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=asked["version"])
        _answer(name=None, script=str(text))


def _answer(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    main()
