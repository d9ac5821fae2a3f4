"""The rewriting of one module, from facts to a new tree."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from transpile.emit import known, section
from transpile.infer.run import Run
from transpile.rewrite import references, shapes
from transpile.rewrite.comments import INNER
from transpile.rewrite.context import Context
from transpile.rewrite.deferral import used
from transpile.rewrite.imports import finish
from transpile.rewrite.modules import needs_module
from transpile.rewrite.support_names import settled
from transpile.rewrite.transformer import Transformer
from transpile.source.walk import walk

__all__ = ["Preparing", "begin", "rewrite"]


def begin(run: Run, text: str, *, data_format: str) -> Context:
    """What a pass over the module of `run` starts with."""
    context = Context(run, data_format=data_format, bound_names=run.bound)
    context.module_based = needs_module(run)
    context.inner_comments = INNER.search(text) is not None
    return context


def rewrite(
    run: Run, tree: cst.Module, text: str, *, data_format: str, support_module: str | None,
    supports: Iterable[str] = (),
) -> tuple[Context, cst.Module]:  # fmt: skip
    """Rewrite the tree by the plans in `run`; `supports` are definitions that the text itself already uses."""
    context = begin(run, text, data_format=data_format)
    context.supports = {name: name for name in supports}
    output = walk(tree, Preparing(context))
    assert isinstance(output, cst.Module)
    output, context.supports = settled(output, context.supports, used, context.bound_names)
    context.free_names = context.run.imported - used(output, context.run.imported)
    missing = [name for name in context.supports if not known(name)]
    for name in missing:
        context.supports.pop(name)
    context.unsupported = missing

    def support() -> str:
        if not context.supports:
            return ""
        if support_module is not None:
            names = ", ".join(f"{k} as {v}" if k != v else k for k, v in sorted(context.supports.items()))
            return f"from {support_module} import {names}\n"
        have = {MODULE_LINE[name] for name in context.uses if name in MODULE_LINE}
        return section(context.supports, data_format, have)

    return context, finish(context, output, support)


MODULE_LINE = {"tf": "import tensorflow as tf", "np": "import numpy as np", "math": "import math"}


class Preparing(Transformer):
    """The pass, with the constructs that must know their children before these are rewritten."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        shapes.prepare(self.context, node)
        references.prepare(self.context, node)
        return super().on_visit(node)
