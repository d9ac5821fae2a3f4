"""A file that is translated place by place: its support definitions, before the whole of it is translated.

A translated file is known by its copied section, and is left alone. A file of which only places are translated
keeps its section under a heading of its own, which every further place adds to; the translation of the whole
file takes it out and writes the usual one.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from transpile.emit import END, HEADING, OFF, ON, known, section

__all__ = ["Cut", "cut", "dropped", "restored", "with_stand_in"]

PARTIAL = HEADING.replace("copied in by transpile", "copied in by transpile fix")
_STANDS = "'here stands what transpile fix has copied in'"  # one statement in the section's stead
_STAND_IN = re.compile(rf"^{re.escape(_STANDS)}\n*", re.MULTILINE)
_SECTION = re.compile(rf"^{re.escape(PARTIAL)}\n(.*?)^{re.escape(END)}\n", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^(?:def|class)[ ]+(\w+)|^(\w+)[ ]*(?::[^=\n]*)?=", re.MULTILINE)


class Cut(NamedTuple):
    """A text whose section is taken out, with as many lines as before.

    `names` are the support definitions that the section held, `used` those that the rest of the text names.
    """

    text: str
    names: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    found: bool = False


def cut(text: str) -> Cut:
    """Take the section out of a text; the lines behind it stay where they are."""
    match = _SECTION.search(text) if PARTIAL in text else None
    if match is None:
        return Cut(text)
    names = frozenset(name for pair in _NAME.findall(match[1]) for name in pair if name and known(name))
    blank = _STANDS + "\n" * match[0].count("\n")
    rest = text[: match.start()] + blank + text[match.end() :]
    words = set(re.findall(r"\w+", rest))
    return Cut(rest, names, names & words, True)


def dropped(text: str) -> str:
    """The text without what stands in the section's stead."""
    match = _STAND_IN.search(text)
    if match is None:
        return text
    head, tail = text[: match.start()].rstrip("\n"), text[match.end() :]
    return f"{head}\n\n\n{tail}" if head else tail


def restored(text: str, names: dict[str, str], data_format: str, have: set[str]) -> str:
    """The text with the section of these definitions (name → name in the file) in place of its stand-in."""
    match = _STAND_IN.search(text)
    if match is None:
        return text
    copied = section(names, data_format, have)
    copied = copied.replace(HEADING, f"{PARTIAL}\n{OFF}", 1).replace(END, f"{ON}\n{END}", 1)
    tail = text[match.end() :]
    return text[: match.start()] + copied + (f"\n\n{tail}" if tail and copied else tail)


def with_stand_in(body: list[Any], at: int) -> list[Any]:
    """The statements of a module with the stand-in in front of the one at `at`."""
    import libcst as cst

    return [*body[:at], cst.parse_statement(_STANDS + "\n"), *body[at:]]
