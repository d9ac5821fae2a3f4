"""Which tensors of a translated function are channels-last, for verify and for callers."""

from __future__ import annotations

from typing import Any

from transpile.infer.facts import Dict, Fact, Sequence, Tensor, Var, resolve
from transpile.infer.layout import IMAGE, Open
from transpile.infer.run import Run

__all__ = ["signatures"]

NAMES = {None: "N...C", 3: "NLC", 4: "NHWC", 5: "NDHWC"}


def signatures(run: Run) -> dict[str, dict[str, Any]]:
    """`{"Conv.call": {"x": "NHWC", "return": "NHWC"}}`; None for a tensor in torch's order or anything else."""
    result: dict[str, dict[str, Any]] = {}
    for info in run.module.functions:
        name = info.qualname
        if info.owner is not None and info.owner.is_module and info.name == "forward":
            name = name.removesuffix("forward") + "call"
        elif info.owner is not None and info.name.startswith("__"):
            continue
        entry = {p.name: described(run, info.facts.get(p.name, Fact())) for p in info.own_parameters}
        entry["return"] = described(run, info.returns)
        result[name] = entry
    return result


def described(run: Run, fact: Fact) -> Any:
    fact = resolve(fact)
    if isinstance(fact, Tensor):
        layout = run.layout(fact)
        if isinstance(layout, Open) and layout.brought == {IMAGE}:
            layout = IMAGE  # any would do, and all that is known to come is channels-last
        return NAMES.get(fact.rank) if layout == IMAGE else None
    if isinstance(fact, Sequence):
        if fact.items is not None:
            items = [described(run, item) for item in fact.items]
            return items if any(item is not None for item in items) else None
        element = described(run, fact.element)
        return [element] if element is not None else None
    if isinstance(fact, Var) and fact.element is not None:
        element = described(run, fact.element)
        return [element] if element is not None else None
    if isinstance(fact, Dict):
        value = described(run, fact.value)
        return {"*": value} if value is not None else None
    return None
