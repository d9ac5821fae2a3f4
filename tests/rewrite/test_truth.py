"""`if self.ready:` of a buffer: Keras' variables have no truth."""

from __future__ import annotations

import pytest
from harness import Pair, translation

HEAD = "import torch\nfrom torch import nn\n\n\n"
NET = HEAD + """
class Net(nn.Module):
    def __init__(self, ready, bias=False):
        super().__init__()
        self.register_buffer("ready", torch.tensor(not ready))
        self.bias = nn.Parameter(torch.ones(1)) if bias else None
        self.c = nn.Linear(3, 4)

    def forward(self, x):
        {}
"""


def test_what_may_be_none_or_is_no_variable_stays() -> None:
    code = translation(NET.format("return self.c(x) if self.bias is not None and x is not None else x")).code
    assert "convert_to_tensor" not in code.split("class Net")[1]
    code = translation(
        HEAD + "def f(x: torch.Tensor):\n    if x.sum():\n        return x\n    return -x\n"
    ).code
    assert "convert_to_tensor" not in code.split("def f(")[1]


@pytest.mark.parametrize("ready", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        "if self.ready:\n            return x\n        return self.c(x)",
        "return self.c(x) if not self.ready else x",
        "if not self.ready and x.dim() == 2:\n            return self.c(x)\n        return x",
    ],
)
def test_equal(body: str, ready: bool) -> None:
    Pair(NET.format(body), f"Net({ready})", ["f32[2,3]"]).check()
