"""The lines that a translation has changed, formatted as black would, and only those.

Black costs more to import than a small file costs to translate, and several times the parsing to run. So a
changed statement is first held against what black certainly leaves alone (`is_clean`), and only the others are
handed to it, one by one. The copied support section, and every statement of the source, stay as they are.
"""

from __future__ import annotations

import re
import tokenize
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

from transpile.emit import END, HEADING

__all__ = ["formatted", "is_clean", "line_length"]

SHORTEST, LONGEST = 88, 120
_BLOCKS = frozenset(
    {"class", "def", "if", "elif", "else", "for", "while", "with", "try", "except", "finally"}
)
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
            if gap is not None and not (
                section and (previous.last if previous else 0) < at <= statement.first
            ):
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
        want = max(want, 1)
    return None if want == have else (start, stop, [""] * want)


def _imports(statement: _Statement) -> bool:
    return statement.word in ("import", "from")


def _formatted_statement(statement: _Statement, lines: list[str], length: int) -> list[str]:
    if statement.first == statement.last and is_clean(lines[0], statement.tokens, length):
        return lines
    import black

    versions = {
        version for version in black.TargetVersion if version.value >= black.TargetVersion.PY310.value
    }
    indent = lines[0][: statement.indent]
    word = statement.word
    prefix = _CONTINUES.get(word, "")
    text = _dedented(statement, lines)
    if statement.opens:
        text += "\n    pass"
    elif word == "@":
        text += "\ndef f():\n    pass"
    elif word in ("return", "await", "yield", "break", "continue"):
        pass  # black parses them anywhere
    mode = black.Mode(line_length=max(length - statement.indent, 20), target_versions=versions)
    try:
        result = black.format_str(prefix + text + "\n", mode=mode)
    except black.InvalidInput:
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
    own = set()
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


# --- what black certainly leaves alone ---------------------------------------------------------------------------

_KEYWORDS = frozenset(
    "and as assert async await class def del elif else except finally for from global if import in is lambda "
    "nonlocal not or raise return try while with yield".split()
)
_SIGNS = frozenset({"-", "+", "~"})
_STARS = frozenset({"*", "**"})
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:e-?\d+)?")
_STRING = re.compile(r"""[bfr]{0,2}(?:"[^"\\]*(?:\\[^"'][^"\\]*)*"|'[^'"\\]*"[^'\\]*')""")
_IMPORT = re.compile(r"(?:from \.*[\w.]* )?import [\w.]+(?: as \w+)?(?:, [\w.]+(?: as \w+)?)*")
_COMMENT = re.compile(r"  # (?!type:|fmt:)\S.*(?<!\s)")
_BINARY = frozenset(
    "+ - * / // % @ << >> & | ^ == != < > <= >= := -> = += -= *= /= //= %= @= &= |= ^= >>= <<= **=".split()
)


def is_clean(line: str, tokens: list[tokenize.TokenInfo], length: int) -> bool:
    """Whether black would certainly leave this statement of one line as it is. No false yes; a false no costs time."""
    if len(line) > length or not line.isascii() or "\t" in line or "\\\n" in line:
        return False
    first, last = tokens[0], tokens[-1]
    code = line[first.start[1] : last.end[1]]
    rest = line[last.end[1] :]
    if rest and not _COMMENT.fullmatch(rest):
        return False
    word = first.string
    if word in ("import", "from"):
        return _IMPORT.fullmatch(code) is not None
    if first.type == tokenize.STRING and len(tokens) == 1:
        return False  # a docstring
    if word in (
        "match",
        "case",
        "type",
        "print",
        "exec",
        "del",
        "with",
        "except",
        "async",
        "assert",
        "raise",
        "global",
    ):
        # statements whose parentheses black judges, and soft keywords
        if any(
            token.string == "(" and before.string == word for before, token in pairwise(tokens)
        ) or word in (
            "match",
            "case",
            "type",
            "async",
        ):
            return False
    if word in _BLOCKS and (
        last.string != ":" or (word == "class" and last.string == ":" and _empty_bases(tokens))
    ):
        return False
    if word in ("def", "class") and len(tokens) > 2 and tokens[2].string == "[":
        return False
    return _spaced(tokens, word)


