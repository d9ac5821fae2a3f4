"""What is no tensor is not reported as one: near misses first, then the names that show it."""

from __future__ import annotations

import pytest

from transpile import translate
from transpile.rewrite.leftovers import NAMES_WITHOUT_A_RULE
from transpile.rulebook import load

HEAD = "import torch\nimport torch.nn.functional as F\n\n\n"


def said(body: str) -> list[str]:
    return [d.code for d in translate(HEAD + body).diagnostics if d.code == "API001"]


@pytest.mark.parametrize(
    "body",
    [
        "def f(x: torch.Tensor):\n    return x.to_sparse()\n",
        "def f(x: torch.Tensor):\n    return x.is_coalesced()\n",
        "def f(x: torch.Tensor):\n    return x.layout\n",
        "def f(x: torch.Tensor):\n    return x.view\n",
        "def f(x: torch.Tensor):\n    x.tag = 3\n    return x.tag\n",
        "def f(x: torch.Tensor):\n    setattr(x, 'tag', 3)\n    return x.tag\n",
        "def f(x: torch.Tensor):\n    n = x.getbands() if hasattr(x, 'getbands') else 1\n    return x.to_sparse()\n",
    ],
)
def test_what_tensors_have_is_said(body: str) -> None:
    assert said(body) == ["API001"]


@pytest.mark.parametrize(
    "body",
    [
        "def f(x: torch.Tensor):\n    return len(x.getbands()) if hasattr(x, 'getbands') else x.channels\n",
        "def f(x: torch.Tensor):\n    if not isinstance(x, torch.Tensor):\n        return x.copy()\n    return x\n",
        "def f(x: torch.Tensor):\n    if x.palette:\n        w, h = x.size\n    return F.relu(x)\n",
    ],
)
def test_what_no_tensor_has_is_not(body: str) -> None:
    assert said(body) == []


def test_a_named_tuple_is_no_tensor() -> None:
    assert said("def f(x: torch.Tensor):\n    return x._replace(shape=3)\n") == []


@pytest.mark.parametrize(("after", "codes"), [("", ["INF001"]), (".astype(int)", [])])
def test_what_is_read_of_a_result_shows_whose_it_is(after: str, codes: list[str]) -> None:
    found = translate(HEAD + f"def f(y):\n    return torch.relu(y.z), y['a'].argmax(1){after}\n").diagnostics
    assert [d.code for d in found if d.code == "INF001"] == codes


def test_names_without_a_rule_are_all_that_torch_has() -> None:
    import torch

    book = load()
    names = {n for n in dir(torch.Tensor) if not n.startswith("_")}
    without = {n for n in names if book.method(n) is None and book.attribute(n) is None}
    assert without <= NAMES_WITHOUT_A_RULE
    assert not [n for n in NAMES_WITHOUT_A_RULE if book.method(n) or book.attribute(n)]


@pytest.mark.parametrize(("index", "codes"), [("[:]", []), ("[1:]", []), ("[:, 1]", ["LAY003"])])
def test_a_store_by_axis_0_alone_needs_no_layout(index: str, codes: list[str]) -> None:
    found = translate(HEAD + f"def f(m):\n    m.table{index} = torch.relu(m.other)\n").diagnostics
    assert [d.code for d in found if d.code == "LAY003"] == codes


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("x.pow(n)", "x.pow(n)"),
        ("x.pow(2, 5)", "x.pow(2, 5)"),
        ("pow(x, 2)", "pow(x, 2)"),
        ("x.pow(2)", "tf.pow(x, 2)"),
        ("(x - n).pow(0.5)", "tf.pow(x - n, 0.5)"),
    ],
)
def test_a_power_of_a_number_is_a_tensor_s(call: str, wanted: str) -> None:
    assert translate(f"{HEAD}def f(x, n):\n    return {call}\n").code.endswith(f"    return {wanted}\n")
