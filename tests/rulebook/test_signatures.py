"""Parameter names and defaults against the installed torch, emitted names against the installed TensorFlow."""

from __future__ import annotations

import ast
import inspect
import re
from typing import Any

import numpy as np
import pytest
from rulebook import running

from transpile.rulebook import Param, Rule, load

RULES = [rule for rule in load().rules() if rule.kind not in ("layer", "constant") and not rule.refuse]

# torch's documentation shows one overload, or an older form; these rules take the arguments of all of them, in one
# list. (`_stacklevel` of softmax is nobody's to give.)
OVERLOADED = {
    "torch.sum", "torch.mean", "torch.nansum", "torch.argmax", "torch.median", "torch.nanmedian", "torch.trapezoid",
    "torch.randperm", "torch.meshgrid", "torch.tril_indices", "torch.triu_indices", "torch.hamming_window",
    "torch.nn.functional.softmax", "torch.nn.functional.log_softmax", "torch.nn.functional.softmin",
    "torch.true_divide", "torch.broadcast_to", "torch.searchsorted", "torch.Tensor.where", "torch.Tensor.type_as",
    "torch.atleast_1d", "torch.atleast_2d", "torch.atleast_3d",
    "torch.testing.assert_close", "torch.amax", "torch.amin",
    "torch.std", "torch.var", "torch.std_mean", "torch.var_mean", "torch.max", "torch.min", "torch.where",
    "torch.randint", "torch.normal", "torch.arange", "torch.scatter", "torch.Tensor.to", "torch.Tensor.expand",
    "torch.Tensor.uniform_", "torch.Tensor.random_", "torch.Tensor.fill_", "torch.round", "torch.zeros",
    "torch.Tensor.new", "torch.linalg.matrix_rank", "torch.linalg.pinv",
    "torch.cumulative_trapezoid",
}  # fmt: skip


def live(name: str) -> Any:
    """The torch object of a qualified name, None if this version lacks it."""
    import importlib

    import torch

    found: Any = torch
    path = "torch"
    for part in name.split(".")[1:]:
        path += f".{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(path)
            except ImportError:
                return None
    return found


def documented(found: Any) -> list[Param] | None:
    """Parameters by inspect, or by the first line of the documentation; None where neither says."""
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return _first_line(inspect.getdoc(found) or "")
    result = []
    for p in signature.parameters.values():
        kind = {p.VAR_POSITIONAL: "varargs", p.KEYWORD_ONLY: "keyword"}.get(p.kind, "positional")
        if p.kind is not p.VAR_KEYWORD:
            result.append(Param(p.name, None if p.default is p.empty else repr(p.default), kind))
    return result


def _first_line(text: str) -> list[Param] | None:
    match = re.match(r"[\w.]*\((.*?)\)\s*->", text.replace("\n", " "))
    if match is None:
        return None
    try:
        tree = ast.parse(f"lambda {match[1].replace('*,', '*,')}: 0", mode="eval").body
    except SyntaxError:
        return None
    assert isinstance(tree, ast.Lambda)
    args = tree.args
    defaults = [None] * (len(args.args) - len(args.defaults)) + [ast.unparse(d) for d in args.defaults]
    result = [Param(a.arg, d) for a, d in zip(args.args, defaults, strict=True)]
    if args.vararg:
        result.append(Param(args.vararg.arg, None, "varargs"))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        result.append(Param(arg.arg, ast.unparse(default) if default else None, "keyword"))
    return result


# Names that the first parameter goes by, and defaults that mean the same.
FIRST = {"input", "self", "tensor", "A", "B", "L", "x", "y", "tensors"}
LAST_AXIS = {"torch.topk", "torch.kthvalue"}


def literal(text: str) -> Any:
    try:
        return eval(text, {"__builtins__": {}})
    except (NameError, SyntaxError):
        return text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.torch)
