"""A folder laid out anew: nothing half-made is left, and the source stays as it is unless it is to be moved."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faceproof.errors import ConfigurationError, PeopleError
from faceproof.people.folder import read_people
from faceproof.people.split import MODES, Mode, SplitPlan, apply_split, partial_path, plan_split

NOBODY = 65534
AWKWARD = [
    b"<script>alert('x')<\xe2\x88\x95script>",
    b"\"double\" and 'single'",
    b"two\nlines",
    "\N{GRINNING FACE}".encode(),
    "山田".encode(),
    "Zoe\u0308".encode(),
    "Zo\u00eb".encode(),
    b"%s {0} $x",
    b"-rf",
    b" space ",
    b"back\\slash",
    b"n" * 240,
    b"\xff\xfe",
    b"\xff\xfd",
]


def photo(path: Path) -> Path:
    """A file that begins like a JPEG, with bytes of its own and a date in the past."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff" + os.fsencode(path))
    os.utime(path, ns=(1_000_000_000_123_456_789, 1_100_000_000_123_456_789))
    return path


def make_people(root: Path, **counts: int) -> Path:
    """So many photos of each person."""
    for person, count in counts.items():
        (root / person).mkdir(parents=True)
        for number in range(1, count + 1):
            photo(root / person / f"{number}.jpg")
    return root


def files(root: Path) -> list[str]:
    """Every file and link below a folder, by its path."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir())


def snapshot(root: Path) -> dict[str, object]:
    """Everything below a folder that a split could change: kind, bytes, target, inode, date."""
    seen: dict[str, object] = {}
    for path in root.rglob("*"):
        state = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        seen[str(path.relative_to(root))] = (state.st_mode, state.st_ino, content, content and state.st_mtime_ns)
    return seen


def split(source: Path, destination: Path, mode: Mode = "link", **settings: bool) -> dict[str, int]:
    return apply_split(plan_split(read_people(source), destination, **settings), mode)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Work without root's right to read and write everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return make_people(tmp_path / "people", Anna=2, Ben=1, Cleo=3, Dan=1)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def anybody() -> Iterator[Path]:
    """People in a folder that anybody may enter (pytest's own are for one user), and one to write in."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        make_people(root / "people", Anna=2, Ben=1, Cleo=3, Dan=1)
        (root / "free").mkdir()
        (root / "free").chmod(0o777)
        yield root


SPLIT = [
    "matched_faces/Anna/1.jpg",
    "matched_faces/Anna/2.jpg",
    "matched_faces/Cleo/1.jpg",
    "matched_faces/Cleo/2.jpg",
    "matched_faces/Cleo/3.jpg",
    "mismatched_faces/Ben/1.jpg",
    "mismatched_faces/Dan/1.jpg",
]


def in_source(people: Path, target: str) -> Path:
    return people / target.partition("/")[2]


# modes


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "move"])
def test_people_with_two_photos_are_matched_and_the_source_stays(people: Path, destination: Path, mode: Mode) -> None:
    before = snapshot(people)
    made = split(people, destination, mode)
    assert files(destination) == SPLIT
    assert all((destination / target).read_bytes() == in_source(people, target).read_bytes() for target in SPLIT)
    assert snapshot(people) == before
    assert made == {{"link": "linked", "symlink": "symlinked", "copy": "copied"}[mode]: 7}
    assert not partial_path(destination).exists()


def test_hard_links_are_the_default(people: Path, destination: Path) -> None:
    assert apply_split(plan_split(read_people(people), destination)) == {"linked": 7}
    for target in SPLIT:
        assert not (destination / target).is_symlink()
        assert (destination / target).stat().st_ino == in_source(people, target).stat().st_ino


def test_copies_where_hard_links_cannot_be_made(
    people: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_device(source: str, target: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, str(target))

    monkeypatch.setattr(os, "link", another_device)
    assert split(people, destination) == {"copied": 7}
    for target in SPLIT:
        copy, original = destination / target, in_source(people, target)
        assert copy.stat().st_ino != original.stat().st_ino
        assert copy.read_bytes() == original.read_bytes()
        assert copy.stat().st_mtime_ns == original.stat().st_mtime_ns


def test_only_the_photos_that_cannot_be_linked_are_copied(
    people: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_link = os.link

    def sometimes(source: str, target: Path) -> None:
        if "Anna" in source:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK), source)
        real_link(source, target)

    monkeypatch.setattr(os, "link", sometimes)
    assert split(people, destination) == {"copied": 2, "linked": 5}


