"""Which modules need torch, by metadata alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from transpile.source import third_party


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for cached in (third_party.needs_torch, third_party._contents):
        cached.cache_clear()
    yield
    for cached in (third_party.needs_torch, third_party._contents):
        cached.cache_clear()


def install(site: Path, distribution: str, module: str, requires: list[str]) -> None:
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {distribution}", "Version: 1.0"]
    (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {r}" for r in requires)]) + "\n")
    (info / "RECORD").write_text(f"{module}/__init__.py,,\n")
    (site / module).mkdir(exist_ok=True)
    (site / module / "__init__.py").write_text("raise SystemExit('imported')\n")


@pytest.mark.parametrize(
    ("module", "distribution", "requires", "needs"),
    [
        ("plainlib", "plainlib", ["numpy"], False),
        ("optional", "optional", ["torch>=2 ; extra == 'nn'"], False),
        ("nearmiss", "nearmiss", ["torchless", "pytorch-nothing"], False),
        ("heavy", "heavy", ["numpy", "torch (>=1.10)"], True),
        ("visual", "visual", ["TorchVision"], True),
        ("cv9", "other-name-cv", ["torch"], True),
    ],
)
def test_metadata_decides(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    distribution: str,
    requires: list[str],
    needs: bool,
) -> None:
    install(tmp_path, distribution, module, requires)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert third_party.needs_torch(module) is needs
    assert module not in sys.modules


@pytest.mark.parametrize("module", ["os", "json", "no_such_module_anywhere", ""])
def test_what_is_unknown_needs_nothing(module: str) -> None:
    assert not third_party.needs_torch(module)


@pytest.mark.parametrize("module", ["torch", "torch.nn", "torchvision"])
def test_torch_and_its_family_need_no_metadata(module: str) -> None:
    assert third_party.needs_torch(module)
