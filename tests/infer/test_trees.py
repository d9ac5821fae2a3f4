"""Trees of tensors, flattened, mapped and built again: in both data formats, against torch."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

from transpile import translate

HEAD = """
import torch
from torch import nn
from torch.utils import _pytree as pytree
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_map_only, tree_unflatten


"""
MAP, TOKENS = "image[2,6,4,4]", "f32[2,4,6]"


def net(init: str, forward: str, before: str = "") -> str:
    setup = "".join(f"        {line}\n" for line in init.split("; ") if line)
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return f"{HEAD}{before}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{setup}\n    def forward(self, x):\n{body}"


REST = "class Wrap(nn.Module):\n    def __init__(self, branch):\n        super().__init__()\n        self.branch = branch\n\n    def forward(self, x):\n        (y, *rest), spec = tree_flatten(self.branch(x))\n        return tree_unflatten((y + x, *rest), spec)\n\n\nclass Two(nn.Module):\n    def forward(self, x):\n        return x * 2, x.sum(1)\n\n\n"

# near misses first: the axis of a leaf that is a map, beside one that is none
CASES = {
    "leaves of two layouts": (net("self.c = nn.Conv2d(6, 6, 1)", "a, b = tree_leaves((self.c(x), [x.flatten(2)])); return a.mean(1), b.mean(1)"), [MAP], ["plain", "plain"]),
    "an order of names": (net("self.l = nn.Linear(6, 6)", "a, b = tree_leaves({'b': self.l(x), 'a': x * 2}); return torch.sum(a, 1) - torch.sum(b, 2)"), ["f32[2,6,6]"], "plain"),
    "a map for each leaf": (net("self.c = nn.Conv2d(6, 5, 1)", "a, (b,) = tree_map(lambda t: t.mean(1), (self.c(x), [x])); return a, b"), [MAP], ["plain", "plain"]),
    "an image in, an image out": (net("self.c = nn.Conv2d(6, 5, 1)", "a, (b,) = tree_map(self.c, (x, [x * 2])); return torch.cat((a, b), 1)"), [MAP], "image"),
    "numbers stay": (net("", "a, n = tree_map_only(torch.Tensor, lambda t: t.transpose(1, 2), (torch.exp(x), 3)); return a * n"), [TOKENS], "plain"),
    "one of several, or the only one": (net("self.a, self.b = Wrap(Two()), Wrap(nn.Linear(6, 6))", "y, s = self.a(x); return torch.transpose(self.b(y), 1, 2), s", before=REST), [TOKENS], ["plain", "plain"]),
    "by the module": (net("", "y, spec = pytree.tree_flatten([x]); return spec.unflatten([y[0].sum(1)])[0]"), [TOKENS], "plain"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_trees(name: str, data_format: str) -> None:
    source, inputs, outputs = CASES[name]
    pair = Pair(source, "Net()", inputs, data_format=data_format, returns=outputs)
    pair.check()
    pair.check_open()


def test_nothing_of_torch_is_left() -> None:
    for source, _, _ in CASES.values():
        code = translate(source).code
        assert "pytree" not in code.replace("torch.utils._pytree", "")
