"""The cache: used when warm, ignored when damaged or unwritable, renewed when a table changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transpile import cache
from transpile.rulebook import store

ENTRY = "- id: TR9001\n  torch: torch.abs\n  params: [input]\n  tf: {tf}({{input}})\n"


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(ENTRY.format(tf="tf.abs"))
    monkeypatch.setattr(store, "packaged_tables", lambda: [path])
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(store, "_loaded", {})
    return path


def template() -> str:
    store._loaded.clear()
    rule = store.load().by_name("torch.abs")
    assert rule is not None
    return rule.variants[0].template.text


def test_a_changed_table_is_read_again(tables: Path) -> None:
    assert template() == "tf.abs({input})"
    tables.write_text(ENTRY.format(tf="tf.math.abs"))
    assert template() == "tf.math.abs({input})"


def test_a_warm_cache_is_used(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template()
    monkeypatch.setattr("transpile.rulebook.reading.read", lambda tables: pytest.fail("read again"))
    assert template() == "tf.abs({input})"


@pytest.mark.parametrize("damage", [b"", b"[]", b"{}", b"7", b"\xff", b'["another key", []]'])
def test_a_damaged_cache_is_read_past(tables: Path, tmp_path: Path, damage: bytes) -> None:
    template()
    [cache] = (tmp_path / "cache").glob("*.json")
    cache.write_bytes(damage)
    assert template() == "tf.abs({input})"


def test_a_folder_that_cannot_be_written_does_no_harm(tables: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert template() == "tf.abs({input})"


def test_old_caches_go(tables: Path, tmp_path: Path) -> None:
    for count in range(12):
        tables.write_text(ENTRY.format(tf="tf.abs") + "#" * count)
        template()
    assert len(list((tmp_path / "cache").glob("*.json"))) <= 8


def test_yaml_and_the_frameworks_stay_unimported_when_the_cache_is_warm() -> None:
    code = (
        "import sys; from transpile.rulebook import load; load();"
        "print([m for m in ('yaml', 'torch', 'tensorflow', 'libcst') if m in sys.modules])"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # warms it
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
