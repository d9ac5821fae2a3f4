"""Branches and loops on tensors and open sizes: eagerly Python's, in a graph AutoGraph's. Near misses first."""

from __future__ import annotations

import pytest
import tensorflow as tf
from harness import FORMATS, Pair, translated, without_torch

from transpile import translate

NEAR_MISS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, dim, mode="mean"):
        super().__init__()
        self.conv = nn.Conv2d(3, dim, 1)
        self.mode = mode
        if dim % 2:
            raise ValueError("odd")

    def forward(self, x, mask=None, deep=False):
        x = self.conv(x)
        outputs = []
        if x.dim() != 4 or x.shape[1] < 2:
            raise ValueError("no image")
        if self.mode == "mean" and mask is None:
            x = x - x.mean()
        if deep:
            outputs.append(x)
        while len(outputs) < 2:
            outputs.append(x)
        return outputs[0]
"""
# An arm that does more than bind names would do so in a graph whatever the test gives.
LEFT = {
    "a list grows": "if h > 4:\n    outputs.append(x)",
    "a list grows in place": "if h > 4:\n    outputs += [x]",
    "an attribute": "if h > 4:\n    self.last = 1",
    "an unknown call": "if h > 4:\n    self.reset()",
    "an item of a dict": "if h > 4:\n    named['x'] = x",
    "a list grows in a loop": "while h > 4:\n    outputs.append(x)\n    h = h // 2",
    "beside one that fits": "if h > 4:\n    x = x + 1\nif w > 4:\n    outputs.append(x)",
    "with a name": "if h > 4:\n    y = (x := x + 1)",
    "a popped item": "if h > 4:\n    x = outputs.pop()",
    "a list comprehension's test": "x = sum([x for _ in range(2) if h > 4])",
}
BODY = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.last = 0

    def reset(self):
        self.last = 0

    def forward(self, x):
        x = self.conv(x)
        h, w = x.shape[2:]
        outputs, named = [x], {}
BODY
        return x + outputs[0]
"""
SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn


def shifted(x, size, shift):
    b, h, w, c = x.shape
    x = F.pad(x, (0, 0, 0, 0, 0, (size - h % size) % size))
    shift = shift.copy()
    if size >= x.shape[1]:
        shift[0] = 0
    if sum(shift) > 0:
        x = torch.roll(x, shifts=(-shift[0], -shift[1]), dims=(1, 2))
        y = x * 2
        x = y - 1
    return x[:, :h]


