"""Which assignments meet no other value of their name."""

import libcst as cst
import pytest

from transpile.infer.overwritten import overwritten
from transpile.infer.scopes import own_nodes


def found(body: str) -> list[str]:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    function = cst.parse_module(f"def f(x, c, xs):\n{lines}").body[0]
    assert isinstance(function, cst.FunctionDef)
    nodes = list(own_nodes(function.body))
    places = overwritten(function.body, nodes)
    return sorted(cst.Module([]).code_for_node(node) for node in nodes if id(node) in places)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("x = a(x)\nx = b(x)\nreturn x", ["a(x)", "b(x)"]),
        ("if c:\n    x = a(x)\n    x = b(x)\nreturn x", ["a(x)"]),
        ("for y in xs:\n    x = a(x)\n    x = b(x)\nreturn x", ["a(x)"]),
        ("if c:\n    x = a(x)\nx = b(x)\nreturn x", ["b(x)"]),
        ("for y in xs:\n    x = a(x)\n    if c:\n        break\n    x = b(x)\nx = d(x)", ["d(x)"]),
    ],
)
def test_what_the_block_assigns_again_meets_nothing(body: str, names: list[str]) -> None:
    assert found(body) == names


@pytest.mark.parametrize(
    "body",
    [
        "x = a(x)\nif c:\n    x = b(x)",  # the arm is one way, this the other
        "x = a(x)\nx += 1\nif c:\n    x = 0",  # goes on with what it had
        "try:\n    x = a(x)\n    x = b(x)\nexcept E:\n    pass",  # the clause may meet the first
        "for y in xs:\n    x = a(x)\n    if c:\n        continue\n    x = b(x)",  # the next turn does
        "x = a(x)\nfor x in xs:\n    pass",
        "x = a(x)\nwith c as x:\n    pass",
        "x, y = a(x)\nx, y = b(x)",  # two names: the layouts of a tuple's parts are not converted there
    ],
)
def test_what_may_meet_another_value_is_none(body: str) -> None:
    assert found(body) == []
