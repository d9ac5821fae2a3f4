"""SEQ: what tf.keras.Sequential does not take, and torch's does."""

from __future__ import annotations

import ast

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

ARGUMENTS = risk(
    "SEQ001",
    Severity.ERROR,
    "tf.keras.Sequential is given its layers one by one",
    """
torch's Sequential takes layers as arguments; Keras' takes one list of them, and its second argument is something else
(`trainable`, or `name` in older versions). So a second layer ends as "name for name_scope must be a string", or as a
layer that is silently left out. The fix puts the layers into a list.
""",
    before="""
    def head():
        return tf.keras.Sequential(tf.keras.layers.Dense(8), tf.keras.layers.Dense(4))
    """,
    after="""
    def head():
        return tf.keras.Sequential([tf.keras.layers.Dense(8), tf.keras.layers.Dense(4)])
    """,
    tensorflow=True,
)
MEMBERS = risk(
    "SEQ002",
    Severity.ERROR,
    "a tf.keras.Sequential is used as a list",
    """
torch's Sequential has an index, a length and an iterator. Keras' has none of them, its members are in `.layers`.
The fix says so.
""",
    before="""
    class Head(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.body = tf.keras.Sequential([tf.keras.layers.Dense(8), tf.keras.layers.Dense(4)])

        def call(self, x):
            return self.body[0](x)
    """,
    after="""
    class Head(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.body = tf.keras.Sequential([tf.keras.layers.Dense(8), tf.keras.layers.Dense(4)])

        def call(self, x):
            return self.body.layers[0](x)
    """,
    tensorflow=True,
)
NAMES = ("tensorflow.keras.Sequential", "tensorflow.keras.models.Sequential")


def _is_sequential(source: Source, node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and source.name(node.func) in NAMES


@tf_check(ast.Call)
def arguments(source: Source, node: ast.Call) -> None:
    """Sequential(a, b), Sequential(a) of one layer, Sequential(*layers)"""
    if not _is_sequential(source, node) or not node.args:
        return
    first, *rest = node.args
    starred = any(isinstance(arg, ast.Starred) for arg in node.args)
    second = bool(rest) and not isinstance(rest[0], ast.Constant)
    if not (starred or second or source.is_layer(first)):
        return
    line, column, *_ = source.span(first)
    *_, end_line, end_column = source.span(node.args[-1])
    fix = [Edit(line, column, line, column, "["), Edit(end_line, end_column, end_line, end_column, "]")]
    message = "tf.keras.Sequential takes one list of layers; its second argument is no layer"
    source.say(ARGUMENTS, node, message, "Put the layers into a list.", fix)


@tf_check(ast.ClassDef)
def members(source: Source, node: ast.ClassDef) -> None:
    """self.body[0], len(self.body), for layer in self.body"""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and _is_sequential(source, inner.value):
            names |= {t.attr for t in inner.targets if _is_self(t) and isinstance(t, ast.Attribute)}
    if not names:
        return
    for inner in ast.walk(node):
        used: ast.AST | None = None
        if isinstance(inner, ast.Subscript):
            used = inner.value
        elif isinstance(inner, (ast.For, ast.comprehension)):
            used = inner.iter
        elif (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Name)
            and inner.func.id in ("len", "enumerate", "iter", "list")
        ):
            used = inner.args[0] if inner.args else None
        if isinstance(used, ast.Attribute) and _is_self(used) and used.attr in names:
            *_, line, column = source.span(used)
            fix = [Edit(line, column, line, column, ".layers")]
            text = source.segment(used)
            message = f"`{text}` is a tf.keras.Sequential, which has no index, length or iterator"
            source.say(MEMBERS, used, message, f"Its members are in `{text}.layers`.", fix)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
