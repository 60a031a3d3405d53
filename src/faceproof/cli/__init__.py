"""The command line: parse, call one function, print. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from faceproof.cli.compare import compare_command
from faceproof.cli.data import data_app
from faceproof.cli.demo import demo_command
from faceproof.cli.detect import detect_command
from faceproof.cli.evaluate import evaluate_command, report_command
from faceproof.cli.models import models_app
from faceproof.cli.output import tolerate_any_text
from faceproof.cli.people import people_app
from faceproof.cli.score import score_command
from faceproof.cli.split import split_command
from faceproof.cli.stress import degradations_command, degrade_command, stress_command
from faceproof.cli.verify import verify_command
from faceproof.cli.weights import weights_app
from faceproof.errors import ConfigurationError, FaceproofError
from faceproof.report.formatting import printable

app = typer.Typer(
    name="faceproof",
    help="Find out whether a face verification system works on your photos, and how sure you may be of it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("evaluate")(evaluate_command)
app.command("score")(score_command)
app.command("stress")(stress_command)
app.command("compare")(compare_command)
app.command("demo")(demo_command)
app.command("report")(report_command)
app.command("verify")(verify_command)
app.command("detect")(detect_command)
app.command("split")(split_command)
app.command("degrade")(degrade_command)
app.command("degradations")(degradations_command)
app.add_typer(people_app, name="people")
app.add_typer(weights_app, name="weights")
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        import faceproof

        typer.echo(f"faceproof {faceproof.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Find out whether a face verification system works on your photos, and how sure you may be of it."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 failed, 2 usage, 3 a gate was missed, 130 stopped by the user."""
    tolerate_any_text()
    try:
        app()
    except ConfigurationError as error:
        _complain(error)
        sys.exit(2)
    except FaceproofError as error:
        _complain(error)
        sys.exit(1)


def _complain(error: FaceproofError) -> None:
    sys.stderr.write(f"faceproof: {printable(str(error))}\n")
