"""`--follow-imports` and `--with`: what comes along, and what it tells the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from transpile.cli import main
from transpile.project.along import found
from transpile.project.closure import home, needed
from transpile.project.following import followed
from transpile.project.plan import UnusableCall

PACKAGE = {
    "pkg/__init__.py": "from .unused import everything\n__version__ = '1'\n",
    "pkg/models/__init__.py": "from .net import Net\n",
    "pkg/models/net.py": (
        "import torch\nfrom torch import nn\nfrom ..layers import Conv\nfrom pkg.blocks.deep import shuffle\n\n\n"
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.conv = Conv(4)\n\n"
        "    def forward(self, x):\n        return shuffle(self.conv(x))\n"
    ),
    "pkg/models/net.yaml": "backbone: nn.Conv2d\n",
    "pkg/models/hub/small.yaml": "",
    "pkg/models/other.py": "import torch\n",
    "pkg/layers.py": (
        "from torch import nn\n\n\nclass Conv(nn.Conv2d):\n    def __init__(self, c):\n"
        "        super().__init__(c, c, 3, padding=1)\n"
    ),
    "pkg/blocks/__init__.py": "import missing\n",
    "pkg/blocks/deep.py": "import torch\n\n\ndef shuffle(x):\n    return torch.cat(x.chunk(2, 1)[::-1], 1)\n",
    "pkg/unused.py": "everything = 1\n",
    "pkg/data/labels.txt": "",
    "pkg/data/read.py": "",
}


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def tree(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_what_is_imported_comes_along_and_nothing_else(tmp_path: Path) -> None:
    source = written(tmp_path, PACKAGE) / "pkg/models/net.py"
    out = tmp_path / "tf_pkg"
    assert main([str(source), "--follow-imports", "-o", str(out), "-q"]) == 0
    assert tree(out) == {
        "__init__.py", "models/__init__.py", "models/net.py", "models/net.yaml", "models/hub/small.yaml",
        "layers.py", "blocks/__init__.py", "blocks/deep.py", "_torch_support.py",
    }  # fmt: skip
    # no name of a package's own file is taken: it is there, and imports nothing
    for name in ("__init__.py", "models/__init__.py", "blocks/__init__.py"):
        assert "import" not in (out / name).read_text()
    # one project: the caller's layout is known where the function stands
    assert "axis=-1" in (out / "blocks/deep.py").read_text()
    net = (out / "models/net.py").read_text()
    assert "from tf_pkg.blocks.deep import shuffle" in net
    code = "from tf_pkg.models.net import Net; import tensorflow as tf; print(Net()(tf.zeros((1, 6, 8, 4))).shape)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout == "(1, 6, 8, 4)\n", ran.stderr


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("from pkg import __version__", "pkg/__init__.py"),
        ("import pkg", "pkg/__init__.py"),
        ("import pkg.layers", "pkg/__init__.py"),  # binds pkg, of which any name may be taken
        ("from .. import everything", "pkg/__init__.py"),
        ("from . import *", "pkg/models/__init__.py"),
        ("from pkg import layers", None),
        ("import pkg.layers as layers", None),
        ("from . import other", None),
    ],
)
def test_a_packages_own_file_is_needed_where_a_name_of_it_is_taken(
    tmp_path: Path, line: str, file: str | None
) -> None:
    written(tmp_path, {**PACKAGE, "pkg/models/start.py": f"import torch\n{line}\n"})
    start = tmp_path / "pkg/models/start.py"
    result = needed(home(start), start)
    own = {p.relative_to(tmp_path.resolve()).as_posix() for p in result.used if p.name == "__init__.py"}
    assert own == ({file} if file else set())


def test_a_file_that_imports_nothing_of_its_own_is_written_alone(tmp_path: Path) -> None:
    source = written(tmp_path, {"net.py": "import torch\nx = torch.zeros(3)\n"}) / "net.py"
    assert main([str(source), "--follow-imports", "-o", str(tmp_path / "tf_net.py"), "-q"]) == 0
    assert "tf.zeros" in (tmp_path / "tf_net.py").read_text()


@pytest.mark.parametrize("out", ["tf_net.py", "pkg/out"])
def test_outputs_that_cannot_be(tmp_path: Path, out: str) -> None:
    source = written(tmp_path, PACKAGE) / "pkg/models/net.py"
    with pytest.raises(UnusableCall):
        followed(source, tmp_path / out)


def test_calls_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, PACKAGE)
    net, out = str(tmp_path / "pkg/models/net.py"), str(tmp_path / "out")
    assert main([str(tmp_path / "pkg"), "--follow-imports", "-o", out]) == 2
    assert main([net, net, "--follow-imports", "-o", out]) == 2
    assert main([net, "--with", "no_such_package", "-o", out]) == 2
    assert main([net, "--with", "json.decoder", "-o", out]) == 2
    assert main(["-", "--with", "json"]) == 2
    assert capsys.readouterr().err.count("transpile: error:") == 5
    assert not (tmp_path / "out").exists()


USER = (
    "import torch\nfrom torch import nn\nfrom zoo.nets import net\n\n\n"
    "class Slices(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.first = nn.Sequential(*[net().features[i] for i in range(2)])\n\n"
    "    def forward(self, x):\n        return self.first(x).flip(1)\n"
)
ZOO = {
    "zoo/__init__.py": "",
    "zoo/nets.py": (
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))\n\n"
        "    def forward(self, x):\n        return self.features(x)\n\n\ndef net():\n    return Net()\n"
    ),
}


@pytest.mark.parametrize("whole", [True, False])
def test_a_package_comes_along_beside(tmp_path: Path, whole: bool) -> None:
    written(tmp_path / "src", {**ZOO, "user/__init__.py": "", "user/slices.py": USER})
    out = tmp_path / "out"
    what, to = ("user", out / "user") if whole else ("user/slices.py", out / "slices.py")
    call = [str(tmp_path / "src" / what), "--with", str(tmp_path / "src/zoo"), "-o", str(to), "-q"]
    assert main(call) == 0
    assert (out / "zoo/_torch_support.py").is_file()
    # who indexes it stands in the other package
    assert "tf.keras.Sequential" not in (out / "zoo/nets.py").read_text()
    module = "user.slices" if whole else "slices"
    code = (
        f"from {module} import Slices; import tensorflow as tf; print(Slices()(tf.zeros((1, 6, 8, 3))).shape)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=out, capture_output=True, text=True)
    assert ran.stdout == "(1, 4, 6, 4)\n", ran.stderr


def test_installed_packages_are_found_by_name_and_not_imported() -> None:
    assert found("torch").name == "torch" and (found("torch") / "nn").is_dir()
    for name in ("no_such_package", "sys", "this", "a.b", ""):
        with pytest.raises(UnusableCall):
            found(name)
