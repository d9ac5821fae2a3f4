"""Subscripts: items of sequences and containers, slices of tensors in their own memory order, stores."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.containers import container_kind, hold_any, own_members
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import (
    UNKNOWN,
    Dict,
    Fact,
    Layer,
    Python,
    Ref,
    Sequence,
    Tensor,
    Var,
    resolve,
)
from transpile.infer.join import join
from transpile.infer.layout import IMAGE, PLAIN, Open, order
from transpile.infer.operators import dim_of
from transpile.infer.ops.axis import reduced_layout
from transpile.infer.plans import Plan
from transpile.infer.run import Run

__all__ = ["drop_axis", "load", "store", "update_dict"]

FULL, SLICE, INT, NEW, DOTS, MANY = "full", "slice", "int", "new", "dots", "many"


def elements(run: Run, node: cst.Subscript) -> list[tuple[str, Any, Fact]]:
    """(kind, slice node, fact) per element of a subscript."""
    result: list[tuple[str, Any, Fact]] = []
    parts: list[Any] = [e.slice for e in node.slice]
    if len(parts) == 1 and isinstance(parts[0], cst.Index) and isinstance(parts[0].value, cst.Tuple):
        evaluate(run, parts[0].value)
        inner = parts[0].value.elements
        if not any(isinstance(e, cst.StarredElement) for e in inner):
            parts = [cst.Index(e.value) for e in inner]
    for part in parts:
        if isinstance(part, cst.Slice):
            for bound in (part.lower, part.upper, part.step):
                if bound is not None:
                    evaluate(run, bound)
            bare = part.lower is None and part.upper is None and part.step is None
            result.append((FULL if bare else SLICE, part, UNKNOWN))
            continue
        fact = resolve(evaluate(run, part.value))
        if isinstance(fact, Python) and fact.type == "ellipsis":
            kind = DOTS
        elif isinstance(fact, Python) and fact.type == "none":
            kind = NEW
        elif isinstance(fact, (Sequence,)):
            kind = MANY
        elif isinstance(fact, Tensor):
            kind = INT if fact.rank == 0 and fact.dtype != "bool" else MANY
        elif isinstance(fact, Var) and fact.tensorlike:
            kind = MANY
        elif isinstance(fact, Python) and fact.type in ("slice",):
            kind = SLICE
        else:
            kind = INT
        result.append((kind, part, fact))
    return result


def place_key(node: cst.Subscript) -> str | None:
    """`x[i]` as a name of its own, where owner and index are plain names: what was stored there is read back."""
    if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
        return None
    index = node.slice[0].slice.value
    if not isinstance(index, (cst.Name, cst.Integer)) or not isinstance(
        node.value, (cst.Name, cst.Attribute)
    ):
        return None
    owner: cst.BaseExpression = node.value
    names: list[str] = []
    while isinstance(owner, cst.Attribute):
        names.append(owner.attr.value)
        owner = owner.value
    if not isinstance(owner, cst.Name):
        return None
    return ".".join([owner.value, *reversed(names)]) + f"[{index.value}]"


@expression_handler(cst.Subscript)
def load(run: Run, node: cst.Subscript) -> Fact:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    if isinstance(index, cst.Index) and isinstance(index.value, cst.Integer) and index.value.value == "0":
        run.any_order.add(id(node.value))  # the batch stands first in every layout
    owner = resolve(evaluate(run, node.value))
    run.plans.pop(id(node), None)
    parts = elements(run, node)
    if not isinstance(owner, Tensor):
        key = place_key(node)
        stored = run.env.get(key) if key is not None else None
        if stored is not None:
            return stored
    if isinstance(owner, Sequence):
        return sequence_item(run, node, owner, parts)
    if isinstance(owner, Dict):
        name = resolve(parts[0][2])
        known = isinstance(name, Python) and isinstance(name.value, str) and len(parts) == 1
        return (
            owner.entries.get(name.value, owner.value) if known and isinstance(name, Python) else owner.value
        )
    if isinstance(owner, Layer):
        return layer_item(run, node, owner, parts)
    if isinstance(owner, Python) and owner.type == "array":
        return owner
    if isinstance(owner, Ref):
        return owner if owner.name.startswith(("typing.", "builtins.")) else UNKNOWN
    kinds = [k for k, _, _ in parts]
    if isinstance(owner, Var):
        if isinstance(node.value, cst.Attribute):
            run.subscripted.add(node.value.attr.value)
        if len(parts) > 1 and not any(k == MANY for k in kinds) and all(_not_string(f) for _, _, f in parts):
            tensor = run.as_tensor(owner)
            assert tensor is not None
            return tensor_index(run, node, tensor, parts)
        if kinds == [INT]:
            first = parts[0][2]
            if isinstance(first, Python) and first.type == "str":
                return run.var((owner, "[]", first.value), f"{owner.name}[{first.value!r}]")
            if owner.element is None:
                owner.element = Var(f"{owner.name}[]", owner.tensorlike)
            return owner.element
        if kinds in ([SLICE], [FULL]):
            return owner
        return UNKNOWN
    if isinstance(owner, Tensor):
        return tensor_index(run, node, owner, parts)
    return UNKNOWN


def _not_string(fact: Fact) -> bool:
    return not (isinstance(fact, Python) and fact.type == "str")


def sequence_item(run: Run, node: cst.Subscript, owner: Sequence, parts: list[tuple[str, Any, Fact]]) -> Fact:
    kind, part, fact = parts[0]
    if kind == INT:
        value = fact.value if isinstance(fact, Python) else None
        if owner.shape_of is not None:
            shape_source(run, node, owner, value)
            tensor = resolve(owner.shape_of)
            if isinstance(tensor, Tensor) and owner.items is None:
                return Python("int", None, Dim.symbol(f"size{id(node)}"))
        if (
            owner.items is not None
            and isinstance(value, int)
            and -len(owner.items) <= value < len(owner.items)
        ):
            return owner.items[value]
        element = owner.any()
        if isinstance(resolve(element), Python) and owner.shape_of is not None:
            return Python("int", None, Dim.symbol(f"size{id(node)}"))
        return element
    if kind in (SLICE, FULL):
        items = None
        if owner.items is not None:
            bounds = _bounds(run, part)
            if bounds is not None:
                items = owner.items[bounds]
        sliced = Sequence(owner.type, items, owner.element if owner.items is None else owner.any(), None)
        if owner.shape_of is not None:
            run.plans[id(node)] = Plan("shape_slice", tensor=resolve(owner.shape_of), slice=part)
            sliced.shape_of = None
            if items is None:
                sliced.element = Python("int", of="size")
            start = _bounds(run, part)
            if (
                start is not None
                and start.stop is None
                and start.step is None
                and isinstance(start.start, int)
                and start.start >= 0
            ):
                sliced.tail_of = (owner.shape_of, start.start)
        return sliced
    return owner.any()


def shape_source(run: Run, node: cst.Subscript, owner: Sequence, value: Any) -> None:
    run.plans[id(node)] = Plan(
        "shape_item", tensor=resolve(owner.shape_of) if owner.shape_of is not None else None, dim=value
    )


def _bounds(run: Run, part: cst.Slice) -> slice | None:
    values: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        if bound is None:
            values.append(None)
            continue
        fact = run.fact(bound)
        if not isinstance(fact, Python) or not isinstance(fact.value, int):
            return None
        values.append(fact.value)
    return slice(*values)


def layer_item(run: Run, node: cst.Subscript, owner: Layer, parts: list[tuple[str, Any, Fact]]) -> Fact:
    members = own_members(owner)
    run.look_into(owner)
    kind, part, fact = parts[0]
    run.plans[id(node)] = Plan("container_item", owner=owner, kind=kind)
    if kind in (SLICE, FULL):
        bounds = _bounds(run, part) if kind == SLICE else slice(None)
        items = (
            members.items[bounds]
            if members is not None and members.items is not None and bounds is not None
            else None
        )
        element = members.any() if members is not None else UNKNOWN
        name = container_kind(owner.name, owner.info) or owner.name
        return Layer(name, None, Sequence("list", items, element))
    if members is None:
        return run.var(("member", id(node)), f"member{id(node)}")
    value = fact.value if isinstance(fact, Python) else None
    if (
        members.items is not None
        and isinstance(value, int)
        and -len(members.items) <= value < len(members.items)
    ):
        return members.items[value]
    found = members.any()
    return found if found is not UNKNOWN else run.var(("member", id(node)), f"member{id(node)}")


def tensor_index(run: Run, node: cst.Subscript, tensor: Tensor, parts: list[tuple[str, Any, Fact]]) -> Fact:
    kinds = [k for k, _, _ in parts]
    run.inner.pop(id(node), None)
    plan = Plan("index", tensor=tensor, parts=[(k, p) for k, p, _ in parts], facts=[f for _, _, f in parts])
    run.plans[id(node)] = plan
    if MANY in kinds:
        return advanced(run, node, tensor, parts, plan)
    crops = tensor.rank is None and _crops_a_map(kinds) and not run.module.uses_volumes
    if crops and tensor.may_have(len(kinds), run.in_an_arm):
        tensor.settle_rank(len(kinds))
        run.learn("rank", node, len(kinds))
    if tensor.rank is None:
        if all(k in (FULL, SLICE, DOTS) for k in kinds) and kinds not in ([SLICE], [FULL]):
            layout = run.ask(tensor, node)
            if isinstance(layout, tuple) and layout:
                # how many axes stand between those that are counted is not known: in torch's order
                plan.data["in_torch_order"] = True
                run.want(node.value, tensor, PLAIN)
                taken = Tensor(None, None, tensor.dtype, PLAIN)
                taken.peers = [tensor]  # what is found out of its rank is that of the operand
                return taken.with_axes_of(tensor)
        if all(k in (FULL, SLICE, DOTS) for k in kinds):
            if len(kinds) > 1 or kinds[0] == DOTS:
                run.ask(tensor, node)
            return tensor
        if kinds == [INT] and isinstance(run.layout(tensor), Open):
            return Tensor(None, None, tensor.dtype, Open())
        layout = run.ask(tensor, node)
        if isinstance(layout, tuple) and layout:
            plan.data["in_torch_order"] = True
            run.want(node.value, tensor, PLAIN)
        return Tensor(None, None, tensor.dtype, PLAIN)
    consumed = sum(1 for k in kinds if k in (FULL, SLICE, INT))
    if consumed > tensor.rank:
        return UNKNOWN
    missing = tensor.rank - consumed
    # per element: kind, number of the part (None: a filled-in full slice)
    expanded: list[tuple[str, int | None]] = []
    dotted = False
    for number, kind in enumerate(kinds):
        if kind == DOTS:
            expanded += [(FULL, None)] * missing
            dotted = True
        else:
            expanded.append((kind, number))
    if not dotted:
        expanded += [(FULL, None)] * missing
    dims = run.dims(tensor, node)
    assert dims is not None
    dropped: set[int] = set()
    result_dims: list[Dim | None] = []
    axis = 0
    per_axis: list[tuple[str, int | None]] = []
    new_at: list[int] = []
    for kind, place in expanded:
        if kind == NEW:
            new_at.append(len(result_dims))
            result_dims.append(Dim(1))
            continue
        per_axis.append((kind, place))
        if kind == INT:
            dropped.add(axis)
        else:
            result_dims.append(
                dims[axis]
                if kind == FULL
                else _sliced(run, dims[axis], parts[place][1] if place is not None else None)
            )
        axis += 1
    touched = [i for i, (k, _) in enumerate(per_axis) if k != FULL]
    layout = run.layout(tensor)
    if isinstance(layout, Open) and (new_at or any(i > 0 for i in touched)):
        layout = run.ask(tensor, node)
    if isinstance(layout, Open) or not layout:
        rank = len(result_dims)
        keep = isinstance(layout, Open) and not new_at and not dropped
        return Tensor(
            rank,
            tuple(result_dims),
            tensor.dtype,
            (
                tensor.layout
                if keep
                else (PLAIN if not isinstance(layout, Open) or rank <= 2 else Open(made_of=layout))
            ),
        )
    if new_at:
        plan.data["in_torch_order"] = True
        run.want(node.value, tensor, PLAIN)
        return Tensor(len(result_dims), tuple(result_dims), tensor.dtype, PLAIN)
    run.convert.pop(id(node.value), None)
    plan.data["physical"] = [per_axis[a][1] for a in order(layout, tensor.rank)]
    reduced = reduced_layout(layout, tensor.rank, dropped)
    result = Tensor(
        len(result_dims), tuple(result_dims), tensor.dtype, reduced if reduced is not None else PLAIN
    )
    if reduced not in (PLAIN, IMAGE, None) and 0 in dropped:
        # one item of the batch, (C, H, W): nobody expects it with its channels last
        run.inner[id(node)] = (result, PLAIN)
        return Tensor(result.rank, result.dims, result.dtype, PLAIN)
    return result


def _crops_a_map(kinds: list[str]) -> bool:
    """`x[:, :, 1:, 1:]`: four axes, of which the last two are cut."""
    return (
        len(kinds) == 4 and kinds[:2] == [FULL, FULL] and set(kinds[2:]) <= {SLICE, FULL} and SLICE in kinds
    )


def _sliced(run: Run, size: Dim | None, part: Any) -> Dim | None:
    """The size of `a:b`, where both are known."""
    if not isinstance(part, cst.Slice):
        return None
    lower = dim_of(run.fact(part.lower)) if part.lower is not None else Dim(0)
    upper = dim_of(run.fact(part.upper)) if part.upper is not None else size
    if part.step is not None or lower is None or upper is None:
        return None
    if lower.value == 0 and (upper.value is None or upper.value >= 0):
        return upper
    if lower.value is not None and upper.value is not None and 0 <= lower.value <= upper.value:
        return Dim(upper.value - lower.value)
    return None


def advanced(
    run: Run, node: cst.Subscript, tensor: Tensor, parts: list[tuple[str, Any, Fact]], plan: Plan
) -> Fact:
    """A mask or index tensors: in torch's order."""
    plan.op = "advanced_index"
    layout = run.ask(tensor, node)
    if isinstance(layout, tuple):
        run.want(node.value, tensor, PLAIN)
    for _, part, fact in parts:
        if isinstance(fact, Tensor) and isinstance(part, cst.Index):
            run.want(part.value, fact, PLAIN)
    rank = None
    if len(parts) == 1 and isinstance(parts[0][2], Tensor):
        index = parts[0][2]
        if index.dtype == "bool" and index.rank is not None and tensor.rank is not None:
            rank = tensor.rank - index.rank + 1
        elif index.dtype not in (None, "bool") and index.rank is not None and tensor.rank is not None:
            rank = tensor.rank - 1 + index.rank
    return Tensor(rank, None, tensor.dtype, PLAIN)


