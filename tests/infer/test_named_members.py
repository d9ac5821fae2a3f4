"""Layers that a container, a dict or a namespace holds under a name: in both data formats, against torch."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = "import functools\nimport torch\nfrom torch import nn\n\n\n"
KINDS = "KINDS = dict(relu=nn.ReLU, tanh=nn.Tanh, softmax=nn.Softmax2d, none=nn.Identity)\n\n\n"
CAUGHT = """def caught(init):
    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        self.given = (args, kwargs)
        init(self, *args, **kwargs)

    return __init__


"""


def net(init: str, forward: str, before: str = "", parameters: str = "", decorator: str = "") -> str:
    setup = "".join(f"        {line}\n" for line in init.split("; "))
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return (
        f"{HEAD}{before}class Net(nn.Module):\n{decorator}    def __init__(self{parameters}):\n"
        f"        super().__init__()\n{setup}\n    def forward(self, x):\n{body}"
    )


MAP = "image[2,3,6,8]"
# near misses first: what numbers name, one kind of layer, a decorator that keeps the first parameter's name
CASES = {
    "members by number": (net("self.path = nn.Sequential(); self.path.append(nn.ZeroPad2d((0, 1, 0, 1))); self.path.append(nn.Conv2d(3, 4, 1))", "y = self.path[0](x)[:, :, 1:, 1:]; return self.path[1](y)"), "Net()", "image"),
    "a name that is written out": (net("self.conv = getattr(nn, 'Conv2d')(3, 4, 1); self.norm = getattr(nn, 'BatchNorm2d')(4)", "return self.norm(self.conv(x))"), "Net()", "image"),
    "members by name": (net("self.path = nn.ModuleList(); self.path.add_module('pad', nn.ZeroPad2d((0, 1, 0, 1))); self.path.add_module('mean', nn.AvgPool2d(1, stride=2)); self.path.add_module('conv', nn.Conv2d(3, 4, 1))", "y = self.path.pad(x); y = y[:, :, 1:, 1:]; return self.path.conv(self.path.mean(y))"), "Net()", "image"),
    "members by name of a Sequential": (net("self.path = nn.Sequential(); self.path.add_module('pad', nn.ZeroPad2d((0, 1, 0, 1))); self.path.add_module('conv', nn.Conv2d(3, 4, 1))", "return self.path(x) + self.path.conv(self.path.pad(x))"), "Net()", "image"),
    "a kind from a dict": (net("self.c = nn.Conv1d(3, 3, 3, padding=1); self.a = KINDS[kind](); self.b = KINDS[kind]()", "x = x.flatten(2); y = self.b(self.a(self.c(x))); return y + x", KINDS, ", kind='tanh'"), "Net()", "plain"),
    "a class by the number of axes": (net("name = 'Conv{}d'.format(n); make = getattr(nn, name); self.conv = make(3, 4, 3, padding=1); self.norm = getattr(nn, f'BatchNorm{n}d')(4); self.act = getattr(nn, act)()", "return self.act(self.norm(self.conv(x)))", parameters=", n=2, act='ReLU'"), "Net()", "image"),
    "a constructor that keeps its arguments": (net("self.conv = nn.Conv2d(3, width, 1)", "return self.conv(x)", CAUGHT, ", width=4", "    @caught\n"), "Net(width=5)", "image"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, factory, returns = CASES[name]
    Pair(source, factory, [MAP], data_format=data_format, returns=returns).check()
