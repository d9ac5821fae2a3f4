"""STA010: changes in place that another name of the same memory would show. Near misses first."""

from __future__ import annotations

import pytest

from transpile import translate

MODULE = """import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.plain = nn.ReLU()
        self.body = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(4, 4, 1))
        self.rate = rate
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        x = self.conv(x)
{body}
"""


def found(body: str) -> list[str]:
    text = MODULE.replace("{body}", "\n".join(" " * 8 + line for line in body.strip("\n").splitlines()))
    lines = text.splitlines()
    return [lines[d.line - 1].strip() for d in translate(text).diagnostics if d.code == "STA010"]


@pytest.mark.parametrize(
    "body",
    [
        "x.add_(1)\nreturn x",
        "y = x.clone()\ny.add_(1)\nreturn x + y",
        "y = x\ny = y + 1\nreturn x + y",
        "y = x + 0\ny += 1\nreturn x + y",
        "y = self.conv(x)\ny += x\nreturn y",  # the residual of every ResNet
        "r = x\nx = self.conv(x)\nx = self.act(x)\nreturn x + r",
        "x = self.act(x)\nreturn x",
        "r = x\nx = self.plain(x)\nreturn x + r",
        "y = x\ny.add_(1)\nx = self.conv(y)\nreturn x + y",  # bound anew before it is read
        "y = x\ny.add_(1)\nreturn y",
        "y = x\ny.add_(1)\nreturn y + x.shape[0] + x.size(1)",  # sizes do not change
        "y = x\ny.add_(1)\nreturn y + torch.zeros_like(x)",
        "a, b = x.chunk(2, dim=1)\na.mul_(2)\nreturn a + b",  # parts of one tensor, of which none meets another
        "a = x[:, 0]\nx[:, 1] = 0\nreturn x[:, 1:] + a[:, None]",
        "a = x[:, :2]\nx[:, 2:] += 1\nb = a\nreturn b",
        "y = x[x > 0]\ny.add_(1)\nreturn x",  # a mask picks a copy
        "y = x[:, [0, 1]]\ny.add_(1)\nreturn x",
        "t = self.rate\nt += torch.rand(4)\nreturn x * self.rate",  # a number is not changed in place
        "n = x.shape[0]\nm = n\nn += 1\nreturn x * (n + m)",
        "m = self.mean\nm.mul_(0.9)\nreturn x + self.mean[:, None, None]",  # the output assigns to a variable
        "if self.training:\n    y = x\n    y.add_(1)\n    return y\nreturn x",
        "outs = [x]\nx = x + 1\nouts.append(x)\nreturn outs",
        "return self.plain(x) + self.body(x)",
        "y = x * 2\nx.add_(y // 2).div_(y.clamp_(min=1))\nreturn x",  # read before it is changed
        "for i, row in enumerate(x):\n    row -= i\n    y = i\nreturn y",
        "return self.body(x) if self.rate else x + 1",
        "for i in range(3):\n    y = x\n    x = y + i\nreturn x",
    ],
)
def test_nothing_is_said(body: str) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("y = x\ny.add_(1)\nreturn x", "y.add_(1)"),
        ("y = x\ny += 1\nreturn x + y", "y += 1"),
        ("y = x\ny[:, 0] = 1\nreturn x", "y[:, 0] = 1"),
        ("y = x\nx[0].mul_(2)\nreturn y", "x[0].mul_(2)"),
        ("y = x[0]\ny.add_(1)\nreturn x", "y.add_(1)"),
        ("y = x.view(-1)\ny[0] = 1\nreturn x", "y[0] = 1"),
        ("y = torch.transpose(x, 2, 3)\ny.clamp_(0)\nreturn x", "y.clamp_(0)"),
        ("a, b = x.chunk(2, dim=1)\na.mul_(2)\nreturn x", "a.mul_(2)"),
        ("a = x[:, :2]\nx[:, 1:] += 1\nreturn a", "x[:, 1:] += 1"),
        ("y = x[:, None].detach()\nx.add_(1)\nreturn y", "x.add_(1)"),
        ("y = torch.relu_(x)\nreturn x + y", "y = torch.relu_(x)"),
        ("y = F.relu(x, inplace=True)\nreturn x + y", "y = F.relu(x, inplace=True)"),
        ("r = x\nx = self.act(x)\nreturn x + r", "x = self.act(x)"),
        ("return x + self.body(x)", "return x + self.body(x)"),  # the sum is made when the body has run
        ("return self.body(x) + x", "return self.body(x) + x"),
        ("outs = [x]\nx += 1\nreturn outs", "x += 1"),
        ("outs = []\nouts.append(x)\nx.relu_()\nreturn outs", "x.relu_()"),
        ("rows = [r for r in x]\nfor row in x:\n    row.add_(1)\nreturn x", "row.add_(1)"),
        ("for i, row in enumerate(x):\n    row -= i\nreturn x", "row -= i"),
        ("y = x * 2\nx.add_(y.clamp_(min=1)).div_(y)\nreturn x", "x.add_(y.clamp_(min=1)).div_(y)"),
        ("y = x\nfor i in range(3):\n    x = x + y\n    y.add_(i)\nreturn x + y", None),
        ("y = x\nfor i in range(3):\n    z = x * 2\n    y.add_(i)\nreturn z", "y.add_(i)"),  # read in the next round
        ("if self.training:\n    y = x\nelse:\n    y = x + 1\ny.add_(1)\nreturn x", "y.add_(1)"),
    ],
)  # fmt: skip
def test_who_reads_the_old_value_is_told(body: str, line: str | None) -> None:
    assert found(body) == ([] if line is None else [line])


def test_the_message_names_both() -> None:
    text = MODULE.replace("{body}", "        y = x.view(-1)\n        y[0] = 1\n        return x")
    (said,) = [d for d in translate(text).diagnostics if d.code == "STA010"]
    assert "`y[0]` is changed in place, and `x`, which shares its memory" in said.message
