"""What a translation's world hides, and what is its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from transpile.verify.sides import BLOCKED
from transpile.verify.world import World


@pytest.mark.parametrize("name", ["torch", "transpile", "torchvision"])
def test_what_is_not_there_is_hidden(name: str, tmp_path: Path) -> None:
    with World(tmp_path, tmp_path, BLOCKED).entered(), pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


@pytest.mark.parametrize("name", ["torch", "transpile"])
def test_a_translation_has_no_torch_of_its_own(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("mine = 1\n")
    with World(tmp_path, tmp_path, BLOCKED).entered(), pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


def test_the_translation_of_a_hidden_package_is_found(tmp_path: Path) -> None:
    before = sys.modules.get("torchvision")
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("mine = 1\n")
    world = World(tmp_path, tmp_path, BLOCKED)
    for _ in range(2):
        with world.entered():
            assert importlib.import_module("torchvision").mine == 1
        assert sys.modules.get("torchvision") is before
