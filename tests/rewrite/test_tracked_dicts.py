"""Dicts that a layer holds become Keras' own, whose update takes one mapping and nothing else."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

import transpile

HEAD = "import torch\nfrom torch import nn\n"


def body(statements: str) -> str:
    """The output for the statements of a method that knows nothing about its arguments."""
    text = indent(dedent(statements).strip(), "        ")
    code = transpile.translate(
        f"{HEAD}class Net(nn.Module):\n    def __init__(self, bar, n, more):\n        super().__init__()\n"
        f"{text}\n\n    def forward(self, x):\n        return torch.relu(x)\n"
    ).code
    return code[code.index("super().__init__()") : code.index("def call")]


@pytest.mark.parametrize(
    "statement",
    [
        "table = {}\ntable.update(n=n)",  # nobody holds it
        "bar.update(n=n)",
        "bar.progress.update(n=1)",  # may be no dict at all
        "self.table = {}\nself.table.update(more)",
        "self.table = dict(n=n)\nself.table.update({'m': n})",
    ],
)
def test_what_stays(statement: str) -> None:
    assert statement.split("\n")[-1] in body(statement)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("n=n", "dict(n=n)"),
        ("**more", "dict(**more)"),
        ("more, n=n", "dict(more, n=n)"),
        ("(k, n) for k in more", "dict((k, n) for k in more)"),
    ],
)
def test_one_mapping(arguments: str, expected: str) -> None:
    assert f"self.table.update({expected})" in body(f"self.table = {{}}\nself.table.update({arguments})")


def test_an_unknown_self_in_a_decorator() -> None:
    code = transpile.translate(HEAD + dedent("""
            def configured(function):
                def wrapper(self, **options):
                    self.config = {name: None for name in options}
                    self.config.update(**options)
                    function(self, **options)
                return wrapper

            class Net(nn.Module):
                @configured
                def __init__(self, width=4):
                    super().__init__()
                    self.linear = nn.Linear(width, width)

                def forward(self, x):
                    return self.linear(x)
            """)).code
    assert "self.config.update(dict(**options))" in code
    namespace: dict[str, object] = {}
    exec(compile(code, "net.py", "exec"), namespace)
    assert dict(namespace["Net"](width=3).config) == {"width": 3}  # type: ignore[operator]
