"""What black certainly leaves alone: a test of one line that is far cheaper than black.

It knows the space that black puts between two tokens, and gives up (the line goes to black) wherever parentheses,
commas, quotes or numbers could be written in another way. tests/test_formatting.py holds it against black itself.
"""

from __future__ import annotations

import keyword
import re
import tokenize
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["is_clean"]

_KEYWORDS = frozenset(keyword.kwlist) - {"False", "None", "True"}
_SIGNS = frozenset({"-", "+", "~"})
_STARS = frozenset({"*", "**"})
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:e-?\d+)?")
_STRING = re.compile(r"""[bfr]{0,2}(?:"[^"\\]*(?:\\[^"'][^"\\]*)*"|'[^'"\\]*"[^'\\]*')""")
_IMPORT = re.compile(r"(?:from \.*[\w.]* )?import [\w.]+(?: as \w+)?(?:, [\w.]+(?: as \w+)?)*")
_COMMENT = re.compile(r"  # (?!type:|fmt:)\S.*(?<!\s)")
_BINARY = frozenset(
    ["<<", ">>", "==", "!=", "<", ">", "<=", ">=", ":=", "->", "//", "<<=", ">>=", "**=", "//="]
)
_BINARY |= {*"+-*/%@&|^", *(sign + "=" for sign in "+-*/%@&|^")}
_BLOCKS = frozenset(
    {"class", "def", "if", "elif", "else", "for", "while", "with", "try", "except", "finally"}
)
# Statements that black rebuilds in ways of their own, and what it takes the parentheses of.
_OTHERS = frozenset({"match", "case", "type", "async"})
_JUDGED = frozenset({"del", "with", "except", "assert", "raise"})


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
        return False  # a docstring, which black edits
    if word in _OTHERS or (word in _JUDGED and len(tokens) > 1 and tokens[1].string == "("):
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
    commas: int = 0
    annotated: bool = False  # since the last comma
    lambdas: int = 0


def _spaced(tokens: list[tokenize.TokenInfo], word: str) -> bool:
    """Whether the space between every two tokens is black's, and no parenthesis and no comma is one that it judges."""
    stack = [_Bracket("", "")]
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
        reserved = kind == tokenize.NAME and text in _KEYWORDS
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
        elif kind == tokenize.NAME and not reserved:
            operand = True
        elif reserved:
            if text == "lambda":
                here.lambdas += 1
            if text in ("await", "yield", "for", "in", "while") and following == "(":
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
            stack.append(_Bracket(text, bracket))
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
            if before == "=":
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
