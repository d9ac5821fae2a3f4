"""The names of support definitions, where the source imported the same names from torch.

`from torch.nn import Conv2d` leaves, and the support's Conv2d takes its name, unless a use of torch's stays. Which
it is shows at the end, so that until then such a definition goes by a name that nobody else has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.source.walk import walk

__all__ = ["MARK", "settled"]
MARK = "__of_support"


def settled(
    tree: cst.Module,
    supports: dict[str, str],
    stays: Callable[[cst.Module, set[str]], set[str]],
    taken: set[str],
) -> tuple[cst.Module, dict[str, str]]:
    """The tree and the definitions with their last names; `stays` says which names are used in another meaning."""
    wanted = {name.removesuffix(MARK) for name in supports.values() if name.endswith(MARK)}
    if not wanted:
        return tree, supports
    kept = stays(tree, wanted)
    final: dict[str, str] = {}
    for name in wanted:
        new = name
        while new in kept or (new != name and new in taken):
            new += "_"
        final[name + MARK] = new
    renamed = walk(tree, _Renaming(final))
    assert isinstance(renamed, cst.Module)
    return renamed, {key: final.get(name, name) for key, name in supports.items()}


class _Renaming:
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def on_visit(self, node: Any) -> bool:
        return type(node) is not cst.Name

    def on_leave(self, original: Any, updated: Any) -> Any:
        if type(original) is cst.Name and original.value in self.names:
            return original.with_changes(value=self.names[original.value])
        return updated
