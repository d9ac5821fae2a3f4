"""The recipes of docs/editors.md, in the editors themselves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from test_docs import ROOT, run

PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
SOURCE = 'import torch\n\n\ndef f(x: torch.Tensor):\n    s = "𝔘é"; return s, torch.neg(torch.abs(x))\n'
DONE = "return s, tf.negative(tf.abs(x))\n"


def recipe(name: str) -> str:
    found = re.search(rf"<!-- editor: {name} -->\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def nvim(folder: Path, lua: str) -> str:
    if shutil.which("nvim") is None:
        pytest.skip("Neovim is not installed")
    (folder / "init.lua").write_text(lua, encoding="utf-8")
    done = run(
        ["nvim", "--headless", "-u", "init.lua", "net.py", "-c", "lua Main()", "-c", "qa!"], folder,
        XDG_STATE_HOME=str(folder), XDG_DATA_HOME=str(folder),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_neovim_by_the_script(folder: Path) -> None:
    said = nvim(
        folder,
        recipe("nvim-fix") + """
function Main()
  vim.fn.cursor(5, vim.fn.match(vim.fn.getline(5), "torch.neg") + 2)
  TranspileHere()
  vim.cmd("write")
end
""",
    )
    text = (folder / "net.py").read_text(encoding="utf-8")
    assert text.endswith(DONE) and "import tensorflow as tf\n" in text, said


def test_neovim_by_the_server(folder: Path) -> None:
    (folder / "net.py").write_text(SOURCE.replace("torch.neg", "torch.no_such"), encoding="utf-8")
    nvim(
        folder,
        recipe("nvim-server") + """
vim.cmd("filetype on")
function Main()
  vim.cmd("doautocmd FileType python")
  vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 100)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do table.insert(found, one.lnum .. " " .. one.message) end
  vim.fn.writefile(found, "found.txt")
end
""",
    )
    assert (folder / "found.txt").read_text(encoding="utf-8").startswith("4 torch.no_such has no rule")


def test_emacs_by_the_script(folder: Path) -> None:
    if shutil.which("emacs") is None:
        pytest.skip("Emacs is not installed")
    (folder / "recipe.el").write_text(recipe("emacs-fix"), encoding="utf-8")
    (folder / "main.el").write_text(
        '(find-file "net.py")\n(search-forward "torch.neg")\n(transpile-here)\n(save-buffer)\n',
        encoding="utf-8",
    )
    done = run(["emacs", "--batch", "-Q", "-l", "recipe.el", "-l", "main.el"], folder, LANG="C.UTF-8")
    assert done.returncode == 0, done.stderr
    text = (folder / "net.py").read_text(encoding="utf-8")
    assert text.endswith(DONE) and "import tensorflow as tf\n" in text
