"""Ranks that the arms of one branch ask for: `if d == 3: F.conv3d(x, k)`, `elif d == 2: F.conv2d(x, k)`.

None of them says how many axes `x` has; inside each it has those that the arm asks for.
"""

from __future__ import annotations

import re

import libcst as cst

from transpile.infer.expressions import evaluate
from transpile.infer.facts import Ref, Tensor, Var, resolve
from transpile.infer.run import Run
from transpile.source.walk import descendants

__all__ = ["narrow_by_arm", "tell_arms_apart"]

_COUNTED = re.compile(r"(conv|pool|conv_transpose)([123])d$")


def tell_arms_apart(run: Run, node: cst.If) -> None:
    """Note the rank that each arm of an if … elif … asks of a name, where they ask for different ones."""
    if id(node.body) in run.arm_ranks:
        return
    arms: list[cst.BaseSuite] = []
    part: cst.If | cst.Else | None = node
    while part is not None:
        arms.append(part.body)
        part = part.orelse if isinstance(part, cst.If) else None
    asked = [_asked(run, arm) for arm in arms]
    for arm, ranks in zip(arms, asked, strict=True):
        run.arm_ranks[id(arm)] = {
            name: rank
            for name, rank in ranks.items()
            if any(other.get(name, rank) != rank for other in asked)
        }


def _asked(run: Run, arm: cst.BaseSuite) -> dict[str, int]:
    """The rank that an arm asks of each name that its convolutions and pools are given; none where it asks for two."""
    found: dict[str, set[int]] = {}
    for node in descendants(arm):
        if not isinstance(node, cst.Call) or not node.args or not isinstance(node.args[0].value, cst.Name):
            continue
        callee = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        counted = _COUNTED.search(callee.value) if isinstance(callee, cst.Name) else None
        fact = resolve(evaluate(run, node.func)) if counted is not None else None
        if counted is not None and type(fact) is Ref and fact.name.startswith("torch."):
            found.setdefault(node.args[0].value.value, set()).add(int(counted[2]) + 2)
    return {name: ranks.pop() for name, ranks in found.items() if len(ranks) == 1}


def narrow_by_arm(run: Run, arm: cst.BaseSuite) -> None:
    """Let the names that the arms ask different ranks of have, in this one, the rank that it asks for."""
    for name, rank in run.arm_ranks.get(id(arm), {}).items():
        fact = run.env.find(name)
        known = resolve(fact) if fact is not None else None
        if isinstance(known, Var):
            known = run.as_tensor(known)
        if isinstance(known, Tensor) and known.rank != rank:
            run.env[name] = Tensor(rank, None, known.dtype, known.layout)
