"""Functions with a gradient of their own: forward, backward, and both data formats."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Pair, without_torch

from transpile import translate

NEAR_MISS = """
import torch


class Function:
    def apply(self, x):
        return x.size()


class Mine(Function):
    def backward(ctx, grad):
        return grad


def f(config):
    return Mine().apply(config), Mine.apply
"""
SOURCE = """
import torch
from torch import nn


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x * torch.sigmoid(x)
        ctx.save_for_backward(x)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        x = ctx.saved_tensors[0]
        s = torch.sigmoid(x)
        return grad_output * (s * (1 + x * (1 - s))) * 2  # not the true gradient: it shows that this one is used


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale, factor):
        ctx.factor = factor
        ctx.save_for_backward(x, scale)
        return x * scale.view(1, -1, 1, 1) * factor, x.mean(1)

    @staticmethod
    def backward(ctx, grad, grad_mean):
        x, scale = ctx.saved_tensors
        dx = grad * scale.view(1, -1, 1, 1) * ctx.factor + 3 * grad_mean.unsqueeze(1) / x.shape[1]
        ds = (grad * x).sum(dim=(0, 2, 3)) * ctx.factor if ctx.needs_input_grad[1] else None
        return dx, ds, None


class Later(torch.autograd.Function):
    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, y = inputs
        ctx.save_for_backward(x, y, output)

    @staticmethod
    def backward(ctx, grad):
        x, y, output = ctx.saved_tensors
        return grad * y + 0 * output, None


gate = Gate.apply


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.scale = nn.Parameter(torch.ones(4) * 2)

    def forward(self, x):
        y, mean = Scale.apply(self.conv(x), self.scale, 0.5)
        return Later.apply(Gate.apply(y), y) + mean[:, None]
"""


def test_near_misses_stay():
    code = translate(NEAR_MISS).code
    assert "class Mine(Function):" in code and "x.size()" in code and "custom_gradient" not in code


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_forward(data_format):
    pair = Pair(SOURCE, "Net()", ["image[2,3,5,4]"], data_format=data_format)
    pair.check()
    pair.check_open()
    Pair(SOURCE, "gate", ["f32[3,4]"], data_format=data_format).check()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_backward(data_format):
    import tensorflow as tf

    pair = Pair(SOURCE, "Net()", ["image[2,3,5,4]"], data_format=data_format)
    given = pair.inputs[0].torch().requires_grad_()
    pair.torch_model(given).square().sum().backward()
    wanted = given.grad.numpy(), pair.torch_model.scale.grad.numpy()
    x = pair.inputs[0].tensorflow(data_format)
    with without_torch(), tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(pair.model(x) ** 2)
    got_x, got_scale = tape.gradient(loss, [x, pair.model.scale.value])
    if data_format == "channels_last":
        got_x = np.moveaxis(got_x, -1, 1)
    np.testing.assert_allclose(got_x, wanted[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(got_scale, wanted[1], rtol=1e-4, atol=1e-4)
