"""The template language of the rules: `tf.concat({tensors}, axis={dim})`.

`{name}`    the argument's source text, or its default's text; in parentheses where precedence asks for them
`{name?}`   as the whole value of a keyword argument: the keyword argument is left out if the caller omitted it
`{name}[0]` of a list or tuple that is written out, the member itself
`{*name}`   varargs, spliced
`$name`     a definition of transpile/support
`{data_format}` as a keyword's value: supplied by the translation, left out when it is the default
`{{`, `}}`  braces
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Keyword", "Placeholder", "Support", "Template", "is_atom", "render"]

_TOKEN = re.compile(
    r"(?P<brace>\{\{|\}\})"
    r"|(?P<keyword>(?:,\s*)?\b\w+=)(?:\{(?P<optional>\w+)\?\}|\{(?P<format>data_format)\})"
    r"|\{(?P<star>\*?)(?P<name>\w+)\}(?:\[(?P<member>\d)\])?"
    r"|\$(?P<support>\w+)"
)
_SIMPLE = re.compile(r"[A-Za-z_][\w.]*|\d(?:[\w.]|(?<=[eE])[+-])*")
_STRING = re.compile(r"[rbfuRBFU]{0,2}(\"\"\"|'''|\"|')")
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Placeholder:
    """`{name}`, `{*name}` or `{name}[0]`; `bare` where any expression can stand without parentheses."""

    name: str
    star: bool
    bare: bool
    member: int | None = None


@dataclass(frozen=True)
class Keyword:
    """`, text={name?}`: a keyword argument that goes when its value is not given."""

    text: str
    name: str


@dataclass(frozen=True)
class Support:
    """`$name`."""

    name: str


Piece = str | Placeholder | Keyword | Support


@dataclass(frozen=True)
class Template:
    """A template split into literal text and what is filled in."""

    text: str
    pieces: tuple[Piece, ...]
    placeholders: tuple[str, ...]
    supports: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        pieces: list[Piece] = []
        end = 0
        for match in _TOKEN.finditer(text):
            if match.start() > end:
                pieces.append(text[end : match.start()])
            end = match.end()
            if match["brace"]:
                pieces.append(match["brace"][0])
            elif match["keyword"]:
                pieces.append(Keyword(match["keyword"].lstrip(", \n"), match["optional"] or match["format"]))
            elif match["support"]:
                pieces.append(Support(match["support"]))
            else:
                bare = _bare(text[: match.start()].rstrip(), text[match.end() :].lstrip())
                member = None if match["member"] is None else int(match["member"])
                pieces.append(Placeholder(match["name"], bool(match["star"]), bare, member))
        if end < len(text):
            pieces.append(text[end:])
        names = [p.name for p in pieces if isinstance(p, Placeholder | Keyword)]
        supports = [p.name for p in pieces if isinstance(p, Support)]
        return cls(text, tuple(pieces), tuple(names), tuple(dict.fromkeys(supports)))

    def skeleton(self) -> str:
        """The template as Python with names for what is filled in (to check that it parses)."""
        return render(self, {name: f"_{name}_" for name in self.placeholders}, {})


def _bare(before: str, after: str) -> bool:
    """Whether the text around a placeholder makes it a whole argument or element."""
    if not after or after[0] not in ",)]" or not before or before[-1] not in "(,[=":
        return False
    return not (before[-1] == "=" and before[-2:-1] in ("=", "<", ">", "!"))


def render(
    template: Template,
    values: Mapping[str, str | None],
    defaults: Mapping[str, str],
    support: Callable[[str], str] = str,
) -> str:
    """The template filled with source text.

    `values` has the text of what the caller gave (None or absent: not given), `defaults` the text of the
    defaults; `support` maps the name of a support definition to the name that it has in the output.
    Raises KeyError for a placeholder with neither value nor default.
    """
    out = ""
    for piece in template.pieces:
        if isinstance(piece, str):
            if out.endswith("(") and piece.lstrip().startswith(","):
                piece = piece.lstrip()[1:].lstrip()
            out += piece
        elif isinstance(piece, Support):
            out += support(piece.name)
        elif isinstance(piece, Keyword):
            value = values.get(piece.name)
            if value is not None:
                opening = out.endswith(("(", ", "))
                out += ("" if opening else ", ") + piece.text + _guarded(value)
        else:
            value = values.get(piece.name)
            text = defaults[piece.name] if value is None else value
            if piece.member is not None:
                text = _member(text, piece.member)
            if piece.star:
                text = _spliced(text)
                if not text and out.endswith(", "):
                    out = out[:-2]
            elif piece.bare:
                text = _guarded(text)
            elif not is_atom(text):
                text = f"({text})"
            out += text
    return out


def _guarded(text: str) -> str:
    """An argument: only an assignment expression or a bare generator needs parentheses."""
    if text.startswith("yield"):
        return f"({text})"
    if ":=" in text or "for" in text:
        # `[x] + [f(y) for y in z]` has its `for` in brackets
        return f"({text})" if re.search(r":=|\bfor\b", _top(text)) else text
    return text


def _member(text: str, number: int) -> str:
    """One member of a value, taken from its text where that is a display without a starred part."""
    members = _members(text.strip())
    if number < len(members) and not any(member.startswith("*") for member in members):
        return members[number]
    return f"{text if is_atom(text) else f'({text})'}[{number}]"


def _members(text: str) -> list[str]:
    """The members of a list or tuple display; none for anything else, or where one is a comprehension."""
    if text[:1] not in ("[", "(") or _matching(text, 0) != len(text) - 1:
        return []
    inner, found, start, at = text[1:-1], [], 0, 0
    while at < len(inner):
        if inner[at] == ",":
            found.append(inner[start:at].strip())
            start = at + 1
        at = _skip(inner, at)
    if (text[0] == "(" and not found) or re.search(r"\bfor\b|#", _top(inner)):
        return []
    return [*found, last] if (last := inner[start:].strip()) else found


def _spliced(text: str) -> str:
    """The elements of a list or tuple display, or the starred expression."""
    text = text.strip()
    if (
        text[:1] in ("[", "(")
        and _matching(text, 0) == len(text) - 1
        and (text[0] == "[" or _top_comma(text[1:-1]))
    ):
        return text[1:-1].strip().rstrip(",")
    if text == "()":
        return ""
    return "*" + (text if is_atom(text) else f"({text})")


def _top_comma(text: str) -> bool:
    return "," in _top(text)


def _top(text: str) -> str:
    """The characters of a text that stand in no brackets and in no string."""
    kept, at = "", 0
    while at < len(text):
        behind = _skip(text, at)
        kept += text[at] if behind == at + 1 else ""
        at = behind
    return kept


def _skip(text: str, at: int) -> int:
    """The index behind the token that starts at `at`: a bracketed group, a string or one character."""
    if text[at] in _CLOSING:
        return _matching(text, at) + 1
    if text[at] in "\"'":
        quote = text[at : at + 3] if text[at : at + 3] in ('"""', "'''") else text[at]
        at += len(quote)
        while at < len(text) and not text.startswith(quote, at):
            at += 2 if text[at] == "\\" else 1
        return min(at + len(quote), len(text))
    return at + 1


def _matching(text: str, at: int) -> int:
    """The index of the bracket that closes the one at `at`; the text's end if none does."""
    closing = _CLOSING[text[at]]
    at += 1
    while at < len(text):
        if text[at] == closing:
            return at
        at = _skip(text, at)
    return len(text)


def is_atom(text: str) -> bool:
    """Whether an expression's text can stand anywhere without parentheses: a name, number, string, display, call."""
    text = text.strip()
    if _SIMPLE.fullmatch(text):
        return text not in ("lambda", "not", "yield", "await")
    string = _STRING.match(text)
    if string:
        at = _skip(text, string.end() - len(string[1]))
    elif text[:1] in _CLOSING and text:
        at = _matching(text, 0) + 1
    else:
        name = re.match(r"[A-Za-z_]\w*", text)
        if not name:
            return False
        at = name.end()
    while at < len(text):
        if text[at] in "([":
            at = _matching(text, at) + 1
            continue
        attribute = re.match(r"\s*\.\s*[A-Za-z_]\w*", text[at:])
        if not attribute:
            return False
        at += attribute.end()
    return at == len(text)
