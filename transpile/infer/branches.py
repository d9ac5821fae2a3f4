"""Branches: what a test says inside them, and what holds where they meet again."""

from __future__ import annotations

import libcst as cst

from transpile.infer.cases import keep_cases, tell_apart
from transpile.infer.definitions import Env, FunctionInfo
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import (
    UNKNOWN,
    Class,
    Fact,
    Function,
    Layer,
    Partial,
    Python,
    Ref,
    Sequence,
    Tensor,
    resolve,
)
from transpile.infer.join import join
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, normalize
from transpile.infer.narrowing import narrow, proven
from transpile.infer.plans import Plan
from transpile.infer.ranks_by_arm import narrow_by_arm, tell_arms_apart
from transpile.infer.run import Run
from transpile.infer.statements import statement, suite, within
from transpile.source.walk import descendants

__all__ = ["merge", "replace_env", "truth"]


def merge(run: Run, first: Env, second: Env) -> Env:
    merged = Env(first.parent)
    for name, fact in first.items():
        other = second.get(name)
        if other is None or other is fact:
            merged[name] = fact
            continue
        combined = join(fact, other)
        if isinstance(combined, Tensor) and combined.source == "conflict":
            pin(run, name, fact, other)
        merged[name] = combined
    for name, fact in second.items():
        if name not in merged:
            merged[name] = fact
    return merged


def pin(run: Run, name: str, left: Fact, right: Fact) -> None:
    if run.function is None:
        return
    ranks = run.function.pinned_ranks.setdefault(name, set())
    new = {t.rank for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)} - ranks
    if name not in run.function.pins:
        ranks |= new
        _choose_pin(run, run.function, name, left, right)
    elif new:
        ranks |= new
        run.function.dirty = True
        run.version += 1
    _follow(run, run.function, name, left, right)


def _follow(run: Run, function: FunctionInfo, name: str, left: Fact, right: Fact) -> None:
    """No assignment converts what a parameter is first: it takes the layout of the name, and callers convert."""
    parameter = resolve(function.facts.get(name, UNKNOWN))
    target = function.pins.get(name)
    if target is None or not isinstance(parameter, Tensor) or name in function.hints:
        return
    if not any(resolve(side) is parameter for side in (left, right)) or name in function.unpacked:
        return
    if parameter.rank in (3, 4, 5) and run.layout(parameter) != normalize(target, parameter.rank):
        parameter.layout = target
        function.dirty = True
        run.version += 1


def _choose_pin(run: Run, function: FunctionInfo, name: str, left: Fact, right: Fact) -> None:
    layouts = [run.layout(t) for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)]
    ranks = [t.rank for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)]
    target = IMAGE if IMAGE in layouts and all(r in (4, 5) for r in ranks) else PLAIN
    if target == PLAIN and (IMAGE in layouts or BY_RANK in layouts) and None in ranks:
        target = BY_RANK
    if target == BY_RANK and _begins_plain(run, function, name):
        target = PLAIN
    if target == IMAGE and PLAIN in layouts and name in function.unranked:
        target = PLAIN  # a later use has said how many axes the other has: where it is assigned, nobody knows
    brought = function.unpacked.get(name)
    tensors = [t for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)]
    # what a permute made comes in the other order at no cost; nothing converts what a parameter is first
    movable = all(isinstance(t.source, Plan) for t in tensors if run.layout(t) == brought)
    given = any(parameter.name == name for parameter in function.parameters)
    if brought in layouts and brought in (IMAGE, PLAIN) and not (given and movable):
        target = brought  # the others are converted where they are assigned
    target = function.hints.get(name, target)
    if target != IMAGE and None in ranks and run.learning:
        run.postpone()  # one of the two may be known better by then
        return
    function.pins[name] = target
    for fact in (resolve(left), resolve(right)):
        if isinstance(fact, Tensor) and run.layout(fact) != target:
            run.demand(fact, target)
    function.dirty = True  # its assignments convert from now on, whoever has asked for this run of it
    run.version += 1


def _begins_plain(run: Run, function: FunctionInfo, name: str) -> bool:
    """Whether a name is first what callers give in torch's order, with any number of axes: nothing converts that."""
    parameter = resolve(function.facts.get(name, UNKNOWN))
    return isinstance(parameter, Tensor) and parameter.rank is None and run.layout(parameter) == PLAIN


