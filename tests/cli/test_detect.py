"""``faceproof detect`` and ``--detector``: what goes to stdout and stderr, exit codes, and a file of faces and back."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.weights.dlib_file import find_dlib_file

needs_dlib = pytest.mark.skipif(
    find_dlib_file() is None, reason="the weights of dlib-resnet are not installed (extra 'embedded')"
)
FINDERS = """
class Middle:
    def find(self, photos):
        return [[[35, 20, 105, 110]]] * len(photos)


class Fails:
    def find(self, photos):
        raise OSError("no licence")


class Thumbnails:
    contract = {"size_px": 24, "pixel_mean": 127.5, "pixel_divisor": 127.5, "alignment": "even_margin_crop"}
    version = "1"

    def embed(self, batch):
        return batch.reshape(len(batch), -1)
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """People who do not exist, with odd names; a photo with two faces, one without any, and a broken one."""
    folder = tmp_path_factory.mktemp("people")
    write_population(folder, Population(5, 2, seed=2), workers=1)
    one, two, *_ = folders = sorted(folder.iterdir())
    left, right = (Image.open(next(place.iterdir())) for place in (one, two))
    both = Image.new("RGB", (left.width + right.width, max(left.height, right.height)))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    both.save(one / "both.png")
    Image.new("RGB", (120, 90), "gray").save(two / "blank.png")
    (folders[2] / "broken.jpg").write_bytes(next(folders[2].iterdir()).read_bytes()[:3000])
    for place, name in zip(folders, ("=Anna", "'tis, Ben", "Cleo\nnew line", "Zoë 😀"), strict=False):
        place.rename(folder / name)
    return folder


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    (tmp_path / "cli_finders.py").write_text(FINDERS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("cli_finders", None)


@pytest.fixture
def photo(people):
    return sorted((people / "Zoë 😀").iterdir())[0]


@needs_dlib
def test_a_file_of_mtcnns_faces_gives_mtcnns_numbers_to_the_last_bit(people, run, tmp_path):
    done = run("detect", people, "--boxes", tmp_path / "b.csv", "--quiet", code=1)
    assert "broken.jpg" in done.stderr
    runs = []
    for detector in ("mtcnn", tmp_path / "b.csv"):
        runs.append(tmp_path / f"run {len(runs)}")
        options = [
            "--model",
            "dlib-resnet",
            "--protocol",
            "all",
            "--offline",
            "--no-canary",
            "--no-cache",
            "--no-figures",
        ]
        done = run("evaluate", people, *options, "--detector", detector, "--out", runs[-1])
    assert "b.csv has no row for 1 of 13 photos: Cleo\\nnew line/broken.jpg." in done.stderr
    scores, photos = ([pq.read_table(one / f"{name}.parquet") for one in runs] for name in ("scores", "photos"))
    assert scores[0].equals(scores[1])
    assert scores[0]["similarity"].null_count < len(scores[0])
    for column in ("outcome", "reason", "faces_found", "box_xyxy_px", "landmarks_px", "probability", "template_norm"):
        assert photos[0][column].equals(photos[1][column])
    assert sorted(filter(None, photos[0]["faces_found"].to_pylist()))[-1] == 2
    assert photos[0]["reason"].to_pylist().count("no face found") == 1


class TestDetect:
    def test_faces_of_a_file_are_printed_as_they_were_found(self, people, run, tmp_path):
        first = run("detect", people, "--boxes", tmp_path / "b.csv", "--json", code=1).stdout
        again = run("detect", people, "--detector", tmp_path / "b.csv", "--json", code=1).stdout
        assert json.loads(again) == json.loads(first)
        again = run("detect", people, "--detector", tmp_path / "b.csv", "--boxes", tmp_path / "c.csv", "-q", code=1)
        assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()

    def test_without_probability_and_landmarks_it_says_so(self, photo, run):
        done = run("detect", photo, "--detector", "none")
        assert "1 face\n" in done.stdout
        assert "probability not given   landmarks not given" in done.stdout
        (found,) = json.loads(run("detect", photo, "--detector", "none", "--json").stdout)
        assert found["faces"][0]["probability"] is None
        assert found["faces"][0]["landmarks_px"] is None

    def test_a_detector_of_the_current_folder_is_drawn(self, photo, run, at_home):
        options = ["--annotated", "looked-at", "--crops", "crops", "--boxes", "b.csv"]
        run("detect", photo, "--detector", "cli_finders:Middle", *options)
        with Image.open(at_home / "looked-at" / f"{photo.stem}.png") as drawn, Image.open(photo) as plain:
            changed = (np.asarray(drawn.convert("RGB")) != np.asarray(plain.convert("RGB"))).any(axis=2)
        assert changed[20, 35:105].any()
        assert not changed[40:90, 50:90].any()
        assert len(list((at_home / "crops").iterdir())) == 1
        assert (at_home / "b.csv").read_text().splitlines()[1].startswith(f"{photo.name},35.0,20.0,105.0,110.0,,")

    def test_where_it_fails_the_reason_is_told_and_the_exit_code_is_1(self, photo, run, at_home):
        done = run("detect", photo, "--detector", "cli_finders:Fails", "--boxes", "b.csv", code=1)
        assert done.stdout == ""
        assert done.stderr == f"{photo}: the detector failed: find raised OSError: no licence\n"
        assert len((at_home / "b.csv").read_text().splitlines()) == 1

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
    def test_a_name_that_is_no_unicode_is_written_as_a_run_calls_it(self, photo, run, at_home):
        place = at_home / "in" / os.fsdecode(b"caf\xe9")
        place.mkdir(parents=True)
        (place / "1.jpg").write_bytes(photo.read_bytes())
        run("detect", "in", "--boxes", "b.csv", "--detector", "none", "--quiet")
        assert "caf\ufffd/1.jpg," in (at_home / "b.csv").read_text("utf-8")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--margin", "200"], "--margin 200 must be at least 0 and below the side of the crop, 160."),
            (["--boxes", "b.parquet"], "--boxes b.parquet: expected a name that ends in .csv"),
            (["--detector", "mtcn"], "There is no detector 'mtcn'. Expected mtcnn, none, a .csv or .parquet file"),
            (["--detector", "nowhere:f"], "nowhere:f: the module cannot be imported"),
            (["--detector", "cli_finders:Thumbnails"], "gives a Thumbnails without a method find"),
            (["--detector", "absent.csv"], "The file of faces absent.csv cannot be read"),
            (["--detector", "none", "--min-face-size", "30"], "--min-face-size"),
            (["--detector", "none", "--pad", "0.35"], "--pad"),
            (["--pad", "35"], "pad is 35.0; expected a fraction of the photo's sides from 0 to 1"),
            (["--boxes", "nowhere/b.csv", "--detector", "none"], "nowhere/b.csv cannot be written"),
        ],
    )
    def test_what_makes_no_sense_exits_with_2(self, photo, run, at_home, options, said):
        done = run("detect", photo, *options, code=2)
        assert said in done.stderr
        assert done.stderr.startswith("faceproof: ")
        assert done.stdout == ""

    def test_two_photos_of_one_name_cannot_be_told_apart_in_a_file(self, photo, run, at_home):
        for name in ("Anna", "Ben"):
            (at_home / "in" / name).mkdir(parents=True)
            (at_home / "in" / name / "1.jpg").write_bytes(photo.read_bytes())
        done = run("detect", "in/Anna/1.jpg", "in/Ben/1.jpg", "--boxes", "b.csv", code=2)
        assert "in/Anna/1.jpg and in/Ben/1.jpg would both be called 1.jpg in b.csv" in done.stderr
        assert not (at_home / "b.csv").exists()
        run("detect", "in/Anna/1.jpg", "in/Ben/1.jpg", "--quiet")
        run("detect", "in", "--boxes", "b.csv", "--quiet")


