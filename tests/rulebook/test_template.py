"""Rendering: parentheses exactly where they are needed, and arguments that go with their commas."""

from __future__ import annotations

import ast

import pytest

from transpile.rulebook import Template, is_atom, render

ATOMS = [
    "x",
    "self.conv1",
    "3",
    "1e-5",
    "f(a, b)",
    "x[1:, 0]",
    "(a, b)",
    "[a + b]",
    "'a b'",
    '"(" ',
    "f(x)(y).z[0]",
]
ATOMS += ["'''it's'''", "(a + b)", "{1: 2}", "x .shape", 'f(")")', "rb'x'", "x.f(')').g"]
OTHERS = [
    "a + b",
    "-1",
    "-x",
    "a.b + c",
    "(a) + (b)",
    "f(x) * g(y)",
    "not a",
    "a if b else c",
    "lambda: 0",
    "a, b",
]
OTHERS += ["'a' + 'b'", "x[0] - 1", "await x", "[a][0] or b", "*a", "x for x in y", "(a)(b) < c"]


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_atom_gets_parentheses(text: str) -> None:
    assert not is_atom(text)


@pytest.mark.parametrize("text", ATOMS)
def test_what_is_an_atom_gets_none(text: str) -> None:
    assert is_atom(text)


def rendered(template: str, values: dict[str, str | None], **defaults: str) -> str:
    return render(Template.parse(template), values, defaults)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("tf.f({x})", {"x": "a + b"}, "tf.f(a + b)"),
        ("tf.f(x={x})", {"x": "a + b"}, "tf.f(x=a + b)"),
        ("tf.f({x} * 2)", {"x": "a + b"}, "tf.f((a + b) * 2)"),
        ("tf.f(2 * {x})", {"x": "a + b"}, "tf.f(2 * (a + b))"),
        ("tf.f(-{x})", {"x": "-1"}, "tf.f(-(-1))"),
        ("{x} == {y}", {"x": "a", "y": "b + c"}, "a == (b + c)"),
        ("f(a=={y})", {"y": "b + c"}, "f(a==(b + c))"),
        ("{x}", {"x": "a + b"}, "(a + b)"),
        ("{x}.numpy()", {"x": "a + b"}, "(a + b).numpy()"),
        ("{x}.numpy()", {"x": "f(a).b"}, "f(a).b.numpy()"),
        ("f({x})", {"x": "i for i in y"}, "f((i for i in y))"),
        ("f({x})", {"x": "[i for i in y]"}, "f([i for i in y])"),
        ("f({x}, 1)", {"x": "[z] + [i for i in y]"}, "f([z] + [i for i in y], 1)"),
        ("f({x}, 1)", {"x": "g(y := 1) + 'a for b := c'"}, "f(g(y := 1) + 'a for b := c', 1)"),
        ("f({x}, 1)", {"x": "y := g(1)"}, "f((y := g(1)), 1)"),
        ("f({x}, 1)", {"x": "g(i)\nfor i in y"}, "f((g(i)\nfor i in y), 1)"),
        ("f(k={x})", {"x": "n := 2"}, "f(k=(n := 2))"),
        ("f({{1: {x}}})", {"x": "a"}, "f({1: a})"),
        ("f({*xs})", {"xs": "[a, b]"}, "f(a, b)"),
        ("f({*xs})", {"xs": "(a,)"}, "f(a)"),
        ("f({*xs})", {"xs": "(a)"}, "f(*(a))"),
        ("f({*xs})", {"xs": "items"}, "f(*items)"),
        ("f({*xs})", {"xs": "a + b"}, "f(*(a + b))"),
        ("f({*xs})", {"xs": "[a] + [b]"}, "f(*([a] + [b]))"),
        ("f({x}, {*xs})", {"x": "a", "xs": "[]"}, "f(a)"),
        ("f({x}[0])", {"x": "b"}, "f(b[0])"),
        ("f({x}[1])", {"x": "a + b"}, "f((a + b)[1])"),
        ("f({x}[1])", {"x": "(a + b)"}, "f((a + b)[1])"),
        ("f({x}[1])", {"x": "(a, *b)"}, "f((a, *b)[1])"),
        ("f({x}[2])", {"x": "(a, b)"}, "f((a, b)[2])"),
        ("f({x}[0])", {"x": "[i for i in (1, 2)]"}, "f([i for i in (1, 2)][0])"),
        ("f({x}[0])", {"x": "(a, b)[::-1]"}, "f((a, b)[::-1][0])"),
        ("f({x}[0], {x}[1])", {"x": "(a, b)"}, "f(a, b)"),
        ("f({x}[1])", {"x": "[g(a, 'b,'), c if d else e,]"}, "f(c if d else e)"),
        ("f({x}[0] * 2)", {"x": "(a + b, c)"}, "f((a + b) * 2)"),
    ],
)
def test_rendering(template: str, values: dict[str, str | None], text: str) -> None:
    got = rendered(template, values)
    assert got == text
    ast.parse(got)


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("f({x}, k={k?})", {"x": "a"}, "f(a)"),
        ("f({x}, k={k?})", {"x": "a", "k": None}, "f(a)"),
        ("f({x}, k={k?})", {"x": "a", "k": "b"}, "f(a, k=b)"),
        ("f(k={k?})", {}, "f()"),
        ("f(k={k?}, l={l?})", {"l": "c"}, "f(l=c)"),
        ("f(k={k?}, l={l?})", {"k": "b"}, "f(k=b)"),
        ("f(k={k?}, {x})", {"x": "a"}, "f(a)"),
        ("f({x}, k={k?}, l=2)", {"x": "a"}, "f(a, l=2)"),
        ("f({x}, data_format={data_format})", {"x": "a"}, "f(a)"),
        ("f({x}, data_format={data_format})", {"x": "a", "data_format": "F"}, "f(a, data_format=F)"),
    ],
)
def test_arguments_that_are_not_given_go(template: str, values: dict[str, str | None], text: str) -> None:
    assert rendered(template, values) == text


def test_defaults_fill_what_is_not_given() -> None:
    assert rendered("f({x}, {dim})", {"x": "a", "dim": None}, dim="-1") == "f(a, -1)"
    with pytest.raises(KeyError):
        rendered("f({x})", {"x": None})


def test_support_names() -> None:
    template = Template.parse("$chunk({input}, $shape({dim}), $chunk)")
    assert template.supports == ("chunk", "shape")
    assert template.placeholders == ("input", "dim")
    assert (
        render(template, {"input": "x", "dim": "1"}, {}, lambda n: f"_{n}") == "_chunk(x, _shape(1), _chunk)"
    )
