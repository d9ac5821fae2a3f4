"""The walk: visits what LibCST's own visits, apart from trivia, in its order, and keeps what does not change."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest

from transpile.source.walk import children, descendants, walk

SOURCES = sorted((Path(__file__).parents[2]).glob("transpile/**/*.py")) + sorted(
    (Path(__file__).parents[2]).glob("fixtures/*.py")
)
TRIVIA = (
    "Whitespace",
    "EmptyLine",
    "Comma",
    "Newline",
    "Paren",
    "Bracket",
    "Brace",
    "AssignEqual",
    "Comment",
)


class Renaming:
    def on_visit(self, node: cst.CSTNode) -> bool:
        return True

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        if isinstance(updated, cst.Name) and updated.value in ("self", "x", "node"):
            return updated.with_changes(value="new")
        return updated


class Transformer(Renaming, cst.CSTTransformer):  # type: ignore[misc]
    pass


@pytest.mark.parametrize("path", SOURCES[::7], ids=str)
def test_the_same_result_as_libcst(path: Path) -> None:
    tree = cst.parse_module(path.read_text())
    assert walk(tree, Renaming()).code == tree.visit(Transformer()).code  # type: ignore[union-attr]


class Order:
    def __init__(self) -> None:
        self.seen: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.BaseStatement, cst.BaseSmallStatement, cst.BaseSuite)):
            self.seen.append(node)
        return True

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        return updated


class LibcstOrder(Order, cst.CSTTransformer):  # type: ignore[misc]
    pass


@pytest.mark.parametrize("path", SOURCES[::11], ids=str)
def test_the_same_order_of_statements(path: Path) -> None:
    tree = cst.parse_module(path.read_text())
    ours, theirs = Order(), LibcstOrder()
    assert walk(tree, ours) is tree
    tree.visit(theirs)
    assert [id(n) for n in ours.seen] == [id(n) for n in theirs.seen]
    known = {id(n) for n in descendants(tree)}
    assert known >= {id(n) for n in ours.seen}


def test_all_code_is_reached() -> None:
    source = (
        "@d1(a1)\nclass C[T1: b1](e1, k=f1):\n    @g1\n    async def h(i, /, j: k1 = l1, *m: n1, o=p1, **q) -> r1:\n"
        "        async with s1 as t1, u1: pass\n        for v1 in w1: break\n        else: x1\n"
        "        try: y1\n        except z1 as a2: b2\n        finally: c2\n        while d2: continue\n"
        "        return f'{e2!r:{f2}}' 'x' + g2[h2:i2:j2, ...] * -k2 if l2 and not m2 else [n2 for o2 in p2 if q2]\n"
        "    r2: s2 = t2; u2 += v2; del w2; assert x2, y2\n    raise z2 from a3\n"
        "{b3: c3, **d3}; {e3, *f3}; g3(*h3, **i3); (j3 := k3); lambda l3=m3: n3; o3 < p3; {q3: r3 for s3 in t3}\n"
        "match u3:\n    case {'a': v3.w3, **x3} if y3: await z3\n    case [a4(b4, c4=d4), *e4] | (1 as f4): yield g4\n"
    )
    tree = cst.parse_module(source)
    names = {n.value for n in descendants(tree) if isinstance(n, cst.Name)}
    missing = set(__import__("re").findall(r"\b[a-z][1-4]\b", source)) - names
    assert not missing


class Edits:
    def on_visit(self, node: cst.CSTNode) -> bool:
        return not isinstance(node, cst.Comment)

    def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> object:
        if isinstance(updated, cst.Import):
            return cst.RemoveFromParent()
        if isinstance(updated, cst.Assign):
            return cst.FlattenSentinel([updated, cst.Pass()])
        return updated


class LibcstEdits(Edits, cst.CSTTransformer):  # type: ignore[misc]
    pass


def test_removal_and_replacement_by_several() -> None:
    tree = cst.parse_module("import a\n# kept\nx = 1\nif x:\n    import b\ny = 2\n")
    assert walk(tree, Edits()).code == tree.visit(LibcstEdits()).code  # type: ignore[union-attr]


def test_only_what_changed_is_made_anew() -> None:
    tree = cst.parse_module("a = f(x)\nb = g(y)\n")
    new = walk(tree, Renaming())
    assert new.body[0] is not tree.body[0] and new.body[1] is tree.body[1]
    assert [type(c).__name__ for c in children(tree.body[0])] == ["Assign"]
    assert not any(type(n).__name__.endswith(TRIVIA) for n in descendants(tree))