def _empty_bases(tokens: list[tokenize.TokenInfo]) -> bool:
    return any(one.string == "(" and other.string == ")" for one, other in pairwise(tokens[:5]))


@dataclass(slots=True)
class _Bracket:
    opener: str
    kind: str  # call, index, display, def
    before: str  # the token in front of it
    commas: int = 0
    annotated: bool = False  # since the last comma
    colons: int = 0
    complex: bool = False
    lambdas: int = 0


def _spaced(tokens: list[tokenize.TokenInfo], word: str) -> bool:
    """Whether the space between every two tokens is black's, and no parenthesis and no comma is one that it judges."""
    stack = [_Bracket("", "", "")]
    slices = _slices(tokens)
    if slices is None:
        return False
    previous: tokenize.TokenInfo | None = None
    operand = False  # the previous token ends an operand
    tight = False  # nothing may follow the previous token immediately but its operand
    count = len(tokens)
    for place, token in enumerate(tokens):
        text, kind = token.string, token.type
        here = stack[-1]
        following = tokens[place + 1].string if place + 1 < count else ""
        space = token.start[1] - previous.end[1] if previous is not None else 0
        want = 1
        before = previous.string if previous is not None else ""
        keyword = kind == tokenize.NAME and text in _KEYWORDS
        after_opener = before in ("(", "[", "{")
        if previous is None or after_opener or tight:
            want = 0
        tight = False
        if kind == tokenize.STRING:
            if not _STRING.fullmatch(text):
                return False
            operand = True
        elif kind == tokenize.NUMBER:
            if not _NUMBER.fullmatch(text) or following == ".":
                return False
            operand = True
        elif kind == tokenize.NAME and not keyword:
            operand = True
        elif keyword:
            if text == "lambda":
                here.lambdas += 1
                if following == ":":
                    pass
            if text in ("await", "yield", "for", "in", "while") and following == "(":
                return False
            if text in ("print", "exec"):
                return False
            operand = False
        elif text in ("(", "[", "{"):
            if text == "(":
                if operand:
                    want = 0
                    bracket = "def" if len(stack) == 1 and word == "def" else "call"
                else:
                    bracket = "display"
                    if not _judged(tokens, place, before, len(stack)):
                        return False
            elif text == "[":
                bracket = "index" if operand else "display"
                want = 0 if operand else want
            else:
                bracket = "display"
            stack.append(_Bracket(text, bracket, before))
            operand = False
        elif text in _CLOSERS:
            if len(stack) == 1 or here.opener != _CLOSERS[text]:
                return False
            want = 0
            if before == "," and not (here.opener == "(" and here.kind == "display" and here.commas == 1):
                return False
            if before == ",":
                want = 0
            stack.pop()
            operand = True
        elif text == ",":
            want = 0
            here.commas += 1
            here.annotated = False
            if len(stack) == 1 and (place + 1 == count or following in ("=", "in")):
                return False
            operand = False
        elif text == ".":
            want = 0
            tight = True
            if not operand and previous is not None:
                return False
        elif text == ":":
            if here.lambdas:
                here.lambdas -= 1
                want = 0
            elif here.opener == "[":
                answer = slices.get(place)
                if answer is None:
                    return False
                want = answer[0] if not after_opener else 0
                tight = not answer[1]
                if before == ",":
                    want = 1
            else:
                want = 0
                here.annotated = True
            operand = False
        elif text == "=":
            spaced = len(stack) == 1 and not here.lambdas
            spaced = spaced or (here.kind == "def" and here.annotated and not here.lambdas)
            want = int(spaced)
            tight = not spaced
            operand = False
        elif text == "**" and operand:
            if not _hugs(tokens, place):
                return False
            want = 0
            tight = True
            operand = False
        elif text in _STARS and not operand:
            tight = following not in (",", ")", ":")
            if before in ("=",) or before == "print":
                return False
        elif text in _SIGNS and not operand:
            tight = True
            if _powered(tokens, place):
                return False
        elif text == "@" and previous is None:
            tight = True
        elif text == "/" and not operand:
            pass  # the end of positional parameters
        elif text == "...":
            operand = True
        elif text in _BINARY:
            if not operand and text not in (":=", "->"):
                return False
            operand = False
        else:
            return False
        if want != space:
            return False
        previous = token
    return len(stack) == 1


