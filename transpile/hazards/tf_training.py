"""The training flag and the order of layers in TensorFlow source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

FIXED = risk(
    "STA008",
    Severity.WARNING,
    "a call is told whether it trains, and tells its layers something else",
    """
The call has a parameter `training`, and a layer in it is called with a constant: in that layer dropout and batch
statistics no longer follow what the caller says. Hand the parameter on; the fix does. A part that is frozen on purpose
says so better by `trainable = False`.
""",
    before="""
    class Block(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = tf.keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9)

        def call(self, x, training=None):
            return self.norm(x, training=True)
    """,
    after="""
    class Block(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm = tf.keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9)

        def call(self, x, training=None):
            return self.norm(x, training=training)
    """,
    tensorflow=True,
)
UNORDERED = risk(
    "STA009",
    Severity.WARNING,
    "layers are made in the order of a set",
    """
A set of strings has another order in every process. Layers that are made while one is iterated are numbered and saved
in that order, so that the next process restores one layer's weights into another, or finds other names. Sort it.
""",
    before="""
    class Heads(tf.keras.layers.Layer):
        def __init__(self, names):
            super().__init__()
            self.heads = [tf.keras.layers.Dense(4, name=name) for name in set(names)]
    """,
    after="""
    class Heads(tf.keras.layers.Layer):
        def __init__(self, names):
            super().__init__()
            self.heads = [tf.keras.layers.Dense(4, name=name) for name in sorted(set(names))]
    """,
    tensorflow=True,
)


@tf_check(ast.Call)
def fixed(source: Source, node: ast.Call) -> None:
    """self.norm(x, training=True) in call(self, x, training=None)"""
    function = source.function
    if function is None or not source.is_traced or function.name not in ("call", "__call__"):
        return
    arguments = function.args
    if all(a.arg != "training" for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)):
        return
    for keyword in node.keywords:
        value = keyword.value
        if keyword.arg == "training" and isinstance(value, ast.Constant) and isinstance(value.value, bool):
            message = f"training={value.value}, whatever the caller of `{function.name}` says"
            source.say(FIXED, node, message, "Hand `training` on.", [source.edit(value, "training")])


@tf_check(ast.For, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
def unordered(
    source: Source, node: ast.For | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> None:
    """for name in set(names): self.heads.append(Dense(4)); [Dense(4) for name in {"a", "b"}]"""
    loops = [node] if isinstance(node, ast.For) else node.generators
    for loop in loops:
        if _is_set(loop.iter) and any(source.is_layer(made) for made in _made(node)):
            text = source.segment(loop.iter)
            fix = [source.edit(loop.iter, f"sorted({text})")]
            message = f"layers are made in the order of `{text}`, which is another in every process"
            source.say(UNORDERED, loop.iter, message, "Sort it.", fix)


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, (ast.Set, ast.SetComp)):
        return True
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Name) and called.id in ("set", "frozenset")


def _made(node: ast.AST) -> Iterator[ast.AST]:
    """What is computed for every element."""
    if isinstance(node, ast.For):
        for statement in node.body:
            yield from ast.walk(statement)
    else:
        yield from ast.walk(node)
