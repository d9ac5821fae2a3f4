"""`reset_parameters` of torch's layers: called from outside, by an heir, and by torch's own constructor."""

import numpy as np
import pytest
from harness import original, translated

LAYERS = """\
import torch
from torch import nn


class Scaled(nn.Conv2d):
    def __init__(self, inside, outside, size, gain=2.0):
        super().__init__(inside, outside, size)
        self.first = gain
        self.gain = nn.Parameter(torch.empty(outside, 1, 1, 1))
        self.reset_parameters()

    def reset_parameters(self):
        if hasattr(self, "gain"):
            nn.init.constant_(self.gain, self.first)
            super().reset_parameters()


class Level(nn.Linear):
    def reset_parameters(self):
        super().reset_parameters()
        nn.init.constant_(self.bias, 3.0)


class Wide(nn.ConvTranspose2d):
    def reset_parameters(self):
        nn.init.ones_(self.weight)
        nn.init.zeros_(self.bias)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scaled, self.level, self.wide = Scaled(3, 4, 3), Level(4, 5), Wide(2, 3, 2)
        self.plain = nn.ModuleList([nn.Conv2d(3, 4, 3), nn.Linear(4, 5, bias=False), nn.BatchNorm2d(4), nn.ReLU()])

    def reset(self):
        for layer in self.plain:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
"""


@pytest.fixture(scope="module")
def nets():
    return [make(LAYERS).Net() for make in (original, translated)]


def _value(tensor):
    return np.asarray(tensor.detach() if hasattr(tensor, "detach") else tensor)


def test_of_an_heir(nets):
    for net in nets:
        assert (_value(net.scaled.gain) == 2).all()
        for drawn, bound in ((net.scaled.weight, 27**-0.5), (net.level.weight, 0.5)):
            drawn = _value(drawn)
            assert bound / 2 < np.abs(drawn).max() <= bound


def test_of_an_heir_is_called_by_the_constructor(nets):
    for net in nets:
        assert (_value(net.level.bias) == 3).all()
        assert (_value(net.wide.weight) == 1).all()
        assert (_value(net.wide.bias) == 0).all()


def test_from_outside(nets):
    for net in nets:
        conv, line, norm, _ = net.plain
        before = _value(conv.weight).copy(), _value(conv.bias).copy(), _value(line.weight).copy()
        norm.weight = type(norm.weight)(norm.weight * 5)
        net.reset()
        after = _value(conv.weight), _value(conv.bias), _value(line.weight)
        assert all((old != new).any() for old, new in zip(before, after, strict=True))
        assert (_value(norm.weight) == 1).all()
        assert (_value(norm.running_mean) == 0).all()
        assert (_value(norm.running_var) == 1).all()


OF_ALL_KINDS = """\
import torch
from torch import nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())

    def forward(self, x):
        return self.body(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part, self.more = Part(), nn.ModuleList([nn.Sequential(nn.ConvTranspose2d(4, 2, 2))])

    def forward(self, x):
        return self.more[0](self.part(x))


def first(m):
    name = m.__class__.__name__
    if name.find("Conv") != -1:
        nn.init.constant_(m.weight.data, 0.25)
        m.bias.data.fill_(2)
    elif name.find("BatchNorm") != -1:
        m.weight.data = torch.full((4,), 3.0)


def made():
    net = Net()
    net.apply(first)
    return net
"""


def test_a_function_is_applied_to_layers_of_all_kinds_at_any_depth():
    seen = []
    for make in (original, translated):
        net = make(OF_ALL_KINDS).made()
        names = []
        net.apply(lambda layer, names=names: names.append(type(layer).__name__))
        part, deep = (list(net.part.body.children()) if make is original else net.part.body.layers), net.more[
            0
        ]
        last = deep[0] if make is original else deep.layers[0]
        values = [part[0].weight, part[0].bias, part[1].weight, last.weight, last.bias]
        seen.append((names, [sorted(set(_value(value).ravel().tolist())) for value in values]))
    assert seen[0] == seen[1]
    assert seen[0][1] == [[0.25], [2.0], [3.0], [0.25], [2.0]]
