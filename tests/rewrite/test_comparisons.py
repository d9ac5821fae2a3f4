"""Masks beside numbers: near misses first."""

from __future__ import annotations

import numpy as np
import pytest
from harness import imported

from transpile import translate

HEAD = "import torch\n\n\n"


def returned(code: str) -> str:
    return (
        translate(f"{HEAD}def f(x: torch.Tensor, mask=None, n=0):\n{code}")
        .code.rpartition("return ")[2]
        .strip()
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("    return x == 0", "x == 0"),
        ("    return x.long() == 0", "tf.cast(x, tf.int64) == 0"),
        ("    return (x > 0) == (x > 1)", "(x > 0) == (x > 1)"),
        ("    return n == 0", "n == 0"),
        ("    m = x > 0\n    return m == 2", "m == 2"),
        ("    return x.masked_fill(x.long() == 0, 1.0)", "masked_fill(x, tf.cast(x, tf.int64) == 0, 1.0)"),
        ("    return x.masked_fill(mask == 1, 1.0)", "masked_fill(x, mask == 1, 1.0)"),
        ("    y = mask > 2\n    return x.masked_fill(mask == 0, 1.0)", "masked_fill(x, mask == 0, 1.0)"),
        ("    m = x > 0\n    return m == 0", "tf.logical_not(m)"),
        ("    m = x > 0\n    return 1 != m", "tf.logical_not(m)"),
        ("    m = x > 0\n    return (m == 1) & (x < 2)", "m & (x < 2)"),
        ("    return (x > 0) != 0", "x > 0"),
        (
            "    return x.masked_fill(mask == 0, 1.0)",
            "masked_fill(x, tf.logical_not(tf.cast(mask, tf.bool)), 1.0)",
        ),
        ("    return torch.where(mask != 0, x, -x)", "tf.where(tf.cast(mask, tf.bool), x, -x)"),
    ],
)
def test_what_becomes_of_it(code: str, text: str) -> None:
    assert returned(code + "\n") == text


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "float32"])
@pytest.mark.parametrize("test", ["mask == 0", "mask != 0", "0 == mask"])
def test_a_mask_of_any_dtype_is_taken(dtype: str, test: str) -> None:
    import tensorflow as tf
    import torch

    source = f"{HEAD}def f(x: torch.Tensor, mask=None):\n    return x.masked_fill({test}, -1.0)\n"
    x, mask = np.arange(4, dtype=np.float32), np.array([0, 1, 0, 2]).astype(dtype)
    wanted = torch.tensor(x).masked_fill(eval(test, {"mask": torch.tensor(mask)}), -1.0)
    module = imported(translate(source).code)
    np.testing.assert_array_equal(module.f(tf.constant(x), tf.constant(mask)), wanted)
