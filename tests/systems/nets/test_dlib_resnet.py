from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from faceproof.systems.nets.dlib_resnet import DlibResnet
from faceproof.systems.nets.runtime import load_tensors, place_on, torch_runner

# Channels and stride of each block, written out.
BLOCKS = [(32, 1), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1),
          (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1), (256, 2)]  # fmt: skip


def convolution(x, weight, bias, stride, padding):
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(x, weight.shape[2:], axis=(1, 2))[:, ::stride, ::stride]
    return np.tensordot(weight, windows, ([1, 2, 3], [0, 3, 4])) + bias[:, None, None]


def pooled(x, window, how):
    return how(sliding_window_view(x, (window, window), axis=(1, 2))[:, ::2, ::2], axis=(3, 4))


def added(a, b):
    out = np.zeros(np.maximum(a.shape, b.shape))
    for x in (a, b):
        out[tuple(slice(side) for side in x.shape)] += x
    return out


def recomputed(tensors, picture):
    """The template of one picture (3, h, w) in float64, by the formulas and without PyTorch."""
    values = {name: array.astype(np.float64) for name, array in tensors.items()}

    def conv_affine(name, x, stride, padding):
        x = convolution(x, values[f"{name}.conv.weight"], values[f"{name}.conv.bias"], stride, padding)
        return x * values[f"{name}.affine.weight"][:, None, None] + values[f"{name}.affine.bias"][:, None, None]

    x = pooled(np.maximum(conv_affine("stem", picture, 2, 0), 0), 3, np.max)
    sides = [x.shape[1]]
    for row, (channels, stride) in enumerate(BLOCKS):
        long = np.maximum(conv_affine(f"blocks.{row}.first", x, stride, 2 - stride), 0)
        long = conv_affine(f"blocks.{row}.second", long, 1, 1)
        assert len(long) == channels
        x = np.maximum(added(long, x if stride == 1 else pooled(x, 2, np.mean)), 0)
        sides.append(x.shape[1])
    return values["fc.weight"] @ x.mean(axis=(1, 2)), sides


def random_net(seed=0):
    """A net whose numbers are of about the same size from the first layer to the last."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, value in DlibResnet().state_dict().items():
        shape = tuple(value.shape)
        scale = np.sqrt(1 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        tensors[name] = (random.normal(size=shape) * scale + name.endswith("affine.weight")).astype(np.float32)
    return load_tensors(DlibResnet(), tensors), tensors


def pictures(count, side=150):
    return np.random.default_rng(1).normal(size=(count, 3, side, side)).astype(np.float32)


def test_the_network_is_what_its_formulas_say():
    net, tensors = random_net()
    (picture,) = pictures(1)
    want, sides = recomputed(tensors, picture)
    assert sides == [35] * 4 + [17] * 4 + [8] * 3 + [4] * 3 + [2], "the sum is as large as its larger side"
    got = net(torch.from_numpy(picture[None]))[0].numpy()
    assert np.abs(want).max() > 0.1
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-4 * np.abs(want).max())


def test_there_are_29_convolutions_and_5_6_million_numbers():
    net = DlibResnet()
    assert sum(isinstance(module, torch.nn.Conv2d) for module in net.modules()) == 29
    assert sum(parameter.numel() for parameter in net.parameters()) == 5_614_592


def test_templates_are_not_scaled():
    net, _ = random_net()
    batch = torch.from_numpy(pictures(2))
    with torch.inference_mode():
        raw = net.features(batch)
        assert raw.shape == (2, 128)
        torch.testing.assert_close(net(batch), raw)
        assert (raw.norm(dim=1) - 1).abs().min() > 0.01


def test_gradients_reach_every_parameter():
    net, _ = random_net()
    net.requires_grad_(True)
    net(torch.from_numpy(pictures(1))).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().max() > 0 for parameter in net.parameters())


def test_rows_do_not_depend_on_the_batch_they_come_in():
    net, _ = random_net()
    run = torch_runner(place_on(net, "cpu").features, chunk=4)
    batch = pictures(5)
    whole = run(batch)[0]
    np.testing.assert_array_equal(np.concatenate([run(batch[i : i + 2])[0] for i in range(0, 5, 2)]), whole)


@pytest.mark.parametrize("side", [151, 164, 200])
def test_maps_of_odd_sides_meet_too(side):
    net, tensors = random_net()
    (picture,) = pictures(1, side)
    want, _ = recomputed(tensors, picture)
    got = net(torch.from_numpy(picture[None]))[0].detach().numpy()
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-4 * np.abs(want).max())
