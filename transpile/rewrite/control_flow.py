"""Control flow on tensors and on open sizes: functions that AutoGraph may read, and errors that a graph asserts.

    @autograph
    def call(self, x):
        if refused(size(x, 1) % 2 != 0, "size(x, 1) % 2 != 0"):
            raise ValueError("odd")
        if tf.reduce_max(x) > 1:
            x = x / tf.reduce_max(x)
        return x

The statements stay as they are. AutoGraph traces both arms of a branch on a tensor, so a function is given to it only
where no such arm does anything but bind names: an arm that appends to a list would do so in either case.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Python, Ref, Sequence, Tensor
from transpile.infer.open_sizes import Flow, reached, visit
from transpile.infer.traced import compares_sizes, is_graphed, is_logic, is_python, quantified, test_is_open
from transpile.rewrite.code import expression, source
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.source.walk import descendants

__all__ = ["prepare"]

CHANGING = frozenset(
    {"append", "extend", "insert", "pop", "popitem", "remove", "clear", "update", "setdefault"}
)
QUIET = frozenset({"builtins.print", "warnings.warn"})  # what may be done once, while the graph is traced


def prepare(context: Context) -> None:
    """Find the tests of tensors and of open sizes that a graph can make, and the functions that hold them."""
    outer = _outermost(context)
    found: dict[int, set[int]] = {}  # function → the tests in it that AutoGraph makes
    spoilt: set[int] = set()
    origins: dict[str, bool] = {}
    for info in reached(context.run):
        if not isinstance(info.node, cst.FunctionDef):
            continue
        place = outer.get(id(info.node), id(info.node))

        flow = Flow(context.run, origins, info, wide=True)

        def tell(node: cst.CSTNode, flow: Flow = flow, place: int = place) -> None:
            if isinstance(node, cst.Comparison) and compares_sizes(flow, node):
                equal = isinstance(node.comparisons[0].operator, cst.Equal)
                context.open_sizes.setdefault(id(node), "equal_sizes" if equal else "unequal_sizes")
            elif isinstance(node, cst.If):
                _branch(context, flow, node, found.setdefault(place, set()), spoilt, place)
            elif isinstance(node, cst.While):
                _loop(flow, node, found.setdefault(place, set()), spoilt, place)
            elif isinstance(node, (cst.IfExp, cst.Assert)):
                opened = id(node) not in context.open_sizes and test_is_open(flow, node.test)
                if opened and is_graphed(flow, node.test):
                    found.setdefault(place, set()).add(id(node))

        visit(flow, info.node.body, tell)
        if info.generator:
            spoilt.add(place)
    for place, tests in found.items():
        if tests and place not in spoilt:
            context.traced.add(place)
            context.traced |= tests
    for info in context.run.module.functions:
        if id(info.node) in context.traced:
            for node in descendants(info.node.body):
                # AutoGraph takes no other message of an assertion than a plain string
                if isinstance(node, cst.Assert) and not isinstance(node.msg, (cst.SimpleString, type(None))):
                    context.open_sizes.setdefault(id(node), "check")


def _outermost(context: Context) -> dict[int, int]:
    """The function that AutoGraph reads for one inside it: the text of the outer holds that of the inner."""
    result: dict[int, int] = {}
    for info in context.run.module.functions:
        if isinstance(info.node, cst.FunctionDef):
            for node in descendants(info.node.body):
                if isinstance(node, cst.FunctionDef):
                    result[id(node)] = result.get(id(info.node), id(info.node))
    return result


def _branch(
    context: Context, flow: Flow, node: cst.If, found: set[int], spoilt: set[int], place: int
) -> None:
    opened, graphed = test_is_open(flow, node.test), is_graphed(flow, node.test)
    binds = _binds_names(flow, node.body) and _binds_names(flow, node.orelse)
    if opened and _raises(node.body) and (graphed or is_logic(flow, node.test)):
        context.refused.add(id(node.test))
        compound = isinstance(node.test, (cst.BooleanOperation, cst.UnaryOperation))
        if is_logic(flow, node.test):
            for part in (node.test, *descendants(node.test)):
                if isinstance(part, (cst.BooleanOperation, cst.UnaryOperation, cst.Call)):
                    context.logic[id(part)] = _logic(flow, part)
        elif compound:
            found.add(id(node.test))
        return
    if opened and graphed and binds:
        found.add(id(node))
    elif not binds and (opened or not is_python(flow, node.test)):
        spoilt.add(place)


def _logic(flow: Flow, node: cst.BaseExpression) -> str:
    """The support function for an operation of logic, or for all() and any() of open sizes; otherwise ""."""
    if isinstance(node, cst.BooleanOperation):
        return "both" if isinstance(node.operator, cst.And) else "either"
    if isinstance(node, cst.UnaryOperation):
        return "negated" if isinstance(node.operator, cst.Not) else ""
    return {"all": "both", "any": "either"}.get(quantified(flow, node) or "", "")


def _loop(flow: Flow, node: cst.While, found: set[int], spoilt: set[int], place: int) -> None:
    opened, binds = test_is_open(flow, node.test), _binds_names(flow, node.body)
    if opened and binds and is_graphed(flow, node.test) and node.orelse is None:
        found.add(id(node))
    elif not binds and (opened or not is_python(flow, node.test)):
        spoilt.add(place)


def _raises(body: cst.BaseSuite) -> bool:
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise)


def _binds_names(flow: Flow, node: cst.CSTNode | None) -> bool:
    """Whether statements do nothing but bind names, return, and write into tensors and known places of lists."""
    if node is None or isinstance(node, (cst.Return, cst.Pass, cst.Break, cst.Continue, cst.Assert)):
        return node is None or not _changes(flow, node)
    if isinstance(node, (cst.IndentedBlock, cst.SimpleStatementLine, cst.SimpleStatementSuite)):
        return all(_binds_names(flow, statement) for statement in node.body)
    if isinstance(node, cst.Else):
        return _binds_names(flow, node.body)
    if isinstance(node, cst.If):
        arms = _raises(node.body) or _binds_names(flow, node.body)
        return arms and _binds_names(flow, node.orelse) and not _changes(flow, node.test)
    if isinstance(node, (cst.For, cst.While)):
        return _binds_names(flow, node.body) and node.orelse is None
    if isinstance(node, cst.Assign):
        targets = [target.target for target in node.targets]
        return all(_is_name(flow, target) for target in targets) and not _changes(flow, node.value)
    if isinstance(node, cst.AnnAssign):
        return isinstance(node.target, cst.Name) and not (node.value and _changes(flow, node.value))
    if isinstance(node, cst.AugAssign):
        fact = flow.run.fact(node.target)
        number = isinstance(fact, Python) and fact.type in ("int", "float")
        return (
            (number or isinstance(fact, Tensor)) and _is_name(flow, node.target) and not _changes(flow, node)
        )
    if isinstance(node, cst.Expr):
        if isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString)):
            return True
        if not isinstance(node.value, cst.Call):
            return False
        callee, plan = flow.run.fact(node.value.func), flow.run.plans.get(id(node.value))
        quiet = isinstance(callee, Ref) and callee.name in QUIET
        return quiet or (plan is not None and plan.rule is not None and not _changes(flow, node.value))
    return False


def _is_name(flow: Flow, target: cst.CSTNode) -> bool:
    if isinstance(target, (cst.Tuple, cst.List)):
        return all(_is_name(flow, element.value) for element in target.elements)
    if isinstance(target, cst.Subscript) and isinstance(target.value, cst.Name):
        fact = flow.run.fact(target.value)
        part = target.slice[0].slice
        constant = isinstance(part, cst.Index) and isinstance(flow.run.fact(part.value), Python)
        return isinstance(fact, Tensor) or (
            isinstance(fact, Sequence) and constant and len(target.slice) == 1
        )
    return isinstance(target, cst.Name)


def _changes(flow: Flow, node: cst.CSTNode) -> bool:
    """Whether an expression changes a container, or binds a name where no statement shows it."""
    for part in (node, *descendants(node)):
        if isinstance(part, (cst.NamedExpr, cst.Yield, cst.Await)):
            return True
        if isinstance(part, cst.Call) and isinstance(part.func, cst.Attribute):
            owner = flow.run.fact(part.func.value)
            if part.func.attr.value in CHANGING and not isinstance(owner, Tensor):
                return True
    return False


@on(cst.FunctionDef)
def function(context: Context, original: cst.FunctionDef, updated: cst.FunctionDef) -> Any:
    """@autograph, next to the function itself."""
    if id(original) not in context.traced:
        return None
    decorator = cst.Decorator(expression(context.support("autograph")))
    return updated.with_changes(decorators=[*updated.decorators, decorator])


@on(cst.BooleanOperation, cst.UnaryOperation, cst.Call)
def logic(context: Context, original: cst.BaseExpression, updated: Any) -> Any:
    """In a refused test: not (a and b) → negated(both(a, b)), any(n < 2 for n in …) → either(*(n < 2 for n in …))"""
    name = context.logic.get(id(original))
    if not name:
        return None
    if isinstance(updated, cst.BooleanOperation):
        parts = [source(side.with_changes(lpar=(), rpar=())) for side in (updated.left, updated.right)]
    elif isinstance(updated, cst.UnaryOperation):
        parts = [source(updated.expression.with_changes(lpar=(), rpar=()))]
    elif isinstance(updated, cst.Call) and updated.args:
        listed = source(updated.args[0].value)
        parts = [f"*{listed}" if listed[0] in "[(" else f"*({listed})"]
    else:
        return None
    return expression(f"{context.support(name)}({', '.join(parts)})")


@on(cst.If)
def refusal(context: Context, original: cst.If, updated: cst.If) -> Any:
    """if h % 2: raise … → if refused(h % 2, "h % 2"): raise …"""
    if id(original.test) not in context.refused:
        return None
    text = " ".join(source(original.test).split())
    call = f"{context.support('refused')}({source(updated.test)}, {text!r})"
    space = updated.whitespace_before_test
    if space.empty:
        space = cst.SimpleWhitespace(" ")
    return updated.with_changes(test=expression(call), whitespace_before_test=space)
