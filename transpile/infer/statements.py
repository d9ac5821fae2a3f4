"""Statements: how facts flow through assignments, branches, loops and definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from transpile.infer.definitions import ClassInfo, Env
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate
from transpile.infer.facts import (
    UNKNOWN,
    Class,
    Fact,
    Function,
    Layer,
    Python,
    Ref,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.join import join
from transpile.infer.layout import IMAGE, PLAIN, Open
from transpile.infer.plans import Plan
from transpile.infer.run import Run, same
from transpile.source.walk import descendants

__all__ = ["assign", "block", "define_class", "define_function", "module"]

Handler = Callable[[Run, Any], bool]
STATEMENTS: dict[type, Handler] = {}


def statement(*types: type) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for type_ in types:
            STATEMENTS[type_] = handler
        return handler

    return register


def module(run: Run, tree: cst.Module) -> None:
    block(run, tree.body)


def block(run: Run, body: Iterable[cst.CSTNode]) -> bool:
    """Run the statements; True if control does not fall off the end."""
    for node in body:
        if type(node) is cst.SimpleStatementLine:
            for small in node.body:
                handler = STATEMENTS.get(type(small))
                if handler is not None and handler(run, small):
                    return True
        else:
            handler = STATEMENTS.get(type(node))
            if handler is not None and handler(run, node):
                return True
    return False


def suite(run: Run, body: cst.BaseSuite) -> bool:
    return block(run, body.body) if isinstance(body, cst.IndentedBlock) else block(
        run, [cst.SimpleStatementLine(body=body.body)] if isinstance(body, cst.SimpleStatementSuite) else []
    )  # fmt: skip


# --- simple statements ---------------------------------------------------------------------------------------


@statement(cst.Expr)
def expression(run: Run, node: cst.Expr) -> bool:
    evaluate(run, node.value)
    return False


@statement(cst.Return)
def return_(run: Run, node: cst.Return) -> bool:
    fact = evaluate(run, node.value) if node.value is not None else Python("none")
    run.returned.append((node.value, fact))
    return True


@statement(cst.Raise)
def raise_(run: Run, node: cst.Raise) -> bool:
    if node.exc is not None:
        evaluate(run, node.exc)
    if node.cause is not None:
        evaluate(run, node.cause.item)
    return True


@statement(cst.Break, cst.Continue)
def leave_loop(run: Run, node: cst.CSTNode) -> bool:
    return False


@statement(cst.Assert)
def assert_(run: Run, node: cst.Assert) -> bool:
    evaluate(run, node.test)
    if node.msg is not None:
        evaluate(run, node.msg)
    narrow(run, node.test, True)
    return False


@statement(cst.Del)
def delete(run: Run, node: cst.Del) -> bool:
    if isinstance(node.target, (cst.Attribute, cst.Subscript)):
        evaluate(run, node.target.value)
    return False


@statement(cst.Global, cst.Nonlocal)
def scope_statement(run: Run, node: cst.Global | cst.Nonlocal) -> bool:
    return False


@statement(cst.Assign)
def assign_statement(run: Run, node: cst.Assign) -> bool:
    fact = evaluate(run, node.value)
    for target in node.targets:
        assign(run, target.target, fact, node.value)
    return False


@statement(cst.AnnAssign)
def annotated(run: Run, node: cst.AnnAssign) -> bool:
    from transpile.infer.annotations import from_annotation

    evaluate(run, node.annotation.annotation)
    fact = evaluate(run, node.value) if node.value is not None else UNKNOWN
    if resolve(fact) is UNKNOWN or isinstance(resolve(fact), Var):
        told = from_annotation(run, node.annotation.annotation)
        fact = told if told is not None else fact
    if node.value is not None or isinstance(node.target, cst.Name):
        assign(run, node.target, fact, node.value)
    return False


@statement(cst.AugAssign)
def augmented(run: Run, node: cst.AugAssign) -> bool:
    from transpile.infer.operators import augmented_operation

    fact = augmented_operation(run, node)
    assign(run, node.target, fact, None)
    return False


def assign(run: Run, target: cst.CSTNode, fact: Fact, value: cst.BaseExpression | None) -> None:
    """Bind a target to a fact; `value` is the assigned expression where there is just one."""
    if isinstance(target, cst.Name):
        fact = pinned(run, target.value, fact, value)
        run.bound.add(target.value)
        run.env[target.value] = fact
        forget_places(run, target.value)
        run.facts[id(target)] = fact
    elif isinstance(target, cst.Attribute):
        owner = resolve(evaluate(run, target.value))
        run.facts[id(target)] = fact
        if isinstance(owner, Layer) and owner.info is not None:
            run.store_attribute(owner.info, target.attr.value, id(target), fact)
            layer = resolve(fact)
            if isinstance(layer, Layer) and layer.site is not None:
                run.attribute_of_site[layer.site] = target.attr.value
            if run.function is not None and run.function.name != "__init__":
                owner.info.stores_outside_init.add(target.attr.value)
        elif isinstance(owner, Tensor) and target.attr.value == "requires_grad":
            run.plans[id(target)] = Plan("requires_grad", parameter=True)
        elif isinstance(owner, Class):
            run.store_attribute(owner.info, target.attr.value, id(target), fact)
    elif isinstance(target, (cst.Tuple, cst.List)):
        unpack(run, target, fact)
    elif isinstance(target, cst.Subscript):
        from transpile.infer.ops.index import store

        store(run, target, fact, value)
    elif isinstance(target, cst.StarredElement):
        assign(run, target.value, Sequence("list", None, fact), None)


def forget_places(run: Run, name: str) -> None:
    """A new value of `x` or `i` ends what is known of `x[i]`."""
    stale = [
        key
        for key in run.env
        if "[" in key and (key.startswith((f"{name}[", f"{name}.")) or key.endswith(f"[{name}]"))
    ]
    for key in stale:
        del run.env[key]


def pinned(run: Run, name: str, fact: Fact, value: cst.BaseExpression | None) -> Fact:
    """A local name that branches left in two layouts gets one: its assignments convert."""
    function = run.function
    resolved = resolve(fact)
    if function is None or not run.channels_last or not isinstance(resolved, Tensor) or value is None:
        return fact
    pin = function.pins.get(name)
    if pin is None or resolved.rank is None or resolved.rank < 3:
        return fact
    layout = run.layout(resolved)
    if isinstance(layout, tuple) and layout == pin:
        return fact
    if run.want(value, resolved, pin):
        return Tensor(resolved.rank, resolved.dims, resolved.dtype, pin)
    return fact


def unpack(run: Run, target: cst.Tuple | cst.List, fact: Fact) -> None:
    fact = resolve(fact)
    elements = target.elements
    starred = any(isinstance(e, cst.StarredElement) for e in elements)
    if isinstance(fact, Sequence) and fact.shape_of is not None and fact.items is None and not starred:
        # `b, c, h, w = x.shape` says that x has rank 4
        tensor = run.as_tensor(fact.shape_of, len(elements))
        if tensor is not None and tensor.rank == len(elements):
            dims = run.dims(tensor, target)
            assert dims is not None
            fact.items = [Python("int", dim=dim) for dim in dims]
            run.version += 1
    if isinstance(fact, Sequence) and fact.tail_of is not None and fact.items is None and not starred:
        run.as_tensor(fact.tail_of[0], fact.tail_of[1] + len(elements))  # `h, w = x.shape[2:]`
    parts: list[Fact]
    if (
        isinstance(fact, Sequence)
        and fact.items is not None
        and not starred
        and len(fact.items) == len(elements)
    ):
        parts = fact.items
    elif (
        isinstance(fact, Sequence)
        and fact.items is not None
        and starred
        and len(fact.items) >= len(elements) - 1
    ):
        at = next(i for i, e in enumerate(elements) if isinstance(e, cst.StarredElement))
        tail = len(elements) - at - 1
        middle = fact.items[at : len(fact.items) - tail]
        parts = [
            *fact.items[:at],
            Sequence("list", middle),
            *(fact.items[len(fact.items) - tail :] if tail else []),
        ]
        for element, part in zip(elements, parts, strict=True):
            if isinstance(element, cst.StarredElement):
                assign_fact(run, element.value, part)
            else:
                assign(run, element.value, part, None)
        return
    elif isinstance(fact, Sequence):
        parts = [fact.any()] * len(elements)
    elif isinstance(fact, Layer) and fact.members is not None and not starred:
        items = fact.members.items
        parts = (
            list(items)
            if items is not None and len(items) == len(elements)
            else [fact.members.any()] * len(elements)
        )
    elif isinstance(fact, Var):
        parts = [run.var((fact, i), f"{fact.name}[{i}]", fact.tensorlike) for i in range(len(elements))]
    else:
        parts = [UNKNOWN] * len(elements)
    for element, part in zip(elements, parts, strict=True):
        assign(run, element if isinstance(element, cst.StarredElement) else element.value, part, None)


def assign_fact(run: Run, target: cst.CSTNode, fact: Fact) -> None:
    assign(run, target, fact, None)


# --- imports -------------------------------------------------------------------------------------------------


def dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Name):
        return node.value
    assert isinstance(node, cst.Attribute)
    return f"{dotted(node.value)}.{node.attr.value}"


@statement(cst.Import)
def import_(run: Run, node: cst.Import) -> bool:
    for alias in node.names:
        name = dotted(alias.name)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            run.env[alias.asname.name.value] = Ref(name)
            _bind(run, alias.asname.name.value, name)
        else:
            first = name.split(".")[0]
            run.env[first] = Ref(first)
            _bind(run, first, name)
    return False


@statement(cst.ImportFrom)
def import_from(run: Run, node: cst.ImportFrom) -> bool:
    module_name = "." * len(node.relative) + (dotted(node.module) if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        if module_name.split(".")[0] == "torch":
            return False
        for line in run.star_imports.values():
            statement_node = cst.parse_statement(line)
            assert isinstance(statement_node, cst.SimpleStatementLine)
            STATEMENTS[type(statement_node.body[0])](run, statement_node.body[0])
        return False
    for alias in node.names:
        local = alias.asname.name if alias.asname is not None else alias.name
        if isinstance(local, cst.Name):
            joint = "" if module_name.endswith(".") else "."
            run.env[local.value] = Ref(f"{module_name}{joint}{dotted(alias.name)}")
            _bind(run, local.value, module_name)
    return False


def _bind(run: Run, name: str, module_name: str) -> None:
    """A name that the output still has: torch's own imports go."""
    run.imported.add(name)
    if module_name.split(".")[0] != "torch":
        run.bound.add(name)


