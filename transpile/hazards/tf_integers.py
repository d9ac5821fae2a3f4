"""Integers in TensorFlow source: what their division and their mean are, and int32 beside int64."""

from __future__ import annotations

import ast

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

INTEGER = risk(
    "NUM006",
    Severity.WARNING,
    "integers are divided or averaged",
    """
tf.range counts in int32, tf.shape and tf.size give int32, tf.argmax int64. Divided by one another or by a whole number
they make float64, where torch makes float32, and the next sum with a float32 tensor raises; beside a float they raise
at once. tf.reduce_mean of integers is an integer, cut off without a word, where torch refuses. Cast first: the fix
does.
""",
    before="""
    def steps(n):
        return tf.range(n) / 10
    """,
    after="""
    def steps(n):
        return tf.cast(tf.range(n), tf.float32) / 10
    """,
    tensorflow=True,
)
MIXED = risk(
    "NUM008",
    Severity.WARNING,
    "int32 meets int64",
    """
tf.range, tf.shape and tf.size give int32, tf.argmax and most ids of a data set int64. torch compares and adds them;
TensorFlow raises. Say the dtype where the number is made; the fix does.
""",
    before="""
    def hits(scores, n):
        return tf.argmax(scores, -1) == tf.range(n)
    """,
    after="""
    def hits(scores, n):
        return tf.argmax(scores, -1) == tf.range(n, dtype=tf.int64)
    """,
    tensorflow=True,
)
PRODUCT = risk(
    "NUM009",
    Severity.INFO,
    "a product of sizes is counted in int32",
    """
tf.shape and tf.size count in int32, torch in int64. The number of elements of a large tensor, or an index into it in
one piece, goes past 2,147,483,647 and turns negative without a word. Ask for int64 where sizes may be that large.
""",
    before="""
    def elements(x):
        return tf.reduce_prod(tf.shape(x))
    """,
    after="""
    def elements(x):
        return tf.reduce_prod(tf.shape(x, out_type=tf.int64))
    """,
    tensorflow=True,
)
INTEGERS = frozenset({"shape", "size", "rank", "argmax", "argmin"})
NARROW = frozenset({"range", "shape", "size", "rank"})


@tf_check(ast.BinOp)
def divided(source: Source, node: ast.BinOp) -> None:
    """tf.range(n) / 2, tf.shape(x)[0] / tf.shape(x)[1]"""
    if not isinstance(node.op, ast.Div):
        return
    names = _integer_names(source)
    left = _is_integer(source, node.left, names)
    other = node.right if left else node.left
    if not left and not _is_integer(source, node.right, names):
        return
    whole = _is_integer(source, other, names) or (
        isinstance(other, ast.Constant) and type(other.value) is int
    )
    is_float = isinstance(other, ast.Constant) and isinstance(other.value, float)
    if not whole and not is_float:
        return
    made = "float64, where torch makes float32" if whole else "an error: an integer tensor takes no float"
    integer = node.left if left else node.right
    source.say(
        INTEGER, node, f"`{source.segment(integer)}` is an integer tensor, and this division makes {made}",
        "Cast it to tf.float32 first.", _cast(source, integer),
    )  # fmt: skip


@tf_check(ast.Call)
def averaged(source: Source, node: ast.Call) -> None:
    """tf.reduce_mean(tf.range(n))"""
    if (
        source.name(node.func) not in ("tensorflow.reduce_mean", "tensorflow.math.reduce_mean")
        or not node.args
    ):
        return
    if _is_integer(source, node.args[0], _integer_names(source)):
        message = (
            f"the mean of `{source.segment(node.args[0])}`, which are integers, is cut off to an integer"
        )
        source.say(INTEGER, node, message, "Cast to tf.float32 first.", _cast(source, node.args[0]))


@tf_check(ast.BinOp, ast.Compare)
def mixed(source: Source, node: ast.BinOp | ast.Compare) -> None:
    """tf.argmax(x, -1) == tf.range(n), tf.cast(ids, tf.int64) + tf.shape(x)[0]"""
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.left, *node.comparators)
    narrow = next((side for side in sides if _narrow(source, side) is not None), None)
    wide = next((side for side in sides if _is_wide(source, side)), None)
    if narrow is None or wide is None or len(sides) != 2:
        return
    made, tf = _narrow(source, narrow), source.tensorflow
    keyword = "dtype" if made is not None and source.name(made.func).endswith(".range") else "out_type"
    fix = None
    if made is not None and tf is not None and made.args:
        line, column = source.span(made.keywords[-1].value if made.keywords else made.args[-1])[2:]
        fix = [Edit(line, column, line, column, f", {keyword}={tf}.int64")]
    message = f"`{source.segment(narrow)}` is int32 and `{source.segment(wide)}` int64: TensorFlow raises"
    source.say(MIXED, node, message, f"Say {keyword}=tf.int64 where it is made.", fix)


