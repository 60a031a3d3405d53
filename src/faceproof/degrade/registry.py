"""All families by name, with the parameters of their severities.

Lengths with ``at_side_px`` are given for a photo whose shorter side has this number of pixels, and grow with the photo.
A blur of 2 px hides much in a photo of 250 px and nothing in one of 4,000 px.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from faceproof.degrade import blur, colour, compression, geometry, light, noise, occlusion, resolution
from faceproof.degrade.types import AT_SIDE, Family, Level, Picture
from faceproof.errors import ConfigurationError

_SIDE = 250


def _family(
    name: str, title: str, function: Callable[..., Picture], level_text: str, levels: Iterable[Level], **more: Any
) -> Family:
    return Family(name, title, function, tuple(levels), level_text, **more)


def _each(name: str, values: Sequence[float | str], **fixed: Any) -> tuple[Level, ...]:
    """Levels with one parameter of different values, and fixed ones."""
    return tuple({name: value, **fixed} for value in values)


def _sized(name: str, values: Sequence[float]) -> tuple[Level, ...]:
    """Levels with one length in pixels that is scaled with the photo."""
    return _each(name, values, **{AT_SIDE: _SIDE})


_ALL = (
    _family(
        "gaussian-blur",
        "Gaussian blur",
        blur.gaussian_blur,
        "radius {radius_px:g} px",
        _each("radius_px", (1, 2, 3, 4, 5)),
        lengths=("radius_px",),
    ),
    _family(
        "resolution",
        "Resolution",
        resolution.reduced,
        "{shorter_side_px} px",
        _each("shorter_side_px", (128, 96, 64, 48, 32)),
    ),
    _family(
        "square",
        "Square in the photo",
        occlusion.black_square,
        "{share:.0%} of the side",
        _each("share", (0.05, 0.10, 0.15, 0.20)),
    ),
    _family(
        "face-square",
        "Square on the face",
        occlusion.black_square_on_face,
        "{share:.0%} of the side",
        _each("share", (0.05, 0.10, 0.15, 0.20)),
        on_face=True,
    ),
    _family("grayscale", "Grayscale", colour.grayscale, "", ({},)),
    _family("sepia", "Sepia", colour.sepia, "", ({},)),
    _family("tint", "Tint", colour.tint, "{colour}", _each("colour", ("#FFA500",))),
    _family("invert", "Negative", colour.inverted, "", ({},)),
    _family("contrast-up", "More contrast", colour.contrast, "x {factor:g}", _each("factor", (2.0,))),
    _family(
        "brightness-up", "Brighter", colour.brightness, "x {factor:g}", _each("factor", (1.25, 1.5, 1.75, 2.0, 2.5))
    ),
    _family(
        "gaussian-noise",
        "Gaussian noise",
        noise.gaussian_noise,
        "sd {sd:g} of 255",
        _each("sd", (8, 16, 28, 44, 64)),
        random=True,
    ),
    _family(
        "shot-noise",
        "Shot noise",
        noise.shot_noise,
        "{photons:g} photons at white",
        _each("photons", (80, 30, 14, 7, 4)),
        random=True,
    ),
    _family(
        "impulse-noise",
        "Impulse noise",
        noise.impulse_noise,
        "{share:.0%} of the pixels",
        _each("share", (0.01, 0.03, 0.07, 0.13, 0.22)),
        random=True,
    ),
    _family(
        "speckle-noise",
        "Speckle noise",
        noise.speckle_noise,
        "sd {sd:.0%} of the value",
        _each("sd", (0.10, 0.18, 0.28, 0.40, 0.55)),
        random=True,
    ),
    _family(
        "lens-blur",
        "Gaussian blur, in proportion",
        blur.gaussian_blur,
        "radius {radius_px:g} px",
        _sized("radius_px", (1, 2, 3, 4, 5)),
        lengths=("radius_px",),
    ),
    _family(
        "defocus-blur",
        "Defocus blur",
        blur.defocus_blur,
        "radius {radius_px:g} px",
        _sized("radius_px", (1.5, 3, 4.5, 6, 8)),
        lengths=("radius_px",),
    ),
    _family(
        "motion-blur",
        "Motion blur",
        blur.motion_blur,
        "length {length_px:g} px",
        _sized("length_px", (5, 9, 13, 18, 24)),
        lengths=("length_px",),
        random=True,
    ),
    _family(
        "zoom-blur",
        "Zoom blur",
        blur.zoom_blur,
        "up to {zoom:.0%} closer",
        _each("zoom", (0.04, 0.08, 0.13, 0.19, 0.26)),
    ),
    _family(
        "down-sampling",
        "Down-sampling and back",
        resolution.reduced_and_back,
        "{shorter_side_px} px",
        _each("shorter_side_px", (128, 96, 64, 48, 32)),
    ),
    _family(
        "pixelation",
        "Pixelation",
        resolution.pixelated,
        "{blocks} blocks a side",
        _each("blocks", (96, 64, 48, 36, 26)),
    ),
    _family("jpeg", "JPEG", compression.jpeg, "quality {quality}", _each("quality", (40, 20, 12, 7, 4))),
    _family(
        "brightness-down", "Darker", colour.brightness, "x {factor:g}", _each("factor", (0.7, 0.5, 0.35, 0.22, 0.12))
    ),
    _family(
        "contrast-down", "Less contrast", colour.contrast, "x {factor:g}", _each("factor", (0.6, 0.4, 0.25, 0.15, 0.08))
    ),
    _family("gamma", "Gamma", colour.gamma, "exponent {exponent:g}", _each("exponent", (1.5, 2.0, 2.8, 3.8, 5.0))),
    _family("saturation", "Saturation", colour.saturation, "x {factor:g}", _each("factor", (1.5, 2.0, 3.0, 4.5, 7.0))),
    _family(
        "colour-cast",
        "Colour cast",
        colour.colour_cast,
        "red +{shift:.0%}, blue -{shift:.0%}",
        _each("shift", (0.15, 0.30, 0.45, 0.65, 0.90)),
    ),
    _family("haze", "Haze", light.haze, "{share:.0%}", _each("share", (0.25, 0.45, 0.62, 0.76, 0.87))),
    _family(
        "rain",
        "Rain",
        light.rain,
        "density {density:g}",
        tuple(
            {"density": d, "length_px": n, AT_SIDE: _SIDE}
            for d, n in ((0.1, 14), (0.2, 18), (0.35, 22), (0.6, 26), (1.0, 30))
        ),
        lengths=("length_px",),
        random=True,
    ),
    _family(
        "rotation",
        "Rotation",
        geometry.rotation,
        "{degrees:g} degrees",
        _each("degrees", (8, 16, 26, 38, 52)),
        random=True,
    ),
    _family(
        "perspective",
        "Perspective",
        geometry.perspective,
        "corners in by {shift:.0%}",
        _each("shift", (0.05, 0.10, 0.15, 0.20, 0.25)),
        random=True,
    ),
    _family(
        "side-light",
        "Light from one side",
        light.side_light,
        "far edge {darkening:.0%} darker",
        _each("darkening", (0.5, 0.7, 0.85, 0.95, 1.0)),
        random=True,
    ),
    _family(
        "over-exposure",
        "Over-exposure",
        light.over_exposure,
        "{stops:g} stops",
        _each("stops", (0.7, 1.3, 2.0, 2.8, 3.7)),
    ),
    _family(
        "sunglasses",
        "Sunglasses",
        occlusion.sunglasses,
        "radius {radius:.0%} of the face",
        _each("radius", (0.10, 0.14, 0.18, 0.22, 0.26)),
        on_face=True,
    ),
    _family(
        "mask",
        "Mask",
        occlusion.mask,
        "{height:.0%} of the way to the eyes",
        _each("height", (0.1, 0.25, 0.4, 0.6, 0.8)),
        on_face=True,
    ),
    _family(
        "half-face",
        "Half of the face",
        occlusion.half_face,
        "{share:.0%} of its width",
        _each("share", (0.10, 0.20, 0.30, 0.40, 0.50)),
        on_face=True,
        random=True,
    ),
    _family(
        "hair-line",
        "Hair over the forehead",
        occlusion.hair_line,
        "{share:.0%} of its height",
        _each("share", (0.10, 0.17, 0.24, 0.30, 0.36)),
        on_face=True,
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ALL}
"""The families by name."""

_ALIASES = {"blur": "gaussian-blur"}


def list_families() -> list[str]:
    """Names of all families.

    >>> "gaussian-blur" in list_families()
    True
    """
    return list(FAMILIES)


def get_family(name: str) -> Family:
    """The family with a name.

    Args:
        name: one of `list_families`, in any case, with ``-`` or ``_``.

    Returns:
        The family.

    Raises:
        ConfigurationError: there is no such family; the message suggests the closest name.

    >>> get_family("blur").title
    'Gaussian blur'
    """
    wanted = name.strip().lower().replace("_", "-")
    family = FAMILIES.get(_ALIASES.get(wanted, wanted))
    if family is not None:
        return family
    close = get_close_matches(wanted, [*FAMILIES, *_ALIASES], n=1, cutoff=0.4)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(f"There is no degradation {name!r}. {hint}Known: {', '.join(FAMILIES)}.")
