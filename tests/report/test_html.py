"""The page: each line once, findings at their lines, sources that stay text."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from transpile.diagnostics import Diagnostic, Severity
from transpile.emit import END, HEADING
from transpile.report.html import Page, render
from transpile.report.html.align import aligned
from transpile.report.html.graph import drawn, imports
from transpile.report.html.highlight import Mark, highlighted
from transpile.report.uses import Uses, counted

LINES = st.lists(st.sampled_from(["", "a", "b = 1", "b = 2", "c(a, b)", "c(b, a)", "def f():"]), max_size=12)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7 * 7 }}"


def said(line: int, column: int = 1, code: str = "API001", message: str = "stays") -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, message, "a.py", line, column, line, column + 3, "Look.")


class Tags(HTMLParser):
    """The tags of a page, its text, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.events: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "data-src", "action")
        ]
        self.events += [name for name, _ in attrs if name.startswith("on")]


@settings(deadline=None)
@given(LINES, LINES, st.booleans())
def test_each_line_stands_in_one_row_and_in_order(before: list[str], after: list[str], copied: bool) -> None:
    if copied:
        after = [*after[:2], HEADING, "x = 1", END, *after[2:]]
    rows = aligned(before, after)
    assert [row.left for row in rows if row.left] == list(range(1, len(before) + 1))
    assert [row.right for row in rows if row.right] == list(range(1, len(after) + 1))
    for row in rows:
        assert (row.kind == "same") == (
            row.left is not None and row.right is not None and before[row.left - 1] == after[row.right - 1]
        ) or row.kind == "changed"
    assert sum(row.kind == "support" for row in rows) == 3 * copied


def test_lines_that_are_alike_stand_beside_each_other() -> None:
    rows = aligned(["x = torch.cat(a, 1)", "y = f(x)"], ["import tf", "x = tf.concat(a, -1)", "y = g(x)"])
    assert [(row.left, row.right) for row in rows] == [(None, 1), (1, 2), (2, 3)]


def test_marks_cut_tokens() -> None:
    (line,) = highlighted("x = torch.cat(a)", [Mark(1, 4, 13, "warning")])
    assert '<span class="m m-warning">torch</span>' in line and "cat" in line
    assert "(a)" in line.replace("</span>", "").rpartition(">")[2]


def test_nothing_of_a_source_is_live() -> None:
    text = f"x = 1  # {HOSTILE}\ns = {HOSTILE!r}\n"
    page = Page(HOSTILE + ".py", text, text, [said(1, message=HOSTILE)], output=HOSTILE)
    other = Page("b.py", "import a\n", None, [said(1)])
    tags = Tags(render([page, other], title=HOSTILE))
    assert tags.tags.count("script") == 1 and "img" not in tags.tags and tags.events == []
    assert all(address.startswith("#") for address in tags.addresses)


def test_the_page_needs_nothing_else() -> None:
    text = render([Page("a.py", "x\n", "x\n")])
    assert "http://" not in text and "https://" not in text and "default-src 'none'" in text
    assert "@import" not in text and "url(" not in text


def test_findings_stand_below_their_line() -> None:
    text = render(
        [Page("a.py", "import torch\ntorch.no(1)\n", "import torch\ntorch.no(1)\n", [said(2), said(99)])]
    )
    row = text.index('id="f0-l2"')
    note = text.index('class="note warning"')
    assert row < note < text.index('id="f0-l3"') and 'id="code-API001"' in text


def test_two_runs_give_the_same_bytes() -> None:
    pages = [Page("a.py", "x = 1\n", "x = 2\n", [said(1)]), Page("b.py", "import a\n", "import a\n")]
    assert render(pages) == render(pages)


def test_uses_are_exact_changed_or_left() -> None:
    text = "import torch\ntorch.a(1)\ntorch.b(2)\ntorch.c(3)\n"
    changed = Diagnostic("API004", Severity.INFO, "torch.b", "a.py", 3, 1, 3, 2, "")
    assert counted(text, [said(2), changed]) == Uses(1, 1, 1)
    assert counted("def f(:\n", []) == Uses() and Uses(1, 1, 2).share("left") == 50.0


def test_the_graph_follows_imports_of_every_kind() -> None:
    files = [
        ("pkg/__init__.py", "from .net import Net\nfrom . import blocks\n"),
        ("pkg/net.py", "import pkg.blocks\nfrom pkg.sub.deep import x\n"),
        ("pkg/blocks.py", "import torch\n"),
        ("pkg/sub/deep.py", "from ..blocks import y\nfrom .. import net\n"),
        ("pkg/broken.py", "def f(:\n"),
    ]
    assert imports(files) == {0: {1, 2}, 1: {2, 3}, 2: set(), 3: {0, 1, 2}, 4: set()}
    svg = drawn(files, ["fine"] * 5)
    assert svg.count("<a ") == 4 and svg.count('class="edge"') == 7
    assert drawn(files[2:3], ["fine"]) == ""


def test_the_contents_name_the_common_folder_once() -> None:
    page = render([Page("/some/where/net.py", "", ""), Page("/some/where/parts/conv.py", "", "")])
    assert "<summary>Files of /some/where/</summary>" in page
    assert '<a href="#f0">net.py</a>' in page and '<a href="#f1">parts/conv.py</a>' in page
    assert "<summary>Files</summary>" in render([Page("net.py", "", ""), Page("parts/conv.py", "", "")])
    assert "<h2>net.py" in render([Page("net.py", "", "")]) and "<h2>" not in render([])