# --- compound statements -------------------------------------------------------------------------------------


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
    if run.function is None or name in run.function.pins:
        return
    layouts = [run.layout(t) for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)]
    ranks = [t.rank for t in (resolve(left), resolve(right)) if isinstance(t, Tensor)]
    run.function.pins[name] = IMAGE if IMAGE in layouts and all(r in (4, 5) for r in ranks) else PLAIN
    run.version += 1


@statement(cst.If)
def if_(run: Run, node: cst.If) -> bool:
    evaluate(run, node.test)
    before = run.env
    run.env = Env(before.parent, dict(before))
    narrow(run, node.test, True)
    ended_then = suite(run, node.body)
    then = run.env
    run.env = Env(before.parent, dict(before))
    narrow(run, node.test, False)
    ended_else = False
    if node.orelse is not None:
        if isinstance(node.orelse, cst.If):
            ended_else = if_(run, node.orelse)
        else:
            ended_else = suite(run, node.orelse.body)
    otherwise = run.env
    if ended_then and ended_else:
        replace_env(run, before, then)
        return True
    result = otherwise if ended_then else then if ended_else else merge(run, then, otherwise)
    replace_env(run, before, result)
    return False


def replace_env(run: Run, scope: Env, result: Env) -> None:
    """Nested functions hold on to the scope object, so its content is replaced, not the object."""
    if scope is not result:
        content = dict(result)
        scope.clear()
        scope.update(content)
    run.env = scope


