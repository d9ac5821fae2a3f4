"""An image (rank 4) on one way, a sequence of tokens (rank 3) on another: told apart when the output runs."""

from __future__ import annotations

import pytest
from harness import Pair

from transpile import translate

HEAD = """
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn


class ChannelNorm(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class MapNorm(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)
"""

# The same name is a map or, flattened, a sequence; a layer of either kind follows, which is one of three.
PATCHES = HEAD + """
class Patches(nn.Module):
    def __init__(self, dim, norm_layer=None, flatten=True):
        super().__init__()
        self.flatten = flatten
        self.proj = nn.Conv2d(3, dim, 2, stride=2)
        self.norm = norm_layer(dim) if norm_layer else nn.Identity()

    def forward(self, x):
        x = self.proj(x)
        if self.flatten:
            x = x.flatten(2).transpose(1, 2)
        x = self.norm(x)
        return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = Patches(4, nn.BatchNorm2d, flatten=False)
        self.tokens = Patches(4, nn.LayerNorm)
        self.bare = Patches(4)
        self.conv = nn.Conv2d(4, 5, 3)
        self.dense = nn.Linear(4, 5)

    def forward(self, x):
        return self.conv(self.maps(x)).mean((2, 3)), self.dense(self.tokens(x)), self.dense(self.bare(x))
"""

# One block for maps (1×1 convolutions) and for sequences (linear layers), made by one expression.
MLP = HEAD + """
class Mlp(nn.Module):
    def __init__(self, dim, norm_layer=None, use_conv=False):
        super().__init__()
        layer = partial(nn.Conv2d, kernel_size=1) if use_conv else nn.Linear
        self.fc1 = layer(dim, 2 * dim)
        self.act = nn.GELU()
        self.norm = norm_layer(2 * dim) if norm_layer is not None else nn.Identity()
        self.fc2 = layer(2 * dim, dim)

    def forward(self, x):
        x = self.fc1(x)
        x = self.act(x)
        x = self.norm(x)
        return self.fc2(x)


class Block(nn.Module):
    def __init__(self, dim, norm_layer=ChannelNorm):
        super().__init__()
        self.norm = norm_layer(dim)
        self.mlp = Mlp(dim, norm_layer)

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class MapBlock(nn.Module):
    def __init__(self, dim, norm_layer=MapNorm):
        super().__init__()
        self.norm = norm_layer(dim)
        self.mlp = Mlp(dim, use_conv=True)

    def forward(self, x):
        shortcut = x
        x = self.norm(x)
        x = self.mlp(x)
        return x + shortcut


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.maps = MapBlock(4)
        self.tokens = Block(4)
        self.wide = Block(4)

    def forward(self, x):
        x = self.maps(self.stem(x))
        tokens = self.tokens(x.flatten(2).transpose(1, 2))
        return x.mean((2, 3)), tokens, self.wide(x.permute(0, 2, 3, 1))
"""

# The body works on an image; that one caller holds it in torch's order makes it none for the others.
BROUGHT = HEAD + """
class Unit(nn.Module):
    def __init__(self, norm=True):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4) if norm else nn.Identity()

    def forward(self, x):
        x = self.conv(x)
        extra = getattr(self, "extra", None)
        if extra is not None:
            x = self.extra(x)
        return self.norm(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.first, self.second = Unit(), Unit(norm=False)

    def forward(self, x):
        x = self.stem(x)
        b, c, h, w = x.shape
        scores = torch.matmul(x.flatten(2), x.flatten(2).transpose(1, 2)).softmax(-1)
        y = torch.matmul(scores, x.flatten(2)).view(b, c, h, w)
        return self.first(y), self.second(self.first(x))
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("source", "returns"),
    [(PATCHES, "plain"), (MLP, "plain"), (BROUGHT, "image")],
    ids=["patches", "mlp", "brought"],
)
def test_equal(source, returns, data_format):
    pair = Pair(source, "Net()", ["image[2,3,6,8]"], data_format=data_format, returns=returns)
    pair.check()


def test_a_body_takes_the_image_as_it_is():
    """No transposes in the block that works on images only."""
    unit = translate(BROUGHT).code.split("class Unit")[1].split("class Net")[0]
    assert "transpose" not in unit


# what is permuted in one arm has four axes there, and is flat where the arm is not taken
FLAT = """
from torch import nn


class Net(nn.Module):
    def __init__(self, pooled=True):
        super().__init__()
        self.pooled = pooled
        self.conv = nn.Conv2d(3, 5, 1)
        self.pool = nn.AdaptiveAvgPool2d(1) if pooled else nn.Identity()
        self.flatten = nn.Flatten(1) if pooled else nn.Identity()
        self.norm = nn.LayerNorm(5)
        self.fc = nn.Linear(5, 4)

    def forward(self, x):
        x = self.conv(x)
        x = self.pool(x)
        x = self.flatten(x)
        if not self.pooled:
            x = x.permute(0, 2, 3, 1)
        x = self.norm(x)
        x = self.fc(x)
        if not self.pooled:
            x = x.permute(0, 3, 1, 2)
        return x
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("pooled", [True, False])
def test_a_permute_in_one_arm_says_nothing_of_the_other(pooled, data_format):
    Pair(FLAT, f"Net({pooled})", ["image[2,3,6,7]"], data_format=data_format).check()


