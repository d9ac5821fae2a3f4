"""API008: names of TensorFlow 1, in TensorFlow source; the tables are rules/tensorflow/*.yaml."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

if TYPE_CHECKING:
    from transpile.rulebook.tensorflow import Former

FORMER = risk(
    "API008",
    Severity.WARNING,
    "a name of TensorFlow 1, which TensorFlow 2 has not",
    """
TensorFlow 2 gave many functions another name (`tf.matrix_inverse` is `tf.linalg.inv`), put classes of Keras in place
of some (`tf.keras.optimizers.Adam` for `tf.train.AdamOptimizer`), and keeps the rest in `tf.compat.v1` alone
(`tf.Session`). The message gives the spelling of TensorFlow 2. The fix writes it where it means the same; where the
successor takes other arguments or does something else, the message says in what, and nothing is written.
""",
    before="""
    def solve(matrix):
        return tf.matrix_inverse(matrix)
    """,
    after="""
    def solve(matrix):
        return tf.linalg.inv(matrix)
    """,
    tensorflow=True,
)


@tf_check(ast.Attribute)
def former_attribute(source: Source, node: ast.Attribute) -> None:
    """tf.matrix_inverse, as a value or called"""
    if id(node) in source.passed:
        return
    inner: ast.expr = node.value
    while isinstance(inner, ast.Attribute):  # of tf.contrib.layers it is said once
        source.passed.add(id(inner))
        inner = inner.value
    _look(source, node)


@tf_check(ast.Call)
def former_import(source: Source, node: ast.Call) -> None:
    """from tensorflow import Session; Session()"""
    if isinstance(node.func, ast.Name):
        _look(source, node.func)


def _look(source: Source, node: ast.Attribute | ast.Name) -> None:
    qualified = source.name(node)
    if not qualified.startswith("tensorflow.") or qualified.startswith("tensorflow.compat."):
        return
    from transpile.rulebook.tensorflow import former

    known = former(f"tf.{qualified.removeprefix('tensorflow.')}")
    while known is None and isinstance(node, ast.Attribute):  # tf.train.AdamOptimizer.minimize
        node = node.value if isinstance(node.value, ast.Attribute) else ast.Name("")
        known = former(f"tf.{source.name(node).removeprefix('tensorflow.')}")
    if known is None:
        return
    if known.now is None:
        source.say(FORMER, node, f"TensorFlow 2 has no `{known.name}`: {known.why}")
        return
    message = f"TensorFlow 2 has no `{known.name}`; its spelling there is `{known.now}`"
    if known.why and not known.is_drop_in:
        source.say(FORMER, node, f"{message}: {known.why}")
    else:
        advice = f"What takes its place: {known.why}." if known.why else ""
        source.say(FORMER, node, message, advice, _edits(source, node, known))


def _edits(source: Source, node: ast.Attribute | ast.Name, known: Former) -> list[Edit] | None:
    """The new name under the module's own name for TensorFlow, and the new names of keywords."""
    local = next((key for key, value in source.names.items() if value == "tensorflow"), None)
    if local is None or known.now is None or isinstance(node, ast.Name):
        return None
    edits = [source.edit(node, local + known.now.removeprefix("tf"))]
    calls = (n for n in source.walk(source.tree) if isinstance(n, ast.Call) and n.func is node)
    call = next(calls, None) if known.args else None
    for keyword in call.keywords if call is not None else ():
        if keyword.arg is not None and keyword.arg in known.args:
            line, column = keyword.lineno, source.column(keyword.lineno, keyword.col_offset)
            edits.append(Edit(line, column, line, column + len(keyword.arg), known.args[keyword.arg]))
    return edits
