"""``faceproof schema``: JSON schemas of the files in a run folder, for programs that read them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from faceproof.cli.output import print_json


def schema_command(
    file: Annotated[
        Literal["metrics", "manifest", "doctor"],
        typer.Argument(
            help="metrics: metrics.json and comparison.json; manifest: manifest.json; doctor: output of doctor --json."
        ),
    ],
) -> None:
    """Print the JSON schema of a file in a run folder, or of what doctor --json prints."""
    # Imported here since pydantic loads slowly, and the help of other commands does not need it.
    from faceproof.findings.doctor.result import Audit
    from faceproof.runs.manifest_schema import Manifest
    from faceproof.summary.stored import json_schema

    schemas = {"metrics": json_schema, "manifest": Manifest.model_json_schema, "doctor": Audit.model_json_schema}
    print_json(schemas[file]())
