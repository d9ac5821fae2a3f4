"""What a run of the original has shown: facts by the exact position of an expression.

A run is an example and no proof, so that it speaks only where inference knows nothing: a value whose kind is not
decided, a rank, a dtype, and a layout that would be taken by convention. What inference proves is never overruled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst

from transpile.infer.facts import Fact, Python, Tensor, Var, resolve
from transpile.infer.layout import IMAGE, PLAIN, Open, Pair
from transpile.infer.modules import ModuleInfo
from transpile.infer.run import Run
from transpile.source.positions import Positions

__all__ = ["Evidence", "Seen", "Span"]

Span = tuple[int, int, int, int]  # line, column, end line, end column, all from 1, columns in characters
PLAIN_TYPES = frozenset({"int", "float", "bool", "str"})


@dataclass(frozen=True, slots=True)
class Seen:
    """All values that one expression had: "tensor" or the name of a type; "" where they were of several kinds.

    `rank` and `dtype` are None where they varied. `image` says whether the tensor took part in what works on images
    (convolutions, pools, resizes), or is of one form with one that did.
    """

    kind: str
    rank: int | None = None
    dtype: str | None = None
    image: bool | None = None


class Evidence:
    """What was seen, by module name and span; applied to the facts of an inference."""

    def __init__(self, seen: Mapping[str, Mapping[Span, Seen]]) -> None:
        self.seen = seen
        self._nodes: dict[int, dict[int, Seen]] = {}  # by module and node

    def of(self, module: ModuleInfo, node: cst.CSTNode) -> Seen | None:
        """What was seen of a node of a module."""
        spans = self.seen.get(module.name)
        if not spans:
            return None
        known = self._nodes.get(id(module))
        if known is None:
            positions = Positions(module.tree)
            known = self._nodes[id(module)] = {
                identity: spans[span] for identity, span in positions.all().items() if span in spans
            }
        return known.get(id(node))

    def refined(self, run: Run, node: cst.CSTNode, fact: Fact) -> Fact:
        """The fact of an expression, with what was seen of it where it says nothing."""
        seen = self.of(run.module, node)
        if seen is None or not seen.kind:
            return fact
        found = resolve(fact)
        if seen.kind == "tensor":
            return self._tensor(run, node, fact, found, seen)
        if seen.kind in PLAIN_TYPES:
            if isinstance(found, Var):
                found.bound = Python(seen.kind, None, found.dim)
                run.version += 1
            elif type(found) is Fact:
                return Python(seen.kind)
        return fact

    def _tensor(self, run: Run, node: cst.CSTNode, fact: Fact, found: Fact, seen: Seen) -> Fact:
        if type(found) is Fact:
            key = ("evidence", id(node))
            tensor = run.tensors.get(key)
            if tensor is None:
                tensor = run.tensors[key] = Tensor(seen.rank, None, seen.dtype, Open())
            return tensor
        if isinstance(found, Var) or (isinstance(found, Tensor) and found.rank is None):
            bound = run.as_tensor(found, seen.rank)
            if bound is not None and bound.dtype is None:
                bound.dtype = seen.dtype
        return fact

    def layout(self, module: ModuleInfo, node: cst.CSTNode) -> Pair | None:
        """The layout that a tensor should have by what was seen; None where that says nothing."""
        seen = self.of(module, node)
        if seen is None or seen.kind != "tensor" or seen.image is None:
            return None
        return IMAGE if seen.image else PLAIN
