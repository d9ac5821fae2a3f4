"""Names that torch accepts beside its own (axis for dim, keepdims, input for self), and names that it does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from rulebook import running

from transpile import Severity, translate
from transpile.rulebook import Bound, Rule, bind, load

# Torch's own name → the one of NumPy that it takes as well.
OTHER = {"dim": "axis", "keepdim": "keepdims", "other": "x2"}
BOOK = load()
SOURCE = """import torch
import torch.nn as nn
import torch.nn.functional as F


def f({parameters}):
    return {call}
"""


def spelled(rule: Rule, call: str) -> Iterator[str]:
    """A function's call with every argument behind the first by keyword: in torch's names, and in the others."""
    tree = ast.parse(call, mode="eval").body
    if not isinstance(tree, ast.Call) or not tree.args:
        return
    positional = [ast.unparse(a) for a in tree.args]
    named = {str(k.arg): ast.unparse(k.value) for k in tree.keywords}
    if not ast.unparse(tree.func).startswith("torch.") or any(p.kind == "varargs" for p in rule.params):
        return
    bound = bind(rule, positional, named)
    if not isinstance(bound, Bound) or not OTHER.keys() & bound.values.keys():
        return
    first, *rest = [(n, v) for n, v in bound.values.items() if v is not None]
    for names in ({}, OTHER):
        written = ", ".join([first[1] or "", *(f"{names.get(n, n)}={v}" for n, v in rest)])
        yield f"{ast.unparse(tree.func)}({written})"


CASES = [
    pytest.param(own, other, example.get("with", {}), id=f"{rule.id}-{other}")
    for rule in BOOK.rules()
    if rule.kind == "function" and not rule.refuse
    for example in rule.examples[:2]
    for own, other in [list(spelled(rule, example["call"])) or ("", "")]
    if own != other
]


@pytest.mark.parametrize(("own", "other", "tensors"), CASES)
def test_the_other_names_mean_the_same(own: str, other: str, tensors: dict[str, str]) -> None:
    arrays = {name: running.array(spec, name) for name, spec in tensors.items()}
    try:
        wanted, found = running.under_torch(own, arrays), running.under_torch(other, arrays)
    except (TypeError, RuntimeError):
        pytest.skip("torch takes these arguments by one spelling alone")
    assert running.difference(wanted, found, False) is None
    parameters = ", ".join(f"{name}: torch.Tensor" for name in tensors)
    first, second = (
        translate(SOURCE.format(parameters=parameters, call=call), data_format="channels_first")
        for call in (own, other)
    )
    assert first.code == second.code and "torch." not in second.code.partition("def f(")[2]
    assert not [d for d in second.diagnostics if d.severity is not Severity.INFO and d.code != "API007"]


def test_enough_spellings_are_compared() -> None:
    assert len(CASES) > 60


LOOKALIKES = [rule for rule in BOOK.rules() if (rule.why or "").startswith(f"torch has no {rule.torch};")]


@pytest.mark.parametrize("rule", LOOKALIKES, ids=lambda rule: rule.torch)
def test_a_name_that_torch_does_not_have_is_reported(rule: Rule) -> None:
    import torch

    assert not hasattr(torch, rule.torch.rpartition(".")[2])
    needed = [p.name for p in rule.params if p.default is None and p.kind != "varargs"]
    call = f"{rule.torch}({', '.join(needed) or 'x'})"
    parameters = ", ".join(f"{name}: torch.Tensor" for name in needed or ["x"])
    translation = translate(SOURCE.format(parameters=parameters, call=call), data_format="channels_first")
    said = [d for d in translation.diagnostics if d.code == "API004"]
    assert len(said) == 1 and f"torch has no {rule.torch}" in said[0].message


def test_a_look_alike_means_what_it_looks_like() -> None:
    source = SOURCE.format(parameters="x: torch.Tensor", call="torch.reduce_sum(torch.gelu(x), axis=1)")
    code = translate(source, data_format="channels_first").code
    assert "return tf.reduce_sum(gelu(x), axis=1)" in code
