"""The language server by a real client, over standard input and output."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from transpile.diagnostics import Edit
from transpile.editor.edits import applied

ROOT = Path(__file__).parents[2]
SERVER = [sys.executable, "-m", "transpile.cli", "lsp"]
SOURCE = '''"""A net: é𝔘."""

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        s = "𝔘"; y = torch.cat([self.conv(x), x], 1)
        torch.no_such(y)
        return y


def outside(x):
    return torch.abs(x)
'''


class Client(LanguageClient):
    """An editor with one file open, that keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.text = ""
        self.version = 0
        self.uri = ""

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def told(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    async def findings(self) -> list[lsp.Diagnostic]:
        """What is published next."""
        params = await asyncio.wait_for(self.published.get(), 60)
        return list(params.diagnostics)

    def show(self, path: Path, text: str) -> None:
        self.uri, self.text, self.version = path.as_uri(), text, 1
        item = lsp.TextDocumentItem(self.uri, "python", 1, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def type(self, old: str, new: str) -> None:
        """Replace a piece of the text, as an editor says it."""
        at = self.text.index(old)
        change = lsp.TextDocumentContentChangePartial(
            range=lsp.Range(self.place(at), self.place(at + len(old))), text=new
        )
        self.text = self.text.replace(old, new, 1)
        self.version += 1
        document = lsp.VersionedTextDocumentIdentifier(self.version, self.uri)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def place(self, offset: int) -> lsp.Position:
        before = self.text[:offset]
        return lsp.Position(before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2)

    def at(self, piece: str) -> lsp.Position:
        """The place of the | in a piece of the text."""
        return self.place(self.text.index(piece.replace("|", "")) + piece.index("|"))

    async def actions(self, piece: str, only: list[str] | None = None) -> dict[str, lsp.CodeAction]:
        document = lsp.TextDocumentIdentifier(self.uri)
        context = lsp.CodeActionContext([], only=only)  # type: ignore[arg-type]
        place = self.at(piece)
        found = await self.text_document_code_action_async(
            lsp.CodeActionParams(document, lsp.Range(place, place), context)
        )
        return {action.title: action for action in found or [] if isinstance(action, lsp.CodeAction)}

    def after(self, edit: lsp.WorkspaceEdit) -> str:
        """The text after an edit, applied as an editor does."""
        assert edit.changes is not None

        def column(place: lsp.Position) -> int:
            line = self.text.split("\n")[place.line] if place.line < self.text.count("\n") + 1 else ""
            return len(line.encode("utf-16-le")[: 2 * place.character].decode("utf-16-le"))

        return applied(
            self.text,
            [
                Edit(
                    e.range.start.line + 1, column(e.range.start) + 1, e.range.end.line + 1, column(e.range.end) + 1,
                    e.new_text,
                )
                for e in edit.changes[self.uri]
            ],
        )  # fmt: skip


def session(work: Callable[[Client], Awaitable[None]], folder: Path) -> None:
    """Run a session with a server of its own, from initialize to exit."""

    async def run() -> None:
        client = Client()
        await client.start_io(
            *SERVER, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, cwd=str(folder)
        )
        try:
            answer = await asyncio.wait_for(
                client.initialize_async(lsp.InitializeParams(capabilities=lsp.ClientCapabilities())), 60
            )
            assert answer.server_info is not None and answer.server_info.name == "transpile"
            client.initialized(lsp.InitializedParams())
            await work(client)
            await asyncio.wait_for(client.shutdown_async(None), 60)
            client.exit(None)
        finally:
            if client._server is not None and client._server.returncode is None:
                try:
                    await asyncio.wait_for(client._server.wait(), 10)
                except asyncio.TimeoutError:
                    client._server.kill()
            await asyncio.wait_for(client.stop(), 60)

    asyncio.run(run())


def test_a_session(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.show(tmp_path / "net.py", SOURCE)
        (found,) = await client.findings()
        assert (found.code, found.source) == ("API001", "transpile")
        assert found.range == lsp.Range(lsp.Position(13, 8), lsp.Position(13, 24))

        # a finding goes when its line goes, and comes back with its line moved
        client.type("        torch.no_such(y)\n", "")
        assert await client.findings() == []
        client.type("import torch\n", "# one more\nimport torch\n")
        client.type("        return y\n", "        torch.no_such(y)\n        return y\n")
        (found,) = await client.findings()
        assert found.range.start == lsp.Position(14, 8)

        # while the text cannot be parsed that is what is said, and actions wait
        client.type("def outside(x):", "def outside(x:")
        (found,) = await client.findings()
        assert found.code == "SYN001" and found.severity == lsp.DiagnosticSeverity.Error
        assert await client.actions("torch.c|at") == {}
        client.type("def outside(x:", "def outside(x):")
        (found,) = await client.findings()
        assert found.code == "API001"

        # hover tells the rule and the TensorFlow for it
        hover = await client.text_document_hover_async(
            lsp.HoverParams(lsp.TextDocumentIdentifier(client.uri), client.at("torch.c|at"))
        )
        assert hover is not None and isinstance(hover.contents, lsp.MarkupContent)
        assert "**torch.cat**" in hover.contents.value and "tf.concat(" in hover.contents.value
        nothing = await client.text_document_hover_async(
            lsp.HoverParams(lsp.TextDocumentIdentifier(client.uri), client.at("# one| more"))
        )
        assert nothing is None

        # actions: this call at once, larger scopes when they are chosen
        offered = await client.actions("torch.c|at")
        assert list(offered) == [
            "Translate to tf.concat([self.conv(x), x], axis=-1)",
            "Translate this function",
            "Translate this class",
            "Translate this file",
        ]
        call = next(iter(offered.values()))
        assert call.edit is not None and call.is_preferred
        assert '        s = "𝔘"\n        y = tf.concat([self.conv(x), x], axis=-1)\n' in client.after(
            call.edit
        )
        for title, expected in (
            ("Translate this class", "class Net(tf.keras.layers.Layer):"),
            ("Translate this file", "return tf.abs(x)"),
        ):
            assert offered[title].edit is None
            chosen = await client.code_action_resolve_async(offered[title])
            assert chosen.edit is not None and expected in client.after(chosen.edit)
        assert list(await client.actions("torch.c|at", only=["refactor"])) == list(offered)[1:]

        # a finding is ignored by a comment, and is gone
        ignore = (await client.actions("torch.no|_such"))["Ignore API001 on this line"]
        assert ignore.diagnostics is not None and ignore.edit is not None
        text = client.after(ignore.edit)
        assert "torch.no_such(y)  # transpile: ignore[API001]\n" in text
        client.type("torch.no_such(y)\n", "torch.no_such(y)  # transpile: ignore[API001]\n")
        assert await client.findings() == []

        client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(client.uri)))
        assert await client.findings() == []

    session(work, tmp_path)


def test_the_layout_of_a_parameter_is_stated(tmp_path: Path) -> None:
    source = "import torch\n\n\ndef f(x: torch.Tensor):\n    b, c, h, w = x.shape\n    return x.sum(1)\n"

    async def work(client: Client) -> None:
        client.show(tmp_path / "f.py", source)
        found = await client.findings()
        assert "LAY002" in [diagnostic.code for diagnostic in found]
        offered = await client.actions("b, c, h, w = |x.shape") | await client.actions("return |x.sum")
        edit = offered["State that x is no image"].edit
        assert edit is not None
        stated = client.after(edit)
        assert "    # transpile: x is plain\n    b, c, h, w" in stated
        client.type(source, stated)
        assert await client.findings() == []

    session(work, tmp_path)


def test_what_is_imported_is_looked_at_too(tmp_path: Path) -> None:
    """Alone, nothing says what the layer gives; the file beside it does, and what it says may change."""
    common = """import torch.nn as nn


class Conv(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)

    def forward(self, x):
        return self.conv(x)
"""
    net = """import torch.nn as nn
from common import Conv


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = Conv()

    def forward(self, x):
        return self.conv(x).sum(1)
"""
    (tmp_path / "common.py").write_text(common)

    async def work(client: Client) -> None:
        client.show(tmp_path / "net.py", net)
        assert [found.code for found in await client.findings()] == ["LAY003"]
        assert await client.findings() == []
        offered = await client.actions("return self.conv(x).s|um(1)")
        assert next(iter(offered)) == "Translate to tf.reduce_sum(self.conv(x), axis=-1)"
        client.show(tmp_path / "common.py", common)
        assert await client.findings() == []
        client.type("return self.conv(x)", "return unknown(self.conv(x))")
        assert [found.code for found in await client.findings()] == []
        assert [found.code for found in await client.findings()] == ["LAY003"]

    session(work, tmp_path)


def test_tensorflow_source_has_findings_and_fixes(tmp_path: Path) -> None:
    source = """import tensorflow as tf

head = tf.keras.Sequential(tf.keras.layers.Dense(8), tf.keras.layers.Dense(4))
"""

    async def work(client: Client) -> None:
        client.show(tmp_path / "ported.py", source)
        (found,) = await client.findings()
        assert found.code == "SEQ001"
        offered = await client.actions("tf.keras.Seq|uential(tf")
        assert list(offered) == ["Fix SEQ001", "Ignore SEQ001 on this line"]
        edit = offered["Fix SEQ001"].edit
        assert edit is not None
        fixed = client.after(edit)
        assert "Sequential([tf.keras.layers.Dense(8), tf.keras.layers.Dense(4)])" in fixed
        client.type(source, fixed)
        assert await client.findings() == []

    session(work, tmp_path)


def test_the_settings_of_the_project_hold(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.transpile]\ndata-format = "channels_first"\n')
    (tmp_path / "net.py").write_text(SOURCE)

    async def work(client: Client) -> None:
        client.show(tmp_path / "net.py", SOURCE)
        await client.findings()
        assert "Translate to tf.concat([self.conv(x), x], axis=1)" in await client.actions("torch.c|at")

    session(work, tmp_path)


def test_newlines_are_kept(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        client.show(tmp_path / "net.py", SOURCE.replace("\n", "\r\n"))
        await client.findings()
        offered = await client.actions("torch.c|at")
        edit = next(iter(offered.values())).edit
        assert edit is not None and edit.changes is not None
        texts = [e.new_text for e in edit.changes[client.uri]]
        assert "import tensorflow as tf\r\n" in texts

    session(work, tmp_path)


def message(body: Any) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def test_malformed_messages_do_not_end_it(tmp_path: Path) -> None:
    """What is no JSON, no request, or a request for what does not exist; then a proper end."""
    ask = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    place = {"textDocument": {"uri": "file:///nowhere.py"}, "position": {"line": 9, "character": 9}}
    sent = [
        message(ask),
        message(b"{not json"),
        message({"jsonrpc": "2.0", "id": 2, "method": "no/such/method", "params": {}}),
        message({"jsonrpc": "2.0", "id": 3, "method": "textDocument/hover", "params": {"wrong": 1}}),
        message({"jsonrpc": "2.0", "id": 4, "method": "textDocument/hover", "params": place}),
        message({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": 1}}),
        message({"hello": "there"}),
        message({"jsonrpc": "2.0", "id": 5, "method": "shutdown"}),
        message({"jsonrpc": "2.0", "method": "exit"}),
    ]
    done = subprocess.run(
        SERVER, input=b"".join(sent), capture_output=True, timeout=120, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    answers = {}
    for part in done.stdout.split(b"Content-Length: ")[1:]:
        answer = json.loads(part[part.index(b"{") :])
        answers[answer.get("id")] = answer
    assert "capabilities" in answers[1]["result"]
    assert "error" in answers[2] and answers[4].get("result") is None and "error" not in answers[4]
    assert 5 in answers and "error" not in answers[5], done.stderr.decode()
    assert done.returncode == 0


def test_without_pygls_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\n"
        "from transpile.cli import main; sys.exit(main(['lsp']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2 and "lsp: needs pygls: pip install '" in done.stderr
