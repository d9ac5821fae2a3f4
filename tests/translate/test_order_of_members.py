"""A Sequential that is filled after it is made, or from pairs of names and layers, runs its members in that order."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

HEAD = """
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class LastNorm(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class MapNorm(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)
"""
# a map, then a flat one: neither is repeated
FILLED = HEAD + """
class Tower(nn.Sequential):
    def __init__(self, deep):
        super().__init__()
        self.stride = 2
        self.add_module("conv", nn.Conv2d(3, 4, 3, padding=1))
        self.add_module("act", nn.ReLU())
        for i in range(2):
            self.add_module(f"more{i}", nn.Conv2d(4, 4, 1))
        if deep:
            self.add_module("norm", nn.BatchNorm2d(4))
        self.add_module("flat", nn.Flatten(2))
        self.add_module("fc", nn.Linear(30, 6))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.tower = Tower(True)
        self.head = nn.Sequential()
        self.head.append(nn.Linear(6, 5))
        self.head.add_module("act", nn.Sigmoid())
        self.head.extend([nn.Linear(5, 4), nn.Tanh()])

    def forward(self, x):
        return self.head(self.tower(x))
"""
# near miss: who fills it is another function, so the order is not known here
FOREIGN = FILLED.replace(
    "        self.head.append(", "        fill(self.head)\n        self.head.append("
).replace("class Net", "def fill(layers):\n    layers.append(nn.Linear(6, 6))\n\n\nclass Net")
PAIRS = HEAD + """
class Block(nn.Module):
    def __init__(self, dim, maps):
        super().__init__()
        norm = MapNorm if maps else LastNorm
        self.maps = maps
        self.conv = nn.Conv2d(dim, dim, 1)
        self.body = nn.Sequential(OrderedDict([("act", nn.GELU()), ("norm", norm(dim))]))

    def forward(self, x):
        x = self.conv(x)
        if not self.maps:
            x = x.permute(0, 2, 3, 1)
        x = self.body(x)
        return x if self.maps else x.permute(0, 3, 1, 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Block(3, True)
        self.b = Block(3, False)

    def forward(self, x):
        return self.b(self.a(x))
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("source", [FILLED, FOREIGN], ids=["filled", "foreign"])
def test_filled_afterwards(source: str, data_format: str) -> None:
    Pair(source, "Net()", ["image[2,3,5,6]"], data_format=data_format, returns="plain").check()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_one_of_two_orders_under_a_name(data_format: str) -> None:
    Pair(PAIRS, "Net()", ["image[2,3,5,6]"], data_format=data_format).check()


def test_a_map_is_flattened_in_torch_order_where_it_is_flattened() -> None:
    tower = translate(FILLED).code.split("class Tower")[1].split("class Net")[0]
    assert tower.count("channels_first") + tower.count("in_torch_order") <= 1


# each takes torch's order and leaves an image; what is cut off later says nothing of where they are made
CUT = HEAD + """
class Stage(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mixed = False
        self.norm = nn.LayerNorm(dim)
        self.conv = nn.Conv2d(9, 9, 1)

    def forward(self, x):
        b, h, w, c = x.shape
        x = self.norm(x) * h
        if self.mixed:
            x = self.conv(x)
        return x


class Net(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        layers = []
        for _ in range(3):
            layers += [Stage(5)]
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(5)

    def cut(self, n):
        self.layers = self.layers[:n]

    def forward(self, x):
        return self.norm(self.layers(x)).mean((1, 2))
"""
LOOP = "        layers = []\n        for _ in range(3):\n            layers += [Stage(5)]\n"
COMPREHENSIONS = {
    "loop": LOOP,
    "counted": "        layers = [Stage(5) for _ in range(3)]\n",
    "uncounted": "        layers = [Stage(5) for _ in range(depth)]\n",
    "generated": "        layers = (Stage(5) for _ in range(3))\n",
    "grown": "        layers = []\n        layers += [Stage(5) for _ in range(2)]\n        layers.append(Stage(5))\n",
}
UNPLACED = CUT.replace("nn.Sequential(*layers)", "nn.Sequential(*layers)[:2]")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("layers", COMPREHENSIONS)
def test_what_makes_the_layers_is_told_and_a_cut_is_none_of_it(layers: str, data_format: str) -> None:
    Pair(
        CUT.replace(LOOP, COMPREHENSIONS[layers]), "Net()", ["f32[2,4,6,5]"], data_format=data_format
    ).check()


def test_what_nothing_can_convert_is_said() -> None:
    assert not any("nothing converts" in d.message for d in translate(CUT).diagnostics)
    assert any(
        d.code == "LAY003" and "nothing converts" in d.message for d in translate(UNPLACED).diagnostics
    )


# a map or a sequence comes in, so that its rank says nothing
MIXED = (
    CUT.replace(
        "class Net(",
        """class Embed(nn.Module):
    def __init__(self, flat):
        super().__init__()
        self.flat = flat
        self.conv = nn.Conv2d(3, 5, 1)

    def forward(self, x):
        x = self.conv(x).permute(0, 2, 3, 1)
        if self.flat:
            x = x.flatten(1, 2)
        return x


class Net(""",
    )
    .replace(
        "        layers = []",
        "        self.embed = Embed(False)\n        self.other = Embed(True)\n        layers = []",
    )
    .replace("self.layers(x)", "self.layers(self.embed(x))")
)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_what_comes_in_may_have_any_rank(data_format: str) -> None:
    Pair(MIXED, "Net()", ["image[2,3,4,6]"], data_format=data_format, returns="plain").check()


GROWN = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.conv = getattr(nn, f"Conv{dims}d")(3, 4, 3, 2, 1)
        self.final = self.make(24)

    def make(self, n):
        return nn.Sequential(nn.Flatten(), nn.Linear(n, 5))

    def forward(self, x: torch.Tensor):
        return self.final(self.conv(x))


class Heir(Net):
    def make(self, n):
        layers = super().make(n)
        layers.add_module("act", nn.Softmax(1))
        return layers
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("model", ["Net(2)", "Heir(2)"])
def test_a_member_that_only_one_caller_adds(model: str, data_format: str) -> None:
    Pair(GROWN, model, ["image[2,3,4,6]"], data_format=data_format, returns="plain").check()
    said = translate(GROWN, data_format=data_format).diagnostics
    assert any(d.code == "LAY003" for d in said) is (data_format == "channels_last")
