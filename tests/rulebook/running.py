"""Runs a rule's example on both frameworks: the call as it stands under torch, its rendering under TensorFlow."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import inspect
import math
import pkgutil
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from transpile.rulebook import MISSING, Rule, Rulebook, bind, convert, load, render, select

DTYPES = {
    "f32": "float32",
    "f64": "float64",
    "f16": "float16",
    "bf16": "bfloat16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u8": "uint8",
    "bool": "bool",
    "c64": "complex64",
}
MODULES = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional"}


class Unrendered(Exception):
    """The rule does not take its own example."""


def array(spec: str, name: str) -> np.ndarray:
    """The values that a spec like `f32[2,3]:pos` describes, the same at every run."""
    spec, _, kind = spec.partition(":")
    dtype, _, dims = spec.rstrip("]").partition("[")
    shape = tuple(int(n) for n in dims.split(",") if n)
    random = np.random.default_rng(zlib.crc32(f"{name}{spec}{kind}".encode()))
    if kind == "zero":
        return np.zeros(shape, DTYPES[dtype])
    if kind.startswith("int"):
        return random.integers(0, int(kind[3:]), shape).astype(DTYPES[dtype])
    if dtype == "bool":
        return random.random(shape) < 0.5
    if dtype[0] in "iu":
        low = 1 if kind == "pos" or dtype == "u8" else -9
        return random.integers(low, 10, shape).astype(DTYPES[dtype])
    values = random.standard_normal(shape)
    if kind == "pos":
        values = np.abs(values) + 0.1
    if kind == "unit":
        values = random.random(shape) * 0.9 + 0.05
    if dtype == "c64":
        values = values + 1j * random.standard_normal(shape)
    return values.astype(DTYPES[dtype])


@functools.cache
def rules() -> Rulebook:
    return load()


@functools.cache
def support() -> dict[str, Any]:
    """Every public definition of transpile/support by name."""
    import transpile.support as package

    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"transpile.support.{info.name}")
        for name, value in vars(module).items():
            if (inspect.isfunction(value) or inspect.isclass(value)) and value.__module__ == module.__name__:
                found[name] = value
    return found


@functools.cache
def tf_names() -> dict[str, Any]:
    import tensorflow as tf

    return {"tf": tf, "np": np, "math": math, "contextlib": contextlib, "functools": functools}


class Evaluated:
    """Facts about arguments, taken from their values."""

    def __init__(self, rule: Rule, values: Mapping[str, str | None], names: Mapping[str, Any]) -> None:
        self.defaults = rule.defaults
        self.values = values
        self.names = names
        self.varargs = {p.name for p in rule.params if p.kind == "varargs"}

    def given(self, name: str) -> bool:
        if name in self.varargs and self.values.get(name) == "[]":
            return False
        return self.values.get(name) not in (None, "None")

    def constant(self, name: str) -> Any:
        text = self.values.get(name) or self.defaults.get(name)
        try:
            return MISSING if text is None else ast.literal_eval(text)
        except ValueError:
            return MISSING

    def value(self, name: str) -> Any:
        text = self.values.get(name)
        return None if text is None else eval(text, dict(self.names))

    def is_tensor(self, name: str) -> bool:
        return hasattr(self.value(name), "numpy")

    def is_int(self, name: str) -> bool:
        value = self.constant(name)
        return type(value) is int

    def is_list(self, name: str) -> bool:
        return isinstance(self.value(name), list | tuple)

    def is_dtype(self, name: str) -> bool:
        return type(self.value(name)).__name__ == "DType"

    def is_device(self, name: str) -> bool:
        return self.value(name) is None or isinstance(self.value(name), str)

    def rank(self, name: str) -> int | None:
        return len(self.value(name).shape) if self.is_tensor(name) else None

    def ranked(self, name: str) -> bool:
        return bool(self.rank(name)) or not self.is_tensor(name)

    def mixed(self, name: str) -> bool:
        value = self.value(name)
        return isinstance(value, list | tuple) and len({x.dtype for x in value}) > 1

    def dtype(self, name: str) -> str | None:
        return self.value(name).dtype.name if self.is_tensor(name) else None


class _Translated(ast.NodeTransformer):
    """Every torch name in an example's call, written by its rule."""

    def __init__(self, names: Mapping[str, Any], data_format: str | None) -> None:
        self.names = names
        self.data_format = data_format
        self.used: list[Rule] = []

    def qualified(self, node: ast.expr) -> str | None:
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if isinstance(node, ast.Name) and node.id in MODULES:
            return ".".join([MODULES[node.id], *reversed(parts)])
        return None

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name, receiver = self.qualified(node.func), None
        rule = rules().by_name(name) if name else None
        if name is None and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) != "math":
            rule = rules().method(node.func.attr)
            if rule is not None:
                receiver = ast.unparse(self.visit(node.func.value))
        if rule is None:
            if name is not None:
                raise Unrendered(f"no rule for {name}")
            return self.generic_visit(node)
        positional = [ast.unparse(self.visit(arg)) for arg in node.args]
        keywords = {str(k.arg): ast.unparse(self.visit(k.value)) for k in node.keywords}
        return self.written(rule, positional, keywords, receiver)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = self.qualified(node)
        if name is not None:
            rule = rules().by_name(name)
            if rule is None:
                raise Unrendered(f"no rule for {name}")
            return self.written(rule, [], {}, None)
        rule = rules().attribute(node.attr)
        if rule is None:
            return self.generic_visit(node)
        return self.written(rule, [], {}, ast.unparse(self.visit(node.value)))

    def written(
        self, rule: Rule, positional: list[str], keywords: dict[str, str], receiver: str | None
    ) -> ast.expr:
        self.used.append(rule)
        bound = bind(rule, positional, keywords, receiver)
        if not bound:
            raise Unrendered(bound.message)
        for name in bound.unsettled:
            value = eval(str(bound.values[name]), dict(self.names))
            if isinstance(value, int) or (hasattr(value, "numpy") and name in ("tensors", "operands")):
                bound = bound.with_int(name)
        variant = select(rule.variants, Evaluated(rule, bound.values, self.names))
        if variant is None:
            raise Unrendered("no variant holds")
        values, defaults = convert(rule, bound.values)
        text = render(variant.template, {**values, "data_format": self.data_format}, defaults)
        return ast.parse(text, mode="eval").body


