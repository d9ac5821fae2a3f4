"""Where a function imports what stays torch: as far in as its uses allow.

What runs without torch must go on doing so: a branch that loads pretrained weights does not keep the rest of the
function from running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

__all__ = ["with_imports"]

Uses = Callable[[cst.CSTNode], set[str]]  # the names of imports that a subtree reads
_BRANCHING = (
    cst.FunctionDef,
    cst.If,
    cst.Else,
    cst.Try,
    cst.ExceptHandler,
    cst.Finally,
    cst.With,
    cst.For,
    cst.While,
)
_LOOPS = (cst.For, cst.While)


def with_imports(block: cst.IndentedBlock, lines: dict[str, str], uses: Uses) -> cst.IndentedBlock:
    """The block with the imports before its first statement that uses one, or inside that if only a part of it does."""
    waiting = set(lines)
    direct = set().union(*(_directly(node, uses) for node in block.body))
    body: list[Any] = []
    for node in block.body:
        used = uses(node) & waiting
        if used & direct and used & _directly(node, uses):
            body += _statements(waiting & direct, lines)
            waiting -= direct  # imported for all that follows
            used -= direct
        body.append(_entered(node, {name: lines[name] for name in used}, uses) if used else node)
    return block.with_changes(body=body)


def _statements(names: set[str], lines: dict[str, str]) -> Sequence[cst.CSTNode]:
    return [cst.parse_statement(line) for line in dict.fromkeys(sorted(lines[name] for name in names))]


def _directly(node: Any, uses: Uses) -> set[str]:
    """The names that a statement uses in another place than the blocks in it."""
    if not isinstance(node, _BRANCHING) or not isinstance(node.body, cst.IndentedBlock):
        return uses(node)
    found: set[str] = set()
    if isinstance(node, cst.FunctionDef):
        return found.union(*(uses(part) for part in (*node.decorators, node.params, node.returns) if part))
    for child in node.children:
        if child is node.body:
            if isinstance(node, _LOOPS):  # once before the loop, not in each of its rounds
                for inner in node.body.body:
                    found |= _directly(inner, uses)
        else:
            found |= _directly(child, uses)
    return found


def _entered(node: Any, lines: dict[str, str], uses: Uses) -> Any:
    """A branching statement with the imports in those of its blocks that use them."""
    changes: dict[str, Any] = {}
    for part in ("body", "orelse", "finalbody"):
        inner = getattr(node, part, None)
        if inner is not None and uses(inner) & lines.keys():
            mine = {name: line for name, line in lines.items() if name in uses(inner)}
            changes[part] = (
                with_imports(inner, mine, uses)
                if isinstance(inner, cst.IndentedBlock)
                else _entered(inner, mine, uses)
            )
    if isinstance(node, cst.Try):
        changes["handlers"] = [_entered(handler, lines, uses) for handler in node.handlers]
    return node.with_changes(**changes) if changes else node
