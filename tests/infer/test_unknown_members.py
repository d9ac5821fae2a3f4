"""Lists of tensors of which nothing is known, given an axis or joined along one: the rank decides, aloud."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

HEAD = "import torch\nfrom torch import nn\nfrom elsewhere import maps, table\n\n\n"


def said(body: str, **options: str) -> list[tuple[str, int]]:
    found = translate(HEAD + body, filename="x.py", **options).diagnostics
    return [(d.code, d.line - HEAD.count("\n")) for d in found if d.code.startswith("LAY")]


@pytest.mark.parametrize(
    "call",
    [
        "torch.stack(maps(x))",
        "torch.stack(table.rows, dim=0)",
        "torch.cat(maps(x), 0)",
        "torch.vstack(maps(x))",
        "torch.stack([x, x * n], 1)",
    ],
)
def test_nothing_is_said_where_no_axis_matters(call: str) -> None:
    body = f"def f(x: torch.Tensor):\n    n, c = x.shape\n    return {call}\n"
    assert said(body) == []


def test_nothing_is_said_in_channels_first() -> None:
    body = "def f(x):\n    return torch.stack(maps(x), 1), torch.hstack(maps(x)), torch.cat(table.rows, 1)\n"
    assert said(body, data_format="channels_first") == []


def test_maps_of_convolutions_are_known() -> None:
    body = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        y = self.conv(x)
        return torch.stack([y, y], 1), torch.hstack([y, y])
"""
    assert said(body) == [] and "to_torch_order" not in translate(HEAD + body).code


@pytest.mark.parametrize(
    "call",
    [
        "torch.stack(maps(x), 1)",
        "torch.stack(list(table.rows), dim=-1)",
        "torch.stack([table.one, table.two], 1)",
        "torch.stack([x, y], dim=1)",
        "torch.stack(table.rows, y)",
        "torch.hstack(maps(x))",
        "torch.dstack(table.rows)",
        "torch.column_stack(maps(x))",
        "torch.cat(tuple(map(maps, x)), 1)",
        "torch.cat([table.one, table.two], 1)",
        "torch.cat(torch.jit.load(x), y)",
    ],
)
def test_it_is_said_where_the_axis_matters(call: str) -> None:
    assert ("LAY003", 2) in said(f"def f(x, y):\n    return {call}\n")


SOURCE = HEAD.replace("from elsewhere import maps, table\n", "") + """
class Stack(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def forward(self, maps):
        return torch.stack(maps, self.axis)


class Net(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.axis = axis
        self.stack = Stack(axis)

    def forward(self, x):
        y = self.conv(x)
        return torch.stack([y, y * 2], dim=self.axis).mean(2), self.stack([y, y + 1])
"""


TOKENS = """class Tokens(nn.Module):
    def __init__(self, axis):
        super().__init__()
        self.stack = Stack(axis)

    def forward(self, x):
        return self.stack([x, x * 2])
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("axis", [0, 1, 3, -1])
def test_maps_on_an_axis_that_is_known_when_it_runs(data_format: str, axis: int) -> None:
    Pair(SOURCE, f"Net({axis})", ["image[2,3,5,6]"], data_format=data_format, returns="plain").check()


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_tokens_of_a_class_that_nobody_calls_with_maps(axis: int) -> None:
    Pair(
        SOURCE.partition("class Net")[0] + TOKENS,
        f"Tokens({axis})",
        ["f32[2,3,5]"],
        data_format="channels_last",
        returns="plain",
    ).check()


JOINED = """
import torch
from torch import nn


class Root(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.conv = nn.Conv2d(4 * n, n, 1)

    def forward(self, x2, x1, extra):
        x = torch.cat((x2, x1) + tuple(extra), dim=1)
        return self.conv(x) + x1


class Tree(nn.Module):
    def __init__(self, n, keep):
        super().__init__()
        self.a = nn.Conv2d(n, n, 1)
        self.b = nn.Conv2d(n, n, 1)
        self.root = Root(n)
        self.keep = keep

    def forward(self, x):
        y = self.a(x)
        return self.root(self.b(y), y, self.keep(x, y))
"""


def test_what_is_joined_with_images_in_one_list_is_taken_for_images():
    assert "tf.concat((x2, x1) + tuple(extra), axis=-1)" in translate(JOINED).code
    Pair(JOINED, "Tree(3, lambda x, y: [x, y])", ["image[2,3,6,5]"], returns="image").check()
