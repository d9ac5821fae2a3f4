"""The lines that a translation has changed, formatted as black would, and only those.

Black costs more to import than a small file costs to translate, and several times the parsing to run. So a
changed statement is first held against what black certainly leaves alone (spacing.is_clean), and only the others are
handed to it, one by one. The copied support section, and every statement of the source, stay as they are.
"""

from __future__ import annotations

import tokenize
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

from transpile.emit import END, HEADING
from transpile.spacing import is_clean

__all__ = ["formatted", "line_length"]

SHORTEST, LONGEST = 88, 120
_DEFINITIONS = frozenset({"class", "def", "@", "async def"})
_CONTINUES = {"elif": "if x:\n    pass\n", "else": "if x:\n    pass\n", "except": "try:\n    pass\n"}
_CONTINUES["finally"] = _CONTINUES["except"]


def formatted(before: str, after: str) -> str:
    """The code with the statements that are not in the source formatted, in the source's own line length."""
    if before == after:
        return after
    head, section, tail = _split(after)
    try:
        statements = _statements(head + tail)
    except (tokenize.TokenError, SyntaxError):
        return after
    lines = (head + tail).split("\n")
    old = _Known(before.split("\n"))
    length = line_length(before)
    at = head.count("\n")  # where the section is put back
    edits: list[tuple[int, int, list[str]]] = []
    previous: _Statement | None = None
    opened: list[_Statement] = []
    for statement in statements:
        closed = [block for block in opened if block.indent >= statement.indent]
        opened = [block for block in opened if block.indent < statement.indent]
        above = 0 if previous is None else previous.last
        if not old.has(lines, above, statement.last) or (not above and lines[0] != old.lines[0]):
            gap = _gap(lines, previous, statement, closed)
            beside = section and above < at <= statement.first  # the section has its own empty lines
            if gap is not None and not beside:
                edits.append(gap)
            if not old.has(lines, statement.first, statement.last):
                text = lines[statement.first : statement.last + 1]
                new = _formatted_statement(statement, text, length)
                if new != text:
                    edits.append((statement.first, statement.last + 1, new))
        if statement.opens:
            opened.append(statement)
        previous = statement
    for first, last, new in reversed(edits):
        lines[first:last] = new
        if last <= at:
            at += len(new) - (last - first)
    return "\n".join(lines[:at]) + ("\n" if at else "") + section + "\n".join(lines[at:])


def line_length(source: str) -> int:
    """How long the lines of a source may be: as long as its longest of plain code, within what people use."""
    longest = SHORTEST
    for line in source.splitlines():
        if len(line) > longest and not any(mark in line for mark in "#'\""):
            longest = len(line)
    return min(longest, LONGEST)


def _split(code: str) -> tuple[str, str, str]:
    """The code before the copied section, the section, and the code behind it."""
    start = code.find("\n" + HEADING + "\n") + 1
    end = code.find("\n" + END + "\n", start)
    if end < 0 or (not start and not code.startswith(HEADING)):
        return code, "", ""
    end += len(END) + 2
    return code[:start], code[start:end], code[end:]