def narrow(run: Run, test: cst.BaseExpression, holds: bool) -> None:
    """`if isinstance(x, list)`, `if x is None`, `x.dim() == 4`: what the test says inside its branch."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        narrow(run, test.expression, not holds)
        return
    if isinstance(test, cst.BooleanOperation):
        if isinstance(test.operator, cst.And) == holds:
            narrow(run, test.left, holds)
            narrow(run, test.right, holds)
        return
    if not isinstance(test, cst.Call) or not holds:
        return
    if not (isinstance(test.func, cst.Name) and test.func.value == "isinstance" and len(test.args) == 2):
        return
    subject = test.args[0].value
    if not isinstance(subject, cst.Name):
        return
    wanted = run.facts.get(id(test.args[1].value))
    kinds = wanted.items if isinstance(wanted, Sequence) and wanted.items else [wanted] if wanted else []
    names = [k.name for k in kinds if isinstance(k, Ref)]
    current = run.env.find(subject.value)
    if current is None or not names or run.function is None:
        return
    resolved = resolve(current)
    if all(n in ("builtins.list", "builtins.tuple") for n in names) and not isinstance(resolved, Sequence):
        key = (subject.value, names[0])
        element = run.function.narrowed.get(key)
        if element is None:
            element = run.function.narrowed[key] = Var(f"{run.function.qualname}.{subject.value}[]", True)
        run.env[subject.value] = Sequence("list" if names == ["builtins.list"] else "sequence", None, element)
    elif all(n == "torch.Tensor" for n in names) and not isinstance(resolved, Tensor):
        key2 = ("narrowed", run.function.qualname, subject.value)
        run.env[subject.value] = run.tensors.setdefault(key2, Tensor(None, None, None, Open()))
    elif all(n in ("builtins.int", "builtins.float", "builtins.str", "builtins.bool") for n in names):
        if not isinstance(resolved, Python):
            symbol = f"{run.function.qualname}.{subject.value}"
            run.env[subject.value] = Python(names[0][9:], dim=Dim.symbol(symbol))
    elif len(names) == 1 and names[0].startswith("torch.nn.") and not isinstance(resolved, Layer):
        run.env[subject.value] = Layer(names[0])
    elif len(kinds) == 1 and isinstance(kinds[0], Class) and not isinstance(resolved, Layer):
        info = kinds[0].info
        run.env[subject.value] = Layer(info.name, info)


@statement(cst.For)
def for_(run: Run, node: cst.For) -> bool:
    from transpile.infer.iteration import element_of

    iterable = evaluate(run, node.iter)
    loop(run, node.body, lambda: assign(run, node.target, element_of(run, iterable, node.iter), None))
    if node.orelse is not None:
        suite(run, node.orelse.body)
    return False


@statement(cst.While)
def while_(run: Run, node: cst.While) -> bool:
    loop(run, node.body, lambda: evaluate(run, node.test))
    if node.orelse is not None:
        suite(run, node.orelse.body)
    return False


def loop(run: Run, body: cst.BaseSuite, start: Callable[[], Any]) -> None:
    before = run.env
    for _ in range(2):
        run.env = Env(before.parent, dict(before))
        start()
        suite(run, body)
        after = merge(run, Env(before.parent, dict(before)), run.env)
        stable = all(same(after[name], fact) for name, fact in before.items())
        replace_env(run, before, after)
        if stable:
            return


@statement(cst.With)
def with_(run: Run, node: cst.With) -> bool:
    for item in node.items:
        fact = evaluate(run, item.item)
        if item.asname is not None:
            assign(run, item.asname.name, fact if isinstance(resolve(fact), (Layer, Var)) else UNKNOWN, None)
    return suite(run, node.body)


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
            outcomes.append(run.env)
    result = outcomes[0] if outcomes else Env(before.parent, dict(before))
    for other in outcomes[1:]:
        result = merge(run, result, other)
    replace_env(run, before, result)
    if node.finalbody is not None:
        suite(run, node.finalbody.body)
    return not outcomes


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


# --- definitions ---------------------------------------------------------------------------------------------


@statement(cst.FunctionDef)
def define_function(run: Run, node: cst.FunctionDef) -> bool:
    from transpile.infer.functions import analyze, register

    info = register(run, node, None)
    run.bound.add(node.name.value)
    run.env[node.name.value] = Function(info)
    if run.function is not None:
        analyze(run, info)  # a nested function: its closure is alive now
    return False


@statement(cst.ClassDef)
def define_class(run: Run, node: cst.ClassDef) -> bool:
    from transpile.infer.functions import register

    info = run.class_of.get(id(node))
    if info is None:
        prefix = f"{run.function.qualname}." if run.function is not None else ""
        info = ClassInfo(node.name.value, node, run.env, prefix + node.name.value)
        run.class_of[id(node)] = info
        run.classes[info.qualname] = info
    info.env = run.env
    info.bases = [evaluate(run, arg.value) for arg in node.bases]
    run.families.clear()
    for keyword in node.keywords:
        evaluate(run, keyword.value)
    for decorator in node.decorators:
        evaluate(run, decorator.decorator)
    run.bound.add(node.name.value)
    run.env[node.name.value] = Class(info)
    outer = run.env
    run.env = Env(outer)
    body = node.body.body if isinstance(node.body, cst.IndentedBlock) else []
    for child in body:
        if isinstance(child, cst.FunctionDef):
            method = register(run, child, info)
            info.methods[child.name.value] = method
            run.env[child.name.value] = Function(method)
        else:
            block(run, [child])
    for name, fact in run.env.items():
        if not isinstance(fact, Function):
            run.store_attribute(info, name, id(node), fact)
    run.env = outer
    return False
