"""The command line: parses options, calls one job, prints the result. Large libraries are imported by commands only."""

from __future__ import annotations

import signal
import sys
import traceback
from contextlib import suppress
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from faceproof.cli.check import check_command
from faceproof.cli.compare import compare_command
from faceproof.cli.data import data_app
from faceproof.cli.degrade import degradations_command, degrade_command
from faceproof.cli.demo import demo_command
from faceproof.cli.detect import detect_command
from faceproof.cli.diff import diff_command
from faceproof.cli.doctor import doctor_command
from faceproof.cli.evaluate import evaluate_command
from faceproof.cli.models import models_app
from faceproof.cli.output import (
    STOPPED,
    drop_what_cannot_be_written,
    mend_console_size,
    replace_closed_streams,
    tolerate_any_text,
    widen_help,
)
from faceproof.cli.people import people_app
from faceproof.cli.plan import plan_command
from faceproof.cli.report import report_command
from faceproof.cli.rerun import rerun_command
from faceproof.cli.schema import schema_command
from faceproof.cli.score import score_command
from faceproof.cli.split import split_command
from faceproof.cli.stress import stress_command
from faceproof.cli.threshold import threshold_command
from faceproof.cli.unforeseen import TRACEBACK_VARIABLE, message_of, printable_lines, traceback_wanted
from faceproof.cli.verify import verify_command
from faceproof.cli.weights import weights_app
from faceproof.errors import ConfigurationError, FaceproofError
from faceproof.report.words.formatting import printable
from faceproof.version import __version__


class _Commands(TyperGroup):
    """The group of all commands. Ctrl-C that no command handles ends with a message and exit code 130."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the context names."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(STOPPED) from None


app = typer.Typer(
    name="faceproof",
    cls=_Commands,
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
app.command("rerun")(rerun_command)
app.command("check")(check_command)
app.command("diff")(diff_command)
app.command("doctor")(doctor_command)
app.command("plan")(plan_command)
app.command("demo")(demo_command)
app.command("report")(report_command)
app.command("verify")(verify_command)
app.command("threshold")(threshold_command)
app.command("detect")(detect_command)
app.command("split")(split_command)
app.command("degrade")(degrade_command)
app.command("degradations")(degradations_command)
app.command("schema")(schema_command)
app.add_typer(people_app, name="people")
app.add_typer(weights_app, name="weights")
app.add_typer(models_app, name="models")
app.add_typer(data_app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"faceproof {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option("--traceback", help=f"Show the traceback of an error on stderr; also {TRACEBACK_VARIABLE}=1."),
    ] = False,
) -> None:
    """Find out whether a face verification system works on your photos, and how sure you may be of it."""
    context.ensure_object(dict)["traceback"] = traceback


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 failed, 2 usage, 3 a gate was missed, a run differs or doctor found a fault, 130 stopped.
    """
    asked: dict[str, bool] = {"traceback": False}
    try:
        _stop_as_ctrl_c_does()
        replace_closed_streams()
        tolerate_any_text()
        mend_console_size()
        widen_help()
        app(obj=asked)
    except SystemExit:
        raise
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except BaseException as error:  # some libraries raise errors that are not subclasses of Exception
        _complain(error, with_traceback=asked["traceback"] or traceback_wanted())
        sys.exit(2 if isinstance(error, ConfigurationError) else 1)
    finally:
        _end_at_once_when_stopped()
        drop_what_cannot_be_written()


def _stop_as_ctrl_c_does() -> None:
    """Let SIGTERM end a command as Ctrl-C does, so that finished work is kept."""
    with suppress(ValueError):  # only the main thread may set a handler
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def _end_at_once_when_stopped() -> None:
    """Restore the default signal handlers: after the command, a signal may end the process, since no work is lost."""
    with suppress(ValueError):  # only the main thread may set a handler
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is signal.default_int_handler:
                signal.signal(number, signal.SIG_DFL)


def _complain(error: BaseException, *, with_traceback: bool) -> None:
    shown = printable_lines("".join(traceback.format_exception(error))) if with_traceback else ""
    message = error.on_command_line() if isinstance(error, FaceproofError) else message_of(error)
    with suppress(OSError):  # stderr may be closed or full
        sys.stderr.write(f"{shown}faceproof: {printable(message)}\n")
        sys.stderr.flush()
