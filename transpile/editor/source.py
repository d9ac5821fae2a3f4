"""One text with what is known of it: its tree, where nodes stand, what inference says. Inferred on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from transpile import partial
from transpile.source.positions import Positions
from transpile.translate import parse

if TYPE_CHECKING:
    import libcst as cst

    from transpile.hazards import Places
    from transpile.infer.modules import ModuleInfo
    from transpile.infer.run import Run

    Reader = Callable[[], ModuleInfo | None]

__all__ = ["Settings", "Source"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a text is translated, and what it is called in what is said."""

    filename: str = "<string>"
    data_format: str = "channels_last"
    rules: tuple[Path, ...] = ()
    exact_training: bool = False


class Source:
    """A text that is neither changed nor looked at again once it is another."""

    def __init__(
        self,
        text: str,
        settings: Settings,
        cut: partial.Cut | None = None,
        tree: cst.Module | None = None,
        places: Places | None = None,
        around: Mapping[str, Reader] | None = None,
        name: str = "",
        is_package: bool = False,
    ) -> None:
        """The tree and the places are computed where they are not given. Raises SourceError.

        `around` are the modules that the text imports, and `name` what it is called among them; without them it is
        inferred alone.
        """
        self.text = text
        self.settings = settings
        self.cut = partial.cut(text) if cut is None else cut
        self.tree = parse(self.cut.text) if tree is None else tree
        self._places = places
        self._around = around or {}
        self._name = name
        self._is_package = is_package

    @cached_property
    def places(self) -> Places:
        """Where nodes stand."""
        return self._places if self._places is not None else Positions(self.tree)

    @cached_property
    def run(self) -> Run:
        """What inference says."""
        return self.inferred(self.settings.data_format)

    def inferred(self, data_format: str) -> Run:
        """What inference says in a data format; made anew at each call."""
        from transpile.infer.module import infer
        from transpile.infer.modules import ModuleInfo, Modules
        from transpile.rulebook import load

        module = ModuleInfo(self._name, self.cut.text, self.tree, is_package=self._is_package)
        modules = Modules({**self._around, module.name: lambda: module})
        run = infer(modules, [module.name], load(self.settings.rules), data_format=data_format)
        run.module = module
        run.exact_training = self.settings.exact_training
        return run

    @cached_property
    def lines(self) -> Sequence[str]:
        """The text line by line."""
        return self.text.split("\n")
