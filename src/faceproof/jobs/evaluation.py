"""The main job: judge a model on a folder of people, and leave a run folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from faceproof.files import cache_root
from faceproof.jobs.base import Run, Say, check_judging
from faceproof.jobs.publishing import publish
from faceproof.systems.load import load_pipeline
from faceproof.systems.recipe import Recipe

if TYPE_CHECKING:
    from faceproof.engine.cache import TemplateCache
    from faceproof.engine.values import Progress
    from faceproof.people.types import Comparisons, PhotoSet
    from faceproof.systems.photo_table import PhotoTable
    from faceproof.systems.pipeline import Pipeline
    from faceproof.systems.recognition.python_model import PythonModel


def evaluate(
    people: str | Path,
    *,
    model: str | Path | PythonModel = "facenet-vggface2",
    weights: str | Path | None = None,
    protocol: str = "folders",
    protocol_settings: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    recipe: Recipe | None = None,
    threshold: float | None = None,
    folds: int = 10,
    seed: int = 0,
    device: str = "cpu",
    batch_size: int = 32,
    workers: int | None = None,
    decode_memory: int | str | None = None,
    cache: bool = True,
    offline: bool = False,
    canary: bool = True,
    figures: bool = True,
    progress: Progress | None = None,
    say: Say = lambda _: None,
    command: str | None = None,
) -> Run:
    """Compare the people of a folder by a protocol, and write a run folder with every number and picture.

    Args:
        people: folder with a folder of photos for each person.
        model: name of a card, an ONNX file, ``package.module:factory``, or an object with a contract and
            ``embed(batch)`` (docs/your-model.md).
        weights: file with its weights, instead of the usual places.
        protocol: ``folders``, ``lfw``, ``all``, ``sampled`` or ``csv`` (docs/protocol.md).
        protocol_settings: arguments of the protocol, such as ``{"pairs": "pairs.txt"}``.
        out: the run folder; None for a new one below ``runs/``.
        overwrite: write to it though it holds a finished run.
        recipe: changes to how the model is fed.
        threshold: distance, 0 to 2, from which two photos count as different people; None: the best on these data.
        folds: for accuracy with a threshold from other people, where the protocol has no folds of its own.
        seed: of folds, sampling and jitter.
        device: ``cpu``, ``cuda``, ...
        batch_size: photos detected together; changes no number.
        workers: threads that decode; changes no number.
        decode_memory: memory that photos may take while they are decoded and wait, in bytes or as text such as
            ``2GB``; None: a quarter of what this process may use. A photo that needs more fails with that reason.
        cache: keep templates for the next run, and use those that are there.
        offline: never use the network.
        canary: run the model check first (`faceproof.systems.model_check`); the result is on the page.
        figures: draw the figures; False: numbers and page without them (`report_again` draws them later).
        progress: told how far the photos are.
        say: told in words what is being done.
        command: as given, for the manifest.

    Returns:
        The run.

    Raises:
        PeopleError: the folder or the pair list cannot be used.
        ConfigurationError: an option makes no sense.
        WeightsError: the weights are missing or wrong.
        RunFolderError: ``out`` cannot be used.

    Examples:
        >>> run = evaluate("photos", model="facenet-vggface2")  # doctest: +SKIP
        >>> run.summary["eer"]["value"]  # doctest: +SKIP
        0.0123
    """
    from faceproof.degrade.types import CLEAN
    from faceproof.engine.estimate import estimate
    from faceproof.engine.plan import Plan
    from faceproof.people.folder import read_people
    from faceproof.people.protocols import make_comparisons
    from faceproof.runs.manifest import plan_entry, stamp
    from faceproof.runs.run_folder import RunTables, comparisons_table, scores_table, write_run_tables, write_table
    from faceproof.runs.run_writing import new_run
    from faceproof.scoring.similarity import similarities
    from faceproof.systems.model_check.job import check_before_run

    started = datetime.now(UTC)
    check_judging(threshold, seed)
    pipeline = load_pipeline(model, weights, recipe, device, batch_size, workers, offline, decode_memory=decode_memory)
    say(f"Reading the people below {people} ...")
    photo_set = read_people(Path(people))
    for notice in photo_set.notices:
        say(f"Note: {notice}")
    settings = dict(protocol_settings or {})
    if protocol == "sampled":
        settings.setdefault("seed", seed)
    comparisons = make_comparisons(protocol, photo_set, **settings)
    for note in [*comparisons.notes, *pipeline.detector.notes(comparisons.photos)]:
        say(f"Note: {note}")
    name = pipeline.recognizer.card.name
    folder = Path(out) if out is not None else Path("runs") / f"{started:%Y%m%d-%H%M%S}-{name}"
    plan = Plan([CLEAN], [pipeline], comparisons, "both")
    for line in estimate(plan, cache_root() if cache else None, folder, advice="Take fewer photos"):
        say(line)
    judging = {"threshold_distance": threshold, "folds": folds}
    manifest = _manifest(photo_set, comparisons, pipeline, started, seed, device, command)
    manifest["judging"] = judging
    manifest["plan"] = plan_entry(
        comparisons=comparisons.digest(), system=[name, pipeline.recipe()], settings=[judging, seed]
    )
    with new_run(folder, manifest, overwrite=overwrite) as writer:
        manifest["canary"] = check_before_run(pipeline, comparisons, wanted=canary, cache=cache, device=device, say=say)
        pairs = comparisons_table(comparisons)
        write_table(writer.staging, "comparisons", pairs)
        say(f"Making templates of {len(comparisons.photos):,} photos for {len(comparisons):,} comparisons ...")
        clock = perf_counter()
        photos, from_cache = _templates(comparisons, pipeline, cache, progress, say)
        similarity = similarities(photos.templates, comparisons.row_a, comparisons.row_b)
        seconds = round(perf_counter() - clock, 3)
        timing = {"wall_s": seconds, "photos": len(comparisons.photos), "from_cache": from_cache}
        run = RunTables(
            manifest | {"finished": stamp(), "timing": timing},
            pairs,
            photos.to_table(),
            scores_table(comparisons, similarity, photos),
        )
        write_run_tables(writer.staging, run)
        summary = publish(
            *(run, writer.staging, photo_set.root), threshold=threshold, folds=folds, figures=figures, say=say
        )
        writer.publish(run.manifest)
    return Run(folder, summary)


def _templates(
    comparisons: Comparisons, pipeline: Pipeline, cache: bool, progress: Progress | None, say: Say
) -> tuple[PhotoTable, int]:
    """The photos' rows, and how many of them came from the cache."""
    from faceproof.engine.cache import TemplateCache
    from faceproof.engine.runner import process

    size = pipeline.recognizer.template_size
    kept = None
    if cache and pipeline.cacheable:
        kept = TemplateCache(cache_root(), pipeline.recipe(), template_size=size)
    watched = _Watched(progress)
    photos = process(comparisons.photos, pipeline, cache=kept, progress=watched)
    if kept:
        say_damaged([kept], say)
    return photos, watched.from_cache


