"""Functions that return a Sequential for whoever imports them: nothing in the project calls it, and what its members
are given is told by the members alone, as in a forward without callers."""

from __future__ import annotations

from transpile.infer.facts import Layer, resolve
from transpile.infer.layers import call_layer
from transpile.infer.run import Run

__all__ = ["call_returned"]


def call_returned(run: Run) -> None:
    """Call once in each round what such functions return."""
    for function in run.all_functions():
        layer = resolve(function.returns)
        if function.owner is not None or function.dependents or "." in function.qualname:
            continue
        if isinstance(layer, Layer) and layer.name == "torch.nn.Sequential" and layer.members is not None:
            saved = run.module, run.function
            run.module, run.function = function.module, function
            run.calling, run.unwritten = id(function.node), 0
            given = run.var(("given to what is returned", id(function.node)), "x", tensorlike=True)
            call_layer(run, None, layer, [(None, given)], {}, False)
            run.module, run.function = saved
