"""The count of warnings in models that are equal, and in those that are not, from what a scorer has left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NETS = """from .blocks import Block as B
from . import more

SIZE = 3


class Good(B):
    size = SIZE

    def forward(self, x):
        return x


def bad():
    return more.Other()


def unused():
    return 1
"""


def test_warnings_are_counted_where_models_stand(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "pack"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .nets import Good, bad as builder\n")
    (package / "nets.py").write_text(NETS)
    (package / "blocks.py").write_text("class Block:\n    a = 1\n\n    b = 2\n\n\nclass Else:\n    pass\n")
    (package / "more.py").write_text("class Other:\n    pass\n")

    def said(file: str, *lines: int) -> dict[str, object]:
        found = [
            {"code": "LAY003", "severity": "warning", "line": line, "message": "who knows"} for line in lines
        ]
        note = {"code": "API004", "severity": "info", "line": 1, "message": "a note"}
        return {"path": str(package / file), "diagnostics": [*found, note]}

    files = [said("nets.py", 10, 18), said("blocks.py", 2, 8), said("more.py", 1)]
    scores = tmp_path / "scores"
    scores.mkdir()
    (scores / "pack.channels_last.diagnostics.json").write_text(json.dumps({"files": files}))
    rows = [
        {"index": 1, "package": "pack", "factory": "Good()", "verdict": "equal", "graph": "open"},
        {"index": 2, "package": "pack", "factory": "builder()", "verdict": "failed", "why": "an error"},
        {"index": 3, "package": "pack", "factory": "Good()", "verdict": "equal", "graph": "failed"},
        {"index": 4, "package": "pack", "factory": "SIZE", "verdict": "differs", "why": "by 1"},
        {"index": 5, "package": "pack", "factory": "Good()", "verdict": "no_reference"},
    ]
    (scores / "pack.channels_last.json").write_text(json.dumps(rows))
    manifest = [
        {
            "index": row["index"],
            "imports": ["from pack import *", "import pack.nets"],
            "factory": row["factory"],
        }
        for row in rows
    ]
    manifest[3]["factory"] = "pack.nets.SIZE"
    (tmp_path / "models.json").write_text(json.dumps(manifest))
    table = tmp_path / "table.yaml"
    table.write_text(
        "- {code: LAY003, place: 'pack/nets.py:10', construct: a, verdict: false alarm, reason: b}\n"
    )
    script = ROOT / "benchmarks" / "warning_precision.py"
    done = subprocess.run(
        [sys.executable, str(script), str(scores), "--manifest", str(tmp_path / "models.json"), "--table", str(table)],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    # Good, SIZE and Block, without what stands beside them: 4 + 1 + 3 lines that are not empty
    assert done.stdout.splitlines() == [
        "1 models equal in every measured mode: 2 warnings in 8 lines, one in 4",
        "  pack/blocks.py:2: LAY003 who knows",
        "  pack/nets.py:10: LAY003 who knows",
        "1 of these 2 were read by hand: 1 false alarms, 100 %",
        "3 other models, 2 with a warning in what they consist of",
        "2 pack builder(): failed: an error",
        "  more.py:1: LAY003 who knows",
        "3 pack Good(): equal, graph failed: ",
        "  blocks.py:2: LAY003 who knows",
        "  nets.py:10: LAY003 who knows",
        "4 pack SIZE: differs: by 1",
        "  NO WARNING",
    ]
