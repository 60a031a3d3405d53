from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.folder import read_people
from faceproof.people.photo_files import PHOTO_SUFFIXES
from faceproof.people.types import Notice, PhotoSet

NOBODY = 65534


def photo(path: Path, shade: int = 0) -> Path:
    """A small picture; equal shades give equal bytes, and by default the path decides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shade = shade or int.from_bytes(hashlib.sha256(os.fsencode(path)).digest()[:3], "big")
    colour = (shade >> 16, shade >> 8 & 255, shade & 255)
    Image.new("RGB", (4, 4), colour).save(path, "PNG")
    return path


def ids(photos: PhotoSet) -> list[str]:
    return [one.id for one in photos.photos]


def notice(photos: PhotoSet, kind: str) -> Notice:
    found = [one for one in photos.notices if one.kind == kind]
    assert len(found) == 1, [one.kind for one in photos.notices]
    return found[0]


def kinds(photos: PhotoSet) -> list[str]:
    return [one.kind for one in photos.notices]


@contextmanager
def as_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work inside ``folder`` without root's right to read everything; relative paths pass its parents by."""
    folder.chmod(0o755)
    monkeypatch.chdir(folder)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_photos_of_people_in_sorted_order(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "b/10.jpg", "B/1.jpg", "A b/1.jpg", "A/1.jpg", "a/ä.jpg", "a/z.jpg"):
        photo(tmp_path / name)
    photos = read_people(tmp_path)
    names = sorted(os.listdir(tmp_path))
    assert ids(photos) == [f"{name}/{file}" for name in names for file in sorted(os.listdir(tmp_path / name))]
    assert ids(photos)[:3] == ["A/1.jpg", "A b/1.jpg", "B/1.jpg"]
    assert list(photos.by_person()) == names


def test_each_photo_says_where_it_is_whose_and_what(tmp_path: Path) -> None:
    path = photo(tmp_path / "Anna" / "1.jpg")
    photos = read_people(tmp_path)
    assert photos.root == tmp_path
    assert photos.notices == ()
    assert photos.people_without_photos == ()
    (only,) = photos.photos
    assert (only.id, only.path, only.person, only.group) == ("Anna/1.jpg", path, "Anna", "any")
    assert only.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", sorted(PHOTO_SUFFIXES | {".JPG", ".Png", ".TIFF"}))
def test_suffixes_of_photos_in_any_case(tmp_path: Path, suffix: str) -> None:
    photo(tmp_path / "Anna" / f"1{suffix}")
    assert ids(read_people(tmp_path)) == [f"Anna/1{suffix}"]


