"""The drawing process: charts as JSON on stdin, figures as JSON lines on stdout.

The drawing library holds a JavaScript engine that ends its process where address space is limited.
`faceproof.report.charts.drawing` therefore starts this module as a process of its own. It imports nothing else of
faceproof.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any


def main() -> None:
    """Draw what stdin asks for, one line of JSON for each figure as soon as it is there.

    stdin: ``version`` (of Vega-Lite), ``charts`` (specs by name) and ``script`` (whether the JavaScript for a page is
    wanted). A line has ``name`` and ``svg`` and ``png`` (base64), or ``reason``; that of the script has ``script``.
    """
    import vl_convert

    asked = json.load(sys.stdin)
    for name, spec in asked["charts"].items():
        try:
            svg = vl_convert.vegalite_to_svg(spec, vl_version=asked["version"], allowed_base_urls=[])
            png = vl_convert.svg_to_png(svg, scale=2)
        except BaseException as error:  # a panic of the library is no Exception
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