class Windows(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.shift = [1, 0]

    def forward(self, x):
        return shifted(self.linear(x), 4, self.shift)


class Told(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x, start=0, more=1):
        x = self.linear(x)
        end = more + x.shape[2] % 2
        assert start >= 0 and end >= 0, (start, end)
        assert x.ndim == 4, f"rank {x.ndim}"
        if x.shape[1] < end + 4:
            x = x * 2
        return F.pad(x, (0, 0, start, end))


class Early(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x):
        x = self.linear(x)
        count = (x.shape[1] // 2) * (x.shape[2] // 2)
        if count == 1:
            return x.mean((1, 2))
        return x.amax((1, 2))


class Values(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        x = self.linear(x)
        if x.max() > 1 and x.min() < 0:
            x = x / x.max()
        elif (x > 0).any():
            x = x + 1
        else:
            x = x - 1
        steps = 0
        while x.abs().sum() > 4:
            x = x * 0.5
            steps += 1
        y = x * 2 if x[0, 0] > 0 else x * 3
        assert mask is None or (x < 100).all(), "large"
        return y, x


class Numbers(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x, lengths):
        longest = int(torch.max(lengths).item())
        mask = torch.arange(longest, dtype=lengths.dtype).expand(lengths.shape[0], longest) < lengths.unsqueeze(1)
        count, peak = lengths.amax().item(), x.max().item()
        scale = float(x.mean()) + int(lengths.min()) / count
        steps = torch.zeros(2, longest) + count
        half = torch.arange(longest)[:, None] * max(longest / count, 1.0) + (1.0 - lengths.shape[0]) * 0.5
        return self.linear(x) * scale * peak, half, mask, steps * int(lengths[0]), x * count


class Steps(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.mask = nn.Parameter(torch.randn(dim))

    def forward(self, x):
        b, h, w, c = x.shape
        rows = w // 2
        x = self.linear(x)
        y = x[:, ::rows].mean(1)
        x[:, :, -rows:] += self.mask
        x[:, rows - 1 :: rows] += self.mask
        x[:, :, ::rows] = 0
        return x, y


class Lost(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.lstm = nn.LSTM(dim, 4, batch_first=True)

    def forward(self, x):
        b, h, w, c = x.shape
        x, _ = self.lstm(self.linear(x).view(b * h, w, -1))
        return x


class Guarded(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(3, dim, 1)

    def forward(self, x):
        x = self.conv(x)
        if x.shape[2] % 2 != 0:
            raise ValueError(f"{x.shape[2]} rows")
        h, w = x.shape[-2:]
        if not (h % 2 == 0 and w > 1) or any(n > 90 for n in x.shape[-2:]):
            raise ValueError("size")
        halves = self.conv(x[:, :3, ::2, ::2])
        if halves.shape[-2:] != (h // 2, w // 2):
            raise ValueError("halves")
        if x.shape[3] < 2 or x.abs().max() > 50:
            raise RuntimeError("narrow")
        return x
"""
CASES = [
    ("Windows(3)", ["f32[2,6,5,3]"]), ("Windows(3)", ["f32[2,4,5,3]"]), ("Early(4)", ["f32[2,4,6,4]"]),
    ("Early(4)", ["f32[3,2,2,4]"]), ("Values(3)", ["f32[2,3]"]), ("Values(3)", ["f32[7,3]"]),
    ("Lost(3)", ["f32[2,5,4,3]"]), ("Steps(3)", ["f32[2,5,4,3]"]),
    ("Numbers(3)", ["f32[2,3]", "i64[2]:int9"]), ("Guarded(4)", ["image[2,3,4,6]"]),
    ("Told(3)", ["f32[2,4,5,3]"]), ("Told(3)", ["f32[2,6,4,3]"]),
]  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
def test_near_miss(data_format: str) -> None:
    code = translate(NEAR_MISS, data_format=data_format).code
    assert "@autograph" not in code and "refused(" not in code


@pytest.mark.parametrize("name", LEFT)
def test_what_stays_is_reported(name: str) -> None:
    body = "\n".join(" " * 8 + line for line in LEFT[name].splitlines())
    result = translate(BODY.replace("BODY", body))
    assert "@autograph" not in result.code
    assert "SHP001" in [d.code for d in result.diagnostics]


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(("factory", "given"), CASES)
def test_equal_to_torch(factory: str, given: list[str], data_format: str) -> None:
    returns = "plain" if not factory.startswith("Guarded") else "image"
    pair = Pair(SOURCE, factory, given, data_format=data_format, returns=returns)
    pair.check()
    pair.check_open()


def test_nothing_is_said_of_what_a_graph_can_do() -> None:
    said = {d.code for d in translate(SOURCE).diagnostics}
    assert not said & {"SHP001", "STA002"}


def test_an_error_is_raised_in_both() -> None:
    net = translated(SOURCE).Guarded(4)
    with without_torch():
        with pytest.raises(ValueError, match="3 rows"):
            net(tf.zeros((1, 3, 4, 3)))
        traced = tf.function(net, input_signature=[tf.TensorSpec((None, None, None, 3))])
        assert traced(tf.zeros((1, 2, 4, 3))).shape == (1, 2, 4, 4)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"x\.shape\[2\] % 2"):
            traced(tf.zeros((1, 3, 4, 3)))