def test_a_copy_shares_nothing_with_the_source(people: Path, destination: Path) -> None:
    assert split(people, destination, "copy") == {"copied": 7}
    for target in SPLIT:
        assert (destination / target).stat().st_nlink == 1
        assert (destination / target).stat().st_mtime_ns == in_source(people, target).stat().st_mtime_ns


def test_an_empty_photo_is_copied_with_its_times(people: Path, destination: Path) -> None:
    empty = people / "Anna" / "1.jpg"
    empty.write_bytes(b"")
    os.utime(empty, ns=(10**18, 10**18))
    assert split(people, destination, "copy") == {"copied": 7}
    made = destination / "matched_faces" / "Anna" / "1.jpg"
    assert made.read_bytes() == b""
    assert made.stat().st_mtime_ns == 10**18


def test_what_never_ends_is_not_copied(people: Path, destination: Path) -> None:
    (people / "Anna" / "3.jpg").symlink_to("/dev/zero")
    with pytest.raises(PeopleError, match=r"stopped at /dev/zero \(not a file: a device\)"):
        split(people, destination, "copy")
    assert not destination.exists()


def test_symbolic_links_are_absolute_even_from_a_relative_source(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert split(Path("people"), Path("deeper/out"), "symlink") == {"symlinked": 7}
    for target in SPLIT:
        link = tmp_path / "deeper" / "out" / target
        assert os.readlink(link) == os.path.realpath(in_source(people, target))


def test_moving_takes_the_photos_and_the_empty_folders_out(people: Path, destination: Path) -> None:
    (people / "Cleo" / "diary.txt").write_text("stays")
    contents = {target: in_source(people, target).read_bytes() for target in SPLIT}
    assert split(people, destination, "move") == {"linked": 7, "moved": 7}
    assert files(destination) == SPLIT
    assert {target: (destination / target).read_bytes() for target in SPLIT} == contents
    assert os.listdir(people) == ["Cleo"]
    assert files(people) == ["Cleo/diary.txt"]


def test_moving_takes_nothing_out_before_all_is_in_place(people: Path, destination: Path) -> None:
    before, steps = files(people), []

    def look(done: int, total: int) -> None:
        steps.append((done, total))
        assert files(people) == before
        assert not destination.exists()

    apply_split(plan_split(read_people(people), destination), "move", progress=look)
    assert steps == [(done, 7) for done in range(1, 8)]
    assert files(people) == []


def test_moving_out_of_a_folder_that_may_not_be_changed_says_that_photos_are_there_twice(anybody: Path) -> None:
    people, destination = anybody / "people", anybody / "free" / "out"
    for folder in people.iterdir():
        folder.chmod(0o555)
    before = files(people)
    with as_nobody(), pytest.raises(PeopleError, match=r"out is complete, but .*Anna/1\.jpg cannot .* exist twice"):
        split(people, destination, "move")
    for folder in people.iterdir():
        folder.chmod(0o755)
    assert files(people) == before
    assert files(destination) == SPLIT


def test_moving_for_training_leaves_those_who_are_left_out(people: Path, destination: Path) -> None:
    make_people(people, Eve=4)
    split(people, destination, "move", train_test=True)
    assert files(people) == sorted(target.partition("/")[2] for target in SPLIT)
    assert not (people / "Eve").exists()


def test_no_such_mode(people: Path, destination: Path) -> None:
    plan = plan_split(read_people(people), destination)
    with pytest.raises(ConfigurationError, match=r"no mode 'hard'\. Expected one of link, symlink, copy, move"):
        apply_split(plan, "hard")  # type: ignore[arg-type]
    assert not destination.exists()


# plan


def test_a_plan_writes_nothing(people: Path, tmp_path: Path) -> None:
    before = snapshot(tmp_path)
    plan = plan_split(read_people(people), tmp_path / "a" / "b")
    assert {str(one.target): one.photo.id for one in plan.placements} == {
        target: target.partition("/")[2] for target in SPLIT
    }
    assert plan.source == people
    assert plan.destination == tmp_path / "a" / "b"
    assert snapshot(tmp_path) == before


def test_counts_of_people_and_photos(people: Path, destination: Path) -> None:
    plan = plan_split(read_people(people), destination)
    assert plan.counts() == {
        "matched_faces": {"people": 2, "photos": 5},
        "mismatched_faces": {"people": 2, "photos": 2},
    }


def test_a_folder_for_nobody_counts_none_and_is_made_all_the_same(tmp_path: Path, destination: Path) -> None:
    people = make_people(tmp_path / "people", Anna=2)
    plan = plan_split(read_people(people), destination)
    assert plan.counts()["mismatched_faces"] == {"people": 0, "photos": 0}
    apply_split(plan)
    assert sorted(os.listdir(destination)) == ["matched_faces", "mismatched_faces"]


def test_people_without_photos_are_named_and_go_nowhere(people: Path, destination: Path) -> None:
    make_people(people, Bob=0, Zoe=0)
    plan = plan_split(read_people(people), destination)
    assert plan.people_without_photos == ("Bob", "Zoe")
    assert plan.people_left_out == ()
    apply_split(plan)
    assert sorted(path.name for path in destination.glob("*/*")) == ["Anna", "Ben", "Cleo", "Dan"]


def test_training_takes_all_but_the_first_of_more_than_three_photos(tmp_path: Path, destination: Path) -> None:
    people = make_people(tmp_path / "people", Anna=4, Ben=3, Cleo=5, Dan=1, Eve=0)
    plan = plan_split(read_people(people), destination, train_test=True)
    assert plan.people_left_out == ("Ben", "Dan")
    assert plan.people_without_photos == ("Eve",)
    assert plan.folders == ("testing", "training")
    assert plan.counts() == {"testing": {"people": 2, "photos": 2}, "training": {"people": 2, "photos": 7}}
    apply_split(plan)
    assert files(destination) == [
        "testing/Anna/1.jpg",
        "testing/Cleo/1.jpg",
        *(f"training/Anna/{number}.jpg" for number in (2, 3, 4)),
        *(f"training/Cleo/{number}.jpg" for number in (2, 3, 4, 5)),
    ]


def test_training_needs_somebody_with_four_photos(people: Path, destination: Path) -> None:
    with pytest.raises(PeopleError, match=r"Nobody in .*people has enough photos: .* need four of a person"):
        plan_split(read_people(people), destination, train_test=True)


# destination


def test_an_empty_destination_is_used(people: Path, destination: Path) -> None:
    destination.mkdir()
    split(people, destination)
    assert files(destination) == SPLIT


def test_missing_folders_above_the_destination_are_made(people: Path, tmp_path: Path) -> None:
    split(people, tmp_path / "a" / "b" / "out")
    assert files(tmp_path / "a" / "b" / "out") == SPLIT


def occupied_by_a_file(destination: Path) -> None:
    destination.write_text("mine")


def occupied_by_a_folder(destination: Path) -> None:
    photo(destination / "Anna" / "1.jpg")


def occupied_through_a_link(destination: Path) -> None:
    photo(destination.with_name("elsewhere") / "1.jpg")
    destination.symlink_to("elsewhere")


@pytest.mark.parametrize("occupy", [occupied_by_a_file, occupied_by_a_folder, occupied_through_a_link])
@pytest.mark.parametrize("planned_before", [False, True])
def test_nothing_is_ever_overwritten(
    people: Path, destination: Path, tmp_path: Path, occupy: Callable[[Path], None], planned_before: bool
) -> None:
    plan = plan_split(read_people(people), destination)
    occupy(destination)
    before = snapshot(tmp_path)
    with pytest.raises(PeopleError, match=r"(out|elsewhere) already exists and is not empty"):
        apply_split(plan) if planned_before else plan_split(read_people(people), destination)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("place", ["people", "people/out", "people/Anna", "people/Anna/out", "link", "link/out"])
@pytest.mark.parametrize("source", ["people", "link"])
def test_a_destination_inside_the_source_is_refused(people: Path, tmp_path: Path, source: str, place: str) -> None:
    (tmp_path / "link").symlink_to("people")
    before = snapshot(tmp_path)
    with pytest.raises(PeopleError, match=f"{place} is inside .*{source}, which a split never changes"):
        plan_split(read_people(tmp_path / source), tmp_path / place)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("place", [".", "..", "people/.."])
def test_a_destination_around_the_source_is_refused(people: Path, tmp_path: Path, place: str) -> None:
    with pytest.raises(PeopleError, match=r"contains .*people, which a split never changes\. Choose a place beside it"):
        plan_split(read_people(people), tmp_path / place)


def test_a_name_that_begins_like_that_of_the_source_is_beside_it(people: Path, tmp_path: Path) -> None:
    split(people, tmp_path / "people-2")
    split(people, tmp_path / "peop")
    assert files(tmp_path / "people-2") == files(tmp_path / "peop") == SPLIT


@pytest.mark.parametrize("planned_before", [False, True])
def test_what_an_interrupted_split_left_is_reported_and_kept(
    people: Path, destination: Path, planned_before: bool
) -> None:
    plan = plan_split(read_people(people), destination)
    left_over = photo(partial_path(destination) / "matched_faces" / "Anna" / "1.jpg")
    with pytest.raises(PeopleError, match=r"out\.partial is from a split that was interrupted or"):
        apply_split(plan) if planned_before else plan_split(read_people(people), destination)
    assert left_over.is_file()
    assert not destination.exists()


def test_a_destination_below_a_file_cannot_be_made(people: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PeopleError, match=r"file/out\.partial cannot be made \(Not a directory\)"):
        split(people, tmp_path / "file" / "out")


def test_a_destination_where_one_may_not_write(anybody: Path) -> None:
    (anybody / "locked").mkdir(mode=0o555)
    with as_nobody(), pytest.raises(PeopleError, match=r"locked/out\.partial cannot be made \(Permission denied\)"):
        split(anybody / "people", anybody / "locked" / "out")


def test_a_destination_that_one_may_not_look_into(anybody: Path) -> None:
    (anybody / "free" / "out").mkdir(mode=0)
    with as_nobody(), pytest.raises(PeopleError, match=r"out cannot be opened \(Permission denied\)"):
        split(anybody / "people", anybody / "free" / "out")


# names and links


@pytest.mark.parametrize("mode", MODES)
def test_names_survive_whatever_they_are(tmp_path: Path, mode: Mode) -> None:
    people, destination = tmp_path / "people", tmp_path / os.fsdecode(b"out \xf0\x9f\x98\x80 \xff")
    for place, name in enumerate(AWKWARD):
        for number in range(1 + place % 2):
            photo(people / os.fsdecode(name) / os.fsdecode(b"%d " % number + name[:200] + b".jpg"))
    before = read_people(people)
    split(people, destination, mode)
    assert sorted(os.listdir(os.fsencode(destination / "mismatched_faces"))) == sorted(AWKWARD[0::2])
    assert sorted(os.listdir(os.fsencode(destination / "matched_faces"))) == sorted(AWKWARD[1::2])
    after = read_people(destination)
    assert sorted(one.sha256 for one in after.photos) == sorted(one.sha256 for one in before.photos)
    assert {one.path.name: one.path.parent.name for one in after.photos} == {
        one.path.name: one.path.parent.name for one in before.photos
    }


def test_names_that_differ_by_case_only_stay_two_people(tmp_path: Path, destination: Path) -> None:
    people = make_people(tmp_path / "people", anna=1, Anna=1)
    if len(os.listdir(people)) < 2:
        pytest.skip("this file system does not tell upper and lower case apart")
    split(people, destination)
    assert files(destination / "mismatched_faces") == ["Anna/1.jpg", "anna/1.jpg"]


@pytest.mark.parametrize("mode", MODES)
def test_links_in_the_source_stand_for_the_photos_that_they_lead_to(
    people: Path, tmp_path: Path, destination: Path, mode: Mode
) -> None:
    elsewhere = photo(tmp_path / "store" / "picture")
    (people / "Ben" / "2.jpg").symlink_to("../../store/picture")
    split(people, destination, mode)
    placed = destination / "matched_faces" / "Ben" / "2.jpg"
    assert placed.is_symlink() == (mode == "symlink")
    assert placed.read_bytes() == elsewhere.read_bytes()
    assert elsewhere.is_file(), "what lies outside of the source is not taken away"
    if mode in ("link", "move"):
        assert placed.stat().st_ino == elsewhere.stat().st_ino
    if mode == "symlink":
        assert os.readlink(placed) == os.path.realpath(elsewhere), "no link to a link"
    assert os.path.lexists(people / "Ben" / "2.jpg") == (mode != "move")


def test_a_person_that_is_a_link_keeps_the_name_of_the_link(people: Path, tmp_path: Path, destination: Path) -> None:
    target = photo(tmp_path / "store" / "of Eve" / "1.jpg")
    (people / "Eve").symlink_to(target.parent)
    split(people, destination)
    placed = destination / "mismatched_faces" / "Eve"
    assert not placed.is_symlink()
    assert (placed / "1.jpg").stat().st_ino == target.stat().st_ino
    assert (people / "Eve").is_symlink()


# a split of a split


def test_a_split_can_be_split_again(people: Path, tmp_path: Path, destination: Path) -> None:
    split(people, destination)
    photo(destination / "mismatched_faces" / "Ben" / "2.jpg")
    (destination / "matched_faces" / "Anna" / "2.jpg").unlink()
    split(destination, tmp_path / "again")
    assert files(tmp_path / "again") == [
        "matched_faces/Ben/1.jpg",
        "matched_faces/Ben/2.jpg",
        "matched_faces/Cleo/1.jpg",
        "matched_faces/Cleo/2.jpg",
        "matched_faces/Cleo/3.jpg",
        "mismatched_faces/Anna/1.jpg",
        "mismatched_faces/Dan/1.jpg",
    ]


def test_a_person_in_both_groups_is_one_person(tmp_path: Path, destination: Path) -> None:
    for name in ("matched_faces/Anna/1.jpg", "mismatched_faces/Anna/2.jpg", "mismatched_faces/Ben/1.jpg"):
        photo(tmp_path / "people" / name)
    plan = plan_split(read_people(tmp_path / "people"), destination)
    assert plan.counts()["matched_faces"] == {"people": 1, "photos": 2}
    apply_split(plan)
    assert files(destination) == ["matched_faces/Anna/1.jpg", "matched_faces/Anna/2.jpg", "mismatched_faces/Ben/1.jpg"]


def test_two_photos_that_would_take_each_others_place_are_refused(tmp_path: Path, destination: Path) -> None:
    for name in ("matched_faces/Anna/1.jpg", "mismatched_faces/Anna/1.jpg", "mismatched_faces/Ben/1.jpg"):
        photo(tmp_path / "people" / name)
    with pytest.raises(
        PeopleError,
        match=r"2 photos would get the same path.*: matched_faces/Anna/1\.jpg, mismatched_faces/Anna/1\.jpg\. ",
    ):
        plan_split(read_people(tmp_path / "people"), destination)


def test_people_of_both_groups_whose_names_are_not_utf_8_stay_two_people(tmp_path: Path, destination: Path) -> None:
    people = tmp_path / "people"
    for number in (1, 2):
        photo(people / "matched_faces" / os.fsdecode(b"\xff") / f"{number}.jpg")
    photo(people / "mismatched_faces" / os.fsdecode(b"\xfe") / "3.jpg")
    plan = plan_split(read_people(people), destination)
    assert plan.counts() == {
        "matched_faces": {"people": 1, "photos": 2},
        "mismatched_faces": {"people": 1, "photos": 1},
    }


# when something goes wrong midway


def vanishing(plan: SplitPlan) -> Callable[[int, int], None]:
    """Takes the last photo away once the first is done, as another program might."""

    def look(done: int, _total: int) -> None:
        if done == 1:
            plan.placements[-1].photo.path.unlink()

    return look


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("destination_exists", [False, True])
def test_a_photo_that_vanishes_midway_leaves_nothing_behind(
    people: Path, tmp_path: Path, destination: Path, mode: Mode, destination_exists: bool
) -> None:
    if destination_exists:
        destination.mkdir()
    plan = plan_split(read_people(people), destination)
    before = snapshot(tmp_path)
    with pytest.raises(PeopleError, match=r"The split stopped at .*1\.jpg \(No such file or directory\)\. The source"):
        apply_split(plan, mode, progress=vanishing(plan))
    del before["people/Dan/1.jpg"]
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("mode", MODES)
def test_an_interrupt_midway_leaves_nothing_behind(people: Path, tmp_path: Path, destination: Path, mode: Mode) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done == 4:
            assert len(files(partial_path(destination))) == 4
            raise KeyboardInterrupt

    plan = plan_split(read_people(people), destination)
    before = snapshot(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        apply_split(plan, mode, progress=interrupt)
    assert snapshot(tmp_path) == before


def test_a_photo_that_cannot_be_read_stops_the_split(anybody: Path) -> None:
    (anybody / "people" / "Cleo" / "2.jpg").chmod(0)
    with as_nobody(), pytest.raises(PeopleError, match=r"stopped at .*Cleo/2\.jpg \(Permission denied\)"):
        split(anybody / "people", anybody / "free" / "out", "copy")
    assert os.listdir(anybody / "free") == []


def test_a_split_that_failed_can_be_made_afterwards(people: Path, destination: Path) -> None:
    plan = plan_split(read_people(people), destination)
    with pytest.raises(PeopleError):
        apply_split(plan, progress=vanishing(plan))
    split(people, destination)
    assert files(destination) == SPLIT[:-1]
