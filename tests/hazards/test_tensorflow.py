"""Hazards of TensorFlow source: near misses first, then what must be found, then that every fix does what it says."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import pytest

from transpile.diagnostics import Diagnostic, Edit
from transpile.emit import END, HEADING
from transpile.hazards import check_tensorflow
from transpile.hazards.codes import EXAMPLES, TENSORFLOW_HEADER, load

load()
HEAD = """import numpy as np
import tensorflow as tf
import tensorflow.compat.v1 as v1
import tf_slim as slim
from tensorflow import keras
from tensorflow.keras import Sequential, layers

"""
OWN = "class Own(layers.Layer):\n    pass\n\n\n"


def found(body: str, head: str = HEAD) -> list[Diagnostic]:
    return check_tensorflow(head + body, "port.py")


def said(body: str) -> list[tuple[str, int]]:
    return [(d.code, d.line - HEAD.count("\n")) for d in found(body)]


def edited(text: str, edits: Sequence[Edit]) -> str:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda e: (e.line, e.column), reverse=True):
        first, last = starts[edit.line - 1] + edit.column - 1, starts[edit.end_line - 1] + edit.end_column - 1
        text = text[:first] + edit.text + text[last:]
    return text


NEAR_MISSES = [
    "m = Sequential([layers.Dense(2), layers.Dense(3)])",
    "m = Sequential()",
    "m = Sequential([layers.Dense(2)], 'name')",
    "m = Sequential(make_layers())",
    "m = Sequential(all_of_them)",
    "import torch.nn as nn\nm = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4))",
    "opt = v1.train.AdamOptimizer(1e-3)\nsaver = v1.train.Saver()\nsaver.save(s, p)",
    "opt = v1.train.AdamOptimizer(1e-3)\nn = len(v1.global_variables())",
    "variables = slim.get_variables_to_restore()\nopt = v1.train.AdamOptimizer(1e-3)",
    "opt = tf.keras.optimizers.Adam(1e-3)\nvariables = tf.compat.v1.trainable_variables()",
    "def f(x):\n    return tf.reshape(x, [-1, x.shape[-1]])",
    "def f(x):\n    return tf.reshape(x, [tf.shape(x)[0], x.shape[1]])",
    "def f(x):\n    b, h, w, c = x.shape\n    return tf.reshape(x, [-1, c])",
    "def f(x):\n    b, h, w, c = tf.unstack(tf.shape(x))\n    return tf.reshape(x, [b, h * w, c])",
    "class A(layers.Layer):\n    def build(self, s):\n        self.w = tf.zeros([s.shape[0]])",
    "class A(layers.Layer):\n    def f(self):\n        return tf.range(self.w.shape[0])",
    "class A(layers.Layer):\n    def call(self, x):\n        return layers.Concatenate()([x, x])",
    "class A:\n    def __init__(self):\n        self.layers = []",
    "class A(layers.Layer):\n    def __init__(self):\n        self.layers = []",  # a layer has none, a model does
    "class A(keras.Model):\n    def __init__(self):\n        self.stages = [layers.Dense(2)]",  # nobody checkpoints it
    "model.load_weights(path, skip_mismatch=False)",
    "ck = tf.train.Checkpoint(model=m, optimizer=o)\nck.restore(p).expect_partial()",
    "x = layers.Conv2D(3, 3, padding='same')",
    "x = layers.Conv2D(3, 3, 2, padding='valid')",
    "x = layers.BatchNormalization(epsilon=1e-5, momentum=0.9)",
    "x = tf.nn.leaky_relu(x, 0.1)",
    "x = tf.nn.leaky_relu(x, **options)",
    "x = layers.LeakyReLU(0.01)",
    "x = tf.nn.gelu(x, approximate=False)",
    "x = tf.nn.gelu(x)",
    "x = tf.image.resize(x, size, 'bilinear')",
    "x = tf.nn.max_pool2d(x, 2, 2, 'VALID')",
    "x = tf.nn.max_pool2d(x, 3, 1, 'SAME')",
    "class A(layers.Layer):\n    def call(self, x):\n        return self.frozen(x, training=False)",
    "class A(layers.Layer):\n    def fit(self, x, training):\n        return self.net(x, training=True)",
    "for name in set(names):\n    print(name)",
    "ls = [layers.Dense(2) for name in sorted(set(names))]",
    "seen = {layer.name for layer in model.layers}",
    "x = layers.BatchNormalization(**options)",
    "x = tf.constant(np.zeros(3), dtype=tf.float32)",
    "x = tf.constant(np.zeros(3), tf.float32)",
    "x = tf.constant(np.zeros(3, np.float32))",
    "x = tf.constant(np.zeros(3, dtype=kind))",
    "x = tf.constant(np.arange(3))",
    "x = tf.constant(np.zeros(3).astype('float32'))",
    "x = tf.cast(np.zeros(3), tf.float32)",
    "d = tf.data.Dataset.from_tensor_slices(np.zeros((3, 2), np.float32))",
    "x = tf.range(n) // 2",
    "x = tf.range(0.0, 1.0, 0.1) / 2",
    "x = tf.range(n, dtype=tf.float32) / 2",
    "x = tf.cast(tf.range(n), tf.float32) / 2",
    "x = x.shape[1] / 2",
    "x = tf.reduce_mean(x)",
    "x = tf.reduce_mean(tf.cast(tf.shape(x), tf.float32))",
    "def f(n):\n    k = tf.range(n)\n    k = tf.cast(k, tf.float32)\n    return k / 2",
    "x = tf.range(n) == tf.shape(x)[0]",
    "x = tf.argmax(x, -1) == tf.range(n, dtype=tf.int64)",
    "x = tf.argmax(x, -1, output_type=tf.int32) == tf.range(n)",
    "x = tf.shape(x)[0] * 2",
    "x = tf.reduce_prod(x)",
    "x = scores + mask * -1e9",
    "x = tf.cast(x, tf.bfloat16) * -1e9",
    "x = tf.cast(x, tf.float16) * -1e4 + 1e-4",
    "x = tf.cast(x, tf.float16)\nlr = 1e-9",
    "x = tf.cast(x, tf.float16)\nx = tf.where(m, x, -float('inf'))",
    "keras.mixed_precision.set_global_policy('mixed_float16')\nmodel.fit(d)",
    "keras.mixed_precision.set_global_policy('mixed_bfloat16')\nwith tf.GradientTape() as t:\n    m(x)",
    "keras.mixed_precision.set_global_policy('mixed_float16')\nopt = keras.mixed_precision.LossScaleOptimizer(opt)\n"
    "with tf.GradientTape() as t:\n    m(x)",
    "x = tf.nn.softplus(x)",
    "x = tf.nn.softplus(2.0 * x) / 2.0",
    "x = 0.5 * tf.nn.softplus(x * 2.0)",
    "x = x * tf.sigmoid(x)",
    "x = x * tf.sigmoid(2.0 * x)",
    "x = tf.math.reduce_max(x)",
    "ls = [layers.Dense(2) for name in {'a': 1, 'b': 2}]",
    "ls = [layers.Dense(2) for name in list(names)]",
    "ls = [layers.Dense(2) for name in a - b]",
    "def f(a):\n    names = set(a)\n    names = sorted(names)\n    return [layers.Dense(2) for n in names]",
]


@pytest.mark.parametrize("body", NEAR_MISSES)
def test_nothing_is_said_of(body: str) -> None:
    assert said(body) == []


def test_nothing_is_said_of_a_file_without_tensorflow() -> None:
    assert check_tensorflow("Sequential(a, b)\n", "x.py") == []


def test_what_was_copied_in_is_passed_over_and_its_layers_are_known() -> None:
    body = "m = Sequential(Own(2), Own(3))"
    assert check_tensorflow(f"{HEAD}{HEADING}\n{OWN}{body}\n{END}\n", "port.py") == []
    assert [d.code for d in check_tensorflow(f"{HEAD}{HEADING}\n{OWN}{END}\n{body}\n", "port.py")] == [SEQ]


SEQ, CKP, SHP, STA8, STA9 = "SEQ001", "CKP001", "SHP002", "STA008", "STA009"
CASES = [
    ("m = Sequential(layers.Dense(2), layers.Dense(3))", [(SEQ, 1)]),
    ("m = tf.keras.Sequential(layers.Dense(2))", [(SEQ, 1)]),
    ("m = keras.models.Sequential(a, b, name='x')", [(SEQ, 1)]),
    ("m = Sequential(*[layers.Dense(2)])", [(SEQ, 1)]),
    ("class Conv(layers.Layer): pass\nm = Sequential(Conv())", [(SEQ, 2)]),
    ("opt = v1.train.AdamOptimizer(lr)\nvariables = slim.get_variables_to_restore()", [(CKP, 2)]),
    ("opt = v1.train.MomentumOptimizer(lr, .9)\nsaver = v1.train.Saver()\nsaver.restore(s, p)", [(CKP, 2)]),
    ("opt = v1.train.AdamOptimizer(lr)\ns = v1.train.Saver(v1.global_variables())\ns.restore(a, p)", [(CKP, 2)]),
    ("opt = keras.optimizers.Adam(lr)\nv = v1.global_variables()\nv1.train.init_from_checkpoint(p, v)", [(CKP, 2)]),
    ("def f(x):\n    return tf.reshape(x, [x.shape[1], x.shape[0]])", [(SHP, 2)]),
    ("def f(x):\n    b, h, w, c = x.shape\n    return tf.reshape(x, [-1, h * w, c])", [(SHP, 3)]),
    ("def f(x):\n    b = x.get_shape()[0]\n    return tf.zeros([b, 2])", [(SHP, 3)]),
    ("def f(x):\n    b, c = x.get_shape().as_list()\n    return tf.zeros([b, 2])", [(SHP, 3)]),
    ("def f(x):\n    n = x.shape[0]\n    return [x[i] for i in range(n)]", [(SHP, 3)]),
    ("class A(layers.Layer):\n    def call(self, x):\n        return layers.Dense(2)(x)", [("STA005", 3)]),
    ("@tf.function\ndef f(x):\n    return tf.Variable(x)", [("STA005", 3)]),
    ("class A(keras.Model):\n    def __init__(self):\n        self.layers = []", [("STA004", 3)]),
    ("class A(keras.Model):\n    pass\nclass B(A):\n    def __init__(self):\n        self.input = 3", [("STA004", 5)]),
    ("layers.Conv2D(3, 3, 2, padding='same')", [("NUM001", 1)]),
    ("layers.LayerNormalization(axis=-1)", [("NUM002", 1)]),
    ("layers.BatchNormalization(epsilon=1e-5)", [("NUM002", 1)]),
    ("layers.BatchNormalization(epsilon=1e-5, momentum=0.03)", [("NUM003", 1)]),
    ("tf.nn.max_pool2d(x, 3, strides=2, padding='SAME')", [("NUM001", 1)]),
    ("tf.nn.conv2d(x, k, [1, 2, 2, 1], 'SAME')", [("NUM001", 1)]),
    ("tf.nn.leaky_relu(x)", [("NUM004", 1)]),
    ("layers.LeakyReLU()", [("NUM004", 1)]),
    ("tf.nn.gelu(x, True)", [("NUM004", 1)]),
    ("tf.image.resize(x, s, tf.image.ResizeMethod.BICUBIC)", [("NUM004", 1)]),
    ("class A(layers.Layer):\n    def call(self, x, training):\n        return self.n(x, training=False)", [(STA8, 3)]),
    ("for name in {'a', 'b'}:\n    heads.append(layers.Dense(2, name=name))", [(STA9, 1)]),
    ("heads = {n: layers.Dense(2) for n in frozenset(names)}", [(STA9, 1)]),
    ("heads = [layers.Dense(2) for n in list(set(names))]", [(STA9, 1)]),
    ("heads = [layers.Dense(2) for i, n in enumerate(set(a) - set(b))]", [(STA9, 1)]),
    ("heads = [layers.Dense(2) for n in a.keys() & b.keys()]", [(STA9, 1)]),
    ("heads = [layers.Dense(2) for n in {'a'}.union(b)]", [(STA9, 1)]),
    ("def f(a):\n    names = set(a)\n    return [layers.Dense(2) for n in names]", [(STA9, 3)]),
    ("for n in set(names):\n    ws.append(tf.Variable(x))", [(STA9, 1)]),
    ("class A(layers.Layer):\n    def f(self):\n        return [self.add_weight(name=n) for n in set(x)]", [(STA9, 3)]),
    ("x = tf.constant(np.zeros(3))", [("NUM005", 1)]),
    ("x = tf.Variable(np.random.randn(3, 4), name='x')", [("NUM005", 1)]),
    ("x = tf.convert_to_tensor(np.linspace(0, 1, 5))", [("NUM005", 1)]),
    ("d = tf.data.Dataset.from_tensor_slices(np.random.rand(3, 2))", [("NUM005", 1)]),
    ("x = tf.range(n) / 2", [("NUM006", 1)]),
    ("x = tf.range(4) / 2.0", [("NUM006", 1)]),
    ("x = 1 / tf.shape(x)[0]", [("NUM006", 1)]),
    ("x = (tf.range(n) + 1) / tf.size(x)", [("NUM006", 1)]),
    ("def f(x):\n    s = tf.shape(x)\n    return s[0] / s[1]", [("NUM006", 3)]),
    ("x = tf.reduce_mean(tf.argmax(x, -1))", [("NUM006", 1)]),
    ("x = tf.argmax(x, -1) == tf.range(n)", [("NUM008", 1)]),
    ("x = tf.cast(ids, tf.int64) + tf.shape(x)[0]", [("NUM008", 1)]),
    ("x = tf.shape(x)[0] * tf.shape(x)[1]", [("NUM009", 1)]),
    ("x = tf.math.reduce_prod(tf.shape(x)[1:])", [("NUM009", 1)]),
    ("x = tf.cast(x, tf.float16) + m * -1e9", [("NUM007", 1)]),
    ("d = keras.layers.Dense(2, dtype='float16')\nx = x / (n + 1e-8)", [("NUM007", 2)]),
    ("x = tf.where(m, tf.cast(x, tf.half), -1e10)", [("NUM007", 1)]),
    (
        "keras.mixed_precision.set_global_policy('mixed_float16')\nwith tf.GradientTape() as t:\n    m(x)",
        [("NUM007", 1)],
    ),
    ("x = tf.nn.softplus(2.0 * x)", [("NUM004", 1)]),
    ("def f(x):\n    return tf.math.softplus(x * 10) + 1", [("NUM004", 2)]),
    ("x = x * tf.sigmoid(1.702 * x)", [("NUM004", 1)]),
    ("x = tf.math.reduce_std(x, -1)", [("NUM004", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), CASES)
def test_what_is_found(body: str, wanted: list[tuple[str, int]]) -> None:
    assert said(body) == wanted


SEED = """
class TFGSBottleneck(tf.keras.layers.Layer):
    def __init__(self, c1, c2, k=3, s=1, w=None):
        super().__init__()
        c_ = c2 // 2
        self.lighting = tf.keras.Sequential(
            TFGSConv(c1, c_, 1, 1, w=w.conv_lighting[0]),
            TFGSConv(c_, c2, 1, 1, act=False, w=w.conv_lighting[1])
        )
