"""Layers in TensorFlow source: names that Keras keeps for itself, state made in a call, norms and paddings of torch."""

from __future__ import annotations

import ast
from typing import TypeGuard

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

RESERVED = risk(
    "STA004",
    Severity.ERROR,
    "an attribute has a name that Keras keeps for itself",
    """
A Keras layer has properties of its own that cannot be assigned (`input`, `output`, `layers` of a model, `metrics`,
`losses` and others), so that the constructor raises. Call the attribute something else.
""",
    before="""
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.layers = [tf.keras.layers.Dense(4)]
    """,
    after="""
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.stages = [tf.keras.layers.Dense(4)]
    """,
    tensorflow=True,
)
MADE = risk(
    "STA005",
    Severity.WARNING,
    "a layer or a variable is made inside a call",
    """
Every call makes it anew: its weights are fresh, belong to nobody, and are neither trained nor saved; under tf.function
a variable that is made in a later trace raises. Make it in __init__ or in build.
""",
    before="""
    class Head(tf.keras.layers.Layer):
        def call(self, x):
            return tf.keras.layers.Dense(4)(x)
    """,
    after="""
    class Head(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(4)

        def call(self, x):
            return self.dense(x)
    """,
    tensorflow=True,
)
PADDING = risk(
    "NUM001",
    Severity.INFO,
    "padding 'same' with a stride pads at one side alone",
    """
With a stride of 2, an odd kernel and an even size, 'same' pads the end alone, where torch's padding=k//2 pads both
ends: the whole map is shifted by a pixel. In code that was ported from torch, pad with tf.pad and convolve 'valid'.
""",
    before="""
    def stem():
        return tf.keras.layers.Conv2D(16, 3, strides=2, padding="same")
    """,
    after="""
    def stem():
        return tf.keras.layers.Conv2D(16, 3, padding="same")
    """,
    tensorflow=True,
)
EPSILON = risk(
    "NUM002",
    Severity.INFO,
    "a normalization has Keras' own epsilon or momentum",
    """
Keras' default is 1e-3 where torch's is 1e-5 (and the momentum of BatchNormalization is 0.99, where torch's 0.1 is
Keras' 0.9): weights that were trained in torch give other results, and training goes another way. Say epsilon=1e-5,
and momentum=0.9 of a BatchNormalization.
""",
    before="""
    def norm():
        return tf.keras.layers.LayerNormalization()
    """,
    after="""
    def norm():
        return tf.keras.layers.LayerNormalization(epsilon=1e-5)
    """,
    tensorflow=True,
)
LAYER_NAMES = frozenset(
    {
        "input", "output", "weights", "variables", "losses", "metrics", "path", "compute_dtype", "variable_dtype",
        "dtype", "dtype_policy", "input_dtype", "trainable_weights", "non_trainable_weights", "trainable_variables",
        "non_trainable_variables", "quantization_mode", "metrics_variables",
    }
)  # fmt: skip
MODEL_NAMES = LAYER_NAMES | {"layers", "distribute_strategy", "metrics_names"}
# Keras' own layers that have weights, by the beginnings of their names.
WEIGHTED = (
    "Dense", "EinsumDense", "Conv", "DepthwiseConv", "SeparableConv", "BatchNorm", "LayerNorm", "GroupNorm",
    "Embedding", "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "MultiHeadAttention", "GroupQueryAttention",
    "PReLU", "SpectralNormalization",
)  # fmt: skip


@tf_check(ast.Assign)
def reserved(source: Source, node: ast.Assign) -> None:
    """self.layers = [...]"""
    owner = source.owner
    if owner is None or owner.name not in source.layers:
        return
    is_model = any(source.name(base).rpartition(".")[2] in ("Model", "Sequential") for base in owner.bases)
    taken = MODEL_NAMES if is_model else LAYER_NAMES
    own = {n.name for n in owner.body if isinstance(n, ast.FunctionDef)}
    for target in node.targets:
        if _is_own(target) and target.attr in taken and target.attr not in own:
            message = f"`{target.attr}` is a property of Keras' own, and cannot be assigned"
            source.say(RESERVED, target, message, f"Call it `{target.attr}_`, or something better.")


