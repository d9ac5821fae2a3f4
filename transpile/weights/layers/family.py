"""What a family of layers says about its weights, and how the family of a layer is found."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from transpile.weights.arrays import Array, Shape

Shapes = Mapping[str, Shape]  # torch's name within the layer → torch's shape, of what the state dict gives


@dataclass(frozen=True)
class Cell:
    """One Keras variable: its owner, the dotted attribute there, its shape (None: not known before build)."""

    owner: Any
    attribute: str
    shape: Shape | None

    @property
    def variable(self) -> Any:
        """The variable, None as long as the layer is not built."""
        return variable_of(self.owner, self.attribute)

    @property
    def key(self) -> Any:
        """The same for every path to one variable, also before it exists."""
        variable = self.variable
        return (id(self.owner), self.attribute) if variable is None else id(variable)


@dataclass(frozen=True)
class Slot:
    """Torch arrays, by name within the layer, and the variables that they fill.

    to_keras takes the torch arrays in the order of names and gives one array per cell; to_torch is its
    inverse (where two torch biases are summed, one that sums to the same).
    """

    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    to_keras: Callable[..., tuple[Array, ...]]
    to_torch: Callable[..., tuple[Array, ...]]

    def wanted(self) -> tuple[Shape | None, ...]:
        """Torch's shape of each name, as the variables have it."""
        if any(cell.shape is None for cell in self.cells):
            return (None,) * len(self.names)
        blanks = [np.broadcast_to(np.float32(0), cell.shape or ()) for cell in self.cells]
        return tuple(array.shape for array in self.to_torch(*blanks))


class Family:
    """Keras layers that hold the weights of one kind of torch layer in one way."""

    out_axis = 0  # of output channels, in torch's kernel

    def names(self, layer: Any) -> tuple[str, ...]:
        """The torch names that such a layer may have, dots included (`out_proj.weight`), built or not."""
        raise NotImplementedError

    def slots(self, layer: Any, shapes: Shapes) -> list[Slot]:
        """What fills this layer. The shapes tell an unbuilt layer its input channels."""
        raise NotImplementedError

    def build(self, layer: Any, shapes: Shapes) -> None:
        """Creates the variables of an unbuilt layer, so that it can still be called on inputs of any size."""
        raise NotImplementedError

    def parts(self, layer: Any) -> list[Any]:
        """The sublayers whose variables `slots` already covers."""
        return []


_FAMILIES: dict[str, Family] = {}
_MARKED: dict[str, Callable[[Family], Family]] = {}
F = TypeVar("F", bound=type[Family])


def register(*classes: str) -> Callable[[F], F]:
    """Makes the decorated Family responsible for the Keras layers of these names, and their subclasses."""

    def add(family: F) -> F:
        for name in classes:
            if name in _FAMILIES:
                raise ValueError(f"{name} has two families: {_FAMILIES[name]} and {family}")
            _FAMILIES[name] = family()
        return family

    return add


def register_marked(attribute: str) -> Callable[[F], F]:
    """Makes the decorated Family responsible for layers whose class has this attribute, of any registered kind.

    It is made of the family that the layer would have without it.
    """

    def add(family: F) -> F:
        _MARKED[attribute] = family
        return family

    return add


def family_of(layer: Any) -> Family | None:
    """The family of the nearest Keras class that a layer is or derives from; None for every other object."""
    for cls in type(layer).__mro__:
        if is_keras(cls) and cls.__name__ in _FAMILIES:
            family = _FAMILIES[cls.__name__]
            return next(
                (made(family) for mark, made in _MARKED.items() if hasattr(type(layer), mark)), family
            )
    return None


def is_keras(cls: type) -> bool:
    """Whether a class is Keras' own, known without importing Keras."""
    return cls.__module__.partition(".")[0] in ("keras", "tf_keras")


def variable_of(owner: Any, attribute: str) -> Any:
    """The variable under a dotted attribute; None where there is none (an unbuilt layer, no bias)."""
    try:
        return operator.attrgetter(attribute)(owner)
    except AttributeError:
        return None


def cell(owner: Any, attribute: str, shape: Shape | None = None) -> Cell:
    """The cell of a variable with its own shape, or with the given one where it does not exist yet."""
    variable = variable_of(owner, attribute)
    return Cell(owner, attribute, shape if variable is None else tuple(int(d) for d in variable.shape))


def has(layer: Any, attribute: str, flag: str) -> bool:
    """Whether a layer has, or will have, an optional variable such as a bias (`use_bias`)."""
    return variable_of(layer, attribute) is not None or (
        not layer.built and bool(getattr(layer, flag, False))
    )


def same(name: str, owned: Cell) -> Slot:
    """A variable that is stored as torch stores it."""
    return Slot((name,), (owned,), lambda array: (array,), lambda array: (array,))


def permuted(name: str, owned: Cell, axes: tuple[int, ...]) -> Slot:
    """A variable that is torch's array with permuted axes."""
    back = tuple(int(i) for i in np.argsort(axes))
    return Slot((name,), (owned,), lambda a: (a.transpose(axes),), lambda a: (a.transpose(back),))


def only_length(shapes: Shapes, *names: str) -> int | None:
    """The length of the first of these arrays that is given and a vector."""
    for name in names:
        if len(shapes.get(name, ())) == 1:
            return shapes[name][0]
    return None
