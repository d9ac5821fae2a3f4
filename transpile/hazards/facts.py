"""INF: places where the facts ran out."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scan import Scene, check
from transpile.infer.facts import UNKNOWN, Var

LEFT = risk(
    "INF001",
    Severity.WARNING,
    "a tensor method is called on something of which nothing is known",
    """
A method is rewritten only where its receiver is known to be a tensor, or can be nothing else. Here the receiver
comes from where the translator cannot look (another library, a container of mixed things, reflection), so the call
stays as torch spells it, and fails if the receiver is a tensor.

Annotate the value, or the function that it comes from.
""",
    before="""
    class Head(nn.Module):
        def forward(self, x, settings: dict):
            scale = globals()["scales"].unsqueeze(0)
            return F.relu(x) * scale
    """,
    after="""
    class Head(nn.Module):
        def forward(self, x, settings: dict):
            scales: torch.Tensor = globals()["scales"]
            return F.relu(x) * scales.unsqueeze(0)
    """,
)
HELP = "Annotate the receiver: `name: torch.Tensor = …`."
# Methods that, called inside a forward, no other type has.
TENSOR_ONLY = frozenset(
    """view permute unsqueeze contiguous softmax log_softmax sigmoid relu matmul bmm masked_fill masked_fill_
    expand_as repeat_interleave type_as view_as reshape_as index_select masked_select unsqueeze_ squeeze_ flatten
    squeeze numel baddbmm addmm logsumexp clamp clamp_ argmax cumsum""".split()
)


@check(cst.Call)
def left(scene: Scene, node: cst.Call) -> None:
    """something.unsqueeze(0)"""
    if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in TENSOR_ONLY:
        return
    plan = scene.context.plan(node)
    receiver = scene.run.fact(node.func.value)
    if (plan is None or plan.op == "unknown_call") and (receiver is UNKNOWN or isinstance(receiver, Var)):
        name = node.func.attr.value
        scene.say(LEFT, node, f"nothing is known of the receiver of .{name}(); the call stays as it is", HELP)
