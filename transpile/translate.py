"""Parse the source, infer what every expression is, rewrite it by rule, say what is risky, print it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst

from transpile.collection import keep, uncollected
from transpile.diagnostics import Diagnostic, SourceError
from transpile.emit import MODULE_HEADING, is_translated, support_source
from transpile.formatting import formatted
from transpile.partial import Cut, cut, dropped
from transpile.source.roots import SPEAKS_OF_TORCH, roots
from transpile.source.text import decode

if TYPE_CHECKING:
    from array import array

    from transpile.infer.modules import ModuleInfo
    from transpile.infer.run import Run
    from transpile.source.positions import KnownPositions

__all__ = ["Project", "Text", "Translation", "concerns", "support_source", "translate"]

_IMPORTS_TORCH = re.compile(r"^[ \t]*(?:from|import)[ \t]+(?:torch|einops)\b", re.MULTILINE)
_LARGE = 100_000  # characters
DATA_FORMATS = ("channels_last", "channels_first")


@dataclass
class Translation:
    """A translated module: its code, what there is to say about it, and the layouts of its functions' tensors."""

    code: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    signatures: dict[str, dict[str, Any]] = field(default_factory=dict)
    supports: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Text:
    """The source of one module of a project, with "\\n" newlines."""

    text: str
    is_package: bool = False  # an __init__.py


def translate(
    source: str | bytes,
    *,
    filename: str = "<string>",
    data_format: str = "channels_last",
    rules: Sequence[str | Path] = (),
    exact_training: bool = False,
    support_module: str | None = None,
    format_code: bool = True,
    seen: Mapping[Any, Any] | None = None,
) -> Translation:
    """Translate one module of PyTorch source to TensorFlow/Keras source.

    `support_module` is where the output imports its support definitions from; without it they are copied in.
    `seen` is what a run of the original has shown of its expressions (transpile.verify.evidence).

    Raises SourceError where the text cannot be parsed, ValueError for a data_format that is none.
    """
    text = decode(source).text if isinstance(source, bytes) else source
    project = Project({"": Text(text)}, data_format=data_format, rules=rules, exact_training=exact_training)
    project.seen = {"": seen} if seen else {}
    with uncollected():
        return project.translation("", filename, support_module, format_code) or Translation(text)


