from __future__ import annotations

import numpy as np
import pytest
import torch

from faceproof.errors import ConfigurationError
from faceproof.systems.nets.inception_resnet_v1 import InceptionResnetV1
from faceproof.systems.nets.runtime import place_on, torch_runner


def test_rows_do_not_depend_on_the_batch_they_come_in():
    torch.manual_seed(0)
    net = place_on(InceptionResnetV1().eval().requires_grad_(False), "cpu")
    run = torch_runner(net.features, chunk=4)
    batch = np.random.default_rng(1).normal(size=(7, 3, 80, 80)).astype(np.float32)
    whole = run(batch)[0]
    for size in (1, 2, 3):
        parts = [run(batch[i : i + size])[0] for i in range(0, 7, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_an_empty_batch_gives_empty_answers():
    run = torch_runner(torch.nn.Conv2d(3, 5, 3).requires_grad_(False), chunk=4)
    assert run(np.zeros((0, 3, 8, 8), np.float32))[0].shape == (0, 5, 6, 6)


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="cuda:99"):
        place_on(torch.nn.Linear(1, 1), "cuda:99")


@pytest.mark.parametrize(
    "device", ["cuda:x", "cuda:-1", "xyz", "", "cpu:x", "meta", "hpu", "CPU", "cuda:99999999999999999999"]
)
def test_a_device_that_is_none_is_refused(device):
    with pytest.raises(ConfigurationError, match=f"^Device '{device}' cannot be used: .* On this machine: cpu"):
        place_on(torch.nn.Linear(1, 1), device)
