"""Layers that factories and registries choose: convolutions of several makes, norms of several kinds."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair, imported, without_torch

from transpile import translate

CONVOLUTIONS = """
import torch
from torch import nn
import torch.nn.functional as F


class Mixed(nn.ModuleDict):
    def __init__(self, cin, cout, kernels, **kwargs):
        super().__init__()
        n = len(kernels)
        for i, k in enumerate(kernels):
            self.add_module(str(i), nn.Conv2d(cin // n, cout // n, k, padding=k // 2, **kwargs))
        self.splits = [cin // n] * n

    def forward(self, x):
        parts = torch.split(x, self.splits, 1)
        out = [c(parts[i]) for i, c in enumerate(self.values())]
        return torch.cat(out, 1)


class Standard(nn.Conv2d):
    def forward(self, x):
        w = F.batch_norm(
            self.weight.reshape(1, self.out_channels, -1), None, None, training=True, momentum=0.0, eps=1e-6
        ).reshape_as(self.weight)
        return F.conv2d(x, w, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Perhaps(nn.Module):
    def __init__(self, p=0.0):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.p == 0.0 or not self.training:
            return x
        return x.div(1 - self.p)


def create(cin, cout, kernel, **kwargs):
    if isinstance(kernel, list):
        m = Mixed(cin, cout, kernel, **kwargs)
    elif kwargs.pop("standard", False):
        m = Standard(cin, cout, kernel, padding=kernel // 2, **kwargs)
    else:
        m = nn.Conv2d(cin, cout, kernel, padding=kernel // 2, **kwargs)
    return m


class Block(nn.Module):
    def __init__(self, n, kernel, norm, p=0.0, **kwargs):
        super().__init__()
        self.conv1 = create(n, n, kernel, **kwargs)
        self.bn1 = norm(n)
        self.act = nn.ReLU()
        self.conv2 = create(n, n, 1)
        self.bn2 = norm(n)
        self.path = Perhaps(p) if p else nn.Identity()

    def forward(self, x):
        shortcut = x
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.act(x)
        x = self.conv2(x)
        x = self.bn2(x)
        x = self.path(x) + shortcut
        return x


class Net(nn.Module):
    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        self.stem = create(3, 4, 3)
        self.blocks = nn.Sequential(
            Block(4, [3, 5], norm), Block(4, 3, norm, 0.1), Block(4, 3, norm, standard=True)
        )

    def forward(self, x):
        x = self.blocks(self.stem(x))
        return x.mean((2, 3)), x
"""
REGISTRY = """
import functools
import types
import torch
from torch import nn
import torch.nn.functional as F


class LayerNorm(nn.LayerNorm):
    def forward(self, x):
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class GroupNorm(nn.GroupNorm):
    def __init__(self, num_channels, num_groups=32, eps=1e-5, affine=True, **kwargs):
        super().__init__(num_groups, num_channels, eps=eps, affine=affine, **kwargs)

    def forward(self, x):
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


def simple_norm(x, shape, weight, eps):
    v = x.var(dim=-1, keepdim=True)
    return x * torch.rsqrt(v + eps) * weight


class SimpleNorm2d(nn.Module):
    def __init__(self, n, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.shape = (n,)
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.permute(0, 2, 3, 1)
        x = simple_norm(x, self.shape, self.weight, self.eps)
        x = x.permute(0, 3, 1, 2)
        return x


class SimpleNorm(nn.Module):
    def __init__(self, n, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.shape = (n,)
        self.weight = nn.Parameter(torch.ones(n))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = simple_norm(x, self.shape, self.weight, self.eps)
        return x


NORMS = dict(
    batchnorm1d=nn.BatchNorm1d,
    groupnorm=GroupNorm,
    simple=SimpleNorm,
    simple2d=SimpleNorm2d,
    batchnorm=nn.BatchNorm2d,
    layernorm=LayerNorm,
    layernorm2d=LayerNorm2d,
)


def get_norm(norm_layer):
    if norm_layer is None:
        return None
    kwargs = {}
    if isinstance(norm_layer, functools.partial):
        kwargs.update(norm_layer.keywords)
        norm_layer = norm_layer.func
    if isinstance(norm_layer, str):
        norm_layer = NORMS[norm_layer.replace("_", "").lower()]
    if kwargs:
        norm_layer = functools.partial(norm_layer, **kwargs)
    return norm_layer


class Block(nn.Module):
    def __init__(self, n, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv1 = nn.Conv2d(n, n, 3, padding=1)
        self.bn1 = norm_layer(n)
        self.act1 = act_layer(inplace=True)
        self.conv2 = nn.Conv2d(n, n, 1)

    def forward(self, x):
        shortcut = x
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.act1(x)
        x = self.conv2(x)
        x += shortcut
        return x


class Net(nn.Module):
    def __init__(self, n=4, norm="batchnorm", act_layer=nn.ReLU):
        super().__init__()
        norm_layer = get_norm(norm)
        self.conv1 = nn.Conv2d(3, n, 3, padding=1)
        self.bn1 = norm_layer(n)
        self.act1 = act_layer(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.blocks = nn.Sequential(Block(n, act_layer, norm_layer), Block(n, act_layer, norm_layer))

    def forward(self, x):
        x = self.conv1(x)
        x = self.bn1(x)
        x = self.act1(x)
        x = self.pool(x)
        x = self.blocks(x)
        return x.mean((2, 3)), x
"""
FILLED = """
import torch
from torch import nn


def fill_(tensor, value):
    with torch.no_grad():
        tensor.fill_(value)
        tensor.mul_(2.0)


class Net(nn.Module):
    def __init__(self, widths=(4, 2, 4)):
        super().__init__()
        sizes, counts = torch.unique(torch.tensor(widths), return_counts=True)
        sizes, counts = sizes.tolist(), counts.tolist()
        self.a = nn.Linear(sizes[1], sizes[0])
        self.b = nn.Conv2d(sizes[0], counts[1], 3)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                fill_(module.weight, 0.25)

    def forward(self, x):
        return self.a(x)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_convolutions_of_several_makes(data_format: str) -> None:
    pair = Pair(
        CONVOLUTIONS, "Net()", ["image[2,3,8,6]"], data_format=data_format, returns=["plain", "image"]
    )
    pair.check()
    pair.check_open()


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm2d", "simple2d"])
def test_norms_by_name(norm: str, data_format: str) -> None:
    factory = f"Net(norm={norm!r})"
    pair = Pair(REGISTRY, factory, ["image[2,3,8,6]"], data_format=data_format, returns=["plain", "image"])
    pair.check()


def test_weights_are_filled_in_place() -> None:
    code = translate(FILLED).code
    assert "tensor = assigned(tensor, " in code
    module = imported(code)
    with without_torch():
        model = module.Net()
    assert tuple(model.b.weight.shape) == (2, 2, 3, 3)
    for layer in (model.a, model.b):
        assert float(abs(layer.weight - 0.5).numpy().max()) == 0.0


STAGE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, dim, norm=nn.BatchNorm2d, **kw):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)
        self.norm = norm(dim)
    def forward(self, x):
        return self.norm(self.conv(x))


class Flat(nn.Module):
    def forward(self, x):
        return x.flatten(2).transpose(1, 2)


class Block1(nn.Module):
    def __init__(self, dim, norm=nn.LayerNorm, **kw):
        super().__init__()
        self.fc = nn.Linear(dim, dim)
        self.norm = norm(dim)
    def forward(self, x):
        return self.norm(self.fc(x))


class Stage(nn.Module):
    def __init__(self, dim, depth, num_vit=1, **dd):
        super().__init__()
        blocks = []
        if num_vit and num_vit >= depth:
            blocks.append(Flat())
        for i in range(depth):
            remain = depth - i - 1
            if num_vit and num_vit > remain:
                blocks.append(
                    Block1(
                        dim,
                        **dd,
                    ))
            else:
                blocks.append(
                    Block(
                        dim,
                        norm=nn.BatchNorm2d,
                        **dd,
                    ))
                if num_vit and num_vit == remain:
                    blocks.append(Flat())
        self.blocks = nn.Sequential(*blocks)
    def forward(self, x):
        return self.blocks(x)
"""


def test_an_arm_of_a_sequential_is_no_place_that_could_convert() -> None:
    result = translate(STAGE)
    assert "converting(" not in result.code.split("class Stage")[1]
    assert not [d for d in result.diagnostics if d.code == "SYN901"]
