"""What is risky about a translation, as diagnostics."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Diagnostic
from transpile.hazards.codes import SEVERITIES, load
from transpile.hazards.scene import scan
from transpile.rewrite.context import Context
from transpile.source.positions import Positions

__all__ = ["say"]


def say(context: Context, tree: cst.Module, filename: str) -> list[Diagnostic]:
    """All that inference and rewriting remarked, and the hazards of this folder, in the order of the source."""
    load()
    remarks = [
        (r.code, r.node, r.message, r.help) for r in context.run.module.remarks.values()
    ] + context.remarks
    for name in context.unsupported:
        remarks.append(("API001", tree, f"the support definition {name} is missing", ""))
    remarks += scan(context)
    if not remarks:
        return []
    positions = Positions(tree)
    found: dict[tuple[object, ...], Diagnostic] = {}
    for code, node, message, help_ in remarks:
        line, column, end_line, end_column = positions.span(node)
        diagnostic = Diagnostic(
            code=code, severity=SEVERITIES[code], message=message, filename=filename, line=line, column=column,
            end_line=end_line, end_column=end_column, help=help_, fix=None,
        )  # fmt: skip
        found[(line, column, code, message)] = diagnostic
    return sorted(found.values(), key=lambda d: (d.line, d.column, d.code, d.message))
