"""What is risky about a translation, as diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from transpile.diagnostics import Diagnostic
from transpile.hazards.codes import EXAMPLES, SEVERITIES, load
from transpile.hazards.suppress import suppressed
from transpile.source.roots import concerns_tensorflow

if TYPE_CHECKING:
    import libcst as cst

    from transpile.rewrite.context import Context

__all__ = ["check_tensorflow", "say"]


def say(context: Context, tree: cst.Module, filename: str, places: Places | None = None) -> list[Diagnostic]:
    """All that inference and rewriting remarked, and the hazards of this folder, in the order of the source.

    `places` tells where nodes stand; without it that is computed, if there is something to say.
    """
    from transpile.hazards.scene import scan  # TensorFlow's files are looked at without what translates
    from transpile.source.positions import Positions

    load()
    remarks = [
        (r.code, r.node, r.message, r.help) for r in context.run.module.remarks.values()
    ] + context.remarks
    for name in context.unsupported:
        remarks.append(("API001", tree, f"the support definition {name} is missing", ""))
    remarks += scan(context)
    text = context.run.module.text
    if not remarks and "transpile:" not in text:
        return []
    if places is None:
        places = Positions(tree)
    found: dict[tuple[object, ...], Diagnostic] = {}
    for code, node, message, help_ in remarks:
        line, column, end_line, end_column = places.span(node)
        diagnostic = Diagnostic(
            code=code, severity=SEVERITIES[code], message=message, filename=filename, line=line, column=column,
            end_line=end_line, end_column=end_column, help=help_, fix=None,
        )  # fmt: skip
        found[(line, column, code, message)] = diagnostic
    ordered = sorted(found.values(), key=lambda d: (d.line, d.column, d.code, d.message))
    return suppressed(text, ordered, filename, _is_torch_code)


def check_tensorflow(text: str, filename: str) -> list[Diagnostic]:
    """The hazards of a file that is TensorFlow source, without those that its comments suppress."""
    from transpile.hazards.tf_source import scan_tensorflow

    if not concerns_tensorflow(text):
        return []
    return suppressed(text, scan_tensorflow(text, filename), filename, lambda code: not _is_torch_code(code))


def _is_torch_code(code: str) -> bool:
    """Whether a code is one of torch source; of no code at all, that everything was looked for."""
    return not EXAMPLES[code].is_tensorflow if code in EXAMPLES else True


class Places(Protocol):
    """What knows where nodes stand."""

    def span(self, node: Any) -> tuple[int, int, int, int]:
        """(line, column, end line, end column), from 1."""
