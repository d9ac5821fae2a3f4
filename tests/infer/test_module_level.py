"""What a module does itself, outside of its functions: a script, or the cells of a notebook."""

from __future__ import annotations

import pytest

import transpile

NET = """import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        return self.conv(x)


"""


@pytest.mark.parametrize("indent", ["", "if True:\n    ", "for _ in range(2):\n    "])
def test_what_a_layer_of_the_module_is_given_is_an_image(indent: str) -> None:
    source = f"{NET}net = Net(3)\nx = torch.zeros(1, 3, 8, 8)\n{indent}y = net(x)\n"
    assert "x = tf.zeros([1, 8, 8, 3])\n" in transpile.translate(source).code


def test_what_a_layer_of_the_module_returns_is_one_too() -> None:
    source = f"{NET}net = Net(3)\ny = net(torch.zeros(1, 3, 8, 8))\nz = y.mean(1)\n"
    code = transpile.translate(source).code
    assert "net(tf.zeros([1, 8, 8, 3]))" in code and "tf.reduce_mean(y, axis=-1)" in code


def test_a_table_that_is_filled_in_a_loop_stays() -> None:
    source = f"{NET}LAYERS = {{}}\nfor n in (1, 2):\n    LAYERS[n] = Net(n)\nNAMES = [n for n in LAYERS]\n"
    assert "LAYERS[n] = Net(n)\n" in transpile.translate(source).code