# four axes in two orders, then three: a map and its tokens under one name are two values
TOKENS = """
from torch import nn


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)

    def forward(self, x, sizes):
        return x + self.norm(x) * sizes[0]


class Stage(nn.Module):
    def __init__(self, dim, wide, smaller):
        super().__init__()
        self.smaller = nn.Conv2d(dim, wide, 2, 2) if smaller else None
        self.checked = False
        self.blocks = nn.ModuleList([Block(wide) for _ in range(2)])

    def forward(self, x):
        if self.smaller is not None:
            x = self.smaller(x)
            x = x.permute(0, 2, 3, 1)
        b, h, w, c = x.shape
        x = x.reshape(b, -1, c)
        for block in self.blocks:
            if self.checked:
                x = block(x, (h, w))
            else:
                x = block(x, (h, w))
        return x.reshape(b, h, w, -1).permute(0, 3, 1, 2).contiguous()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.stages = nn.Sequential(Stage(4, 4, False), Stage(4, 6, True))

    def forward(self, x):
        x = self.stem(x).permute(0, 2, 3, 1)
        return self.stages(x).mean((2, 3))
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_the_tokens_of_a_map_of_two_orders(data_format):
    Pair(TOKENS, "Net()", ["image[2,3,6,8]"], data_format=data_format).check()


# one arm takes a map apart, the other a sequence: a block for either, in a model of either kind
APART = """
from torch import nn


class MapNorm(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.linear = nn.Conv2d(a, b, 1)
        self.norm = nn.BatchNorm2d(b)

    def forward(self, x):
        return self.norm(self.linear(x))


class LastNorm(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.linear = nn.Linear(a, b)
        self.norm = nn.BatchNorm1d(b)

    def forward(self, x):
        x = self.linear(x)
        return self.norm(x.flatten(0, 1)).reshape_as(x)


class Mixer(nn.Module):
    def __init__(self, dim, maps):
        super().__init__()
        layer = MapNorm if maps else LastNorm
        self.maps = maps
        self.both = layer(dim, dim * 2)
        self.last = nn.Sequential(nn.Hardswish(), layer(dim, dim))

    def forward(self, x):
        if self.maps:
            b, c, h, w = x.shape
            q, k = self.both(x).view(b, 2, -1, h * w).chunk(2, dim=2)
            x = (q * k).reshape(b, -1, h, w)
        else:
            b, n, c = x.shape
            q, k = self.both(x).view(b, n, 2, -1).chunk(2, dim=3)
            x = (q * k).reshape(b, n, -1)
        return self.last(x)


class Block(nn.Module):
    def __init__(self, dim, maps):
        super().__init__()
        self.mixer = Mixer(dim, maps)

    def forward(self, x):
        return x + self.mixer(x)


class Net(nn.Module):
    def __init__(self, maps):
        super().__init__()
        self.maps = maps
        self.stem = nn.Sequential()
        self.stem.add_module("conv", MapNorm(3, 8))
        self.stem.add_module("act", nn.Hardswish())
        self.stem.add_module("more", MapNorm(8, 8))
        self.blocks = nn.Sequential(*[Block(8, maps) for _ in range(2)])

    def forward(self, x):
        x = self.stem(x)
        if not self.maps:
            x = x.flatten(2).transpose(1, 2)
        x = self.blocks(x)
        return x.mean((-2, -1)) if self.maps else x.mean(1)
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("maps", [True, False])
def test_arms_that_take_a_map_or_a_sequence_apart(maps, data_format):
    Pair(APART, f"Net({maps})", ["image[2,3,6,8]"], data_format=data_format).check()


# near miss: what the one arm takes apart is another value
REBOUND = """
from torch import nn


class Net(nn.Module):
    def __init__(self, flat):
        super().__init__()
        self.flat = flat
        self.conv = nn.Conv2d(3, 4, 1)

    def mixed(self, x):
        if self.flat:
            x = x.flatten(2)
            b, c, n = x.shape
            x = x.reshape(b, c * n)
        else:
            b, c, h, w = x.size()
            x = x.permute(0, 2, 3, 1).reshape(b, h * w * c)
        return x

    def forward(self, x):
        return self.mixed(self.conv(x))
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("flat", [True, False])
def test_what_is_given_another_value_before_it_is_taken_apart(flat, data_format):
    Pair(REBOUND, f"Net({flat})", ["image[2,3,6,8]"], data_format=data_format).check()
