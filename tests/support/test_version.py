"""torch.__version__ as text that compares by number."""

from __future__ import annotations

import operator

import pytest
import torch

from transpile.support.version import TorchVersion

OTHERS = [
    "2.13.0",
    "2.13",
    "2.5",
    "2.5.1",
    "10.0",
    "1.9.0+cu111",
    "3",
    (2, 13),
    (2, 5),
    (2, 13, 1),
    (3,),
    [2, 13, 0],
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["lt", "le", "eq", "ne", "ge", "gt"])
def test_compares_as_torchs_own(other: object, name: str) -> None:
    from torch.torch_version import TorchVersion as Original

    compare = getattr(operator, name)
    assert compare(TorchVersion("2.13.0"), other) == compare(Original("2.13.0"), other)


def test_is_text() -> None:
    version = TorchVersion("2.13.0")
    assert version.split(".") == str(torch.__version__).partition("+")[0].split(".")
    assert (version == 2, {version: 1}["2.13.0"]) == (False, 1)
