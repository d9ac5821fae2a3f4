"""torch's functions on images that a variable holds, and ranks that differ from arm to arm: in both data formats."""

# ruff: noqa: E501 (sources under test keep their own lines)
from __future__ import annotations

import pytest
from harness import FORMATS, Pair

HEAD = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n\n\n"
BLUR = """def blur(x, win):
    if len(x.shape) == 4:
        conv = F.conv2d
    elif len(x.shape) == 5:
        conv = F.conv3d
    else:
        raise NotImplementedError(x.shape)
    for i, s in enumerate(x.shape[2:]):
        if s >= win.shape[-1]:
            x = conv(x, weight=win.transpose(2 + i, -1), stride=1, padding=0, groups=x.shape[1])
    return x


"""
LEVELS = """def levels(x: Tensor, y: Tensor):
    for d in range(len(x.shape) - 1, 1, -1):
        x = x.squeeze(dim=d)
    pool = F.avg_pool2d if len(x.shape) == 4 else F.avg_pool3d
    means = []
    for _ in range(2):
        means.append(torch.flatten(x, 2).mean(-1))
        x = pool(x, kernel_size=2)
    return torch.stack(means)


"""
BY_RANK = """def channelwise(x: Tensor, kernel: Tensor, padding: int = 0) -> Tensor:
    d = kernel.dim() - 2
    if d == 3:
        return F.conv3d(x, kernel, padding=padding, groups=x.shape[-4])
    elif d == 2:
        return F.conv2d(x, kernel, padding=padding, groups=x.shape[-3])
    elif d == 1:
        return F.conv1d(x, kernel, padding=padding, groups=x.shape[-2])
    else:
        return F.linear(x, kernel.expand(x.shape[-1]))


"""


def net(forward: str, before: str = "", init: str = "pass", inputs: str = "x") -> str:
    setup = "".join(f"        {line}\n" for line in init.split("; "))
    body = "".join(f"        {line}\n" for line in forward.split("; "))
    return (
        f"{HEAD}{before}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n{setup}\n"
        f"    def forward(self, {inputs}):\n{body}"
    )


# near misses first: a function that has no layout, one of one rank only, arms that ask for the same rank
CASES = {
    "an activation": (net("act = F.relu if self.n > 1 else F.gelu; return act(self.c(x)).mean(1)", init="self.n = 2; self.c = nn.Conv2d(3, 4, 1)"), ["image[2,3,8,8]"], "plain"),
    "one pool": (net("pool = F.max_pool2d; return pool(self.c(x), 2)", init="self.c = nn.Conv2d(3, 4, 1)"), ["image[2,3,8,8]"], "image"),
    "arms of one rank": (net("if self.n > 1:; \ty = F.max_pool2d(x, 2); else:; \ty = F.avg_pool2d(x, 2); return y", init="self.n = 2"), ["image[2,3,8,8]"], "image"),
    "one of two pools": (net("return self.pool(self.c(x), 2).mean((2, 3))", init="self.n = 2; self.c = nn.Conv2d(3, 4, 1); self.pool = F.max_pool2d if self.n > 1 else F.avg_pool2d"), ["image[2,3,8,8]"], "plain"),
    "one of two convolutions": (net("return blur(self.c(x), self.w)", before=BLUR, init="self.c = nn.Conv2d(3, 3, 1); self.register_buffer('w', torch.linspace(0.1, 0.5, 9).reshape(3, 1, 1, 3))"), ["image[2,3,8,7]"], "image"),
    "a pool of what was in torch's order": (net("return levels(x, x)", before=LEVELS), ["f32[2,3,8,8]"], "plain"),
    "a pool of an image": (net("return levels(self.c(x), x)", before=LEVELS, init="self.c = nn.Conv2d(3, 4, 1)"), ["image[2,3,8,8]"], "plain"),
    "a rank to each arm": (net("x = F.avg_pool2d(x, 2); return channelwise(x, self.k)", before=BY_RANK, init="self.register_buffer('k', torch.linspace(0.1, 0.5, 9).reshape(3, 1, 3, 1))"), ["image[2,3,8,8]"], "image"),
    "parts of what has any rank": (net("y = channelwise(x, self.k, padding=1); return y[..., 1:, 1:].abs().sum((2, 3)), y[:, :2].flatten(1)", before=BY_RANK, init="self.register_buffer('k', torch.linspace(0.1, 0.5, 27).reshape(3, 1, 3, 3))"), ["image[2,3,8,8]"], ["plain", "plain"]),
}  # fmt: skip


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name, data_format):
    source, inputs, returns = CASES[name]
    Pair(source.replace("\t", "    "), "Net()", inputs, data_format=data_format, returns=returns).check()
