"""The one seam between faceproof and the library that runs a net: arrays in, arrays out.

A *runner* takes a float32 array whose first axis is the batch and gives a tuple of float32 arrays. Everything
else in faceproof knows nets only as runners, so another library needs only another factory here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faceproof.errors import ConfigurationError

Array = NDArray[np.float32]
Net = TypeVar("Net", bound=nn.Module)
Runner = Callable[[Array], tuple[Array, ...]]

if sys.platform == "linux" and not Path("/proc/cpuinfo").exists():
    # NNPACK does not start without it, and says so on stderr for every convolution; others compute in its place.
    torch.backends.nnpack.set_flags(False)  # type: ignore[no-untyped-call]


def load_tensors(module: Net, tensors: Mapping[str, Array], prefix: str = "") -> Net:
    """Fill a module with tensors by name and make it ready for use.

    Args:
        module: any module whose state dict has the names.
        tensors: arrays by name, ``num_batches_tracked`` and logits may be missing.
        prefix: only names that begin so count, without it.

    Returns:
        The same module in evaluation mode, without gradients.

    Raises:
        KeyError: when a parameter has no tensor.
    """
    state = module.state_dict()
    wanted = [name for name in state if not name.endswith("num_batches_tracked")]
    filled = {name: torch.tensor(np.asarray(tensors[prefix + name])) for name in wanted}
    module.load_state_dict(filled, strict=False)
    return module.eval().requires_grad_(False)


def torch_runner(
    forward: Callable[[Tensor], Tensor | tuple[Tensor, ...]],
    *,
    device: str = "cpu",
    chunk: int | None = None,
) -> Runner:
    """A runner on PyTorch.

    Args:
        forward: a module on ``device`` in evaluation mode, or one of its methods.
        device: where it lies (``cpu``, ``cuda``, ``cuda:1``, ...).
        chunk: rows computed at a time. Each chunk is filled up with zeros, so that a row's answer is the same
            to the last bit whatever else is in the batch (matrix kernels differ with the number of rows).
            None: the whole batch at once.

    Returns:
        The runner.
    """

    def once(batch: Array) -> tuple[Array, ...]:
        with torch.inference_mode():
            out = forward(torch.from_numpy(batch).to(device, memory_format=torch.channels_last))
        many = out if isinstance(out, tuple) else (out,)
        return tuple(one.cpu().numpy() for one in many)

    def filled(rows: Array, size: int) -> tuple[Array, ...]:
        if len(rows) >= size:
            return once(rows)
        batch = np.zeros((size, *rows.shape[1:]), np.float32)
        batch[: len(rows)] = rows
        return tuple(one[: len(rows)] for one in once(batch))

    def run(batch: Array) -> tuple[Array, ...]:
        if chunk is None:
            return once(batch)
        starts = range(0, max(len(batch), 1), chunk)
        parts = [filled(batch[start : start + chunk], chunk) for start in starts]
        return parts[0] if len(parts) == 1 else tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    return run


def place_on(module: Net, device: str) -> Net:
    """Move a module to a device, laid out for its convolutions.

    Raises:
        ConfigurationError: when the machine has no such device.
    """
    try:
        place = torch.device(device)
        if place.type == "meta":
            raise RuntimeError("it holds no numbers")
        module.to(place)
    except (RuntimeError, AssertionError, ImportError, AttributeError) as error:
        known = "cpu" + "".join(f", cuda:{i}" for i in range(torch.cuda.device_count()))
        why = str(error).split("\n", 1)[0].rstrip(".")
        raise ConfigurationError(f"Device {device!r} cannot be used: {why}. On this machine: {known}.") from error
    for parameter in module.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return module
