"""A package's own absolute imports: what must stay as it is, then what is renamed."""

from __future__ import annotations

import ast

import pytest

from transpile.diagnostics import Diagnostic, Severity
from transpile.project.renaming import Renaming, rename_imports

OLD = Renaming("pkg", "tf_pkg")


@pytest.mark.parametrize(
    "source",
    [
        "import pkgs\nimport pkg_extra.a\nfrom pkgs import pkg\n",
        "from . import pkg\nfrom .pkg import a\n",
        "from other.pkg import a\nimport other.pkg\n",
        "pkg = 1\nprint(pkg.real)\n",
        "x.pkg.a\n",
        "# import pkg\nname = 'import pkg'\n",
        "run('pkg.models')\n",
        "import pkg as\n",
    ],
)
def test_what_is_not_an_import_of_the_package_stays(source: str) -> None:
    assert rename_imports(source, OLD).text == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pkg.a.b as b, os\n", "import tf_pkg.a.b as b, os\n"),
        ("from pkg import a\n", "from tf_pkg import a\n"),
        ("from   pkg.a  import (b,  # why\n  c)\n", "from   tf_pkg.a  import (b,  # why\n  c)\n"),
        ("def f():\n    from pkg.a import b\n", "def f():\n    from tf_pkg.a import b\n"),
        ("import pkg.a\nx = pkg.a.f(pkg.b)\n", "import tf_pkg.a\nx = tf_pkg.a.f(tf_pkg.b)\n"),
        ("import pkg\ndef f(pkg): return pkg.x\n", "import tf_pkg as pkg\ndef f(pkg): return pkg.x\n"),
        ("import pkg.a\nfor pkg in x: pass\n", "import tf_pkg.a, tf_pkg as pkg\nfor pkg in x: pass\n"),
        ("s = 'é'; from pkg import a; t = 'é'\n", "s = 'é'; from tf_pkg import a; t = 'é'\n"),
        ("from pkg import a\r\nimport pkg.b as c\r\n", "from tf_pkg import a\r\nimport tf_pkg.b as c\r\n"),
        ("x = 1\x0c\nfrom pkg import a\n", "x = 1\x0c\nfrom tf_pkg import a\n"),
        ("m = importlib.import_module('pkg.a')\n", "m = importlib.import_module('tf_pkg.a')\n"),
    ],
)
def test_imports_are_renamed_in_place(source: str, expected: str) -> None:
    renamed = rename_imports(source, OLD).text
    assert renamed == expected
    ast.parse(renamed)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from a.b.c import d\nfrom a.x import y\n", "from new.c import d\nfrom a.x import y\n"),
        ("from a import b\n", "import new as b\n"),
        ("from a import b, c\n", "import new as b; from a import c\n"),
        ("import a.b.c, a.x\na.b.c.f(a.x)\n", "import new.c, a.x\nnew.c.f(a.x)\n"),
    ],
)
def test_a_package_inside_a_package(source: str, expected: str) -> None:
    assert rename_imports(source, Renaming("a.b", "new")).text == expected


def test_a_statement_of_several_lines_keeps_its_lines() -> None:
    source = "from a import (\n    b,\n    c,\n)\nx = 1\n"
    assert rename_imports(source, Renaming("a.b", "new.d")).text.split("\n").index("x = 1") == 4


def test_columns_map_back_to_the_original() -> None:
    source = "import pkg\ny = pkg.a + pkg.bad\n"
    renamed = rename_imports(source, OLD)
    column = renamed.text.split("\n")[1].index("bad") + 1
    found = Diagnostic("API001", Severity.INFO, "", "f.py", 2, column, 2, column + 3, "")
    restored = renamed.restore(found)
    expected = source.split("\n")[1].index("bad") + 1
    assert (restored.column, restored.end_column) == (expected, expected + 3)
