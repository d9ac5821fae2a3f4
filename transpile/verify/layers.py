"""The layers of both sides under torch's names, and a record of what each call of each gave."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from transpile.verify.measure import arrays
from transpile.verify.result import Place
from transpile.verify.sides import Side, frames

__all__ = ["Call", "find", "made", "recorded_keras", "recorded_torch"]


@dataclass
class Call:
    """One call of one layer."""

    path: str
    kind: str
    index: int
    given: list[tuple[str, Any]]
    result: list[tuple[str, Any]] = field(default_factory=list)
    stack: list[Place] = field(default_factory=list)  # of the caller, innermost first
    order: tuple[int, int] = (0, 0)  # when it began and ended
    children: bool = False
    made: Place | None = None
    own: list[Place] = field(
        default_factory=list
    )  # its own forward, and the functions of the file that it names

    @property
    def place(self) -> Place | None:
        return self.stack[0] if self.stack else None


class _Clock:
    def __init__(self) -> None:
        self.now = 0

    def tick(self) -> int:
        self.now += 1
        return self.now


def _places(side: Side) -> list[Place]:
    return [Place(side.shown(file), line, name, first) for file, line, name, first in frames(side.world)]


@contextmanager
def recorded_torch(model: Any, side: Side) -> Iterator[list[Call]]:
    """Every call of every module of a torch model, in the order in which they begin."""
    calls: list[Call] = []
    clock = _Clock()
    counts: dict[str, int] = {}
    running: list[Call] = []
    own_of, copied = _own_code(side), _Copies()
    made_at = made(dict(model.named_modules()), side)

    def begin(path: str, module: Any) -> Callable[..., None]:
        def hook(_: Any, positional: Any, named: Any) -> None:
            index = counts[path] = counts.get(path, 0) + 1
            call = Call(path, type(module).__name__, index, copied([positional, named]), stack=_places(side))
            call.order = (clock.tick(), 0)
            call.children = any(True for _ in module.children())
            call.made = made_at.get(path)
            call.own = own_of(type(module), "forward")
            calls.append(call)
            running.append(call)

        return hook

    def end(*parts: Any) -> None:
        call = running.pop()
        call.result = copied(parts[-1])
        call.order = (call.order[0], clock.tick())

    handles = []
    for path, module in model.named_modules():
        if _has_hooks(module):
            handles.append(module.register_forward_pre_hook(begin(path, module), with_kwargs=True))
            handles.append(module.register_forward_hook(end, with_kwargs=True))
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def _own_code(side: Side) -> Callable[[type, str], list[Place]]:
    """Where a class's own call stands, with the functions of the same side that it names, and those that they name."""
    known: dict[type, list[Place]] = {}

    def own(cls: type, method: str) -> list[Place]:
        if cls not in known:
            todo: list[Any] = [getattr(cls, method, None)]
            found: dict[Any, Place] = {}
            while todo and len(found) < 40:
                function = todo.pop()
                function = inspect.unwrap(function) if callable(function) else function
                code = getattr(function, "__code__", None)
                if (
                    not isinstance(code, CodeType) or code in found
                ):  # a class of functions has one that is none
                    continue
                if not side.world.owns_code(code.co_filename):
                    continue
                last = max((line for *_, line in code.co_lines() if line), default=code.co_firstlineno)
                found[code] = Place(side.shown(code.co_filename), last, code.co_name, code.co_firstlineno)
                todo += [function.__globals__.get(name) for name in code.co_names]
                todo += [getattr(cls, name, None) for name in code.co_names]
            known[cls] = list(found.values())
        return known[cls]

    return own


def _has_hooks(module: Any) -> bool:
    return not type(module).__module__.startswith("torch.jit")


