"""Torch modules with telling weights, and the comparison of their outputs with those of Keras twins."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


def stirred(module: nn.Module, seed: int = 0) -> nn.Module:
    """The module in eval mode, every parameter and buffer random, so that each of them shows in the output."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                values = torch.randn(tensor.shape, generator=generator) * 0.5
                tensor.copy_(values.abs() + 0.5 if name.endswith("running_var") else values)
    return module.eval()


def image(*shape: int) -> np.ndarray:
    """A random array, in torch's order."""
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def channels_last(array: np.ndarray) -> np.ndarray:
    return np.moveaxis(array, 1, -1)


def assert_same_output(module, layer, x, *, is_image=False, tolerance=1e-5):
    """Torch's output and Keras' on the same input, whose channels stand last for Keras if it is an image."""
    with torch.no_grad():
        wanted = module(torch.from_numpy(x))
    wanted = (wanted[0] if isinstance(wanted, tuple) else wanted).numpy()
    given = np.asarray(layer(channels_last(x) if is_image else x))
    wanted = channels_last(wanted) if is_image else wanted
    assert given.shape == wanted.shape
    np.testing.assert_allclose(given, wanted, rtol=0, atol=tolerance)
