"""STA002: Python's control flow on the values of tensors."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.conditions import leaves
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import Ref, Tensor

VALUE = risk(
    "STA002",
    Severity.WARNING,
    "Python asks for the value of a tensor inside a layer's call",
    """
While a call is traced (tf.function, SavedModel, TFLite) tensors have no values yet. AutoGraph turns `if` and
`while` on tensors into graph operations in a function, but it does not reach into the call of a Keras layer:
there `if tensor`, `while tensor`, `assert tensor`, int(tensor), .item() and a loop over a tensor raise. In eager
execution nothing is wrong.

Choose between values with tf.where, between computations with tf.cond, and repeat with tf.while_loop.
""",
    before="""
    class Clipped(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            if x.max() > 1:
                x = x / x.max()
            return x
    """,
    after="""
    class Clipped(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            return torch.where(x.max() > 1, x / x.max(), x)
    """,
)
HELP = "Use torch.where here, or tf.where, tf.cond or tf.while_loop in the output; eager calls are not concerned."
NO_VALUE = "asks for the value of a tensor, which a traced call does not have"
READERS = frozenset({"torch.Tensor.item", "torch.Tensor.tolist", "torch.Tensor.numpy"})


def is_value(scene: Scene, node: cst.BaseExpression) -> bool:
    """Whether a condition surely is one number in a tensor.

    torch refuses the truth of more than one element: what is known to have some, or may be a list or None (a
    bare name of unknown rank), is not meant as a tensor here.
    """
    tensor = scene.run.fact(node)
    if not isinstance(tensor, Tensor):
        return False
    if tensor.rank is None:
        sides = (
            [node.left, *(c.comparator for c in node.comparisons)]
            if isinstance(node, cst.Comparison)
            else [node]
        )
        return any(
            isinstance(side, (cst.Call, cst.BinaryOperation)) and isinstance(scene.run.fact(side), Tensor)
            for side in sides
        )
    ones = tensor.dims is not None and all(dim is not None and dim.value == 1 for dim in tensor.dims)
    return tensor.rank == 0 or ones


@check(cst.If, cst.While, cst.IfExp, cst.Assert, cst.CompIf)
def decided(scene: Scene, node: cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf) -> None:
    """if x.max() > 1"""
    kind = {cst.While: "a loop", cst.Assert: "an assertion"}.get(type(node), "a branch")
    for leaf in leaves(node.test):
        if is_value(scene, leaf):
            message = f"{kind} on the value of a tensor, `{text(leaf)}`, cannot be traced in a layer's call"
            scene.say(VALUE, leaf, message, HELP)


@check(cst.Call)
def read(scene: Scene, node: cst.Call) -> None:
    """range(tensor), int(tensor), tensor.item()"""
    plan = scene.context.plan(node)
    if plan is not None and plan.op == "python_scalar" and node.args:
        called = text(node.func)
        if called != "str":
            scene.say(VALUE, node, f"{called}() {NO_VALUE}", HELP)
    elif (
        plan is not None
        and plan.op == "rule"
        and plan.rule.torch in READERS
        and isinstance(node.func, cst.Attribute)
    ):
        name = node.func.attr.value
        scene.say(VALUE, node, f".{name}() {NO_VALUE}", HELP)
    elif isinstance(node.func, cst.Name) and node.func.value == "range":
        callee = scene.run.facts.get(id(node.func))
        if isinstance(callee, Ref) and any(
            isinstance(scene.run.fact(arg.value), Tensor) for arg in node.args
        ):
            scene.say(VALUE, node, f"range() {NO_VALUE}", HELP)


@check(cst.For, cst.CompFor)
def iterated(scene: Scene, node: cst.For | cst.CompFor) -> None:
    """for row in x, where nothing says how many rows there are"""
    tensor = scene.run.fact(node.iter)
    if not isinstance(tensor, Tensor) or tensor.rank is None:
        return
    count = tensor.dim(0)
    if count is None or count.value is None:
        message = f"a loop over the tensor `{text(node.iter)}` cannot be traced in a layer's call"
        scene.say(VALUE, node.iter, message, HELP)
