"""Functions that change a tensor in place and hand it back: a call as a statement is there for the change alone."""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.facts import UNKNOWN, Function, Tensor, resolve
from transpile.infer.run import Run

__all__ = ["changed_argument", "lost_change"]


def changed_argument(run: Run, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The argument that a call changes in place and returns, where a name or an attribute could be bound to it anew."""
    if not isinstance(node, cst.Call) or any(arg.star for arg in node.args):
        return None
    callee = resolve(run.fact(node.func))
    if not isinstance(callee, Function):
        return None
    name = _changed_and_returned(callee.info)
    if name is None or not isinstance(resolve(callee.info.facts[name]), Tensor):
        return None
    parameters = [parameter.name for parameter in callee.info.own_parameters]
    for place, arg in enumerate(node.args):
        if name == (
            arg.keyword.value if arg.keyword is not None else parameters[min(place, len(parameters) - 1)]
        ):
            return arg.value if isinstance(arg.value, (cst.Name, cst.Attribute)) else None
    return None


def lost_change(run: Run, node: cst.BaseExpression) -> str | None:
    """The argument, as it is written, that a call changes in place without giving it back."""
    callee = resolve(run.fact(node.func)) if isinstance(node, cst.Call) else None
    if not isinstance(node, cst.Call) or not isinstance(callee, Function):
        return None
    info = callee.info
    body = info.own_nodes
    for place, parameter in enumerate(info.own_parameters):
        name = parameter.name
        fact = resolve(info.facts.get(name, UNKNOWN))
        if not isinstance(fact, Tensor) or fact.is_parameter:
            continue  # what is stored into a weight is assigned to it
        if any(_rebinds(n, name) for n in body) or not any(_changes(n, name) for n in body):
            continue
        for number, arg in enumerate(node.args):
            meant = arg.keyword.value == name if arg.keyword is not None else number == place
            given = resolve(run.fact(arg.value))
            if meant and isinstance(given, Tensor) and not given.is_parameter:
                return cst.Module([]).code_for_node(arg.value)
    return None


def _changed_and_returned(info: FunctionInfo) -> str | None:
    """The parameter that every way through a function returns, after a change in place."""
    body = info.node.body
    if not isinstance(body, cst.IndentedBlock) or info.generator:
        return None
    last = body.body[-1] if body.body else None
    if not isinstance(last, cst.SimpleStatementLine) or not isinstance(last.body[-1], cst.Return):
        return None
    nodes = info.own_nodes
    returned = {_name(node.value) for node in nodes if isinstance(node, cst.Return)}
    name = returned.pop() if len(returned) == 1 else None
    if name is None or name not in info.facts or any(_rebinds(node, name) for node in nodes):
        return None
    return name if any(_changes(node, name) for node in nodes) else None


def _changes(node: cst.CSTNode, name: str) -> bool:
    if isinstance(node, cst.AugAssign):
        return _name(node.target) == name
    if isinstance(node, cst.Assign):
        return any(isinstance(t.target, cst.Subscript) and _name(t.target) == name for t in node.targets)
    if not isinstance(node, cst.Expr) or not isinstance(node.value, cst.Call):
        return False
    func = node.value.func
    if not isinstance(func, cst.Attribute) or _name(func.value) != name:
        return False
    return func.attr.value.endswith("_") and not func.attr.value.endswith("__")


def _rebinds(node: cst.CSTNode, name: str) -> bool:
    """Whether an assignment gives the name another tensor, so that what follows changes that one."""
    targets = [t.target for t in node.targets] if isinstance(node, cst.Assign) else []
    parts = [e.value for t in targets if isinstance(t, (cst.Tuple, cst.List)) for e in t.elements]
    return any(isinstance(target, cst.Name) and target.value == name for target in [*targets, *parts])


def _name(node: cst.CSTNode | None) -> str | None:
    while isinstance(node, cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else None
