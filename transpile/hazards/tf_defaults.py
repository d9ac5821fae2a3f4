"""Numbers in TensorFlow source that mean something else in torch, or are another by default."""

from __future__ import annotations

import ast

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

MOMENTUM = risk(
    "NUM003",
    Severity.WARNING,
    "a BatchNormalization has its momentum in torch's sense",
    """
torch's momentum is the weight of the new value, Keras' that of the old one: torch's 0.1 is Keras' 0.9. With a small
number Keras forgets nearly all that it has seen with every batch, and evaluates by the statistics of the last one.
Say one minus torch's number.
""",
    before="""
    def norm():
        return tf.keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.1)
    """,
    after="""
    def norm():
        return tf.keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9)
    """,
    tensorflow=True,
)
DEFAULT = risk(
    "NUM004",
    Severity.INFO,
    "a function computes something else than torch's of its name",
    """
The slope of a leaky ReLU is 0.2 by default in tf.nn and 0.3 in Keras, and 0.01 in torch; torch's gelu is the exact one
unless approximate="tanh" is asked for; the cubic kernel of tf.image.resize has a = -0.5, where torch's has -0.75.
tf.math.reduce_variance and reduce_std divide by n, torch's var and std by n - 1 unless told otherwise. torch's
softplus takes a beta, and divides by it: of tf.nn.softplus(beta * x) the division is easily lost. x * sigmoid(1.702 x)
is an approximation that torch's gelu never makes. In code that was ported from torch, say the slope, leave approximate
out, resize by torch's kernel, and multiply the variance by n / (n - 1).
""",
    before="""
    def activated(x):
        return tf.nn.leaky_relu(x)
    """,
    after="""
    def activated(x):
        return tf.nn.leaky_relu(x, alpha=0.01)
    """,
    tensorflow=True,
)
LEAKY = {
    "tensorflow.nn.leaky_relu": (2, ("alpha",), 0.2),
    "tensorflow.keras.layers.LeakyReLU": (1, ("negative_slope", "alpha"), 0.3),
}
GELU = ("tensorflow.nn.gelu", "tensorflow.keras.activations.gelu", "tensorflow.keras.ops.gelu")
RESIZE = ("tensorflow.image.resize", "tensorflow.compat.v2.image.resize")


@tf_check(ast.Call)
def momentum(source: Source, node: ast.Call) -> None:
    """BatchNormalization(momentum=0.1)"""
    if source.name(node.func) != "tensorflow.keras.layers.BatchNormalization":
        return
    value = _given(node, "momentum")
    if isinstance(value, ast.Constant) and isinstance(value.value, float) and 0 < value.value < 0.5:
        kept = round(1 - value.value, 6)
        message = (
            f"momentum={value.value} keeps {value.value} of what was seen; torch's {value.value} keeps {kept}"
        )
        source.say(
            MOMENTUM, node, message, f"Ported from torch: momentum={kept}.", [source.edit(value, str(kept))]
        )


@tf_check(ast.Call)
def other_default(source: Source, node: ast.Call) -> None:
    """tf.nn.leaky_relu(x), tf.nn.gelu(x, approximate=True), tf.image.resize(x, size, "bicubic")"""
    name = source.name(node.func)
    spread = any(k.arg is None for k in node.keywords) or any(isinstance(a, ast.Starred) for a in node.args)
    if name in LEAKY and not spread:
        position, keywords, slope = LEAKY[name]
        if len(node.args) < position and not any(_given(node, keyword) for keyword in keywords):
            message = f"the slope is {slope} here unless it is given, and 0.01 in torch"
            source.say(DEFAULT, node, message, f"Ported from torch: {keywords[0]}=0.01.")
    elif name in GELU:
        value = _given(node, "approximate", 1)
        if isinstance(value, ast.Constant) and value.value is True:
            message = "this is gelu by tanh; torch's is the exact one by default"
            source.say(DEFAULT, node, message, 'Right for F.gelu(x, approximate="tanh") alone.')
    elif name in RESIZE:
        value = _given(node, "method", 2)
        if _is_cubic(value):
            message = "the cubic kernel has a = -0.5 here, and -0.75 in torch"
            source.say(
                DEFAULT, node, message, "Ported from torch: resize by torch's kernel, as translations do."
            )


@tf_check(ast.Call)
def biased(source: Source, node: ast.Call) -> None:
    """tf.math.reduce_variance(x), tf.math.reduce_std(x)"""
    name = source.name(node.func)
    if name in ("tensorflow.math.reduce_variance", "tensorflow.math.reduce_std"):
        message = f"{name.rpartition('_')[2]} divides by n here, and by n - 1 in torch unless unbiased=False is said"
        source.say(DEFAULT, node, message, "Right for unbiased=False, and inside of normalizations.")


@tf_check(ast.BinOp)
def by_sigmoid(source: Source, node: ast.BinOp) -> None:
    """x * tf.sigmoid(1.702 * x)"""
    for side in (node.left, node.right):
        if not isinstance(node.op, ast.Mult) or not isinstance(side, ast.Call) or _scale(side) != 1.702:
            continue
        if source.name(side.func).rpartition(".")[2] == "sigmoid":
            message = "this is gelu by a sigmoid; torch's is the exact one"
            source.say(DEFAULT, node, message, "tf.nn.gelu(x) is torch's.")


@tf_check(ast.BinOp, ast.Return, ast.Assign, ast.Call, ast.Expr)
def undivided(source: Source, node: ast.AST) -> None:
    """tf.nn.softplus(beta * x) that nothing divides by beta"""
    is_divided = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Mult))
    for child in ast.iter_child_nodes(node):
        name = source.name(child.func) if isinstance(child, ast.Call) else ""
        is_softplus = name.startswith("tensorflow.") and name.endswith(".softplus")
        if isinstance(child, ast.Call) and is_softplus and _scale(child) and not is_divided:
            message = "torch's softplus(x, beta) is softplus(beta * x) / beta; nothing divides here"
            source.say(DEFAULT, child, message, "Divide by beta, if this was ported from it.")


def _scale(call: ast.Call) -> float | None:
    """The number c in f(c * x) or f(x * c)."""
    given = call.args[0] if call.args else None
    if not isinstance(given, ast.BinOp) or not isinstance(given.op, ast.Mult):
        return None
    for side in (given.left, given.right):
        value = side.value if isinstance(side, ast.Constant) else None
        if isinstance(value, (int, float)) and value > 0:
            return float(value)
    return None


def _is_cubic(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Constant):
        return bool(value.value == "bicubic")
    return isinstance(value, ast.Attribute) and value.attr == "BICUBIC"


def _given(node: ast.Call, keyword: str, position: int | None = None) -> ast.expr | None:
    """An argument of a call, by its name or its place."""
    for given in node.keywords:
        if given.arg == keyword:
            return given.value
    return node.args[position] if position is not None and len(node.args) > position else None
