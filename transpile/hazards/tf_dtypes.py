"""Floating dtypes in TensorFlow source: float64 that comes in by NumPy, and half precision."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

DOUBLE = risk(
    "NUM005",
    Severity.WARNING,
    "a tensor becomes float64 because NumPy's array is",
    """
NumPy makes float64 unless it is told otherwise, and tf.constant, tf.Variable, tf.convert_to_tensor and tf.data keep
the dtype of an array. TensorFlow never mixes float64 and float32: the first sum with a float32 tensor raises (torch
would promote), a Keras layer casts it down in silence. Say the dtype; the fix does.
""",
    before="""
    import numpy as np

    def positions():
        return tf.constant(np.linspace(0.0, 1.0, 16))
    """,
    after="""
    import numpy as np

    def positions():
        return tf.constant(np.linspace(0.0, 1.0, 16), dtype=tf.float32)
    """,
    tensorflow=True,
)
HALF = risk(
    "NUM007",
    Severity.WARNING,
    "half precision cannot hold this",
    """
float16 ends at 65504 and has nothing between 0 and 6e-8: a mask of -1e9 is -inf in it, whose softmax over a row that is
masked in full is NaN, and an epsilon of 1e-8 is 0, by which is divided. In a file that computes in float16, take the
mask from `x.dtype.min` and an epsilon of 1e-4, or compute that part in float32. And a step of one's own under the
policy mixed_float16 has to scale its loss (tf.keras.mixed_precision.LossScaleOptimizer), which `fit` does by itself:
without it small gradients are 0. bfloat16 has the range of float32 and needs neither.
""",
    before="""
    def masked(scores, mask):
        return tf.nn.softmax(tf.cast(scores, tf.float16) + mask * -1e9)
    """,
    after="""
    def masked(scores, mask):
        return tf.nn.softmax(tf.cast(scores, tf.float16) + mask * -6e4)
    """,
    tensorflow=True,
)
MAKERS = frozenset({"tensorflow.constant", "tensorflow.Variable", "tensorflow.convert_to_tensor"})
DATA = "tensorflow.data.Dataset.from_tensor_slices"
# What makes float64 unless a dtype is given, with the position of the dtype.
NUMPY = {
    "zeros": 1, "ones": 1, "eye": 3, "identity": 1, "linspace": 5, "logspace": 5, "geomspace": 4, "empty": 1,
    "random.rand": None, "random.randn": None, "random.random": None, "random.normal": None, "random.uniform": None,
    "random.standard_normal": None, "hanning": None, "hamming": None, "blackman": None,
}  # fmt: skip
LARGEST, SMALLEST = 65504.0, 6e-8


@tf_check(ast.Call)
def double(source: Source, node: ast.Call) -> None:
    """tf.constant(np.zeros(3)), tf.data.Dataset.from_tensor_slices(np.random.rand(8, 3))"""
    name = source.name(node.func)
    if (name not in MAKERS and name != DATA) or not node.args:
        return
    if any(k.arg in ("dtype", "dtype_hint", None) for k in node.keywords) or (
        len(node.args) > 1 and name not in ("tensorflow.Variable",)
    ):
        return
    array = node.args[0]
    if not _is_double(source, array):
        return
    text = source.segment(array)
    fix = None
    tf = source.tensorflow
    if name in MAKERS and tf is not None:
        last = node.keywords[-1].value if node.keywords else node.args[-1]
        line, column = source.span(last)[2:]
        fix = [Edit(line, column, line, column, f", dtype={tf}.float32")]
    help_ = "Say the dtype: dtype=tf.float32." if fix else f"Say the dtype: `{text}.astype(np.float32)`."
    source.say(DOUBLE, node, f"`{text}` is float64, and so is what is made of it", help_, fix)


def _is_double(source: Source, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = source.name(node.func)
    if not name.startswith("numpy.") or any(k.arg in ("dtype", None) for k in node.keywords):
        return False
    short = name.removeprefix("numpy.")
    if short not in NUMPY:
        return False
    place = NUMPY[short]
    return place is None or len(node.args) <= place


@tf_check(ast.Module)
def half(source: Source, node: ast.Module) -> None:
    """-1e9 and 1e-8 where a file computes in float16; gradients under mixed_float16 whose loss is not scaled"""
    whole = [n for n in ast.walk(node) if _is_half(source, n)]
    policy = [n for n in whole if isinstance(n, ast.Constant) and n.value == "mixed_float16"]
    if not whole:
        return
    for constant, value in _operands(node):
        if LARGEST < abs(value) < float("inf"):
            infinite = "-inf" if value < 0 else "inf"
            source.say(
                HALF,
                constant,
                f"{value:g} is {infinite} in float16",
                "The largest number of float16 is 65504.",
            )
        elif 0 < abs(value) < SMALLEST:
            source.say(HALF, constant, f"{value:g} is 0 in float16", "1e-4 is safe.")
    names = {
        source.name(n).rpartition(".")[2] for n in ast.walk(node) if isinstance(n, (ast.Attribute, ast.Name))
    }
    methods = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    if (
        policy
        and "GradientTape" in names
        and not {"LossScaleOptimizer", "scale_loss", "get_scaled_loss"} & (names | methods)
    ):
        source.say(
            HALF, policy[0], "gradients are taken by a tape under mixed_float16, and no loss is scaled",
            "Wrap the optimizer in LossScaleOptimizer and scale the loss, or take mixed_bfloat16.",
        )  # fmt: skip


def _is_half(source: Source, node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in ("float16", "mixed_float16") and isinstance(node.value, str)
    return isinstance(node, ast.Attribute) and source.name(node) in ("tensorflow.float16", "tensorflow.half")


def _operands(tree: ast.Module) -> Iterator[tuple[ast.Constant, float]]:
    """Floats that are computed with: operands of arithmetic, and what is filled in for a mask."""
    for node in ast.walk(tree):
        values: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            values = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (
            "where", "fill", "maximum", "minimum", "clip_by_value", "full",
        ):  # fmt: skip
            values = list(node.args)
        for value in values:
            negative = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)
            inner = value.operand if isinstance(value, ast.UnaryOp) else value
            if isinstance(inner, ast.Constant) and isinstance(inner.value, float):
                yield inner, -inner.value if negative else inner.value
