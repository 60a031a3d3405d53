"""Settings of the protocol, from the options of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from faceproof.errors import ConfigurationError


def protocol_settings(protocol: str, pairs: Path | None, given: dict[str, int | None]) -> dict[str, Any]:
    """Arguments of the protocol from the given options.

    Raises:
        ConfigurationError: an option does not apply to the protocol, or a pair list is missing.
    """
    takes = {
        "folders": {"one_photo_people"},
        "all": {"limit"},
        "sampled": {"mated", "non_mated"},
        "lfw": {"pairs"},
        "csv": {"pairs"},
    }.get(protocol, {"pairs", *given})
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if pairs is None and protocol in {"lfw", "csv"}:
        raise ConfigurationError(f"Protocol {protocol} needs a pair list: --pairs FILE.")
    if pairs is not None and "pairs" not in takes:
        raise ConfigurationError(
            f"Protocol {protocol!r} takes no pair list. Say --protocol lfw or --protocol csv, or leave --pairs out."
        )
    if pairs is not None:
        settings["pairs"] = pairs
    for name in settings:
        if name not in takes:
            option = "--" + name.replace("_", "-")
            raise ConfigurationError(f"{option} means nothing to protocol {protocol!r}. Leave it out.")
    return settings