def test_parameters_are_those_of_torch(rule: Rule) -> None:
    if (rule.why or "").startswith(f"torch has no {rule.torch};"):
        assert live(rule.torch) is None  # translated as meant
        return
    if rule.torch.startswith("torch.ops."):
        pytest.skip("registered by a compiled extension, of which torch alone has nothing")
    found = live(rule.torch)
    assert found is not None, "this torch has no such name"
    params = documented(found)
    if (
        params is None
        or [p.name for p in params][:1] == ["args"]
        or rule.kind in ("attribute", "class", "plumbing")
        or rule.torch in OVERLOADED
    ):
        return
    own = list(rule.params)
    if rule.method_only and (not params or params[0].name not in ("input", "self")):
        own = own[1:]  # the documentation of a method leaves its tensor out
    elif params and own and {params[0].name, own[0].name} <= FIRST:
        params = [Param(own[0].name, params[0].default), *params[1:]]
    torch_names = [p.name for p in params]
    varargs = any(p.kind == "varargs" for p in own)
    for number, param in enumerate(own):
        if param.kind == "positional" and not varargs:
            assert number < len(torch_names) and torch_names[number] == param.name, torch_names
        if param.default is not None and param.name in torch_names:
            default = params[torch_names.index(param.name)].default
            if default is not None and not (rule.torch in LAST_AXIS and default == "None"):
                assert literal(param.default) == literal(default), param.name
        if param.kind == "keyword":
            assert param.name in torch_names, torch_names


@pytest.mark.parametrize(
    "rule", [rule for rule in load().rules() if not rule.refuse], ids=lambda rule: rule.torch
)
def test_emitted_names_exist(rule: Rule) -> None:
    import tensorflow as tf

    roots = {"tf": tf, "np": np}
    templates = [variant.template.skeleton() for variant in (*rule.variants, *rule.keras)]
    for text in [*templates, *([rule.isinstance] if rule.isinstance else [])]:
        for node in ast.walk(ast.parse(text.strip(), mode="eval")):
            if not isinstance(node, ast.Attribute):
                continue
            parts = ast.unparse(node).split(".")
            if parts[0] not in roots or any(not part.isidentifier() for part in parts):
                continue
            found = roots[parts[0]]
            for part in parts[1:]:
                assert hasattr(found, part), ast.unparse(node)
                found = getattr(found, part)


@pytest.mark.parametrize(
    "rule", [rule for rule in load().rules() if not rule.refuse], ids=lambda rule: rule.torch
)
def test_emitted_keywords_exist(rule: Rule) -> None:
    import tensorflow as tf

    names = {**running.support(), "tf": tf}
    for variant in (*rule.variants, *rule.keras):
        filled = {name: f"_{name}_" for name in variant.template.placeholders}
        text = running.render(variant.template, filled, {})
        for node in ast.walk(ast.parse(text.strip(), mode="eval")):
            if not isinstance(node, ast.Call) or not node.keywords:
                continue
            try:
                function = eval(ast.unparse(node.func), names)
                parameters = inspect.signature(function).parameters
            except (NameError, AttributeError, TypeError, ValueError):
                continue
            if any(p.kind is p.VAR_KEYWORD for p in parameters.values()) and not inspect.isclass(function):
                continue
            for keyword in node.keywords:
                known = keyword.arg in parameters or (
                    inspect.isclass(function) and keyword.arg == "data_format"
                )
                assert known, f"{keyword.arg} in {text}"


@pytest.mark.parametrize("rule", [r for r in RULES if r.most_axes is not None], ids=lambda rule: rule.torch)
def test_torch_takes_no_more_axes_than_a_rule_says(rule: Rule) -> None:
    import torch

    assert rule.most_axes is not None
    example = rule.examples[0]  # which is run on its own operands elsewhere
    dtype = torch.int64 if rule.torch == "torch.bincount" else torch.float32
    more = {name: torch.ones([2] * (rule.most_axes + 1), dtype=dtype) for name in example["with"]}
    with pytest.raises((RuntimeError, IndexError)):
        eval(example["call"], {"torch": torch}, more)
