"""A folder in, a folder out; the translation itself is the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import transpile.project
from transpile.project.job import Options
from transpile.project.plan import UnusableCall, plan
from transpile.project.run import write_unit

pytestmark = pytest.mark.usefixtures("stand_in")


def make(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def run(source: Path, out: Path, jobs: int | None = 1) -> dict[str, str | None]:
    """Translate; the message of the first diagnostic for every file that has one, else None."""
    (unit,) = plan([source], out)
    return {
        result.file.source.relative_to(source).as_posix(): (
            result.outcome.diagnostics[0].message if result.outcome.diagnostics else None
        )
        for result in write_unit(unit, Options(), jobs)
    }


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


PACKAGE: dict[str, str | bytes] = {
    "__init__.py": "",
    "models/__init__.py": "",
    "models/common.py": "import torch\nfrom pkg.utils.io import load\nconv_one()\n",
    "models/deep/er.py": "import torch\nconv_two()\n",
    "top.py": "import torch\nconv_one()\n",
    "utils/io.py": b"# no framework here\r\nimport os\n",
    "data/net.yaml": "import pkg\n",
    "data/weights.bin": b"\x00\x01",
    "__pycache__/x.cpython-311.pyc": b"\x00",
    ".git/config": "[core]",
}


def test_every_file_finds_its_place(tmp_path: Path) -> None:
    out = tmp_path / "tf_pkg"
    run(make(tmp_path / "pkg", PACKAGE), out)
    written = tree(out)
    assert set(written) == {*PACKAGE, "_torch_support.py"} - {"__pycache__/x.cpython-311.pyc", ".git/config"}
    for same in ("utils/io.py", "data/net.yaml", "data/weights.bin"):
        content = PACKAGE[same]
        assert written[same] == (content.encode() if isinstance(content, str) else content)
    assert b"from tf_pkg.utils.io import load" in written["models/common.py"]
    assert written["top.py"].startswith(b"from ._torch_support import conv_one")
    assert written["models/common.py"].startswith(b"from .._torch_support import conv_one")
    assert written["models/deep/er.py"].startswith(b"from ..._torch_support import conv_two")
    assert written["_torch_support.py"].count(b"def ") == 2


def test_nothing_is_renamed_when_the_name_stays(tmp_path: Path) -> None:
    run(make(tmp_path / "pkg", PACKAGE), tmp_path / "out" / "pkg")
    assert b"from pkg.utils.io import load" in (tmp_path / "out/pkg/models/common.py").read_bytes()


def test_a_carried_file_changes_only_in_its_imports(tmp_path: Path) -> None:
    source = make(
        tmp_path / "pkg", {"__init__.py": "", "a.py": b"import pkg.b\r\nx = pkg.b\n\ty\r\n"[:-4] + b"\r\n"}
    )
    run(source, tmp_path / "new")
    assert (tmp_path / "new/a.py").read_bytes() == b"import new.b\r\nx = new.b\n\r\n"


def test_a_folder_of_scripts_imports_its_support_by_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(
        make(
            tmp_path / "scripts",
            {"train.py": "import torch\nconv_one()\n", "lib/a.py": "import torch\nconv_one()"},
        ),
        out,
    )
    assert (out / "train.py").read_text().startswith("from _torch_support import")
    assert (out / "lib/a.py").read_text().startswith("from _torch_support import")


def test_no_support_module_where_none_is_needed(tmp_path: Path) -> None:
    run(make(tmp_path / "pkg", {"__init__.py": "import torch\n"}), tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {"__init__.py"}


def test_a_support_module_of_the_folder_is_not_overwritten(tmp_path: Path) -> None:
    files = {"__init__.py": "", "_torch_support.py": "mine = 1\n", "a.py": "import torch\nconv_one()\n"}
    run(make(tmp_path / "pkg", files), tmp_path / "out")
    written = tree(tmp_path / "out")
    assert written["_torch_support.py"] == b"mine = 1\n"
    assert b"from ._torch_support_ import" in written["a.py"]
    assert "_torch_support_.py" in written


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import torch\ndef f(:\n", "invalid syntax"),
        ("def f(:\n", "invalid syntax"),
        (b"import torch\x00", "NUL"),
        (b"s = '\xe9'\n", "0xe9"),
        ("import torch\nCRASH\n", "ZeroDivisionError"),
    ],
)
def test_an_unusable_file_is_an_error_and_the_rest_is_written(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    source = make(tmp_path / "pkg", {"__init__.py": "", "bad.py": content, "good.py": "import torch\n"})
    found = run(source, tmp_path / "out")
    assert message in (found["bad.py"] or "")
    assert set(tree(tmp_path / "out")) == {"__init__.py", "good.py"}


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    source = make(tmp_path / "pkg", {"__init__.py": ""})
    (source / "gone.py").symlink_to(tmp_path / "nothing")
    assert "cannot be read" in (run(source, tmp_path / "out")["gone.py"] or "")


def test_the_output_does_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    function = "import torch\n\n\ndef f(x: torch.Tensor):\n    return torch.{name}(x, 1).sparse_mask(x)\n"
    files = {f"m{i}.py": function.format(name=("softmax", "unsqueeze", "cat")[i % 3]) for i in range(8)}
    make(tmp_path / "pkg", {"__init__.py": "", **files})
    said = []
    for jobs in ("1", "3"):
        # a process of its own: how workers are started depends on what this one has loaded
        command = [
            sys.executable,
            "-m",
            "transpile.cli",
            "pkg",
            "-o",
            f"out{jobs}/pkg",
            "--jobs",
            jobs,
            "--format",
            "json",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        said.append(done.stdout.replace(f"out{jobs}", "out"))
    assert said[0] == said[1] and "sparse_mask" in said[0]
    assert tree(tmp_path / "out1") == tree(tmp_path / "out3")


def test_a_package_inside_a_package_knows_its_whole_name(tmp_path: Path) -> None:
    make(tmp_path / "top", {"__init__.py": "", "sub/__init__.py": "", "sub/a.py": "from top.sub import b\n"})
    run(tmp_path / "top" / "sub", tmp_path / "sub")
    assert (tmp_path / "sub/a.py").read_text() == "from sub import b\n"


@pytest.mark.parametrize("out", ["pkg", "pkg/inner", "taken.txt", "."])
def test_outputs_that_would_harm_are_refused(tmp_path: Path, out: str) -> None:
    make(tmp_path, {"pkg/__init__.py": "", "pkg/pkg/__init__.py": "x = 1\n", "taken.txt": ""})
    before = tree(tmp_path)
    with pytest.raises(UnusableCall):
        plan([tmp_path / "pkg"], tmp_path / out)
    assert tree(tmp_path) == before


def test_modes_are_kept(tmp_path: Path) -> None:
    source = make(
        tmp_path / "pkg", {"run.py": "#!/usr/bin/env python\nimport torch\n", "go.sh": "#!/bin/sh\n"}
    )
    for name in ("run.py", "go.sh"):
        os.chmod(source / name, 0o755)
    run(source, tmp_path / "out")
    assert all(os.access(tmp_path / "out" / name, os.X_OK) for name in ("run.py", "go.sh"))


def test_the_function_returns_translations_by_their_path(tmp_path: Path) -> None:
    source = make(
        tmp_path / "pkg", {"__init__.py": "", "a/b.py": "import torch\nSAY_NOTE\n", "bad.py": "def f(:\n"}
    )
    found = transpile.translate_package(source)
    assert set(found) == {Path("a/b.py"), Path("bad.py")}
    assert found[Path("a/b.py")].diagnostics[0].line == 2
    assert found[Path("bad.py")].code == ""
    assert set(tree(tmp_path)) == {"pkg/__init__.py", "pkg/a/b.py", "pkg/bad.py"}
