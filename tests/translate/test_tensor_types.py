"""torch.Tensor and its kin: sizes one by one, or values."""

from __future__ import annotations

import pytest
from harness import imported, without_torch

from transpile import translate

SOURCE = """
import torch
from torch import Tensor


def default(v, d):
    return v if v is not None else d


def counted(n: int):
    sizes = [n, 2]
    return torch.Tensor(n, n), torch.Tensor(3, 4), torch.FloatTensor(n), Tensor(), torch.Tensor(*sizes)


def valued(values, n: int):
    return (
        Tensor(default(None, values)), torch.Tensor([[1.0, 2.0]]), torch.Tensor([n]), torch.LongTensor(values),
        torch.Tensor(list(range(n))), torch.BoolTensor([x > 1 for x in values]), torch.Tensor((n, n)),
        torch.Tensor(torch.ones(2, n)), torch.tensor(values)[:0],
    )
"""


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_sizes_or_values(data_format: str) -> None:
    scope: dict[str, object] = {}
    exec(SOURCE, scope)
    module = imported(translate(SOURCE, data_format=data_format).code)
    with without_torch():
        counted, valued = module.counted(3), module.valued([1, 2], 3)
    assert [tuple(y.shape) for y in counted] == [tuple(y.shape) for y in scope["counted"](3)]  # type: ignore[operator]
    for ours, original in zip(valued, scope["valued"]([1, 2], 3), strict=True):  # type: ignore[operator]
        assert ours.numpy().tolist() == original.tolist()
        assert ours.dtype.name == str(original.dtype).rpartition(".")[2].replace("int64", ours.dtype.name)
