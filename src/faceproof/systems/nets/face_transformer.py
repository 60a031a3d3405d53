"""Face Transformer: a vision transformer on aligned faces, with the parameter names of its authors' checkpoints.

Zhong and Deng, "Face Transformer for Recognition", arXiv 2103.14803, 2021 (github.com/zhongyy/Face-Transformer);
Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", arXiv 2010.11929.
A crop is cut into patches, each patch becomes a token, and the template is what a further token, the class token, has
gathered from them after the last layer.

Convention: scores of attention are multiplied by ``dim ** -0.5``, not by ``head_dim ** -0.5`` as elsewhere. The
weights were learned so, and give other templates with the other factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Patches:
    """How a crop is cut into patches.

    Attributes:
        size_px: side of a patch.
        stride_px: from one patch to the next, across and down.
        padding_px: black pixels around the crop.
        channel_first: order of the numbers of a patch: channel, row, column; otherwise row, column, channel.
    """

    size_px: int
    stride_px: int
    padding_px: int = 0
    channel_first: bool = False

    def count(self, image_px: int) -> int:
        """Patches in a crop of ``image_px`` by ``image_px``.

        >>> [patches.count(112) for patches in (P8S8, P10S8, P12S8)]
        [196, 196, 196]
        """
        return int((image_px + 2 * self.padding_px - self.size_px) // self.stride_px + 1) ** 2

    def cut(self, x: Tensor) -> Tensor:
        """The patches of crops, row by row.

        Args:
            x: float32 (n, c, h, w).

        Returns:
            float32 (n, patches, c * size_px * size_px).
        """
        patches = functional.unfold(x, self.size_px, padding=self.padding_px, stride=self.stride_px).transpose(1, 2)
        if self.channel_first:
            return patches
        return patches.reshape(*patches.shape[:2], x.shape[1], self.size_px**2).transpose(2, 3).flatten(2)


P8S8 = Patches(8, 8)
P10S8 = Patches(10, 8, padding_px=1, channel_first=True)
P12S8 = Patches(12, 8, padding_px=4, channel_first=True)


class _Attention(nn.Module):
    """Every token looks at every token, several times side by side."""

    def __init__(self, dim: int, heads: int, head_dim: int, dropout: float) -> None:
        super().__init__()
        self.split = (3, heads, head_dim)
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, 3 * heads * head_dim, bias=False)
        self.to_out = nn.Sequential(nn.Linear(heads * head_dim, dim), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.to_qkv(x).unflatten(2, self.split).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, scale=self.scale)
        out: Tensor = self.to_out(seen.transpose(1, 2).flatten(2))
        return out


class _FeedForward(nn.Module):
    """Two layers on each token for itself."""

    def __init__(self, dim: int, mlp: int, dropout: float) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, mlp), nn.GELU(), nn.Dropout(dropout), nn.Linear(mlp, dim), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out


class _Normed(nn.Module):
    """Layer normalisation, then ``fn``."""

    def __init__(self, dim: int, fn: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fn(self.norm(x))
        return out


class _Added(nn.Module):
    """What ``fn`` gives, added to what it was given."""

    def __init__(self, fn: nn.Module) -> None:
        super().__init__()
        self.fn = fn

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fn(x) + x
        return out


class _Layers(nn.Module):
    """Attention and feed-forward in turn."""

    def __init__(self, dim: int, depth: int, heads: int, head_dim: int, mlp: int, dropout: float) -> None:
        super().__init__()

        def layer() -> nn.Sequential:
            attention, feed_forward = _Attention(dim, heads, head_dim, dropout), _FeedForward(dim, mlp, dropout)
            return nn.Sequential(_Added(_Normed(dim, attention)), _Added(_Normed(dim, feed_forward)))

        self.layers = nn.Sequential(*[layer() for _ in range(depth)])

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


class FaceTransformer(nn.Module):
    """Aligned face crops to templates of ``dim`` numbers.

    The defaults are those of the published checkpoints.

    Args:
        patches: how the crop is cut: `P8S8`, `P10S8`, `P12S8`.
        dim: numbers in a token, and in a template.
        depth: layers.
        heads: of attention in each layer.
        head_dim: numbers that a head compares.
        mlp: numbers between the two steps of a feed-forward.
        image_px: side of the crop.
        dropout: share of numbers dropped in training.
    """

    def __init__(
        self,
        patches: Patches = P8S8,
        *,
        dim: int = 512,
        depth: int = 20,
        heads: int = 8,
        head_dim: int = 64,
        mlp: int = 2048,
        image_px: int = 112,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.patches = patches
        self.image_px = image_px
        self.pos_embedding = nn.Parameter(torch.randn(1, patches.count(image_px) + 1, dim))
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.patch_to_embedding = nn.Linear(3 * patches.size_px**2, dim)
        self.dropout = nn.Dropout(dropout)
        self.transformer = _Layers(dim, depth, heads, head_dim, mlp, dropout)
        self.mlp_head = nn.Sequential(nn.LayerNorm(dim))

    def features(self, x: Tensor) -> Tensor:
        """Templates as the network gives them, not scaled to unit length.

        Args:
            x: float32 (n, 3, image_px, image_px), RGB, 0 to 255 as they are.

        Returns:
            float32 (n, dim).

        Raises:
            ValueError: when the crops are of another size: tokens know their place in this one only.
        """
        if x.shape[1:] != (3, self.image_px, self.image_px):
            raise ValueError(f"expected crops (n, 3, {self.image_px}, {self.image_px}), got {tuple(x.shape)}")
        tokens = self.patch_to_embedding(self.patches.cut(x))
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1) + self.pos_embedding
        out: Tensor = self.mlp_head(self.transformer(self.dropout(tokens))[:, 0])
        return out

    def forward(self, x: Tensor) -> Tensor:
        """The same as `features`."""
        return self.features(x)
