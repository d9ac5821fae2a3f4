"""What another file of the project imports from torch, used by that file's name."""

from __future__ import annotations

from pathlib import Path

from transpile.cli import main

COMPAT = """
import torch

try:
    from torch import sigmoid
except ImportError:
    def sigmoid(x):
        return torch.tanh(x)

act = torch.relu
"""
NET = """
import compat
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        return compat.sigmoid(x) + compat.act(x)
"""


def test_imported_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/compat.py").write_text(COMPAT)
    (tmp_path / "in/net.py").write_text(NET)
    main([str(tmp_path / "in"), "-o", str(tmp_path / "out")])
    code = (tmp_path / "out/net.py").read_text()
    assert "return tf.sigmoid(x) + compat.act(x)" in code  # act is a variable of that file, and stays one
    assert "act = tf.nn.relu" in (tmp_path / "out/compat.py").read_text()
