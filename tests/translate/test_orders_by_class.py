"""One of several layers, each in an order of axes of its own: its class says which when the output runs."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

HEAD = """
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


class Double(nn.Module):
    def forward(self, x):
        return x * 2
"""

# the size of the channels is that of the last axis in torch's order, too: a wrong order raises nothing
BLOCK = HEAD + """
class Block(nn.Module):
    def __init__(self, dim, maps):
        super().__init__()
        self.maps = maps
        norm = MapNorm if maps else LastNorm
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)
        self.norm = norm(dim)

    def forward(self, x):
        short = x
        x = self.conv(x)
        if self.maps:
            x = self.norm(x)
        else:
            x = x.permute(0, 2, 3, 1)
            x = self.norm(x)
            x = x.permute(0, 3, 1, 2)
        return x + short


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Block(3, True)
        self.b = Block(3, False)
        self.head = LastNorm(3)

    def forward(self, x):
        x = self.b(self.a(x))
        return x, self.head(x.flatten(2).transpose(1, 2))
"""

MEMBER = HEAD + """
class Block(nn.Module):
    def __init__(self, dim, norm):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(dim, dim, 1), norm(dim), nn.Conv2d(dim, dim, 1))

    def forward(self, x):
        return self.body(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Block(3, MapNorm)
        self.b = Block(3, LastNorm)

    def forward(self, x):
        return self.b(self.a(x))
"""

# the axes that one of them pools come from its constructor, so that it asks for no order by itself
POOLED = HEAD + """
class Means(nn.Module):
    def __init__(self, dim, pools=True):
        super().__init__()
        self.norm = LastNorm(dim)
        self.pools = pools

    def forward(self, x):
        if self.pools:
            x = x.mean((1, 2))
        return self.norm(x)


class Pooled(Means):
    def __init__(self, dim, axes):
        super().__init__(dim)
        self.axes = axes

    def pooled(self, x):
        return x.mean(dim=self.axes)

    def forward(self, x):
        return self.norm(self.pooled(x))


class Net(nn.Module):
    def __init__(self, usual=False):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        if usual:
            self.head = Means(3)
        else:
            self.head = Pooled(3, (1, 2))
        self.other = Pooled(3, 1)

    def head_of(self, x):
        return self.head(x)

    def forward(self, x):
        x = self.conv(x).permute(0, 2, 3, 1)
        return self.head_of(x), self.other(x.flatten(1, 2))
"""

# near misses: nothing here takes torch's order, or all do
INDIFFERENT = BLOCK.replace("MapNorm if maps else LastNorm", "MapNorm if maps else Double").replace(
    "self.norm = norm(dim)", "self.norm = norm(dim) if maps else norm()"
)
ALIKE = BLOCK.replace("norm = MapNorm if maps else LastNorm", "norm = MapNorm if maps else nn.BatchNorm2d")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("source", [BLOCK, MEMBER, POOLED, INDIFFERENT, ALIKE])
def test_each_layer_is_given_its_own_order(source: str, data_format: str) -> None:
    pair = Pair(source, "Net()", ["image[2,3,3,3]"], data_format=data_format)
    pair.check()


def test_the_classes_say_what_they_take() -> None:
    text = translate(BLOCK).code
    assert text.count('data_formats = "channels_last", "channels_last"') == 1
    assert text.count('data_formats = "channels_first", "channels_first"') == 1
    assert "called_in_channels_last(self.norm, x)" in text and "called_in_torch_order(self.norm, x)" in text
    assert "in_channels_last(norm(dim))" in translate(MEMBER).code


@pytest.mark.parametrize("source", [INDIFFERENT, ALIKE, POOLED])
def test_no_class_says_so_where_one_order_does_for_all(source: str) -> None:
    assert "data_formats" not in translate(source).code
    assert "data_formats" not in translate(BLOCK, data_format="channels_first").code