def _is_own(target: ast.expr) -> TypeGuard[ast.Attribute]:
    return (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    )


@tf_check(ast.Call)
def made(source: Source, node: ast.Call) -> None:
    """Dense(4)(x), tf.Variable(…) in a call"""
    if not source.is_traced:
        return
    if source.is_layer(node):
        name = source.name(node.func)
        if name.startswith("tensorflow.keras.layers.") and not name.rpartition(".")[2].startswith(WEIGHTED):
            return
        source.say(
            MADE, node, f"`{source.segment(node.func)}` makes a layer in every call", "Make it in __init__."
        )
    elif source.name(node.func) in ("tensorflow.Variable", "tensorflow.keras.Variable"):
        source.say(MADE, node, "a variable is made in every call", "Make it in __init__ or in build.")


# Functions with windows, with the places of their strides and padding.
WINDOWS = {
    "tensorflow.nn.max_pool2d": (2, 3), "tensorflow.nn.avg_pool2d": (2, 3), "tensorflow.nn.max_pool": (2, 3),
    "tensorflow.nn.avg_pool": (2, 3), "tensorflow.nn.conv2d": (2, 3), "tensorflow.nn.conv1d": (2, 3),
}  # fmt: skip


def _padded_same(source: Source, node: ast.Call, name: str) -> None:
    """A window of tf.nn with a stride and padding "SAME"."""
    given = {k.arg: k.value for k in node.keywords}
    strides, padding = (
        given.get(keyword, node.args[place] if len(node.args) > place else None)
        for keyword, place in zip(
            ("stride" if name.endswith("conv1d") else "strides", "padding"), WINDOWS[name], strict=True
        )
    )
    is_same = isinstance(padding, ast.Constant) and padding.value == "SAME"
    steps = strides.elts if isinstance(strides, (ast.List, ast.Tuple)) else [strides]
    if is_same and any(
        isinstance(s, ast.Constant) and isinstance(s.value, int) and s.value > 1 for s in steps
    ):
        message = "padding 'SAME' with a stride pads the end alone; torch pads both ends"
        source.say(PADDING, node, message, "Ported from torch: tf.pad, then padding='VALID'.")


@tf_check(ast.Call)
def unlike_torch(source: Source, node: ast.Call) -> None:
    """Conv2D(…, strides=2, padding="same"), tf.nn.max_pool2d(x, 3, 2, "SAME"), LayerNormalization()"""
    name = source.name(node.func)
    if name in WINDOWS:
        _padded_same(source, node, name)
    if not name.startswith("tensorflow.keras.layers."):
        return
    kind = name.rpartition(".")[2]
    given = {k.arg: k.value for k in node.keywords}
    if "Conv" in kind and "Transpose" not in kind:
        padding, strides = given.get("padding"), given.get("strides")
        if strides is None and len(node.args) > 2 and kind.startswith("Conv"):
            strides = node.args[2]
        is_same = isinstance(padding, ast.Constant) and str(padding.value).lower() == "same"
        if (
            is_same
            and isinstance(strides, ast.Constant)
            and isinstance(strides.value, int)
            and strides.value > 1
        ):
            message = "padding 'same' with a stride pads the end alone; torch pads both ends"
            source.say(PADDING, node, message, "Ported from torch: tf.pad, then padding='valid'.")
    if (
        kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization")
        and "epsilon" not in given
        and None not in given
    ):
        source.say(
            EPSILON,
            node,
            f"{kind}'s epsilon is 1e-3 here, and 1e-5 in torch",
            "Ported from torch: epsilon=1e-5.",
        )
    elif kind == "BatchNormalization" and "momentum" not in given and None not in given:
        message = "BatchNormalization's momentum is 0.99 here, and torch's 0.1 is 0.9"
        source.say(EPSILON, node, message, "Ported from torch: momentum=0.9.")
