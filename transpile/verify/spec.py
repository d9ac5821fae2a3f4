"""What the command line says of a model and of its inputs.

models.py:Net(8, depth=2)     a file, and an expression in that file's names
1,3,64,64                     a float32 tensor of normal values
int64:2,16:0..99              an integer tensor, with the range of its values
mask=bool:2,16                an argument by keyword
n=py:3   py:[1, 2]            a plain Python value
float32:()                    a scalar
[3,64,64; 3,48,80]            a list of such arguments, which may differ in their sizes
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

__all__ = ["Given", "SpecError", "Target", "given", "givens", "packed", "target"]

_INPUT = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w*)=)?(?:(?P<dtype>[a-z]+\d*):)?(?P<shape>\(\)|\d+(?:,\d+)*,?)(?::(?P<low>[^.]+(?:\.\d+)?)\.\.(?P<high>.+))?"
)
_VALUE = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)=)?py:(?P<value>.+)", re.DOTALL)
DTYPES = (
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
    "complex64",
)
_LONG = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint"}


class SpecError(ValueError):
    """The call names its model or its inputs in a way that means nothing; the text is one line."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file and the expression that makes the model in it."""

    path: Path
    factory: str


@dataclass(frozen=True, slots=True)
class Given:
    """One argument of the call: a tensor to be drawn at random, or a plain `value`."""

    name: str | None
    shape: tuple[int, ...] = ()
    dtype: str = "float32"
    low: float | None = None
    high: float | None = None
    value: Any = None
    is_tensor: bool = True
    part_of: int | None = None  # the list among the arguments that it is an item of

    @property
    def is_float(self) -> bool:
        return self.is_tensor and "float" in self.dtype


def target(text: str) -> Target:
    """`FILE:FACTORY`; raises SpecError where there is no such file or the factory is no expression."""
    place = text.find(".py:")
    if place < 0:
        raise SpecError(f"{text}: say FILE.py:FACTORY, as in models.py:Net(8)")
    path, factory = Path(text[: place + 3]), text[place + 4 :].strip()
    if not path.is_file():
        raise SpecError(f"{path}: no such file")
    try:
        ast.parse(factory, mode="eval")
    except SyntaxError:
        raise SpecError(f"{factory or text}: the factory is no Python expression") from None
    return Target(path, factory)


def given(text: str) -> Given:
    """One `--input`; raises SpecError."""
    if match := _VALUE.fullmatch(text.strip()):
        try:
            return Given(match["name"], value=ast.literal_eval(match["value"].strip()), is_tensor=False)
        except (ValueError, SyntaxError):
            raise SpecError(f"{text}: what follows py: is no plain value") from None
    match = _INPUT.fullmatch(text.replace(" ", ""))
    if match is None:
        raise SpecError(f"{text}: say sizes, as in 1,3,64,64 or ids=int64:2,16:0..99")
    dtype = re.sub(r"^(bf|f|i|u)(?=\d)", lambda m: _LONG[m[1]], match["dtype"] or "float32")
    if dtype not in DTYPES:
        raise SpecError(f"{text}: no dtype {dtype}; known are {', '.join(DTYPES)}")
    shape = tuple(int(n) for n in match["shape"].strip("()").split(",") if n)
    low, high = match["low"], match["high"]
    try:
        bounds = (None, None) if low is None else (float(low), float(high))
    except ValueError:
        raise SpecError(f"{text}: a range is LOW..HIGH, both included") from None
    return Given(match["name"], shape, dtype, *bounds)


def givens(texts: Iterable[str]) -> list[Given]:
    """All `--input`s of a call, the items of a list one by one; raises SpecError."""
    found = []
    for place, text in enumerate(texts):
        inside = text.strip()
        if not (inside.startswith("[") and inside.endswith("]")):
            found.append(given(text))
            continue
        items = [given(item) for item in inside[1:-1].split(";")]
        if any(item.name is not None for item in items):
            raise SpecError(f"{text}: the items of a list have no names")
        found += [replace(item, part_of=place) for item in items]
    return found


def packed(values: Sequence[Any], specs: Sequence[Given]) -> list[Any]:
    """The positional arguments of a call from their values one by one: the items of a list stand in one."""
    found: list[Any] = []
    before = None
    for value, spec in zip(values, [s for s in specs if s.name is None], strict=True):
        if spec.part_of is None:
            found.append(value)
        elif spec.part_of == before:
            found[-1].append(value)
        else:
            found.append([value])
        before = spec.part_of
    return found