def say_damaged(caches: Iterable[TemplateCache], say: Say) -> None:
    """Say which shards of the cache were damaged."""
    damaged = [file for cache in caches for file in cache.set_aside]
    if damaged:
        many = (
            "1 damaged file of the template cache was" if len(damaged) == 1 else f"{len(damaged):,} damaged files were"
        )
        say(f"Note: {many} set aside; the photos in it are computed again: {', '.join(damaged[:3])}.")


class _Watched:
    """Passes progress on and remembers how many photos came from the cache."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.from_cache = 0

    def start(self, total: int, done: int) -> None:
        self.from_cache = done
        if self.progress:
            self.progress.start(total, done)

    def advance(self, photos: int) -> None:
        if self.progress:
            self.progress.advance(photos)


def _manifest(
    photo_set: PhotoSet,
    comparisons: Comparisons,
    pipeline: Pipeline,
    started: datetime,
    seed: int,
    device: str,
    command: str | None,
) -> dict[str, Any]:
    from faceproof.runs import manifest

    system = manifest.system_entry(pipeline)
    weights = {system["model"]: system["weights"]}
    if "weights" in (detector := manifest.detector_entry(pipeline)):
        weights = {detector["name"]: detector["weights"], **weights}
    return {
        **manifest.begun("evaluation", command, started),
        **{name: system[name] for name in ("model", "reference", "card")},
        "detector": detector,
        "weights": weights,
        "people": manifest.people_entry(photo_set),
        "protocol": manifest.protocol_entry(comparisons),
        **manifest.machine_entries(pipeline, seed, device),
    }
