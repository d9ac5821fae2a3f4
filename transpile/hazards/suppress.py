"""Comments that say a finding is known: `# transpile: ignore[LAY002]` on its line, or alone on the line above it.

    x = shuffle(x)  # transpile: ignore[LAY002, SHP001]

Without codes, everything on the line is meant. A comment that suppresses nothing is reported itself, so that none
outlives its reason. Errors that keep a file from being read at all cannot be suppressed.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from transpile.diagnostics import Diagnostic, Edit, Severity
from transpile.hazards.codes import SEVERITIES, risk

__all__ = ["is_mark", "suppressed"]

UNUSED = risk(
    "IGN001",
    Severity.WARNING,
    "a comment suppresses nothing",
    """
Nothing with this code is found on the line of `# transpile: ignore[CODE]` (or, of a comment that stands alone, on the
line below). The reason is gone, or the comment stands on the wrong line: take it away. The fix does.
""",
    before="""
    def double(x: torch.Tensor):
        return x * 2  # transpile: ignore[API001]
    """,
    after="""
    def place(x: torch.Tensor):
        return torch.cuda.comm.broadcast(x, [0])  # transpile: ignore[API001]
    """,
)
_MARK = re.compile(r"#\s*transpile:\s*ignore(?:\[([^\]]*)\])?")


def is_mark(line: str) -> bool:
    """Whether a line has such a comment."""
    return _MARK.search(line) is not None


@dataclass
class _Comment:
    line: int  # that it speaks of
    own_line: int
    column: int
    end_column: int
    codes: list[str]
    used: set[str] = field(default_factory=set)
    is_alone: bool = False
    before: int = 1  # the column where the space in front of it begins
    reason: str = ""  # what is written behind it


def suppressed(
    text: str, found: Iterable[Diagnostic], filename: str, concerns: Callable[[str], bool] = lambda code: True
) -> list[Diagnostic]:
    """The findings without those that a comment suppresses, and with the comments that suppress nothing.

    `concerns` says of a code whether it was looked for: a comment on one that was not is left alone.
    """
    found = list(found)
    comments = _comments(text)
    if not comments:
        return found
    kept = []
    for diagnostic in found:
        comment = next((c for c in comments if _means(c, diagnostic)), None)
        if comment is None:
            kept.append(diagnostic)
        else:
            comment.used.add(diagnostic.code)
    return sorted(
        kept + _unused(comments, filename, concerns), key=lambda d: (d.line, d.column, d.code, d.message)
    )


def _means(comment: _Comment, diagnostic: Diagnostic) -> bool:
    if diagnostic.code.startswith("SYN"):
        return False
    on_line = comment.line in (
        diagnostic.line,
        diagnostic.end_line if diagnostic.end_line - diagnostic.line < 20 else 0,
    )
    return on_line and (not comment.codes or diagnostic.code in comment.codes)


def _comments(text: str) -> list[_Comment]:
    if "transpile:" not in text:
        return []
    found = []
    lines = text.split("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type != tokenize.COMMENT or not (match := _MARK.search(token.string)):
                continue
            codes = [code.strip().upper() for code in (match[1] or "").split(",") if code.strip()]
            line, column = token.start
            alone = not token.line[:column].strip()
            end = column + match.end() + 1
            before = len(lines[line - 1][: column + match.start()].rstrip()) + 1
            comment = _Comment(line + alone, line, column + match.start() + 1, end, codes, is_alone=alone)
            comment.before, comment.reason = before, token.string[match.end() :]
            found.append(comment)
    except (tokenize.TokenError, SyntaxError):
        return []
    return found


def _unused(comments: list[_Comment], filename: str, concerns: Callable[[str], bool]) -> list[Diagnostic]:
    said = []
    for comment in comments:
        idle = [c for c in comment.codes if c not in comment.used and concerns(c)]
        if comment.codes and not idle:
            continue
        if not comment.codes and (comment.used or not concerns("")):
            continue
        what = f"no {', '.join(idle)} is found" if idle else "nothing is found"
        rest = [c for c in comment.codes if c not in idle]
        if rest:
            text = f"# transpile: ignore[{', '.join(rest)}]"
            fix = Edit(comment.own_line, comment.column, comment.own_line, comment.end_column, text)
        elif comment.reason.strip():  # stays, as a comment of its own
            text = "" if comment.reason.lstrip().startswith("#") else "# "
            end = comment.end_column + len(comment.reason) - len(comment.reason.lstrip())
            fix = Edit(comment.own_line, comment.column, comment.own_line, end, text)
        elif comment.is_alone and comment.before == 1:
            fix = Edit(comment.own_line, 1, comment.own_line + 1, 1, "")
        else:
            fix = Edit(comment.own_line, comment.before, comment.own_line, comment.end_column, "")
        said.append(
            Diagnostic(
                UNUSED, SEVERITIES[UNUSED], f"nothing is suppressed here: {what}", filename,
                comment.own_line, comment.column, comment.own_line, comment.end_column,
                "Take the comment away.", (fix,),
            )
        )  # fmt: skip
    return said