def drop_axis(run: Run, tensor: Tensor, axis: int, node: Any) -> Tensor:
    """One item of a tensor that is iterated."""
    if tensor.rank is None:
        return Tensor(None, None, tensor.dtype, PLAIN)
    layout = run.layout(tensor)
    if isinstance(layout, tuple) and layout and node is not None:
        run.want(node, tensor, PLAIN)
        layout = PLAIN
    result = reduced_layout(layout, tensor.rank, {axis}) if isinstance(layout, tuple) else PLAIN
    dims = tuple(d for i, d in enumerate(tensor.dims) if i != axis) if tensor.dims is not None else None
    return Tensor(tensor.rank - 1, dims, tensor.dtype, result if result is not None else PLAIN)


def _store_entry(
    run: Run, target: cst.Subscript, owner: Dict, fact: Fact, value: cst.BaseExpression | None
) -> None:
    """`d[name] = v`: of one kind and one layout with what is there, since a loop over the values asks no names."""
    new, old = resolve(fact), resolve(owner.value)
    if isinstance(new, Tensor) and isinstance(old, Tensor) and new.rank == old.rank and value is not None:
        layout = run.layout(old)
        if isinstance(layout, tuple) and run.want(value, new, layout):
            fact = Tensor(new.rank, new.dims, new.dtype, layout)
    name = elements(run, target)[0][2]
    if isinstance(name, Python) and isinstance(name.value, str):
        known = owner.entries.get(name.value)
        owner.entries[name.value] = fact if known is None else join(known, fact)
    else:
        owner.entries = {key: join(known, fact) for key, known in owner.entries.items()}
    if not isinstance(name, Python) or name.value not in (owner.written or ()):
        owner.written = None
    owner.value = fact if owner.empty else join(owner.value, fact)
    owner.empty = False


