"""What [tool.transpile] says of findings: ignored codes, severities, patterns of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from transpile.cli import main

SOURCE = "import torch\n\ndef f(x: torch.Tensor):\n    return torch.cuda.comm.broadcast(x, [0])\n"


def checked(
    folder: Path, table: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[tuple[str, str]]]:
    (folder / "pyproject.toml").write_text("[tool.transpile]\n" + table)
    (folder / "models").mkdir(exist_ok=True)
    path = folder / "models" / "net.py"
    path.write_text(SOURCE)
    status = main(["check", str(path), "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, [(d["code"], d["severity"]) for d in found["files"][0]["diagnostics"]]


@pytest.mark.parametrize(
    ("table", "status", "found"),
    [
        ("", 0, [("API001", "warning")]),
        ('ignore = ["API002", "LAY"]', 0, [("API001", "warning")]),
        ('per-file-ignores = {"tests/*" = ["API001"]}', 0, [("API001", "warning")]),
        ('ignore = ["API001"]', 0, []),
        ('ignore = ["API"]', 0, []),
        ('per-file-ignores = {"models/*" = ["API001"]}', 0, []),
        ('per-file-ignores = {"net.py" = ["API"]}', 0, []),
        ('severity = {API001 = "error"}', 1, [("API001", "error")]),
        ('severity = {API = "info"}', 0, [("API001", "info")]),
    ],
)
def test_a_table(
    table: str, status: int, found: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(tmp_path, table, capsys) == (status, found)


@pytest.mark.parametrize("table", ['ignore = ["XYZ"]', 'severity = {API001 = "bad"}', 'ignore = "API001"'])
def test_a_wrong_table_is_one_line(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.transpile]\n" + table)
    path = tmp_path / "net.py"
    path.write_text(SOURCE)
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
