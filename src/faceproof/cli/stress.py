"""``faceproof stress``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from faceproof.cli.options import Folder, Json
from faceproof.cli.output import STOPPED, only_results_on_stdout
from faceproof.cli.show import NOTHING_KEPT, show_plan, show_stress
from faceproof.cli.study_options import StudyArguments, command_line, with_study_options

if TYPE_CHECKING:
    from faceproof.degrade.types import Stage
    from faceproof.engine.workload import Side


@with_study_options
def stress_command(
    people: Folder,
    study: StudyArguments,
    model: Annotated[
        list[str] | None, typer.Option(help="Name of a model, a .onnx file, or module:factory. Repeatable.")
    ] = None,
    suite: Annotated[str, typer.Option(help="classic, standard, a .toml file, or module:function.")] = "classic",
    severities: Annotated[str | None, typer.Option(help="Only these, such as 1-5 or 1,3,5.")] = None,
    stage: Annotated[
        str, typer.Option(help="capture: the whole system; aligned: the recogniser alone, on degraded crops.")
    ] = "capture",
    side: Annotated[str, typer.Option(help="Degrade both photos of a comparison, or the probe (the second).")] = "both",
    fmr: Annotated[
        float | None,
        typer.Option(
            help="FMR on clean photos of other people that sets the threshold (0.001, or what the data resolve)."
        ),
    ] = None,
    threshold: Annotated[float | None, typer.Option(help="Hold this distance (0 to 2) instead; for one model.")] = None,
    json: Json = False,
) -> None:
    """Show how models break: the same comparisons under every degradation, at the threshold that clean photos gave."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.degrade.suites import get_suite, parse_severities
    from faceproof.jobs.carry_out import Plan
    from faceproof.jobs.running import run_stress
    from faceproof.jobs.settling import settle
    from faceproof.jobs.study import Study

    with only_results_on_stdout(), PhotoProgress(study.quiet, "templates", "under all conditions") as progress:
        try:
            wanted = Study(
                people=people,
                models=model or ["facenet-vggface2"],
                weights=study.weights,
                recipe=study.recipe(),
                threshold=threshold,
                suite=get_suite(suite),
                severities=None if severities is None else parse_severities(severities),
                stage=cast("Stage", stage),
                side=cast("Side", side),
                fmr=fmr,
                options=study.options(),
            )
            run = (
                settle(wanted, say=progress.say, always_time=True)
                if study.dry_run
                else run_stress(wanted, progress=progress, say=progress.say, command=command_line())
            )
        except KeyboardInterrupt:
            typer.echo(progress.stopped() if not study.no_cache else NOTHING_KEPT, err=True)
            raise typer.Exit(STOPPED) from None
    if isinstance(run, Plan):
        show_plan(run)
        return
    show_stress(run, as_json=json)
