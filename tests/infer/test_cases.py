"""Ranks that depend on a condition, and what one caller, or one of several layers, does not change for all others."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

GATE = """
import torch
from torch import nn


class Swish(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


def activation(name, channels):
    if name == "relu":
        return nn.ReLU()
    elif name == "prelu":
        return nn.PReLU(channels)
    elif name == "swish":
        return Swish()
    return nn.Sigmoid()


class Gate(nn.Module):
    def __init__(self, channels, use_conv=True, mid="relu"):
        super().__init__()
        self.use_conv = use_conv
        self.pool = nn.AdaptiveAvgPool2d(1)
        if use_conv:
            self.conv1 = nn.Conv2d(channels, 5, 1)
            self.conv2 = nn.Conv2d(5, channels, 1)
        else:
            self.fc1 = nn.Linear(channels, 5)
            self.fc2 = nn.Linear(5, channels)
        self.activ = activation(mid, 5)
        self.sigmoid = activation("sigmoid", channels)

    def forward(self, x):
        w = self.pool(x)
        if not self.use_conv:
            w = w.view(x.size(0), -1)
        w = self.conv1(w) if self.use_conv else self.fc1(w)
        w = self.activ(w)
        w = self.conv2(w) if self.use_conv else self.fc2(w)
        w = self.sigmoid(w)
        if not self.use_conv:
            w = w.unsqueeze(2).unsqueeze(3)
        return x * w
"""

BLOCK = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, n, m, pad=False):
        super().__init__()
        self.use_pad = pad
        if pad:
            self.pad = nn.ZeroPad2d((1, 2, 1, 0))
        self.conv = nn.Conv2d(n, m, 3, padding=1)
        self.bn = nn.BatchNorm2d(m)

    def forward(self, x):
        if self.use_pad:
            x = self.pad(x)
        return self.bn(self.conv(x))


class Covariance(nn.Module):
    def forward(self, x):
        b, c = x.size(0), x.size(1)
        x = x.view(b, c, -1)
        x = x.bmm(x.transpose(1, 2))
        return x


class Net(nn.Module):
    def __init__(self, depth=2):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("init_block", Block(3, 4, True))
        for i in range(depth):
            stage = nn.Sequential()
            stage.add_module("unit", Block(4, 4))
            self.features.add_module(f"stage{i}", stage)
        self.features.add_module("last", Block(4, 6))
        self.features.add_module("pool", Covariance())
        self.output = nn.Linear(36, 5)

    def forward(self, x):
        x = self.features(x)
        return self.output(x.reshape(x.size(0), -1))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("mid", ["relu", "prelu", "swish"])
@pytest.mark.parametrize("use_conv", [True, False])
def test_a_question_that_is_asked_again(use_conv: bool, mid: str, data_format: str) -> None:
    factory = f"Gate(8, {use_conv}, {mid!r})"
    Pair(GATE, factory, ["image[2,8,6,5]"], data_format=data_format, returns="image").check()


def test_what_is_written_is_what_a_reader_expects() -> None:
    code = translate(GATE).code
    assert "w = self.conv1(w) if self.use_conv else self.fc1(w)" in code
    assert "w = self.conv2(w) if self.use_conv else self.fc2(w)" in code
    assert "by_rank" not in code and "to_torch_order" not in code


SOFTMAX = GATE.replace(
    "    return nn.Sigmoid()\n",
    '    elif name == "softmax":\n        return nn.Softmax(dim=1)\n    return nn.Sigmoid()\n',
)

# an activation that other modules give tokens: its own pins say nothing of the ranks in the gate
TOKENS = """

class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = activation("swish", 4)

    def forward(self, x):
        b, n, d = x.shape
        return self.act(x)


class Both(nn.Module):
    def __init__(self, use_conv):
        super().__init__()
        self.gate = Gate(8, use_conv, "swish")
        self.tokens = Tokens()

    def forward(self, x, t):
        return self.gate(x), self.tokens(t)
"""


@pytest.mark.parametrize("use_conv", [True, False])
@pytest.mark.parametrize("mid", ["softmax", "swish"])
@pytest.mark.parametrize("source", [SOFTMAX, SOFTMAX + TOKENS])
def test_one_of_several_activations_works_along_the_channels(source: str, mid: str, use_conv: bool) -> None:
    Pair(source, f"Gate(8, {use_conv}, {mid!r})", ["image[2,8,6,5]"], returns="image").check()


@pytest.mark.parametrize("use_conv", [True, False])
def test_an_activation_of_images_here_and_tokens_there(use_conv: bool) -> None:
    Pair(
        GATE + TOKENS, f"Both({use_conv})", ["image[2,8,6,5]", "f32[2,3,4]"], returns=["image", "plain"]
    ).check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "        w = self.activ(w)\n",
            "        self.use_conv = self.use_conv and x.size(0) > 0\n        w = self.activ(w)\n",
        ),
        (
            "if not self.use_conv:\n            w = w.view",
            "if not bool(self.use_conv):\n            w = w.view",
        ),
        (
            "        w = self.pool(x)\n",
            "        w = self.pool(x)\n        self.use_conv = bool(self.use_conv)\n",
        ),
    ],
)
def test_an_answer_that_may_change_is_not_counted_on(old: str, new: str) -> None:
    assert old in GATE
    source = GATE.replace(old, new)
    assert "w = self.conv2(w) if self.use_conv else self.fc2(w)" not in translate(source).code
    Pair(source, "Gate(8, False)", ["image[2,8,6,5]"], returns="image").check()
    Pair(source, "Gate(8, True)", ["image[2,8,6,5]"], returns="image").check()


def test_a_block_stays_one_of_images_whatever_follows_it_somewhere() -> None:
    assert "tf.transpose" not in translate(BLOCK).code.split("class Block")[1].split("class Covariance")[0]
    Pair(BLOCK, "Net(2)", ["image[2,3,6,5]"]).check()
    Pair(BLOCK, "Net(3)", ["image[2,3,6,5]"]).check()


POOLS = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(2, 2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2, 2)
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x, places = self.pool(x)
        b, _, h, w = x.size()
        wider = torch.cat((self.conv(x), torch.zeros(b, 2, h, w)), dim=1)
        z, at = F.max_pool2d(x, 2, 2, return_indices=True)
        return self.unpool(self.conv(x), places), wider, F.max_unpool2d(z, at, 2, 2)
"""


@pytest.mark.parametrize("data_format", FORMATS)
def test_pools_that_say_where_their_maxima_stand(data_format: str) -> None:
    Pair(POOLS, "Net()", ["image[2,3,8,12]"], data_format=data_format, returns="image").check()


UNKNOWN = """
from torch import nn


class Net(nn.Module):
    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        for step in self.steps:
            x = step(x)[0]
        x = x.view(x.size(0), -1)
        return x.sum(1)
"""


def test_the_arguments_of_a_tensors_method_may_ask_the_same_tensor() -> None:
    assert "x.size(0)" not in translate(UNKNOWN).code


JOINT = """
import torch
from torch import nn


class Concurrent(nn.Sequential):
    def __init__(self, axis=1, merge=None):
        super().__init__()
        self.axis = axis
        self.merge = merge

    def forward(self, x):
        out = []
        for module in self._modules.values():
            out.append(module(x))
        if self.merge == "stack":
            out = torch.stack(tuple(out), dim=self.axis)
        elif self.merge == "cat":
            out = torch.cat(tuple(out), dim=self.axis)
        elif self.merge == "sum":
            out = torch.stack(tuple(out), dim=self.axis).sum(self.axis)
        else:
            raise NotImplementedError()
        return out


class Net(nn.Module):
    def __init__(self, merge):
        super().__init__()
        self.branches = Concurrent(merge=merge)
        self.branches.add_module("a", nn.Conv2d(3, 4, 1))
        self.branches.add_module("b", nn.Conv2d(3, 4, 3, padding=1))
        self.bn = nn.BatchNorm2d(8 if merge == "cat" else 4)

    def forward(self, x):
        return self.bn(self.branches(x))


class Split(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = Concurrent(merge="stack")
        self.branches.add_module("a", nn.Conv2d(3, 4, 1))
        self.branches.add_module("b", nn.Conv2d(3, 4, 3, padding=1))

    def forward(self, x):
        y = self.branches(x)
        return y.sum(dim=1).mean((2, 3))
"""


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("factory", ["Net('cat')", "Net('sum')", "Split()"])
def test_what_an_option_makes_of_a_list_of_maps(factory: str, data_format: str) -> None:
    Pair(JOINT, factory, ["image[2,3,6,5]"], data_format=data_format).check()