class TestRefused:
    """Before a photo is read: the folder does not even exist."""

    @pytest.mark.parametrize("command", ["evaluate", "stress"])
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--detector", "none", "--margin", "4"], "--margin means nothing with --detector none"),
            (["--detector", "none", "--alignment", "margin_crop"], "--alignment means nothing with --detector none"),
            (["--detector", "none", "--select", "largest"], "--select means nothing with --detector none"),
            (["--detector", "none", "--min-face-size", "30"], "--min-face-size"),
            (["--detector", "none", "--pad", "0.35"], "--pad"),
            (["--pad", "35"], "pad is 35.0. Expected a fraction from 0 to 1"),
            (["--detector", "mtcn"], "There is no detector 'mtcn'"),
            (["--detector", "absent.csv"], "The file of faces absent.csv cannot be read"),
            (["--detector", "wrong.csv"], "wrong.csv has the columns photo, x0"),
            (["--detector", "faces.csv", "--alignment", "five_point"], "have none. Add them"),
        ],
    )
    def test_what_makes_no_sense_exits_with_2_and_writes_nothing(self, run, at_home, command, options, said):
        (at_home / "wrong.csv").write_text("photo,x0\nAnna/1.jpg,1\n")
        (at_home / "faces.csv").write_text("photo,x0,y0,x1,y1\nAnna/1.jpg,1,2,3,4\n")
        model = ["--model", "cli_finders:Thumbnails", "--offline", "--out", "run"]
        done = run(command, "nobody", *model, *options, code=2)
        assert said in done.stderr
        assert done.stderr.splitlines()[-1].startswith("faceproof: ")
        assert done.stdout == ""
        assert not (at_home / "run").exists()

    def test_degraded_photos_with_faces_from_a_file(self, run, at_home):
        (at_home / "faces.csv").write_text("photo,x0,y0,x1,y1\nAnna/1.jpg,1,2,3,4\n")
        options = ["--model", "cli_finders:Thumbnails", "--detector", "faces.csv", "--out", "run"]
        assert "--stage aligned" in run("stress", "nobody", *options, code=2).stderr
        assert not (at_home / "run").exists()

    def test_a_detector_means_nothing_to_templates_that_are_made_already(self, run, at_home):
        done = run("evaluate", "--templates", "t.npz", "--detector", "none", code=2)
        assert "--detector means nothing with --templates" in done.stderr


def test_a_folder_without_photos_is_an_error(run, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing to see")
    done = run("detect", tmp_path, "--detector", "none", code=1)
    assert f"There is no photo in {tmp_path}. Expected files that end in one of: .apng, .avif" in done.stderr
    assert done.stdout == ""
