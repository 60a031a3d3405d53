"""The estimate of memory from a photo's header, against what decoding takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from faceproof.errors import ImageDecodeError
from faceproof.people.decode import decode_photo, estimated_bytes

WIDTH, HEIGHT = 3000, 2000
PIXELS = WIDTH * HEIGHT
MARGIN = 3_000_000
"""What Python and the decoders take whatever the size."""

STATUS = Path("/proc/self/status")
MEASURE = """
import sys
from io import BytesIO
from pathlib import Path
from PIL import Image
from faceproof.people.decode import decode_photo

def peak():  # of this process alone; getrusage counts the parent's memory before exec too
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

small = BytesIO()  # loads the library of the format, which takes memory of its own
Image.new("RGB", (16, 16)).save(small, sys.argv[2])
decode_photo(small.getvalue())
before = peak()
decode_photo(Path(sys.argv[1]))
print(peak() - before)
"""


def picture(mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(8)
    coarse = Image.fromarray(rng.integers(0, 256, (HEIGHT // 10, WIDTH // 10, 3), dtype=np.uint8))
    return coarse.resize((WIDTH, HEIGHT)).convert(mode)


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    return made


# Name, what is saved, and the bytes a pixel that the estimate must be at least (what is known of the format).
KINDS: dict[str, tuple[str, Callable[[], Image.Image], dict[str, object], float]] = {
    "jpeg": ("JPEG", picture, {}, 7),
    "turned jpeg": ("JPEG", picture, {"exif": exif(6)}, 7),
    "progressive jpeg": ("JPEG", picture, {"progressive": True, "subsampling": 0}, 10),
    "png": ("PNG", picture, {"compress_level": 1}, 7),
    "png with alpha": ("PNG", lambda: picture("RGBA"), {"compress_level": 1}, 7),
    "gif": ("GIF", lambda: picture("P"), {}, 4),
    "webp": ("WEBP", picture, {"method": 0}, 16),
    "lossless webp": ("WEBP", picture, {"method": 0, "lossless": True, "quality": 0}, 16),
    "tiff in one strip": ("TIFF", picture, {"compression": "tiff_lzw", "tiffinfo": {278: HEIGHT}}, 10),
    "turned tiff": ("TIFF", picture, {"compression": "tiff_lzw", "exif": exif(6)}, 8),
    "bmp": ("BMP", picture, {}, 7),
}


@pytest.mark.skipif(
    not STATUS.is_file() or "VmHWM" not in STATUS.read_text(), reason="this system does not tell the peak memory"
)
@pytest.mark.parametrize("kind", KINDS)
def test_decoding_takes_no_more_than_the_estimate(tmp_path: Path, kind: str) -> None:
    format_name, draw, options, bytes_a_pixel = KINDS[kind]
    path = tmp_path / "a"
    draw().save(path, format_name, **options)
    estimate = estimated_bytes(path)
    command = [sys.executable, "-c", MEASURE, str(path), format_name]
    taken = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert PIXELS * bytes_a_pixel <= estimate
    assert PIXELS * 3 <= taken <= estimate + MARGIN


def test_a_scan_of_one_component_keeps_all_coefficients(tmp_path: Path) -> None:
    """A baseline JPEG whose components come one after the other is decoded as a progressive one is."""
    stream = BytesIO()
    picture().save(stream, "JPEG", subsampling=0)
    content = stream.getvalue()
    scan = content.index(b"\xff\xda\x00\x0c\x03")
    apart = content[:scan] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + content[scan + 14 :]
    (tmp_path / "together.jpg").write_bytes(content)
    (tmp_path / "apart.jpg").write_bytes(apart)
    assert estimated_bytes(tmp_path / "together.jpg") == PIXELS * 7 + len(content)
    assert estimated_bytes(tmp_path / "apart.jpg") == PIXELS * (4 + 6) + len(apart)


def tiled_tiff(tile_width: int, tile_height: int) -> bytes:
    """An 8 x 8 TIFF whose tags claim tiles of some size."""
    tags = [(256, 8), (257, 8), (258, 8), (259, 5), (262, 1), (277, 1), (322, tile_width), (323, tile_height)]
    tags += [(324, 8), (325, 100)]
    entries = b"".join(
        tag.to_bytes(2, "little") + b"\x04\x00\x01\x00\x00\x00" + value.to_bytes(4, "little") for tag, value in tags
    )
    return b"II*\0" + (108).to_bytes(4, "little") + bytes(100) + len(tags).to_bytes(2, "little") + entries + bytes(4)


def test_the_size_of_a_tile_that_a_tiff_claims_is_not_allocated() -> None:
    with pytest.raises(ImageDecodeError, match=r"takes up to 50\.1 GB of memory"):
        decode_photo(tiled_tiff(250_000, 100_000), memory_bytes=10**10)
    with pytest.raises(ImageDecodeError, match=r"^(damaged|truncated)"):
        decode_photo(tiled_tiff(16, 16), memory_bytes=10**6)
