"""The reference way, as plainly as it is usually written: one photo after another, nothing batched or shared.

Eager float32 with gradients recorded; the pyramid and all crops by PyTorch's area interpolation, one by one. It is
the yardstick of `end_to_end.py` and an independent second implementation of the cascade.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1
from faceproof.systems.nets.mtcnn import ONet, PNet, RNet
from faceproof.systems.weights.resolve import resolve_weights
from faceproof.systems.weights.zoo import get_card


def _filled(net: torch.nn.Module, tensors: dict[str, NDArray[np.float32]], prefix: str = "") -> torch.nn.Module:
    wanted = {n: torch.tensor(tensors[prefix + n]) for n in net.state_dict() if not n.endswith("num_batches_tracked")}
    net.load_state_dict(wanted, strict=False)
    return net.eval()


class Reference:
    """Detect, choose, crop and embed one photo at a time."""

    def __init__(self, weights: Path | None, margin: int) -> None:
        cascade = resolve_weights(get_card("mtcnn")).tensors
        self.pnet = _filled(PNet(), cascade, "pnet.")
        self.rnet = _filled(RNet(), cascade, "rnet.")
        self.onet = _filled(ONet(), cascade, "onet.")
        self.net = _filled(InceptionResnetV1(), resolve_weights(get_card("facenet-vggface2"), path=weights).tensors)
        self.margin = margin

    def template(self, path: Path) -> NDArray[np.float32] | None:
        """Template of the face that lies nearest to the middle for its size, float32 (512,)."""
        photo = Image.open(path).convert("RGB")
        boxes = self.boxes(photo)
        if not len(boxes):
            return None
        corners = boxes[:, :4].detach().numpy().astype(np.float64)
        middle = (corners[:, :2] + corners[:, 2:]) / 2 - np.array(photo.size) / 2
        area = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        box = corners[np.argmax(np.where(boxes[:, 4].detach() >= 0.9, area - 2 * (middle**2).sum(axis=1), -np.inf))]
        extra = self.margin * (box[2:] - box[:2]) / (160 - self.margin) / 2
        start = np.maximum(box[:2] - extra, 0).astype(int)
        stop = np.minimum(box[2:] + extra, photo.size).astype(int)
        face = photo.crop((*start, *stop)).resize((160, 160), Image.Resampling.BILINEAR)
        x = (torch.tensor(np.asarray(face)).permute(2, 0, 1)[None].float() - 127.5) / 128
        return self.net(x)[0].detach().numpy()

    def boxes(self, photo: Image.Image) -> Tensor:
        """Boxes and probabilities of all faces, float32 (n, 5)."""
        x = torch.tensor(np.asarray(photo)).permute(2, 0, 1)[None].float()
        found = self._proposals(x)
        found = found[_suppress(found[:, :4], found[:, 4], 0.7)]
        side = found[:, 2:4] - found[:, :2]
        boxes = _square(found[:, :4] + found[:, 5:9] * torch.cat([side, side], dim=1))
        for net, size, overlap_of_smaller in ((self.rnet, 24, False), (self.onet, 48, True)):
            crops, boxes = _crops(x, boxes, size)
            if not len(boxes):
                return torch.zeros(0, 5)
            out = net(crops)
            score, offsets = out[-1][:, 1], out[0]
            keep = score > 0.7
            boxes, score, offsets = boxes[keep], score[keep], offsets[keep]
            size_of = boxes[:, 2:] - boxes[:, :2] + 1
            moved = boxes + offsets * torch.cat([size_of, size_of], dim=1)
            if overlap_of_smaller:
                keep = _suppress(moved, score, 0.7, smaller=True)
                return torch.cat([moved[keep], score[keep, None]], dim=1)
            keep = _suppress(boxes, score, 0.7)
            boxes = _square(moved[keep])
        raise AssertionError

    def _proposals(self, x: Tensor) -> Tensor:
        found = []
        scale = 12 / 20
        while min(x.shape[2:]) * scale >= 12:
            level = functional.interpolate(x, (int(x.shape[2] * scale + 1), int(x.shape[3] * scale + 1)), mode="area")
            offsets, probability = self.pnet((level - 127.5) / 128)
            rows, columns = torch.nonzero(probability[0, 1] >= 0.6, as_tuple=True)
            cell = torch.stack([columns, rows], dim=1) * 2.0
            corners = torch.cat([((cell + 1) / scale).floor(), ((cell + 12) / scale).floor()], dim=1)
            score = probability[0, 1, rows, columns]
            keep = _suppress(corners, score, 0.5)
            one = torch.cat([corners, score[:, None], offsets[0, :, rows, columns].T], dim=1)
            found.append(one[keep])
            scale *= 0.709
        return torch.cat(found) if found else torch.zeros(0, 9)


def _crops(x: Tensor, boxes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    crops, kept = [], []
    for i, box in enumerate(boxes.detach().double().mul(1e4).round().div(1e4).trunc().int().tolist()):
        x0, y0 = max(box[0], 1) - 1, max(box[1], 1) - 1
        x1, y1 = min(box[2], x.shape[3]), min(box[3], x.shape[2])
        if x1 > x0 and y1 > y0:
            crops.append(functional.interpolate(x[:, :, y0:y1, x0:x1], (size, size), mode="area"))
            kept.append(i)
    if not kept:
        return torch.zeros(0, 3, size, size), boxes[:0]
    return (torch.cat(crops) - 127.5) / 128, boxes[kept]


def _square(boxes: Tensor) -> Tensor:
    size = boxes[:, 2:] - boxes[:, :2]
    side = size.max(dim=1, keepdim=True).values
    start = boxes[:, :2] + size / 2 - side / 2
    return torch.cat([start, start + side], dim=1)


def _suppress(boxes: Tensor, score: Tensor, limit: float, smaller: bool = False) -> NDArray[np.intp]:
    corners, rising = boxes.detach().numpy(), score.detach().numpy()
    # Of equal scores the first row wins, in the last stage (overlap over the smaller box) the last one.
    order = np.argsort(rising, kind="stable")[::-1] if smaller else np.argsort(-rising, kind="stable")
    size = corners[:, 2:] - corners[:, :2] + smaller
    area = size[:, 0] * size[:, 1]
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        overlap = np.minimum(corners[best, 2:], corners[order, 2:]) - np.maximum(corners[best, :2], corners[order, :2])
        shared = np.maximum(overlap + smaller, 0).prod(axis=1)
        whole = np.minimum(area[best], area[order]) if smaller else area[best] + area[order] - shared
        order = order[shared / whole <= limit]
    return np.array(kept, np.intp)
