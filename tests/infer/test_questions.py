"""Which open questions of layout are worth a warning, and which are answered by what a tensor is made of or for."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

HEAD = "import torch\n\n\n"
SCORES = HEAD + """
def scores(x: torch.Tensor):
    b, h, n, d = x.shape
    return x.softmax(dim=1)
"""
JOINED = HEAD + """
def joined(x: torch.Tensor):
    b, c, n, m = x.shape
    y = x.view(b, c, -1)
    return torch.cat([y, x.flatten(2)], dim=1)
"""
SUMMED = HEAD + """
def summed(x: torch.Tensor):
    return x.sum(1)
"""
WINDOWS = HEAD + """
def windows(x: torch.Tensor, size: int):
    b, c, n = x.shape
    y = x.view(b, c, -1, size)
    return torch.cat([y, y], dim=1)
"""


@pytest.mark.parametrize(("source", "code"), [(SCORES, "LAY002"), (JOINED, "LAY002"), (SUMMED, "LAY003")])
def test_what_callers_bring_is_asked_for(source: str, code: str) -> None:
    assert code in [d.code for d in translate(source).diagnostics]


def test_what_is_made_of_an_undecided_tensor_is_decided_with_it() -> None:
    done = translate(WINDOWS)
    assert [d.code for d in done.diagnostics] == []
    assert "tf.concat([y, y], axis=1)" in done.code


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("torch.diag(x)", "diag(x, 0)"),
        ("torch.mm(x, y)", "tf.matmul(x, y)"),
        ("x.bmm(y)", "tf.matmul(x, y)"),
        ("torch.outer(x, y)", "tf.tensordot(x, y, 0)"),
    ],
)
def test_what_has_too_few_axes_for_an_image_is_not_asked_for(call: str, written: str) -> None:
    done = translate(HEAD + f"\ndef f(x: torch.Tensor, y: torch.Tensor):\n    return {call}\n")
    assert [d.code for d in done.diagnostics] == []
    assert written in done.code


NORMED = """import torch
from torch import nn


class Normed(nn.Sequential):
    def __init__(self, i, o, conv=nn.Conv2d):
        super().__init__(conv(i, o, 3, padding=1), nn.ReLU())


class Flat(Normed):
    def __init__(self, i, o):
        super().__init__(i, o, nn.Conv2d)


class Deep(Normed):
    def __init__(self, i, o):
        super().__init__(i, o, nn.Conv3d)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = Flat(3, 4), Flat(3, 4)
        self.c = Deep(3, 4)

    def forward(self, x, z):
        x = torch.cat([self.a(x), self.b(x)], dim=1)
        x, gate = x.chunk(2, dim=1)
        return x.softmax(dim=1) * gate, self.c(z)
"""
OFFERED = """import torch
from torch import nn


class Conv(nn.Module):
    def __init__(self, i, o, act=True):
        super().__init__()
        self.conv = nn.Conv2d(i, o, 1)
        self.act = nn.SiLU() if act is True else act if isinstance(act, nn.Module) else nn.Identity()

    def forward(self, x):
        return self.act(self.conv(x))


class Classify(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = Conv(6, 4)

    def forward(self, x):
        if isinstance(x, list):
            x = torch.cat(x, 1)
        return self.conv(x).mean((2, 3))
"""


def test_the_channels_of_an_image_stand_last_however_many_axes_it_has() -> None:
    done = translate(NORMED)
    assert [d.code for d in done.diagnostics] == []
    assert "axis=-1)" in done.code and "open_axis" not in done.code
    Pair(NORMED, "Net()", ["image[2,3,4,5]", "image[2,3,4,5,6]"], data_format="channels_last").check()


def test_the_rank_that_a_layer_asks_for_holds_for_all_that_may_be_its_operand() -> None:
    done = translate(OFFERED)
    assert [d.code for d in done.diagnostics] == []
    assert "x = tf.concat(x, axis=-1)" in done.code
