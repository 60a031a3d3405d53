"""Fetching Labeled Faces in the Wild, without a network: what is refused, and what is made of an archive."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from faceproof.errors import PeopleError
from faceproof.people import lfw
from faceproof.people.folder import read_people
from faceproof.people.lfw import pull_lfw

ARCHIVE_URL = "https://ndownloader.figshare.com/files/5976015"
PAIRS_URL = "https://ndownloader.figshare.com/files/5976006"
PHOTOS = ("Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg", "Bo_Ray/Bo_Ray_0001.jpg")
PAIRS = "1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo_Ray\t1\n"
LISTS = ("pairs.txt", "pairsDevTest.txt", "pairsDevTrain.txt")


@pytest.fixture(autouse=True)
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No host is found, as on a machine without a network; which were looked for."""
    asked: list[str] = []

    def nothing_found(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nothing_found)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return asked


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "lfw"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An LFW of three photos counts as whole."""
    monkeypatch.setattr(lfw, "LFW_PEOPLE", 2)
    monkeypatch.setattr(lfw, "LFW_PHOTOS", 3)


def jpeg(shade: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (250, 250), (shade, shade, shade)).save(content, "JPEG")
    return content.getvalue()


def downloaded(destination: Path, photos: tuple[str, ...] = PHOTOS) -> Path:
    """What lies beside the destination when all is fetched and nothing unpacked; the archive's path."""
    home = destination.with_name("lfw.partial")
    home.mkdir(parents=True)
    for name in LISTS:
        (home / name).write_text(PAIRS)
    with tarfile.open(home / "lfw-funneled.tgz", "w:gz") as archive:
        for shade, name in enumerate(("pairs_01.txt", *photos)):
            content = jpeg(shade)
            member = tarfile.TarInfo(f"lfw_funneled/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return home / "lfw-funneled.tgz"


def test_offline_says_how_to_get_it_by_hand(destination: Path, tmp_path: Path, lookups: list[str]) -> None:
    with pytest.raises(PeopleError) as raised:
        pull_lfw(destination, offline=True)
    message = str(raised.value)
    assert f"LFW is not at {destination}, and the network may not be used. By hand: download " in message
    for part in (
        f"{ARCHIVE_URL} (lfw-funneled.tgz)",
        f"{PAIRS_URL} (pairs.txt)",
        str(destination / "lfw-funneled"),
        str(destination / "pairs.txt"),
    ):
        assert part in message
    assert lookups == []
    assert os.listdir(tmp_path) == []


def test_what_was_brought_by_hand_is_found(destination: Path, lookups: list[str]) -> None:
    people = destination / "lfw-funneled"
    people.mkdir(parents=True)
    (destination / "pairs.txt").write_text(PAIRS)
    assert pull_lfw(destination) == people
    assert pull_lfw(str(destination), offline=True) == people
    assert lookups == []
    assert sorted(os.listdir(destination)) == ["lfw-funneled", "pairs.txt"]


def a_file(destination: Path) -> None:
    destination.write_text("mine")


def a_folder_with_a_file(destination: Path) -> None:
    destination.mkdir()
    (destination / "thesis.tex").write_text("mine")


def people_without_pairs(destination: Path) -> None:
    (destination / "lfw-funneled").mkdir(parents=True)


def pairs_without_people(destination: Path) -> None:
    destination.mkdir()
    (destination / "pairs.txt").write_text(PAIRS)


def a_link_to_nowhere(destination: Path) -> None:
    destination.symlink_to("nowhere")


@pytest.mark.parametrize(
    "occupy", [a_file, a_folder_with_a_file, people_without_pairs, pairs_without_people, a_link_to_nowhere]
)
@pytest.mark.parametrize("offline", [False, True])
def test_an_occupied_destination_is_refused_before_anything_is_fetched(
    destination: Path,
    tmp_path: Path,
    occupy: Callable[[Path], None],
    offline: bool,
    lookups: list[str],
) -> None:
    occupy(destination)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(
        PeopleError, match=r"lfw exists, and does not have all of LFW \(lfw-funneled and pairs\.txt\)\. Choose"
    ):
        pull_lfw(destination, offline=offline)
    assert lookups == []
    assert sorted(tmp_path.rglob("*")) == before


def test_a_network_that_cannot_be_reached_leaves_nothing_and_names_the_addresses(
    destination: Path, tmp_path: Path, lookups: list[str]
) -> None:
    with pytest.raises(
        PeopleError, match=r"could not be downloaded to .*lfw \(.*Name or service not known\)"
    ) as raised:
        pull_lfw(destination)
    for part in (ARCHIVE_URL, PAIRS_URL, "By hand"):
        assert part in str(raised.value)
    assert set(lookups) == {"ndownloader.figshare.com"}
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("destination_exists", [False, True])
def test_an_archive_becomes_people_and_pair_lists(
    destination: Path,
    tmp_path: Path,
    destination_exists: bool,
    lookups: list[str],
) -> None:
    downloaded(destination)
    if destination_exists:
        destination.mkdir()
    people = pull_lfw(destination, offline=True)
    assert people == destination / "lfw-funneled"
    assert [one.id for one in read_people(people).photos] == list(PHOTOS)
    assert [(people / name).read_bytes() for name in PHOTOS] == [jpeg(1), jpeg(2), jpeg(3)]
    assert sorted(os.listdir(destination)) == ["lfw-funneled", *LISTS]
    assert all((destination / name).read_text() == PAIRS for name in LISTS)
    assert os.listdir(tmp_path) == ["lfw"]
    assert lookups == []
    assert pull_lfw(destination, offline=True) == people


@pytest.mark.usefixtures("small")
def test_unpacking_that_was_interrupted_is_begun_anew(destination: Path) -> None:
    archive = downloaded(destination)
    half = archive.parent / "lfw_funneled" / "Ann_Lee"
    half.mkdir(parents=True)
    (half / "Ann_Lee_0001.jpg").write_bytes(jpeg(1)[:100])
    (half / "Ann_Lee_0009.jpg").write_bytes(jpeg(1))
    people = pull_lfw(destination, offline=True)
    assert [one.id for one in read_people(people).photos] == list(PHOTOS)
    assert (people / PHOTOS[0]).read_bytes() == jpeg(1)


def test_an_archive_of_something_else_is_thrown_away(destination: Path, tmp_path: Path) -> None:
    downloaded(destination)
    with pytest.raises(PeopleError, match=r"The archive has 3 photos of 2 people; LFW has 13,233 of 5,749\. It was"):
        pull_lfw(destination, offline=True)
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("small")
def test_a_photo_that_is_missing_is_noticed(destination: Path, tmp_path: Path) -> None:
    downloaded(destination, (*PHOTOS[:2], "Bo_Ray/notes.txt"))
    with pytest.raises(PeopleError, match="The archive has 2 photos of 2 people"):
        pull_lfw(destination, offline=True)
    assert os.listdir(tmp_path) == []


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def altered(content: bytes) -> bytes:
    return content[:60] + bytes(byte ^ 0xFF for byte in content[60:90]) + content[90:]


def another_file(content: bytes) -> bytes:
    return b"<html>Not found</html>" * len(content)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("damage", [cut_short, altered, another_file])
def test_a_damaged_archive_is_thrown_away(destination: Path, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    archive = downloaded(destination)
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(PeopleError, match=r"LFW could not be downloaded to .*By hand"):
        pull_lfw(destination, offline=True)
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("small")
def test_a_missing_pair_list_is_named_and_what_is_there_stays(destination: Path) -> None:
    archive = downloaded(destination)
    (archive.parent / "pairs.txt").unlink()
    with pytest.raises(PeopleError, match=r"LFW could not be downloaded to .*pairs\.txt is missing"):
        pull_lfw(destination, offline=True)
    assert archive.is_file()


def test_a_destination_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PeopleError, match=r"could not be downloaded to .*file/lfw \(Not a directory\)"):
        pull_lfw(tmp_path / "file" / "lfw")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, format: str, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder that stands in for the host of LFW, with an LFW of three photos."""
    folder = tmp_path / "host"
    archive = downloaded(tmp_path / "made" / "lfw")
    folder.mkdir()
    files = {}
    for name, (number, _) in lfw._FILES.items():
        content = (archive.parent / name).read_bytes()
        (folder / number).write_bytes(content)
        files[name] = (number, hashlib.sha256(content).hexdigest())
    shutil.rmtree(tmp_path / "made")
    monkeypatch.undo()  # a host is found again
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lfw, "_FILES", files)
            patch.setattr(lfw, "_HOST", f"http://127.0.0.1:{server.server_address[1]}")
            patch.setattr(lfw, "LFW_PEOPLE", 2)
            patch.setattr(lfw, "LFW_PHOTOS", 3)
            yield folder
        server.shutdown()


def test_it_is_downloaded_checked_and_unpacked(served: Path, destination: Path) -> None:
    people = pull_lfw(destination)
    assert [one.id for one in read_people(people).photos] == list(PHOTOS)
    assert sorted(os.listdir(destination)) == ["lfw-funneled", *LISTS]


def test_a_file_with_another_digest_is_refused_and_the_others_are_kept(served: Path, destination: Path) -> None:
    number, _ = lfw._FILES["lfw-funneled.tgz"]
    whole = (served / number).read_bytes()
    (served / number).write_bytes(whole[:-1] + b"x")
    with pytest.raises(PeopleError, match=r"is not lfw-funneled\.tgz: its SHA-256 differs"):
        pull_lfw(destination)
    assert sorted(os.listdir(destination.with_name("lfw.partial"))) == [*LISTS]
    (served / number).write_bytes(whole)
    assert pull_lfw(destination).is_dir()
