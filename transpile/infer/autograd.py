"""Subclasses of torch.autograd.Function: `apply` is forward, backward gets what forward returned and saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from transpile.infer.facts import UNKNOWN, Fact, Python, Sequence, Tensor, resolve
from transpile.infer.layout import Open

if TYPE_CHECKING:
    from transpile.infer.definitions import ClassInfo, FunctionInfo, Parameter
    from transpile.infer.run import Run

__all__ = ["gradients_like_inputs", "saved_for_backward", "takes_context", "told_by_forward"]


def takes_context(owner: ClassInfo, name: str) -> bool:
    """Whether a method's first parameter is the context; forward's is none beside a setup_context."""
    body = owner.node.body.body
    apart = any(isinstance(n, cst.FunctionDef) and n.name.value == "setup_context" for n in body)
    return name in ("backward", "setup_context", "vjp", "jvp") or (name == "forward" and not apart)


def told_by_forward(info: FunctionInfo) -> Iterator[tuple[Parameter, Fact]]:
    """The parameters of backward and setup_context with what forward's arguments and result say of them."""
    forward = info.owner.find_method("forward") if info.owner is not None else None
    if forward is None or forward is info or forward.state == "new":
        return
    forward.dependents.add(info)
    returned = resolve(forward.returns)
    if info.name == "backward":
        results = returned.items if isinstance(returned, Sequence) and returned.items else [returned]
        for parameter, result in zip(info.own_parameters, results, strict=False):
            if isinstance(resolve(result), Tensor):
                yield parameter, result
    elif info.name == "setup_context" and len(info.own_parameters) == 2:
        inputs = [forward.facts.get(p.name, UNKNOWN) for p in forward.own_parameters if not p.star]
        yield info.own_parameters[0], Sequence("tuple", inputs)
        yield info.own_parameters[1], returned


def gradients_like_inputs(run: Run, info: FunctionInfo) -> None:
    """What backward returns is stored as the inputs of forward are."""
    forward = info.owner.find_method("forward") if info.owner is not None else None
    if info.name != "backward" or forward is None:
        return
    inputs = [resolve(forward.facts.get(p.name, UNKNOWN)) for p in forward.own_parameters]
    for node, fact in run.returned:
        gradient = resolve(fact)
        if isinstance(node, cst.Tuple) and isinstance(gradient, Sequence) and gradient.items:
            parts = [
                (element.value, resolve(item))
                for element, item in zip(node.elements, gradient.items, strict=False)
            ]
        elif node is not None:
            parts = [(node, gradient)]
        else:
            continue
        for (part, result), given in zip(parts, inputs, strict=False):
            if isinstance(result, Tensor) and isinstance(given, Tensor) and given.rank is not None:
                layout = run.layout(given)
                if not isinstance(layout, Open):
                    run.want(part, result, layout)


def saved_for_backward(run: Run, node: cst.Call, info: ClassInfo, name: str) -> Fact | None:
    """ctx.save_for_backward(x, y): what ctx.saved_tensors holds."""
    from transpile.infer.arguments import arguments

    if name not in ("save_for_backward", "mark_dirty", "mark_non_differentiable", "set_materialize_grads"):
        return None
    positional, _, starred = arguments(run, node)
    if name == "save_for_backward":
        saved = Sequence("tuple", None if starred else [fact for _, fact in positional])
        for attribute in ("saved_tensors", "saved_variables"):
            run.store_attribute(info, attribute, id(node), saved)
    return Python("none")
