"""Ranks that the arms of one branch ask for: `if d == 3: F.conv3d(x, k)`, `elif d == 2: F.conv2d(x, k)`.

None of them says how many axes `x` has; inside each it has those that the arm asks for. Where one takes a map apart,
`b, c, h, w = x.shape`, and another a sequence, `b, n, c = x.shape`, callers hand over either, each in its own order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from transpile.infer.expressions import evaluate
from transpile.infer.facts import Ref, Tensor, Var, resolve
from transpile.infer.layout import BY_RANK, Open, normalize
from transpile.infer.run import Run
from transpile.source.walk import descendants

__all__ = ["narrow_by_arm", "tell_arms_apart"]

_TARGETED = frozenset({cst.AssignTarget, cst.AugAssign, cst.For, cst.NamedExpr})
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
    apart = [_taken_apart(arm) for arm in arms]
    asked = [_asked(run, arm, taken) for arm, taken in zip(arms, apart, strict=True)]
    for arm, ranks in zip(arms, asked, strict=True):
        run.arm_ranks[id(arm)] = {
            name: rank
            for name, rank in ranks.items()
            if any(other.get(name, rank) != rank for other in asked)
        }
    names = {name for ranks in apart for name in ranks if {r.get(name) for r in apart} - {None} == {3, 4}}
    for arm in arms:
        run.maps_or_sequences[id(arm)] = names


def _asked(run: Run, arm: cst.BaseSuite, apart: dict[str, int]) -> dict[str, int]:
    """The rank that an arm asks of each name that its convolutions and pools are given; none where it asks for two."""
    found: dict[str, set[int]] = {}
    for node in descendants(arm):
        if type(node) is not cst.Call or not node.args or not isinstance(node.args[0].value, cst.Name):
            continue
        callee = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
        counted = _COUNTED.search(callee.value) if isinstance(callee, cst.Name) else None
        fact = resolve(evaluate(run, node.func)) if counted is not None else None
        if counted is not None and type(fact) is Ref and fact.name.startswith("torch."):
            found.setdefault(node.args[0].value.value, set()).add(int(counted[2]) + 2)
    for name, rank in apart.items():
        found.setdefault(name, set()).add(rank)
    return {name: ranks.pop() for name, ranks in found.items() if len(ranks) == 1}


def _taken_apart(arm: cst.BaseSuite) -> dict[str, int]:
    """The rank of each name whose sizes an arm takes apart before it gives the name another value."""
    found: dict[str, int] = {}
    bound: set[str] = set()
    for line, sizes in _sizes(arm):
        for name, count in sizes:
            if name not in bound:
                found.setdefault(name, count)
        bound |= {
            part.value
            for node in descendants(line)
            if type(node) in _TARGETED
            for part in descendants(node.target)
            if type(part) is cst.Name
        }
    return found


def _sizes(arm: cst.BaseSuite) -> Sequence[tuple[cst.CSTNode, list[tuple[str, int]]]]:
    """The lines of an arm as far as they take sizes apart, and of each the names and how many sizes."""
    lines = [(line, [taken for taken in map(_taken, _small(line)) if taken is not None]) for line in arm.body]
    while lines and not lines[-1][1]:
        lines.pop()
    return lines


def _small(line: cst.CSTNode) -> Sequence[cst.CSTNode]:
    return line.body if isinstance(line, cst.SimpleStatementLine) else ()


def _taken(statement: cst.CSTNode) -> tuple[str, int] | None:
    """`x` and 4 where this is `b, c, h, w = x.shape`."""
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return None
    name, target = _measured(statement.value), statement.targets[0].target
    if not name or not isinstance(target, cst.Tuple):
        return None
    if any(isinstance(element, cst.StarredElement) for element in target.elements):
        return None
    return name, len(target.elements)


def _measured(value: cst.BaseExpression) -> str:
    """`x` where this is `x.shape` or `x.size()`."""
    word = "shape"
    if isinstance(value, cst.Call) and not value.args:
        value, word = value.func, "size"
    if (
        not isinstance(value, cst.Attribute)
        or value.attr.value != word
        or not isinstance(value.value, cst.Name)
    ):
        return ""
    return value.value.value


def narrow_by_arm(run: Run, arm: cst.BaseSuite) -> None:
    """Let the names that the arms ask different ranks of have, in this one, the rank that it asks for."""
    for name, rank in run.arm_ranks.get(id(arm), {}).items():
        fact = run.env.find(name)
        known = resolve(fact) if fact is not None else None
        if isinstance(known, Var):
            known = run.as_tensor(known)
        if not isinstance(known, Tensor) or known.rank == rank:
            continue
        layout = run.layout(known)
        if isinstance(layout, Open) and name in run.maps_or_sequences.get(id(arm), ()):
            layout.settle(BY_RANK)
            run.learn("layout", arm)
            layout = BY_RANK
        inside = normalize(layout, rank) if isinstance(layout, tuple) else known.layout
        run.env[name] = Tensor(rank, None, known.dtype, inside)
