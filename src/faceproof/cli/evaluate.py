"""``faceproof evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faceproof.cli.options import FailIf, Folds, Json, Threshold, ThresholdFrom
from faceproof.cli.show import judge, show_plan, show_run
from faceproof.cli.study_options import StudyArguments, command_line, with_study_options
from faceproof.cli.study_running import run_or_plan, study_progress, threshold_given

if TYPE_CHECKING:
    from faceproof.jobs.base import Run
    from faceproof.summary.evaluation_schema import EvaluationSummary

_WITH_TEMPLATES = {
    *("people", "templates", "name", "protocol", "pairs", "one_photo_people", "mated", "non_mated", "limit", "out"),
    *("overwrite", "threshold", "folds", "fail_if", "seed", "no_figures", "json", "quiet"),
}


@with_study_options
def evaluate_command(
    context: typer.Context,
    study: StudyArguments,
    people: Annotated[
        Path | None,
        typer.Argument(
            help="A folder with a folder of photos for each person; may be left out with --templates.", metavar="PEOPLE"
        ),
    ] = None,
    templates: Annotated[
        Path | None, typer.Option(help="Templates that another system has made: an npz or Parquet file.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="With --templates: name of that system.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, a .onnx file, or module:factory.")] = "facenet-vggface2",
    threshold: Threshold = None,
    threshold_from: ThresholdFrom = None,
    folds: Folds = 10,
    fail_if: FailIf = None,
    json: Json = False,
) -> None:
    """Judge a model on a folder of people and leave a run folder with every number and picture."""
    from faceproof.errors import ConfigurationError
    from faceproof.jobs.carry_out import Plan
    from faceproof.jobs.external import evaluate_templates
    from faceproof.jobs.running import run_evaluation
    from faceproof.jobs.study import Study
    from faceproof.summary.gates import parse_gate

    gates = [parse_gate(text) for text in fail_if or []]
    given = threshold_given(threshold, threshold_from)
    run: Run[EvaluationSummary] | Plan
    with study_progress(study) as progress:
        if templates is not None:
            _refuse_without_meaning(context)
            run = evaluate_templates(
                templates,
                people,
                name=name,
                threshold=threshold,
                folds=folds,
                protocol=study.protocol,
                protocol_settings=study.settings_of_protocol(),
                out=study.out,
                overwrite=study.overwrite,
                seed=study.seed,
                figures=not study.no_figures,
                say=progress.say,
                command=command_line(),
            )
        elif people is None or name is not None:
            lack = "--name goes with --templates" if people else "PEOPLE, the folder of people, is missing"
            raise ConfigurationError(f"{lack}. Expected PEOPLE, or --templates FILE with or without PEOPLE.")
        else:
            wanted = Study(
                people=people,
                models=[model],
                weights=study.weights,
                recipe=study.recipe(),
                threshold=given,
                folds=folds,
                options=study.options(),
            )
            run = run_or_plan(wanted, study, progress, run_evaluation)
    if isinstance(run, Plan):
        show_plan(run)
        return
    show_run(run, as_json=json)
    judge(gates, run)


def _refuse_without_meaning(context: typer.Context) -> None:
    """Raise where an option of detection or recognition is given with imported templates."""
    from faceproof.errors import ConfigurationError

    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name not in _WITH_TEMPLATES and source is not None and source.name != "DEFAULT":
            raise ConfigurationError(
                f"{option.opts[0]} means nothing with --templates, which are made already. Leave it out."
            )
