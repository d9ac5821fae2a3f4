"""A function that calls itself with a nest of its own parameter: no fact holds itself, and the file is written."""

from __future__ import annotations

from transpile import translate

SOURCE = """
import torch
from torch import nn


def mapped(fn, v):
    if isinstance(v, (list, tuple)):
        return type(v)(mapped(fn, el) for el in v)
    if isinstance(v, dict):
        v = {key: mapped(fn, val) for key, val in v.items()}
    return fn(v)


def packed(config):
    def pack(v):
        if isinstance(v, nn.Module):
            return dict(kind=v.__class__, config=packed(v.config))
        return v

    return mapped(pack, config)


def unpacked(config):
    def unpack(v):
        if isinstance(v, dict) and v.get("kind"):
            args, kwargs = v["config"]
            return v["kind"](*args, **kwargs)
        return v

    return mapped(unpack, config)


def f(x):
    return torch.relu(x)
"""


def test_near_miss() -> None:
    source = "import torch\n\n\ndef f(v, n):\n    return f(torch.relu(v), n - 1) if n else [v, v]\n"
    assert "tf.nn.relu(v)" in translate(source).code


def test_written() -> None:
    assert "return tf.nn.relu(x)" in translate(SOURCE).code
