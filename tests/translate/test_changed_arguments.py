"""Functions that change an argument in place and return it, called for the change alone."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair, translation

HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.c = nn.Conv2d(3, 3, 3, padding=1)\n\n    def forward(self, x):\n"


def net(function: str, forward: str) -> str:
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return f"{HEAD}{function}\n\n\n{NET}{body}"


ADD = "def add(x: torch.Tensor, y: torch.Tensor, all: bool = False):\n    if all:\n        x.add_(y)\n    else:\n        x[:, 1:] += y[:, 1:]\n    return x"
# near misses first: what changes another tensor than the argument, or what is no tensor
CASES = {
    "a tensor of its own": net("def add(x: torch.Tensor, y: torch.Tensor):\n    x = x * 1\n    x += y\n    return x", "z = self.c(x); add(z, x); return z * 2"),
    "a list": net("def add(found: list, y: torch.Tensor):\n    found += [y]\n    return found", "found = []; add(found, x); return self.c(x) * len(found)"),
    "another result": net("def add(x: torch.Tensor, y: torch.Tensor):\n    x = x + y\n    return y", "z = self.c(x); add(z, x); return z * 2"),
    "a statement": net(ADD, "z = self.c(x); add(z, x); return z * 2"),
    "all of it": net(ADD, "z = self.c(x); add(y=x, x=z, all=True); return z.mean((2, 3))"),
    "in a layer": net(ADD, "z = self.c(x) * 2; y = torch.matmul(x, x.transpose(2, 3)); w = y @ x; add(w, z); return w.flatten(1)"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    Pair(CASES[name], "Net()", ["image[2,3,5,5]"], data_format=data_format, returns="signed").check()


def test_only_what_changes_is_stored():
    for name, stored in (("a tensor of its own", False), ("a list", False), ("a statement", True)):
        assert (" = add(" in translation(CASES[name]).code) is stored, name


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (ADD, False),
        ("def add(x: torch.Tensor, y: torch.Tensor):\n    x = x + y\n    x += y\n    print(x)", False),
        ("def add(x: torch.Tensor, y: torch.Tensor):\n    x += y", True),
        ("def add(x: torch.Tensor, y: torch.Tensor):\n    x[:, 1:] = y[:, 1:]\n    return y", True),
    ],
)
def test_a_change_that_is_lost_is_said(function, said):
    result = translation(net(function, "z = self.c(x); add(z, x); return z * 2"))
    assert any(d.code == "STA001" for d in result.diagnostics) is said


def test_what_is_stored_into_weights_is_not_lost():
    source = (
        "import torch\nfrom torch import nn\n\n\ndef fill(w: torch.Tensor):\n    with torch.no_grad():\n"
        "        w.zero_()\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.w = nn.Parameter(torch.ones(3))\n        fill(self.w)\n\n    def forward(self, x):\n"
        "        return x * self.w\n"
    )
    assert not any(d.code == "STA001" for d in translation(source).diagnostics)
