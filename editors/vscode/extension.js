// Starts `transpile lsp` for Python files, and starts it again when its settings change.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const [command, ...args] = vscode.workspace.getConfiguration("transpile").get("command");
  client = new LanguageClient(
    "transpile",
    "transpile",
    { command, args },
    { documentSelector: [{ language: "python", scheme: "file" }, { language: "python", scheme: "untitled" }] },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const text = `transpile: ${command} cannot be started (install transpile with its extra "lsp"): ${error.message}`;
    vscode.window.showErrorMessage(text);
  }
}

async function stop() {
  const old = client;
  client = undefined;
  if (old) await old.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("transpile.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("transpile.command")) return restart();
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
