"""STA002: Python's control flow on the values of tensors."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import Ref, Tensor
from transpile.infer.traced import is_value, leaves

VALUE = risk(
    "STA002",
    Severity.WARNING,
    "Python asks for the value of a tensor inside a layer's call",
    """
While a call is traced (tf.function, SavedModel, TFLite) tensors have no values yet. A function in which `if`,
`while`, `assert` or a conditional expression tests one is given to TensorFlow's AutoGraph, which makes the test an
operation of the graph; that needs arms that do nothing but bind names, since both are traced. int(tensor),
float(tensor) and .item() stay tensors. A function that is given no tensors, and lets Python decide by numbers that
it draws, runs while a graph is traced: what it has decided then holds in every run of the graph. range(tensor),
.tolist(), `0 < tensor < 1`, a loop over a tensor, and an arm that appends to a list or stores an attribute,
raise. In eager execution nothing is wrong.

Choose between values with torch.where, and let arms bind names.
""",
    before="""
    class Clipped(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            outputs = [x]
            if x.max() > 1:
                outputs.append(x / x.max())
            return outputs[-1]
    """,
    after="""
    class Clipped(nn.Module):
        def forward(self, x):
            x = F.relu(x)
            if x.max() > 1:
                x = x / x.max()
            return x
    """,
)
HELP = "Use torch.where here, or bind names only, or compute with tensors; eager calls are not concerned."
NO_VALUE = "asks for the value of a tensor, which a traced call does not have"
ONCE = "is taken once, while a graph is traced, and not in each of its runs"
READERS = frozenset({"torch.Tensor.item", "torch.Tensor.tolist", "torch.Tensor.numpy"})


@check(cst.If, cst.While, cst.IfExp, cst.Assert, cst.CompIf)
def decided(scene: Scene, node: cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf) -> None:
    """if x.max() > 1"""
    if scene.context.makes(node):
        return
    kind = {cst.While: "a loop", cst.Assert: "an assertion"}.get(type(node), "a branch")
    for leaf in leaves(node.test):
        if is_value(scene.run, leaf):
            message = f"{kind} on the value of a tensor, `{text(leaf)}`, cannot be traced in a layer's call"
            if id(node) in scene.context.untraced:
                message = f"{kind} on the value of a tensor, `{text(leaf)}`, {ONCE}"
            scene.say(VALUE, leaf, message, HELP)


@check(cst.Comparison)
def chained(scene: Scene, node: cst.Comparison) -> None:
    """0 < x.mean() < 1: Python asks for the truth of all but the last"""
    if len(node.comparisons) < 2:
        return
    asked = [node.left, *(target.comparator for target in node.comparisons[:-1])]
    tensors = [scene.run.fact(side) for side in asked]
    if any(isinstance(tensor, Tensor) and tensor.rank in (0, None) for tensor in tensors):
        message = f"the chained comparison `{text(node)}` {NO_VALUE}"
        scene.say(
            VALUE, node, message, "Write two comparisons, joined by `and`; eager calls are not concerned."
        )


@check(cst.Call)
def read(scene: Scene, node: cst.Call) -> None:
    """range(tensor), bool(tensor), tensor.tolist()"""
    plan = scene.context.plan(node)
    if id(node) in scene.context.untraced:
        scene.say(VALUE, node, f"`{text(node)}` {ONCE}", HELP)
        return
    if id(node) in scene.context.open_sizes:
        return  # the output keeps a tensor
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
