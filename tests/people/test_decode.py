from __future__ import annotations

import os
import struct
import warnings
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from faceproof.errors import ConfigurationError, ImageDecodeError
from faceproof.people.decode import SIGNATURE_BYTES, decode_photo, image_format
from faceproof.people.decode_cost import claimed_pixels

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
NOBODY = 65534
READS_AVIF = find_spec("PIL._avif") is not None


def noise(height: int = 40, width: int = 30) -> Image.Image:
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8))


def quadrants() -> Image.Image:
    """32 x 16: red and green above, blue and white below, so that every turn shows."""
    picture = Image.new("RGB", (32, 16), WHITE)
    for corner, colour in (((0, 0), RED), ((16, 0), GREEN), ((0, 8), BLUE)):
        picture.paste(colour, (*corner, corner[0] + 16, corner[1] + 8))
    return picture


def saved(picture: Image.Image, path: Path, **options: object) -> Path:
    picture.save(path, **options)
    return path


def png(width: int, height: int, *, bits: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand: ``rows`` is the raw data, a filter byte before each row."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def reason(source: Path | bytes, **options: float) -> str:
    with pytest.raises(ImageDecodeError) as caught:
        decode_photo(source, **options)
    return str(caught.value)


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


def test_a_colour_jpeg_is_what_pillow_gives(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a.jpg", quality=80)
    pixels = decode_photo(path)
    with Image.open(path) as image:
        np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (40, 30, 3)
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


@pytest.mark.real_photos
def test_real_photos_are_what_pillow_gives(shared: Path) -> None:
    paths = sorted((shared / "data" / "lfw-deepfunneled").glob("Z*/*.jpg"))[:20]
    assert len(paths) == 20
    for path in paths:
        with Image.open(path) as image:
            np.testing.assert_array_equal(decode_photo(path), np.asarray(image.convert("RGB")))


def with_avif(*suffixes: str) -> list[str]:
    """The suffixes, and that of AVIF where this build of Pillow reads it."""
    return [*suffixes, *(["avif"] if READS_AVIF else [])]


@pytest.mark.parametrize("suffix", with_avif("jpg", "png", "webp", "bmp", "tif", "gif", "ppm"))
def test_bytes_and_file_give_the_same_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = saved(noise(), tmp_path / f"a.{suffix}")
    pixels = decode_photo(path)
    np.testing.assert_array_equal(pixels, decode_photo(path.read_bytes()))
    with Image.open(path) as image:
        np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


def test_contents_count_and_the_suffix_does_not(tmp_path: Path) -> None:
    path = saved(quadrants(), tmp_path / "really_a_png.jpg", format="PNG")
    np.testing.assert_array_equal(decode_photo(path), np.asarray(quadrants()))


def test_grayscale_has_three_equal_channels(tmp_path: Path) -> None:
    gray = noise().convert("L")
    pixels = decode_photo(saved(gray, tmp_path / "a.png"))
    np.testing.assert_array_equal(pixels, np.repeat(np.asarray(gray)[:, :, None], 3, axis=2))


def test_one_bit_pixels_are_black_and_white(tmp_path: Path) -> None:
    bits = Image.new("1", (2, 1))
    bits.putpixel((1, 0), 1)
    assert decode_photo(saved(bits, tmp_path / "a.png")).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bit_gray_is_scaled_and_rounded(tmp_path: Path, suffix: str) -> None:
    values = np.array([0, 1, 128, 129, 257, 32768, 65278, 65535], dtype="<u2")
    picture = Image.frombytes("I;16", (8, 1), values.tobytes())
    path = tmp_path / f"a.{suffix}"
    if suffix == "pgm":
        path.write_bytes(b"P5 8 1 65535\n" + values.astype(">u2").tobytes())
    else:
        saved(picture, path)
    expected = np.round(values / 65535 * 255)
    np.testing.assert_array_equal(decode_photo(path)[0, :, 0], expected)
    np.testing.assert_array_equal(decode_photo(path)[0, :, 2], expected)


def test_transparent_sixteen_bit_gray_lies_on_white() -> None:
    rows = b"\0" + struct.pack(">3H", 0, 500, 65535)
    transparent = chunk(b"tRNS", struct.pack(">H", 500))
    pixels = decode_photo(png(3, 1, bits=16, colour=0, rows=rows, extra=transparent))
    assert pixels[0, :, 1].tolist() == [0, 255, 255]


def test_sixteen_bit_colour_keeps_its_high_byte() -> None:
    rows = b"\0" + struct.pack(">3H", 0xFF00, 0x8000, 0x0100)
    assert decode_photo(png(1, 1, bits=16, colour=2, rows=rows)).tolist() == [[[255, 128, 1]]]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_pixels_are_refused(tmp_path: Path, mode: str) -> None:
    assert "32 bits per pixel" in reason(saved(Image.new(mode, (4, 4)), tmp_path / "a.tif"))


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_has_the_colours_of_its_inks(tmp_path: Path, suffix: str) -> None:
    path = saved(quadrants().convert("CMYK"), tmp_path / f"a.{suffix}")
    difference = np.abs(decode_photo(path).astype(int) - np.asarray(quadrants(), dtype=int))
    assert difference.max() <= 6


def test_inverted_inks_of_adobe_are_turned_back(tmp_path: Path) -> None:
    plain = saved(quadrants().convert("CMYK"), tmp_path / "a.jpg").read_bytes()
    assert b"Adobe" in plain, "Pillow writes the marker that says: inverted"
    with Image.open(BytesIO(plain)) as image:
        np.testing.assert_array_equal(decode_photo(plain), np.asarray(image.convert("RGB")))
    assert decode_photo(plain)[12, 28].min() > 250, "no ink is white"


def test_palette_without_transparency(tmp_path: Path) -> None:
    path = saved(quadrants().convert("P", palette=Image.Palette.ADAPTIVE), tmp_path / "a.png")
    np.testing.assert_array_equal(decode_photo(path), np.asarray(quadrants()))


def test_transparent_palette_entries_lie_on_white(tmp_path: Path) -> None:
    picture = Image.new("P", (3, 1))
    picture.putpalette([*RED, *GREEN, *BLUE])
    picture.putdata([0, 1, 2])
    one_entry = saved(picture, tmp_path / "one.gif", transparency=1)
    many_entries = saved(picture, tmp_path / "many.png", transparency=bytes([255, 0, 128]))
    assert decode_photo(one_entry)[0].tolist() == [list(RED), list(WHITE), list(BLUE)]
    assert decode_photo(many_entries)[0].tolist() == [list(RED), list(WHITE), [127, 127, 255]]


@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_alpha_lies_on_white(tmp_path: Path, suffix: str) -> None:
    picture = Image.new("RGBA", (3, 1))
    picture.putdata([(*RED, 255), (*BLUE, 0), (*GREEN, 51)])
    options = {"lossless": True, "exact": True} if suffix == "webp" else {}
    pixels = decode_photo(saved(picture, tmp_path / f"a.{suffix}", **options))
    assert pixels[0].tolist() == [list(RED), list(WHITE), [204, 255, 204]]


def test_gray_with_alpha_and_a_transparent_colour_lie_on_white(tmp_path: Path) -> None:
    gray = Image.new("LA", (2, 1))
    gray.putdata([(10, 255), (10, 0)])
    keyed = saved(quadrants(), tmp_path / "keyed.png", transparency=RED)
    assert decode_photo(saved(gray, tmp_path / "a.png"))[0, :, 0].tolist() == [10, 255]
    assert decode_photo(keyed)[0, 0].tolist() == list(WHITE)
    assert decode_photo(keyed)[12, 0].tolist() == list(BLUE)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_first_frame_of_several(tmp_path: Path, suffix: str) -> None:
    first, *rest = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(first, tmp_path / f"a.{suffix}", save_all=True, append_images=rest, **options)
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 3
    np.testing.assert_array_equal(decode_photo(path), np.asarray(first))


def test_a_jpeg_of_several_pictures_gives_the_first() -> None:
    stereo = BytesIO()
    noise().save(stereo, "MPO", save_all=True, append_images=[quadrants()])
    with Image.open(stereo) as image:
        np.testing.assert_array_equal(decode_photo(stereo.getvalue()), np.asarray(image.convert("RGB")))


# How a camera that was held in each of the eight ways stores an upright scene: the inverse of what undoes it.
STORED = {
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: np.rot90(scene, 1),
    7: lambda scene: np.rot90(scene, 2).transpose(1, 0, 2),
    8: lambda scene: np.rot90(scene, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("suffix", ["png", "webp", "tif"])
def test_exif_orientation_is_undone(tmp_path: Path, suffix: str, orientation: int) -> None:
    scene = np.asarray(quadrants())
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](scene)))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"lossless": True} if suffix == "webp" else {}
    path = saved(stored, tmp_path / f"a.{suffix}", exif=exif, **options)
    np.testing.assert_array_equal(decode_photo(path), scene)


