"""One walk over the functions that run inside a layer's call: checks registered by node type look at the facts.

A check is told of a node of its types and remarks what it sees:

    @check(cst.While)
    def loops(scene: Scene, node: cst.While) -> None: ...

Functions that nothing reaches from a `forward` are left out: a training loop runs in Python, where sizes are
numbers and tensors have values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from transpile.hazards.flow import Flow
from transpile.infer.definitions import FunctionInfo
from transpile.infer.run import Run
from transpile.rewrite.context import Context
from transpile.source.walk import children

__all__ = ["Remark", "Scene", "check", "reached", "scan"]

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
    for info in reached(context.run):
        scene = Scene(context, info, Flow(context.run, origins))
        if isinstance(info.node, cst.FunctionDef):
            _visit(scene, info.node.body)
        remarks += scene.remarks
    return remarks


def reached(run: Run) -> list[FunctionInfo]:
    """The forwards of modules and what they call, themselves or through others; constructors excepted."""
    found: dict[int, FunctionInfo] = {}
    todo = [
        f
        for f in run.module.functions
        if f.name in ("forward", "__call__") and f.owner is not None and f.owner.is_module
    ]
    if not todo:
        return []
    callees: dict[int, list[FunctionInfo]] = {}
    for info in run.module.functions:
        for caller in info.dependents:
            callees.setdefault(id(caller), []).append(info)
    while todo:
        info = todo.pop()
        if id(info) not in found and info.name != "__init__":
            found[id(info)] = info
            todo += callees.get(id(info), ())
    return [info for info in run.module.functions if id(info) in found]


def _visit(scene: Scene, node: Any) -> None:
    kind = type(node)
    if kind is cst.FunctionDef or kind is cst.ClassDef or kind is cst.Lambda:
        return
    for function in CHECKS.get(kind, ()):
        function(scene, node)
    if kind is cst.For or kind is cst.CompFor:
        scene.flow.forget(node.target)
    for child in children(node):
        _visit(scene, child)
    if kind is cst.Assign or kind is cst.AugAssign or kind is cst.AnnAssign or kind is cst.NamedExpr:
        scene.flow.assign(node)
