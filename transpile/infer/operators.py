"""Operators on tensors and on sizes."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Tensor, Var, resolve
from transpile.infer.join import join, link
from transpile.infer.layout import IMAGE, PLAIN, Open, Pair
from transpile.infer.plans import Plan
from transpile.infer.run import Run

ONES = "ones"  # source of a tensor whose axes behind the first all have size 1, in unknown number

__all__ = ["augmented_operation", "binary_operation", "broadcast", "compare", "dim_of", "unary_operation"]

FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


def dim_of(fact: Fact) -> Dim | None:
    """The symbolic value of an int-like fact."""
    fact = resolve(fact)
    if isinstance(fact, Python):
        if fact.dim is not None:
            return fact.dim
        return Dim(fact.value) if isinstance(fact.value, int) and not isinstance(fact.value, bool) else None
    if isinstance(fact, Var):
        return fact.dim if fact.dim is not None else Dim.symbol(fact.name)
    return None


@expression_handler(cst.BinaryOperation)
def binary_operation(run: Run, node: cst.BinaryOperation) -> Fact:
    left, right = evaluate(run, node.left), evaluate(run, node.right)
    return operation(run, node, node.operator, (node.left, left), (node.right, right))


def operation(
    run: Run, node: cst.CSTNode, operator: cst.CSTNode, left: tuple[cst.BaseExpression | None, Fact],
    right: tuple[cst.BaseExpression | None, Fact],
) -> Fact:  # fmt: skip
    first, second = resolve(left[1]), resolve(right[1])
    run.plans.pop(id(node), None)
    if isinstance(first, Tensor) or isinstance(second, Tensor):
        name = type(operator).__name__.removesuffix("Assign")
        if name == "MatrixMultiply":
            return matmul(run, node, left, right)
        tensors = [(n, f) for n, f in (left, right)]
        result = broadcast(run, node, tensors)
        plan = Plan("operator", name=name, operands=(first, second))
        dtype = promoted(first, second, name)
        if result is first or result is second:  # of its rank, whatever that turns out to be
            if dtype != result.dtype:
                result = Tensor(None, None, dtype, result.layout)
        else:
            result.dtype = dtype
        run.plans[id(node)] = plan
        return result
    if isinstance(first, Sequence) and isinstance(second, Sequence) and isinstance(operator, cst.Add):
        if first.items is not None and second.items is not None:
            return Sequence(first.type, first.items + second.items)
        both = Sequence(first.type, None, join(first.any(), second.any()))
        if first.items is not None and second.ones_after is not None:
            both.ones_after = len(first.items) + second.ones_after
        return both
    for one, other in ((first, second), (second, first)):
        a_tuple = isinstance(one, Sequence) and one.type == "tuple" and isinstance(operator, cst.Add)
        if a_tuple and (other is UNKNOWN or isinstance(other, Var)):  # nothing but a tuple adds to a tuple
            return Sequence("tuple", None, UNKNOWN)
    if isinstance(first, Sequence) and isinstance(operator, cst.Multiply):
        if (
            first.items is not None
            and isinstance(second, Python)
            and isinstance(second.value, int)
            and second.value < 64
        ):
            return Sequence(first.type, first.items * second.value)
        repeated = Sequence(first.type, None, first.any())
        element = resolve(repeated.element)
        if isinstance(element, Python) and element.value == 1 and element.type == "int":
            repeated.ones_after = 0
        return repeated
    if isinstance(first, Python) and first.type == "str":
        return Python("str")
    if any(isinstance(f, Python) and f.type == "array" for f in (first, second)):
        return Python("array")
    a, b = dim_of(first), dim_of(second)
    numeric = all(
        (isinstance(f, Python) and f.type in ("int", "float", "bool", "object")) or isinstance(f, Var)
        for f in (first, second)
    )
    if isinstance(first, Var) and isinstance(second, Var) and (first.tensorlike or second.tensorlike):
        run.plans[id(node)] = Plan("operator", name=type(operator).__name__, operands=(first, second))
        return first if first.tensorlike else second
    for one, other in ((first, second), (second, first)):
        if isinstance(one, Var) and one.tensorlike and isinstance(other, (Python, Var)):
            run.plans[id(node)] = Plan("operator", name=type(operator).__name__, operands=(first, second))
            return one
    if not numeric:
        return UNKNOWN
    floating = any(isinstance(f, Python) and f.type == "float" for f in (first, second))
    if floating or isinstance(operator, cst.Divide):
        return Python("float")
    unknown = isinstance(first, Var) and isinstance(second, Var)
    certain = all(isinstance(f, Python) and f.type == "int" for f in (first, second))
    dim: Dim | None = None
    if a is not None and b is not None:
        if isinstance(operator, cst.Multiply):
            dim = a * b
        elif isinstance(operator, cst.FloorDivide) and (b.value is None or b.value != 0):
            if a.value is not None and b.value is not None:
                dim = Dim(a.value // b.value)
            else:
                dim = a / b
        elif isinstance(operator, cst.Power) and b.value is not None and abs(b.value) < 10:
            dim = a**b.value
        elif a.value is not None and b.value is not None:
            if isinstance(operator, cst.Add):
                dim = Dim(a.value + b.value)
            elif isinstance(operator, cst.Subtract):
                dim = Dim(a.value - b.value)
            elif isinstance(operator, cst.Modulo) and b.value:
                dim = Dim(a.value % b.value)
        else:
            dim = Dim.symbol(f"({a!r}{type(operator).__name__}{b!r})")
    if unknown and isinstance(first, Var):
        outcome = run.var(("operation", id(node)), f"operation{id(node)}")
        outcome.dim, outcome.origin = dim, first
        return outcome
    return Python("int" if certain else "object", dim.value if dim is not None else None, dim)


def promoted(first: Fact, second: Fact, name: str) -> str | None:
    """torch's type promotion where both dtypes are known."""
    kinds = [f.dtype if isinstance(f, Tensor) else None for f in (first, second)]
    scalars = [f.type if isinstance(f, Python) else None for f in (first, second)]
    for kind, scalar in ((kinds[0], scalars[1]), (kinds[1], scalars[0])):
        if kind is not None and scalar is not None:
            if kind in FLOATS:
                return kind
            if scalar == "float" or name == "Divide":
                return "float32"
            return kind if scalar in ("int", "bool") else None
    for kind, beside in ((kinds[0], second), (kinds[1], first)):
        if kind in FLOATS and isinstance(beside, Var) and not beside.tensorlike:
            return kind  # a number, most likely
    if kinds[0] == kinds[1]:
        if kinds[0] is not None and name == "Divide" and kinds[0] not in FLOATS:
            return "float32"
        return kinds[0]
    if kinds[0] is None or kinds[1] is None:
        return None
    floats = [k for k in kinds if k is not None and k in FLOATS]
    if len(floats) == 1:
        return floats[0]
    if not floats:
        return _integer(first, second)
    ranks = [f.rank for f in (first, second) if isinstance(f, Tensor)]
    if None not in ranks and not any(kind.startswith("complex") for kind in floats):
        if (ranks[0] == 0) != (ranks[1] == 0):  # what has axes outranks what has none
            return floats[0] if ranks[1] == 0 else floats[1]
        return max(floats, key=FLOATS.index) if "float64" in floats or "float32" in floats else "float32"
    return None