def _judged(tokens: list[tokenize.TokenInfo], place: int, before: str, depth: int) -> bool:
    """Whether parentheses that are no call's stay: they hold a tuple, or are only a part of what is there."""
    close, commas, level = place, 0, 0
    for number in range(place, len(tokens)):
        text = tokens[number].string
        if text in ("(", "[", "{"):
            level += 1
        elif text in _CLOSERS:
            level -= 1
            if not level:
                close = number
                break
        elif text == "," and level == 1:
            commas += 1
    following = tokens[close + 1].string if close + 1 < len(tokens) else ""
    if close == place + 1 or commas:
        return following != "=" and before not in (
            "for",
            "in",
            "del",
            "with",
            "await",
            "except",
            "assert",
            "->",
        )
    if tokens[place + 1].string in ("(", "yield", "await", "lambda"):
        return False
    if following in ("", ":", ",", ")", "]", "}", "=", "for", "if", "else", "in"):
        # all of an operand: black takes many of these away
        return before in ("-", "+", "*", "/", "//", "%", "@", "and", "or", "not") and following in (
            "",
            ":",
            ",",
            ")",
            "]",
            "}",
        )
    return following in (
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "@",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "and",
        "or",
        ".",
        "[",
    )


def _hugs(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Whether a power stands between two plain names or numbers, which black leaves without spaces."""
    if place + 1 >= len(tokens):
        return False
    left, right = tokens[place - 1], tokens[place + 1]
    outer = tokens[place - 2].string if place > 1 else ""
    after = tokens[place + 2].string if place + 2 < len(tokens) else ""
    plain = (tokenize.NAME, tokenize.NUMBER)
    return (
        left.type in plain
        and right.type in plain
        and right.string not in _KEYWORDS
        and outer not in (".", "-", "+", "~", "**", "await", ")", "]")
        and after not in (".", "(", "[", "**")
    )


def _powered(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Whether the operand of a sign is raised to a power."""
    level = 0
    for token in tokens[place + 1 :]:
        text = token.string
        if text in ("(", "[", "{"):
            level += 1
        elif text in _CLOSERS:
            level -= 1
            if level < 0:
                return False
        elif not level:
            if text == "**":
                return True
            if token.type == tokenize.OP and text != ".":
                return False
    return False


def _slices(tokens: list[tokenize.TokenInfo]) -> dict[int, tuple[int, int]] | None:
    """For each colon of a subscript the spaces in front of it and behind it; None where that is not simple."""
    found: dict[int, tuple[int, int]] = {}
    stack: list[tuple[str, list[int], list[bool], int]] = []
    for place, token in enumerate(tokens):
        text = token.string
        if text in ("(", "[", "{"):
            if stack:
                stack[-1][2].append(True)
            stack.append((text, [], [], place))
        elif text in _CLOSERS or (text == "," and stack):
            if not stack:
                return None
            opener, colons, complexity, start = stack[-1]
            if opener == "[" and colons:
                simple = not any(complexity)
                if not simple and len(colons) > 1:
                    return None
                for colon in colons:
                    ends = colon + 1 == place
                    starts = colon == start + 1
                    found[colon] = (0, 0) if simple else (int(not starts), int(not ends))
            if text == ",":
                stack[-1] = (opener, [], [], place)
            else:
                stack.pop()
        elif stack:
            opener, colons, complexity, start = stack[-1]
            before = tokens[place - 1]
            if text == ":":
                if opener == "[":
                    if "lambda" in (t.string for t in tokens[start:place]):
                        return None
                    colons.append(place)
            elif token.type == tokenize.OP:
                sign = text in ("-", "+", "~") and (before.string in ("[", ",", ":"))
                if not sign:
                    complexity.append(text != "...")
            elif token.type == tokenize.NAME and text in _KEYWORDS:
                complexity.append(True)
    return found
