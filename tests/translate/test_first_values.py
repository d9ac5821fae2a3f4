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
