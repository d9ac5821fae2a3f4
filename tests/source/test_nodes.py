"""Nodes made without checks and packed: the same trees, and the checks of whoever makes a node by hand stay."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest

from transpile.diagnostics import SourceError
from transpile.source.nodes import pack, unchecked, unpack
from transpile.translate import parse

SOURCES = sorted((Path(__file__).parents[2]).glob("transpile/**/*.py"))
EVERY_KIND = '''\
"""Text."""
from __future__ import annotations
import a.b as c, d; from . import (e, f,)
@c.deco(1)
class K(c.Base, metaclass=M):
    x: int = 0
    async def m(self, a, /, b=1, *args, k: str = "s", **kw) -> None:
        async with a as b, c:
            await b[1:2, ..., ::3]
        async for i in a: yield i
        return [*a, {**kw}, {1, 2}, {k: v for k, v in kw if k}, (x for x in a), lambda *y: y]
def g(x):
    try:
        assert not x, "no"; del x.y; global z; raise E from x
    except (A, B) as e: pass
    else: x += 1; x **= ~2; x = -x if x else +x
    finally: z = f"{x!r:>{3}}" "t".upper()
    while (y := x @ 3) is not None and 1 < y <= 3 or y not in z: break
    else: continue_ = 0x1F + 1.5e3j // 2 % 3 << 1 >> 2 & 3 | 4 ^ 5
    match x:
        case [1, *rest] | {"k": v, **r}: ...
        case K(p, q=2) as w if w: pass
        case _: nonlocal_ = None
'''


@pytest.mark.parametrize("text", [EVERY_KIND, *(path.read_text() for path in SOURCES[::40])])
def test_without_checks_and_through_bytes_a_tree_is_the_same(text: str) -> None:
    tree = parse(text)
    with unchecked():
        quick = parse(text)
    back = unpack(pack(quick))
    assert quick.deep_equals(tree) and back.deep_equals(tree)
    assert quick.code == back.code == text
    assert type(back.body[0]) is type(tree.body[0])


def test_whoever_makes_a_node_by_hand_is_told_what_is_wrong_with_it() -> None:
    with unchecked(), unchecked():
        cst.Name("")
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")
    with pytest.raises(RuntimeError), unchecked():
        raise RuntimeError
    with pytest.raises(cst.CSTValidationError):
        cst.Integer("x")


def test_a_node_that_is_made_without_checks_has_its_defaults() -> None:
    checked = cst.Call(cst.Name("f"))
    with unchecked():
        assert cst.Call(cst.Name("f")).deep_equals(checked)
        assert cst.Call(func=cst.Name(value="f"), args=()).deep_equals(checked)
        with pytest.raises(TypeError):
            cst.Call()
        with pytest.raises(TypeError):
            cst.Name("f", nothing=1)


def test_what_is_nested_too_deeply_is_not_packed() -> None:
    tree = cst.Module([cst.SimpleStatementLine([cst.Expr(_nested(40_000))])])
    with pytest.raises(RecursionError):
        pack(tree)


def _nested(depth: int) -> cst.BaseExpression:
    node: cst.BaseExpression = cst.Name("x")
    for _ in range(depth):
        node = cst.Attribute(node, cst.Name("y"))
    return node


@pytest.mark.parametrize("text", ["x = 'a' b'b'\n", "import torch\nf(b'' f'{x}')\n"])
def test_literals_that_python_does_not_take_are_refused_either_way(text: str) -> None:
    with pytest.raises(SourceError):
        parse(text)
    with pytest.raises(SourceError), unchecked():
        parse(text)
