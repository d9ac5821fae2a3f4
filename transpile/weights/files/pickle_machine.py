"""Reads a pickle without running it.

A pickle is a program for a small stack machine, and the instructions that matter to an attacker are those that
import a name and call it. This machine knows the instructions and none of the names: a name is looked up in the
table that it is given, and a name that is not in the table is refused, or, where the caller wants that, kept as
a `Foreign` object of which nothing is imported, called or set.

pickletools reads the instructions (it checks lengths against what is there); memo and stack are Python
containers, so that a large index or count in a damaged file costs nothing.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[..., Any]


class Refused(Exception):
    """The pickle asks for a name that is not in the table; `name` is that name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Damaged(Exception):
    """The pickle is no pickle, or ends too early."""


class Foreign:
    """An object of a class that nobody imported: its name, and what the pickle would have given to it."""

    __slots__ = ("args", "items", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        self.name = name
        self.args = args
        self.state: Any = None
        self.items: list[Any] = []

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Name:
    """A name that can be called: what the table has for it, None for a foreign one."""

    __slots__ = ("handler", "name")

    def __init__(self, name: str, handler: Handler | None) -> None:
        self.name = name
        self.handler = handler

    def __repr__(self) -> str:
        return f"<{self.name}>"


_MARK = object()
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
}
# fmt: off
_LITERALS = frozenset([
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "BINSTRING",
    "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES",
    "BINBYTES8", "BYTEARRAY8",
])
# fmt: on


class PickleMachine:
    """One run over one pickle.

    names: `module.name` → handler; a handler is called with the arguments of the pickle, and has to be safe
    with any. persistent: what a persistent id stands for. allows: whether a name outside the table may become
    a Foreign object.
    """

    def __init__(
        self,
        names: Mapping[str, Any],
        persistent: Callable[[Any], Any],
        allows: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._names = names
        self._persistent = persistent
        self._allows = allows
        self._stack: list[Any] = []
        self._memo: dict[Any, Any] = {}

    def load(self, source: Any) -> Any:
        """The object of a pickle in bytes, or at the position of an open file.

        Raises Refused for a name that is not allowed, Damaged for what is no whole pickle.
        """
        try:
            for opcode, argument, _ in pickletools.genops(source):
                if opcode.name == "STOP":
                    return self._stack.pop()
                self._step(opcode.name, argument)
        except (Refused, Damaged):
            raise
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
            raise Damaged(str(error)) from None
        except (MemoryError, RecursionError, pickle.UnpicklingError) as error:
            raise Damaged(f"it asks for more than there is ({type(error).__name__})") from None
        raise Damaged("it ends in the middle")

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self._memo[argument])
        else:
            step = getattr(self, f"_op_{name.lower()}", None)
            if step is None:
                raise Refused(f"the pickle instruction {name}")
            step(argument)

    def _since_mark(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise Damaged("a mark is missing")
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def _op_proto(self, _: Any) -> None:
        pass

    _op_frame = _op_proto

    def _op_mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _op_pop(self, _: Any) -> None:
        self._stack.pop()

    def _op_pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _op_dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _op_list(self, _: Any) -> None:
        self._stack.append(self._since_mark())

    def _op_tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._since_mark()))

    def _tuple_of(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        if len(items) < count:
            raise Damaged("the stack is too short")
        self._stack[-count:] = [items]

    def _op_tuple1(self, _: Any) -> None:
        self._tuple_of(1)

    def _op_tuple2(self, _: Any) -> None:
        self._tuple_of(2)

    def _op_tuple3(self, _: Any) -> None:
        self._tuple_of(3)

    def _op_dict(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append(dict(zip(items[::2], items[1::2], strict=True)))

    def _op_frozenset(self, _: Any) -> None:
        self._stack.append(frozenset(self._since_mark()))

    def _op_append(self, _: Any) -> None:
        self._extend([self._stack.pop()])

    def _op_appends(self, _: Any) -> None:
        self._extend(self._since_mark())

    _op_additems = _op_appends

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, set):
            target.update(items)
        elif isinstance(target, Foreign):
            target.items += items
        else:
            raise Damaged(f"a {type(target).__name__} has no items")

    def _op_setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _op_setitems(self, _: Any) -> None:
        self._set(self._since_mark())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        pairs = zip(items[::2], items[1::2], strict=True)
        if isinstance(target, dict):
            target.update(pairs)
        elif isinstance(target, Foreign):
            target.items += pairs
        else:
            raise Damaged(f"a {type(target).__name__} has no keys")

    def _op_global(self, argument: str) -> None:
        self._stack.append(self._named(argument.replace(" ", ".", 1)))

    def _op_stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        if not (isinstance(name, str) and isinstance(module, str)):
            raise Damaged("a name is no text")
        self._stack.append(self._named(f"{module}.{name}"))

    def _named(self, name: str) -> Any:
        """What a name stands for: a value of the table as it is, anything else as a Name."""
        found = self._names.get(name)
        if found is None and not self._allows(name):
            raise Refused(name)
        return Name(name, found) if found is None or callable(found) else found

    def _call(self, function: Any, args: Any) -> Any:
        if not isinstance(args, tuple):
            raise Damaged("arguments are no tuple")
        if isinstance(function, Name) and function.handler is not None:
            return function.handler(*args)
        if isinstance(function, (Name, Foreign)):
            return Foreign(function.name, args)
        raise Damaged("what is called is no name")

    def _op_reduce(self, _: Any) -> None:
        args = self._stack.pop()
        self._stack[-1] = self._call(self._stack[-1], args)

    _op_newobj = _op_reduce

    def _op_newobj_ex(self, _: Any) -> None:
        self._stack.pop()
        self._op_reduce(_)

    def _op_inst(self, argument: str) -> None:
        args = tuple(self._since_mark())
        self._stack.append(self._call(self._named(argument.replace(" ", ".", 1)), args))

    def _op_obj(self, _: Any) -> None:
        items = self._since_mark()
        self._stack.append(self._call(items[0], tuple(items[1:])))

    def _op_build(self, _: Any) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, Foreign):
            target.state = state
        elif build := getattr(target, "build_from_pickle", None):
            self._stack[-1] = build(state)
        # else a dict with attributes, such as the _metadata of a state dict: nothing that is needed

    def _op_binpersid(self, _: Any) -> None:
        self._stack[-1] = self._persistent(self._stack[-1])

    def _op_persid(self, argument: str) -> None:
        self._stack.append(self._persistent(argument))
