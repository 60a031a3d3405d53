from __future__ import annotations

from dataclasses import replace

import pytest
from patterns import PLAIN, blocks, people_of, photos_of
from PIL import Image

from faceproof.jobs.study import Study, StudyOptions
from faceproof.systems.recipe import Recipe


class Blocks:
    """A model of means of colours, whose templates may be cached."""

    version = "1"
    template_size = 108

    def __init__(self, name: str = "blocks", **contract: object) -> None:
        self.name, self.contract = name, PLAIN | contract

    def __str__(self) -> str:
        return f"{self.name} {self.contract}"

    def embed(self, batch):
        return blocks(batch)


@pytest.fixture(scope="session")
def blocks_model():
    """See ``Blocks``."""
    return Blocks


@pytest.fixture(scope="session")
def three_people(tmp_path_factory):
    """A folder of Ann, Ben and Cem with two photos each, which are patterns of colours."""
    root = tmp_path_factory.mktemp("patterns") / "people"
    names = people_of({"ann": 2, "ben": 2, "cem": 2})
    for number, (name, photo) in enumerate(zip(names, photos_of(names), strict=True)):
        (root / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo).save(root / name / f"{1 + number % 2}.png")
    return root


@pytest.fixture
def study_of(three_people, tmp_path):
    """Makes a study of all 15 comparisons of ``three_people``, without a detector, check, cache and figures."""

    def make(options=None, **settings):
        usual = StudyOptions(protocol="all", out=tmp_path / "run", canary=False, cache=False, figures=False)
        study = Study(people=three_people, models=[Blocks()], recipe=Recipe(detector="none"))
        return replace(study, **{"options": replace(usual, **(options or {}))} | settings)

    return make
