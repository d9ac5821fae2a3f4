"""The language server: findings while one types, actions, hover.

Findings are computed a moment after the last key (DEBOUNCE): for what has changed at once, for everything when
nobody types (SETTLE), and then in the background together with the files that are imported. Edits that take long are
computed when an action is chosen.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import ServerTextPosition, ServerTextRange, TextDocument

from transpile import __version__
from transpile.diagnostics import Diagnostic, Edit, Severity
from transpile.editor.actions import Action, actions, rewrite
from transpile.editor.analysis import Analysis
from transpile.editor.hover import hover
from transpile.editor.neighbours import Neighbours
from transpile.editor.source import Settings
from transpile.project.config import read
from transpile.project.plan import UnusableCall

__all__ = ["server"]

DEBOUNCE, SETTLE = 0.15, 0.6  # seconds
_SEVERITIES = {
    Severity.INFO: lsp.DiagnosticSeverity.Information,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
}


class Server(LanguageServer):
    """One server for one editor: what is open, and what waits to be done about it."""

    def __init__(self) -> None:
        super().__init__("transpile", __version__)
        self.open: dict[str, Analysis] = {}
        self.waiting: dict[str, list[asyncio.TimerHandle]] = {}
        self.neighbours = Neighbours()
        self.around: dict[str, frozenset[Path]] = {}  # the files that the last look of each document took in
        self.background = ThreadPoolExecutor(1, "transpile")
        self.tasks: set[asyncio.Task[None]] = set()

    def analysis(self, uri: str) -> Analysis:
        """The analysis of an open document, with the settings of its project."""
        found = self.open.get(uri)
        if found is None:
            found = self.open[uri] = Analysis(self._settings(uri))
        return found

    def _settings(self, uri: str) -> Settings:
        name = to_fs_path(uri)
        if name is None:
            return Settings(uri)
        path = Path(name)
        try:
            options = read(path if path.exists() else Path.cwd()).options
        except UnusableCall as error:
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Error, f"transpile: {error}"))
            options = {}
        return Settings(
            name,
            options.get("data_format", "channels_last"),
            tuple(options.get("rules", ())),
            bool(options.get("exact_training", False)),
        )

    def later(self, uri: str) -> None:
        """Look at a document in a moment, unless it changes again before."""
        self.forget(uri)
        loop = asyncio.get_running_loop()
        self.waiting[uri] = [
            loop.call_later(DEBOUNCE, self.look, uri),
            loop.call_later(SETTLE, self.settle, uri),
        ]

    def forget(self, uri: str) -> None:
        """Do nothing of what waits for a document."""
        for timer in self.waiting.pop(uri, ()):
            timer.cancel()

    def look(self, uri: str) -> None:
        """Say what there is to say about a document as it stands."""
        document = self.workspace.get_text_document(uri)
        analysis = self.analysis(uri)
        analysis.update(_text(document))
        self.publish(document, analysis)

    def settle(self, uri: str) -> None:
        """The same for all of it, where only its changes were looked at."""
        self.forget(uri)
        analysis = self.open.get(uri)
        if analysis is None:
            return
        if not analysis.settled:
            before = analysis.diagnostics
            if analysis.settle() != before:
                self.publish(self.workspace.get_text_document(uri), analysis)
        if analysis.source is not None and analysis.error is None and to_fs_path(uri) is not None:
            task = asyncio.get_running_loop().create_task(self.look_around(uri, analysis))
            self.tasks.add(task)  # or nobody keeps it
            task.add_done_callback(self.tasks.discard)

    async def look_around(self, uri: str, analysis: Analysis) -> None:
        """Look at a document together with the files that it imports, in the background."""
        opened = {
            Path(name).resolve(): _text(document)
            for other, document in self.workspace.text_documents.items()
            if (name := to_fs_path(other)) is not None
        }
        path, text = Path(to_fs_path(uri) or "").resolve(), analysis.text or ""
        loop = asyncio.get_running_loop()
        try:
            around = await loop.run_in_executor(self.background, self.neighbours.around, path, text, opened)
            self.around[uri] = frozenset() if around is None else around.files
            if analysis.text != text or analysis.error is not None:
                return
            together = None
            if around is not None:
                together = await loop.run_in_executor(self.background, analysis.among(around))
        except Exception as error:  # a file beside this one must not take away what is known without it
            message = f"{path.name} is looked at alone: {type(error).__name__}: {error}"
            self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Warning, message))
            return
        before = analysis.diagnostics
        if together is None:
            analysis.stand_alone()
        else:
            analysis.adopt(together)
        if analysis.diagnostics != before and self.open.get(uri) is analysis:
            self.publish(self.workspace.get_text_document(uri), analysis)

    def spread(self, uri: str) -> None:
        """Look again at the open documents that a changed one is a neighbour of."""
        path = Path(to_fs_path(uri) or "").resolve()
        for other, files in self.around.items():
            if path in files and other in self.open and other not in self.waiting:
                self.waiting[other] = [asyncio.get_running_loop().call_later(SETTLE, self.settle, other)]

    def current(self, uri: str) -> tuple[TextDocument, Analysis]:
        """A document and its analysis, up to date."""
        document = self.workspace.get_text_document(uri)
        analysis = self.analysis(uri)
        if analysis.text != _text(document):
            analysis.update(_text(document))
        return document, analysis

    def publish(self, document: TextDocument, analysis: Analysis) -> None:
        """Send the findings to the editor."""
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(
                document.uri,
                [_diagnostic(document, found) for found in analysis.diagnostics],
                version=document.version,
            )
        )


server = Server()


@server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
async def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    ls.look(params.text_document.uri)
    ls.settle(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
async def changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    ls.later(params.text_document.uri)
    ls.spread(params.text_document.uri)


@server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
def saved(ls: Server, params: lsp.DidSaveTextDocumentParams) -> None:
    if Path(params.text_document.uri).name == "pyproject.toml":
        ls.open.clear()


@server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.forget(uri)
    ls.open.pop(uri, None)
    ls.around.pop(uri, None)
    ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


@server.feature(lsp.TEXT_DOCUMENT_HOVER)
def hovered(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    document, analysis = ls.current(params.text_document.uri)
    if analysis.source is None or analysis.error is not None:
        return None
    line, column = _place(document, params.position)
    found = hover(analysis.source, line, column)
    if found is None:
        return None
    text, span = found
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), _range(document, *span))


@server.feature(
    lsp.TEXT_DOCUMENT_CODE_ACTION,
    lsp.CodeActionOptions(
        code_action_kinds=[lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.RefactorRewrite],
        resolve_provider=True,
    ),
)
def asked_for_actions(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    document, analysis = ls.current(params.text_document.uri)
    if analysis.text is None or analysis.error is not None:
        return []
    line, column = _place(document, params.range.start)
    last, _ = _place(document, params.range.end)
    found = [d for d in analysis.diagnostics if d.line <= last and line <= d.end_line]
    return [
        _action(document, action, line, column)
        for action in actions(analysis.source, analysis.text.split("\n"), line, column, found)
        if _wanted(_kind(action), params.context.only)
    ]


@server.feature(lsp.CODE_ACTION_RESOLVE)
def chosen(ls: Server, action: lsp.CodeAction) -> lsp.CodeAction:
    data: Any = action.data
    if action.edit is not None or not isinstance(data, dict):
        return action
    document, analysis = ls.current(data["uri"])
    if analysis.source is not None and analysis.error is None:
        edits = rewrite(analysis.source, data["line"], data["column"], data["scope"])
        action.edit = _workspace_edit(document, edits)
    return action


def _action(document: TextDocument, action: Action, line: int, column: int) -> lsp.CodeAction:
    data = {"uri": document.uri, "line": line, "column": column, "scope": action.scope}
    return lsp.CodeAction(
        action.title,
        kind=_kind(action),
        diagnostics=None if action.answers is None else [_diagnostic(document, action.answers)],
        is_preferred=action.preferred or None,
        edit=None if action.edits is None else _workspace_edit(document, action.edits),
        data=None if action.edits is not None else data,
    )


def _kind(action: Action) -> lsp.CodeActionKind:
    return lsp.CodeActionKind.RefactorRewrite if action.scope else lsp.CodeActionKind.QuickFix


def _wanted(kind: lsp.CodeActionKind, only: Any) -> bool:
    """Kinds are a hierarchy of dotted names."""
    names = [str(getattr(wanted, "value", wanted)) for wanted in only or ()]
    return not names or any(f"{kind.value}.".startswith(f"{name}.") for name in names)


def _workspace_edit(document: TextDocument, edits: Any) -> lsp.WorkspaceEdit:
    newline = "\r\n" if "\r\n" in document.source else "\n"

    def text_edit(edit: Edit) -> lsp.TextEdit:
        span = _range(document, edit.line, edit.column, edit.end_line, edit.end_column)
        return lsp.TextEdit(span, edit.text.replace("\n", newline))

    return lsp.WorkspaceEdit(changes={document.uri: [text_edit(edit) for edit in edits]})


def _diagnostic(document: TextDocument, found: Diagnostic) -> lsp.Diagnostic:
    text = f"{found.message}\n{found.help}" if found.help else found.message
    return lsp.Diagnostic(
        _range(document, found.line, found.column, found.end_line, found.end_column),
        text,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source="transpile",
    )


def _text(document: TextDocument) -> str:
    try:
        text = document.source
    except (OSError, UnicodeDecodeError):  # not open, and not to be read
        return ""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _place(document: TextDocument, position: lsp.Position) -> tuple[int, int]:
    """Line and column from 1, in characters; the editor counts in its own units."""
    place = document.position_from_client_units(position)
    return place.line + 1, place.character + 1


def _range(document: TextDocument, line: int, column: int, end_line: int, end_column: int) -> lsp.Range:
    return document.range_to_client_units(
        ServerTextRange(
            ServerTextPosition(line - 1, column - 1), ServerTextPosition(end_line - 1, end_column - 1)
        )
    )
