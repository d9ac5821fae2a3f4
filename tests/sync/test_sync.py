"""Twins: written, renewed, merged; what was changed by hand is never lost without a word."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import transpile
from transpile.cli import main
from transpile.sync.header import MARK, digest, split

Capture = pytest.CaptureFixture[str]
SOURCE, TWIN = Path("models/common.py"), Path("tf/common.py")

pytestmark = pytest.mark.usefixtures("project")


def sync(capsys: Capture, *words: str) -> tuple[int, str]:
    status = main(["sync", *words])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def written(capsys: Capture) -> None:
    assert sync(capsys) == (1, "tf/common.py: written from models/common.py\n")


def test_a_twin_is_the_translation_with_a_header(capsys: Capture) -> None:
    written(capsys)
    twin = split(TWIN.read_text())
    assert twin is not None and not twin.edited and twin.own == ""
    assert twin.body == transpile.translate(SOURCE.read_text()).code
    assert twin.stamp.source == digest(SOURCE.read_bytes()) and twin.stamp.options == "channels_last"
    assert ast.get_docstring(ast.parse(TWIN.read_text())) == "A block."
    assert transpile.translate(TWIN.read_text()).code == TWIN.read_text()


def test_what_is_in_step_is_left_alone(capsys: Capture) -> None:
    written(capsys)
    before = TWIN.stat().st_mtime_ns
    assert sync(capsys) == (0, "") and TWIN.stat().st_mtime_ns == before
    edit(TWIN, "A block.", "By hand.")  # an edit alone makes nothing stale
    assert sync(capsys) == (0, "") and "By hand." in TWIN.read_text()


def test_check_writes_nothing(capsys: Capture) -> None:
    assert sync(capsys, "--check") == (1, "tf/common.py: is to be written from models/common.py\n")
    assert not TWIN.exists()
    written(capsys)
    edit(SOURCE, "A block.", "A net.")
    before = TWIN.read_text()
    assert sync(capsys, "--check") == (1, "tf/common.py: is stale: models/common.py has changed\n")
    assert TWIN.read_text() == before


def test_a_change_of_the_options_makes_a_twin_stale(capsys: Capture) -> None:
    written(capsys)
    Path("pyproject.toml").write_text(
        '[tool.transpile]\ndata-format = "channels_first"\n' + Path("pyproject.toml").read_text()
    )
    assert sync(capsys, "--check") == (1, "tf/common.py: is stale: the options have changed\n")
    written(capsys)
    assert "options channels_first" in TWIN.read_text()


def test_edits_by_hand_are_merged(capsys: Capture) -> None:
    written(capsys)
    edit(TWIN, "A block.", "By hand.")
    edit(SOURCE, "torch.sum(x)", "torch.mean(x)")
    status, said = sync(capsys)
    assert (status, said) == (
        1,
        "tf/common.py: written from models/common.py, with what was changed in it by hand\n",
    )
    assert "By hand." in TWIN.read_text() and "reduce_mean(x)" in TWIN.read_text()
    edit(SOURCE, "+ x", "- x")  # and again: the edit is still known as one
    assert "by hand" in sync(capsys)[1]
    assert "By hand." in TWIN.read_text() and "- x" in TWIN.read_text()
    assert sync(capsys) == (0, "")


def test_edits_that_conflict_stop_it(capsys: Capture) -> None:
    written(capsys)
    edit(TWIN, "tf.reduce_sum(x)", "tf.reduce_sum(x) * 7")
    edit(SOURCE, "torch.sum(x)", "torch.mean(x)")
    before = TWIN.read_text()
    status, said = sync(capsys)
    assert status == 1 and "1 of the changes by hand meets changes of models/common.py" in said
    assert TWIN.read_text() == before
    status, said = sync(capsys, "--force")
    assert status == 1 and "what was changed in it by hand is gone" in said
    assert "* 7" not in TWIN.read_text() and "reduce_mean" in TWIN.read_text()


def test_without_a_common_ancestor_nothing_is_merged(capsys: Capture, tmp_path: Path) -> None:
    written(capsys)
    shutil.rmtree(tmp_path / "cache")
    edit(TWIN, "A block.", "By hand.")
    edit(SOURCE, "torch.sum(x)", "torch.mean(x)")
    before = TWIN.read_text()
    status, said = sync(capsys)
    assert status == 1 and "neither cached nor in git" in said and TWIN.read_text() == before


def test_the_ancestor_is_found_in_git(capsys: Capture, tmp_path: Path, git) -> None:  # type: ignore[no-untyped-def]
    written(capsys)
    git("add", ".")
    git("commit", "-qm", "twin")
    shutil.rmtree(tmp_path / "cache")
    edit(TWIN, "A block.", "By hand.")
    git("commit", "-qam", "by hand")
    edit(SOURCE, "torch.sum(x)", "torch.mean(x)")
    assert "with what was changed" in sync(capsys)[1]
    assert "By hand." in TWIN.read_text() and "reduce_mean(x)" in TWIN.read_text()


def test_what_stands_below_the_mark_is_the_user_s(capsys: Capture) -> None:
    written(capsys)
    own = f"\n\n{MARK}\n\nEXTRA = 1\n"
    TWIN.write_text(TWIN.read_text() + own)
    edit(SOURCE, "torch.sum(x)", "torch.mean(x)")
    written(capsys)
    assert TWIN.read_text().endswith(own) and "reduce_mean(x)" in TWIN.read_text()


def test_a_file_that_is_no_twin_is_not_overwritten(capsys: Capture) -> None:
    TWIN.parent.mkdir()
    TWIN.write_text("precious = 1\n")
    status, said = sync(capsys)
    assert status == 1 and "is no twin of models/common.py" in said and TWIN.read_text() == "precious = 1\n"
    assert sync(capsys, "--force")[0] == 1 and split(TWIN.read_text()) is not None


def test_what_must_come_first_stays_first(capsys: Capture) -> None:
    SOURCE.write_bytes(
        b"#!/usr/bin/env python\n# coding: latin-1\nimport torch\ns = '\xe9'\r\nt = torch.zeros(2)\n"
    )
    written(capsys)
    assert TWIN.read_bytes().startswith(b"#!/usr/bin/env python\n# coding: latin-1\n# Translated from ")
    assert b"\xe9" in TWIN.read_bytes()
    assert sync(capsys) == (0, "")


def test_a_broken_source_is_said_and_the_twin_stays(capsys: Capture) -> None:
    written(capsys)
    before = TWIN.read_text()
    SOURCE.write_text("import torch\ndef f(:\n")
    status, said = sync(capsys)
    assert status == 1 and said.startswith("models/common.py:2:") and TWIN.read_text() == before


def test_folders_are_pairs_too_and_only_what_is_named_is_looked_at(capsys: Capture) -> None:
    Path("models/other.py").write_text("import torch\nx = torch.zeros(2)\n")
    Path("pyproject.toml").write_text('[tool.transpile.pairs]\nmodels = "tf"\n')
    assert sync(capsys, "models/other.py", "unrelated.py") == (
        1,
        "tf/other.py: written from models/other.py\n",
    )
    assert sync(capsys, "unrelated.py") == (0, "") and not TWIN.exists()
    assert sync(capsys, "pyproject.toml") == (1, "tf/common.py: written from models/common.py\n")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "names no source and twin"),
        ('[tool.transpile.pairs]\n"gone.py" = "tf/gone.py"\n', "gone.py: no such file"),
        ('[tool.transpile.pairs]\n"models/common.py" = "models/common.py"\n', "overwritten"),
        ("[tool.transpile.pairs]\na = 1\n", "is a table of sources and their twins"),
        ("[tool.transpile.pair]\na = 1\n", "did you mean pairs?"),
    ],
)
def test_a_wrong_table_is_refused(capsys: Capture, table: str, said: str) -> None:
    Path("pyproject.toml").write_text(table)
    status, text = sync(capsys)
    assert status == 2 and said in text
