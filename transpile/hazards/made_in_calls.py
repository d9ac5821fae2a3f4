"""STA011: weights that a forward makes anew in every call."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.scene import Scene, check, text
from transpile.infer.facts import Python, Ref, Self, resolve
from transpile.source.walk import children

MADE = risk(
    "STA011",
    Severity.WARNING,
    "a forward makes weights",
    """
Weights that a call makes are fresh in every call: they belong to no layer, and are neither trained nor saved, in torch
as in the output. A graph refuses them: under tf.function, and so in SavedModel and TFLite, a variable may be made by
the first call alone. Layers without weights (an activation, a pool) may be made anywhere.

Make them in `__init__`; where a size is known in the call alone, keep the layer in an attribute and make it once.
""",
    before="""
    class Head(nn.Module):
        def forward(self, x):
            return nn.Linear(8, 4)(x)
    """,
    after="""
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8, 4)

        def forward(self, x):
            return self.linear(x)
    """,
)
HELP = "Make it in __init__, and call it here."
# arguments that take the weights away, where they are False
LEARNS = {"BatchNorm": "affine", "GroupNorm": "affine", "LayerNorm": "elementwise_affine"}
WEIGHTED = ("Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
            "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "LayerNorm", "Embedding", "EmbeddingBag", "PReLU",
            "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention", "Parameter")  # fmt: skip
NAMES = frozenset(f"torch.nn.{name}" for name in WEIGHTED)


@check(cst.IndentedBlock)
def made(scene: Scene, node: cst.IndentedBlock) -> None:
    """nn.Linear(8, 4)(x), nn.Parameter(torch.ones(4))"""
    if node is not scene.info.node.body:
        return
    for call in _calls(scene, node):
        callee = resolve(scene.run.fact(call.func))
        if isinstance(callee, Ref) and callee.name in NAMES and not _is_bare(scene, call, callee.name):
            what = f"`{text(call)}` makes weights in every call, which a graph refuses"
            scene.say(MADE, call, what, HELP)


def _calls(scene: Scene, node: cst.CSTNode) -> Iterator[cst.Call]:
    """The calls of a body, but for what an attribute of the layer keeps (STA003 tells of that) and inner functions."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return
    if isinstance(node, cst.Assign) and any(
        isinstance(t.target, cst.Attribute) and isinstance(resolve(scene.run.fact(t.target.value)), Self)
        for t in node.targets
    ):
        return
    if isinstance(node, cst.Call):
        yield node
    for child in children(node):
        yield from _calls(scene, child)


def _is_bare(scene: Scene, call: cst.Call, name: str) -> bool:
    """nn.LayerNorm(8, elementwise_affine=False): a layer that has no weights."""
    learns = next((word for kind, word in LEARNS.items() if kind in name), None)
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == learns:
            value = resolve(scene.run.fact(arg.value))
            return isinstance(value, Python) and value.value is False
    return False
