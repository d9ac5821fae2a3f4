"""How much is said in a terminal, and in which colours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from transpile.diagnostics import Severity

__all__ = ["PLAIN", "Look", "look_for"]

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE, _CYAN = "1", "2", "31", "32", "33", "34", "36"
_OF_SEVERITY = {Severity.ERROR: _RED, Severity.WARNING: _YELLOW, Severity.INFO: _BLUE}


@dataclass(frozen=True, slots=True)
class Look:
    """Colours or none, and a level: -1 leaves out notes and what was written, 1 tells more of every file."""

    colour: bool = False
    level: int = 0

    def _painted(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self.colour and text else text

    def place(self, text: str) -> str:
        return self._painted(text, _BOLD)

    def code(self, text: str, severity: Severity) -> str:
        return self._painted(text, _BOLD, _OF_SEVERITY[severity])

    def caret(self, text: str, severity: Severity) -> str:
        return self._painted(text, _OF_SEVERITY[severity])

    def soft(self, text: str) -> str:
        return self._painted(text, _DIM)

    def help(self, text: str) -> str:
        return self._painted(text, _CYAN)

    def diff(self, text: str) -> str:
        """A unified diff in the colours that everybody gives it."""
        if not self.colour:
            return text
        codes = {"+": _GREEN, "-": _RED, "@": _CYAN}
        lines = []
        for line in text.splitlines(keepends=True):
            bare = line.rstrip("\n")
            code = _BOLD if line.startswith(("+++", "---")) else codes.get(line[:1])
            lines.append(line if code is None else self._painted(bare, code) + line[len(bare) :])
        return "".join(lines)


PLAIN = Look()


def look_for(stream: Any, color: str = "auto", level: int = 0) -> Look:
    """The look of a stream. `auto` asks NO_COLOR (https://no-color.org), FORCE_COLOR, and whether it is a terminal."""
    if color != "auto":
        return Look(color == "always", level)
    if os.environ.get("NO_COLOR"):
        return Look(False, level)
    if os.environ.get("FORCE_COLOR"):
        return Look(True, level)
    is_terminal = hasattr(stream, "isatty") and stream.isatty()
    return Look(is_terminal and os.environ.get("TERM") != "dumb", level)
