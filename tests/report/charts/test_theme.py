"""Colours that can be told from their paper, and a dress that takes every colour from the palette."""

from __future__ import annotations

import json

import numpy as np
import pytest

from faceproof.report.charts.theme import DARK, FONT, LIGHT, chart_config


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_their_paper(colours: dict[str, str]) -> None:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot((0.2126, 0.7152, 0.0722), linear))

    def contrast(name: str) -> float:
        pair = sorted((luminance(colours[name]), luminance(colours["paper"])))
        return (pair[1] + 0.05) / (pair[0] + 0.05)

    # WCAG 2.2: 4.5 for text, 3 for what is drawn.
    assert min(contrast(name) for name in ("ink", "muted")) >= 4.5
    assert min(contrast(name) for name in ("tp", "tn", "fn", "fp")) >= 3
    assert set(colours) == set(LIGHT)


def test_every_colour_is_one_of_the_palette():
    named = {name: f"var(--{name})" for name in LIGHT}
    config = chart_config(named)
    text = json.dumps(config)
    assert "#" not in text
    assert {name for name, colour in named.items() if colour in text} == set(LIGHT)
    assert (config["background"], config["title"]["color"]) == ("var(--paper)", "var(--ink)")
    assert (config["style"]["halo"]["color"], config["style"]["halo"]["stroke"]) == ("var(--paper)", "var(--paper)")
    assert config["style"]["label"]["color"] == "var(--ink)"


def test_categories_are_coloured_in_the_order_of_outcomes():
    assert chart_config(DARK)["range"] == {"category": [DARK["tp"], DARK["tn"], DARK["fn"], DARK["fp"]]}


def test_a_figure_draws_its_own_legend_in_its_own_font_unless_told_otherwise():
    usual, page = chart_config(LIGHT), chart_config(LIGHT, font="serif", legend=False)
    assert (usual["legend"]["disable"], page["legend"]["disable"]) == (False, True)
    assert [usual[name] for name in ("font", "background")] == [FONT, "#ffffff"]
    assert {config["font"] for config in (page, page["style"]["label"], page["style"]["halo"])} == {"serif"}
