"""`q, k, v = x`: each name is one item of the tensor's first axis, a tensor in torch's order."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair, translation

HEAD = "import torch\nfrom torch import nn\n\n\n"


def test_a_list_of_numbers_is_not_taken_for_tensors() -> None:
    code = translation(HEAD + "def f(pair):\n    a, b = [1, 2]\n    return a.bit_length(), b\n").code
    assert "a.bit_length()" in code


NET = HEAD + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 1)

    def forward(self, x):
        {}
"""
CASES = {
    "a view": "q, k, v = x.reshape(2, 3, 5, 4).transpose(0, 1); return q.sigmoid() * k + v",
    "a map": "a, b = self.conv(x); return a.mean(0) + b.sigmoid().sum(dim=0)",
    "a map, moved": "a, b = self.conv(x); return a.permute(1, 2, 0), b.flatten(1)",
    "in a loop": "y = 0; for a, b in zip(x, self.conv(x)):;     y = y + a.mean(0) * b.sum(0); return y",
}


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_equal(name: str, data_format: str) -> None:
    source = NET.format(CASES[name].replace("; ", "\n        "))
    Pair(source, "Net()", ["image[2,3,4,5]"], data_format=data_format, returns="plain").check()


UNBOUND = HEAD + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.arange(6.0).view(2, 3))

    def forward(self, x: torch.Tensor, y: torch.Tensor):
        places = torch.nonzero(x > 0)
        a, b = places.unbind(-1)
        c, d = torch.unbind(y)
        e, f = self.w.unbind(0)
        return a.sum() + b.sum(), c + d, e + f
"""


def test_parts_of_an_axis_that_a_graph_does_not_know() -> None:
    import numpy as np
    import tensorflow as tf
    import torch

    code = translation(UNBOUND).code
    assert "a, b = tf.unstack(places, num=2, axis=-1)" in code and "e, f = tf.unstack(self.w, axis=0)" in code
    ours: dict = {"__name__": "unbound"}
    theirs: dict = {}
    exec(code, ours)
    exec(UNBOUND, theirs)
    x, y = np.random.default_rng(0).normal(size=(4, 5)).astype("float32"), np.ones((2, 3), "float32")
    opened = [tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([None, None], tf.float32)]
    found = tf.function(ours["Net"](), input_signature=opened)(x, y)
    for mine, wanted in zip(found, theirs["Net"]()(torch.tensor(x), torch.tensor(y)), strict=True):
        np.testing.assert_allclose(mine, wanted.detach().numpy())
