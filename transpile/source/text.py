"""Bytes of a source file to text and back: encoding, byte order mark and newline style are kept."""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from collections import Counter
from dataclasses import dataclass

from transpile.diagnostics import UNDECODABLE, SourceError

_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class SourceText:
    """A decoded source.

    `exact` is the text as the file has it, without the byte order mark; `text` has "\\n" for every newline,
    which moves no line and no column. `newline` is the style that most lines have.
    """

    exact: str
    newline: str = "\n"
    bom: bool = False

    @property
    def text(self) -> str:
        return _NEWLINE.sub("\n", self.exact) if "\r" in self.exact else self.exact

    def encode(self, code: str) -> bytes:
        """A new text ("\\n" newlines) as bytes in this file's style, in the encoding that `code` declares."""
        return self._to_bytes(_NEWLINE.sub(self.newline, code) if self.newline != "\n" else code)

    def encode_exact(self, code: str) -> bytes:
        """The same for a text that already has the newlines that it should have."""
        return self._to_bytes(code)

    def _to_bytes(self, code: str) -> bytes:
        mark = codecs.BOM_UTF8 if self.bom else b""
        encoding = declared_encoding(code)
        try:
            return mark + code.encode(encoding)
        except UnicodeEncodeError:
            # text was added that the declared encoding lacks: declare one that has it
            head, line, tail = _split_at_declaration(code)
            return mark + (head + re.sub(r"(coding[:=]\s*)[-\w.]+", r"\1utf-8", line) + tail).encode()


def decode(data: bytes) -> SourceText:
    """The text of a Python file. Raises SourceError (SYN002) for what is not text in its declared encoding."""
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise SourceError("the file is binary: it holds a NUL byte", line, 1, UNDECODABLE)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error) from None
    except (SyntaxError, LookupError) as declaration:
        # an unknown encoding, or none and no UTF-8 in the first two lines
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _undecodable(data, error) from None
        raise SourceError(f"the file is not text: {declaration}", 1, 1, UNDECODABLE) from None
    bom = data.startswith(codecs.BOM_UTF8)
    counts = Counter(_NEWLINE.findall(text)) if "\r" in text else Counter()
    return SourceText(text, counts.most_common(1)[0][0] if counts else "\n", bom)


def _undecodable(data: bytes, error: UnicodeDecodeError) -> SourceError:
    line = data[: error.start].count(b"\n") + 1
    byte = f"byte 0x{data[error.start]:02x} cannot be decoded"
    return SourceError(f"the file is not {error.encoding} text: {byte}", line, 1, UNDECODABLE)


def declared_encoding(code: str) -> str:
    """The encoding that the first two lines of a source text declare; "utf-8" where they declare none."""
    head = "".join(code.splitlines(keepends=True)[:2]).encode("ascii", "replace")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(head).readline)
    except SyntaxError:
        return "utf-8"
    return encoding


def _split_at_declaration(code: str) -> tuple[str, str, str]:
    """The text before, in and after the line with the coding declaration."""
    lines = code.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines[:2]) if "coding" in line)
    return "".join(lines[:at]), lines[at], "".join(lines[at + 1 :])
