"""One operand for layers of several ranks, chosen by who calls a constructor: in both data formats, against torch."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

NORMED = """
import torch
from torch import nn


class Normed(nn.Sequential):
    def __init__(self, c, d, norm=nn.BatchNorm2d, conv=nn.Conv2d):
        layers = [conv(c, d, 3, padding=1)]
        if norm is not None:
            layers.append(norm(d))
        layers.append(nn.ReLU())
        super().__init__(*layers)


class Flat(Normed):
    def __init__(self, c, d):
        super().__init__(c, d, nn.BatchNorm2d, nn.Conv2d)


class Deep(Normed):
    def __init__(self, c, d):
        super().__init__(c, d, nn.BatchNorm3d, nn.Conv3d)


class Images(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(Flat(3, 4), nn.MaxPool2d(2))
        self.b = Normed(4, 2)

    def forward(self, x):
        y = self.a(x)
        return torch.cat((self.b(y), y), 1)


class Volumes(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(Deep(3, 4), nn.MaxPool3d(2))
        self.b = Deep(4, 2)
        self.c = Deep(4, 2)

    def forward(self, x):
        y = self.a(x)
        return torch.cat((self.b(y), self.c(y)), 1).mean((2, 3, 4))
"""
WINDOWS = """
import torch
from torch import nn


class Swap(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)


class Rows(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.l = nn.Linear(dim, dim)

    def forward(self, x):
        b, h, w, c = x.shape
        y = self.l(x.view(b, h * w, c))
        y = y - y.mean(1, keepdim=True)
        return y.view(b, h, w, c)


class Layers(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.l = nn.Linear(dim, dim)

    def forward(self, x):
        b, t, h, w, c = x.shape
        y = self.l(x.view(b, t * h * w, c))
        y = y - y.mean(1, keepdim=True)
        return y.view(b, t, h, w, c)


def drop(input, p, mode, training=True):
    if not training or p == 0.0:
        return input
    if mode == "row":
        size = [input.shape[0]] + [1] * (input.ndim - 1)
    else:
        size = [1] * input.ndim
    noise = torch.empty(size, dtype=input.dtype, device=input.device)
    noise = noise.bernoulli_(1 - p)
    noise.div_(1 - p)
    return input * noise


class Drop(nn.Module):
    def __init__(self, p, mode):
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input):
        return drop(input, self.p, self.mode, self.training)


class Block(nn.Module):
    def __init__(self, dim, norm=nn.LayerNorm, mix=Rows):
        super().__init__()
        self.norm = norm(dim)
        self.mix = mix(dim)
        self.drop = Drop(0.1, "row")

    def forward(self, x):
        return x + self.drop(self.mix(self.norm(x)))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 3, padding=1)
        self.drop = Drop(0.2, "row")

    def forward(self, x):
        y = self.drop(self.c(x))
        y += x
        return y.mean(1)


class Merge(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.l = nn.Linear(2 * dim, dim)

    def forward(self, x):
        return self.l(torch.cat([x[..., 0::2, :], x[..., 1::2, :]], -1))


class Images(nn.Module):
    def __init__(self, depth=2, block=None):
        super().__init__()
        if block is None:
            block = Block
        layers = [nn.Sequential(nn.Conv2d(3, 4, 2, 2), Swap([0, 2, 3, 1]), nn.LayerNorm(4))]
        for i in range(depth):
            stage = []
            for j in range(2):
                stage.append(block(4))
            layers.append(nn.Sequential(*stage))
            if i < depth - 1:
                layers.append(Merge(4))
        self.features = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(4)
        self.swap = Swap([0, 3, 1, 2])
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        return self.pool(self.swap(self.norm(self.features(x)))).flatten(1)


class Volumes(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.begin = nn.Conv3d(3, 4, 2, 2)
        layers = []
        for i in range(depth):
            stage = [Block(4, mix=Layers) for j in range(2)]
            layers.append(nn.Sequential(*stage))
            if i < depth - 1:
                layers.append(Merge(4))
        self.features = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        x = self.begin(x).permute(0, 2, 3, 4, 1)
        x = self.norm(self.features(x))
        return x.permute(0, 4, 1, 2, 3).mean((2, 3, 4))
"""
CASES = {
    "convolutions, images": (NORMED, "Images()", "image[2,3,8,6]", "image"),
    "convolutions, volumes": (NORMED, "Volumes()", "image[2,3,4,8,6]", "plain"),
    "an image whose rows are dropped": (WINDOWS, "Residual()", "image[2,3,8,6]", "plain"),
    "windows, images": (WINDOWS, "Images()", "image[2,3,8,16]", "plain"),
    "windows, volumes": (WINDOWS, "Volumes()", "image[2,3,4,8,16]", "plain"),
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, factory, operand, returns = CASES[name]
    pair = Pair(source, factory, [operand], data_format=data_format, returns=returns)
    pair.check()
    pair.check_open()