def test_files_that_are_no_photos_are_counted(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg")
    for name in ("Thumbs.db", "notes.txt", "no_suffix", "IMG_1.HEIC", "IMG_2.CR2", ".DS_Store", "._1.jpg"):
        (tmp_path / "Anna" / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "Anna" / "pipe")
    photo(tmp_path / "Anna" / ".hidden" / "1.jpg")
    photo(tmp_path / ".git" / "1.jpg")
    (tmp_path / "readme.txt").touch()
    photo(tmp_path / "loose.jpg")
    photos = read_people(tmp_path)
    assert ids(photos) == ["Anna/1.jpg"]
    foreign = notice(photos, "foreign_files")
    assert foreign.examples == ("readme.txt", "Anna/Thumbs.db", "Anna/no_suffix", "Anna/notes.txt")
    assert notice(photos, "special_files").examples == ("Anna/pipe",)
    assert notice(photos, "foreign_photos").examples == ("Anna/IMG_1.HEIC", "Anna/IMG_2.CR2")
    hidden = notice(photos, "hidden_files")
    assert hidden.examples == (".git", "Anna/.DS_Store", "Anna/._1.jpg", "Anna/.hidden")
    assert notice(photos, "photos_in_no_person").message == "1 photo outside every person's folder: ignored"


def test_a_notice_counts_all_and_shows_a_few(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg")
    for number in range(1200):
        (tmp_path / "Anna" / f"{number:04}.txt").touch()
    foreign = notice(read_people(tmp_path), "foreign_files")
    assert foreign.count == 1200
    assert foreign.message == "1,200 files without the suffix of a photo: ignored"
    assert foreign.examples == tuple(f"Anna/{number:04}.txt" for number in range(5))


def test_folders_in_a_persons_folder_are_ignored_and_counted(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg")
    photo(tmp_path / "Anna" / "2019" / "2.jpg")
    photo(tmp_path / "Anna" / "folder.jpg" / "3.jpg")
    photos = read_people(tmp_path)
    assert ids(photos) == ["Anna/1.jpg"]
    assert notice(photos, "folders_in_people").examples == ("Anna/2019", "Anna/folder.jpg")


def test_people_without_photos_are_listed(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg")
    (tmp_path / "Ben").mkdir()
    (tmp_path / "Cleo").mkdir()
    (tmp_path / "Cleo" / "diary.txt").touch()
    photos = read_people(tmp_path)
    assert photos.people_without_photos == ("Ben", "Cleo")
    assert notice(photos, "people_without_photos").count == 2


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    store, people = tmp_path / "store", tmp_path / "people"
    photo(store / "of Ben" / "1.jpg")
    target = photo(store / "picture")
    (people / "Anna").mkdir(parents=True)
    (people / "Anna" / "link.jpg").symlink_to(target)
    (people / "Ben").symlink_to(store / "of Ben")
    photos = read_people(people)
    assert ids(photos) == ["Anna/link.jpg", "Ben/1.jpg"]
    assert photos.photos[0].sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert photos.notices == ()


def test_loops_and_dangling_links_are_reported(tmp_path: Path) -> None:
    root = tmp_path / "people"
    photo(root / "Anna" / "1.jpg")
    (root / "above").symlink_to(tmp_path)
    (root / "all").symlink_to(".")
    (root / "ping").symlink_to("pong")
    (root / "pong").symlink_to("ping")
    (root / "Anna" / "itself").symlink_to("../Anna")
    (root / "Anna" / "self.jpg").symlink_to("self.jpg")
    (root / "gone").symlink_to("nowhere")
    (root / "Anna" / "gone.jpg").symlink_to("nowhere.jpg")
    (root / "Anna" / "through.jpg").symlink_to("1.jpg/below")
    photos = read_people(root)
    assert ids(photos) == ["Anna/1.jpg"]
    loops = notice(photos, "link_loops")
    assert loops.count == 6
    assert loops.examples == ("above", "all", "ping", "pong", "Anna/itself")
    assert notice(photos, "dangling_links").examples == ("gone", "Anna/gone.jpg", "Anna/through.jpg")


def test_the_root_may_be_a_link(tmp_path: Path) -> None:
    photo(tmp_path / "people" / "Anna" / "1.jpg")
    (tmp_path / "link").symlink_to("people")
    assert ids(read_people(tmp_path / "link")) == ["Anna/1.jpg"]


def test_one_photo_in_two_peoples_folders(tmp_path: Path) -> None:
    for name in ("Anna/1.jpg", "Ben/7.jpg", "Cleo/1.jpg", "Dan/1.jpg"):
        photo(tmp_path / name, shade=5)
    photo(tmp_path / "Ben" / "8.jpg")
    photos = read_people(tmp_path)
    assert len(photos.photos) == 5
    assert kinds(photos) == ["same_photo_in_two_people"]
    assert photos.notices[0].count == 1
    assert photos.notices[0].examples == ("Anna/1.jpg = Ben/7.jpg = Cleo/1.jpg = ...",)


def test_one_photo_twice_with_one_person(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg", shade=5)
    photo(tmp_path / "Anna" / "2.jpg", shade=5)
    photos = read_people(tmp_path)
    assert kinds(photos) == ["same_photo_twice"]
    assert photos.notices[0].examples == ("Anna/1.jpg = Anna/2.jpg",)


def test_damaged_photos_stay_photos_and_are_noticed(tmp_path: Path) -> None:
    photo(tmp_path / "Anna" / "1.jpg")
    (tmp_path / "Anna" / "2.jpg").touch()
    (tmp_path / "Ben").mkdir()
    (tmp_path / "Ben" / "1.jpg").touch()
    (tmp_path / "Ben" / "page.jpg").write_text("<html>")
    photos = read_people(tmp_path)
    assert len(photos.photos) == 4
    assert photos.people_without_photos == ()
    assert kinds(photos) == ["empty_files", "not_images"], "empty files are no copies of each other"
    assert notice(photos, "empty_files").examples == ("Anna/2.jpg", "Ben/1.jpg")
    assert notice(photos, "not_images").examples == ("Ben/page.jpg",)
    assert photos.photos[1].sha256 == hashlib.sha256(b"").hexdigest()


def test_photos_and_people_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo(tmp_path / "people" / "Anna" / "1.jpg")
    photo(tmp_path / "people" / "Anna" / "2.jpg").chmod(0)
    photo(tmp_path / "people" / "Ben" / "1.jpg")
    photo(tmp_path / "people" / "Cleo" / "1.jpg")
    (tmp_path / "people" / "Cleo" / "link.jpg").symlink_to("1.jpg")
    (tmp_path / "people" / "Ben").chmod(0)
    (tmp_path / "people" / "Cleo").chmod(0o444)
    try:
        with as_nobody(tmp_path, monkeypatch):
            photos = read_people(Path("people"))
    finally:
        (tmp_path / "people" / "Ben").chmod(0o755)
        (tmp_path / "people" / "Cleo").chmod(0o755)
    assert ids(photos) == ["Anna/1.jpg", "Anna/2.jpg", "Cleo/1.jpg", "Cleo/link.jpg"]
    assert [bool(one.sha256) for one in photos.photos] == [True, False, False, False]
    assert notice(photos, "unreadable_people").examples == ("Ben (permission denied)",)
    assert notice(photos, "unreadable_photos").examples[0] == "Anna/2.jpg (permission denied)"
    assert notice(photos, "unreadable_photos").count == 3


NAMES = [
    "<script>alert(1)<∕script>",
    "\"double\" and 'single'",
    "two\nlines",
    "\N{GRINNING FACE}",
    "Зоя",
    "山田",
    "عمر",
    "%s {0} $x",
    "-rf",
    " space ",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    path = photo(tmp_path / name / f"{name}.jpg")
    (only,) = read_people(tmp_path).photos
    assert (only.id, only.person, only.path) == (f"{name}/{name}.jpg", name, path)


def test_names_that_are_not_utf_8_become_valid_and_stay_apart(tmp_path: Path) -> None:
    for number, name in enumerate((b"b\xff", b"b\xfe", "b\ufffd".encode(), b"c"), start=1):
        folder = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
        photo(folder / "1.jpg", shade=number)
        photo(folder / os.fsdecode(b"\xff.jpg"), shade=number + 100)
    photos = read_people(tmp_path)
    assert ids(photos) == [
        f"{person}/{file}.jpg" for person in ("b\ufffd", "b\ufffd~2", "b\ufffd~3", "c") for file in ("1", "\ufffd")
    ]
    assert len({one.sha256 for one in photos.photos}) == 8
    assert all(one.path.is_file() for one in photos.photos)
    assert all(one.id.encode() for one in photos.photos)
    assert notice(photos, "invalid_names").count == 6
    assert len(photos.digest()) == 64


def test_names_equal_but_for_case_or_unicode_form(tmp_path: Path) -> None:
    composed, decomposed = "Zo\u00eb", "Zoe\u0308"
    for name in (composed, decomposed, "anna", "Anna", "Ben"):
        photo(tmp_path / name / "1.jpg")
    photos = read_people(tmp_path)
    assert len(photos.by_person()) == 5
    assert notice(photos, "similar_names").examples == ("Anna = anna", f"{decomposed} = {composed}")


def test_matched_and_mismatched_faces(tmp_path: Path) -> None:
    for name in ("mismatched_faces/Cleo/1.jpg", "matched_faces/Ben/1.jpg", "matched_faces/Anna/2.jpg"):
        photo(tmp_path / name)
    (tmp_path / "matched_faces" / "Dan").mkdir()
    photo(tmp_path / "matched_faces" / "loose.jpg")
    photo(tmp_path / "others" / "1.jpg")
    photos = read_people(tmp_path)
    assert [(one.id, one.person, one.group) for one in photos.photos] == [
        ("matched_faces/Anna/2.jpg", "Anna", "mated"),
        ("matched_faces/Ben/1.jpg", "Ben", "mated"),
        ("mismatched_faces/Cleo/1.jpg", "Cleo", "non_mated"),
    ]
    assert photos.people_without_photos == ("matched_faces/Dan",)
    assert notice(photos, "people_beside_groups").examples == ("others",)
    assert notice(photos, "photos_in_no_person").examples == ("matched_faces/loose.jpg",)


def test_one_of_the_two_alone_is_a_person(tmp_path: Path) -> None:
    photo(tmp_path / "matched_faces" / "1.jpg")
    assert read_people(tmp_path).photos[0].person == "matched_faces"


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"nowhere: there is no such folder\. Expected .* Check the path"):
        read_people(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"a\.jpg: this is a file, not a folder\. Expected .* Give the folder"):
        read_people(photo(tmp_path / "a.jpg"))


def test_a_link_to_itself_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "people").symlink_to("people")
    with pytest.raises(PeopleError, match="too many levels of symbolic links"):
        read_people(tmp_path / "people")


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "people").mkdir(mode=0)
    with as_nobody(tmp_path, monkeypatch), pytest.raises(PeopleError, match="no permission to open this folder"):
        read_people(Path("people"))
    (tmp_path / "people").chmod(0o755)


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(PeopleError, match=r"no person's folder in it\. Expected .* right folder"):
        read_people(tmp_path)


def test_photos_directly_in_the_folder(tmp_path: Path) -> None:
    photo(tmp_path / "1.jpg")
    with pytest.raises(PeopleError, match="1 photo is directly in this folder"):
        read_people(tmp_path)
    photo(tmp_path / "2.jpg")
    with pytest.raises(PeopleError, match=r"2 photos are directly .* Put each person's photos into a separate folder"):
        read_people(tmp_path)


def test_people_but_no_photos(tmp_path: Path) -> None:
    (tmp_path / "Anna").mkdir()
    (tmp_path / "Anna" / "1.heic").touch()
    with pytest.raises(PeopleError, match=r"no photo in it\. .* 1 photo in a format that faceproof cannot read"):
        read_people(tmp_path)


def test_a_folder_too_high_up(tmp_path: Path) -> None:
    photo(tmp_path / "lfw" / "Anna" / "1.jpg")
    with pytest.raises(PeopleError, match=r"The folder of people may be further down, such as .*/lfw\."):
        read_people(tmp_path)


def test_workers_change_nothing_and_progress_reaches_the_end(tmp_path: Path) -> None:
    for number in range(150):
        photo(tmp_path / f"{number % 7}" / f"{number}.jpg")
    seen: list[tuple[int, int]] = []
    one = read_people(tmp_path, workers=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 150), (64, 150), (128, 150), (150, 150)]
    assert read_people(tmp_path, workers=8) == one


def test_no_workers(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="workers is 0"):
        read_people(tmp_path, workers=0)


def test_the_digest_forgets_where_the_folder_lies(tmp_path: Path) -> None:
    for place in ("here", "there"):
        photo(tmp_path / place / "Anna" / "1.jpg", shade=3)
    here, there = (read_people(tmp_path / place) for place in ("here", "there"))
    assert here.digest() == there.digest()


def test_importing_it_loads_no_torch() -> None:
    code = "import sys, faceproof.people.folder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=300, check=False).returncode == 0
