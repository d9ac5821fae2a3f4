"""Edits: from one text to the other exactly, few, and in LSP's units."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.diagnostics import Edit
from transpile.editor.edits import applied, between, lsp_edit

LINES = st.lists(st.sampled_from(["", "a", "b", "a b", "ab", "x = f(a)", "x = g(a)", "é𝔘"]), max_size=8)
TEXTS = LINES.map("\n".join)


def from_lsp(text: str, edits: list[Any]) -> str:
    """An editor's own way: from the last edit to the first, positions in UTF-16."""
    lines = text.split("\n")

    def offset(place: dict[str, int]) -> int:
        line = lines[place["line"]].encode("utf-16-le")
        before = sum(len(other) + 1 for other in lines[: place["line"]])
        return before + len(line[: 2 * place["character"]].decode("utf-16-le"))

    for edit in reversed(edits):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_edits_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    edits = between(before, after)
    assert applied(before, edits) == after
    assert (edits == []) == (before == after)
    assert from_lsp(before, [lsp_edit(edit, before.split("\n")) for edit in edits]) == after


def test_one_changed_line_is_edited_by_whole_words() -> None:
    assert between("a\n  y = torch.cat(x)\nb", "a\n  y = tf.concat(x)\nb") == [Edit(2, 7, 2, 16, "tf.concat")]


def test_lines_that_come_and_go_are_whole() -> None:
    assert between("a\nb\n", "a\nnew\nb\n") == [Edit(2, 1, 2, 1, "new\n")]
    assert between("a\nold\nb\n", "a\nb\n") == [Edit(2, 1, 3, 1, "")]


def test_characters_count_in_utf16() -> None:
    assert lsp_edit(Edit(1, 3, 1, 4, "x"), ["é𝔘y"]) == {
        "range": {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 4}},
        "newText": "x",
    }


def test_newlines_are_the_file_s() -> None:
    assert lsp_edit(Edit(1, 1, 1, 1, "a\nb\n"), [""], "\r\n")["newText"] == "a\r\nb\r\n"


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap at 1:2"):
        applied("abc", [Edit(1, 1, 1, 3, "x"), Edit(1, 2, 1, 2, "y")])
