"""A photo's file: what is refused without reading it, and what is noticed while it is in use."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo, decode_with_digest
from faceproof.people.folder import read_people
from faceproof.people.opening import MAX_FILE_BYTES, READ_WHOLE_BYTES, digest_of, opened, unchanged
from faceproof.people.photo_files import photos_below


def reason(path: Path) -> str:
    with pytest.raises(ImageDecodeError) as caught, opened(path):
        pass
    return str(caught.value)


def within(seconds: float, work):
    """What ``work`` returns; fails where it takes longer, as it does when it waits for ever."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, "it waits"
    return results[0]


def blocking(folder: Path) -> dict[str, str]:
    """Names of links to what blocks when it is read, or never ends, and the reason that each must give."""
    os.mkfifo(folder / "a-pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a-socket"))
    targets = {
        "pipe.jpg": (folder / "a-pipe", "not a file: a named pipe"),
        "socket.jpg": (folder / "a-socket", "not a file: a socket"),
        "zero.jpg": (Path("/dev/zero"), "not a file: a device"),
        "tty.jpg": (Path("/dev/tty"), "not a file: a device"),
        "kmsg.jpg": (Path("/proc/kmsg"), "zero bytes: the file is empty"),
        "kcore.jpg": (Path("/proc/kcore"), "too large"),
    }
    found = {}
    for name, (target, why) in targets.items():
        if target.exists():
            (folder / name).symlink_to(target)
            found[name] = why
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_blocks_is_refused_at_once(tmp_path: Path) -> None:
    for name, why in blocking(tmp_path).items():
        assert within(60, lambda name=name: reason(tmp_path / name)).startswith(why), name


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_folder_of_people_with_what_blocks_has_a_row_for_each(tmp_path: Path) -> None:
    person = tmp_path / "people" / "Anna"
    person.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(person / "1.jpg")
    names = blocking(tmp_path)
    for name in names:
        (person / name).symlink_to(tmp_path / name)
    photos = within(60, lambda: read_people(tmp_path / "people"))
    assert [photo.id for photo in photos.photos] == sorted(f"Anna/{name}" for name in ("1.jpg", *names))
    assert all(photo.path.is_symlink() != bool(photo.sha256) or photo.id == "Anna/kmsg.jpg" for photo in photos.photos)
    unreadable = next(notice for notice in photos.notices if notice.kind == "unreadable_photos")
    assert "Anna/pipe.jpg (not a file: a named pipe)" in unreadable.examples


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_looking_for_photos_by_their_first_bytes_reads_nothing_that_blocks(tmp_path: Path) -> None:
    names = blocking(tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "1.jpg")
    photos, others = within(60, lambda: photos_below(tmp_path))
    assert [path.name for path in photos] == sorted(["1.jpg", *names])
    assert others == 2  # the pipe and the socket themselves, which are not named like photos


def test_a_sparse_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (8, 8)).save(path)
    os.truncate(path, MAX_FILE_BYTES)
    with opened(path) as file:
        assert file.read(2) == b"\xff\xd8"
    os.truncate(path, MAX_FILE_BYTES + 1)
    assert reason(path) == "too large: a file of 1 GB, over the limit of 1 GB"
    with pytest.raises(ImageDecodeError, match="too large: a file of 1 GB"):
        decode_photo(path)


def test_the_digest_is_that_of_the_whole_file(tmp_path: Path) -> None:
    content = np.random.default_rng(1).bytes(3_000_001)
    (tmp_path / "a").write_bytes(content)
    with opened(tmp_path / "a") as file:
        assert digest_of(file) == hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["small", "large"])
def picture(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, np.ndarray]:
    """A TIFF that is read at once, or one that is read from its handle; its digest and its pixels."""
    side = 40 if request.param == "small" else 2400
    pixels = np.random.default_rng(2).integers(0, 256, (side, side, 3), dtype=np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(pixels).save(path)
    assert (path.stat().st_size > READ_WHOLE_BYTES) == (request.param == "large")
    return path, hashlib.sha256(path.read_bytes()).hexdigest(), pixels


def test_pixels_come_with_the_digest_of_their_bytes(picture: tuple[Path, str, np.ndarray]) -> None:
    path, sha256, pixels = picture
    for expected in ("", sha256):
        found, digest = decode_with_digest(path, expected)
        np.testing.assert_array_equal(found, pixels)
        assert digest == sha256


def test_a_file_with_another_digest_has_changed(picture: tuple[Path, str, np.ndarray]) -> None:
    with pytest.raises(ImageDecodeError, match="the file changed after the run had begun"):
        decode_with_digest(picture[0], "0" * 64)


def test_a_file_that_changes_while_it_is_in_use_is_noticed_or_does_not_matter(
    picture: tuple[Path, str, np.ndarray],
) -> None:
    path, sha256, _ = picture
    content = path.read_bytes()
    large = len(content) > READ_WHOLE_BYTES

    def use() -> bytes:
        with unchanged(path, sha256) as (file, _):
            with path.open("r+b") as other:
                other.seek(500)
                other.write(b"changed")
            return file.read()

    if large:
        with pytest.raises(ImageDecodeError, match="the file changed"):
            use()
    else:
        assert use() == content


def test_a_change_explains_a_failure_better_than_the_failure(picture: tuple[Path, str, np.ndarray]) -> None:
    path, sha256, _ = picture
    why = "the file changed" if path.stat().st_size > READ_WHOLE_BYTES else "damaged"

    def fail() -> None:
        with unchanged(path, sha256):
            os.truncate(path, 3000)
            raise ImageDecodeError("damaged")

    with pytest.raises(ImageDecodeError, match=why):
        fail()
