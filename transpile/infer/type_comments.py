"""What type comments say: `# type: (Tensor) -> Tensor` below a def, `x,  # type: Tensor` behind a parameter."""

from __future__ import annotations

import libcst as cst

__all__ = ["type_comments"]


def type_comments(node: cst.FunctionDef) -> dict[str, cst.BaseExpression]:
    """The types that comments state, by parameter; those of a signature leave the first one out where it is self."""
    parameters = [*node.params.posonly_params, *node.params.params, *node.params.kwonly_params]
    found: dict[str, cst.BaseExpression] = {}
    for parameter in parameters:
        for text in (_behind(parameter.comma), _behind(parameter)):
            stated = _parsed(text)
            if stated is not None:
                found[parameter.name.value] = stated
    signature = next((text for text in _below(node) if text.startswith("(") and "->" in text), None)
    types = _parsed(signature.rpartition("->")[0]) if signature is not None else None
    if isinstance(types, cst.Tuple):
        stated_types = [element.value for element in types.elements]
    else:
        stated_types = [types] if types is not None else []  # `(Tensor) -> Tensor` is no tuple
    if len(parameters) - len(stated_types) in (0, 1):
        named = parameters[len(parameters) - len(stated_types) :]
        for parameter, stated in zip(named, stated_types, strict=True):
            found.setdefault(parameter.name.value, stated)
    return found


def _below(node: cst.FunctionDef) -> list[str]:
    """The type comments between the head of a function and its first statement."""
    if not isinstance(node.body, cst.IndentedBlock):
        return []
    lines = [node.body.header.comment]
    first = node.body.body[0] if node.body.body else None
    if isinstance(first, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
        lines += [line.comment for line in first.leading_lines]
    return [_stated(comment) for comment in lines if comment is not None]


def _behind(node: cst.Param | cst.Comma | cst.MaybeSentinel) -> str:
    """The type comment on the line that ends behind a parameter or its comma."""
    space = getattr(node, "whitespace_after_param", None) or getattr(node, "whitespace_after", None)
    if not isinstance(space, cst.ParenthesizedWhitespace) or space.first_line.comment is None:
        return ""
    text = _stated(space.first_line.comment)
    return "" if text.startswith("(") else text


def _stated(comment: cst.Comment) -> str:
    text = comment.value.lstrip("#").strip()
    text = text.removeprefix("type:").strip() if text.startswith("type:") else ""
    return "" if text.startswith("ignore") else text.partition("#")[0].strip()


def _parsed(text: str) -> cst.BaseExpression | None:
    if not text:
        return None
    try:
        return cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return None  # a remark that only looks like a type
