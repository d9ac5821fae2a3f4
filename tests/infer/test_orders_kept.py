"""What random programs have shown to come out in another order than torch's, without a word: one line for each."""

from __future__ import annotations

import pytest
from harness import FORMATS, Pair, count_ops, translation

HEAD = """
import torch
import torch.nn.functional as F
from torch import nn


"""
SOURCE = HEAD + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = {layer}

    def forward(self, x):
        {body}
        return {result}
"""
# the layer that comes first, and what is made of what it returns: (N, C, L) or (N, C), which only the run tells
UNKNOWN_RANK = [
    "x * x.mean(0).unsqueeze(0)", "x * x.mean(0)", "x[0]", "x[:, 0]", "x[..., 0]", "x[:, None]", "x.sum(2)",
    "x.mean(-1, keepdim=True) + x", "x.unbind(0)[0]", "x.unbind(1)[0]", "x.select(0, 1)", "x.select(1, 0)",
    "x.flip(1)", "x.flip(2)", "x.cumsum(0)", "x.softmax(-1)", "x.chunk(2, 1)[0]", "x.chunk(2, -1)[0]",
    "x.flatten(1)", "x.reshape(x.size(0), -1)", "x.unsqueeze(1)", "x * x.shape[2]", "x.view(*x.shape[:2], -1)",
    "x.argmax(1)", "x.narrow(2, 0, 1)", "torch.std_mean(x, 1)[0]",
]  # fmt: skip
STORES = [
    "y[:, :, :] += x[:, :, :]", "y[:, 0] = x[:, 1] * 2", "y[-1] *= x[-1].flip(-1)", "y[:, 1:] += x.mean((0, 1, 2))",
    "y[:, 1:] = x.mean((0, 1, 2))", "y[:, :, 0] += x.mean((0, 2))", "y[:, :, 0] += x.mean((0, 2, 3))[:, None]",
    "y[x > 0] += x[x > 0]", "y[..., 1] -= x[..., 0]",
]  # fmt: skip
FLATTENED = [
    ("nn.Flatten()", "x"), ("nn.Flatten(2)", "x"), ("nn.Flatten(0, 1)", "x"), ("nn.Flatten(1, 2)", "x"),
    ("nn.Unflatten(1, (2, -1))", "x"), ("nn.Sequential(nn.MaxPool2d(1), nn.Flatten(), nn.Linear(48, 3))", "x"),
    ("nn.Sequential(nn.MaxPool2d(1), nn.Flatten(2), nn.Linear(12, 3))", "x"),
    ("nn.Sequential(nn.Softmax(1), nn.Unflatten(1, (2, 2)))", "x"),
    ("nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.Unflatten(1, (2, 2, 1)), nn.Conv2d(2, 2, 1))", "x"),
    ("nn.AdaptiveAvgPool2d(1)", "x.flatten(2)"), ("nn.AdaptiveAvgPool2d(1)", "x.flatten(2).mean(-1)"),
    ("nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(2))", "x"),
]  # fmt: skip
LAYERS = [
    ("nn.BatchNorm1d(4), nn.MaxPool1d(2), nn.GELU()", "f32[2,4,4]"),
    ("nn.Flatten(2), nn.Softmax(-1), nn.Conv1d(4, 4, 1)", "f32[2,4,4]"),
    ("nn.Conv2d(4, 4, 1), nn.LayerNorm(4), nn.GELU()", "image[2,4,3,4]"),
    (
        "nn.BatchNorm2d(4), nn.Sequential(nn.Conv2d(4, 4, 1), nn.LayerNorm(4)), nn.Softmax(-1)",
        "image[2,4,3,4]",
    ),
]


def both(source: str, inputs: list[str], data_format: str) -> None:
    Pair(HEAD + source if "import" not in source else source, "Net()", inputs, data_format=data_format,
         returns="signed").check()  # fmt: skip


def written(layer: str, body: str, result: str) -> str:
    return SOURCE.format(layer=layer, body=body, result=result)


@pytest.mark.parametrize("data_format", FORMATS)
def test_images_of_unknown_rank(data_format):
    both(
        written("nn.BatchNorm1d(4)", "x = self.layer(x)", ", ".join(UNKNOWN_RANK)),
        ["image[2,4,4]"],
        data_format,
    )


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("store", STORES)
def test_what_is_stored(store, data_format):
    body = f"x = self.layer(x)\n        y = x.clone()\n        {store}"
    both(written("nn.BatchNorm2d(4)", body, "y"), ["image[2,4,3,3]"], data_format)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("store", STORES[:3])
def test_what_is_stored_in_an_image_of_unknown_rank(store, data_format):
    body = f"x = self.layer(x)\n        y = x.clone()\n        {store}"
    both(written("nn.BatchNorm1d(4)", body, "y"), ["image[3,4,4]"], data_format)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(("layer", "result"), FLATTENED)
def test_flattening_layers(layer, result, data_format):
    both(
        written(layer, "x = self.layer(F.avg_pool2d(x, 1))", result),
        ["image[2,4,3,4]"],
        data_format,
    )


def test_what_has_no_space_is_flattened_as_it_is():
    source = written("nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())", "x = self.layer(x)", "x")
    assert count_ops(Pair(source, "Net()", ["image[2,4,3,4]"]).graph(), "Transpose") == 0


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(("layers", "given"), LAYERS)
def test_one_after_the_other_in_a_loop(layers, given, data_format):
    first = "nn.Linear(4, 4)" if given[0] == "f" else "nn.Conv2d(4, 4, 1)"
    source = HEAD + (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.first = {first}\n        self.layers = nn.ModuleList([{layers}])\n\n"
        "    def forward(self, x):\n        x = self.first(x)\n        for layer in self.layers:\n"
        "            x = layer(x)\n        return x\n"
    )
    both(source, [given], data_format)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize(
    "body", ["t.reshape(t.shape[0], -1)", "t.flatten(1)", "t.mean(1)", "nn.Softmax(-2)(t)"]
)
def test_a_function_behind_another_one(body, data_format):
    source = HEAD + (
        f"def inner(t):\n    return {body}\n\n\nclass Net(nn.Module):\n    def outer(self, x):\n"
        "        return inner(x)\n\n    def forward(self, x):\n        return self.outer(F.avg_pool2d(x, 1))\n"
    )
    both(source, ["image[2,3,4,5]"], data_format)


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_rest_of_a_shape(data_format):
    results = "x.view(*x.shape[:4], -1), (x * 2).reshape(*(x * 2).shape[:3], -1), torch.stack([x, x], -2)"
    source = written("nn.AvgPool3d(1)", "x = self.layer(x)", results)
    both(source, ["image[2,3,2,4,2]"], data_format)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("call", [
    "F.interpolate({}, scale_factor=2)", "F.interpolate({}, size=4, mode='linear')", "F.instance_norm({})",
    "F.group_norm({}, 2)", "nn.Upsample(scale_factor=2)({})",
])  # fmt: skip
def test_an_image_made_of_what_is_in_torch_order(call, data_format):
    both(written("nn.Linear(3, 3)", "x = self.layer(x)", call.format("x")), ["f32[2,4,3]"], data_format)


def test_resizing_takes_any_number_of_axes():
    source = written("nn.Conv1d(3, 3, 1)", "x = F.interpolate(x, scale_factor=2)", "self.layer(x)")
    assert translation(source).signatures["Net.call"] == {"x": "NLC", "return": "NLC"}
    alone = written("nn.Identity()", "x = F.interpolate(x, scale_factor=2)", "x")
    assert translation(alone).signatures["Net.call"] == {"x": "N...C", "return": "N...C"}


@pytest.mark.parametrize("data_format", FORMATS)
def test_joined_with_what_is_in_torch_order(data_format):
    result = "torch.cat((x, x.reshape(*x.shape[:-1], 8)), dim=1)"
    source = written("nn.Identity()", "x = F.interpolate(x, scale_factor=2)", result)
    both(source, ["image[2,4,4]"], data_format)


@pytest.mark.parametrize("result", ["x * 2", "-x", "1 - x", "x / 2"])
def test_a_number_or_a_tensor(result):
    source = HEAD + f"def resized(x):\n    y = {result}\n    return F.interpolate(y, scale_factor=2)\n"
    assert translation(source).signatures["resized"] == {"x": "N...C", "return": "N...C"}


@pytest.mark.parametrize("data_format", FORMATS)
def test_what_is_added_to_another_order_is_in_torch_order_itself(data_format):
    body = "y = self.layer(x.unsqueeze(-3)).permute(1, 0, 2, 3)"
    both(written("nn.Softmax2d()", body, "y - x"), ["f32[2,3,3]"], data_format)
