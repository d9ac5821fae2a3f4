"""Nodes of concrete syntax trees by the thousand: made without checks, and packed for another process.

libcst checks every node when it is made, for those who make one by hand. The parser's are right, and so are those
that come out of another process. The checks and the way in which a frozen class takes its fields are a quarter of
what parsing costs, and two thirds of what it costs to pack a tree and take it over.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

import libcst as cst

__all__ = ["pack", "unchecked", "unpack"]

_Class = type[cst.CSTNode]
_Init = Callable[..., None]
_T = TypeVar("_T")

_LITERALS = (cst.BaseNumber, cst.BaseString)
_lock = threading.RLock()
_depth = 0


@contextmanager
def unchecked() -> Iterator[None]:
    """Nodes that are made meanwhile, of whichever thread, are not checked; their fields are the same."""
    global _depth
    with _lock:
        _depth += 1
        if _depth == 1:
            _give(_quick())
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _give(_own())


def pack(tree: cst.Module) -> bytes:
    """A tree as bytes, for `unpack`. Raises RecursionError where it is nested too deeply."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _reducers()
    pickler.dump(tree)
    return stream.getvalue()


def unpack(data: bytes) -> cst.Module:
    """The tree that `pack` has packed, in this process or another of the same program."""
    with unchecked():
        tree: cst.Module = pickle.loads(data)
    return tree


def _give(constructors: Mapping[_Class, _Init]) -> None:
    for made, init in constructors.items():
        made.__init__ = init  # type: ignore[method-assign]


@cache
def _classes() -> Mapping[_Class, Sequence[dataclasses.Field[Any]]]:
    """The nodes whose constructor only takes fields, and the fields. libcst keeps each class twice: with its slots."""
    found = {}
    waiting: list[_Class] = cst.CSTNode.__subclasses__()
    while waiting:
        node = waiting.pop()
        waiting += node.__subclasses__()
        own = vars(node)
        plain = node.__post_init__ is cst.CSTNode.__post_init__
        if node.__module__.startswith("libcst.") and "__slots__" in own and "__init__" in own and plain:
            fields = dataclasses.fields(node)
            if all(field.init and hasattr(getattr(node, field.name, None), "__set__") for field in fields):
                found[node] = fields
    return found


@cache
def _own() -> Mapping[_Class, _Init]:
    return {node: node.__init__ for node in _classes()}


@cache
def _quick() -> Mapping[_Class, _Init]:
    _own()  # before any is replaced
    scope: dict[str, Any] = {}
    # of literals the parser takes some that Python does not: `"a" b"b"`
    plain = {node: fields for node, fields in _classes().items() if not issubclass(node, _LITERALS)}
    text = [_constructor(f"node{i}", *item, scope) for i, item in enumerate(plain.items())]
    exec("".join(text), scope)  # as dataclasses makes its own
    return {node: scope[f"node{i}"] for i, node in enumerate(plain)}


def _constructor(
    name: str, node: _Class, fields: Sequence[dataclasses.Field[Any]], scope: dict[str, Any]
) -> str:
    """The source of a function that puts its arguments into the slots of a node, as the class's own one does."""
    parameters, made, stored = [""], [], []
    for number, field in enumerate(fields):
        own = f"{name}_{number}"
        default = ""
        if field.default is not dataclasses.MISSING:
            scope[f"{own}_default"] = field.default
            default = f"={own}_default"
        elif field.default_factory is not dataclasses.MISSING:
            scope[f"{own}_make"], default = field.default_factory, "=None"
            made.append(f"    if {field.name} is None: {field.name} = {own}_make()\n")
        scope[own] = getattr(node, field.name).__set__
        parameters.append(f", {field.name}{default}")
        stored.append(f"    {own}(self, {field.name})\n")
    return f"def {name}(self{''.join(parameters)}):\n{''.join(made)}{''.join(stored) or '    pass'}\n"


@cache
def _reducers() -> Mapping[type, Callable[[Any], tuple[Any, ...]]]:
    """How to take each node apart: its class, and its fields in the order in which the constructor takes them."""
    return {node: _reducer(node, [field.name for field in fields]) for node, fields in _classes().items()}


def _reducer(node: _Class, names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda one: (node, ())
    get = attrgetter(*names)
    if len(names) == 1:
        return lambda one: (node, (get(one),))
    return lambda one: (node, get(one))
