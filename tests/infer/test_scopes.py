"""Which scope a name is looked up in."""

from __future__ import annotations

from transpile import translate

CLASS_BODY = """
import torch
import torch.nn.functional as F
from torch import nn


class Efficient(nn.Module):
    relu = torch.tanh

    class F(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return F.softplus(x)

        @staticmethod
        def backward(ctx, g):
            return g * F.sigmoid(ctx.saved_tensors[0])

    def forward(self, x):
        return self.F.apply(x)
"""


def test_functions_do_not_see_what_the_class_body_binds() -> None:
    code = translate(CLASS_BODY).code
    assert "tf.math.softplus(x)" in code and "tf.sigmoid(ctx" in code
    assert "self.F.apply(x)" in code and "import torch" not in code


def test_the_class_body_itself_does() -> None:
    source = """
import torch


class Table:
    torch = None
    shared = torch
    size = 3 if torch else 4


def f(x: torch.Tensor):
    return torch.relu(x)
"""
    result = translate(source)
    assert "shared = torch\n" in result.code and "tf.nn.relu(x)" in result.code


def test_a_comprehension_sees_the_imports_of_its_function() -> None:
    source = """
import torch


def late(parts):
    import torch.utils.data

    return [torch.as_tensor(part, dtype=torch.long) for part in parts]
"""
    result = translate(source)
    assert "tf.cast(part, tf.int64)" in result.code and "torch" not in result.code


def test_a_name_that_its_function_binds_later_is_not_the_modules() -> None:
    source = """
import torch


def early(x):
    y = [torch.relu(part) for part in x]
    torch = None
    return y
"""
    assert "torch.relu(part)" in translate(source).code