def rendered(call: str, tensors: Mapping[str, Any], data_format: str | None = None) -> str:
    """An example's call, translated by the rules alone."""
    import tensorflow as tf

    names = {**support(), **tf_names(), **{n: tf.constant(v) for n, v in tensors.items()}}
    tree = _Translated(names, data_format).visit(ast.parse(call, mode="eval"))
    return ast.unparse(ast.fix_missing_locations(tree))


def under_torch(call: str, tensors: Mapping[str, np.ndarray]) -> Any:
    import torch

    names: dict[str, Any] = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np, "math": math}
    with torch.no_grad():
        return eval(call, {**names, **{n: torch.from_numpy(v.copy()) for n, v in tensors.items()}})


def under_tf(
    text: str, tensors: Mapping[str, np.ndarray], shapes: Mapping[str, list[int | None]] | None = None
) -> Any:
    """The text's value, eagerly or in a graph whose inputs have these shapes."""
    import tensorflow as tf

    names = {**support(), **tf_names()}
    code = compile(text, "<rendered>", "eval")
    if shapes is None:
        return eval(code, {**names, **{n: tf.constant(v) for n, v in tensors.items()}})
    specs = [tf.TensorSpec(shapes[n], v.dtype) for n, v in tensors.items()]

    def run(*arguments: Any) -> Any:
        return eval(code, {**names, **dict(zip(tensors, arguments, strict=True))})

    return tf.function(run, input_signature=specs, autograph=False)(*tensors.values())


def flat(value: Any) -> Iterator[Any]:
    """Tensors as arrays, and what else there is, in order."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from flat(item)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from flat(value[key])
    elif hasattr(value, "resolve_conj"):
        yield value.detach().resolve_conj().resolve_neg().numpy()
    elif hasattr(value, "numpy"):
        yield value.numpy()
    else:
        yield value


def difference(expected: Any, got: Any, random: bool = False) -> str | None:
    """What differs in value, shape or dtype; None if nothing does."""
    wanted, found = list(flat(expected)), list(flat(got))
    if len(wanted) != len(found):
        return f"{len(found)} results for {len(wanted)}"
    for a, b in zip(wanted, found, strict=True):
        if not isinstance(a, np.ndarray):
            b = b.item() if isinstance(b, np.ndarray | np.generic) else b
            same = math.isclose(a, b, rel_tol=1e-5) if isinstance(a, float) else a == b
            if not same or isinstance(a, bool) != isinstance(b, bool):
                return f"{b!r} for {a!r}"
            continue
        b = np.asarray(b)
        if a.shape != b.shape:
            return f"shape {b.shape} for {a.shape}"
        if a.dtype != b.dtype:
            return f"dtype {b.dtype} for {a.dtype}"
        if not random and not np.allclose(a, b, rtol=2e-5, atol=2e-6, equal_nan=True):
            return f"values differ: {b.ravel()[:6]} for {a.ravel()[:6]}"
    return None
