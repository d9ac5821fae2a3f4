"""Dicts of tensors: filled in loops, updated, handed on; and types that comments state."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = "from collections import OrderedDict\nfrom typing import Dict, List\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n\n\n"


def net(init: str, *methods: str) -> str:
    setup = "".join(f"        {line}\n" for line in init.split("; ") if line)
    body = "\n".join("    " + method.replace("\n", "\n    ") + "\n" for method in methods)
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{setup}\n{body}"
    )


CONV = "self.c = nn.Conv2d(3, 4, 3)"
# near misses first: names that are stored over hold either value
CASES = {
    "stored over": (net(CONV, "def forward(self, x):\n    d = {'a': x}\n    d['a'] = d['a'].mean((2, 3))\n    d['b'] = self.c(x)\n    return d['a'].sum(1), d['b'].mean((1, 2))"), ["image[2,3,5,6]"], "plain"),
    "filled in a loop": (net(CONV, "def forward(self, x):\n    out = OrderedDict()\n    for i in range(2):\n        out[str(i)] = self.c(x) * i\n    return [y.size(1) for y in out.values()], torch.stack([y.sum((1, 2)) for y in out.values()]), out['1'].mean((1, 3))"), ["image[2,3,5,6]"], "plain"),
    "updated": (net(CONV, "def forward(self, x):\n    out = {}\n    out.update({'a': self.c(x)})\n    out.update({'b': x})\n    return out['a'].sum(1), torch.cat([y.sum(1).flatten(1) for y in out.values()], 1)"), ["image[2,3,5,6]"], "plain"),
    "one layout for all": (net(CONV, "def forward(self, x):\n    out = {}\n    out['a'] = self.c(x)\n    out['b'] = torch.matmul(x.transpose(2, 3), x.flatten(2).mean(2)[:, :, None, None].expand(-1, -1, 5, 1)).transpose(2, 3)\n    return [y.mean(1).flatten(1).sum(1) for y in out.values()]"), ["image[2,3,5,6]"], "plain"),
    "a signature in a comment": (net(CONV, "def heads(self, maps, scale):\n    # type: (Dict[str, List[Tensor]], float) -> List[Tensor]\n    kept = []\n    for level in maps['a']:\n        kept.append(level[level > 0] * scale)\n    return kept", "def forward(self, x):\n    maps = {}\n    for name in ('a', 'b'):\n        maps[name] = list(x.flatten(1).split(45, 1))\n    return self.heads(maps, 2.0)"), ["image[1,3,5,6]"], "plain"),
    "comments behind parameters": (net(CONV, "def heads(\n    self,\n    maps,  # type: Dict[str, Tensor]\n    scale,  # type: float\n):\n    # type: (...) -> Tensor\n    return torch.arange(4) * scale + maps['a'].size(1)", "def forward(self, x):\n    return self.heads({'a': self.c(x)}, 0.5)"), ["image[2,3,5,6]"], "plain"),
    "a class that leaves its forward open": (net("self.c = Pyramid(Last())", "def forward(self, x):\n    maps = self.c(x)\n    if isinstance(maps, torch.Tensor):\n        maps = OrderedDict([('0', maps)])\n    return [y.size(1) * y.size(2) for y in list(maps.values())]").replace("class Net", "class Extra(nn.Module):\n    def forward(self, maps: List[Tensor], names: List[str]):\n        pass\n\n\nclass Last(Extra):\n    def forward(self, maps: List[Tensor], names: List[str]):\n        maps.append(F.max_pool2d(maps[-1], 1, 2, 0))\n        names.append('pool')\n        return maps, names\n\n\nclass Pyramid(nn.Module):\n    def __init__(self, extra: Extra):\n        super().__init__()\n        self.c = nn.Conv2d(3, 4, 3)\n        self.extra = extra\n\n    def forward(self, x):\n        maps, names = self.extra([self.c(x)], ['a'])\n        return OrderedDict([(k, v) for k, v in zip(names, maps)])\n\n\nclass Net"), ["image[2,3,5,6]"], "plain"),
    "a list that begins with a number": (net(CONV + "; self.maps = [torch.tensor(0)]", "def fill(self, x):\n    y = torch.matmul(x, x.transpose(2, 3))\n    self.maps = [y]\n    for _ in range(2):\n        y = F.avg_pool2d(y, 2, stride=1)\n        self.maps.append(y)", "def forward(self, x):\n    self.fill(self.c(x))\n    return [F.adaptive_avg_pool2d(y, 2).mean(3).sum(1) for y in self.maps]"), ["image[2,3,7,6]"], "plain"),
    "a remark that is no type": (net(CONV, "def heads(\n    self,\n    x,  # type: ignore\n    scale,  # type: of float\n):\n    return self.c(x) * scale", "def forward(self, x):\n    return self.heads(x, 0.5)"), ["image[2,3,5,6]"], "image"),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, inputs, returns = CASES[name]
    Pair(source, "Net()", inputs, data_format=data_format, returns=returns).check()
