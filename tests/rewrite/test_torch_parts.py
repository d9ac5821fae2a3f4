"""Packages that do without torch and have a part for it: only the part is deferred."""

from __future__ import annotations

import transpile

SOURCE = "import torch\nfrom {module} import load_file\n\ndef load(path):\n    return torch.relu(load_file(path))\n"


def head(module: str) -> str:
    return transpile.translate(SOURCE.format(module=module)).code.split("def load(")[0]


def test_the_package_itself_is_imported() -> None:
    assert "from safetensors.numpy import load_file" in head("safetensors.numpy")


def test_its_part_for_torch_is_not() -> None:
    assert "from safetensors.torch import load_file" not in head("safetensors.torch")
