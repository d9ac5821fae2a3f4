"""STA012: Python decides by a tensor in the call of a Keras layer, where AutoGraph does not reach."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from transpile.diagnostics import Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

DECIDED = risk(
    "STA012",
    Severity.WARNING,
    "Python decides by a tensor in a Keras call",
    """
tf.function rewrites `if`, `while` and `for` of the function that it decorates. It does not reach into the `call` of a
Keras layer or model: there a tensor that Python asks for its truth, or a loop over one, raises
OperatorNotAllowedInGraphError when the model is traced (fit, predict, SavedModel), though eager calls work.

Choose with tf.where or tf.cond, loop with tf.while_loop, or put `@tf.function` on the call itself.
""",
    before="""
    class Clipped(tf.keras.layers.Layer):
        def call(self, x):
            if tf.reduce_max(x) > 1:
                x = x / tf.reduce_max(x)
            return x
    """,
    after="""
    class Clipped(tf.keras.layers.Layer):
        def call(self, x):
            return tf.where(tf.reduce_max(x) > 1, x / tf.reduce_max(x), x)
    """,
    tensorflow=True,
)
HELP = "tf.where or tf.cond; for loops tf.while_loop; or @tf.function on the call."
# functions whose result is a tensor whatever they are given
MAKERS = ("reduce_", "math.", "equal", "not_equal", "greater", "less", "logical_", "shape", "size", "rank", "norm",
          "nn.", "linalg.", "argmax", "argmin", "range", "random.")  # fmt: skip


@tf_check(ast.FunctionDef)
def decided(source: Source, node: ast.FunctionDef) -> None:
    """if tf.reduce_max(x) > 1: …, for i in tf.range(n): …, in `def call` of a layer without a decorator"""
    owner = source.around[-1] if source.around else None
    if node.name != "call" or node.decorator_list:
        return
    if not isinstance(owner, ast.ClassDef) or owner.name not in source.layers:
        return
    names = _tensors(source, node)
    for inner in _own(node):
        if isinstance(inner, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            test, what = inner.test, "is asked for its truth"
        elif isinstance(inner, (ast.For, ast.comprehension)):
            test, what = inner.iter, "is looped over"
            if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "range":
                what = "is the length of a loop"
        else:
            continue
        found = _tensor_in(source, test, names)
        if found is not None:
            text = " ".join(source.segment(found).split())
            source.say(DECIDED, test, f"`{text}` {what}, which a traced Keras call cannot tell", HELP)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, not those of functions in it, which may be handed to tf.cond."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own(child)


def _is_tensor(source: Source, node: ast.AST) -> bool:
    name = source.name(node.func) if isinstance(node, ast.Call) else ""
    return name.startswith("tensorflow.") and name.removeprefix("tensorflow.").startswith(MAKERS)


def _tensors(source: Source, node: ast.FunctionDef) -> set[str]:
    """The names that are bound once, to what such a function returns."""
    stored = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return {
        target.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Assign) and _is_tensor(source, inner.value)
        for target in inner.targets
        if isinstance(target, ast.Name) and stored.count(target.id) == 1
    }


def _tensor_in(source: Source, test: ast.AST, names: set[str]) -> ast.AST | None:
    """A tensor by whose value a test decides: not one that is compared with None, or asked for its shape."""
    if isinstance(test, ast.Call):
        if _is_tensor(source, test):
            return test
        is_plain = isinstance(test.func, ast.Name) and test.func.id in (
            "bool",
            "int",
            "float",
            "range",
            "abs",
        )
        return next((f for a in test.args if is_plain and (f := _tensor_in(source, a, names))), None)
    if isinstance(test, ast.Name):
        return test if test.id in names else None
    if isinstance(test, ast.Subscript):
        return _tensor_in(source, test.value, names)
    parts: list[ast.expr] = []
    if isinstance(test, ast.Compare):
        if not any(isinstance(o, (ast.Is, ast.IsNot)) for o in test.ops):
            parts = [test.left, *test.comparators]
    elif isinstance(test, ast.BoolOp):
        if any(source.name(getattr(v, "func", v)) == "tensorflow.executing_eagerly" for v in test.values):
            return None
        parts = test.values
    elif isinstance(test, ast.UnaryOp):
        parts = [test.operand]
    elif isinstance(test, ast.BinOp):
        parts = [test.left, test.right]
    return next((found for part in parts if (found := _tensor_in(source, part, names))), None)
