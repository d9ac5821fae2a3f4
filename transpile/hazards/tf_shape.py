"""SHP002: a static size that is None under an open signature, in TensorFlow source."""

from __future__ import annotations

import ast

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

STATIC = risk(
    "SHP002",
    Severity.WARNING,
    "a static size that may be None is used as a number",
    """
`x.shape` is what is known when the code is traced: under tf.function with an open signature, in a SavedModel and in
TFLite the batch, and the height and width of images, are None there, and tf.reshape, tf.range and range() fail.
`tf.shape(x)` is known whenever the code runs. The fix replaces one by the other; the last axis, channels or
features, is static and stays.
""",
    before="""
    def swapped(x):
        return tf.reshape(x, [x.shape[1], x.shape[0]])
    """,
    after="""
    def swapped(x):
        return tf.reshape(x, [tf.shape(x)[1], tf.shape(x)[0]])
    """,
    tensorflow=True,
)
HELP = "tf.shape(…) gives the size when the code runs."
# Where a number is needed, by the position of the argument; tf functions take tensors there, and None nowhere.
TAKERS = {
    "tensorflow.reshape": (1, "shape"), "tensorflow.zeros": (0, "shape"), "tensorflow.ones": (0, "shape"),
    "tensorflow.fill": (0, "dims"), "tensorflow.range": (0, "start"), "tensorflow.tile": (1, "multiples"),
    "tensorflow.broadcast_to": (1, "shape"), "tensorflow.random.normal": (0, "shape"),
    "tensorflow.random.uniform": (0, "shape"), "tensorflow.image.resize": (1, "size"),
}  # fmt: skip


@tf_check(ast.FunctionDef, ast.AsyncFunctionDef)
def static(source: Source, node: ast.FunctionDef) -> None:
    """tf.reshape(x, [x.shape[1], x.shape[0]]), and names that were unpacked from x.shape"""
    if node.name in ("build", "compute_output_shape", "__init__"):
        return
    open_names = _unpacked(node)
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        name = source.name(call.func)
        if name in TAKERS:
            position, keyword = TAKERS[name]
            given = call.args[position : position + 1] or [k.value for k in call.keywords if k.arg == keyword]
        elif isinstance(call.func, ast.Name) and call.func.id == "range" and "range" not in source.names:
            given = list(call.args)
        else:
            continue
        for argument in given:
            _look(source, call, argument, open_names)


def _look(
    source: Source, call: ast.Call, argument: ast.AST, open_names: dict[str, ast.Subscript | str]
) -> None:
    found = [inner for inner in ast.walk(argument) if _is_open(inner, open_names)]
    if not found:
        return
    tf = next((local for local, full in source.names.items() if full == "tensorflow"), None)
    fix = []
    for inner in found:
        if isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Attribute) and tf is not None:
            fix.append(source.edit(inner.value, f"{tf}.shape({source.segment(inner.value.value)})"))
    if call.func is not None and isinstance(call.func, ast.Name):
        fix = []  # range() takes no tensor
    text = source.segment(found[0])
    message = f"`{text}` is None under an open signature; {source.segment(call.func)} needs a number"
    every = len(fix) == len(found)
    source.say(STATIC, call, message, HELP, list[Edit](fix) if every else None)


def _is_open(node: ast.AST, open_names: dict[str, ast.Subscript | str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in open_names
    return _index(node) == 0


def _index(node: ast.AST) -> int | None:
    """The axis in `x.shape[AXIS]` of a tensor that is no attribute of self."""
    if not isinstance(node, ast.Subscript):
        return None
    shape = node.value
    if (
        isinstance(shape, ast.Call)
        and isinstance(shape.func, ast.Attribute)
        and shape.func.attr == "get_shape"
    ):
        owner: ast.AST = shape.func.value
    elif isinstance(shape, ast.Attribute) and shape.attr == "shape":
        owner = shape.value
    else:
        return None
    if isinstance(owner, ast.Attribute) or not isinstance(node.slice, ast.Constant):
        return None
    return node.slice.value if isinstance(node.slice.value, int) else None


def _unpacked(node: ast.FunctionDef) -> dict[str, ast.Subscript | str]:
    """The names that hold sizes which may be None: of `b, h, w, c = x.shape` all but the last; `b = x.shape[0]`."""
    found: dict[str, ast.Subscript | str] = {}
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Assign):
            continue
        value, target = inner.value, inner.targets[0]
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr == "as_list"
        ):
            value = value.func.value
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr == "get_shape"
        ):
            value = ast.Attribute(value=value.func.value, attr="shape", ctx=ast.Load())
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        found.update({t.id: "size" for t, v in pairs if isinstance(t, ast.Name) and _index(v) == 0})
        is_shape = (
            isinstance(value, ast.Attribute) and value.attr == "shape" and isinstance(value.value, ast.Name)
        )
        if isinstance(target, ast.Tuple) and is_shape and len(target.elts) > 1:
            found.update({e.id: "size" for e in target.elts[:-1] if isinstance(e, ast.Name) and e.id != "_"})
    stored = [i.id for i in ast.walk(node) if isinstance(i, ast.Name) and isinstance(i.ctx, ast.Store)]
    return {name: value for name, value in found.items() if stored.count(name) == 1}