@statement(cst.If)
def if_(run: Run, node: cst.If) -> bool:
    evaluate(run, node.test)
    known = truth(run, node.test)
    if known is not None:
        if known:
            return suite(run, node.body)
        if isinstance(node.orelse, cst.If):
            return if_(run, node.orelse)
        return suite(run, node.orelse.body) if node.orelse is not None else False
    tell_arms_apart(run, node)
    before = run.env
    run.env = Env(before.parent, dict(before))
    narrow(run, node.test, True)
    narrow_by_arm(run, node.body)
    ended_then = suite(run, node.body)
    then = run.env
    run.env = Env(before.parent, dict(before))
    narrow(run, node.test, False)
    ended_else = False
    if node.orelse is not None:
        if isinstance(node.orelse, cst.If):
            ended_else = if_(run, node.orelse)
        else:
            narrow_by_arm(run, node.orelse.body)
            ended_else = suite(run, node.orelse.body)
    otherwise = run.env
    if ended_then and ended_else:
        replace_env(run, before, then)
        return True
    if node.orelse is None and _raises(node.body):
        proven(run, node.test, False)
    result = otherwise if ended_then else then if ended_else else merge(run, then, otherwise)
    if not ended_then and not ended_else:
        keep_cases(run, node.test, result, then, otherwise)
    replace_env(run, before, result)
    return False


NUMBERS = ("int", "float", "bool", "str")


def truth(run: Run, test: cst.BaseExpression) -> bool | None:
    """What a test of an argument's kind gives, where the arguments are those of one call; None if that is open.

    Where all callers stand behind one fact, none of this could be said.
    """
    if not run.exact:
        return None
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = truth(run, test.expression)
        return None if inner is None else not inner
    if isinstance(test, cst.BooleanOperation):
        left, right = truth(run, test.left), truth(run, test.right)
        decisive = isinstance(test.operator, cst.Or)
        if left is decisive or right is decisive:
            return decisive
        return None if left is None or right is None else not decisive
    fact = run.fact(test)
    if isinstance(fact, Python) and fact.type == "bool" and isinstance(fact.value, bool):
        return fact.value
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        target = test.comparisons[0]
        if isinstance(target.comparator, cst.Name) and target.comparator.value == "None":
            is_none = _is_none(run.fact(test.left))
            return None if is_none is None else is_none == isinstance(target.operator, cst.Is)
    if isinstance(test, cst.Call) and isinstance(test.func, cst.Name) and test.args:
        subject = run.fact(test.args[0].value)
        if test.func.value == "callable":
            if isinstance(subject, (Class, Function, Layer, Partial)):
                return True
            return False if isinstance(subject, (Python, Sequence, Tensor)) else None
        if test.func.value == "isinstance" and len(test.args) == 2:
            return _is_instance(subject, run.fact(test.args[1].value))
    return None


def _is_none(fact: Fact) -> bool | None:
    """A tensor, a layer or a sequence may still be None: optional values are tested before they are used."""
    if isinstance(fact, Python):
        return fact.type == "none" if fact.type != "object" else None
    return False if isinstance(fact, (Class, Function, Partial)) else None


def _is_instance(fact: Fact, wanted: Fact) -> bool | None:
    kinds = wanted.items if isinstance(wanted, Sequence) and wanted.items else [wanted]
    names = [kind.name for kind in kinds if isinstance(kind, Ref)]
    if len(names) != len(kinds):
        return None
    if isinstance(fact, Python) and fact.type in (*NUMBERS, "none"):
        return f"builtins.{fact.type}" in names or (fact.type == "bool" and "builtins.int" in names)
    if isinstance(fact, Sequence) and fact.type in ("tuple", "list"):
        return f"builtins.{fact.type}" in names
    if isinstance(fact, Tensor) and all(name.startswith("builtins.") for name in names):
        return False
    return None


def replace_env(run: Run, scope: Env, result: Env) -> None:
    """Nested functions hold on to the scope object, so its content is replaced, not the object."""
    if scope is not result:
        content = dict(result)
        scope.clear()
        scope.update(content)
    run.env = scope


def _raises(body: cst.BaseSuite) -> bool:
    """Whether a branch ends in an error."""
    last = body.body[-1] if body.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise)


