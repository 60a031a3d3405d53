"""``faceproof stress``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from faceproof.cli.options import Folder, Json, ThresholdFrom
from faceproof.cli.show import show_plan, show_stress
from faceproof.cli.study_options import StudyArguments, with_study_options
from faceproof.cli.study_running import run_or_plan, study_progress, threshold_given

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
    threshold_from: ThresholdFrom = None,
    json: Json = False,
) -> None:
    """Show how models break: the same comparisons under every degradation, at the threshold that clean photos gave."""
    from faceproof.degrade.suites import get_suite, parse_severities
    from faceproof.jobs.carry_out import Plan
    from faceproof.jobs.running import run_stress
    from faceproof.jobs.study import Study

    with study_progress(study, "templates", "under all conditions") as progress:
        wanted = Study(
            people=people,
            models=model or ["facenet-vggface2"],
            weights=study.weights,
            recipe=study.recipe(),
            threshold=threshold_given(threshold, threshold_from),
            suite=get_suite(suite),
            severities=None if severities is None else parse_severities(severities),
            stage=cast("Stage", stage),
            side=cast("Side", side),
            fmr=fmr,
            options=study.options(),
        )
        run = run_or_plan(wanted, study, progress, run_stress)
    if isinstance(run, Plan):
        show_plan(run)
        return
    show_stress(run, as_json=json)