def _integer(first: Fact, second: Fact) -> str | None:
    """Of two integer dtypes: that of the operand with axes, the wider one where both have some."""
    assert isinstance(first, Tensor) and isinstance(second, Tensor)
    if "bool" in (first.dtype, second.dtype):
        return second.dtype if first.dtype == "bool" else first.dtype
    for one, other in ((first, second), (second, first)):
        if one.rank and not other.rank:
            return one.dtype
    both = [str(first.dtype), str(second.dtype)]
    return max(both, key=lambda dtype: int(dtype.lstrip("uint") or 0))


def broadcast(run: Run, node: cst.CSTNode, operands: list[tuple[cst.BaseExpression | None, Fact]]) -> Tensor:
    """The result of an elementwise operation; operands are brought to one layout."""
    tensors: list[tuple[cst.BaseExpression | None, Tensor]] = []
    others: list[Var] = []
    for operand_node, fact in operands:
        resolved = resolve(fact)
        if isinstance(resolved, Tensor):
            tensors.append((operand_node, resolved))
        elif isinstance(resolved, Var) and resolved.tensorlike:
            others.append(resolved)
    if not tensors:
        return Tensor(None, None, None, Open())
    others = _take_images(run, tensors, others)
    # (n, 1, 1, …) of any rank broadcasts beside any map, in any layout
    tensors = [(n, t) for n, t in tensors if not _fits_any_layout(t, tensors)] or tensors
    operands = [
        (n, f)
        for n, f in operands
        if not (isinstance(t := resolve(f), Tensor) and _fits_any_layout(t, tensors))
    ] or operands
    if len(tensors) == 1 and not others:
        tensor = tensors[0][1]
        if len(operands) == 1 or all(isinstance(resolve(f), (Tensor, Python)) for _, f in operands):
            if tensor.rank is None:
                return (
                    Tensor(None, None, tensor.dtype, tensor.layout) if tensor.is_parameter else _alias(tensor)
                )
            return Tensor(tensor.rank, tensor.dims, tensor.dtype, tensor.layout)
        return Tensor(tensor.rank, None, tensor.dtype, tensor.layout)
    layout = common_layout(run, tensors)
    for other in others:
        # an operand nothing is known of, beside a tensor whose rank is known
        best = max((t for _, t in tensors), key=lambda t: t.rank or 0)
        if isinstance(layout, tuple) and layout and best.rank is not None:
            other.bound = Tensor(None, None, None, layout)
            run.version += 1
    ranks = [t.rank for _, t in tensors]
    rank = (
        max((r for r in ranks if r is not None), default=None) if all(r is not None for r in ranks) else None
    )
    if rank is None and _placed_at_run_time(run, tensors):
        rank = max(r for r in ranks if r is not None)
    if rank is None and all(r is None or r <= 1 for r in ranks):
        unknown_tensors = [t for _, t in tensors if t.rank is None]
        if len(unknown_tensors) == 1:
            return _alias(unknown_tensors[0])
    dims = broadcast_dims([t for _, t in tensors], rank) if not others else None
    return Tensor(rank, dims, tensors[0][1].dtype, layout)


