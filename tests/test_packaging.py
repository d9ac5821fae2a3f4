"""What is installed: the rules in the wheel and in an editable install, no framework, a cheap import."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python(code: str, executable: str | Path = sys.executable, cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(executable), "-c", code], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import transpile; print(sorted(set(sys.modules) - before))"
    loaded = python(code, cwd=ROOT)
    assert "'transpile'" in loaded
    for heavy in ("libcst", "click", "yaml", "black", "rich", "numpy", "torch", "tensorflow"):
        assert f"'{heavy}'" not in loaded


def test_the_function_keeps_its_name_whatever_is_imported_first() -> None:
    for first in ("import transpile.translate", "from transpile.translate import Translation", "pass"):
        assert (
            python(f"{first}\nimport transpile; print(transpile.translate.__class__)", cwd=ROOT)
            == "<class 'function'>"
        )


def test_a_translation_needs_no_framework_and_no_formatter_for_text() -> None:
    code = (
        "import sys; sys.modules['torch'] = sys.modules['tensorflow'] = None\n"
        "import transpile\n"
        "print(transpile.translate('import torch\\nx = torch.zeros(3)\\n').code)\n"
    )
    assert "tf.zeros" in python(code, cwd=ROOT)


@pytest.mark.parametrize(
    "words", [["--help"], ["check", "net.py"], ["fix", "net.py", "--line", "1"], ["rules"]]
)
def test_without_frameworks_and_numpy_the_command_is_whole(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\nx = torch.zeros(3)\n")
    blocked = "".join(
        f"sys.modules[{name!r}] = " for name in ("numpy", "torch", "tensorflow", "keras", "h5py")
    )
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {blocked}None\n"
    code += f"from transpile.cli import main; sys.exit(main({words!r}))"
    python(code, cwd=tmp_path)


def test_a_command_that_needs_more_says_what() -> None:
    code = "import sys; sys.modules['numpy'] = None\nfrom transpile.cli import main; sys.exit(main(['inspect', 'x']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "needs numpy" in done.stderr and "pip install '" in done.stderr


def test_verify_names_both_frameworks_at_once(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\n")
    code = "import sys; sys.modules['torch'] = sys.modules['tensorflow'] = None\n"
    code += "from transpile.cli import main; sys.exit(main(['verify', 'net.py:Net()']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 2
    assert "needs torch and tensorflow: pip install '" in done.stderr


def test_public_names_are_those_that_are_listed() -> None:
    import transpile

    assert {name for name in transpile.__all__ if getattr(transpile, name, None) is None} == set()
    with pytest.raises(AttributeError, match="no_such"):
        _ = transpile.no_such


def build(hook: str, out: Path) -> Path:
    """A wheel by one of the build backend's hooks: build_wheel, or build_editable."""
    name = python(f"from hatchling.build import {hook}; print({hook}({str(out)!r}))", cwd=ROOT)
    return out / name.split("\n")[-1]


def install(wheel: Path, folder: Path) -> Path:
    """A new environment with the wheel, where the dependencies are found but no framework; its bin folder."""
    venv.create(folder, with_pip=False, symlinks=True)
    target = str(folder / "bin" / "python")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        target,
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    # after the environment's own packages on the path: the dependencies that the tests run with
    (site / "zz_dependencies.pth").write_text(
        "".join(f"{p}\n" for p in sys.path if p.endswith("site-packages"))
    )
    for name in ("torch", "tensorflow", "keras"):
        (site / f"{name}.py").write_text("raise ImportError('not installed here')\n")
    return folder / "bin"


QUESTION = (
    "import transpile; from transpile.rulebook.store import packaged_tables; from pathlib import Path\n"
    "print(Path(transpile.__file__).parent); print(packaged_tables()[0].parent)"
)


@pytest.mark.slow
def test_the_wheel_carries_rules_and_support_and_no_tests(tmp_path: Path) -> None:
    names = set(zipfile.ZipFile(build("build_wheel", tmp_path)).namelist())
    tables = {path.name for path in (ROOT / "rules").glob("*.yaml")}
    assert tables and {f"transpile/rules/{name}" for name in tables} <= names
    assert {"transpile/py.typed", "transpile/support/data_format.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "fixtures/", "benchmarks/"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("hook", ["build_wheel", "build_editable"])
def test_an_installed_command_translates_with_its_rules(hook: str, tmp_path: Path) -> None:
    bin = install(build(hook, tmp_path), tmp_path / "env")
    package, rules = map(Path, python(QUESTION, bin / "python", tmp_path).split("\n"))
    if hook == "build_editable":
        assert (package, rules) == (ROOT / "transpile", ROOT / "rules")
    else:
        assert tmp_path in package.parents and rules == package / "rules"
    out = tmp_path / "out.py"
    command = [str(bin / "transpile"), str(ROOT / "fixtures" / "gsconv.py"), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "import torch" not in out.read_text()
