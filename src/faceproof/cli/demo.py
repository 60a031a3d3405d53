"""``faceproof demo``: an evaluation on synthetic people, which needs no photos and by default no download."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from faceproof.cli.options import Device, Json, NoFigures
from faceproof.cli.output import STOPPED, only_results_on_stdout
from faceproof.cli.show import show_run


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder for the people and the run.")] = Path("faceproof-demo"),
    people: Annotated[int, typer.Option(help="How many people are drawn.")] = 200,
    photos: Annotated[int, typer.Option(help="Photos of each person.")] = 4,
    model: Annotated[str, typer.Option(help="Name of a model: faceproof models list")] = "dlib-resnet",
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    device: Device = "cpu",
    no_figures: NoFigures = False,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")] = False,
) -> None:
    """Draw people who do not exist, judge a model on them, and leave a report. Needs no photo of anybody."""
    from faceproof.cli.progress import PhotoProgress
    from faceproof.jobs.evaluation import evaluate
    from faceproof.people.synthetic.folder import Population, write_population

    population = Population(people, photos, seed)
    folder = out / "synthetic-people"
    with only_results_on_stdout(), PhotoProgress(quiet) as progress:
        try:
            progress.say(f"Drawing {population.total:,} photos of {people:,} people who do not exist ...")
            progress.start(population.total, 0)
            write_population(folder, population, progress=lambda *_: progress.advance(1))
            run = evaluate(
                folder,
                model=model,
                protocol="sampled",
                protocol_settings={"mated": people * 6, "non_mated": people * 15},
                out=out / "run",
                overwrite=True,
                seed=seed,
                device=device,
                offline=True,
                figures=not no_figures,
                progress=progress,
                say=progress.say,
                command=f"faceproof demo --model {shlex.quote(model)}",
            )
        except KeyboardInterrupt:
            typer.echo("Stopped. Give the same command again to go on from there.", err=True)
            raise typer.Exit(STOPPED) from None
    show_run(run, as_json=json)
    if not json:
        typer.echo(_next_steps(model))


def _next_steps(model: str) -> str:
    return "\n".join(
        [
            "",
            "Next, on your own photos (a folder with a folder of photos for each person):",
            f"  faceproof evaluate my-people --model {model} --out runs/mine",
            "  faceproof verify one.jpg other.jpg --run runs/mine      # two photos, at that run's threshold",
            "  faceproof weights pull facenet-vggface2                 # 107 MB; then --model facenet-vggface2",
        ]
    )