def _take_images(
    run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]], others: list[Var]
) -> list[Var]:
    """Beside one number for each channel, (1, C, 1, 1), stands an image, if nothing else is known of it.

    What is a variable yet becomes one of the tensors; those that are left are returned.
    """
    rank = next((len(t.dims) for _, t in tensors if t.dims is not None and _is_per_channel(t)), None)
    if rank is None or not run.channels_last:
        return others
    for var in others:
        var.bound = Tensor(rank, None, None, IMAGE)
        tensors.append((None, var.bound))
        run.version += 1
    for _, tensor in tensors:
        if tensor.rank is None and isinstance(cell := run.layout(tensor), Open):
            tensor.settle_rank(rank)
            cell.settle(IMAGE)
            run.version += 1
    return []


def _is_per_channel(tensor: Tensor) -> bool:
    """Whether this is a weight or buffer of sizes (1, C, 1, 1), with a last axis more or not, in torch's order."""
    dims = tensor.dims
    if dims is None or len(dims) not in (4, 5) or not tensor.is_parameter or tensor.settled() != PLAIN:
        return False
    ones = [dim is not None and dim.value == 1 for dim in dims]
    return dims[1] is not None and ones == [place != 1 for place in range(len(dims))]


def _placed_at_run_time(run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]]) -> bool:
    """Whether each operand of unknown rank is placed beside an image when the output runs: it has no more axes."""
    unknown = [node for node, tensor in tensors if tensor.rank is None]
    return bool(unknown) and all(
        node is not None and id(node) in run.convert and isinstance(run.convert[id(node)][0].source, int)
        for node in unknown
    )


def _fits_any_layout(tensor: Tensor, beside: list[tuple[cst.BaseExpression | None, Tensor]]) -> bool:
    """Whether this is (n, 1, 1, …), which broadcasts beside a map of as many axes in whichever layout that has."""
    if tensor.source == ONES:
        return True
    if tensor.dims is None or len(tensor.dims) < 3 or any(d is None or d.value != 1 for d in tensor.dims[1:]):
        return False
    return all(other.rank == len(tensor.dims) for _, other in beside)


def _alias(tensor: Tensor) -> Tensor:
    """A tensor of the same unknown rank: the same object, so that what is learnt of one holds for the other."""
    return tensor


