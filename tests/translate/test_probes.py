"""Code that asks torch what it has: answered for what is translated."""

from __future__ import annotations

import pytest
from harness import imported, without_torch

from transpile import translate

SOURCE = """
import torch
import torch.nn.functional as F


def nothing(f):
    return f


quiet = getattr(getattr(torch, "compiler", None), "disable", None) or nothing
script = torch.jit.script
has_attention = hasattr(F, "scaled_dot_product_attention")
has_nothing = hasattr(torch, "no_such_thing")
squashed = getattr(F, "silu", None)
fallback = getattr(F, "no_such_thing", F.relu)
major = int(torch.__version__.split(".")[0])
if hasattr(torch.nn.functional, "rms_norm") and not hasattr(torch.linalg, "ldl_factor"):
    chosen = F.silu
else:
    chosen = F.relu


@quiet
def f(x: torch.Tensor):
    return F.silu(x) if hasattr(F, "silu") else x * torch.sigmoid(x)


@torch.compiler.disable(recursive=False)
def g(x: torch.Tensor):
    return x
"""


@pytest.fixture(scope="module")
def module():
    return imported(translate(SOURCE).code)


def test_what_there_is(module) -> None:
    import tensorflow as tf

    assert (module.has_attention, module.has_nothing, module.major) == (True, False, 2)
    with without_torch():
        x = tf.constant([-1.0, 2.0])
        wanted = tf.nn.silu(x).numpy().tolist()
        for function in (module.f, module.squashed, module.chosen, module.script(module.f)):
            assert function(x).numpy().tolist() == wanted
        assert module.fallback(x).numpy().tolist() == [0.0, 2.0]
        assert module.g(x) is x


def test_every_answer_is_said() -> None:
    result = translate(SOURCE)
    lines = SOURCE.split("\n")
    said = {d.line for d in result.diagnostics if "among what is translated" in d.message}
    assert said == {n for n, line in enumerate(lines, 1) if "hasattr" in line or "no_such_thing" in line}
    assert "import torch" not in result.code and 'Placeholder("torch' not in result.code


def test_who_is_asked_must_be_torch_and_what_for_known() -> None:
    source = """
import torch


def f(x: torch.Tensor, owner, name):
    if hasattr(owner, "silu") and hasattr(x, "grad") and hasattr(torch, name):
        return getattr(owner, "silu", None)
    return torch.relu(x)
"""
    code = translate(source).code
    assert 'hasattr(owner, "silu")' in code and 'getattr(owner, "silu", None)' in code
    assert "hasattr(torch, name)" in code