"""


def test_layers_that_stand_on_lines_of_their_own_go_into_a_list() -> None:
    (diagnostic,) = found(SEED)
    assert diagnostic.code == SEQ and diagnostic.fix is not None
    text = edited(HEAD + SEED, diagnostic.fix)
    ast.parse(text)
    assert "Sequential(\n            [TFGSConv(c1" in text and check_tensorflow(text, "x.py") == []


FIXED = [
    body
    for body, wanted in CASES
    if wanted and wanted[0][0] in (SEQ, CKP, SHP, STA8, STA9, "NUM005", "NUM006", "NUM008")
]


@pytest.mark.parametrize("body", FIXED + [e.before for e in EXAMPLES.values() if e.is_tensorflow])
def test_a_fix_leaves_nothing_to_say(body: str) -> None:
    head = HEAD if body in FIXED else TENSORFLOW_HEADER
    for diagnostic in found(body, head):
        if diagnostic.fix is not None:
            text = edited(head + body.rstrip("\n") + "\n", diagnostic.fix)
            ast.parse(text)
            assert diagnostic.code not in {d.code for d in check_tensorflow(text, "x.py")}


def test_the_order_is_changed_only_where_nothing_stands_between() -> None:
    (diagnostic,) = found(
        "opt = v1.train.AdamOptimizer(lr)\nskip = ['a']\nv = slim.get_variables_to_restore(exclude=skip)\n"
    )
    assert diagnostic.code == CKP and diagnostic.fix is None


def test_columns_count_characters() -> None:
    (diagnostic,) = found("é = 'ä'; m = Sequential(layers.Dense(2))")
    assert diagnostic.column == len("é = 'ä'; m = ") + 1


FORMER = [
    ("y = tf.matrix_inverse(x)", "tf.linalg.inv", "y = tf.linalg.inv(x)"),
    ("y = tf.arg_max(x, dimension=1)", "tf.argmax", "y = tf.argmax(x, axis=1)"),
    ("s = tf.Session()", "tf.compat.v1.Session", "s = tf.compat.v1.Session()"),
    ("opt = tf.train.AdamOptimizer(1e-3).minimize(x)", "tf.keras.optimizers.Adam", None),
    ("y = tf.contrib.slim.conv2d(x, 3, 3)", "tf.contrib is gone", None),
    ("from tensorflow import Session\ns = Session()", "tf.compat.v1.Session", None),
]


@pytest.mark.parametrize(("body", "spelling", "after"), FORMER)
def test_a_name_of_tensorflow_1_gets_its_spelling(body: str, spelling: str, after: str | None) -> None:
    (diagnostic,) = found(body + "\n")
    assert diagnostic.code == "API008" and spelling in diagnostic.message
    if after is None:
        assert diagnostic.fix is None
    else:
        assert diagnostic.fix is not None and edited(HEAD + body + "\n", diagnostic.fix) == f"{HEAD}{after}\n"


def test_nothing_is_said_of_names_that_are_there() -> None:
    assert said("y = tf.linalg.inv(x)\ns = tf.compat.v1.Session()\nz = v1.placeholder(tf.float32)\n") == []


CALL = "class Own(layers.Layer):\n    def call(self, x, mask=None, training=None):\n"


def decided(body: str, head: str = CALL) -> list[tuple[str, int]]:
    text = head + "\n".join(f"        {line}" for line in body.splitlines()) + "\n        return x\n"
    return [(code, line - head.count("\n")) for code, line in said(text) if code == "STA012"]


@pytest.mark.parametrize(
    "body",
    [
        "if training: x = x * 2",
        "if mask is not None: x = x * tf.reduce_sum(mask)",
        "m = tf.reduce_max(x)\nif m is None: x = x * 2",
        "if tf.is_tensor(x) and len(x.shape) == 4: x = x * 2",
        "if tf.reduce_max(x).shape.rank == 0: x = x * 2",
        "if x.shape[-1] == 3: x = x * 2",
        "if tf.executing_eagerly() and tf.reduce_max(x) > 1: x = x * 2",
        "for i in range(x.shape[-1]): x = x + i",
        "x = tf.cond(tf.reduce_max(x) > 1, lambda: x if tf.rank(x) == 4 else x, lambda: x)",
        "m = tf.reduce_max(x)\nm = 3\nif m > 1: x = x * 2",  # another value by then
        "x = tf.where(tf.reduce_max(x) > 1, x, -x)",
    ],
)
def test_python_may_decide_by_what_is_known_while_tracing(body: str) -> None:
    assert decided(body) == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("if tf.reduce_max(x) > 1: x = x * 2", 1),
        ("m = tf.reduce_max(x)\nif not m > 1: x = x * 2", 2),
        ("while tf.norm(x) > 1: x = x / 2", 1),
        ("x = x if training and tf.math.is_nan(x[0, 0]) else -x", 1),
        ("assert tf.shape(x)[0] == 2", 1),
        ("if int(tf.size(x)) > 4: x = x * 2", 1),
        ("for i in tf.range(3): x = x + 1", 1),
        ("for i in range(tf.shape(x)[1]): x = x + 1", 1),
        ("ys = [x[i] for i in tf.range(3)]", 1),
        ("if tf.random.uniform([]) < 0.5: x = -x", 1),
    ],
)
def test_what_a_traced_call_cannot_tell_is_found(body: str, line: int) -> None:
    assert decided(body) == [("STA012", line)]


@pytest.mark.parametrize(
    "head",
    [
        CALL.replace("    def", "    @tf.function\n    def"),  # AutoGraph is at work here
        CALL.replace("call", "show"),
        CALL.replace("layers.Layer", "object"),
    ],
)
def test_only_the_calls_that_are_traced_as_they_stand_are_meant(head: str) -> None:
    assert decided("if tf.reduce_max(x) > 1: x = x * 2", head) == []
