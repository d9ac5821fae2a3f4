"""The recipes of docs/editors.md, in the editors themselves."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from xml.etree import ElementTree

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


# the recipe of the server, and the file opened with it
SERVED = recipe("nvim-server") + """
vim.cmd("filetype on")
function Main()
  vim.cmd("doautocmd FileType python")
"""


def test_neovim_by_the_server(folder: Path) -> None:
    (folder / "net.py").write_text(SOURCE.replace("torch.neg", "torch.no_such"), encoding="utf-8")
    nvim(
        folder,
        SERVED + """
  vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 100)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do table.insert(found, one.lnum .. " " .. one.message) end
  vim.fn.writefile(found, "found.txt")
end
""",
    )
    assert (folder / "found.txt").read_text(encoding="utf-8").startswith("4 torch.no_such has no rule")


def test_neovim_takes_the_quick_fix_of_the_server(folder: Path) -> None:
    nvim(
        folder,
        SERVED + """
  vim.wait(60000, function() return #vim.lsp.buf_get_clients(0) > 0 end, 100)
  vim.fn.cursor(5, vim.fn.match(vim.fn.getline(5), "torch.neg") + 2)
  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = {} }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 60000)
  for id, answer in pairs(answers) do
    for _, action in ipairs(answer.result) do
      if action.isPreferred then
        vim.lsp.util.apply_workspace_edit(action.edit, vim.lsp.get_client_by_id(id).offset_encoding)
      end
    end
  end
  vim.cmd("write")
end
""",
    )
    text = (folder / "net.py").read_text(encoding="utf-8")
    assert text.endswith(DONE) and "import tensorflow as tf\n" in text


def emacs(folder: Path, name: str, lisp: str) -> str:
    """Emacs on net.py with a recipe and then more; what it says. Packages of the system (eglot) can be had."""
    if shutil.which("emacs") is None:
        pytest.skip("Emacs is not installed")
    (folder / "recipe.el").write_text(recipe(name), encoding="utf-8")
    (folder / "main.el").write_text('(find-file "net.py")\n' + lisp, encoding="utf-8")
    packages = ["--eval", "(progn (require 'package) (package-initialize))"]
    done = run(
        ["emacs", "--batch", "-q", *packages, "-l", "recipe.el", "-l", "main.el"], folder, LANG="C.UTF-8",
        HOME=str(folder),
    )  # fmt: skip
    assert done.returncode in (0, 77), done.stderr
    if done.returncode == 77:
        pytest.skip(
            "this Emacs has no eglot, the client that the recipe is for: it comes with Emacs 29, as elpa-eglot before"
        )
    return done.stderr


def test_emacs_by_the_server(folder: Path) -> None:
    (folder / "net.py").write_text(SOURCE + "\n\ndef g(x):\n    return torch.no_such(x)\n", encoding="utf-8")
    said = emacs(
        folder,
        "emacs-server",
        """
(unless (require 'eglot nil t) (kill-emacs 77))
(setq eglot-sync-connect 60 eglot-connect-timeout 60)
(apply #'eglot (eglot--guess-contact))
(let ((tries 0))
  (while (and (< tries 300) (null (flymake-diagnostics)))
    (accept-process-output nil 0.2)
    (setq tries (1+ tries))))
(dolist (found (flymake-diagnostics)) (message "found: %s" (flymake-diagnostic-text found)))
(goto-char (point-min))
(search-forward "torch.neg")
(cl-letf (((symbol-function 'completing-read) (lambda (_ actions &rest _) (caar actions)))
          ((symbol-function 'y-or-n-p) (lambda (&rest _) t)))
  (eglot-code-actions (point) (point) "quickfix" t))
(save-buffer)
""",
    )
    assert "torch.no_such has no rule" in said
    text = (folder / "net.py").read_text(encoding="utf-8")
    assert DONE in text and "import tensorflow as tf\n" in text, said


def test_jetbrains_calls_a_command_that_works(folder: Path) -> None:
    """The external tool's file: read as the IDE does, its macros filled in, the command run."""
    options = {
        option.attrib["name"]: option.attrib["value"]
        for option in ElementTree.fromstring(recipe("jetbrains")).iterfind("tool/exec/option")
    }
    macros = {
        "FilePath": str(folder / "net.py"),
        "LineNumber": "5",
        "ColumnNumber": str(SOURCE.splitlines()[4].index("torch.neg") + 1),
        "ProjectFileDir": str(folder),
    }
    words = [options["COMMAND"], *shlex.split(options["PARAMETERS"])]
    filled = [re.sub(r"\$(\w+)\$", lambda found: macros[found[1]], word) for word in words]
    assert options["WORKING_DIRECTORY"] == "$ProjectFileDir$"
    done = run(filled, folder)
    assert done.returncode == 0, done.stderr
    assert (folder / "net.py").read_text(encoding="utf-8").endswith(DONE)


def test_emacs_by_the_script(folder: Path) -> None:
    emacs(folder, "emacs-fix", '(search-forward "torch.neg")\n(transpile-here)\n(save-buffer)\n')
    text = (folder / "net.py").read_text(encoding="utf-8")
    assert text.endswith(DONE) and "import tensorflow as tf\n" in text
