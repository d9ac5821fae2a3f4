"""STA006: numbers drawn anew in every call, in evaluation too."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.evaluation import in_evaluation, runs_in_evaluation
from transpile.hazards.scene import Scene, check
from transpile.infer.facts import Python
from transpile.infer.open_sizes import ITEM
from transpile.source.walk import descendants

ALWAYS = risk(
    "STA006",
    Severity.WARNING,
    "random numbers are drawn in evaluation too",
    """
What a `forward` draws outside training, it draws anew in every call: noise, a random time step or mask, and
`F.dropout(x, p)`, whose `training` is True unless it is given. TensorFlow draws other random numbers than torch from
the same seed, so that the results of the two cannot be compared, and they change from call to call.

Draw in training alone (`if self.training:`, `training=self.training`), or let callers hand the numbers over. Where the
model is meant to be random, compare what it computes of given numbers.
""",
    before="""
    class Prenet(nn.Module):
        def forward(self, x):
            return F.dropout(F.relu(x), 0.5)
    """,
    after="""
    class Prenet(nn.Module):
        def forward(self, x):
            if self.training:
                x = x + torch.randn_like(x)
            return F.dropout(F.relu(x), 0.5, self.training)
    """,
)
DROPOUT_HELP = "Pass training=self.training if evaluation should not be random."
DRAW_HELP = "Draw in training alone, or let the caller hand the numbers over."
DRAWS = frozenset(
    {
        "torch.rand", "torch.randn", "torch.rand_like", "torch.randn_like", "torch.randint", "torch.randint_like",
        "torch.randperm", "torch.normal", "torch.bernoulli", "torch.multinomial", "torch.poisson",
        "torch.nn.functional.gumbel_softmax", "torch.Tensor.normal_", "torch.Tensor.uniform_",
        "torch.Tensor.bernoulli_", "torch.Tensor.exponential_", "torch.Tensor.random_",
    }
)  # fmt: skip


@check(cst.IndentedBlock)
def drawn(scene: Scene, node: cst.IndentedBlock) -> None:
    """torch.randn_like(x), F.dropout(x, 0.5), F.dropout(x, training=True)"""
    if node is not scene.info.node.body or not any(_draws(scene, n) for n in descendants(node)):
        return
    if not runs_in_evaluation(scene.run, scene.info):
        return
    decided: set[int] = set()  # what Python reads as a number (STA002)
    for inner in in_evaluation(node):
        decided.update(map(id, _read(scene, inner)))
        name = _draws(scene, inner)
        if name is None:
            continue
        if name in DRAWS and id(inner) not in decided:
            scene.say(
                ALWAYS,
                inner,
                f"{name} draws in evaluation too, and TensorFlow draws other numbers",
                DRAW_HELP,
            )
        elif name not in DRAWS:
            plan = scene.context.plan(inner)
            given = plan.bound.get("training") if plan is not None else None
            value = scene.run.fact(given[0]) if isinstance(given, tuple) and given[0] is not None else None
            if given is None or value is None or (isinstance(value, Python) and value.value is True):
                message = f"{name} drops in evaluation too, and TensorFlow draws other numbers"
                scene.say(ALWAYS, inner, message, DROPOUT_HELP)


def _draws(scene: Scene, node: cst.CSTNode) -> str | None:
    """The name of what draws random numbers, or drops at random."""
    plan = scene.context.plan(node) if isinstance(node, cst.Call) else None
    if plan is None or plan.rule is None or plan.op != "rule":
        return None
    name = plan.rule.torch
    drops = name.startswith("torch.nn.functional.") and name.endswith("dropout")
    return name if drops or name in DRAWS else None


def _read(scene: Scene, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What stands in a test, and in what `.item()`, int() or float() take the value of."""
    if isinstance(node, (cst.If, cst.IfExp, cst.While, cst.Assert)):
        yield from descendants(node.test)
    elif isinstance(node, cst.Call):
        plan = scene.context.plan(node)
        if plan is not None and (
            plan.op == "python_scalar" or (plan.rule is not None and plan.rule.torch == ITEM)
        ):
            yield from descendants(node)
