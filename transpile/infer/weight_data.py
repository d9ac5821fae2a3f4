"""`m.weight.data` of a layer of which nothing is known: what initializers are given, which take layers of all kinds."""

from __future__ import annotations

import libcst as cst

from transpile.infer.facts import UNKNOWN, Fact, Tensor, Var
from transpile.infer.layout import PLAIN, Open
from transpile.infer.run import Run

__all__ = ["weight_of_unknown"]


def weight_of_unknown(run: Run, node: cst.BaseExpression, fact: Fact) -> Tensor | None:
    """`m.weight`, where its `.data` is read or stored: a tensor in torch's order; None for anything else."""
    if not isinstance(node, cst.Attribute) or node.attr.value not in ("weight", "bias"):
        return None
    if not run.module.concerns_torch or not (fact is UNKNOWN or isinstance(fact, Var)):
        return None
    if isinstance(fact, Var):
        tensor = run.as_tensor(fact)
    else:
        tensor = run.tensors.setdefault(("unknown", id(node)), Tensor(None, None, None, PLAIN))
        run.facts[id(node)] = tensor
    if tensor is not None and isinstance(tensor.layout, Open):
        tensor.layout.settle(PLAIN)
        run.version += 1
    return tensor
