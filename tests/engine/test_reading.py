"""Photos are decoded ahead within a number of bytes, in order, and without waiting for each other for ever."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from faceproof.engine.reading import AHEAD_BYTES, BATCH_PIXELS, Item, blocks, decoded
from faceproof.people.decode import estimated_bytes
from faceproof.people.types import Photo

WIDTH, HEIGHT = 400, 300
MANY = 1 << 40


def item(path, sha256=None):
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if sha256 is None else sha256
    return Item(Photo(path.name, path, "p", digest), digest, [])


@pytest.fixture
def items(tmp_path):
    """Twelve photos of noise, the fifth damaged, all others of one size."""
    rng = np.random.default_rng(4)
    made = []
    for number in range(12):
        path = tmp_path / f"{number:02}.png"
        Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)).save(path)
        if number == 4:
            path.write_bytes(path.read_bytes()[:2000])
        made.append(item(path))
    return made


def in_blocks(items, *, memory, workers=2, batch=4, seen=lambda: None):
    """Names and pixels of all photos, and the sizes of the blocks; fails where it waits for ever."""
    names, pixels, sizes = [], [], []

    def work():
        with ThreadPoolExecutor(workers) as pool:
            for block in blocks(decoded(items, pool, batch + workers, workers, memory), batch):
                seen()
                names.extend(one.photo.id for one in block)
                pixels.extend(one.pixels for one in block)
                sizes.append(len(block))
                for one in block:
                    one.release()
        names.append("end")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(120)  # long: other processes may hold the processor
    assert names[-1:] == ["end"], "it waits for ever, or failed"
    return names[:-1], pixels, sizes


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("photos_at_once", [1, 1.5, 2, 3.2, 1000])
def test_order_and_pixels_do_not_depend_on_memory(items, photos_at_once, workers):
    each = max(estimated_bytes(one.photo.path) for one in items if one.photo.id != "04.png")
    names, pixels, _ = in_blocks(items, memory=int(each * photos_at_once), workers=workers)
    assert names == [f"{number:02}.png" for number in range(12)]
    assert pixels[4] is None
    assert items[4].undecodable.startswith("truncated")
    for one, found in zip(items, pixels, strict=True):
        if one is not items[4]:
            with Image.open(one.photo.path) as image:
                np.testing.assert_array_equal(found, np.asarray(image))


@pytest.mark.parametrize("photos_at_once", [1, 2.5, 4])
def test_what_is_held_stays_within_the_memory(items, photos_at_once):
    memory = int(photos_at_once * max(estimated_bytes(one.photo.path) for one in items if one.photo.id != "04.png"))
    held = []
    in_blocks(items, memory=memory, seen=lambda: held.append(sum(one.memory_bytes_in_use for one in items)))
    assert 0 < max(held) <= memory
    assert sum(one.memory_bytes_in_use for one in items) == 0


def test_a_block_ends_where_its_photos_hold_the_room_of_the_next(items):
    alone = max(estimated_bytes(one.photo.path) for one in items if one.photo.id != "04.png")
    assert in_blocks(items, memory=alone)[2] == [1, 1, 1, 1, 2, *[1] * 6]  # one without pixels holds nothing
    assert in_blocks([item(one.photo.path) for one in items], memory=MANY)[2] == [4, 4, 4]


def test_a_photo_that_needs_more_than_all_is_refused_and_the_others_are_not(items):
    sizes = sorted(estimated_bytes(one.photo.path) for one in items if one.photo.id != "04.png")
    large = items[7].photo.path
    Image.new("RGB", (3000, 1000)).save(large)
    items[7] = item(large)
    _, pixels, _ = in_blocks(items, memory=sizes[-1])
    assert [number for number, found in enumerate(pixels) if found is None] == [4, 7]
    assert "of memory, over the" in items[7].undecodable


def test_a_header_of_64_mb_is_read_alone(items):
    """Text beside the picture can be as long as the file, and Pillow holds it."""
    path = items[3].photo.path
    with path.open("ab") as file:
        file.truncate(64_000_000)
    items[3] = item(path)
    _, pixels, sizes = in_blocks(items, memory=100_000_000)
    assert sizes == [3, 4, 4, 1]
    assert [number for number, found in enumerate(pixels) if found is None] == [4]


def test_large_photos_wait_in_no_greater_number_than_there_are_threads(tmp_path):
    made = []
    Image.new("RGB", (4000, 3000)).save(tmp_path / "one.png")
    for number in range(5):
        path = tmp_path / f"{number}.png"
        path.write_bytes((tmp_path / "one.png").read_bytes() + bytes([number]))  # a digest of its own
        made.append(item(path))
    each = estimated_bytes(made[0].photo.path)
    held = []
    _, _, sizes = in_blocks(
        made, memory=MANY, batch=32, seen=lambda: held.append(sum(o.memory_bytes_in_use for o in made))
    )
    assert sizes == [1] * 5
    assert BATCH_PIXELS < 4000 * 3000
    assert max(held) <= AHEAD_BYTES + 3 * each
