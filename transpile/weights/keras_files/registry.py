"""What a model can be saved as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Inputs:
    """What a model is called on: nests of tensors and plain Python values, by position and by keyword.

    channels_last: where the maps among them have their channels; a function that is traced keeps these fixed.
    """

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    channels_last: bool = True


@dataclass(frozen=True)
class Saver:
    """One kind of file. recognises: by the path as it was written (a trailing slash tells a folder).

    save(model, path, optimizer, inputs) writes to a path that does not exist yet and gives what there is to say;
    it raises OutputError where a variable would be lost. inputs is None where nobody said any.
    """

    title: str
    recognises: Callable[[str], bool]
    save: Callable[[Any, Path, Any, Inputs | None], list[str]]
    order: int = 0


SAVERS: list[Saver] = []


def register(title: str, recognises: Callable[[str], bool], order: int = 0) -> Callable[[Any], Any]:
    """The decorated function saves a model to the paths that are recognised; the highest order is asked first."""

    def add(save: Any) -> Any:
        SAVERS.append(Saver(title, recognises, save, order))
        SAVERS.sort(key=lambda saver: -saver.order)
        return save

    return add


def saver_for(written: str) -> Saver:
    """The kind of file for a path; one without a known suffix is a TensorFlow checkpoint's prefix."""
    return next(saver for saver in SAVERS if saver.recognises(written))


def variables_of(model: Any) -> list[Any]:
    """Every variable of a layer or model, once."""
    return list({id(variable): variable for variable in model.variables}.values())
