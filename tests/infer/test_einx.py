"""einx gives tensors in torch's order, of tensors in torch's order. What is run is in the corpus: einx is optional."""

from __future__ import annotations

from harness import translation

SOURCE = """import einx
import torch
from einx import get_at
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 4, 1)
        self.register_buffer("rows", torch.arange(5))

    def forward(self, x):
        return {}
"""


def code(expression: str) -> str:
    return translation(SOURCE.format(expression)).code.split("class Net")[1]


def test_another_library_of_that_name_is_not_meant() -> None:
    source = "from mine import einx\n\n\ndef f(x):\n    return einx.add(x, 1).abs()\n"
    assert "einx.add(x, 1).abs()" in translation(source).code


def test_what_comes_out_is_a_tensor() -> None:
    assert "tf.exp(einx.sum(" in code("einx.sum('b [n]', x).exp()")
    assert "tf.sigmoid(get_at(" in code("get_at('b [n] d, b m -> b m d', x, x).sigmoid()")
    assert 'tf.where(einx.less("i, j -> i j", x, x), False, True)' in code("~einx.less('i, j -> i j', x, x)")


def test_images_are_given_in_torchs_order() -> None:
    assert 'einx.sum("b c [h w]", tf.transpose(self.c(x), (0, 3, 1, 2)))' in code(
        "einx.sum('b c [h w]', self.c(x))"
    )


def test_variables_are_given_as_tensors() -> None:
    assert '"i, i -> i", tf.convert_to_tensor(self.rows), x' in code("einx.add('i, i -> i', self.rows, x)")
