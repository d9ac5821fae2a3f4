"""Arguments find their parameters as in torch, and calls that torch would refuse do not bind."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpile.rulebook import BindError, Bound, Rule, bind
from transpile.rulebook.reading import read
from transpile.rulebook.store import Rulebook, _indexed


def rule(tmp_path: Path, params: str, more: str = "") -> Rule:
    text = f'- id: TR9001\n  torch: torch.f\n  params: "{params}"\n  refuse: none\n  instead: none\n{more}'
    path = tmp_path / "own.yaml"
    path.write_text(text)
    records = read([path])
    found = Rulebook(records, _indexed(records)).by_name("torch.f")
    assert found is not None
    return found


NEAR_MISSES = [
    ("input", ["x", "y"], {}, "fewer positional"),
    ("input, dim", ["x"], {}, "lacks its argument 'dim'"),
    ("input, dim", ["x", "1"], {"axis": "2"}, "twice"),
    ("input, dim", ["x", "1"], {"dim": "2"}, "twice"),
    ("input", ["x"], {"keepdim": "True"}, "no parameter 'keepdim'"),
    ("input", ["x"], {"out": "y"}, "no parameter 'out'"),
    ("tensors, dim=0", ["x"], {"input": "y"}, "twice"),
    ("tensors, dim=0", ["x"], {"other": "y"}, "no parameter 'other'"),
    ("input, *, dtype=None", ["x", "tf.int32"], {}, "fewer positional"),
    ("input, dim=None", ["*args"], {}, "starred"),
]


@pytest.mark.parametrize(("params", "positional", "keywords", "message"), NEAR_MISSES)
def test_a_call_that_does_not_fit_is_not_bound(
    tmp_path: Path, params: str, positional: list[str], keywords: dict[str, str], message: str
) -> None:
    bound = bind(rule(tmp_path, params), positional, keywords)
    assert isinstance(bound, BindError) and not bound
    assert message in bound.message


@pytest.mark.parametrize(
    ("params", "positional", "keywords", "receiver", "values"),
    [
        ("input, dim=None", ["x"], {"axis": "1"}, None, {"input": "x", "dim": "1"}),
        ("input, dim=None", [], {"self": "x"}, None, {"input": "x", "dim": None}),
        ("input, dim=None", ["1"], {}, "x", {"input": "x", "dim": "1"}),
        (
            "input, dim=None, keepdim=False",
            ["-1"],
            {"keepdims": "k"},
            "x",
            {"input": "x", "dim": "-1", "keepdim": "k"},
        ),
        ("input, *size", ["2", "-1"], {}, "x", {"input": "x", "size": "[2, -1]"}),
        ("input, *size", ["(2, 3)"], {}, "x", {"input": "x", "size": "(2, 3)"}),
        ("input, *size", ["*rest"], {}, "x", {"input": "x", "size": "rest"}),
        ("input, *size", ["b", "*rest"], {}, "x", {"input": "x", "size": "[b, *rest]"}),
        ("input, *size", [], {"size": "s"}, "x", {"input": "x", "size": "s"}),
        ("input, *size", [], {"shape": "s"}, "x", {"input": "x", "size": "s"}),
        ("input, *size", ["-1"], {}, "x", {"input": "x", "size": "[-1]"}),
        ("input, *size", [], {}, "x", {"input": "x", "size": "[]"}),
        ("tensors, dim=0", [], {"input": "[x]"}, None, {"tensors": "[x]", "dim": None}),
        ("A, other", ["x"], {"tensor": "y"}, None, {"A": "x", "other": "y"}),
        ("x, a=1", ["t"], {"a": "2"}, None, {"x": "t", "a": "2"}),
    ],
)
def test_arguments_find_their_parameters(
    tmp_path: Path,
    params: str,
    positional: list[str],
    keywords: dict[str, str],
    receiver: str,
    values: dict[str, str],
) -> None:
    bound = bind(rule(tmp_path, params), positional, keywords, receiver)
    assert isinstance(bound, Bound)
    assert bound.values == values
    assert not bound.unsettled


@pytest.mark.parametrize("text", ["n", "x.shape[0]", "(n)", "(b + 1)", "size(0)"])
def test_one_expression_for_varargs_may_be_an_int_or_a_sequence(tmp_path: Path, text: str) -> None:
    bound = bind(rule(tmp_path, "input, *size"), [text], {}, "x")
    assert isinstance(bound, Bound)
    assert bound.unsettled == {"size"}
    assert bound.values["size"] == text
    assert bound.with_int("size").values["size"] == f"[{text}]"
    assert not bound.with_int("size").unsettled


def test_a_list_among_values_is_one_of_them(tmp_path: Path) -> None:
    found = rule(tmp_path, "function, *args")
    for given, text in (
        (["[a, b]"], "[[a, b]]"),
        (["(a, b)"], "[(a, b)]"),
        (["a"], "[a]"),
        (["*rest"], "rest"),
    ):
        bound = bind(found, ["f", *given], {})
        assert isinstance(bound, Bound)
        assert bound.values["args"] == text and not bound.unsettled


def test_dropped_arguments_are_kept_apart(tmp_path: Path) -> None:
    found = rule(tmp_path, "input, inplace=False", more="  drop: [inplace, device]\n  out: true\n")
    for positional, keywords in (
        (["x", "True"], {"device": "d"}),
        (["x"], {"inplace": "True", "device": "d"}),
    ):
        bound = bind(found, positional, {**keywords, "out": "y"})
        assert isinstance(bound, Bound)
        assert bound.values == {"input": "x"}
        assert bound.dropped == {"inplace": "True", "device": "d"}
        assert bound.out == "y"
