"""Messages of libtiff end in the reason and never on stderr."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo

DECODE = """
import sys
from pathlib import Path
from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo

for path in sys.argv[1:]:
    try:
        print("pixels", decode_photo(Path(path)).shape)
    except ImageDecodeError as error:
        print(error)
"""
LOUD = "import sys; from PIL import Image; Image.open(sys.argv[1]).load()"


def damaged_tiff(path: Path, compression: str = "tiff_deflate") -> Path:
    """A TIFF whose pixels are damaged and whose header is whole."""
    stream = BytesIO()
    picture = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(picture).save(stream, "TIFF", compression=compression)
    content = bytearray(stream.getvalue())
    content[600:700] = bytes(100)
    path.write_bytes(content)
    return path


def run(script: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff is linked statically there")
def test_a_damaged_tiff_writes_nothing_to_stderr_and_its_reason_says_what_libtiff_said(tmp_path: Path) -> None:
    path = damaged_tiff(tmp_path / "a.tif")
    assert "ZIPDecode" in run(LOUD, path).stderr, "Pillow by itself lets libtiff write"
    quiet = run(DECODE, path, path)
    assert quiet.stderr == ""
    reasons = quiet.stdout.splitlines()
    assert len(reasons) == 2
    assert reasons[0] == reasons[1]
    assert reasons[0].startswith("damaged: the TIFF data cannot be decoded (libtiff: ZIPDecode: ")
    assert reasons[0].endswith(")")


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff is linked statically there")
def test_messages_of_one_photo_are_not_given_to_another(tmp_path: Path) -> None:
    deflate = damaged_tiff(tmp_path / "a.tif")
    lzw = damaged_tiff(tmp_path / "b.tif", "tiff_lzw")
    lines = run(DECODE, deflate, lzw).stdout.splitlines()
    assert "ZIPDecode" in lines[0]
    assert "ZIPDecode" not in lines[1]


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff is linked statically there")
def test_other_users_of_libtiff_in_the_process_still_get_their_messages(tmp_path: Path) -> None:
    path = damaged_tiff(tmp_path / "a.tif")
    both = run(f"{DECODE}\ntry:\n    import PIL.Image; PIL.Image.open(sys.argv[1]).load()\nexcept OSError: pass", path)
    assert both.stderr.count("ZIPDecode") == 1


def test_samples_that_no_pixel_can_have_write_nothing_to_stderr(tmp_path: Path) -> None:
    """Pillow logs this one in Python, and a logger without a handler writes to stderr."""
    stream = BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "TIFF")
    content = bytearray(stream.getvalue())
    at = content.index(b"\x15\x01\x03\x00")  # tag 277, SamplesPerPixel, a short
    content[at + 8 : at + 10] = b"\xff\xff"
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    assert "More samples per pixel" in run(LOUD, path).stderr
    assert run(DECODE, path).stderr == ""


def test_threads_keep_their_messages_apart(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    contents = [
        damaged_tiff(tmp_path / "a.tif").read_bytes(),
        damaged_tiff(tmp_path / "b.tif", "tiff_lzw").read_bytes(),
    ]

    def reason(content: bytes) -> str:
        with pytest.raises(ImageDecodeError) as caught:
            decode_photo(content)
        return str(caught.value)

    alone = [reason(content) for content in contents]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reason, contents * 50)) == alone * 50
