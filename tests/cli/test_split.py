"""``faceproof split`` as a person uses it: data on stdout, all else on stderr."""

from __future__ import annotations

import json
import os
from functools import partial

import pytest
from stopping import stopped


@pytest.fixture
def run(foreseen):
    """``faceproof split`` in this process."""
    return partial(foreseen, "split")


def photo(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff" + os.fsencode(path))
    return path


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


@pytest.fixture
def people(tmp_path):
    """Four photos of Anna, two of Ben, one of Cleo, none of Dan."""
    for name in ("Anna/1.jpg", "Anna/2.jpg", "Anna/3.jpg", "Anna/4.jpg", "Ben/1.jpg", "Ben/2.jpg", "Cleo/1.jpg"):
        photo(tmp_path / "people" / name)
    (tmp_path / "people" / "Dan").mkdir()
    return tmp_path / "people"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


SPLIT = [
    *(f"matched_faces/Anna/{number}.jpg" for number in (1, 2, 3, 4)),
    *(f"matched_faces/Ben/{number}.jpg" for number in (1, 2)),
    "mismatched_faces/Cleo/1.jpg",
]


def test_a_folder_is_split_and_the_outcome_told(run, people, out):
    before = files(people)
    done = run(people, out)
    assert files(out) == SPLIT
    assert files(people) == before
    made, matched, mismatched, nowhere, how = done.stdout.splitlines()
    assert made == f"Made {out}"
    assert matched.split() == ["matched_faces/", "2", "people", "6", "photos"]
    assert mismatched.split() == ["mismatched_faces/", "1", "people", "1", "photos"]
    assert nowhere.strip() == "nowhere, for want of a photo: Dan"
    assert how.strip() == "7 linked"
    assert f"Reading the people below {people}" in done.stderr
    assert "Note: 1 folder without a photo: left out (Dan)" in done.stderr


def test_json_is_all_there_is_on_stdout_and_quiet_leaves_stderr_empty(process, people, out):
    done = process("split", people, out, "--json", "--quiet")
    assert json.loads(done.stdout) == {
        "source": str(people),
        "destination": str(out),
        "dry_run": False,
        "mode": "link",
        "folders": {
            "matched_faces": {"people": 2, "photos": 6},
            "mismatched_faces": {"people": 1, "photos": 1},
        },
        "photos": {"linked": 7},
        "people_without_photos": ["Dan"],
        "people_left_out": [],
    }
    assert done.stderr == ""
    assert files(out) == SPLIT


@pytest.mark.parametrize(
    ("option", "mode", "photos"),
    [
        ("--symlink", "symlink", {"symlinked": 7}),
        ("--copy", "copy", {"copied": 7}),
        ("--move", "move", {"linked": 7, "moved": 7}),
    ],
)
def test_other_ways_to_bring_the_photos(run, people, out, option, mode, photos):
    inode = (people / "Cleo" / "1.jpg").stat().st_ino
    answer = json.loads(run(people, out, option, "--json").stdout)
    assert (answer["mode"], answer["photos"]) == (mode, photos)
    placed = out / "mismatched_faces" / "Cleo" / "1.jpg"
    assert placed.is_symlink() == (mode == "symlink")
    assert (placed.stat().st_ino == inode) == (mode != "copy")
    assert os.listdir(people) == ["Dan"] if mode == "move" else len(files(people)) == 7


@pytest.mark.parametrize("options", [["--symlink", "--copy"], ["--copy", "--move"]])
def test_ways_exclude_each_other(run, people, out, options):
    done = run(people, out, *options, code=2)
    assert done.stdout == ""
    assert "--symlink, --copy and --move exclude each other" in done.stderr
    assert not out.exists()


def test_a_dry_run_tells_and_writes_nothing(run, people, out, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    told = run(people, out, "--dry-run", "--move").stdout.splitlines()
    assert told[0] == f"Would make {out}"
    assert told[1].split() == ["matched_faces/", "2", "people", "6", "photos"]
    assert len(told) == 4, "no photo was brought anywhere"
    answer = json.loads(run(people, out, "--dry-run", "--json").stdout)
    assert (answer["dry_run"], answer["photos"]) == (True, {})
    assert answer["folders"]["mismatched_faces"] == {"people": 1, "photos": 1}
    assert sorted(tmp_path.rglob("*")) == before


def test_a_dry_run_refuses_what_the_run_would_refuse(run, people):
    done = run(people, people / "out", "--dry-run", code=1)
    assert done.stdout == ""
    assert "is inside" in done.stderr


def test_training_and_testing(run, people, out):
    done = run(people, out, "--train-test", "--quiet")
    assert files(out) == ["testing/Anna/1.jpg", *(f"training/Anna/{number}.jpg" for number in (2, 3, 4))]
    assert done.stdout.splitlines()[1].split() == ["testing/", "1", "people", "1", "photos"]
    assert "  nowhere, for want of a fourth photo: Ben, Cleo" in done.stdout.splitlines()


def test_an_existing_folder_is_not_touched(run, people, out):
    kept = photo(out / "Anna" / "1.jpg")
    done = run(people, out, "--json", code=1)
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith(f"faceproof: {out} already exists and is not empty")
    assert files(out) == ["Anna/1.jpg"]
    assert kept.read_bytes().startswith(b"\xff\xd8\xff")


def test_no_such_folder(run, tmp_path, out):
    done = run(tmp_path / "nowhere", out, "--quiet", code=1)
    assert done.stdout == ""
    assert "nowhere: there is no such folder" in done.stderr
    assert not out.exists()


def test_a_destination_is_needed(run, people):
    assert "DESTINATION" in run(people, code=2).stderr


def test_awkward_names_stay_names(run, tmp_path):
    names = ["<script>alert('x')<\N{DIVISION SLASH}script>", 'two\nlines "quoted"', "\N{GRINNING FACE}", "[red]Zoë"]
    source = tmp_path / os.fsdecode(b"people \xff")
    out = tmp_path / os.fsdecode(b"out \xff \xf0\x9f\x98\x80")
    for name in names:
        photo(source / name / f"{name}.jpg")
    (source / "nobody\x1b[31m").mkdir()
    (source / "[bold]no one").mkdir()
    done = run(source, out, "--copy")
    assert sorted(os.listdir(out / "mismatched_faces")) == sorted(names)
    assert f"Made {tmp_path}/out \ufffd \N{GRINNING FACE}" in done.stdout.splitlines()
    assert "\x1b" not in done.stdout + done.stderr
    assert "nowhere, for want of a photo: [bold]no one, nobody\\x1b[31m" in done.stdout
    answer = json.loads(run(source, tmp_path / "again", "--dry-run", "--json", "--quiet").stdout)
    assert answer["source"] == f"{tmp_path}/people \ufffd"
    assert answer["people_without_photos"] == ["[bold]no one", "nobody\x1b[31m"]


@pytest.mark.parametrize("destination_exists", [False, True])
def test_ctrl_c_leaves_the_source_and_nothing_else(tmp_path, out, destination_exists):
    first = photo(tmp_path / "people" / "Anna" / "0.jpg")
    first.write_bytes(first.read_bytes() + bytes(20_000))
    for number in range(1, 4000):
        os.link(first, first.with_name(f"{number}.jpg"))
    if destination_exists:
        out.mkdir()
    before = files(tmp_path)
    copying = f"Path({str(tmp_path / 'out.partial')!r}).exists()"
    done = stopped(copying, "split", tmp_path / "people", out, "--copy")
    assert done.returncode == 130, done.stderr
    assert done.stdout == ""
    assert files(tmp_path) == before
    assert out.exists() == destination_exists
    assert done.stderr.endswith(f"Stopped; nothing was made, and {tmp_path / 'people'} is as it was.\n")
