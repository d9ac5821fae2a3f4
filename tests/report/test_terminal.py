"""The text for people: places, excerpts with carets, colours, levels."""

from __future__ import annotations

import re

from transpile.diagnostics import Diagnostic, Severity
from transpile.report import FileReport
from transpile.report.look import Look
from transpile.report.text import render

SOURCE = "import torch\n\ndef f(x):\n    return torch.no_such(x)\n"


def said(
    line: int, column: int, end_line: int, end_column: int, severity: Severity = Severity.WARNING
) -> Diagnostic:
    return Diagnostic("API001", severity, "stays", "a.py", line, column, end_line, end_column, "Look.")


def text(found: Diagnostic, source: str | None = SOURCE, look: Look = Look()) -> list[str]:  # noqa: B008
    return render([FileReport("a.py", None, [found], source=source)], look).split("\n")


def test_the_place_is_shown_with_carets() -> None:
    assert text(said(4, 12, 4, 25))[:6] == [
        "a.py:4:12: API001 stays",
        "3 | def f(x):",
        "4 |     return torch.no_such(x)",
        "  |            ^^^^^^^^^^^^^",
        "    help: Look.",
        "1 warning in 1 file",
    ]


def test_of_several_lines_the_first_is_shown() -> None:
    assert text(said(3, 1, 4, 10))[-4].endswith("| ^^^^^^^^^")


def test_without_the_source_or_behind_its_end_there_is_no_excerpt() -> None:
    for lines in (text(said(4, 12, 4, 25), None), text(said(9, 1, 9, 2))):
        assert lines[1] == "    help: Look."


def test_tabs_wide_letters_and_marks_keep_the_carets_in_place() -> None:
    lines = text(said(1, 8, 1, 9), "\t漢e\u0301\u0301= x\n")
    assert lines[2].index("^") == len("1 | ") + 4 + 2 + 1 + 2


def test_control_characters_do_not_reach_the_terminal() -> None:
    lines = text(said(1, 1, 1, 2), "x = '\x1b[31m\x07'\n")
    assert "\x1b" not in "".join(lines) and "\x07" not in "".join(lines)


def test_an_empty_place_still_gets_a_caret() -> None:
    assert text(said(2, 1, 2, 1))[-4].endswith("| ^")


def test_colours_change_nothing_else() -> None:
    plain, coloured = text(said(4, 12, 4, 25)), text(said(4, 12, 4, 25), look=Look(True))
    assert plain != coloured
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in coloured] == plain


def test_a_quiet_look_leaves_notes_out() -> None:
    assert text(said(4, 12, 4, 25, Severity.INFO), look=Look(level=-1)) == [""]
    assert len(text(said(4, 12, 4, 25), look=Look(level=-1))) > 3
