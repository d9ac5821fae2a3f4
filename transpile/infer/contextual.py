"""Small functions that only hand their arguments on: what one call returns, by that call's own arguments.

`exists(x)`, `default(x, d)`, `pair(x)` and `cast_tuple(x, n)` are called with tensors here and with numbers there.
One summary would say nothing of either, and nothing in such a body is rewritten by what its parameters are: so a call
is evaluated with its own arguments, and the parameters learn nothing from it.
"""

from __future__ import annotations

import libcst as cst

from transpile.infer.branches import truth
from transpile.infer.definitions import Env, FunctionInfo
from transpile.infer.expressions import evaluate
from transpile.infer.facts import UNKNOWN, Dict, Fact, Function, Python, Sequence
from transpile.infer.join import join
from transpile.infer.run import Run
from transpile.infer.statements import suite

__all__ = ["handed_on", "hands_on"]

CALLEES = frozenset(
    {"isinstance", "callable", "len", "tuple", "list", "bool", "int", "range", "isfunction", "any", "all"}
)
LARGEST = 6  # statements


def hands_on(info: FunctionInfo) -> bool:
    """Whether a function does nothing with its arguments but test them, pass them on and put them into tuples."""
    if info.hands_on is None:
        info.hands_on = False  # while it is found out, for helpers that call each other
        info.hands_on = info.owner is None and not info.decorators and _body_hands_on(info)
    return info.hands_on


def _body_hands_on(info: FunctionInfo) -> bool:
    own = {parameter.name for parameter in info.parameters}
    if isinstance(info.node, cst.Lambda):
        return _expression(info.node.body, info, own)
    body = info.node.body
    if not isinstance(body, cst.IndentedBlock) or len(body.body) > LARGEST:
        return False
    return all(_statement(node, info, own) for node in body.body)


def _statement(node: cst.CSTNode, info: FunctionInfo, own: set[str]) -> bool:
    if isinstance(node, cst.If):
        inner = [*node.body.body] if isinstance(node.body, cst.IndentedBlock) else None
        if (
            inner is None
            or not _expression(node.test, info, own)
            or not all(_statement(n, info, own) for n in inner)
        ):
            return False
        if isinstance(node.orelse, cst.If):
            return _statement(node.orelse, info, own)
        if node.orelse is None:
            return True
        block = node.orelse.body
        return isinstance(block, cst.IndentedBlock) and all(_statement(n, info, own) for n in block.body)
    if not isinstance(node, cst.SimpleStatementLine):
        return False
    for small in node.body:
        if isinstance(small, cst.Return):
            fine = small.value is None or _expression(small.value, info, own)
        elif isinstance(small, cst.Assign):
            fine = all(isinstance(t.target, cst.Name) for t in small.targets) and _expression(
                small.value, info, own
            )
        else:
            fine = isinstance(small, cst.Pass) or (
                isinstance(small, cst.Assert) and _expression(small.test, info, own)
            )
        if not fine:
            return False
    return True


def _expression(node: cst.BaseExpression, info: FunctionInfo, own: set[str]) -> bool:
    if isinstance(node, (cst.Name, cst.Integer, cst.Float, cst.SimpleString)):
        return True
    if isinstance(node, cst.IfExp):
        return all(_expression(part, info, own) for part in (node.test, node.body, node.orelse))
    if isinstance(node, cst.BooleanOperation):
        return _expression(node.left, info, own) and _expression(node.right, info, own)
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not) and _expression(node.expression, info, own)
    if isinstance(node, cst.Comparison):
        return all(
            isinstance(c.operator, (cst.Is, cst.IsNot)) and _expression(c.comparator, info, own)
            for c in node.comparisons
        ) and _expression(node.left, info, own)
    if isinstance(node, (cst.Tuple, cst.List)):
        return all(_expression(e.value, info, own) for e in node.elements)
    if isinstance(node, cst.BinaryOperation):  # (x,) * n
        return (
            isinstance(node.operator, cst.Multiply)
            and isinstance(node.left, (cst.Tuple, cst.List))
            and _expression(node.left, info, own)
            and _expression(node.right, info, own)
        )
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        name = node.func.value
        if name in own:
            return not node.args  # `d()`
        if name not in CALLEES and not _helper(info, name):
            return False
        return all(_expression(arg.value, info, own) for arg in node.args)
    return isinstance(node, cst.Attribute) and _dotted(node)  # torch.Tensor in an isinstance


def _helper(info: FunctionInfo, name: str) -> bool:
    """Whether a name is another function that only hands its arguments on."""
    fact = info.env.find(name)
    return isinstance(fact, Function) and fact.info is not info and hands_on(fact.info)


def _dotted(node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def handed_on(run: Run, info: FunctionInfo, given: dict[str, Fact]) -> Fact:
    """What one call returns: the body, evaluated with this call's arguments and without leaving a trace."""
    if run.depth > 40 or info.state == "running":
        return UNKNOWN
    env = Env(info.env)
    for parameter in info.parameters:
        default = run.facts.get(id(parameter.default), UNKNOWN) if parameter.default is not None else UNKNOWN
        unknown: Fact = (
            Sequence("tuple", None) if parameter.star == "*" else Dict() if parameter.star else default
        )
        env[parameter.name] = given.get(parameter.name, unknown)
    saved = run.env, run.function, run.returned, run.module, run.exact, run.facts, run.plans, run.convert
    state, version = info.state, run.version
    info.state = "running"
    own, info.found_open = info.found_open, []
    run.env, run.function, run.returned, run.module, run.exact = env, info, [], info.module, True
    run.facts, run.plans, run.convert = _Layered(run.facts), {}, {}
    run.depth += 1
    try:
        if isinstance(info.node, cst.Lambda):
            run.returned.append((info.node.body, _told(run, info.node.body)))
        elif not suite(run, info.node.body):
            run.returned.append((None, Python("none")))
        facts = [fact for _, fact in run.returned]
    finally:
        run.depth -= 1
        info.state = state
        run.env, run.function, run.returned, run.module, run.exact, run.facts, run.plans, run.convert = saved
        run.version = version
        met, info.found_open = info.found_open, own
    if run.function is not None:
        run.function.found_open += met  # it is this call that must be made again
    result = facts[0]
    for fact in facts[1:]:
        result = join(result, fact)
    return result


class _Layered(dict[int, Fact]):
    """Facts that are read from below and written here."""

    def __init__(self, below: dict[int, Fact]) -> None:
        super().__init__()
        self.below = below

    def get(self, key: int, default: Fact | None = None) -> Fact | None:  # type: ignore[override]
        found = super().get(key)
        return found if found is not None else self.below.get(key, default)


def _told(run: Run, node: cst.BaseExpression) -> Fact:
    fact = evaluate(run, node)
    known = truth(run, node) if isinstance(node, (cst.Comparison, cst.UnaryOperation)) else None
    return fact if known is None else Python("bool", known)
