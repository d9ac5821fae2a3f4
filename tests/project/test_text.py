"""Bytes to text and back: newline style, encoding, byte order mark."""

from __future__ import annotations

import codecs

import pytest

from transpile.diagnostics import SourceError
from transpile.source.text import decode


@pytest.mark.parametrize(
    "data",
    [
        b"a = 1\nb = 2\n",
        b"a = 1\r\nb = 2\r\n",
        b"a = 1\rb = 2\r",
        codecs.BOM_UTF8 + b"a = 1\r\n",
        b"# -*- coding: latin-1 -*-\r\ns = '\xe9'\r\n",
        "s = 'é'\n\tx\x0c\n".encode(),
        "s = 'a\u2028b\x85'\r\n".encode(),
        b"",
    ],
)
def test_bytes_survive(data: bytes) -> None:
    source = decode(data)
    assert "\r" not in source.text
    assert source.encode(source.text) == data
    assert source.encode_exact(source.exact) == data


def test_mixed_newlines_become_the_more_frequent_style() -> None:
    source = decode(b"a\r\nb\r\nc\n")
    assert source.encode(source.text) == b"a\r\nb\r\nc\r\n"


def test_text_that_the_declared_encoding_lacks_changes_the_declaration() -> None:
    source = decode(b"#!/bin/python\n# coding: latin-1\ns = '\xe9'\n")
    written = source.encode(source.text + "# ≥\n")
    assert decode(written).text == "#!/bin/python\n# coding: utf-8\ns = 'é'\n# ≥\n"


def test_a_declaration_that_the_translation_dropped_counts_no_more() -> None:
    source = decode(b"# coding: latin-1\ns = '\xe9'\n")
    assert source.encode("s = 'é'\n") == "s = 'é'\n".encode()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a = 1\n\x00\x01", 2),
        (b"\x89PNG\r\n\x1a\n", 1),
        (b"a = 1\nb = 2\ns = '\xe9'\n", 3),
        (b"# coding: no-such-thing\n", 1),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1),
        (b"# coding: hex\n4142\n", 1),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(SourceError) as caught:
        decode(data)
    assert caught.value.code == "SYN002"
    assert caught.value.line == line
    assert "\n" not in str(caught.value)