def test_a_turned_jpeg_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = saved(quadrants().transpose(Image.Transpose.ROTATE_90), tmp_path / "a.jpg", exif=exif, quality=95)
    pixels = decode_photo(path)
    assert pixels.shape == (16, 32, 3)
    assert pixels[2, 2].argmax() == 0
    assert pixels[2, 30].argmax() == 1
    assert pixels[14, 2].argmax() == 2


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_an_orientation_that_does_not_exist_turns_nothing(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = saved(quadrants(), tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(decode_photo(path), np.asarray(quadrants()))


def damaged_exif(tmp_path: Path) -> Path:
    """A JPEG whose EXIF says that a text of 4,096 bytes lies past its end."""
    entry = struct.pack("<HHII", ExifTags.Base.Make, 2, 4096, 500)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry
    return saved(noise(), tmp_path / "exif.jpg", exif=exif)


def test_damaged_exif_costs_neither_pixels_nor_a_warning(tmp_path: Path) -> None:
    path = damaged_exif(tmp_path)
    with warnings.catch_warnings(record=True) as loud:
        warnings.simplefilter("always")
        with Image.open(path) as image:
            image.getexif()
            expected = np.asarray(image.convert("RGB"))
    assert loud, "Pillow by itself warns"
    with warnings.catch_warnings(record=True) as quiet:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(decode_photo(path), expected)
    assert not quiet


def test_many_threads_give_what_one_gives(tmp_path: Path) -> None:
    paths = [saved(noise(40 + i, 30), tmp_path / f"{i}.jpg") for i in range(8)] + [damaged_exif(tmp_path)]
    alone = [decode_photo(path) for path in paths]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decode_photo, paths * 8))
    for one, other in zip(alone * 8, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_pixel(tmp_path: Path) -> None:
    assert decode_photo(saved(Image.new("RGB", (1, 1), BLUE), tmp_path / "a.png")).tolist() == [[list(BLUE)]]
    assert decode_photo(saved(Image.new("L", (1, 1), 9), tmp_path / "a.jpg")).shape == (1, 1, 3)


def test_20_000_pixels_wide(tmp_path: Path) -> None:
    path = saved(Image.new("RGB", (20_000, 10), GREEN), tmp_path / "a.jpg")
    assert decode_photo(path).shape == (10, 20_000, 3)
    assert decode_photo(path, max_megapixels=0.2).shape == (10, 20_000, 3)
    assert reason(path, max_megapixels=0.19) == ("too large: 20000 x 10 pixels, over the limit of 0.19 megapixels")


def bomb(side: int) -> bytes:
    """A black picture of one bit a pixel, side x side, a thousand times smaller than its pixels."""
    return png(side, side, bits=1, colour=0, rows=bytes((side // 8 + 1) * side))


def test_a_decompression_bomb_is_refused_before_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(bomb(12_000))
    assert path.stat().st_size < 100_000
    assert reason(path) == "too large: 12000 x 12000 pixels, over the limit of 100 megapixels"


def test_a_bomb_beyond_what_pillow_opens_is_refused() -> None:
    assert reason(bomb(16_000), max_megapixels=1000) == "too large: over Pillow's own limit of 179 megapixels"


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_that_makes_no_sense(limit: float) -> None:
    with pytest.raises(ConfigurationError, match="expected a number above 0"):
        decode_photo(b"", max_megapixels=limit)


def test_zero_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.touch()
    assert reason(path) == reason(b"") == "zero bytes: the file is empty"


@pytest.mark.parametrize("suffix", with_avif("jpg", "png", "webp", "bmp", "gif", "tif", "ppm"))
def test_every_way_to_cut_a_file_short_gives_a_reason(tmp_path: Path, suffix: str) -> None:
    whole = saved(noise(), tmp_path / f"a.{suffix}").read_bytes()
    for kept in (SIGNATURE_BYTES, len(whole) // 4, len(whole) // 2):
        assert reason(whole[:kept]).split(":")[0] in ("truncated", "damaged", "damaged or truncated"), kept


def test_a_truncated_jpeg_is_called_so(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a.jpg")
    path.write_bytes(path.read_bytes()[:-400])
    assert reason(path) == "truncated: the JPEG file ends before the end of the picture"


def test_random_damage_gives_pixels_or_a_reason_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for suffix in with_avif("jpg", "png", "webp", "gif", "tif", "bmp", "ppm"):
        whole = np.frombuffer(saved(noise(12, 12), tmp_path / f"a.{suffix}").read_bytes(), dtype=np.uint8)
        for _ in range(60):
            damaged: NDArray[np.uint8] = whole.copy()
            damaged[rng.integers(0, len(whole), 6)] = rng.integers(0, 256, 6)
            with suppress(ImageDecodeError):
                assert decode_photo(damaged.tobytes(), max_megapixels=1).shape[2] == 3


def test_text_named_jpg(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_text("<html>404 not found</html>")
    assert reason(path) == "not an image: its first bytes are of no known image format"


def test_heic_is_named_with_what_to_do() -> None:
    assert reason(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == (
        "HEIC, which faceproof cannot read: convert it to JPEG or PNG"
    )


@pytest.mark.skipif(not READS_AVIF, reason="this build of Pillow reads no AVIF")
@pytest.mark.parametrize("orientation", STORED)
def test_avif_is_turned_once(tmp_path: Path, orientation: int) -> None:
    scene = np.asarray(quadrants())
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](scene)))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    pixels = decode_photo(saved(stored, tmp_path / "a.avif", exif=exif, quality=100, subsampling="4:4:4"))
    assert pixels.shape == scene.shape
    assert np.abs(pixels.astype(int) - scene).max() < 30


def test_avif_is_known_by_any_of_its_brands() -> None:
    def brands(*names: bytes) -> bytes:
        return b"\0\0\0\x20ftyp" + names[0] + bytes(4) + b"".join(names[1:])

    assert image_format(brands(b"avif", b"mif1")) == "AVIF"
    assert image_format(brands(b"avis", b"msf1")) == "AVIF"
    assert image_format(brands(b"mif1", b"miaf", b"avif")) == "AVIF"
    assert image_format(brands(b"mif1", b"heic", b"miaf")) is None
    assert image_format(brands(b"mif1", b"hea", b"vifx")) is None  # between two brands


def test_avif_without_a_decoder_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faceproof.people.decode._reads_avif", lambda: False)
    assert reason(b"\0\0\0\x20ftypavif" + bytes(16)) == (
        "AVIF, which this build of Pillow cannot read: convert it to JPEG or PNG"
    )


@pytest.mark.parametrize(("image_format_name", "options"), [("WEBP", {}), ("WEBP", {"lossless": True}), ("GIF", {})])
def test_a_size_over_the_limit_is_refused_before_pillow_opens_the_file(
    image_format_name: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = BytesIO()
    Image.new("RGB", (300, 200), BLUE).save(stream, image_format_name, **options)

    def opening(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Image, "open", opening)
    assert reason(stream.getvalue(), max_megapixels=0.059999) == "too large: over the limit of 0.059999 megapixels"


def test_a_webp_with_alpha_claims_its_size_in_another_place() -> None:
    stream = BytesIO()
    Image.new("RGBA", (300, 200), (*BLUE, 99)).save(stream, "WEBP", exif=b"Exif\0\0")
    assert stream.getvalue()[12:16] == b"VP8X"
    assert claimed_pixels("WEBP", stream.getvalue()[:SIGNATURE_BYTES]) == 60_000
    assert claimed_pixels("WEBP", stream.getvalue()[:29]) == claimed_pixels("GIF", b"GIF89a") == 0


def test_what_takes_more_memory_than_allowed_is_refused_with_the_numbers() -> None:
    content = bomb(4000)
    needed = 4000 * 4000 * (1 + 3) + len(content)
    assert decode_photo(content, memory_bytes=needed).shape == (4000, 4000, 3)
    assert reason(content, memory_bytes=needed - 1) == (
        "too large: decoding it takes up to 64.1 MB of memory, over the 64 MB allowed (`decode_memory`)"
    )


def test_a_small_picture_beside_a_long_text_is_refused_by_its_length() -> None:
    long_text = chunk(b"tEXt", b"a\0" + bytes(3_000_000))
    content = png(8, 8, bits=8, colour=0, rows=bytes(72), extra=long_text)
    assert "takes more than 3.01 MB of memory, over the 1 MB allowed" in reason(content, memory_bytes=1_000_000)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(noise(), tmp_path / "a.jpg").chmod(0)
    with as_nobody(tmp_path, monkeypatch):
        assert reason(Path("a.jpg")) == "cannot be read: permission denied"


def test_vanished(tmp_path: Path) -> None:
    path = saved(noise(), tmp_path / "a.jpg")
    path.unlink()
    assert reason(path) == "file not found: moved or deleted since the folder was read"
    assert reason(path / "below.jpg") == reason(path)


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "folder.jpg") == "not a file: a folder"
    assert reason(tmp_path / "pipe.jpg") == "not a file: a named pipe"


def test_a_link_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to("a.jpg")
    assert "cannot be read: too many levels of symbolic links" in reason(tmp_path / "a.jpg")


def test_formats_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    names = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "ppm": "PPM"}
    names |= {"avif": "AVIF"} if READS_AVIF else {}
    for suffix, name in names.items():
        path = saved(noise(), tmp_path / f"a.{suffix}")
        assert image_format(path.read_bytes()[:SIGNATURE_BYTES]) == name
    assert image_format(b"") is None
    assert image_format(b"\xff\xd8") is None
