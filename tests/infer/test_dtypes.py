"""Integers and floats that meet: torch promotes them, TensorFlow does not."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = "from collections import OrderedDict\nimport torch\nfrom torch import Tensor, nn\n\n\n"
NET = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.cells = [torch.tensor([[0.5, 1.0, 2.5, 3.0]]).to(torch.float32) for _ in range(2)]\n\n"


def net(*methods: str) -> str:
    return HEAD + NET + "\n".join("    " + method.replace("\n", "\n    ") + "\n" for method in methods)


# near misses first: floats stay as they are
CASES = {
    "a product of floats": (net("def scaled(self, x: Tensor, by: Tensor):\n    return x * by", "def forward(self, x):\n    return self.scaled(x, x) + self.scaled(x, x[0].mean())"), ["f32[2,4]"]),
    "integers here, floats there": (net("def scaled(self, x: Tensor, by: Tensor):\n    return x * by", "def forward(self, x):\n    return self.scaled(x, torch.tensor(2)) + self.scaled(x, torch.tensor(0.5))"), ["f32[2,4]"]),
    "a grid of integers and cells of a dtype that is handed over": (net("def cell(self, dtype: torch.dtype):\n    return [c.to(dtype) for c in self.cells]", "def grid(self, sizes: list[int], strides: list[list[Tensor]], dtype) -> list[Tensor]:\n    result = []\n    for size, stride, cell in zip(sizes, strides, self.cell(dtype)):\n        sy, sx = stride\n        x = torch.arange(0, size, dtype=torch.int32) * sx\n        y = torch.arange(0, size, dtype=torch.int32) * sy\n        y, x = torch.meshgrid(y, x, indexing='ij')\n        shifts = torch.stack((x.reshape(-1), y.reshape(-1), x.reshape(-1), y.reshape(-1)), dim=1)\n        result.append((shifts.view(-1, 1, 4) + cell.view(1, -1, 4)).reshape(-1, 4))\n    return result", "def forward(self, x):\n    strides = [[torch.empty((), dtype=torch.int64).fill_(x.shape[1] // s), torch.empty((), dtype=torch.int64).fill_(2)] for s in (1, 2)]\n    return torch.cat(self.grid([3, 4], strides, x.dtype)) + x[0]"), ["f32[2,4]"]),
    "an integer product of unknown rank stays one": (net("def times(self, by: Tensor):\n    return torch.arange(4, dtype=torch.int32) * by", "def forward(self, x):\n    y = self.times(torch.tensor(3)); z = self.times(torch.tensor([1, 2, 3, 4]))\n    return x + y, x * z"), ["f32[2,4]"]),
    "the larger of two ratios": (net("def forward(self, x, size: tuple[int, int]):\n    h, w = size\n    ratio = max(h / w, 1.0)\n    back = max(w / h, 1)\n    return torch.arange(4)[:, None] * ratio - (torch.arange(4)[None, :] + (1.0 - w)) * back"), ["f32[2,4]", (3, 2)]),
    "a number that may be a float": (net("def forward(self, x, size: tuple[int, int]):\n    h, w = size\n    return torch.arange(4) * max(w, h / w, 1)"), ["f32[2,4]", (3, 2)]),
    "values of a dict made of pairs": (net("def forward(self, x):\n    maps = OrderedDict([('a', x), ('b', x * 2)])\n    return [m.size(1) for m in maps.values()], torch.stack([m.sum(1) for _, m in maps.items()])"), ["f32[2,4]"]),
    "the type of a device": (net("def forward(self, x):\n    device = x.device\n    return x * (2 if x.device.type == 'cpu' else 3) + (1 if device.type == 'cpu' else 5)"), ["f32[2,4]"]),
    "options handed on to plumbing": (net("def forward(self, x):\n    def doubled(y):\n        return y * 2\n\n    def compiled(fn, **options):\n        return torch.compile(fn, **options)\n\n    return compiled(doubled, dynamic=True)(x)"), ["f32[2,4]"]),
    "positions and choices": (net("def forward(self, x):\n    rows, columns = torch.where(x > 0)\n    only = torch.where(x[0] > 0)[0]\n    y = torch.where(x > 0, torch.ones_like(x), x)\n    return rows, columns, x[:, only].sum(), x[rows].sum(), y * 2, ~torch.where(x > 0, x > 1, x < -1)"), ["f32[2,4]"]),
    "a complex number beside a float": (net("def forward(self, x, y):\n    c = torch.fft.fft(x, dim=-1) * y\n    d = torch.cos(x) + 1j * torch.sin(x)\n    return c.abs() * x, torch.fft.ifft(c).real, (x * d).abs() + 1, d.abs() * torch.arange(4)"), ["f32[2,4]", "f32[2,4]"]),
    "an integer beside a number of math": (net("def forward(self, x, cutoffs: tuple[float, ...]):\n    window = torch.hann_window(4, periodic=False)\n    time = torch.arange(-2, 2)\n    return [2 * c * window * (2 * c * torch.pi * time) + x for c in cutoffs]"), ["f32[2,4]", (0.25, 0.5)]),
    "turning with integers": (net("def forward(self, x):\n    n = x.shape[1]\n    return torch.view_as_real(torch.exp(-1j * torch.pi * torch.arange(4) / 4)) * x[:, :2].sum()"), ["f32[2,4]"]),
    "split at indices by name": (net("def forward(self, x):\n    a, b = torch.tensor_split(x, indices=(1,), dim=1)\n    c, d = torch.tensor_split(x, sections=2, dim=1)\n    return a, b, c, d"), ["f32[2,4]"]),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, inputs = CASES[name]
    Pair(source, "Net()", inputs, data_format=data_format, returns="plain").check()


SIZES = {
    "a mean": "b, c, h, w = x.shape\n    return x.sum((2, 3)) / (h * w), x.sum(0) / b",
    "positions": "h, w = x.shape[-2:]\n    rows = torch.arange(h)\n    return 2 * x / (w - 1) - 1, x.mean((1, 3)) * rows / h, rows + h",
    "one size": "return x / x.size(2), x * x.shape[3]",
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", SIZES)
def test_sizes_beside_tensors(name, data_format):
    source = net(f"def forward(self, x):\n    x = nn.functional.avg_pool2d(x, 1)\n    {SIZES[name]}")
    pair = Pair(source, "Net()", ["image[2,3,4,5]"], data_format=data_format)
    pair.check()
    pair.check_open()
