"""The layers' tables: parameters as torch has them, and plain Keras spellings that compute the same."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from rulebook import running

from transpile.rulebook import Bound, Rule, Variant, bind, load, render, select
from transpile.support.data_format import has_all_kernels

LAYERS = [rule for rule in load().rules() if rule.kind == "layer"]
OWN = {"torch.nn.Parameter", "torch.nn.Buffer", "torch.nn.Container", "torch.nn.Identity"}
CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}-{rule.torch}")
    for rule in LAYERS
    for number, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(
    "rule", [rule for rule in LAYERS if rule.torch not in OWN], ids=lambda rule: rule.torch
)
def test_parameters_are_those_of_torch(rule: Rule) -> None:
    import torch

    layer = getattr(torch.nn, rule.torch.rpartition(".")[2], None) or eval(rule.torch)
    live = [p for p in inspect.signature(layer.__init__).parameters.values() if p.name != "self"]
    defaults = {p.name: p.default for p in live if p.default is not inspect.Parameter.empty}
    names = [
        p.name
        for p in live
        if p.kind is not inspect.Parameter.VAR_KEYWORD and p.name not in ("device", "dtype")
    ]
    assert [p.name for p in rule.params] == names
    for param in rule.params:
        assert (param.default is None) == (param.name not in defaults), param.name
        if param.default is not None and not callable(defaults[param.name]):
            assert ast.literal_eval(param.default) == defaults[param.name], param.name


def chosen(
    rule: Rule, call: ast.Call, data_format: str | None = None
) -> tuple[dict[str, str | None], Variant | None]:
    bound = bind(
        rule, [ast.unparse(a) for a in call.args], {str(k.arg): ast.unparse(k.value) for k in call.keywords}
    )
    assert isinstance(bound, Bound)
    values = {**bound.values, "data_format": data_format}
    return values, select(rule.keras, running.Evaluated(rule, values, {}))


@pytest.mark.parametrize(
    "call",
    [
        "nn.Conv2d(3, 4, 3, stride=2, padding=1)",
        "nn.Conv2d(4, 4, 3, groups=2)",
        "nn.Conv2d(3, 4, 3, padding=p)",
        "nn.Conv2d(3, 4, 4, padding=1)",
        "nn.Conv2d(3, 4, 3, padding=1, padding_mode='reflect')",
        "nn.Conv2d(3, 4, 3, dilation=2)",
        "nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1)",
        "nn.ConvTranspose2d(3, 4, k)",
        "nn.MaxPool2d(3, 2, 1)",
        "nn.MaxPool2d(2, ceil_mode=True)",
        "nn.AvgPool2d(3, padding=1)",
        "nn.AdaptiveAvgPool2d(7)",
        "nn.AdaptiveAvgPool2d((1, None))",
        "nn.Softmax(dim=1)",
        "nn.Softmax()",
        "nn.GELU('tanh')",
        "nn.Softplus(beta=2)",
        "nn.LayerNorm((3, 4))",
        "nn.LayerNorm(4, elementwise_affine=False)",
        "nn.LayerNorm(dim)",
        "nn.Embedding(5, 4, padding_idx=0)",
        "nn.ZeroPad2d((1, 2, 0, 0))",
        "nn.BatchNorm2d(3)",
        "nn.LSTM(3, 4)",
    ],
)
def test_arguments_that_keras_would_take_otherwise_have_no_plain_spelling(call: str) -> None:
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    rule = running.rules().by_name("torch." + ast.unparse(tree.func))
    assert rule is not None
    assert chosen(rule, tree)[1] is None


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_the_plain_keras_layer_computes_the_same(rule: Rule, example: Mapping[str, Any]) -> None:
    import tensorflow as tf
    import torch

    x = running.array(example["with"]["x"], "x")
    tree = ast.parse(example["call"], mode="eval").body
    assert isinstance(tree, ast.Call)
    made = tree.func
    if isinstance(made, ast.Call) and ast.unparse(made.func).endswith(".eval"):
        assert isinstance(made.func, ast.Attribute)
        made = made.func.value
    assert isinstance(made, ast.Call)
    torch.manual_seed(0)
    layer = eval(ast.unparse(made), {"nn": torch.nn}).eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn_like(parameter))
        expected = layer(torch.from_numpy(x.copy())).numpy()
    image = x.ndim >= 3 and rule.layout == "image"
    for data_format in (None, '"channels_first"') if image else (None,):
        values, variant = chosen(rule, made, data_format)
        if data_format is not None and (
            variant is None or "data_format" not in variant.template.placeholders
        ):
            continue  # spelled for channels last alone
        if data_format is not None and "Conv" in rule.torch and not has_all_kernels():
            continue  # Keras' own convolutions need oneDNN then
        assert variant is not None
        text = render(variant.template, values, rule.defaults)
        keras = eval(text, {"tf": tf})
        last = image and data_format is None
        keras(tf.constant(np.moveaxis(x, 1, -1) if last else x))
        keras.set_weights([in_keras_order(p.detach().numpy(), text) for p in layer.parameters()])
        got = keras(tf.constant(np.moveaxis(x, 1, -1) if last else x)).numpy()
        got = np.moveaxis(got, -1, 1) if last else got
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-5, err_msg=text)
        assert rule.isinstance is None or isinstance(keras, eval(rule.isinstance, {"tf": tf}))


def in_keras_order(weight: np.ndarray, text: str) -> np.ndarray:
    """A torch parameter in the order of the Keras layer's variable."""
    if weight.ndim > 2:
        return weight.transpose(*range(2, weight.ndim), 1, 0)
    return weight.T if weight.ndim == 2 and "Dense" in text else weight
