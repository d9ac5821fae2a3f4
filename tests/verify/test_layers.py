"""What of a layer's code belongs to its own call."""

from __future__ import annotations

from types import FunctionType, SimpleNamespace
from typing import Any

from transpile.verify.layers import _own_code


def doubled(x: Any) -> Any:
    return x * 2


class Net:
    def forward(self, x: Any) -> Any:
        return x if isinstance(x, FunctionType) else doubled(x)


def test_functions_are_followed_and_a_class_of_functions_is_none() -> None:
    world = SimpleNamespace(owns_code=lambda file: file == __file__)
    side: Any = SimpleNamespace(world=world, shown=lambda file: file)
    assert [place.function for place in _own_code(side)(Net, "forward")] == ["forward", "doubled"]
