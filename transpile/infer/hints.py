"""Hints in comments: `# transpile: x is plain`, `# transpile: x is channels_last`, above a function or in its body."""

from __future__ import annotations

import re

import libcst as cst

from transpile.infer.layout import IMAGE, PLAIN, Pair

__all__ = ["hints_of"]

HINT = re.compile(r"#\s*transpile:\s*(\w+)\s+is\s+(plain|channels_last)\b")


def hints_of(node: cst.FunctionDef | cst.Lambda) -> dict[str, Pair]:
    """The layouts that comments state for a function's parameters, by name."""
    if not isinstance(node, cst.FunctionDef):
        return {}
    lines = [*node.leading_lines, *node.lines_after_decorators]
    texts: list[str] = [line.comment.value for line in lines if line.comment is not None]
    body = node.body
    if isinstance(body, cst.IndentedBlock):
        if body.header.comment is not None:
            texts.append(body.header.comment.value)
        for statement in body.body:
            above = getattr(statement, "leading_lines", ())
            texts += [line.comment.value for line in above if line.comment is not None]
            trailing = getattr(statement, "trailing_whitespace", None)
            if trailing is not None and trailing.comment is not None:
                texts.append(trailing.comment.value)
    found: dict[str, Pair] = {}
    for text in texts:
        for name, layout in HINT.findall(text):
            found[name] = IMAGE if layout == "channels_last" else PLAIN
    return found
