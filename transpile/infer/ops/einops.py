"""einops: a pattern names the axes, so a channels-last operand only needs its axes named in another order."""

from __future__ import annotations

import libcst as cst

from transpile.infer.apply import Operand, constant
from transpile.infer.dims import Dim
from transpile.infer.facts import UNKNOWN, Dict, Fact, Layer, Python, Sequence, Tensor, resolve
from transpile.infer.foreign import foreign, foreign_layer
from transpile.infer.layout import IMAGE, PLAIN, Open, Pair
from transpile.infer.operators import dim_of
from transpile.infer.patterns import ELLIPSIS, Pattern, is_image, sides
from transpile.infer.plans import Plan
from transpile.infer.run import Run

TORCH_LAYERS = "einops.layers.torch."


def _argument(
    positional: list[Operand], keywords: dict[str, Operand], place: int, name: str
) -> Operand | None:
    return positional[place] if len(positional) > place else keywords.get(name)


@foreign("einops.rearrange", "einops.repeat", "einops.reduce")
def function(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    operand = _argument(positional, keywords, 0, "tensor")
    pattern = _argument(positional, keywords, 1, "pattern")
    plan = Plan("einops")
    run.plans[id(node)] = plan
    if operand is None or pattern is None:
        return Tensor(None, None, None, PLAIN)
    plan.data.update(pattern=pattern[0], operand=operand[0])
    given = {name: dim_of(fact) for name, (_, fact) in keywords.items()}
    return _applied(run, node, plan, operand, pattern, given, node)


def _applied(
    run: Run, node: cst.CSTNode | None, plan: Plan, operand: Operand, pattern: Operand,
    given: dict[str, Dim | None], key: cst.CSTNode,
) -> Fact:  # fmt: skip
    """Plan a pattern on an operand; `key` is the place whose text holds the pattern."""
    text = constant(pattern[1])
    parsed = Pattern.parse(text) if isinstance(text, str) else None
    literal = isinstance(pattern[0], cst.SimpleString)
    value = resolve(operand[1])
    if isinstance(value, Sequence):
        plan.data["variables"] = _variables(run, operand)
        return _stacked(run, operand, value, parsed, given, key)
    rank = len(parsed.left) if parsed is not None and ELLIPSIS not in parsed.left else None
    tensor = run.as_tensor(value, rank, key)
    plan.data["variable"] = tensor is None or tensor.is_parameter
    if tensor is None:
        return Tensor(parsed.rank(None) if parsed is not None else None, None, None, PLAIN)
    if parsed is None or tensor.rank is None:
        return _unreadable(run, plan, operand, tensor, parsed, node or key)
    plain = not literal
    parsed = parsed.expanded(tensor.rank)
    if len(parsed.left) != tensor.rank:
        return Tensor(None, None, tensor.dtype, PLAIN)  # what was known of the rank is wrong here
    layout = _layout_of(run, operand, tensor, parsed, node or key)
    if isinstance(layout, tuple) and layout and plain:
        run.want(operand[0], tensor, PLAIN)
        layout = PLAIN
    dims = parsed.sizes(run.dims(tensor, key), given, f"%{id(key)}")
    target: Pair = PLAIN if plain else run.demands.get(id(key), PLAIN)
    plan.data.update(rank=tensor.rank, left=layout if isinstance(layout, tuple) else PLAIN, right=target)
    if not plain:
        plan.data["demand"] = id(key)
        plan.data["maker"] = run.function
    source = plan if run.channels_last and not plain else None
    return Tensor(None, dims, tensor.dtype, target, source=source)


def _layout_of(run: Run, operand: Operand, tensor: Tensor, parsed: Pattern, node: cst.CSTNode) -> Pair | Open:
    """The layout of what goes in: where it is open, names as in `b c h w` say that it is an image."""
    layout = run.layout(tensor)
    if run.channels_last and isinstance(layout, Open) and tensor.rank is not None:
        if is_image(parsed.left):
            if tensor.rank == 5:
                run.turns_out("uses_volumes")
            run.want(operand[0], tensor, IMAGE)
        else:
            return run.ask(tensor, operand[0] or node)
        layout = run.layout(tensor)
    if operand[0] is not None:
        run.convert.pop(id(operand[0]), None)
    return layout


def _unreadable(
    run: Run, plan: Plan, operand: Operand, tensor: Tensor, parsed: Pattern | None, node: cst.CSTNode
) -> Tensor:
    """A pattern that is computed, or an operand whose rank an ellipsis leaves open: torch's order is needed."""
    layout = run.ask(tensor, operand[0] or node)
    if isinstance(layout, Open) or (layout and tensor.rank is None):
        plan.data["open"] = True
    else:
        run.want(operand[0], tensor, PLAIN)
    return Tensor(parsed.rank(tensor.rank) if parsed is not None else None, None, tensor.dtype, PLAIN)


def _variables(run: Run, operand: Operand) -> set[int]:
    """The ids of those expressions of a written list that are variables, which einops does not take for tensors."""
    if not isinstance(operand[0], (cst.List, cst.Tuple)):
        return set()
    values = [element.value for element in operand[0].elements]
    return {id(v) for v in values if isinstance(fact := run.fact(v), Tensor) and fact.is_parameter}


def _stacked(
    run: Run, operand: Operand, value: Sequence, parsed: Pattern | None, given: dict[str, Dim | None],
    key: cst.CSTNode,
) -> Fact:  # fmt: skip
    """A list of tensors is one tensor with the list as its first axis."""
    items = value.items if value.items is not None else [value.element]
    nodes = [e.value for e in operand[0].elements] if isinstance(operand[0], (cst.List, cst.Tuple)) else []
    dtype = None
    for place, item in enumerate(items):
        tensor = resolve(item)
        if isinstance(tensor, Tensor):
            dtype = tensor.dtype
            run.want(nodes[place] if len(nodes) == len(items) else None, tensor, PLAIN)
    if parsed is None:
        return Tensor(None, None, dtype, PLAIN)
    first = resolve(items[0]) if items else UNKNOWN
    rank = first.rank + 1 if isinstance(first, Tensor) and first.rank is not None else None
    if rank is None:
        return Tensor(parsed.rank(None), None, dtype, PLAIN)
    dims = parsed.expanded(rank).sizes(None, given, f"%{id(key)}")
    return Tensor(None, dims, dtype, PLAIN)


# --- layers --------------------------------------------------------------------------------------------------


@foreign(TORCH_LAYERS + "Rearrange", TORCH_LAYERS + "Reduce")
def layer(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    """Constructing a layer: its pattern follows the layout of what it is called with."""
    made = _made(run, node, positional, keywords)
    pattern = _argument(positional, keywords, 0, "pattern")
    run.plans[id(node)] = Plan(
        "einops_layer", pattern=pattern[0] if pattern else None, made=pattern, given={
            name: dim_of(fact) for name, (_, fact) in keywords.items()
        }, node=node,
    )  # fmt: skip
    return made


def _made(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Layer:
    callee = resolve(run.facts.get(id(node.func), UNKNOWN))
    name = getattr(callee, "name", TORCH_LAYERS + "Rearrange")
    arguments = {key: fact for key, (_, fact) in keywords.items()}
    made = Layer(name, None, None, arguments)
    made.site = id(node)
    return made


@foreign_layer(TORCH_LAYERS + "Rearrange", TORCH_LAYERS + "Reduce")
def call_layer(run: Run, node: cst.Call | None, layer: Layer, positional: list[Operand]) -> Fact:
    """The first layout that a layer is called with decides how its pattern is written; others are converted."""
    plan = run.plans.get(layer.site) if layer.site is not None else None
    if plan is None or plan.op != "einops_layer" or plan.data["made"] is None or not positional:
        return Tensor(None, None, None, PLAIN)
    operand = positional[0]
    key = plan.data["node"]
    inner = Plan("einops")
    result = _applied(run, node, inner, operand, plan.data["made"], plan.data["given"], key)
    left = inner.data.get("left")
    tensor = resolve(operand[1])
    if left is None or not isinstance(tensor, Tensor) or isinstance(run.layout(tensor), Open):
        return result
    have, _ = run.pattern_layouts.setdefault(id(key), (left, inner.data["rank"]))
    if have != left:
        run.want(operand[0], tensor, have)
    return result


@foreign(TORCH_LAYERS + "EinMix")
def einmix(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    run.plans[id(node)] = Plan("foreign_call")
    made = _made(run, node, positional, keywords)
    pattern = _argument(positional, keywords, 0, "pattern")
    if pattern is not None:
        made.arguments["pattern"] = pattern[1]
    return made


@foreign_layer(TORCH_LAYERS + "EinMix")
def call_einmix(run: Run, node: cst.Call | None, layer: Layer, positional: list[Operand]) -> Fact:
    text = constant(layer.arguments.get("pattern", UNKNOWN))
    parsed = Pattern.parse(text) if isinstance(text, str) else None
    tensor = run.as_tensor(positional[0][1]) if positional else None
    if tensor is None:
        return Tensor(None, None, None, PLAIN)
    run.want(positional[0][0], tensor, PLAIN)
    return Tensor(parsed.rank(tensor.rank) if parsed is not None else None, None, tensor.dtype, PLAIN)


# --- the others ----------------------------------------------------------------------------------------------


@foreign("einops.einsum")
def einsum(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    *operands, pattern = positional
    run.plans[id(node)] = Plan("foreign_call")
    text = constant(pattern[1])
    parts = text.split("->") if isinstance(text, str) else []
    axes = [sides(part) for part in parts[0].split(",")] if parts else []
    known: dict[str, Dim | None] = {}
    dtype = None
    for place, operand in enumerate(operands):
        own = axes[place] if place < len(axes) else None
        rank = len(own) if own is not None and ELLIPSIS not in own else None
        tensor = run.as_tensor(operand[1], rank)
        if tensor is None:
            continue
        run.want(operand[0], tensor, PLAIN)
        dtype = tensor.dtype
        if own is not None and tensor.rank == len(own):
            known.update(zip(own, run.dims(tensor, operand[0] or node) or (), strict=False))
    out = sides(parts[1]) if len(parts) == 2 else None
    if out is None or ELLIPSIS in out:
        return Tensor(None, None, dtype, PLAIN)
    return Tensor(None, tuple(known.get(axis) for axis in out), dtype, PLAIN)


@foreign("einops.pack")
def pack(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    plan = run.plans[id(node)] = Plan("einops")
    if len(positional) < 2:
        return Sequence("tuple", [Tensor(None, None, None, PLAIN), UNKNOWN])
    plan.data.update(operand=positional[0][0], variables=_variables(run, positional[0]))
    value, text = resolve(positional[0][1]), constant(positional[1][1])
    axes = sides(text) if isinstance(text, str) else None
    display = positional[0][0]
    nodes = [e.value for e in display.elements] if isinstance(display, (cst.List, cst.Tuple)) else []
    items = (
        (value.items if value.items is not None else [value.element]) if isinstance(value, Sequence) else []
    )
    shapes: list[Fact] = []
    dtype = None
    for place, item in enumerate(items):
        tensor = run.as_tensor(item)
        count = None
        if tensor is not None:
            run.want(nodes[place] if len(nodes) == len(items) else None, tensor, PLAIN)
            dtype = tensor.dtype
            if tensor.rank is not None and axes is not None:
                count = tensor.rank - (len(axes) - 1)
        shapes.append(
            Sequence("tuple", [Python("int") for _ in range(count)])
            if count is not None and count >= 0
            else Sequence("tuple", None, Python("int"))
        )
    packed = Tensor(len(axes) if axes is not None else None, None, dtype, PLAIN)
    if not isinstance(value, Sequence) or value.items is None:
        return Sequence("tuple", [packed, Sequence("list", None, shapes[0] if shapes else UNKNOWN)])
    return Sequence("tuple", [packed, Sequence("list", shapes)])


@foreign("einops.unpack")
def unpack(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    run.plans[id(node)] = Plan("einops_unpack")
    tensor = run.as_tensor(positional[0][1]) if positional else None
    if tensor is None or len(positional) < 3:
        return Sequence("list", None, Tensor(None, None, None, PLAIN))
    run.want(positional[0][0], tensor, PLAIN)
    text, shapes = constant(positional[2][1]), resolve(positional[1][1])
    axes = sides(text) if isinstance(text, str) else None

    def part(shape: Fact) -> Tensor:
        shape = resolve(shape)
        known = axes is not None and isinstance(shape, Sequence) and shape.items is not None
        rank = len(axes or ()) - 1 + len(shape.items or ()) if known and isinstance(shape, Sequence) else None
        return Tensor(rank, None, tensor.dtype, PLAIN)

    if isinstance(shapes, Sequence) and shapes.items is not None:
        return Sequence("list", [part(shape) for shape in shapes.items])
    return Sequence("list", None, part(shapes.element if isinstance(shapes, Sequence) else UNKNOWN))


@foreign("einops.parse_shape")
def parse_shape(run: Run, node: cst.Call, positional: list[Operand], keywords: dict[str, Operand]) -> Fact:
    run.plans[id(node)] = Plan("foreign_call")
    tensor = run.as_tensor(positional[0][1]) if positional else None
    if tensor is not None:
        run.want(positional[0][0], tensor, PLAIN)
    return Dict(Python("int"))
