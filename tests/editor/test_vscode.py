"""The VS Code extension: what it declares, and what it does against a stand-in of the editor."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
STAND_IN = """
const Module = require("module"), calls = [], load = Module._load;
let changed, fails = process.argv[2] === "fails";
class LanguageClient {
  constructor(id, name, server, options) {
    calls.push([server.command, ...server.args, options.documentSelector[0].language]);
  }
  async start() { if (fails) throw new Error("ENOENT"); calls.push("start"); }
  async stop() { calls.push("stop"); }
}
const vscode = {
  workspace: {
    getConfiguration: () => ({ get: (name) => require(process.argv[1] + "/package.json")
      .contributes.configuration.properties["transpile." + name].default }),
    onDidChangeConfiguration: (listener) => { changed = listener; return {}; },
  },
  commands: { registerCommand: (name) => { calls.push(name); return {}; } },
  window: { showErrorMessage: (text) => calls.push(text) },
};
Module._load = (name, ...rest) =>
  name === "vscode" ? vscode : name === "vscode-languageclient/node" ? { LanguageClient } : load(name, ...rest);
(async () => {
  const extension = require(process.argv[1] + "/extension.js");
  await extension.activate({ subscriptions: [] });
  await changed({ affectsConfiguration: () => true });
  await extension.deactivate();
  console.log(JSON.stringify(calls));
})();
"""


def calls(*words: str) -> list[object]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [node, "-e", STAND_IN, str(FOLDER), *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_it_starts_the_server_and_starts_it_again() -> None:
    server = ["transpile", "lsp", "python"]
    assert calls() == ["transpile.restart", server, "start", "stop", server, "start", "stop"]


def test_a_server_that_is_missing_is_said_with_what_to_install() -> None:
    said = calls("fails")
    assert "install transpile with its extra" in str(said) and "start" not in said


def test_the_manifest_names_what_there_is() -> None:
    manifest = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    assert (FOLDER / manifest["main"]).is_file()
    assert [command["command"] for command in manifest["contributes"]["commands"]] == ["transpile.restart"]
