"""einx: functions on tensors of any framework, whose patterns name axes in torch's order."""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import Operand
from transpile.infer.facts import Fact, Tensor, resolve
from transpile.infer.foreign import foreign
from transpile.infer.layout import PLAIN
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__: list[str] = []

_ONE_TENSOR = """
add add_at all any argmax argmin argsort count_nonzero divide dot equal flip floor_divide get_at greater greater_equal
less less_equal log_softmax logaddexp logical_and logical_or logsumexp max maximum mean min minimum multiply not_equal
prod roll set_at softmax sort std subtract subtract_at sum true_divide var where
"""
TRUTHS = {"equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or"}


@foreign(*(f"einx.{name}" for name in _ONE_TENSOR.split()))
def function(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    """A tensor in torch's order, made of tensors in torch's order."""
    run.plans[id(node)] = Plan("einx")
    for operand, fact in positional[1:]:
        tensor = resolve(fact)
        if isinstance(tensor, Tensor) and isinstance(run.layout(tensor), tuple):
            run.want(operand, tensor, PLAIN)
    name = run.fact(node.func)
    truth = getattr(name, "name", "").rpartition(".")[2] in TRUTHS
    return Tensor(None, None, "bool" if truth else None, PLAIN)