class _Copies:
    """The arrays of nests, kept as they are now: torch code may write into them later.

    What one layer returns the next is given: a tensor that nobody has written into since is copied once.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[int, int], tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> list[tuple[str, Any]]:
        return [(path, self._copy(array)) for path, array in arrays(value, leaf=lambda tensor: tensor)]

    def _copy(self, tensor: Any) -> Any:
        if not hasattr(tensor, "detach"):
            return tensor.copy()
        key = (id(tensor), tensor._version)
        if key not in self.known:
            ((_, array),) = arrays(tensor)
            self.known[key] = tensor, array.copy()  # the tensor is kept, so that its id stays its own
        return self.known[key][1]


@contextmanager
def recorded_keras(
    model: Any, paths: list[str], side: Side, seen: Callable[[Call], None]
) -> Iterator[set[str]]:
    """Hands every call of a layer that stands under one of torch's names to `seen`; yields the names found."""
    clock = _Clock()
    counts: dict[str, int] = {}
    own_of = _own_code(side)
    wrapped: dict[int, tuple[Any, list[str]]] = {}
    for path in paths:
        layer = find(model, path)
        if layer is not None and callable(getattr(layer, "call", None)):
            wrapped.setdefault(id(layer), (layer, []))[1].append(path)

    def instrument(layer: Any, names: list[str]) -> None:
        original = layer.call

        def call(*positional: Any, **named: Any) -> Any:
            index = counts[names[0]] = counts.get(names[0], 0) + 1
            record = Call(
                names[0], type(layer).__name__, index, arrays([positional, named]), stack=_places(side)
            )
            record.own = own_of(type(layer), "call")
            begun = clock.tick()
            result = original(*positional, **named)
            record.result = arrays(result)
            record.order = (begun, clock.tick())
            seen(record)
            return result

        call.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
        object.__setattr__(layer, "call", call)

    for layer, names in wrapped.values():
        instrument(layer, names)
    try:
        yield {name for _, names in wrapped.values() for name in names}
    finally:
        for layer, _ in wrapped.values():
            vars(layer).pop("call", None)


def find(model: Any, path: str) -> Any:
    """The layer of a Keras model under a torch name; None where there is none."""
    from transpile.weights.paths import own_attribute
    from transpile.weights.places import declared, is_sequential, is_wrapper

    found = model
    for token in path.split(".") if path else []:
        if is_wrapper(found):
            found = found.layer
        if isinstance(found, (list, tuple)):
            found = found[int(token)] if token.isdigit() and int(token) < len(found) else None
        elif isinstance(found, Mapping):
            found = found.get(token)
        else:
            child = own_attribute(found, declared(found, "torch_names").get(token, token))
            if not _is_something(child) and is_sequential(found) and token.isdigit():
                child = found.layers[int(token)] if int(token) < len(found.layers) else None
            found = child if _is_something(child) else None
        if found is None:
            return None
    return found


def _is_something(value: Any) -> bool:
    return value is not None and type(value) is not object


def made(named: Mapping[str, Any], side: Side) -> dict[str, Place]:
    """Where each layer is made: the line of `self.NAME = …` in the class of the layer around it."""
    with side.world.entered():  # inspect asks sys.modules for a class's file
        return _made(named, side)


def _made(named: Mapping[str, Any], side: Side) -> dict[str, Place]:
    places: dict[str, Place] = {}
    sources: dict[type, tuple[str, list[str], int] | None] = {}
    for path in named:
        parent, _, name = path.rpartition(".")
        while name.isdigit() and parent:
            parent, _, name = parent.rpartition(".")
        owner = named.get(parent)
        if not path or owner is None:
            continue
        for cls in type(owner).__mro__:
            place = _assigned(cls, name, side, sources)
            if place is not None:
                places[path] = place
                break
    return places


def _assigned(
    cls: type, name: str, side: Side, sources: dict[type, tuple[str, list[str], int] | None]
) -> Place | None:
    if cls not in sources:
        try:
            file = inspect.getsourcefile(cls)
            lines, first = inspect.getsourcelines(cls) if file and side.world.owns(file) else ([], 0)
            sources[cls] = (file, lines, first) if file and lines else None
        except (OSError, TypeError):
            sources[cls] = None
    known = sources[cls]
    if known is None:
        return None
    file, lines, first = known
    pattern = re.compile(rf"self\.{re.escape(name)}\b[^=]*=(?!=)|[\"']{re.escape(name)}[\"']")
    for offset, line in enumerate(lines):
        if pattern.search(line):
            return Place(side.shown(file), first + offset, cls.__name__, first)
    return None