def common_layout(run: Run, tensors: list[tuple[cst.BaseExpression | None, Tensor]]) -> Any:
    """One layout for all operands of rank one and more: channels-last if any is, converting the others."""
    if not run.channels_last:
        return PLAIN
    decided: Pair | None = None
    rank = max((t.rank or 0 for _, t in tensors), default=0)
    opens: list[Open] = []
    plains: list[tuple[cst.BaseExpression | None, Tensor]] = []
    for operand_node, tensor in tensors:
        if operand_node is not None:
            run.convert.pop(id(operand_node), None)
        layout = run.layout(tensor)
        if isinstance(layout, Open):
            opens.append(layout)
        elif layout:
            if decided is None or (tensor.rank or 0) == rank:
                decided = layout
        else:
            plains.append((operand_node, tensor))
    if decided is not None:
        for cell in opens:
            cell.settle(decided)
            run.learn("layout", next((place for place, _ in tensors if place is not None), None))
        for operand_node, tensor in tensors:
            layout = run.layout(tensor)
            if operand_node is None or (layout == decided and tensor.rank == rank):
                continue
            if tensor.rank == 0:
                continue
            if tensor.rank is None:
                if layout == decided:
                    continue
                if (
                    rank and decided == IMAGE and layout == PLAIN
                ):  # what it is beside is known: placed at run time
                    run.convert[id(operand_node)] = (
                        Tensor(None, None, tensor.dtype, PLAIN, source=rank),
                        decided,
                    )
                    continue
                run.remark(
                    "LAY003", operand_node,
                    "this operand's rank is not known, so it was not brought to the channels-last order of the "
                    "other one",
                )  # fmt: skip
                continue
            if tensor.rank == rank:
                run.demand(tensor, decided)
            if tensor.rank < rank or layout != decided:
                run.convert[id(operand_node)] = (
                    Tensor(tensor.rank, tensor.dims, tensor.dtype, layout, source=rank),
                    decided,
                )
        return decided
    if opens:
        first = opens[0].root()
        for cell in opens[1:]:
            other = cell.root()
            if other is not first:
                first.absorb(other)
        if _beside_open(run, tensors, plains) or not any((t.rank or 0) >= 3 for _, t in plains):
            return first
        # a plain operand of three axes and more beside an undecided one: ask
        for operand_node, tensor in tensors:
            if isinstance(run.layout(tensor), Open) and operand_node is not None:
                run.ask(tensor, operand_node)
        return first
    return PLAIN


def _beside_open(
    run: Run,
    tensors: list[tuple[cst.BaseExpression | None, Tensor]],
    plains: list[tuple[cst.BaseExpression | None, Tensor]],
) -> bool:
    """What stands in torch's order beside a parameter that is an image if it has four axes: placed at run time."""
    info = run.function
    known = info.by_rank if info is not None else []
    given = next((t for _, t in tensors if any(t is own for own in known)), None)
    if info is None or given is None:
        return False
    name = next((name for name, fact in info.facts.items() if resolve(fact) is given), None)
    if name is None or name in info.rebound:
        return False
    for node, tensor in plains:
        if node is not None and tensor.rank != 0:
            run.convert[id(node)] = (Tensor(None, None, tensor.dtype, PLAIN, source=("beside", name)), IMAGE)
    return True


def broadcast_dims(tensors: list[Tensor], rank: int | None) -> tuple[Dim | None, ...] | None:
    if rank is None:
        return None
    result: list[Dim | None] = []
    for place in range(rank):
        found: Dim | None = None
        sizes = []
        for tensor in tensors:
            offset = rank - (tensor.rank or 0)
            if place >= offset:
                sizes.append(tensor.dims[place - offset] if tensor.dims is not None else None)
        real = [s for s in sizes if s is None or s.value != 1]
        if not real:
            found = Dim(1)
        elif len(set(real)) == 1:
            found = real[0]
        else:
            known = [s for s in real if s is not None]
            numbers = [s for s in known if s.value is not None]
            found = numbers[0] if numbers else (known[0] if len(known) == len(real) else None)
        result.append(found)
    return tuple(result)


def matmul(
    run: Run,
    node: cst.CSTNode,
    left: tuple[cst.BaseExpression | None, Fact],
    right: tuple[cst.BaseExpression | None, Fact],
) -> Fact:
    """`@`: both sides in torch's order; result dims from both."""
    tensors = [run.as_tensor(left[1]), run.as_tensor(right[1])]
    for (operand_node, _), tensor in zip((left, right), tensors, strict=True):
        if tensor is not None:
            run.want(
                operand_node, tensor, PLAIN
            )  # a product is evidence: images are not multiplied as matrices
    run.plans[id(node)] = Plan("matmul", operands=tuple(tensors))
    return matmul_result(tensors[0], tensors[1])


def matmul_result(first: Tensor | None, second: Tensor | None) -> Tensor:
    if first is None or second is None or first.rank is None or second.rank is None:
        return Tensor(None, None, first.dtype if first is not None else None, PLAIN)
    if first.rank >= 2 and second.rank >= 2:
        rank = max(first.rank, second.rank)
        longest = first if first.rank == rank else second
        dims = None
        if first.dims is not None and second.dims is not None and longest.dims is not None:
            dims = (*longest.dims[:-2], first.dims[-2], second.dims[-1])
        return Tensor(rank, dims, first.dtype, PLAIN)
    return Tensor(max(first.rank + second.rank - 2, 0), None, first.dtype, PLAIN)


