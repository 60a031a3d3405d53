"""Photos degraded and written: the same pictures as in a stress run, in the same folders, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import sys

import numpy as np
import pytest
from PIL import Image

from faceproof.degrade.registry import get_family
from faceproof.degrade.suites import get_suite
from faceproof.errors import ConfigurationError, DegradationError, PeopleError
from faceproof.jobs.degrading import degrade_photos
from faceproof.people.decode import decode_photo, image_format
from faceproof.people.synthetic.folder import Population, write_population
from faceproof.systems.detection.mtcnn import load_mtcnn
from faceproof.systems.faces.selection import choose

SEPIA = get_family("sepia").at(1)


def photo(path, size=(40, 30), seed=0, **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path, **settings)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.fixture
def source(tmp_path):
    """Two people with photos of three kinds, a broken one, and files that are no photos."""
    root = tmp_path / "people"
    photo(root / "Ann" / "1.jpg", seed=1)
    photo(root / "Ann" / "2.png", (25, 60), seed=2)
    photo(root / "Zoë" / "old" / "scan.v2.bmp", seed=3)
    photo(root / "Zoë" / "no suffix", seed=4, format="WEBP")
    (root / "Ann" / "cut.jpg").write_bytes((root / "Ann" / "1.jpg").read_bytes()[:200])
    (root / "notes.txt").write_text("who is who")
    (root / "Ann" / "fake.jpg").write_text("no picture")
    photo(root / ".hidden" / "3.jpg", seed=5)
    photo(root / "Ann" / ".thumb.jpg", seed=6)
    return root


class TestFolder:
    def test_the_tree_stays_and_every_photo_becomes_a_png(self, source, tmp_path):
        before = {name: (source / name).read_bytes() for name in files(source)}
        done = degrade_photos(source, tmp_path / "out", SEPIA)
        assert files(tmp_path / "out") == ["Ann/1.png", "Ann/2.png", "Zoë/no suffix.png", "Zoë/old/scan.v2.png"]
        written = [(tmp_path / "out" / name).read_bytes() for name in files(tmp_path / "out")]
        assert {image_format(content) for content in written} == {"PNG"}
        assert done.written == 4
        assert {name: (source / name).read_bytes() for name in files(source)} == before

    @pytest.mark.parametrize(
        ("family", "severity"), [("sepia", 1), ("gaussian-noise", 3), ("rotation", 2), ("resolution", 5), ("jpeg", 2)]
    )
    def test_pixels_are_those_that_a_run_would_compare(self, source, tmp_path, family, severity):
        condition = get_family(family).at(severity, seed=4)
        degrade_photos(source, tmp_path / "out", condition, workers=3)
        for name in ("Ann/1.jpg", "Ann/2.png", "Zoë/old/scan.v2.bmp"):
            expected = condition.apply(decode_photo(source / name), digest(source / name))
            written = (tmp_path / "out" / name).with_suffix(".png")
            np.testing.assert_array_equal(decode_photo(written), expected)

    def test_a_photo_is_turned_upright_as_for_a_run(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6
        photo(tmp_path / "in" / "turned.png", (40, 30), exif=exif)
        degrade_photos(tmp_path / "in", tmp_path / "out", get_family("sepia").at(0))
        with Image.open(tmp_path / "out" / "turned.png") as written:
            assert written.size == (30, 40)
            assert not written.getexif()

    def test_broken_photos_are_listed_with_the_reason_and_what_is_none_is_counted(self, source, tmp_path):
        done = degrade_photos(source, tmp_path / "out", SEPIA)
        ((path, why),) = done.failed
        assert path == source / "Ann" / "cut.jpg"
        assert "truncated" in why
        assert done.ignored == 2

    def test_progress_is_told_photo_by_photo(self, source, tmp_path):
        seen = []
        degrade_photos(source, tmp_path / "out", SEPIA, progress=lambda *numbers: seen.append(numbers))
        assert seen == [(done, 5) for done in range(1, 6)]

    def test_links_are_followed(self, tmp_path):
        photo(tmp_path / "elsewhere" / "1.png")
        (tmp_path / "people").mkdir()
        (tmp_path / "people" / "Ann").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "people" / "gone.png").symlink_to(tmp_path / "nowhere.png")
        assert degrade_photos(tmp_path / "people", tmp_path / "out", SEPIA).written == 1
        assert files(tmp_path / "out") == ["Ann/1.png"]

    def test_a_link_to_a_folder_above_is_no_endless_tree(self, tmp_path):
        photo(tmp_path / "people" / "Ann" / "1.png")
        (tmp_path / "people" / "Ann" / "back").symlink_to("..")
        assert degrade_photos(tmp_path / "people", tmp_path / "out", SEPIA).written == 1

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode here")
    def test_a_name_that_is_no_unicode_is_kept(self, tmp_path):
        odd = tmp_path / "people" / os.fsdecode(b"caf\xe9")
        photo(odd / os.fsdecode(b"\xff.png"))
        degrade_photos(tmp_path / "people", tmp_path / "out", SEPIA)
        assert files(tmp_path / "out") == [os.fsdecode(b"caf\xe9/\xff.png")]


def test_a_file_is_no_folder_to_write_to(source, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ConfigurationError, match="is a file"):
        degrade_photos(source, tmp_path / "taken", SEPIA)
    assert (tmp_path / "taken").read_text() == "mine"


class TestOnePhoto:
    def test_it_lies_directly_in_the_target(self, source, tmp_path):
        done = degrade_photos(source / "Ann" / "1.jpg", tmp_path / "new" / "out", SEPIA)
        assert (done.written, done.failed, done.ignored) == (1, (), 0)
        assert files(tmp_path / "new" / "out") == ["1.png"]

    def test_severity_0_is_the_photo_without_loss(self, source, tmp_path):
        degrade_photos(source / "Ann" / "1.jpg", tmp_path / "out", get_family("jpeg").at(0))
        written = decode_photo(tmp_path / "out" / "1.png")
        np.testing.assert_array_equal(written, decode_photo(source / "Ann" / "1.jpg"))

    def test_a_broken_one_is_told(self, source, tmp_path):
        done = degrade_photos(source / "Ann" / "cut.jpg", tmp_path / "out", SEPIA)
        assert (done.written, len(done.failed)) == (0, 1)


class TestRefused:
    def test_a_source_that_is_not_there(self, tmp_path):
        with pytest.raises(PeopleError, match=r"absent does not exist\. Expected a photo or a folder of photos"):
            degrade_photos(tmp_path / "absent", tmp_path / "out", SEPIA)

    def test_a_source_without_a_photo(self, tmp_path):
        (tmp_path / "empty").mkdir()
        (tmp_path / "notes.txt").write_text("no photo")
        for source in ("empty", "notes.txt"):
            with pytest.raises(PeopleError, match="no photo below"):
                degrade_photos(tmp_path / source, tmp_path / "out", SEPIA)

    @pytest.mark.parametrize("inside", [".", "worse", "Ann/deep/worse", "../people/worse"])
    def test_a_target_inside_the_source(self, source, inside):
        with pytest.raises(ConfigurationError, match="would degrade its own photos"):
            degrade_photos(source, source / inside, SEPIA)
        assert not (source / "worse").exists()

    def test_a_target_that_a_link_leads_into_the_source(self, source, tmp_path):
        (tmp_path / "link").symlink_to(source)
        with pytest.raises(ConfigurationError, match="would degrade its own photos"):
            degrade_photos(source, tmp_path / "link" / "worse", SEPIA)

    def test_two_photos_that_would_have_one_name(self, source, tmp_path):
        photo(source / "Ann" / "1.png", seed=9)
        with pytest.raises(ConfigurationError, match=r"1\.jpg and .*1\.png would both become .*Rename one"):
            degrade_photos(source, tmp_path / "out", SEPIA)
        assert not (tmp_path / "out").exists()

    def test_a_file_that_is_there_unless_overwriting_is_asked_for(self, source, tmp_path):
        degrade_photos(source, tmp_path / "out", SEPIA)
        before = (tmp_path / "out" / "Ann" / "2.png").read_bytes()
        with pytest.raises(ConfigurationError, match=r"is there already\. Choose another .*overwrite=True"):
            degrade_photos(source, tmp_path / "out", get_family("invert").at(1))
        assert (tmp_path / "out" / "Ann" / "2.png").read_bytes() == before
        assert degrade_photos(source, tmp_path / "out", get_family("invert").at(1), overwrite=True).written == 4
        assert (tmp_path / "out" / "Ann" / "2.png").read_bytes() != before

    def test_a_function_that_fails_stops_it(self, source, tmp_path):
        def picky(photo, severity):
            raise ValueError("no")

        with pytest.raises(DegradationError, match="picky-1: the function raised ValueError: no"):
            degrade_photos(source, tmp_path / "out", get_suite(picky).conditions([1])[1])

    @pytest.mark.parametrize("what", ["Ann/2.png", "Ann"])
    def test_no_photo_is_ever_written_over_a_source(self, source, what):
        photo(source / "Ann" / "Ann" / "2.png", seed=8)
        before = (source / "Ann" / "2.png").read_bytes()
        with pytest.raises(ConfigurationError):
            degrade_photos(source / what, (source / what).parent, SEPIA, overwrite=True)
        assert (source / "Ann" / "2.png").read_bytes() == before

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"selection": "subjekt"}, "Did you mean 'subject'"),
            ({"workers": 0}, "workers"),
            ({"workers": -1}, "workers"),
        ],
        ids=["selection", "no worker", "negative"],
    )
    def test_settings_that_make_no_sense(self, source, tmp_path, settings, said):
        with pytest.raises(ConfigurationError, match=said):
            degrade_photos(source, tmp_path / "out", get_family("mask").at(1), **settings)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Two people who do not exist, and a photo without a face."""
    folder = tmp_path_factory.mktemp("faces")
    write_population(folder, Population(2, 1, seed=2), workers=1)
    Image.new("RGB", (90, 70), "gray").save(folder / "blank.png")
    return folder


class TestOnAFace:
    def test_it_sits_on_the_face_that_was_found(self, people, tmp_path):
        condition = get_family("half-face").at(3, seed=2)
        done = degrade_photos(people, tmp_path, condition)
        detector, sources = load_mtcnn(offline=True), sorted(people.rglob("*.jpg"))
        assert done.written == len(sources) == 2
        for path in sources:
            pixels = decode_photo(path)
            face = choose(detector.find([pixels])[0], *pixels.shape[:2])
            expected = condition.apply(pixels, digest(path), face)
            written = decode_photo((tmp_path / path.relative_to(people)).with_suffix(".png"))
            np.testing.assert_array_equal(written, expected)
            assert (written != pixels).any()

    def test_a_photo_without_a_face_is_listed(self, people, tmp_path):
        done = degrade_photos(people, tmp_path, get_family("mask").at(1))
        assert done.failed == ((people / "blank.png", "no face found in the photo as it is"),)
        assert not (tmp_path / "blank.png").exists()

    def test_severity_0_needs_no_face(self, people, tmp_path):
        assert degrade_photos(people, tmp_path, get_family("mask").at(0)).written == 3
