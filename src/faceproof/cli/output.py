"""What all commands share: data on stdout that another program can read, and the exit code of a stopped command."""

from __future__ import annotations

import json
import sys

import typer

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def print_json(value: object) -> None:
    """Print JSON; what the output's encoding has no letters for is escaped as JSON allows."""
    utf = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    typer.echo(json.dumps(value, indent=2, ensure_ascii=not utf))


def tolerate_any_text() -> None:
    """Let stdout and stderr escape what their encoding has no letters for, so that no name ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
