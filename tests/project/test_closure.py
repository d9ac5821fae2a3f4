"""Which files a source needs, and where it is imported from."""

from __future__ import annotations

from pathlib import Path

from transpile.project.closure import closure, home


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_a_file_alone_is_its_own_root(tmp_path: Path) -> None:
    written(tmp_path, {"net.py": "import torch\n", "other.py": ""})
    found = home(tmp_path / "net.py")
    assert found.is_file and found.module == "net"


def test_files_beside_that_are_imported_make_the_folder_the_root(tmp_path: Path) -> None:
    written(tmp_path, {"net.py": "from common import Conv\n", "common.py": "", "other.py": ""})
    found = home(tmp_path / "net.py")
    assert found.root == tmp_path.resolve() == found.folder
    assert {p.name for p in closure(found, tmp_path / "net.py")} == {"net.py", "common.py"}


def test_a_package_is_followed_by_what_is_imported(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "pkg/__init__.py": "from .models import net\n",
            "pkg/models/__init__.py": "",
            "pkg/models/net.py": "from ..common import Conv\nfrom pkg.parts import *\n",
            "pkg/common.py": "def f():\n    from . import late\n",
            "pkg/late.py": "",
            "pkg/parts.py": "",
            "pkg/unused.py": "",
        },
    )
    found = home(tmp_path / "pkg/models/net.py")
    assert (found.module, found.root.name) == ("pkg.models.net", "pkg")
    names = {
        p.relative_to(tmp_path.resolve()).as_posix() for p in closure(found, tmp_path / "pkg/models/net.py")
    }
    assert names == {
        f"pkg/{name}.py" for name in ("__init__", "models/__init__", "models/net", "common", "late", "parts")
    }
