"""The rewriting of one module, from facts to a new tree."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from transpile.emit import known, section
from transpile.infer.run import Run
from transpile.rewrite import comparisons, control_flow, kept_tensors, references, shapes, untraced
from transpile.rewrite.arms import bound_by_arms
from transpile.rewrite.comments import INNER
from transpile.rewrite.context import Context
from transpile.rewrite.deferral import used
from transpile.rewrite.imports import finish
from transpile.rewrite.modules import needs_module
from transpile.rewrite.open_sizes import asked_of_sizes
from transpile.rewrite.support_names import settled
from transpile.rewrite.transformer import Transformer
from transpile.source.walk import walk

__all__ = ["Preparing", "begin", "rewrite"]


def begin(run: Run) -> Context:
    """What a pass over the module that `run` is at starts with."""
    data_format = "channels_last" if run.channels_last else "channels_first"
    context = Context(run, data_format=data_format, bound_names=run.bound)
    if run.module_based is None:
        run.module_based = needs_module(run)
    context.module_based = run.module_based
    context.open_sizes = asked_of_sizes(context)
    kept_tensors.prepare(context)
    control_flow.prepare(context)
    untraced.prepare(context)
    context.inner_comments = INNER.search(run.module.text) is not None
    return context


def rewrite(
    run: Run, *, support_module: str | None, supports: Iterable[str] = ()
) -> tuple[Context, cst.Module]:
    """Rewrite the module that `run` is at; `supports` are definitions that its text already uses."""
    context = begin(run)
    context.supports = {name: name for name in supports}
    output = walk(run.module.tree, Preparing(context))
    assert isinstance(output, cst.Module)
    output = bound_by_arms(context, output)
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
        return section(context.supports, context.data_format, have)

    return context, finish(context, output, support)


MODULE_LINE = {"tf": "import tensorflow as tf", "np": "import numpy as np", "math": "import math"}


class Preparing(Transformer):
    """The pass, with the constructs that must know their children before these are rewritten."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        shapes.prepare(self.context, node)
        references.prepare(self.context, node)
        comparisons.prepare(self.context, node)
        return super().on_visit(node)