@statement(cst.Assert)
def assert_(run: Run, node: cst.Assert) -> bool:
    evaluate(run, node.test)
    if node.msg is not None:
        evaluate(run, node.msg)
    narrow(run, node.test, True)
    proven(run, node.test, True)
    return False


@statement(cst.Try, cst.TryStar)
def try_(run: Run, node: cst.Try) -> bool:
    before = run.env
    run.env = Env(before.parent, dict(before))
    ended = suite(run, node.body)
    if node.orelse is not None and not ended:
        ended = suite(run, node.orelse.body)
    outcomes = [] if ended else [run.env]
    for handler in node.handlers:
        run.env = Env(before.parent, dict(before))
        if handler.type is not None:
            evaluate(run, handler.type)
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            run.env[handler.name.name.value] = UNKNOWN
        if not suite(run, handler.body):
            if not ended and (_only_imports(node.body) or _is_import_error(run, handler)):
                for name, fact in run.env.items():  # the import that stands first is the one that is meant
                    outcomes[0].setdefault(name, fact)
            else:
                outcomes.append(run.env)
    result = outcomes[0] if outcomes else Env(before.parent, dict(before))
    for other in outcomes[1:]:
        result = merge(run, result, other)
    replace_env(run, before, result)
    if node.finalbody is not None:
        suite(run, node.finalbody.body)
    return not outcomes


def _only_imports(body: cst.BaseSuite) -> bool:
    """Whether whatever an arm of `except` catches, it catches of an import."""
    found = False
    for line in body.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else (line,):
            if isinstance(small, (cst.Import, cst.ImportFrom)):
                found = True
            elif not (
                isinstance(small, cst.Assign) and isinstance(small.value, (cst.Name, cst.SimpleString))
            ):
                return False
    return found


def _is_import_error(run: Run, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    caught = handler.type
    each = [e.value for e in caught.elements] if isinstance(caught, cst.Tuple) else [caught]
    facts = [run.fact(one) if one is not None else UNKNOWN for one in each]
    wanted = ("builtins.ImportError", "builtins.ModuleNotFoundError")
    return all(isinstance(fact, Ref) and fact.name in wanted for fact in facts)


@statement(cst.Match)
def match_(run: Run, node: cst.Match) -> bool:
    evaluate(run, node.subject)
    before = run.env
    result: Env | None = None
    for case in node.cases:
        run.env = Env(before.parent, dict(before))
        for part in descendants(case.pattern):
            if isinstance(part, (cst.MatchAs, cst.MatchStar)) and part.name is not None:
                run.env[part.name.value] = UNKNOWN
        if case.guard is not None:
            evaluate(run, case.guard)
        suite(run, case.body)
        result = run.env if result is None else merge(run, result, run.env)
    replace_env(run, before, merge(run, before, result) if result is not None else before)
    return False


@expression_handler(cst.IfExp)
def conditional(run: Run, node: cst.IfExp) -> Fact:
    evaluate(run, node.test)
    before = run.env
    saved = dict(before)
    narrow(run, node.test, True)
    with within(run, "arm", node.body):
        body = evaluate(run, node.body)
    replace_env(run, before, Env(before.parent, dict(saved)))
    narrow(run, node.test, False)
    with within(run, "arm", node.orelse):
        orelse = evaluate(run, node.orelse)
    replace_env(run, before, Env(before.parent, dict(saved)))
    known = truth(run, node.test)
    if known is not None:
        return body if known else orelse
    result = join(body, orelse)
    if isinstance(result, Tensor) and result.source == "conflict":
        result = _same_layout(run, node, body, orelse, result)
    tell_apart(run, node.test, result, body, orelse)
    return result


def _same_layout(run: Run, node: cst.IfExp, body: Fact, orelse: Fact, joined: Tensor) -> Fact:
    """Two branches in two layouts: one of them is converted."""
    first, second = resolve(body), resolve(orelse)
    assert isinstance(first, Tensor) and isinstance(second, Tensor)
    target = run.layout(first)
    if isinstance(target, tuple) and run.want(node.orelse, second, target):
        return Tensor(joined.rank, joined.dims, joined.dtype, target).with_axes_of(joined)
    return joined