@tf_check(ast.Call, ast.BinOp)
def product(source: Source, node: ast.Call | ast.BinOp) -> None:
    """tf.reduce_prod(tf.shape(x)), tf.shape(x)[0] * tf.shape(x)[1]"""
    if isinstance(node, ast.BinOp):
        found = isinstance(node.op, ast.Mult) and all(_is_size(source, n) for n in (node.left, node.right))
    else:
        name = source.name(node.func)
        found = name in ("tensorflow.reduce_prod", "tensorflow.math.reduce_prod") and bool(node.args)
        found = found and _is_size(source, node.args[0])
    if found:
        source.say(
            PRODUCT,
            node,
            f"`{source.segment(node)}` is counted in int32",
            "out_type=tf.int64 counts further.",
        )


def _is_size(source: Source, node: ast.expr) -> bool:
    made = _narrow(source, node)
    return made is not None and source.name(made.func).endswith(".shape")


def _narrow(source: Source, node: ast.expr) -> ast.Call | None:
    """The call that makes an int32 tensor, behind subscripts; None where it is told another dtype, or is none."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if not isinstance(node, ast.Call) or not _is_integer(source, node, set()):
        return None
    return node if source.name(node.func).rpartition(".")[2] in NARROW else None


def _is_wide(source: Source, node: ast.expr) -> bool:
    """Whether an expression makes int64: tf.argmax(x), tf.cast(x, tf.int64), anything of dtype=tf.int64."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if not isinstance(node, ast.Call) or not source.name(node.func).startswith("tensorflow."):
        return False
    short = source.name(node.func).rpartition(".")[2]
    given = [k.value for k in node.keywords if k.arg in ("dtype", "out_type", "output_type")]
    if not given and short in ("cast", "constant", "convert_to_tensor"):
        given = node.args[1:2]
    if given:
        return source.name(given[0]) == "tensorflow.int64"
    return short in ("argmax", "argmin") and len(node.args) < 3


def _cast(source: Source, node: ast.expr) -> list[Edit] | None:
    tf = source.tensorflow
    return [source.edit(node, f"{tf}.cast({source.segment(node)}, {tf}.float32)")] if tf is not None else None


def _is_integer(source: Source, node: ast.expr, names: set[str]) -> bool:
    """Whether an expression is a tensor of integers: by what made it, not by what it is called."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Subscript):
        return _is_integer(source, node.value, names)
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Div):
        sides = [_is_integer(source, side, names) for side in (node.left, node.right)]
        return all(sides) or (
            any(sides)
            and all(
                side or (isinstance(n, ast.Constant) and type(n.value) is int)
                for side, n in zip(sides, (node.left, node.right), strict=True)
            )
        )
    if not isinstance(node, ast.Call):
        return False
    name = source.name(node.func).removeprefix("tensorflow.").removeprefix("math.")
    typed = any(k.arg in ("dtype", "out_type", "output_type", None) for k in node.keywords)
    if typed or not source.name(node.func).startswith("tensorflow."):
        return False
    if name == "range":  # of floats it makes floats; of a name it makes what that is
        return bool(node.args) and all(_counts(source, a, names) for a in node.args)
    return name in INTEGERS


def _counts(source: Source, node: ast.expr, names: set[str]) -> bool:
    """Whether an argument of tf.range is a whole number, as far as can be seen; a parameter is taken for one."""
    if isinstance(node, ast.Constant):
        return type(node.value) is int
    if isinstance(node, ast.UnaryOp):
        return _counts(source, node.operand, names)
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.Div) and all(
            _counts(source, n, names) for n in (node.left, node.right)
        )
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        return called in ("int", "len") or _is_integer(source, node, names)
    return True


def _integer_names(source: Source) -> set[str]:
    """The names that the function around binds once, to integer tensors."""
    function = source.function
    if function is None:
        return set()
    stored: dict[str, int] = {}
    for inner in ast.walk(function):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            stored[inner.id] = stored.get(inner.id, 0) + 1
    found: set[str] = set()
    for inner in ast.walk(function):
        if (
            isinstance(inner, ast.Assign)
            and len(inner.targets) == 1
            and isinstance(inner.targets[0], ast.Name)
        ):
            name = inner.targets[0].id
            if stored[name] == 1 and _is_integer(source, inner.value, found):
                found.add(name)
    return found
