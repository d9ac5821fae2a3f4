"""Every torch API that matters has a decision: translated, passed through, or refused with a reason."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from transpile.rulebook import Rule, Rulebook, load

# What the rewriter itself translates, beside the rules.
CONSTRUCTS = {"torch.nn.Module", "torch.nn.Module.__init__", "torch.nn.Identity.forward"}
# Fields of what torch's functions return, and methods of Python's own types.
FIELDS = {".values", ".indices", ".index", ".index()"}
# Names of typing, and what torch's modules use themselves: not for callers.
INTERNAL = {
    "Callable", "Literal", "Optional", "ParamSpec", "Tensor", "TypeVar", "assert_int_or_pair",
    "boolean_dispatch", "handle_torch_function", "has_torch_function", "has_torch_function_unary",
    "has_torch_function_variadic", "native_channel_shuffle",
}  # fmt: skip
BOOK = load()
IN_USE = (Path(__file__).with_name("apis_in_use.txt")).read_text(encoding="utf-8").split()


def decided(book: Rulebook, name: str) -> Rule | None:
    """The rule of a qualified name, or of a method `.view()` or an attribute `.shape`."""
    if not name.startswith("."):
        return book.by_name(name)
    plain = name.strip(".()")
    return book.method(plain) or book.attribute(plain)


@pytest.mark.parametrize("name", [n for n in IN_USE if n not in CONSTRUCTS | FIELDS])
def test_every_api_in_use_has_a_decision(name: str) -> None:
    """apis_in_use.txt lists what 2,378 model files of 40 packages use three times and more."""
    assert decided(BOOK, name) is not None


def test_every_layer_of_torch_has_a_decision() -> None:
    from torch import nn

    layers = [n for n, value in vars(nn).items() if inspect.isclass(value) and issubclass(value, nn.Module)]
    missing = [
        n for n in layers if BOOK.by_name(f"torch.nn.{n}") is None and f"torch.nn.{n}" not in CONSTRUCTS
    ]
    assert len(layers) > 150 and missing == []


@pytest.mark.parametrize("module", ["functional", "init"])
def test_every_function_of_torch_nn_has_a_decision(module: str) -> None:
    from torch import nn

    found = getattr(nn, module)
    names = [n for n in dir(found) if not n.startswith("_") and callable(getattr(found, n))]
    names = [n for n in names if n not in INTERNAL and not inspect.isclass(getattr(found, n))]
    assert [n for n in names if BOOK.by_name(f"torch.nn.{module}.{n}") is None] == []


@pytest.mark.parametrize(
    "module",
    ["fft", "linalg", "special", "signal.windows", "optim", "optim.lr_scheduler", "distributions"],
)
def test_every_public_name_of_a_namespace_has_a_decision(module: str) -> None:
    import importlib

    found = importlib.import_module(f"torch.{module}")
    names = getattr(found, "__all__", None) or [n for n in dir(found) if n[0].islower()]
    names = [n for n in names if n not in INTERNAL and callable(getattr(found, n, None))]
    assert names and [n for n in names if BOOK.by_name(f"torch.{module}.{n}") is None] == []


@pytest.mark.parametrize("rule", [rule for rule in BOOK.rules() if rule.refuse], ids=lambda rule: rule.torch)
def test_a_refusal_gives_a_reason_and_a_way_out(rule: Rule) -> None:
    assert rule.refuse and rule.instead and not rule.refuse.endswith(".")
