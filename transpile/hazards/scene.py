"""One walk over the functions that run inside a layer's call: checks registered by node type look at the facts.

A check is told of a node of its types and remarks what it sees:

    @check(cst.While)
    def loops(scene: Scene, node: cst.While) -> None: ...

Functions that nothing reaches from a `forward` are left out: a training loop runs in Python, where sizes are
numbers and tensors have values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import libcst as cst

from transpile.infer.definitions import FunctionInfo
from transpile.infer.open_sizes import Flow, reached, visit
from transpile.rewrite.context import Context

__all__ = ["Remark", "Scene", "check", "scan", "text"]

Remark = tuple[str, cst.CSTNode, str, str]
Check = Callable[["Scene", Any], None]
CHECKS: dict[type, list[Check]] = {}


def check(*types: type[cst.CSTNode]) -> Callable[[Check], Check]:
    """Register a check of every node of these types inside a function under scan."""

    def register(function: Check) -> Check:
        for type_ in types:
            CHECKS.setdefault(type_, []).append(function)
        return function

    return register


class Scene:
    """The function under scan: its facts, and which of its names are sizes that may be unknown."""

    def __init__(self, context: Context, info: FunctionInfo, flow: Flow) -> None:
        self.context = context
        self.run = context.run
        self.info = info
        self.flow = flow
        self.remarks: list[Remark] = []

    def say(self, code: str, node: cst.CSTNode, message: str, help_: str = "") -> None:
        self.remarks.append((code, node, message, help_))


def scan(context: Context) -> list[Remark]:
    """The remarks of all checks, function by function."""
    remarks: list[Remark] = []
    origins: dict[str, bool] = {}
    # those that are given sizes come last: where these are from is learnt in their callers
    for info in sorted(reached(context.run), key=lambda info: bool(info.sizes)):
        scene = Scene(context, info, Flow(context.run, origins, info))
        if isinstance(info.node, cst.FunctionDef):
            visit(scene.flow, info.node.body, partial(_told, scene))
        remarks += scene.remarks
    return remarks


def text(node: cst.CSTNode) -> str:
    """An expression as it is written, on one line and not too long."""
    code = " ".join(cst.Module([]).code_for_node(node).split())
    return code if len(code) <= 60 else code[:57] + "..."


def _told(scene: Scene, node: cst.CSTNode) -> None:
    for function in CHECKS.get(type(node), ()):
        function(scene, node)
