"""What the translator says about a source: one record per finding, and the catalogue of the codes.

A code is permanent: three letters for the family and three digits.

    SYN  the source cannot be read        API  a torch API was left or changed
    LAY  layout (channels first or last)  SHP  a static shape may be None
    INF  facts ran out                    STA  state and behaviour of layers
    SEQ  Sequential and its kin           CKP  checkpoints and weights
    NUM  numerics                         IGN  comments that suppress findings
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

FAMILIES = ("SYN", "API", "LAY", "SHP", "INF", "STA", "SEQ", "CKP", "NUM", "IGN")
CODE_PATTERN = re.compile(rf"(?:{'|'.join(FAMILIES)})\d{{3}}")


class Severity(str, Enum):
    """How much a finding matters: INFO is a stated difference, WARNING a risk, ERROR something that cannot run."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for INFO, 1 for WARNING, 2 for ERROR."""
        return ("info", "warning", "error").index(self.value)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text from (line, column) up to, not including, (end_line, end_column); all count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding, at a place in the source text.

    Lines and columns count from 1, columns in characters; the end lies one past the last character.
    `help` says what to do about it; `fix`, where there is one, holds the edits that do it.
    """

    code: str
    severity: Severity
    message: str
    filename: str
    line: int
    column: int
    end_line: int
    end_column: int
    help: str
    fix: tuple[Edit, ...] | None = None


class SourceError(Exception):
    """The source cannot be read or parsed; line and column count from 1, `code` is one of the SYN codes."""

    def __init__(self, message: str, line: int = 1, column: int = 1, code: str = "SYN001") -> None:
        super().__init__(message, line, column, code)  # all of them, so that the error survives pickling
        self.message = message
        self.line = line
        self.column = column
        self.code = code

    def __str__(self) -> str:
        return self.message


def worst(diagnostics: Iterable[Diagnostic]) -> Severity | None:
    """The highest severity among the diagnostics; None where there are none."""
    return max((d.severity for d in diagnostics), key=lambda s: s.rank, default=None)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The page behind a code: a title of one line, and a text of a few paragraphs with an example."""

    code: str
    title: str
    text: str


_CATALOGUE: dict[str, Explanation] = {}


def describe(code: str, title: str, text: str) -> str:
    """Enter a code into the catalogue, and return it: `LEFT = describe("API001", "…", \"\"\"…\"\"\")`.

    Raises ValueError for a malformed code, and for one that is entered twice with different pages.
    """
    if not CODE_PATTERN.fullmatch(code):
        raise ValueError(f"{code!r} is not a diagnostic code")
    page = Explanation(code, title, text.strip("\n"))
    if _CATALOGUE.setdefault(code, page) != page:
        raise ValueError(f"{code} is described twice")
    return code


def catalogue() -> dict[str, Explanation]:
    """Every code that has been described so far, in order (`transpile.report.codes.load` brings all)."""
    return dict(sorted(_CATALOGUE.items()))


UNPARSABLE = describe(
    "SYN001",
    "the source is not valid Python",
    """
The file cannot be parsed, so nothing in it was translated. Alone, it ends the command with status 2;
inside a folder it is left out of the output and the other files are written.

    def forward(self, x:        # the parenthesis is never closed

Mend the file at the line that is named, and run again.
""",
)
UNDECODABLE = describe(
    "SYN002",
    "the file is not text",
    """
The bytes are not text in the encoding that the file declares (UTF-8 where it declares none), or they hold
NUL bytes, as a binary file does. Declare the encoding on the first or second line, as Python itself asks:

    # -*- coding: latin-1 -*-
""",
)
UNREADABLE = describe(
    "SYN003",
    "the file cannot be opened",
    """
The file cannot be read: no permission, or a link that leads nowhere. It is left out of the output,
and the other files of the folder are written.
""",
)
INTERNAL = describe(
    "SYN900",
    "the translator itself failed on this file",
    """
An error inside transpile: the file is left out of the output, and the other files of the folder are
written. Please report it with the message and the smallest source that shows it; `transpile FILE` on
the file alone prints the whole traceback.
""",
)
