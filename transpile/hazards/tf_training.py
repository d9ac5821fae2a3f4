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
in that order, so that the next process restores one layer's weights into another, or finds other names. The same
holds for weights, and for a list that was made of a set. A dict keeps the order in which it was filled: it is not
meant, unless it was filled from a set. Sort it.
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
        if _is_set(source, loop.iter) and any(_makes_weights(source, made) for made in _made(node)):
            text = source.segment(loop.iter)
            fix = [source.edit(loop.iter, f"sorted({text})")]
            message = f"layers are made in the order of `{text}`, which is another in every process"
            source.say(UNORDERED, loop.iter, message, "Sort it.", fix)


SET_METHODS = ("union", "intersection", "difference", "symmetric_difference")


def _is_set(source: Source, node: ast.expr) -> bool:
    """A set, of whatever it is made: written out, computed, or put into a list in the order that it has."""
    if isinstance(node, (ast.Set, ast.SetComp)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitOr, ast.BitAnd, ast.BitXor, ast.Sub)):
        return any(_is_set(source, side) or _is_keys(side) for side in (node.left, node.right))
    if isinstance(node, ast.Name):
        return _is_set_by_name(source, node)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in SET_METHODS and _is_set(source, node.func.value)
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    if called in ("list", "tuple", "iter", "enumerate", "reversed") and node.args:
        return _is_set(source, node.args[0])
    return called in ("set", "frozenset")


def _is_keys(node: ast.expr) -> bool:
    """names.keys(), which computes sets with its like."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "keys"


def _is_set_by_name(source: Source, node: ast.Name) -> bool:
    """Whether the function around, or the module, binds a name once, to a set."""
    for scope in (source.function, source.tree):
        if scope is None:
            continue
        stored = [n for n in source.walk(scope) if isinstance(n, ast.Assign) and _binds(n, node.id)]
        if stored:
            value = stored[0].value
            return len(stored) == 1 and not isinstance(value, ast.Name) and _is_set(source, value)
    return False


def _binds(node: ast.Assign, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for target in node.targets for n in ast.walk(target))


def _makes_weights(source: Source, node: ast.AST) -> bool:
    if source.is_layer(node):
        return True
    if not isinstance(node, ast.Call):
        return False
    return (isinstance(node.func, ast.Attribute) and node.func.attr == "add_weight") or source.name(
        node.func
    ) == "tensorflow.Variable"


def _made(node: ast.AST) -> Iterator[ast.AST]:
    """What is computed for every element."""
    if isinstance(node, ast.For):
        for statement in node.body:
            yield from ast.walk(statement)
    else:
        yield from ast.walk(node)