def augmented_operation(run: Run, node: cst.AugAssign) -> Fact:
    current = evaluate(run, node.target)
    value = evaluate(run, node.value)
    operators: dict[str, Any] = {"AddAssign": cst.Add, "SubtractAssign": cst.Subtract, "MultiplyAssign": cst.Multiply,
                 "DivideAssign": cst.Divide, "FloorDivideAssign": cst.FloorDivide, "PowerAssign": cst.Power,
                 "ModuloAssign": cst.Modulo, "MatrixMultiplyAssign": cst.MatrixMultiply}  # fmt: skip
    kind = operators.get(type(node.operator).__name__)
    operator = kind() if kind is not None else node.operator
    resolved = resolve(current)
    if isinstance(resolved, Sequence) and isinstance(node.operator, cst.AddAssign):
        other = resolve(value)
        if not resolved.items and resolved.element is UNKNOWN and isinstance(other, Sequence):
            return Sequence(resolved.type, other.items, other.element)
        return Sequence(
            resolved.type, None, join(resolved.any(), other.any() if isinstance(other, Sequence) else UNKNOWN)
        )
    target = node.target if isinstance(node.target, cst.BaseExpression) else None
    result = operation(run, node, operator, (target, current), (node.value, value))
    if target is not None and id(target) in run.convert:
        # the target cannot be converted in place: keep its layout, convert the value instead
        tensor, other = resolve(current), resolve(value)
        run.convert.pop(id(target), None)
        if isinstance(tensor, Tensor) and isinstance(other, Tensor):
            layout = run.layout(tensor)
            if isinstance(layout, tuple):
                run.want(node.value, other, layout)
            return Tensor(tensor.rank, tensor.dims, tensor.dtype, tensor.layout)
    return result


@expression_handler(cst.UnaryOperation)
def unary_operation(run: Run, node: cst.UnaryOperation) -> Fact:
    fact = resolve(evaluate(run, node.expression))
    run.plans.pop(id(node), None)
    if isinstance(node.operator, cst.Not):
        return Python("bool")
    if isinstance(fact, (Tensor, Var)) and (isinstance(fact, Tensor) or fact.tensorlike):
        run.plans[id(node)] = Plan("unary", name=type(node.operator).__name__, operand=fact)
        return (
            fact
            if isinstance(fact, Var) or fact.rank is None
            else Tensor(fact.rank, fact.dims, fact.dtype, fact.layout)
        )
    if isinstance(fact, Python) and isinstance(node.operator, cst.Minus):
        if isinstance(fact.value, (int, float)) and not isinstance(fact.value, bool):
            return Python(fact.type, -fact.value, Dim(-fact.value) if isinstance(fact.value, int) else None)
        if fact.dim is not None:
            return Python(fact.type, None, Dim(-1) * fact.dim)
        return Python(fact.type)
    return fact if isinstance(fact, Python) else UNKNOWN


@expression_handler(cst.Comparison)
def compare(run: Run, node: cst.Comparison) -> Fact:
    left = evaluate(run, node.left)
    facts: list[tuple[cst.BaseExpression | None, Fact]] = [(node.left, left)]
    identity = False
    for target in node.comparisons:
        facts.append((target.comparator, evaluate(run, target.comparator)))
        identity = identity or isinstance(target.operator, (cst.Is, cst.IsNot, cst.In, cst.NotIn))
    run.plans.pop(id(node), None)
    if identity or len(facts) != 2:
        return Python("bool")
    shapes = [fact.shape_of for _, f in facts if isinstance(fact := resolve(f), Sequence) and fact.shape_of]
    if len(shapes) == 2:
        _same_shape(run, shapes[0], shapes[1])
    if any(isinstance(resolve(f), Tensor) for _, f in facts):
        result = broadcast(run, node, facts)
        operator = type(node.comparisons[0].operator).__name__
        run.plans[id(node)] = Plan("comparison", name=operator, operands=tuple(resolve(f) for _, f in facts))
        return Tensor(result.rank, result.dims, "bool", result.layout)
    return Python("bool")


def _same_shape(run: Run, left: Fact, right: Fact) -> None:
    """`a.shape == b.shape`: tensors of one rank, and in one layout if that is open."""
    first, second = run.as_tensor(left), run.as_tensor(right)
    if first is None or second is None:
        return
    for one, other in ((first, second), (second, first)):
        if one.rank is None and other.rank is not None and not other.lent:
            one.rank = other.rank
            run.version += 1
    before = run.layout(first), run.layout(second)
    if any(isinstance(layout, Open) for layout in before):
        link(first.layout, second.layout)
        run.version += any(isinstance(layout, tuple) for layout in before)
