"""A tensor that a call keeps for the next: made again where another graph, or an eager call, asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from harness import translated

from transpile import translate

tf = pytest.importorskip("tensorflow")

NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, other):
        super().__init__()
        self.register_buffer("grid", torch.zeros(1, 2))
        self.other = other
        self.last = None

    def forward(self, x):
        if self.grid.shape[1] != x.shape[1]:
            self.grid = torch.zeros(1, x.shape[1])
        if self.last is None:
            self.last = x
        if x.shape[0] != 2:
            self.last = x
        if self.other.grid.shape != x.shape:
            self.other.grid = x
        return x + self.grid
"""
SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.grid = torch.zeros(1)
        self.grids = [torch.zeros(1)]
        self.always = False

    def forward(self, x):
        if self.grid.shape[-1:] != x.shape[-1:]:
            self.grid = torch.arange(x.shape[-1], dtype=x.dtype).view(1, -1)
        if self.always or self.grids[0].shape[-1] != x.shape[-1]:
            self.grids[0], n = torch.arange(x.shape[-1], dtype=x.dtype).view(1, -1) * 2, 1
        return x + self.grid + self.grids[0]
"""


def test_near_misses():
    code = translate(NEAR_MISS).code
    assert "outdated" not in code


def test_every_graph_and_every_eager_call_have_their_own():
    layer = translated(SOURCE).Net()
    x = tf.ones((2, 5))
    wanted = 1 + 3 * np.arange(5)[None].repeat(2, 0)
    opened = [tf.TensorSpec([None, None], tf.float32)]
    for _ in range(2):
        np.testing.assert_array_equal(tf.function(layer, input_signature=opened)(x), wanted)
        np.testing.assert_array_equal(layer(x), wanted)
        np.testing.assert_array_equal(tf.function(layer)(x), wanted)


def test_two_calls_of_open_sizes_in_one_graph():
    layer = translated(SOURCE).Net()

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32)] * 2)
    def both(x, y):
        return layer(x), layer(y)

    for x, y in zip((tf.ones((2, 5)), tf.ones((2, 3))), both(tf.ones((2, 5)), tf.ones((2, 3))), strict=True):
        np.testing.assert_array_equal(y, x + 3 * np.arange(x.shape[1]))


def test_a_tensor_that_was_kept_is_used_as_long_as_it_fits():
    layer = translated(SOURCE).Net()
    layer(tf.ones((2, 5)))
    first = layer.grid
    layer(tf.ones((3, 5)))
    assert layer.grid is first
    layer(tf.ones((3, 4)))
    assert layer.grid is not first


NEAR_KEYED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, other):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(4))
        self.other = other
        self.first, self.names, self.made = {}, {}, {}

    def forward(self, x, n: int):
        if n not in self.first:
            self.first[n] = x * self.bias
        if n not in self.names:
            self.names[n] = str(n)
        if n in self.made:
            self.made[n] = self.bias * n
        if n not in self.other.made:
            self.other.made[n] = self.bias * n
        return x + self.first[n]
"""
KEYED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.arange(4.0))
        self.tables = {}

    def table(self, n: int, device):
        key = str(device)
        if (n, key) not in self.tables:
            steps = torch.ones(4, device=device) * n
            self.tables[(n, key)] = steps * self.bias
        return self.tables[(n, key)]

    def forward(self, x):
        return x + self.table(x.shape[-1], x.device)
"""


def test_what_is_kept_under_a_key_and_made_of_more_stays():
    assert "outdated" not in translate(NEAR_KEYED).code


def test_what_is_kept_under_a_key_is_made_again_in_another_graph():
    layer = translated(KEYED).Net()
    x = tf.ones((2, 4))
    wanted = 1 + 4 * np.arange(4.0)[None].repeat(2, 0)
    for call in (tf.function(layer), layer, tf.function(layer), layer):
        np.testing.assert_array_equal(call(x), wanted)
    first = next(iter(layer.tables.values()))
    layer(x)
    assert next(iter(layer.tables.values())) is first
