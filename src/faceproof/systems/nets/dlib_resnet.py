"""dlib's ResNet for faces: 29 convolutions, a template of 128 numbers.

Davis King's ``dlib_face_recognition_resnet_model_v1``: half the filters of ResNet-34 and fewer blocks (He, Zhang, Ren
and Sun, "Deep Residual Learning for Image Recognition", arXiv 1512.03385). Batch normalisation was frozen into one
factor and one shift a channel. Where the two sides of a sum differ in size, the smaller one counts as zero beyond its
last row, column and channel, so that no block needs a convolution on its short way.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPLATE_SIZE = 128

# Channels of a block and whether it halves the map, in the order of the blocks.
_BLOCKS = (
    *[(32, False)] * 3,
    *[(64, True), (64, False), (64, False), (64, False)],
    *[(128, True), (128, False), (128, False)],
    *[(256, True), (256, False), (256, False)],
    (256, True),
)


class _Affine(nn.Module):
    """A factor and a shift for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.bias[:, None, None], x, self.weight[:, None, None])


class _ConvAffine(nn.Module):
    """Convolution with bias, then factor and shift."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding)
        self.affine = _Affine(outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.affine(self.conv(x))
        return out


class _Block(nn.Module):
    """Two 3x3 convolutions, added to their input; a halving block averages its input over 2x2 pixels."""

    def __init__(self, inputs: int, outputs: int, halving: bool) -> None:
        super().__init__()
        self.halving = halving
        self.first = _ConvAffine(inputs, outputs, 3, stride=2 if halving else 1, padding=0 if halving else 1)
        self.second = _ConvAffine(outputs, outputs, 3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        long = self.second(functional.relu(self.first(x)))
        short = functional.avg_pool2d(x, 2) if self.halving else x
        return functional.relu(_sum(long, short))


def _sum(a: Tensor, b: Tensor) -> Tensor:
    """The sum of maps (n, c, h, w), each filled up with zeros to the larger c, h and w."""
    size = [max(sides) for sides in zip(a.shape[1:], b.shape[1:], strict=True)]
    return _filled(a, size) + _filled(b, size)


def _filled(x: Tensor, size: list[int]) -> Tensor:
    channels, rows, columns = (whole - part for whole, part in zip(size, x.shape[1:], strict=True))
    if not (channels or rows or columns):
        return x
    return functional.pad(x, (0, columns, 0, rows, 0, channels))


class DlibResnet(nn.Module):
    """Aligned face crops to templates of 128 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _ConvAffine(3, 32, 7, stride=2, padding=0)
        blocks, inputs = [], 32
        for channels, halving in _BLOCKS:
            blocks.append(_Block(inputs, channels, halving))
            inputs = channels
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(inputs, TEMPLATE_SIZE, bias=False)

    def features(self, x: Tensor) -> Tensor:
        """Templates as dlib gives them, not scaled to unit length.

        Args:
            x: float32 (n, 3, s, s), RGB, (pixel - [122.782, 117.001, 104.298]) / 256; s is 150.

        Returns:
            float32 (n, 128).
        """
        x = functional.max_pool2d(functional.relu(self.stem(x)), 3, stride=2)
        out: Tensor = self.fc(self.blocks(x).mean(dim=(2, 3)))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """The same as `features`."""
        return self.features(x)
