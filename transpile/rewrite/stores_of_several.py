"""Stores that one assignment makes beside others: `x[mask], y[mask] = f(z)`, `x[0] = y[0] = v`.

What is assigned gets names, and each part is stored by a statement of its own, in Python's order. A view is read when
it is stored, and not before: `x[0], x[1] = x[1], x[0]` is no exchange in torch, since what is read last has changed.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.facts import Tensor
from transpile.infer.layout import conversion
from transpile.rewrite.code import source, statement
from transpile.rewrite.context import Context
from transpile.rewrite.registry import on
from transpile.rewrite.stores import is_in_torch_order, written

__all__: list[str] = []


@on(cst.SimpleStatementLine)
def stores_of_several(context: Context, original: cst.SimpleStatementLine, updated: Any) -> Any:
    """`x[mask], y[mask] = f(z)` → `x_part, y_part = f(z)`, and a line for each store."""
    if not isinstance(updated, cst.SimpleStatementLine) or len(updated.body) != 1 or len(original.body) != 1:
        return None
    before, after = original.body[0], updated.body[0]
    if not isinstance(before, cst.Assign) or not isinstance(after, cst.Assign):
        return None
    targets = [target.target for target in before.targets]
    if len(targets) == 1 and not isinstance(targets[0], (cst.Tuple, cst.List)):
        return None  # one store: see stores
    stores: list[cst.BaseSmallStatement] = []
    views = _views(context, before)
    if views:
        made = _one_by_one(context, before, after, views, stores)
    else:
        named = [
            new.with_changes(target=_named(context, old.target, new.target, stores))
            for old, new in zip(before.targets, after.targets, strict=True)
        ]
        made = [after.with_changes(targets=named)]
    if not stores:
        return None
    first, *others = [cst.SimpleStatementLine([statement]) for statement in (*made, *stores)]
    edges = {"leading_lines": updated.leading_lines, "trailing_whitespace": updated.trailing_whitespace}
    return cst.FlattenSentinel([first.with_changes(**edges), *others])


def _views(context: Context, assignment: cst.Assign) -> set[int]:
    """The places in `x[i], y = x[j], z` of values that are views of what the assignment itself changes."""
    target, value = assignment.targets[0].target, assignment.value
    if len(assignment.targets) > 1 or not isinstance(target, (cst.Tuple, cst.List)):
        return set()
    if not isinstance(value, (cst.Tuple, cst.List)) or len(value.elements) != len(target.elements):
        return set()
    if any(isinstance(e, cst.StarredElement) for e in (*target.elements, *value.elements)):
        return set()
    stored: list[Any] = [e.value for e in target.elements if _is_store(context, e.value)]
    changed = {source(store.value) for store in stored}
    return {
        place
        for place, (left, right) in enumerate(zip(target.elements, value.elements, strict=True))
        if _is_store(context, left.value)
        and isinstance(right.value, cst.Subscript)
        and source(right.value.value) in changed
        and (plan := context.plan(right.value)) is not None
        and plan.op == "index"
        and not is_in_torch_order(plan)
    }


def _is_store(context: Context, target: Any) -> bool:
    plan = context.plan(target)
    return isinstance(target, cst.Subscript) and plan is not None and plan.op == "store"


def _one_by_one(
    context: Context, before: Any, after: Any, views: set[int], stores: list[cst.BaseSmallStatement]
) -> list[cst.BaseSmallStatement]:
    """The values that are no views get their names first; the stores that are left to do."""
    made = []
    places = zip(
        before.targets[0].target.elements,
        after.targets[0].target.elements,
        after.value.elements,
        strict=True,
    )
    for place, (old, new, value) in enumerate(places):
        if place in views:
            plan = context.plan(old.value)
            stores.append(written(context, old.value, new.value, source(value.value), plan))
        else:
            named = source(_named(context, old.value, new.value, stores))
            made.append(statement(f"{named} = {source(value.value)}"))
    return made


def _named(context: Context, original: Any, updated: Any, stores: list[cst.BaseSmallStatement]) -> Any:
    """A target in which what is stored into has become a name; the stores that this leaves to do."""
    if isinstance(original, (cst.Tuple, cst.List)) and isinstance(updated, (cst.Tuple, cst.List)):
        elements = [
            new.with_changes(value=_named(context, old.value, new.value, stores))
            for old, new in zip(original.elements, updated.elements, strict=True)
        ]
        return updated.with_changes(elements=elements)
    if not _is_store(context, original) or not isinstance(updated, cst.Subscript):
        return updated
    plan = context.plan(original)
    name = _new_name(context, updated.value)
    value = _turned(context, plan, name)
    stores.append(written(context, original, updated, value, plan))
    return cst.Name(name)


def _new_name(context: Context, owner: cst.BaseExpression) -> str:
    """A name for what goes into `owner`."""
    text = owner.attr.value if isinstance(owner, cst.Attribute) else source(owner)
    base = name = f"{text}_part" if text.isidentifier() else "part"
    number = 2
    while name in context.bound_names or name in context.run.imported:
        name = f"{base}_{number}"
        number += 1
    context.bound_names.add(name)
    return name


def _turned(context: Context, plan: Any, name: str) -> str:
    """One of several results, as the tensor lies that it goes into: it has no expression that could be converted."""
    region, stored = plan.data.get("parts", (None, None))
    if not isinstance(region, Tensor) or not isinstance(stored, Tensor) or region.rank is None:
        return name
    have, want = context.run.layout(stored), context.run.layout(region)
    if stored.rank != region.rank or not isinstance(have, tuple) or not isinstance(want, tuple):
        return name
    permutation = conversion(have, want, region.rank)
    if permutation is None:
        return name
    context.needs("tf")
    return f"tf.transpose({name}, {permutation})"
