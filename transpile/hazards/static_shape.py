"""SHP: sizes that are None under an open signature, where Python needs a number."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import Ref, Sequence, Tensor
from transpile.infer.open_sizes import MADE_FOR_SIZES
from transpile.infer.traced import leaves

OPEN = risk(
    "SHP001",
    Severity.WARNING,
    "a size that may be unknown is used where Python needs a number",
    """
Under tf.function with an open signature, in a SavedModel and in TFLite, the batch, the length, the height and the
width of an input are None while the call is traced, and the translation's sizes are scalar tensors. Tensor code
takes them (reshape, slices, torch.arange), what is asserted of them, int(), float(), max() and rounding are computed
with tensors too, and so are tests that choose what a name is bound to; the rest of Python does not: range(), a list
times a size, the arguments of a layer, and a branch that appends to a list raise. Called with inputs of known sizes,
nothing is wrong.

Compute with tensors instead, take the size from the configuration, or trace with a fixed signature.
""",
    before="""
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)

        def forward(self, x):
            x = self.conv(x)
            height = x.shape[2]
            return [x[:, :, i] for i in range(height)]
    """,
    after="""
    class Rows(nn.Module):
        def __init__(self, height):
            super().__init__()
            self.height = height
            self.conv = nn.Conv2d(3, 8, 3, padding=1)

        def forward(self, x):
            x = self.conv(x)
            return [x[:, :, i] for i in range(self.height)]
    """,
)
HELP = "Trace with a fixed signature, take the size from the configuration, or compute with tensors."
NUMBERS = frozenset({"range", "bool", "divmod", "pow"})
# What a function that works in windows or classes needs as a number.
STATIC_PARAMETERS = ("kernel_size", "stride", "num_classes", "groups")


def _say(scene: Scene, node: cst.CSTNode, size: cst.CSTNode, where: str) -> None:
    scene.say(
        OPEN, node, f"`{text(size)}` may be unknown while the call is traced; {where} needs a number", HELP
    )


@check(cst.Call)
def numbers(scene: Scene, node: cst.Call) -> None:
    """range(h), int(h / 2), math.ceil(h), max(h, w); a layer made, or a window given, with such a size."""
    plan = scene.context.plan(node)
    if plan is None or plan.op in ("unknown_call", "python_scalar"):
        callee = scene.run.facts.get(id(node.func))
        if isinstance(callee, Ref):
            name = callee.name.removeprefix("builtins.")
            unlike = callee.name.startswith("math.") and callee.name not in MADE_FOR_SIZES | {"math.prod"}
            if name in NUMBERS or unlike:
                for arg in node.args:
                    if scene.flow.is_open(arg.value):
                        _say(scene, node, arg.value, f"{name}()")
                        return
    elif plan.op in ("layer", "own_class"):
        for arg in node.args:
            if scene.flow.is_open(arg.value):
                _say(scene, node, arg.value, "a layer's constructor")
                return
    elif plan.op == "rule":
        for name in STATIC_PARAMETERS:
            bound = plan.bound.get(name)
            value = bound[0] if isinstance(bound, tuple) else None
            if value is not None and (scene.flow.is_open(value) or scene.flow.shape_is_open(value)):
                _say(scene, node, value, f"{name} of {plan.rule.torch}")
                return


@check(cst.BinaryOperation)
def repeated(scene: Scene, node: cst.BinaryOperation) -> None:
    """[0] * h"""
    if not isinstance(node.operator, cst.Multiply):
        return
    for container, size in ((node.left, node.right), (node.right, node.left)):
        listed = isinstance(container, (cst.List, cst.Tuple)) or isinstance(
            scene.run.fact(container), Sequence
        )
        if listed and scene.flow.is_open(size):
            _say(scene, node, size, "the length of a list")


@check(cst.If, cst.While, cst.IfExp, cst.Assert, cst.CompIf)
def decided(scene: Scene, node: cst.If | cst.While | cst.IfExp | cst.Assert | cst.CompIf) -> None:
    """if h != w, while n > 1, assert h == w or n, but not a comparison of two whole shapes."""
    if id(node) in scene.context.open_sizes or scene.context.makes(node):
        return  # the output checks it with tensors
    for leaf in leaves(node.test):
        if isinstance(scene.run.fact(leaf), Tensor):
            continue
        if isinstance(leaf, cst.Comparison):
            if any(isinstance(c.operator, (cst.Is, cst.IsNot, cst.In, cst.NotIn)) for c in leaf.comparisons):
                continue
            for side in (leaf.left, *(c.comparator for c in leaf.comparisons)):
                if scene.flow.is_open(side):
                    _say(scene, leaf, side, "a condition")
                    break
        elif scene.flow.is_open(leaf):
            _say(scene, leaf, leaf, "a condition")
