"""STA001 and STA003: stores that are lost or come at the wrong time."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import UNKNOWN, Fact, Layer, Python, Self, Sequence, Tensor, Var, resolve

LOST = risk(
    "STA001",
    Severity.WARNING,
    "a store into a temporary view is lost",
    """
A view of a torch tensor shares its memory, so a store into the view changes the tensor. TensorFlow has no views:
the store is translated into a new tensor, and where that tensor has no name nobody sees it.

Store into the tensor itself.
""",
    before="""
    def clear(x):
        b, n, c = x.shape
        x.view(b, n * c).zero_()
        return x
    """,
    after="""
    def clear(x):
        b, n, c = x.shape
        x.zero_()
        return x
    """,
)
WRITTEN = risk(
    "STA003",
    Severity.WARNING,
    "a call writes state to its layer",
    """
What a call stores in an attribute is stored while it is traced, and not each time that the graph runs: a counter
stands still, and a tensor that was kept belongs to its graph and cannot be used outside of it, nor by the next
trace. Eager calls behave as in torch. Where the `if` around the store asks for the sizes of such a tensor, it is made
anew in each trace, and nothing else goes wrong. Buffers (register_buffer) and parameters are variables, and are not
concerned.

Return the value, register a buffer for it, or keep the layer eager.
""",
    before="""
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = 0

        def forward(self, x):
            self.seen += 1
            return F.relu(x)
    """,
    after="""
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, x):
            self.seen += 1
            return F.relu(x)
    """,
)
HELP = "Return the value, register a buffer for it, or run the layer eagerly."


def owner_of(scene: Scene, target: cst.CSTNode) -> str | None:
    """The attribute of self that a target stores into: "grid" for `self.grid`, `self.grid[i]`; None for others."""
    while isinstance(target, cst.Subscript):
        target = target.value
    if isinstance(target, cst.Attribute) and isinstance(scene.run.fact(target.value), Self):
        return target.attr.value
    return None


def is_variable(scene: Scene, name: str) -> bool:
    """Whether an attribute is, somewhere in the class or above, a parameter or a buffer."""
    if scene.info.owner is None:
        return False
    for info in scene.info.owner.ancestors():
        for fact in info.sites.get(name, {}).values():
            fact = resolve(fact)
            if isinstance(fact, Tensor) and fact.is_parameter:
                return True
    return False


def changes(scene: Scene, value: cst.BaseExpression | None, fact: Fact) -> str | None:
    """What is stored, if it can differ from call to call; None for constants and for what is only configuration."""
    fact = resolve(fact)
    if isinstance(fact, Tensor):
        return "a tensor"
    if isinstance(fact, Layer):
        return "a layer" if isinstance(value, cst.Call) else None
    if isinstance(fact, Sequence):
        return "tensors" if isinstance(resolve(fact.any()), Tensor) else None
    if isinstance(fact, Var) and fact.tensorlike:
        return "a tensor"
    if isinstance(fact, Python) and value is not None and scene.flow.is_open(value):
        return "a size"
    return None


@check(cst.Assign, cst.AugAssign)
def written(scene: Scene, node: cst.Assign | cst.AugAssign) -> None:
    """self.seen += 1, self.last = x, self.grid[i] = grid"""
    owner = scene.info.owner
    if owner is None or not owner.is_module:
        return
    for target, value, fact in stores(scene, node):
        name = owner_of(scene, target)
        if name is None or is_variable(scene, name):
            continue
        what = "a new value" if isinstance(node, cst.AugAssign) else changes(scene, value, fact)
        if what is not None:
            message = (
                f"the call stores {what} in `{text(target)}`, which happens once per trace, not once per call"
            )
            scene.say(WRITTEN, node, message, HELP)
            return


def stores(
    scene: Scene, node: cst.Assign | cst.AugAssign
) -> Iterator[tuple[cst.CSTNode, cst.BaseExpression | None, Fact]]:
    """Each target with the expression that it gets, where there is one of its own, and the fact of that."""
    fact = scene.run.fact(node.value)
    for target in [t.target for t in node.targets] if isinstance(node, cst.Assign) else [node.target]:
        if not isinstance(target, (cst.Tuple, cst.List)):
            yield target, node.value, fact
            continue
        items = fact.items if isinstance(fact, Sequence) else None
        values = node.value.elements if isinstance(node.value, (cst.Tuple, cst.List)) else ()
        for place, element in enumerate(target.elements):
            value = values[place].value if len(values) == len(target.elements) else None
            known = items is not None and len(items) == len(target.elements)
            yield element.value, value, items[place] if known and items is not None else UNKNOWN