class Project:
    """Modules whose facts flow into each other. Inferred when the first translation is asked for."""

    def __init__(
        self,
        texts: Mapping[str, Text],
        *,
        data_format: str = "channels_last",
        rules: Sequence[str | Path] = (),
        exact_training: bool = False,
        evaluated: Sequence[str] = (),
        on_path: Sequence[str] = (),
    ) -> None:
        """`texts` by dotted module name; `evaluated` are the layers of torch.nn that data files name.

        `on_path` are packages that stand on sys.path themselves: what is in them is imported by its own name too.

        Raises ValueError for a data_format that is none.
        """
        if data_format not in DATA_FORMATS:
            raise ValueError(f"data_format must be channels_last or channels_first, not {data_format!r}")
        self.texts = texts
        self.data_format = data_format
        self.exact_training = exact_training
        self.rules = [Path(rule) for rule in rules]
        self.evaluated = evaluated
        self.on_path = frozenset(on_path)
        self.seen: Mapping[str, Mapping[Any, Any]] = {}  # by module and span: what a run has shown
        self.errors: dict[str, SourceError] = {}  # modules that cannot be parsed
        # what other processes know: the tree of a module, and where its nodes stand (source.positions.offsets)
        self.parsed: Callable[[str], cst.Module | None] | None = None
        self.offsets: dict[str, array[int]] = {}
        self.cuts: dict[str, Cut] = (
            {}
        )  # modules of which places are translated already, without their section
        self._run: Run | None = None
        self._has_support = any(text.text.startswith(MODULE_HEADING) for text in texts.values())
        keep(self)

    def infer(self) -> Run:
        """The inference over all modules that speak of torch, and those that these import."""
        if self._run is None:
            from transpile.infer.module import infer
            from transpile.infer.modules import Modules
            from transpile.rulebook import load

            modules = Modules({name: partial(self._read, name) for name in self._sources}, self.on_path)
            with self._many_nodes():
                self._run = infer(
                    modules,
                    self._roots,
                    load(self.rules),
                    data_format=self.data_format,
                    evaluated=self.evaluated,
                    evidence=self._evidence(),
                )
            self._run.exact_training = self.exact_training
        return self._run

    @cached_property
    def _sources(self) -> list[str]:
        return [name for name in self.texts if self._is_source(name)]

    @cached_property
    def _roots(self) -> list[str]:
        return roots({name: (self.texts[name].text, self.texts[name].is_package) for name in self._sources})

    def needed(self) -> dict[str, str]:
        """What will certainly be parsed, by module name: for whoever parses it and is `parsed`."""
        return {name: cut(self.texts[name].text).text for name in self._roots}

    def _many_nodes(self) -> AbstractContextManager[None]:
        """Have the nodes of a large project made without checks; in a small one preparing that costs more."""
        if sum(len(self.texts[name].text) for name in self._roots) < _LARGE:
            return nullcontext()
        from transpile.source.nodes import unchecked

        return unchecked()

    def _evidence(self) -> Any:
        if not self.seen:
            return None
        from transpile.infer.evidence import Evidence

        return Evidence(self.seen)

    def translation(
        self, name: str, filename: str, support_module: str | None, format_code: bool = True
    ) -> Translation | None:
        """The translation of one module; None where nothing of it concerns torch. Raises SourceError."""
        from transpile.hazards import say
        from transpile.infer.signatures import signatures
        from transpile.rewrite.module import rewrite

        if not self._is_source(name):
            return None
        module = self.infer().modules.known.get(name)
        if name in self.errors:
            raise self.errors[name]
        if module is None:
            return None
        if isinstance(module.failure, RecursionError):
            raise SourceError("the source is nested too deeply to be translated", 1, 1)
        if module.failure is not None:
            raise module.failure
        run = self.infer()
        run.module = module
        try:
            kept = self.cuts[name]
            context, output = rewrite(run, support_module=support_module, supports=kept.used)
            diagnostics = say(context, module.tree, filename, self._places(module))
        except RecursionError:
            raise SourceError("the source is nested too deeply to be translated", 1, 1) from None
        code = dropped(output.code) if kept.found else output.code
        if format_code:
            code = formatted(module.text, code)
        return Translation(code, diagnostics, signatures(run), frozenset(context.supports))

    def _places(self, module: ModuleInfo) -> KnownPositions | None:
        offsets = self.offsets.get(module.name)
        if offsets is None:
            return None
        from transpile.source.positions import KnownPositions

        return KnownPositions(module.tree, module.text, offsets)

    def _is_source(self, name: str) -> bool:
        text = self.texts[name].text
        if is_translated(text):
            return False
        # beside a support module, what imports nothing of torch was translated with it
        return not self._has_support or _IMPORTS_TORCH.search(text) is not None

    def _read(self, name: str) -> ModuleInfo | None:
        from transpile.infer.modules import ModuleInfo

        source = self.texts[name]
        kept = self.cuts[name] = cut(source.text)
        try:
            tree = self.parsed(name) if self.parsed is not None else None
            return ModuleInfo(name, kept.text, tree or parse(kept.text), is_package=source.is_package)
        except SourceError as error:
            self.errors[name] = error
            return None


def concerns(text: str) -> bool:
    """Whether a text by itself may have anything to translate: it says torch, and is no translation."""
    return SPEAKS_OF_TORCH.search(text) is not None and not is_translated(text)


def parse(text: str) -> cst.Module:
    """The concrete syntax tree of a module. Raises SourceError."""
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SourceError(error.message.split("\n")[0], error.raw_line, error.raw_column + 1) from None
    except cst.CSTValidationError as error:  # `"a" b"b"`
        raise SourceError(str(error), 1, 1) from None
    except RecursionError:
        raise SourceError("the source is nested too deeply to be parsed", 1, 1) from None
