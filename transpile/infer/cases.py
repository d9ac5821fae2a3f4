"""Ranks that depend on a condition: what a name is where the same question is asked again.

    if not self.use_conv:
        w = w.view(x.size(0), -1)
    w = self.conv(w) if self.use_conv else self.fc(w)

After the first statement `w` has four axes or two. The second asks what the first has asked, so each of its arms
knows which. A question is one of names and attributes that the body does not assign; that a method called in between
assigns one is not seen: what is then taken for another rank than it has fails when it runs.
"""

from __future__ import annotations

import libcst as cst

from transpile.infer.definitions import Env, FunctionInfo
from transpile.infer.facts import Fact, Tensor, Var, resolve
from transpile.infer.layout import normalize
from transpile.infer.run import Run
from transpile.source.walk import descendants

__all__ = ["keep_cases", "narrow_by_case", "tell_apart"]

_STABLE = (
    cst.Name, cst.Attribute, cst.Integer, cst.SimpleString, cst.Comparison, cst.ComparisonTarget,
    cst.BooleanOperation, cst.UnaryOperation, cst.BaseCompOp, cst.BaseBooleanOp, cst.BaseUnaryOp,
    cst.LeftParen, cst.RightParen, cst.Dot, cst.BaseParenthesizableWhitespace, cst.Newline, cst.TrailingWhitespace,
)  # fmt: skip
_CODE = cst.Module([])


def _question(function: FunctionInfo | None, test: cst.BaseExpression) -> tuple[str, bool] | None:
    """A test without its `not`s, and whether it holds where the test does; None if its answer may change."""
    if function is None:
        return None
    holds = True
    while isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test, holds = test.expression, not holds
    nodes = list(descendants(test))
    if not all(isinstance(node, _STABLE) for node in (test, *nodes)):
        return None
    names = {node.value for node in (test, *nodes) if isinstance(node, cst.Name)}
    own = function.parameters[0].name if function.owner is not None and function.parameters else ""
    if (names - {own}) & function.rebound or not names:
        return None
    return _CODE.code_for_node(test.with_changes(lpar=[], rpar=[])), holds


def tell_apart(run: Run, test: cst.BaseExpression, joined: Fact, then: Fact, otherwise: Fact) -> None:
    """Note on what comes of two arms the ranks that it has after each."""
    joined, then, otherwise = resolve(joined), resolve(then), resolve(otherwise)
    if not (isinstance(joined, Tensor) and isinstance(then, Tensor) and isinstance(otherwise, Tensor)):
        return
    if joined.rank is not None or joined is then or joined is otherwise or then.rank == otherwise.rank:
        return
    question = _question(run.function, test)
    if question is None or then.rank is None or otherwise.rank is None:
        return
    asked, holds = question
    joined.cases = {asked: (then.rank, otherwise.rank) if holds else (otherwise.rank, then.rank)}


def keep_cases(run: Run, test: cst.BaseExpression, merged: Env, then: Env, otherwise: Env) -> None:
    """The same for all names of a scope."""
    for name, fact in merged.items():
        if name in then and name in otherwise and then[name] is not otherwise[name]:
            tell_apart(run, test, fact, then[name], otherwise[name])


def narrow_by_case(run: Run, test: cst.BaseExpression, holds: bool) -> None:
    """Let the names of the scope be what they are where the test holds, or does not."""
    question: tuple[str, bool] | None = None
    for name, fact in run.env.items():  # whose keys stay the same
        if type(fact) is not Tensor and type(fact) is not Var:
            continue
        tensor = resolve(fact)
        if type(tensor) is not Tensor or tensor.rank is not None:
            continue
        cases = tensor.cases or (tensor.like.cases if tensor.like is not None else None)
        layout = run.layout(tensor)
        if not cases or not isinstance(layout, tuple):
            continue
        question = question or _question(run.function, test)
        if question is None:
            return
        ranks = cases.get(question[0])
        if ranks is not None:
            rank = ranks[0 if question[1] == holds else 1]
            run.env[name] = Tensor(rank, None, tensor.dtype, normalize(layout, rank))
