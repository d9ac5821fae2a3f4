"""Operators on tensors and on sizes."""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.infer.broadcasting import broadcast
from transpile.infer.containers import extend, own_members
from transpile.infer.dims import Dim
from transpile.infer.expressions import evaluate, expression_handler
from transpile.infer.facts import UNKNOWN, Fact, Layer, Python, Ref, Sequence, Tensor, Var, resolve
from transpile.infer.join import join, link
from transpile.infer.layout import PLAIN, Open
from transpile.infer.plans import Plan
from transpile.infer.promotion import promoted
from transpile.infer.run import Run

__all__ = ["augmented_operation", "binary_operation", "compare", "dim_of", "matmul_result", "unary_operation"]


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


# Numbers that modules hold under a name.
_CONSTANTS = frozenset(
    f"{module}.{name}" for module in ("math", "numpy", "torch") for name in ("pi", "e", "inf", "nan")
)


def _operand(fact: Fact) -> Fact:
    """An operand; `math.pi` is a float."""
    fact = resolve(fact)
    return Python("float") if type(fact) is Ref and fact.name in _CONSTANTS else fact


@expression_handler(cst.BinaryOperation)
def binary_operation(run: Run, node: cst.BinaryOperation) -> Fact:
    left, right = evaluate(run, node.left), evaluate(run, node.right)
    return operation(run, node, node.operator, (node.left, left), (node.right, right))


def _element(left: Fact, right: Fact) -> Fact:
    """What an element of two sequences in one is: beside tensors, what nothing is known of is taken for one of them."""
    left, right = resolve(left), resolve(right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Tensor) and other is UNKNOWN:
            return Tensor(one.rank, None, one.dtype, one.layout)
    return join(left, right)


def operation(
    run: Run, node: cst.CSTNode, operator: cst.CSTNode, left: tuple[cst.BaseExpression | None, Fact],
    right: tuple[cst.BaseExpression | None, Fact],
) -> Fact:  # fmt: skip
    first, second = _operand(left[1]), _operand(right[1])
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
        both = Sequence(first.type, None, _element(first.any(), second.any()))
        if first.items is not None and second.ones_after is not None:
            both.ones_after = len(first.items) + second.ones_after
        return both
    for one, other in ((first, second), (second, first)):
        a_tuple = isinstance(one, Sequence) and one.type == "tuple" and isinstance(operator, cst.Add)
        if a_tuple and (other is UNKNOWN or isinstance(other, Var)):  # nothing but a tuple adds to a tuple
            return Sequence(
                "tuple", None, _element(one.any() if isinstance(one, Sequence) else UNKNOWN, UNKNOWN)
            )
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
        (isinstance(f, Python) and f.type in ("int", "float", "complex", "bool", "object"))
        or isinstance(f, Var)
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
    if any(isinstance(f, Python) and f.type == "complex" for f in (first, second)):
        return Python("complex")
    floating = any(isinstance(f, Python) and f.type == "float" for f in (first, second))
    origin = next((var for f in (first, second) if (var := _may_be_tensor(f)) is not None), None)
    if floating or isinstance(operator, cst.Divide):
        return Python("float", of=origin)
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
    return Python("int" if certain else "object", dim.value if dim is not None else None, dim, of=origin)


def _may_be_tensor(fact: Fact) -> Var | None:
    """The variable that arithmetic with numbers has started from: a tensor, if its result is used as one."""
    if isinstance(fact, Python):
        return fact.of if isinstance(fact.of, Var) else None
    return fact if isinstance(fact, Var) else None


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
    if isinstance(resolved, Layer) and isinstance(node.operator, cst.AddAssign):
        held = own_members(resolved)
        if held is not None:
            extend(run, held, node.value, value)
            return current
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
        dim = Dim(-1) * fact.dim if fact.dim is not None else None
        return Python(fact.type, None, dim, of=_may_be_tensor(fact))
    if isinstance(fact, Var) and isinstance(node.operator, cst.Minus):
        return Python("object", None, Dim(-1) * fact.dim if fact.dim is not None else None, of=fact)
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
