"""What of a function runs in evaluation: tests of the training flag leave the rest out."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.run import Run
from transpile.source.walk import children, descendants

__all__ = ["in_evaluation", "runs_in_evaluation"]


def runs_in_evaluation(run: Run, info: FunctionInfo) -> bool:
    """Whether a forward reaches a function in evaluation, by calls that are no part of training alone."""
    met = {info}
    todo = [info]
    while todo:
        callee = todo.pop()
        if callee.name in ("forward", "__call__") and callee.owner is not None and callee.owner.is_module:
            return True
        callers = {caller.home for caller in callee.dependents}
        callers = {caller for caller in callers - met if id(callee) in _called(run, caller)}
        todo += callers
        met |= callers
    return False


def _called(run: Run, caller: FunctionInfo) -> set[int]:
    """The functions that one calls in evaluation, by identity."""
    found = run.called_in_evaluation.get(id(caller))
    if found is None:
        plans = (run.plans.get(id(node)) for node in in_evaluation(caller.node.body))
        found = {id(plan.data["info"]) for plan in plans if plan is not None and plan.op == "own_function"}
        run.called_in_evaluation[id(caller)] = found
    return found


def in_evaluation(body: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes of a body that may run where nothing is trained, lambdas included; other functions in it are not."""
    flags = frozenset(_flags(body))
    return _walk(body, flags)


def _walk(node: cst.CSTNode, flags: frozenset[str]) -> Iterator[cst.CSTNode]:
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return
    yield node
    if isinstance(node, cst.IndentedBlock):
        for line in node.body:
            yield from _walk(line, flags)
            if isinstance(line, cst.If) and _means(line.test, flags) is False and _leaves(line.body):
                return  # `if not self.training: return x`
    elif isinstance(node, (cst.If, cst.IfExp)):
        means = _means(node.test, flags)
        yield from _walk(node.test, flags)
        if means is not True:
            yield from _walk(node.body, flags)
        if means is not False and node.orelse is not None:
            yield from _walk(node.orelse, flags)
    elif isinstance(node, cst.BooleanOperation):
        yield from _walk(node.left, flags)
        if _means(node.left, flags) is not isinstance(node.operator, cst.And):
            yield from _walk(node.right, flags)
    else:
        for child in children(node):
            yield from _walk(child, flags)


def _flags(body: cst.CSTNode) -> Iterator[str]:
    """The names that hold in training alone: `drops = self.p > 0 and self.training`."""
    for node in descendants(body):
        if not isinstance(node, cst.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0].target, node.value
        pairs: list[tuple[cst.BaseExpression, cst.BaseExpression]] = []
        if isinstance(target, cst.Name):
            pairs = [(target, value)]
        elif isinstance(target, (cst.Tuple, cst.List)) and isinstance(value, (cst.Tuple, cst.List)):
            pairs = [(t.value, v.value) for t, v in zip(target.elements, value.elements, strict=False)]
        for name, given in pairs:
            if isinstance(name, cst.Name) and _means(given, frozenset()) is True:
                yield name.value


def _means(test: cst.BaseExpression, flags: frozenset[str]) -> bool | None:
    """True where a test holds in training alone, False where it fails in training alone, None where neither is so."""
    if isinstance(test, (cst.Name, cst.Attribute)):
        name = test.value if isinstance(test, cst.Name) else test.attr.value
        is_flag = name == "training" or (isinstance(test, cst.Name) and name in flags)
        return True if is_flag else None
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = _means(test.expression, flags)
        return None if inner is None else not inner
    if isinstance(test, cst.BooleanOperation):
        wanted = isinstance(test.operator, cst.And)
        return wanted if wanted in (_means(test.left, flags), _means(test.right, flags)) else None
    return None


def _leaves(body: cst.BaseSuite) -> bool:
    """Whether nothing goes on behind a branch."""
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, (cst.Return, cst.Raise, cst.Continue, cst.Break))
