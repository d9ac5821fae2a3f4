"""STA006: numbers drawn anew in every call, in evaluation too."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check
from transpile.infer.facts import Python

ALWAYS = risk(
    "STA006",
    Severity.WARNING,
    "dropout is always on",
    """
`F.dropout(x, p)` drops in evaluation too: its `training` is True unless it is given. TensorFlow draws other random
numbers than torch, so that the results of the two cannot be compared, and they change from call to call. Where that is
not meant, pass `training=self.training`.
""",
    before="""
    class Prenet(nn.Module):
        def forward(self, x):
            return F.dropout(F.relu(x), 0.5)
    """,
    after="""
    class Prenet(nn.Module):
        def forward(self, x):
            return F.dropout(F.relu(x), 0.5, self.training)
    """,
)
HELP = "Pass training=self.training if evaluation should not be random."


@check(cst.Call)
def dropped(scene: Scene, node: cst.Call) -> None:
    """F.dropout(x, 0.5), F.dropout(x, training=True)"""
    plan = scene.context.plan(node)
    if plan is None or plan.op != "rule":
        return
    name = plan.rule.torch
    if not name.startswith("torch.nn.functional.") or not name.endswith("dropout"):
        return
    given = plan.bound.get("training")
    value = scene.run.fact(given[0]) if isinstance(given, tuple) and given[0] is not None else None
    if given is None or value is None or (isinstance(value, Python) and value.value is True):
        scene.say(ALWAYS, node, f"{name} drops in evaluation too, and TensorFlow draws other numbers", HELP)
