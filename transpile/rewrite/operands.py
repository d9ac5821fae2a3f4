"""What came in where an operand stood keeps its own meaning: it gets parentheses where Python would read it otherwise.

`b - torch.add(a, c)` is `b - (a + c)`, `torch.neg(x) ** 2` is `(-x) ** 2`. The order is that of Python's reference,
section 6.17 (Operator precedence): an operand must bind as tightly as its place asks.

And parentheses that were an operand's go where a rewrite has left them without a purpose: `(a - b).sum()` is
`tf.reduce_sum(a - b)`, `y = (a - b).contiguous()` is `y = a - b`. Those that stood around a whole value in the source
are its author's and stay, as do those with a comment of their own.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from transpile.rewrite.code import source
from transpile.source.walk import walk

__all__ = ["PLACES", "WHOLE", "bared", "fitted", "whole"]

# From what takes in most to what binds most tightly.
ORDER: list[tuple[type[cst.CSTNode], ...]] = [
    (cst.NamedExpr, cst.Yield, cst.Tuple),
    (cst.Lambda,),
    (cst.IfExp,),
    (cst.Or,),
    (cst.And,),
    (cst.Not,),
    (cst.Comparison,),
    (cst.BitOr,),
    (cst.BitXor,),
    (cst.BitAnd,),
    (cst.LeftShift, cst.RightShift),
    (cst.Add, cst.Subtract),
    (cst.Multiply, cst.Divide, cst.FloorDivide, cst.Modulo, cst.MatrixMultiply),
    (cst.Minus, cst.Plus, cst.BitInvert),
    (cst.Power,),
    (cst.Await,),
]
RANKS = {kind: rank for rank, kinds in enumerate(ORDER) for kind in kinds}
ATOM = len(ORDER)

# The parts of an expression that are operands.
PLACES: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.IfExp: ("body", "test"),
    cst.BooleanOperation: ("left", "right"),
    cst.BinaryOperation: ("left", "right"),
    cst.UnaryOperation: ("expression",),
    cst.Comparison: ("left",),
    cst.ComparisonTarget: ("comparator",),
    cst.CompFor: ("iter",),
    cst.CompIf: ("test",),
    cst.Await: ("expression",),
    cst.Call: ("func",),
    cst.Attribute: ("value",),
    cst.Subscript: ("value",),
}


# The parts that hold a whole expression, which needs no parentheses of its own.
WHOLE: dict[type[cst.CSTNode], str] = {
    cst.AnnAssign: "value",
    cst.Arg: "value",
    cst.Assign: "value",
    cst.AugAssign: "value",
    cst.DictElement: "value",
    cst.Element: "value",
    cst.Expr: "value",
    cst.Index: "value",
    cst.Lambda: "body",
    cst.Return: "value",
}

# What means the same without parentheses, given the room: no tuple, generator, assignment or number.
_KINDS = (
    cst.Attribute, cst.BinaryOperation, cst.BooleanOperation, cst.Call, cst.Comparison, cst.IfExp, cst.Name,
    cst.Subscript, cst.UnaryOperation,
)  # fmt: skip


def fitted(original: Any, updated: Any) -> Any:
    """The expression with parentheses around those of its operands that would not be read as one.

    Those that came in with parentheses lose them where the place does not ask for any.
    """
    changes = {}
    for part in PLACES[type(updated)]:
        value = getattr(updated, part)
        if not value.lpar:
            if _rank(value) < _asked(updated, part):
                changes[part] = value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        elif (
            type(updated) is cst.BinaryOperation  # its operators are no words: nothing runs into them
            and not getattr(original, part).lpar
            and _rank(value) >= _asked(updated, part)
            and _may_go(value)
        ):
            changes[part] = value.with_changes(lpar=(), rpar=())
    return updated.with_changes(**changes) if changes else updated


def whole(original: Any, updated: Any) -> Any:
    """The node, its whole value without the parentheses that came in with a rewrite."""
    part = WHOLE[type(updated)]
    value, was = getattr(updated, part), getattr(original, part)
    if (
        value is None
        or was is None
        or was.lpar
        or not value.lpar
        or not _may_go(value, type(updated) is cst.Arg)
    ):
        return updated
    if isinstance(updated, cst.Return) and not source(updated).startswith("return "):
        return updated
    return updated.with_changes(**{part: value.with_changes(lpar=(), rpar=())})


def bared(before: Any, result: Any) -> Any:
    """What was made of an expression, without the parentheses of those operands of it that are whole arguments now."""
    if before is result or not isinstance(before, cst.BaseExpression):
        return result
    texts = {source(operand) for operand in _operands(before) if operand.lpar and _may_go(operand, True)}
    return walk(result, _Bare(texts)) if texts and isinstance(result, cst.BaseExpression) else result


def _operands(node: cst.BaseExpression) -> list[Any]:
    """The expression itself and its operands; of a method's call, what the method is called on."""
    found = [node, *(getattr(node, part) for part in PLACES.get(type(node), ()))]
    return [*found, *(inner.value for inner in found if isinstance(inner, cst.Attribute))]


def _may_go(value: Any, enclosed: bool = False) -> bool:
    """Whether parentheses may go: no comment stands at them, and no line ends in them unless others are around."""
    if not isinstance(value, _KINDS):
        return False
    if not enclosed:
        return "\n" not in source(value)
    edges = [*(paren.whitespace_after for paren in value.lpar), *(p.whitespace_before for p in value.rpar)]
    return all(isinstance(edge, cst.SimpleWhitespace) or "#" not in source(edge) for edge in edges)


class _Bare:
    """Takes the parentheses from whole arguments and list elements of these texts."""

    def __init__(self, texts: set[str]) -> None:
        self.texts = texts

    def on_visit(self, node: Any) -> bool:
        return True

    def on_leave(self, original: Any, updated: Any) -> Any:
        if isinstance(updated, cst.List):
            elements = [self._bare(element) for element in updated.elements]
            changed = any(new is not old for new, old in zip(elements, updated.elements, strict=True))
            return updated.with_changes(elements=elements) if changed else updated
        return self._bare(updated) if isinstance(updated, cst.Arg) else updated

    def _bare(self, place: Any) -> Any:
        value = place.value
        if not value.lpar or source(value) not in self.texts:
            return place
        return place.with_changes(value=value.with_changes(lpar=(), rpar=()))


def _rank(node: cst.BaseExpression) -> int:
    if isinstance(node, (cst.BinaryOperation, cst.BooleanOperation, cst.UnaryOperation)):
        return RANKS[type(node.operator)]
    return RANKS.get(type(node), ATOM)


def _asked(parent: cst.CSTNode, part: str) -> int:
    """How tightly an operand of this place has to bind."""
    if isinstance(parent, (cst.Call, cst.Attribute, cst.Subscript, cst.Await)):
        return ATOM
    if isinstance(parent, (cst.IfExp, cst.CompFor, cst.CompIf)):
        return RANKS[cst.Or]
    if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
        return RANKS[cst.BitOr]
    assert isinstance(parent, (cst.BinaryOperation, cst.BooleanOperation, cst.UnaryOperation))
    own = RANKS[type(parent.operator)]
    if isinstance(parent.operator, cst.Power):  # `-a ** -b` is `-(a ** (-b))`
        return RANKS[cst.Await] if part == "left" else RANKS[cst.Minus]
    return own + 1 if part == "right" else own  # all others group from the left