def update_dict(owner: Dict, other: Fact) -> None:
    """`d.update(other)`"""
    owner.written = None
    if not isinstance(other, Dict):
        owner.entries, owner.value, owner.empty = {}, UNKNOWN, False
    elif not other.empty:
        for key, fact in other.entries.items():
            owner.entries[key] = join(owner.entries[key], fact) if key in owner.entries else fact
        owner.value = other.value if owner.empty else join(owner.value, other.value)
        owner.empty = False


def store(run: Run, target: cst.Subscript, fact: Fact, value: cst.BaseExpression | None) -> None:
    """`x[...] = v`."""
    owner = resolve(evaluate(run, target.value))
    key = place_key(target)
    if key is not None and not isinstance(owner, (Tensor, Dict)):
        run.env[key] = fact
    if isinstance(owner, Dict):
        _store_entry(run, target, owner, fact, value)
        return
    if isinstance(owner, Sequence):
        kind = elements(run, target)[0][0]
        if kind == INT:
            current = owner.any()
            if owner.items is not None:
                owner.items = None
            if owner.type == "list":
                owner.element = join(current, fact) if current is not UNKNOWN else fact
        return
    if isinstance(owner, Var):
        parts = elements(run, target)
        if len(parts) > 1 or parts[0][0] in (SLICE, FULL, DOTS):
            run.as_tensor(owner)
            owner = resolve(owner)
        elif parts[0][0] == INT:
            return
    if isinstance(owner, Tensor):
        region = load(run, target)
        loaded = run.plans.get(id(target))
        run.convert.pop(id(target.value), None)  # the target is written, not read
        run.plans[id(target)] = Plan("store", tensor=owner, index=loaded)
        written = resolve(fact)
        run.convert.pop(id(target), None)
        inner = run.inner.pop(id(target), None)
        if inner is not None:
            region = inner[0]  # as it lies in memory: what is written there is turned, and not what was read
        if value is None:
            run.plans[id(target)].data["parts"] = region, written
        elif isinstance(written, Tensor) and isinstance(region, Tensor):
            _as_it_lies(run, value, written, region)
    elif isinstance(owner, Layer):
        run.plans[id(target)] = Plan("container_store", owner=owner)
        held = own_members(owner)
        if held is not None and container_kind(owner.name, owner.info) == "torch.nn.ModuleDict":
            hold_any(run, held, fact, target)


def _as_it_lies(run: Run, value: cst.BaseExpression, written: Tensor, region: Tensor) -> None:
    """Bring what is written to the order of the part that it is written to; fewer axes stand where they broadcast."""
    layout, have = run.layout(region), run.layout(written)
    if not isinstance(layout, tuple):
        return
    if written.rank is not None and written.rank == region.rank:
        run.want(value, written, layout)
    elif not isinstance(have, tuple) or written.rank == 0:
        return
    elif not layout:
        run.want(value, written, PLAIN)
    elif (
        region.rank is not None
        and not have
        and (written.rank or 0) < region.rank
        and (written.rank is not None or layout == IMAGE)
    ):
        own = Tensor(written.rank, written.dims, written.dtype, PLAIN, source=region.rank)
        run.convert[id(value)] = (own, layout)
