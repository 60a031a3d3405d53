"""What the studies share: the people that they take of LFW, how a run is watched, and how a page is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wrap_markdown import wrap_markdown

from faceproof.report.words.formatting import count, number, percent
from faceproof.summary.estimates import Estimate
from faceproof.summary.evaluation_schema import Numbers

TWO_PHOTO_PEOPLE, ONE_PHOTO_PEOPLE = 400, 800


def some_people(people: Path, folder: Path) -> Path:
    """Links in ``folder`` to the first people who have two photos and the first who have one, in sorted order."""
    wanted = {True: TWO_PHOTO_PEOPLE, False: ONE_PHOTO_PEOPLE}
    for person in sorted(people.iterdir()):
        several = len(list(person.glob("*.jpg"))) > 1
        if wanted[several] > 0:
            wanted[several] -= 1
            (folder / person.name).symlink_to(person.resolve())
    return folder


def best_accuracy(numbers: Numbers) -> Estimate:
    """Accuracy at the best threshold, of a run or of one condition."""
    return numbers.best.accuracy


def render(template: str, **values: Any) -> str:
    """A page from a template beside this file, its lines wrapped."""
    import jinja2

    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {"rate": _rate, "percent": percent, "number": number, "count": count}
    people = {"two_photo_people": TWO_PHOTO_PEOPLE, "one_photo_people": ONE_PHOTO_PEOPLE}
    return wrap_markdown(pages.get_template(template).render(best=best_accuracy, **people, **values))


def _rate(estimate: Estimate) -> str:
    return percent(estimate.value, estimate.n)
