"""Statements: how facts flow through assignments, imports and blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import libcst as cst

from transpile.infer.annotations import from_annotation
from transpile.infer.changed_arguments import changed_argument, lost_change
from transpile.infer.containers import extend, hold_attribute
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate
from transpile.infer.facts import (
    UNKNOWN,
    Class,
    Fact,
    Layer,
    Python,
    Self,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.join import choices_of
from transpile.infer.layout import BY_RANK, IMAGE, PLAIN, Open, normalize
from transpile.infer.operators import augmented_operation
from transpile.infer.ops.index import drop_axis, store
from transpile.infer.plans import Plan
from transpile.infer.run import Run
from transpile.infer.weight_data import weight_of_unknown

__all__ = ["assign", "block", "statement", "suite"]

Handler = Callable[[Run, Any], bool]
STATEMENTS: dict[type, Handler] = {}


def statement(*types: type) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        for type_ in types:
            STATEMENTS[type_] = handler
        return handler

    return register


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
            with within(run, KINDS.get(type(node)), node):
                ended = handler is not None and handler(run, node)
            if ended:
                return True
    return False


KINDS = {cst.For: "loop", cst.While: "loop", cst.If: "branch", cst.Try: "branch", cst.TryStar: "branch",
         cst.Match: "branch"}  # fmt: skip


@contextmanager
def within(run: Run, kind: str | None, node: cst.CSTNode) -> Iterator[None]:
    """Run what a loop or a branch holds."""
    if kind is None:
        yield
        return
    run.within.append((kind, id(node)))
    try:
        yield
    finally:
        run.within.pop()


def suite(run: Run, body: cst.BaseSuite) -> bool:
    arm = "arm" if run.within and run.within[-1][0] == "branch" else None
    with within(run, arm, body):
        return block(run, body.body) if isinstance(body, cst.IndentedBlock) else block(
            run, [cst.SimpleStatementLine(body=body.body)] if isinstance(body, cst.SimpleStatementSuite) else []
        )  # fmt: skip


# --- simple statements ---------------------------------------------------------------------------------------


@statement(cst.Expr)
def expression(run: Run, node: cst.Expr) -> bool:
    fact = evaluate(run, node.value)
    run.plans.pop(id(node), None)
    changed = changed_argument(run, node.value)
    if changed is not None:
        run.plans[id(node)] = Plan("changed_argument", argument=changed)
        if isinstance(changed, cst.Name):
            assign(run, changed, fact, node.value)
            run.facts[id(changed)] = fact
        return False
    lost = lost_change(run, node.value)
    if lost is not None:
        run.remark(
            "STA001", node,
            f"the call changes {lost} in place and does not return it: the change is lost",
            "Return the tensor, and bind the name to what the call returns.",
        )  # fmt: skip
    return False


@statement(cst.Return)
def return_(run: Run, node: cst.Return) -> bool:
    fact = evaluate(run, node.value) if node.value is not None else Python("none")
    if run.exact and isinstance(fact, Python) and fact.type == "bool" and node.value is not None:
        from transpile.infer.branches import truth

        known = truth(run, node.value)
        fact = fact if known is None else Python("bool", known)
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
    for assigned in node.targets:
        if _counted_shape(run, assigned.target, node.value):
            fact = evaluate(run, node.value)
    for target in node.targets:
        assign(run, target.target, fact, node.value)
    return False


def _counted_shape(run: Run, target: cst.CSTNode, value: cst.BaseExpression) -> bool:
    """`b, n, _, h = *x.shape, self.heads` says that x has rank 3: whether that was news."""
    if not isinstance(target, (cst.Tuple, cst.List)) or not isinstance(value, (cst.Tuple, cst.List)):
        return False
    stars = [e for e in value.elements if isinstance(e, cst.StarredElement)]
    if len(stars) != 1 or any(isinstance(e, cst.StarredElement) for e in target.elements):
        return False
    fact = run.fact(stars[0].value)
    rank = len(target.elements) - (len(value.elements) - 1)
    if not isinstance(fact, Sequence) or fact.shape_of is None or fact.items is not None or rank < 0:
        return False
    run.as_tensor(fact.shape_of, rank)
    return True


@statement(cst.AnnAssign)
def annotated(run: Run, node: cst.AnnAssign) -> bool:
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
    current = run.env.find(node.target.value) if isinstance(node.target, cst.Name) else None
    grown = resolve(current) if current is not None else UNKNOWN
    is_list = isinstance(grown, Sequence) and grown.type == "list" and grown.made_in is not None
    if is_list and isinstance(grown, Sequence) and isinstance(node.operator, cst.AddAssign):
        evaluate(run, node.target)
        extend(run, grown, node.value, evaluate(run, node.value))  # every name of this list has what is added
        return False
    fact = augmented_operation(run, node)
    if isinstance(node.target, cst.Subscript) and isinstance(run.fact(node.target.value), Tensor):
        store(run, node.target, run.fact(node.value), node.value)  # the value is what can be converted for it
    else:
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
        if target.attr.value == "data":
            owner = weight_of_unknown(run, target.value, owner) or owner
        run.facts[id(target)] = fact
        infos = [layer.info for layer in choices_of(owner) if layer.info is not None]
        if not isinstance(owner, Self) and _says_nothing(fact):
            # `m.grid = list(map(fn, m.grid))`: what the class itself stores there says more
            infos = [info for info in infos if info.find_attribute(target.attr.value) is None]
        if infos:
            for info in infos:
                if not _cut_off(target, fact, value):
                    run.store_attribute(info, target.attr.value, id(target), fact)
                if run.function is not None and run.function.name != "__init__":
                    info.stores_outside_init.add(target.attr.value)
            if isinstance(owner, Self):
                hold_attribute(run, owner, target.attr.value, fact, value)
            layer = resolve(fact)
            if isinstance(layer, Layer) and layer.site is not None:
                run.attribute_of_site[layer.site] = target.attr.value
        elif isinstance(owner, Tensor) and target.attr.value == "data":
            held = resolve(fact)
            if isinstance(held, Tensor) and value is not None and owner.is_parameter:
                run.want(value, held, PLAIN)  # as `nn.Parameter(value)` does
        elif isinstance(owner, Tensor) and target.attr.value == "requires_grad":
            run.plans[id(target)] = Plan("requires_grad")
        elif isinstance(owner, Class):
            run.store_attribute(owner.info, target.attr.value, id(target), fact)
    elif isinstance(target, (cst.Tuple, cst.List)):
        if not _one_by_one(run, target, fact, value):
            unpack(run, target, fact, value)
    elif isinstance(target, cst.Subscript):
        store(run, target, fact, value)
    elif isinstance(target, cst.StarredElement):
        assign(run, target.value, Sequence("list", None, fact), None)


def _cut_off(target: cst.Attribute, fact: Fact, value: cst.BaseExpression | None) -> bool:
    """`self.layers = self.layers[:n]`: a container that loses some of its members is the one that it was."""
    layer = resolve(fact)
    return (
        isinstance(layer, Layer)
        and layer.members is not None
        and isinstance(value, cst.Subscript)
        and len(value.slice) == 1
        and isinstance(value.slice[0].slice, cst.Slice)
        and value.value.deep_equals(target)
    )


def _says_nothing(fact: Fact) -> bool:
    """Whether nothing is known of a value, or of what a container holds."""
    fact = resolve(fact)
    if isinstance(fact, Sequence):
        return fact.items != [] and all(_says_nothing(item) for item in fact.items or [fact.element])
    return fact is UNKNOWN or isinstance(fact, Var)


def _one_by_one(run: Run, target: cst.Tuple | cst.List, fact: Fact, value: cst.BaseExpression | None) -> bool:
    """`x, y = f(x), f(y)`: each name has an expression of its own, which can be converted for it."""
    fact = resolve(fact)
    if not isinstance(value, (cst.Tuple, cst.List)) or not isinstance(fact, Sequence) or fact.items is None:
        return False
    elements = (*target.elements, *value.elements)
    if not len(target.elements) == len(value.elements) == len(fact.items):
        return False
    if any(isinstance(element, cst.StarredElement) for element in elements):
        return False
    for left, right, part in zip(target.elements, value.elements, fact.items, strict=True):
        assign(run, left.value, part, right.value)
    return True


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
    if function is None or not run.channels_last or not isinstance(resolved, Tensor):
        return fact
    if value is not None and id(value) in function.overwritten:
        return fact
    if resolved.rank is None and run.layout(resolved) == PLAIN:
        function.unranked.add(name)
    pin = function.pins.get(name)
    beside_unpacked = resolved.rank is None and pin is not None and function.unpacked.get(name) == pin
    by_rank = resolved.rank is None and pin == BY_RANK
    layout = run.layout(resolved)
    back = resolved.rank is None and pin == PLAIN and layout in (IMAGE, BY_RANK)
    if pin is None or not (back or by_rank or beside_unpacked or (resolved.rank and 3 <= resolved.rank <= 5)):
        return fact
    if (
        resolved.rank == 3
        and pin == IMAGE
        and layout == PLAIN
        and function.pinned_ranks.get(name, {3}) <= {4, 5}
    ):
        return fact  # `x = x.reshape(b, -1, c)`: what had four axes is another value
    if isinstance(layout, tuple) and layout == (
        pin if resolved.rank is None else normalize(pin, resolved.rank)
    ):
        return fact
    if by_rank and isinstance(layout, Open):
        return fact
    if value is None:
        run.demand(resolved, pin)
        return fact
    if run.want(value, resolved, pin):
        return Tensor(resolved.rank, resolved.dims, resolved.dtype, pin).with_axes_of(resolved)
    return fact


def unpack(
    run: Run, target: cst.Tuple | cst.List, fact: Fact, value: cst.BaseExpression | None = None
) -> None:
    fact = resolve(fact)
    elements = target.elements
    starred = any(isinstance(e, cst.StarredElement) for e in elements)
    if isinstance(fact, Sequence) and fact.shape_of is not None and fact.items is None and not starred:
        # `b, c, h, w = x.shape` says that x has rank 4
        tensor = run.as_tensor(fact.shape_of, len(elements), target)
        if tensor is not None and tensor.rank == len(elements):
            dims = run.dims(tensor, target)
            assert dims is not None
            fact.items = [Python("int", dim=dim) for dim in dims]
            run.learn("sizes", target)
    if (
        isinstance(fact, Sequence)
        and fact.shape_of is not None
        and isinstance(resolve(fact.shape_of), Tensor)
    ):
        resolve(fact.shape_of).lent = False  # type: ignore[attr-defined]  # the names count its axes
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
        if isinstance(parts[0], Python) and parts[0].of == "size":
            parts = [Python("int", None, Dim.symbol(f"size{id(element)}")) for element in elements]
    elif isinstance(fact, Layer) and fact.members is not None and not starred:
        items = fact.members.items
        parts = (
            list(items)
            if items is not None and len(items) == len(elements)
            else [fact.members.any()] * len(elements)
        )
    elif isinstance(fact, Tensor):
        parts = [_one_of_axis(run, fact, value) for _ in elements]
    elif isinstance(fact, Var):
        parts = [run.var((fact, i), f"{fact.name}[{i}]", fact.tensorlike) for i in range(len(elements))]
    else:
        parts = [UNKNOWN] * len(elements)
    for element, part in zip(elements, parts, strict=True):
        brought = resolve(part)
        if run.function is not None and isinstance(element.value, cst.Name) and isinstance(brought, Tensor):
            run.function.unpacked[element.value.value] = run.layout(brought)
        assign(run, element if isinstance(element, cst.StarredElement) else element.value, part, None)


def _one_of_axis(run: Run, tensor: Tensor, value: cst.BaseExpression | None) -> Tensor:
    """`q, k, v = x`: what stands at one place of a tensor's first axis."""
    layout = run.layout(tensor)
    if tensor.rank is None and isinstance(layout, tuple) and layout and value is not None:
        run.want(value, tensor, PLAIN)
    return drop_axis(run, tensor, 0, value)


def assign_fact(run: Run, target: cst.CSTNode, fact: Fact) -> None:
    assign(run, target, fact, None)


@statement(cst.With)
def with_(run: Run, node: cst.With) -> bool:
    for item in node.items:
        fact = evaluate(run, item.item)
        if item.asname is not None:
            assign(run, item.asname.name, fact if isinstance(resolve(fact), (Layer, Var)) else UNKNOWN, None)
    return suite(run, node.body)
