"""What inference decided for a place; the rewriter follows it and decides nothing itself."""

from __future__ import annotations

from typing import Any

__all__ = ["Plan"]


class Plan:
    """The decision for one call, attribute or subscript: the operation's name and what its rewriting needs."""

    __slots__ = ("op", "rule", "bound", "data")

    def __init__(self, op: str, rule: Any = None, bound: dict[str, Any] | None = None, **data: Any) -> None:
        self.op = op
        self.rule = rule
        self.bound = bound or {}
        self.data = data

    def __repr__(self) -> str:
        return f"Plan({self.op}, {getattr(self.rule, 'torch', None)}, {self.data})"
