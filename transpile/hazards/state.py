"""STA001 and STA003: stores that are lost or come at the wrong time."""

from __future__ import annotations

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.flow import text
from transpile.hazards.scan import Scene, check
from transpile.infer.facts import Fact, Layer, Python, Self, Sequence, Tensor, Var, resolve

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
        x.view(b, n * c)[:, 0] = 0
        return x
    """,
    after="""
    def clear(x):
        b, n, c = x.shape
        x[:, 0, 0] = 0
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
trace. Eager calls behave as in torch. Buffers (register_buffer) and parameters are variables, and are not
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
        for fact in scene.run.attribute_sites.get((info.qualname, name), {}).values():
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
    pairs: list[tuple[cst.CSTNode, cst.BaseExpression | None]] = []
    if isinstance(node, cst.AugAssign):
        pairs.append((node.target, node.value))
    else:
        for assigned in node.targets:
            target = assigned.target
            if isinstance(target, (cst.Tuple, cst.List)):
                pairs += [(element.value, None) for element in target.elements]
            else:
                pairs.append((target, node.value))
    for target, value in pairs:
        name = owner_of(scene, target)
        if name is None or is_variable(scene, name):
            continue
        fact = scene.run.facts.get(id(target)) or scene.run.fact(node.value)
        what = "a new value" if isinstance(node, cst.AugAssign) else changes(scene, value, fact)
        if what is not None:
            place = f"`{text(target)}`"  # type: ignore[arg-type]
            scene.say(WRITTEN, node, f"the call stores {what} in {place}, which happens once per trace, not once per call", HELP)
            return
