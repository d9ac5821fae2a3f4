"""LAY001: views that split, merge or mix the channels of an image, with what was made of them."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import Tensor
from transpile.infer.layout import IMAGE

SHUFFLED = risk(
    "LAY001",
    Severity.INFO,
    "a view works on the channels of an image",
    """
In channels_last the channels stand last, so that a view which splits or merges them (a channel shuffle, groups, heads)
is written in another order of axes, and one which mixes them with height and width goes back to torch's order first.
Both are exact; what was made of the view is shown because hand-written ports get it wrong so often.
""",
    before="""
    class Shuffle(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 8, 1)

        def forward(self, x):
            x = self.conv(x)
            b, c, h, w = x.shape
            return x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)
    """,
    after="""
    class Same(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 8, 1)

        def forward(self, x):
            return self.conv(x)
    """,
)


@check(cst.Call)
def viewed(scene: Scene, node: cst.Call) -> None:
    """x.view(b, groups, c // groups, h, w)"""
    plan = scene.context.plan(node)
    run = scene.run
    if not run.channels_last or plan is None or plan.rule is None or "sizes" not in plan.data:
        return
    if not isinstance(node.func, cst.Attribute):
        return
    operand, result = run.fact(node.func.value), run.fact(node)
    if not isinstance(operand, Tensor) or not isinstance(result, Tensor):
        return
    name = text(node.func.value)
    if plan.data.get("to_plain"):
        scene.say(
            SHUFFLED, node, f"channels and space of `{name}` are mixed: it goes back to torch's order first"
        )
        return
    layout = run.layout(result)
    if run.layout(operand) == IMAGE and isinstance(layout, tuple) and layout and layout[1] > 1:
        message = f"the channels of `{name}` are split where they stand, behind height and width"
        scene.say(SHUFFLED, node, message)
