"""The two sides: the torch model from its source, the Keras model from the translation of that source."""

from __future__ import annotations

import difflib
import importlib
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from transpile.diagnostics import Diagnostic
from transpile.project.closure import Home, closure, home
from transpile.verify.result import StageError
from transpile.verify.spec import Target
from transpile.verify.world import World

__all__ = ["Side", "Translated", "is_translation", "stage", "translated"]

_TENSORFLOW = re.compile(rb"^\s*(?:import|from)\s+(?:tensorflow|keras)\b", re.MULTILINE)
_TORCH = re.compile(rb"^\s*(?:import|from)\s+torch\b", re.MULTILINE)
_FRAMEWORK = re.compile(r"[/\\](?:site|dist)-packages[/\\](?:torch|tensorflow|keras)[/\\]")
BLOCKED = ("torch", "torchvision", "torchaudio", "transpile")
_SMALL = 1 << 20  # bytes of a data file that is copied beside a translation


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Whatever user code or a framework raises inside becomes a StageError that names the stage."""
    try:
        yield
    except StageError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # user code may raise anything, SystemExit too
        message = re.sub(r"\x1b\[[0-9;]*m", "", f"{type(error).__name__}: {error}".strip())
        raise StageError(name, message[:2000], _trace(error)) from error


def _trace(error: BaseException) -> str:
    """The traceback from where verify hands over to other code, without the frameworks' own frames.

    The whole of it where it never hands over, or where none but theirs remain.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    frames = traceback.extract_tb(error.__traceback__)
    outside = next((i for i, f in enumerate(frames) if not f.filename.startswith(here + os.sep)), 0)
    own = [frame for frame in frames[outside:] if not _FRAMEWORK.search(frame.filename)]
    shown = traceback.format_list(own or frames[outside:]) + traceback.format_exception_only(error)
    return "Traceback (most recent call last):\n" + "".join(shown)


@dataclass
class Side:
    """One side: its world, the module, and the factory's expression."""

    world: World
    module_name: str
    factory: str
    root: Path
    signatures: dict[str, dict[str, Any]] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # a file's real path → how it is shown

    def build(self, *, a_class: bool = False) -> Any:
        """Import the module and evaluate the factory. It may give a class only where the caller takes one."""
        with self.world.entered():
            with stage(f"import of {self.module_name}"):
                module = importlib.import_module(self.module_name)
            with stage("build"):
                return _made(self.factory, module, a_class)

    def shown(self, path: str) -> str:
        """A file as the user knows it."""
        real = os.path.realpath(path)
        if real in self.names:
            return self.names[real]
        relative = os.path.relpath(real, os.getcwd())
        return real if relative.startswith("..") else relative


def _made(factory: str, module: ModuleType, a_class: bool) -> Any:
    """What the factory's expression makes of a module's names; a slip in it is one line, with what may be meant."""
    try:
        made = eval(factory, vars(module))
    except NameError as error:
        if error.name is None or error.name not in compile(factory, "<factory>", "eval").co_names:
            raise  # a mistake of the source's own
        near = difflib.get_close_matches(error.name, [n for n in vars(module) if not n.startswith("_")], 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise StageError("build", f"{module.__name__} has no name {error.name!r}{meant}") from None
    if isinstance(made, type) and not a_class:
        raise StageError(
            "build", f"{factory} is a class, and no model yet: write {factory}(…), with its arguments"
        )
    return made


@dataclass
class Translated:
    """A translation made for the occasion; it lives as long as this object."""

    folder: tempfile.TemporaryDirectory[str]
    side: Side


def is_translation(path: Path) -> bool:
    """Whether a file is TensorFlow source: it imports that and not torch."""
    data = path.read_bytes()
    return bool(_TENSORFLOW.search(data)) and not _TORCH.search(data)


def original(target: Target) -> Side:
    """The side of the torch source."""
    place = home(target.path)
    return Side(World(place.folder, place.root), place.module, target.factory, place.root)


def given(target: Target) -> Side:
    """The side of a translated file that the user has."""
    place = home(target.path)
    return Side(World(place.folder, place.root, BLOCKED), place.module, target.factory, place.root)


def translated(
    target: Target, data_format: str, rules: tuple[Path, ...], exact_training: bool, everything: bool = False
) -> Translated:
    """The source with what it imports, translated into a temporary folder. Raises StageError."""
    from transpile.project.job import Options
    from transpile.project.plan import UnusableCall, plan
    from transpile.project.run import write_unit

    place = home(target.path)
    folder = tempfile.TemporaryDirectory(prefix="transpile-verify-")
    out = Path(folder.name).resolve()
    goal = out / place.root.name if not (place.root == place.folder and not place.is_file) else out / "output"
    base = goal if place.root == place.folder and not place.is_file else out
    side = Side(World(base, goal, BLOCKED), place.module, target.factory, goal)
    with stage("translation"):
        try:
            (unit,) = plan([place.root], goal)
        except UnusableCall as error:
            raise StageError("translation", str(error)) from None
        if not place.is_file:
            unit = _narrowed(unit, place, target.path, everything)
        for result in write_unit(unit, Options(data_format, rules, exact_training)):
            outcome = result.outcome
            if outcome.traceback is not None or (outcome.data is None and outcome.diagnostics):
                message = "; ".join(d.message for d in outcome.diagnostics)
                raise StageError("translation", f"{result.file.shown}: {message}", outcome.traceback or "")
            side.diagnostics += outcome.diagnostics
            for name, signature in outcome.signatures.items():
                side.signatures.setdefault(name, signature)
            if result.written is not None:
                side.names[os.path.realpath(result.written)] = (
                    f"<translation>/{result.written.relative_to(base)}"
                )
    return Translated(folder, side)


def _narrowed(unit: Any, place: Home, path: Path, everything: bool) -> Any:
    """A folder's unit with the files that the source needs, and small files of data beside them."""
    wanted = closure(place, path)
    python = tuple(f for f in unit.python if everything or f.source.resolve() in wanted)
    other = tuple(f for f in unit.other if _is_small(f.source))
    return replace(unit, python=python, other=other if place.root != place.folder else (), unreadable=())


def _is_small(path: Path) -> bool:
    try:
        return path.stat().st_size <= _SMALL
    except OSError:
        return False


def frames(world: World) -> list[tuple[str, int, str, int]]:
    """The frames of a side's own files, innermost first: (file, line, function, the function's first line)."""
    found = []
    frame: Any = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if world.owns_code(code.co_filename):
            found.append((code.co_filename, frame.f_lineno, code.co_name, code.co_firstlineno))
        frame = frame.f_back
    return found
