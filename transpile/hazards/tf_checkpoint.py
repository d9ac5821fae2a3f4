"""CKP: checkpoints that cannot be restored as they are, in TensorFlow 1 and 2 source."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from transpile.diagnostics import Edit, Severity
from transpile.hazards.codes import risk
from transpile.hazards.tf_source import Source, tf_check

ORDER = risk(
    "CKP001",
    Severity.WARNING,
    "an optimizer is made before the variables to restore are listed",
    """
An optimizer has variables of its own (Adam's m and v, two for every weight), and what lists all variables after it was
made lists those too. A pretrained checkpoint does not hold them, so that restoring says that a large number
of Adam variables is missing. List first, then make the optimizer; the fix changes the order where that is safe.
""",
    before="""
    def restore(path, rate):
        optimizer = tf.compat.v1.train.AdamOptimizer(rate)
        variables = tf.compat.v1.global_variables()
        tf.compat.v1.train.Saver(variables).restore(None, path)
        return optimizer
    """,
    after="""
    def restore(path, rate):
        variables = tf.compat.v1.global_variables()
        optimizer = tf.compat.v1.train.AdamOptimizer(rate)
        tf.compat.v1.train.Saver(variables).restore(None, path)
        return optimizer
    """,
    tensorflow=True,
)
STRICT = risk(
    "CKP002",
    Severity.WARNING,
    "a checkpoint of weights is restored together with an optimizer, and has to match in full",
    """
`tf.train.Checkpoint(model=…, optimizer=…)` expects the optimizer's variables in the file. A file that was made of the
model alone has none, and assert_consumed or assert_existing_objects_matched raises. Restore the model by a checkpoint
of its own, or go on with what is there: `restore(path).expect_partial()`.
""",
    before="""
    def restore(model, optimizer, path):
        checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer)
        checkpoint.restore(path).assert_existing_objects_matched()
    """,
    after="""
    def restore(model, path):
        checkpoint = tf.train.Checkpoint(model=model)
        checkpoint.restore(path).assert_existing_objects_matched()
    """,
    tensorflow=True,
)
LISTED = risk(
    "CKP003",
    Severity.WARNING,
    "layers in a list or a dict are not part of a tf.train.Checkpoint",
    """
Keras 3 counts layers in lists and dicts among a model's weights, but tf.train.Checkpoint does not find them there: they
are left out of the file without a word, and assert_consumed passes. Attributes, tuples and Sequential are saved.
Keep such layers under attributes (or in a tuple), or save with save_weights.
""",
    before="""
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.stages = [tf.keras.layers.Dense(8) for _ in range(3)]

    def save(path):
        tf.train.Checkpoint(model=Net()).save(path)
    """,
    after="""
    class Net(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.stages = tuple(tf.keras.layers.Dense(8) for _ in range(3))

    def save(path):
        tf.train.Checkpoint(model=Net()).save(path)
    """,
    tensorflow=True,
)
PARTIAL = risk(
    "CKP004",
    Severity.INFO,
    "names that do not match are passed over",
    """
With skip_mismatch or by_name a name that does not match is left at its random start without a word. That is
meant for a new head; where it is not, look at what is left over (`transpile inspect`).
""",
    before="""
    def load(model, path):
        model.load_weights(path, skip_mismatch=True)
    """,
    after="""
    def load(model, path):
        model.load_weights(path)
    """,
    tensorflow=True,
)
LISTINGS = (
    "get_variables_to_restore",
    "get_model_variables",
    "global_variables",
    "all_variables",
    "get_variables",
)
TAKERS = ("Saver", "assign_from_checkpoint_fn", "assign_from_checkpoint", "init_from_checkpoint")
ASSERTIONS = ("assert_consumed", "assert_existing_objects_matched")


def _is_optimizer(source: Source, node: ast.AST) -> bool:
    """Whether something makes an optimizer of TensorFlow 1 (`tf.train.AdamOptimizer`) or of Keras."""
    if not isinstance(node, ast.Call):
        return False
    name = source.name(node.func)
    is_first = name.startswith("tensorflow.") and name.endswith("Optimizer") and ".train." in name
    return is_first or (
        name.startswith("tensorflow.keras.optimizers.") and name.rpartition(".")[2][:1].isupper()
    )


def _called(node: ast.Call) -> str:
    """The last part of what is called: "restore" of `saver.restore(…)`."""
    return (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id if isinstance(node.func, ast.Name) else ""
    )


@tf_check(ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)
def order(source: Source, node: ast.Module | ast.FunctionDef) -> None:
    """optimizer = Adam(…); variables = slim.get_variables_to_restore()"""
    made: ast.stmt | None = None
    between: list[ast.stmt] = []
    for statement in _flat(node.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if made is not None and (listing := _listing(source, node, statement)) is not None:
            name = source.segment(listing.func)
            message = f"`{name}()` lists the variables of the optimizer of line {made.lineno} too"
            source.say(
                ORDER,
                listing,
                message,
                "List the variables before the optimizer is made.",
                _moved(source, node, made, between, statement),
            )
            return
        if (
            made is None
            and any(_is_optimizer(source, inner) for inner in ast.walk(statement))
            and _is_simple(statement)
        ):
            made = statement
        elif made is not None:
            between.append(statement)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a block, those under `with` included, in the order in which they run."""
    for statement in body:
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            yield from _flat(statement.body)
        else:
            yield statement


def _is_simple(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr))


