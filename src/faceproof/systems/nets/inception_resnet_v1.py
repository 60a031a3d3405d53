"""Inception-ResNet-V1 for faces, with facenet-pytorch's parameter names.

Szegedy et al., "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
arXiv 1602.07261; David Sandberg's FaceNet variant (512-d template, residual scales 0.17, 0.10, 0.20).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPLATE_SIZE = 512


class _ConvBn(nn.Module):
    """Convolution, batch normalisation (eps 1e-3), ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001, momentum=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.bn(self.conv(x)))


class _Residual(nn.Module):
    """Parallel branches, joined by a 1x1 convolution, scaled and added to their input."""

    def __init__(self, branches: list[nn.Module], joined: int, channels: int, scale: float, relu: bool) -> None:
        super().__init__()
        self._branches = [f"branch{i}" for i in range(len(branches))]
        for name, branch in zip(self._branches, branches, strict=True):
            self.add_module(name, branch)
        self.conv2d = nn.Conv2d(joined, channels, 1)
        self.scale = scale
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.get_submodule(name)(x) for name in self._branches], 1)
        out = self.conv2d(joined) * self.scale + x
        return functional.relu(out) if self.relu else out


def _block35() -> _Residual:
    branches = [
        _ConvBn(256, 32, 1),
        nn.Sequential(_ConvBn(256, 32, 1), _ConvBn(32, 32, 3, padding=1)),
        nn.Sequential(_ConvBn(256, 32, 1), _ConvBn(32, 32, 3, padding=1), _ConvBn(32, 32, 3, padding=1)),
    ]
    return _Residual(branches, 96, 256, scale=0.17, relu=True)


def _block17() -> _Residual:
    long = nn.Sequential(
        _ConvBn(896, 128, 1),
        _ConvBn(128, 128, (1, 7), padding=(0, 3)),
        _ConvBn(128, 128, (7, 1), padding=(3, 0)),
    )
    return _Residual([_ConvBn(896, 128, 1), long], 256, 896, scale=0.10, relu=True)


def _block8(scale: float = 0.20, relu: bool = True) -> _Residual:
    long = nn.Sequential(
        _ConvBn(1792, 192, 1),
        _ConvBn(192, 192, (1, 3), padding=(0, 1)),
        _ConvBn(192, 192, (3, 1), padding=(1, 0)),
    )
    return _Residual([_ConvBn(1792, 192, 1), long], 384, 1792, scale=scale, relu=relu)


class _Reduction(nn.Module):
    """Parallel branches and a max pool, stacked: halves the feature map."""

    def __init__(self, branches: list[nn.Module]) -> None:
        super().__init__()
        self._branches = [f"branch{i}" for i in range(len(branches))]
        for name, branch in zip(self._branches, branches, strict=True):
            self.add_module(name, branch)
        self.add_module(f"branch{len(branches)}", nn.MaxPool2d(3, stride=2))
        self._branches.append(f"branch{len(branches)}")

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(name)(x) for name in self._branches], 1)


def _mixed_6a() -> _Reduction:
    long = nn.Sequential(_ConvBn(256, 192, 1), _ConvBn(192, 192, 3, padding=1), _ConvBn(192, 256, 3, stride=2))
    return _Reduction([_ConvBn(256, 384, 3, stride=2), long])


def _mixed_7a() -> _Reduction:
    branches: list[nn.Module] = [
        nn.Sequential(_ConvBn(896, 256, 1), _ConvBn(256, 384, 3, stride=2)),
        nn.Sequential(_ConvBn(896, 256, 1), _ConvBn(256, 256, 3, stride=2)),
        nn.Sequential(_ConvBn(896, 256, 1), _ConvBn(256, 256, 3, padding=1), _ConvBn(256, 256, 3, stride=2)),
    ]
    return _Reduction(branches)


class InceptionResnetV1(nn.Module):
    """Face crops to templates of 512 numbers, or to logits of the people it was trained on.

    Args:
        classify: give logits instead of templates.
        num_classes: people in the logits layer (8631 for VGGFace2, 10575 for CASIA-WebFace); None: no such layer.
        dropout: share of features dropped in training.

    Raises:
        ValueError: when ``classify`` is asked for without ``num_classes``.
    """

    def __init__(self, classify: bool = False, num_classes: int | None = None, dropout: float = 0.6) -> None:
        super().__init__()
        if classify and num_classes is None:
            raise ValueError("classify=True needs num_classes, the number of people in the logits layer")
        self.classify = classify
        self.conv2d_1a = _ConvBn(3, 32, 3, stride=2)
        self.conv2d_2a = _ConvBn(32, 32, 3)
        self.conv2d_2b = _ConvBn(32, 64, 3, padding=1)
        self.maxpool_3a = nn.MaxPool2d(3, stride=2)
        self.conv2d_3b = _ConvBn(64, 80, 1)
        self.conv2d_4a = _ConvBn(80, 192, 3)
        self.conv2d_4b = _ConvBn(192, 256, 3, stride=2)
        self.repeat_1 = nn.Sequential(*[_block35() for _ in range(5)])
        self.mixed_6a = _mixed_6a()
        self.repeat_2 = nn.Sequential(*[_block17() for _ in range(10)])
        self.mixed_7a = _mixed_7a()
        self.repeat_3 = nn.Sequential(*[_block8() for _ in range(5)])
        self.block8 = _block8(scale=1.0, relu=False)
        self.avgpool_1a = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(1792, TEMPLATE_SIZE, bias=False)
        self.last_bn = nn.BatchNorm1d(TEMPLATE_SIZE, eps=0.001, momentum=0.1)
        if num_classes is not None:
            self.logits = nn.Linear(TEMPLATE_SIZE, num_classes)

    def features(self, x: Tensor) -> Tensor:
        """Templates before they are scaled to unit length.

        Args:
            x: float32 (n, 3, s, s), RGB, (pixel - 127.5) / 128; s is 160, at least 75.

        Returns:
            float32 (n, 512).
        """
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(self.maxpool_3a(x))))
        x = self.repeat_2(self.mixed_6a(self.repeat_1(x)))
        x = self.block8(self.repeat_3(self.mixed_7a(x)))
        x = self.dropout(self.avgpool_1a(x)).flatten(1)
        out: Tensor = self.last_bn(self.last_linear(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Templates of unit length, float32 (n, 512); logits (n, num_classes) with ``classify``."""
        features = self.features(x)
        if self.classify:
            logits: Tensor = self.logits(features)
            return logits
        return functional.normalize(features, dim=1)
