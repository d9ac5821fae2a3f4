"""Public Sequentials of a package: another package slices them, which tf.keras.Sequential does not allow."""

from __future__ import annotations

from pathlib import Path

from transpile import translate, translate_package

SOURCE = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self._head = nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    def forward(self, x):
        return self._head(self.features(x))
"""


def test_a_file_alone_keeps_the_plain_keras_container() -> None:
    code = translate(SOURCE).code
    assert "self.features = tf.keras.Sequential([" in code and "self._head = tf.keras.Sequential([" in code


def test_what_a_package_shows_to_others_can_be_sliced(tmp_path: Path) -> None:
    package = tmp_path / "zoo"
    package.mkdir()
    (package / "__init__.py").write_text("from .nets import Net\n")
    (package / "nets.py").write_text(SOURCE)
    translate_package(package, tmp_path / "out" / "zoo")
    code = (tmp_path / "out" / "zoo" / "nets.py").read_text()
    assert "self.features = Sequential(Linear(3, 4), ReLU())" in code
    assert "self._head = tf.keras.Sequential([Linear(4, 4), ReLU()])" in code
