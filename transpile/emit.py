"""Support definitions as source text: what an output needs, with what that needs, in order.

The index of transpile/support is made once, from its syntax trees, and kept in the user's cache folder.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from transpile import cache

__all__ = [
    "END",
    "HEADING",
    "MODULE_HEADING",
    "inserted",
    "is_translated",
    "known",
    "parameters",
    "section",
    "support_source",
]

HEADING = "# --- torch's semantics on TensorFlow, copied in by transpile: only what this file uses ---"
END = "# --- end of what transpile copied in ---"
# The library has its own line length, which is not that of every file that it is copied into.
MODULE_HEADING = '"""torch\'s semantics on TensorFlow: the definitions that the translated files use."""'
OFF, ON = "# fmt: off", "# fmt: on"
_TRANSLATED = re.compile(
    rf"^{re.escape(HEADING)}|^from [\w.]*\b_torch_support_* import |\A{re.escape(MODULE_HEADING)}",
    re.MULTILINE,
)


def is_translated(text: str) -> bool:
    """Whether this program wrote it: it has the copied section, imports the folder's support module, or is that."""
    return _TRANSLATED.search(text) is not None


class Definition(NamedTuple):
    """One top-level definition of transpile/support."""

    text: str
    uses: list[list[Any]]  # where it says a global name: [line from 0, column, name]; its own name included
    compound: bool  # a function or a class


class Library(NamedTuple):
    """All of transpile/support."""

    definitions: dict[str, Definition]
    imports: dict[str, str]  # by the name that each brings


@functools.cache
def _library() -> Library:
    folder = Path(__file__).resolve().parent / "support"
    files = sorted(folder.glob("[!_]*.py"))

    def made() -> list[Any]:
        from transpile.support_index import index

        return index(files)

    state = cache.state([*files, folder.with_name("support_index.py")])
    definitions, imports = cache.kept("support", state, made)
    return Library({name: Definition(*entry) for name, entry in definitions.items()}, imports)


def known(name: str) -> bool:
    """Whether transpile/support defines it."""
    return name in _library().definitions


@functools.cache
def parameters(name: str) -> tuple[str, ...] | None:
    """The parameters of a support function, in order; None for what is no function or takes any number of them."""
    import ast

    definition = _library().definitions.get(name)
    function = ast.parse(definition.text).body[-1] if definition is not None else None
    if not isinstance(function, ast.FunctionDef) or function.args.vararg or function.args.kwarg:
        return None
    return tuple(a.arg for a in (*function.args.posonlyargs, *function.args.args))


def support_source(names: frozenset[str], data_format: str) -> str:
    """One module with these definitions, for a folder."""
    lines, body = _text(dict.fromkeys(names, ""), data_format)
    head = f"{MODULE_HEADING}\n\n"
    return head + f"{OFF}\n" + "".join(line + "\n" for line in lines) + "\n\n" + body


def section(names: dict[str, str], data_format: str, have: set[str]) -> str:
    """The definitions as one section of a file, from its heading to its end; "" for none.

    `names` maps a definition to its name in the file; `have` holds the import lines that the file has above.
    """
    if not names:
        return ""
    lines, body = _text(names, data_format)
    own = [line for line in lines if line not in have]
    return "\n".join([HEADING, *own, *(("", "") if own else ()), body, "", END, ""])


def inserted(body: list[Any], at: int, text: str) -> list[Any]:
    """The statements of a module, with a section in front of the one at `at`: kept as text, not parsed."""
    import libcst as cst

    following = list(body[at:])
    if following and not isinstance(following[0], (cst.FunctionDef, cst.ClassDef)):
        lines = following[0].leading_lines
        if not lines or lines[0].comment is not None:
            blank = cst.EmptyLine(indent=False)
            following[0] = following[0].with_changes(leading_lines=[blank, *lines])
    text = text.replace(HEADING, f"{HEADING}\n{OFF}", 1).replace(END, f"{ON}\n{END}", 1)
    return [*body[:at], _raw_type()("\n" + text if at else text), *following]


@functools.cache
def _raw_type() -> Any:
    import libcst as cst

    class Raw(cst.SimpleStatementLine):
        """Lines that are printed as they stand: parsing and printing them again would cost more than the rest."""

        def __init__(self, text: str) -> None:
            super().__init__(body=())
            object.__setattr__(self, "text", text)

        def _codegen_impl(self, state: Any) -> None:
            state.add_token(self.__dict__["text"])

        def _is_removable(self) -> bool:
            return False

        def visit(self, visitor: Any) -> Any:
            return self

    return Raw


def _text(names: dict[str, str], data_format: str) -> tuple[list[str], str]:
    """The import lines that definitions need, and their text: each definition behind those that it needs."""
    library = _library()
    renamed = {old: new for old, new in names.items() if new and new != old}
    ordered = _closure(names, library.definitions)
    modules = {use[2] for name in ordered for use in library.definitions[name].uses} & library.imports.keys()
    lines = sorted({library.imports[name] for name in modules}, key=_import_order)
    parts: list[str] = []
    compound = True
    for name in ordered:
        definition = library.definitions[name]
        if parts:
            parts.append("\n\n" if compound or definition.compound else "")
        compound = definition.compound
        text = _renamed(definition, renamed) if renamed else definition.text
        if name == "DATA_FORMAT":
            text = f'{renamed.get(name, name)} = "{data_format}"'
        parts.append(text + "\n")
    return lines, "".join(parts)


def _closure(names: Iterable[str], definitions: dict[str, Definition]) -> list[str]:
    ordered: list[str] = []
    seen: set[str] = set()

    def add(name: str) -> None:
        if name in seen or name not in definitions:
            return
        seen.add(name)
        for other in sorted({use[2] for use in definitions[name].uses}):
            add(other)
        ordered.append(name)

    for name in sorted(names):
        add(name)
    return ordered


def _renamed(definition: Definition, names: dict[str, str]) -> str:
    uses = [use for use in definition.uses if use[2] in names]
    if not uses:
        return definition.text
    lines = definition.text.split("\n")
    for line, column, name in sorted(uses, reverse=True):
        text = lines[line]
        lines[line] = text[:column] + names[name] + text[column + len(name) :]
    return "\n".join(lines)


def _import_order(line: str) -> tuple[bool, bool, str]:
    return "tensorflow" in line or "numpy" in line, line.startswith("from"), line