def _listing(source: Source, scope: ast.AST, statement: ast.stmt) -> ast.Call | None:
    """The call in a statement that lists variables in order to restore them."""
    for inner in ast.walk(statement):
        if not isinstance(inner, ast.Call):
            continue
        called = _called(inner)
        if called == "get_variables_to_restore":
            return inner
        known = source.name(inner.func).startswith(("tensorflow.", "tf_slim"))
        if called in LISTINGS and known and _is_restored(scope, statement, inner):
            return inner
        if (
            called == "Saver"
            and known
            and not inner.args
            and not inner.keywords
            and _is_restored(scope, statement, inner)
        ):
            return inner
    return None


def _is_restored(scope: ast.AST, statement: ast.stmt, call: ast.Call) -> bool:
    """Whether the list goes to something that reads a checkpoint, or the saver's restore is called."""
    names = {t.id for t in getattr(statement, "targets", ()) if isinstance(t, ast.Name)}
    for inner in ast.walk(scope):
        if not isinstance(inner, ast.Call):
            continue
        called = _called(inner)
        if called == "restore" and isinstance(inner.func, ast.Attribute):
            owner = inner.func.value
            if owner is call or (isinstance(owner, ast.Name) and owner.id in names):
                return True
        if called in TAKERS and inner is not call:
            given = [*inner.args, *(k.value for k in inner.keywords)]
            if any(a is call or (isinstance(a, ast.Name) and a.id in names) for a in given):
                return called != "Saver" or _calls(scope, "restore")
    return False


def _calls(scope: ast.AST, name: str) -> bool:
    return any(isinstance(inner, ast.Call) and _called(inner) == name for inner in ast.walk(scope))


def _moved(
    source: Source, scope: ast.AST, made: ast.stmt, between: list[ast.stmt], listing: ast.stmt
) -> list[Edit] | None:
    """The listing in front of the optimizer, where both are whole lines of one block and it needs nothing between."""
    body = getattr(scope, "body", [])
    if made not in body or listing not in body or not isinstance(listing, ast.Assign):
        return None
    stored = {
        inner.id
        for s in (made, *between)
        for inner in ast.walk(s)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    if any(isinstance(inner, ast.Name) and inner.id in stored for inner in ast.walk(listing)):
        return None
    lines = source.lines[listing.lineno - 1 : listing.end_lineno]
    if listing.col_offset != made.col_offset or lines[0][: listing.col_offset].strip():
        return None
    text = "".join(line + "\n" for line in lines)
    assert listing.end_lineno is not None
    return [
        Edit(made.lineno, 1, made.lineno, 1, text),
        Edit(listing.lineno, 1, listing.end_lineno + 1, 1, ""),
    ]


@tf_check(ast.Call)
def strict(source: Source, node: ast.Call) -> None:
    """Checkpoint(model=m, optimizer=o).restore(path).assert_consumed()"""
    if _called(node) not in ASSERTIONS or not isinstance(node.func, ast.Attribute):
        return
    restore = node.func.value
    if (
        not isinstance(restore, ast.Call)
        or _called(restore) not in ("restore", "read")
        or not isinstance(restore.func, ast.Attribute)
    ):
        return
    made = _value_of(source, restore.func.value)
    if made is None or source.name(made.func) not in (
        "tensorflow.train.Checkpoint",
        "tensorflow.compat.v1.train.Checkpoint",
    ):
        return
    if any(k.arg and "optim" in k.arg for k in made.keywords) and not _calls(source.tree, "save"):
        message = "the checkpoint must hold the optimizer's variables too, and one of weights alone does not"
        source.say(
            STRICT, node, message, "Restore the model by a Checkpoint of its own, or use expect_partial()."
        )


def _value_of(source: Source, node: ast.AST) -> ast.Call | None:
    """The call that made a value, looked up by its name in the functions around."""
    if isinstance(node, ast.Call):
        return node
    if isinstance(node, ast.Name):
        for scope in [*reversed(source.around), source.tree]:
            for inner in source.walk(scope):
                if not isinstance(inner, ast.Assign) or not isinstance(inner.value, ast.Call):
                    continue
                if any(isinstance(t, ast.Name) and t.id == node.id for t in inner.targets):
                    return inner.value
    return None


@tf_check(ast.ClassDef)
def listed(source: Source, node: ast.ClassDef) -> None:
    """self.stages = [Dense(8) for …], in a file that uses tf.train.Checkpoint"""
    if node.name not in source.layers or not any(
        source.name(inner.func) == "tensorflow.train.Checkpoint"
        for inner in source.walk(source.tree)
        if isinstance(inner, ast.Call)
    ):
        return
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Assign) or not isinstance(inner.targets[0], ast.Attribute):
            continue
        value = inner.value
        held = (
            [value.elt]
            if isinstance(value, ast.ListComp)
            else (
                value.elts
                if isinstance(value, ast.List)
                else value.values if isinstance(value, ast.Dict) else []
            )
        )
        if any(source.is_layer(item) for item in held):
            text = source.segment(inner.targets[0])
            source.say(
                LISTED,
                inner,
                f"the layers in `{text}` are not saved by tf.train.Checkpoint",
                "Keep them in a tuple, or save with save_weights.",
            )


@tf_check(ast.Call)
def partial(source: Source, node: ast.Call) -> None:
    """load_weights(path, skip_mismatch=True)"""
    if _called(node) == "load_weights":
        for keyword in node.keywords:
            if (
                keyword.arg in ("skip_mismatch", "by_name")
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is True
            ):
                source.say(PARTIAL, node, f"{keyword.arg}=True passes over names that do not match", "")