class _Known:
    """The lines of the source, to be asked for runs of lines."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.places: dict[str, list[int]] = {}
        for number, line in enumerate(lines):
            self.places.setdefault(line, []).append(number)

    def has(self, lines: list[str], first: int, last: int) -> bool:
        count = last + 1 - first
        run = lines[first : last + 1]
        rarest = min(run, key=lambda line: len(self.places.get(line, ())))
        offset = run.index(rarest)
        return any(
            place >= offset and self.lines[place - offset : place - offset + count] == run
            for place in self.places.get(rarest, ())
        )


@dataclass(slots=True)
class _Statement:
    """A logical line: its physical lines from 0, and its tokens without those of layout."""

    first: int
    last: int
    indent: int
    tokens: list[tokenize.TokenInfo]
    in_class: bool = False  # the first statement below the header of a class
    number: int = 0

    @property
    def word(self) -> str:
        """Its first word; "async def" for one."""
        word = self.tokens[0].string
        return f"async {self.tokens[1].string}" if word == "async" and len(self.tokens) > 1 else word

    @property
    def opens(self) -> bool:
        return self.tokens[-1].string == ":"

    @property
    def is_string(self) -> bool:
        return len(self.tokens) == 1 and self.tokens[0].type == tokenize.STRING


def _statements(code: str) -> list[_Statement]:
    found: list[_Statement] = []
    tokens: list[tokenize.TokenInfo] = []
    comment_end = 0
    depth = 0
    for token in tokenize.generate_tokens(StringIO(code).readline):
        kind = token.type
        if kind in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        if kind == tokenize.COMMENT:
            comment_end = token.end[0]
            continue
        if kind == tokenize.NEWLINE:
            if tokens:
                first, last = tokens[0].start[0] - 1, max(tokens[-1].end[0], comment_end) - 1
                found.append(_Statement(first, last, tokens[0].start[1], tokens, number=len(found)))
                tokens = []
            depth = 0
            continue
        name = tokenize.tok_name[kind]
        if name in ("FSTRING_START", "TSTRING_START"):
            depth += 1
            if depth == 1:
                tokens.append(token._replace(type=tokenize.STRING))
        elif depth:
            if name in ("FSTRING_END", "TSTRING_END"):
                depth -= 1
                if not depth:
                    tokens[-1] = tokens[-1]._replace(end=token.end)
        else:
            tokens.append(token)
    for one, other in pairwise(found):
        other.in_class = one.word == "class" and one.opens and other.indent > one.indent
    return found


def _gap(
    lines: list[str], previous: _Statement | None, statement: _Statement, closed: list[_Statement]
) -> tuple[int, int, list[str]] | None:
    """The edit that gives the empty lines above a statement (and above the comments on it) their number."""
    start = 0 if previous is None else previous.last + 1
    for number in range(start, statement.first):  # comments that belong to the block that ends here
        comment = lines[number].lstrip()
        if comment and len(lines[number]) - len(comment) > statement.indent:
            start = number + 1
    stop = start
    while stop < statement.first and not lines[stop].strip():
        stop += 1
    have = stop - start
    if previous is None:
        return (start, stop, []) if have else None
    want = min(have, 1 if statement.indent else 2)
    word = statement.word
    if statement.indent > previous.indent:
        if previous.word in ("def", "async def") and stop == statement.first:
            want = 0
    elif word in _CONTINUES:
        pass
    elif previous.word == "@":
        want = 0 if stop == statement.first else want
    elif word in _DEFINITIONS or any(block.word in _DEFINITIONS for block in closed):
        want = 1 if statement.indent else 2
    elif previous.is_string and (previous.in_class or previous.number == 0):
        want = 1
    elif _imports(previous) and not (_imports(statement) and stop == statement.first):
        want = max(want, 1) if previous.indent == statement.indent else want
    return None if want == have else (start, stop, [""] * want)


def _imports(statement: _Statement) -> bool:
    return statement.word in ("import", "from")


def _formatted_statement(statement: _Statement, lines: list[str], length: int) -> list[str]:
    if statement.is_string:  # a docstring is the source's own
        return lines
    if statement.first == statement.last and is_clean(lines[0], statement.tokens, length):
        return lines
    if statement.opens and len(statement.tokens) == 2 and "#" not in lines[0]:
        return [f"{lines[0][: statement.indent]}{statement.word}:"]  # else, try, finally
    import black
    from black.mode import TargetVersion
    from black.parsing import InvalidInput

    # what TensorFlow runs on; black would guess it from each statement alone
    versions = {version for version in TargetVersion if version.value >= TargetVersion.PY310.value}
    indent = lines[0][: statement.indent]
    word = statement.word
    prefix = _CONTINUES.get(word, "")
    text = _dedented(statement, lines)
    if statement.opens:
        text += "\n    pass"
    elif word == "@":
        text += "\ndef f():\n    pass"
    mode = black.Mode(line_length=max(length - statement.indent, 20), target_versions=versions)
    try:
        result = black.format_str(prefix + text + "\n", mode=mode)
    except InvalidInput:
        return lines
    found = result[len(prefix) :].rstrip("\n").split("\n")
    if statement.opens:
        found = found[:-1]
    elif word == "@":
        found = found[:-2]
    inside = _inside_strings(found)
    return [line if number in inside or not line else indent + line for number, line in enumerate(found)]


def _dedented(statement: _Statement, lines: list[str]) -> str:
    """The statement at the margin; the lines inside its strings as they are."""
    own: set[int] = set()
    for token in statement.tokens:
        if token.type == tokenize.STRING and token.end[0] > token.start[0]:
            own.update(range(token.start[0] - statement.first, token.end[0] - statement.first))
    indent = lines[0][: statement.indent]
    return "\n".join(
        line if number in own or not line.startswith(indent) else line[len(indent) :]
        for number, line in enumerate(lines)
    )


def _inside_strings(lines: list[str]) -> set[int]:
    """The numbers of the lines that begin inside a string."""
    found: set[int] = set()
    if not any('"""' in line or "'''" in line or line.endswith("\\") for line in lines):
        return found
    code = "\n".join(lines) + ("\n    pass\n" if lines[-1].endswith(":") else "\n")
    try:
        for statement in _statements(code):
            for token in statement.tokens:
                if token.type == tokenize.STRING:
                    found.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        pass
    return found
