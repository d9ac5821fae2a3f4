"""`transpile lsp`: the language server, on standard input and output."""

from __future__ import annotations

import click

from transpile.project.plan import UnusableCall


@click.command("lsp")
def command() -> int:
    """Serve an editor by the language server protocol, on standard input and output."""
    try:
        from transpile.editor.server import server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        from transpile.commands._needs import install

        raise UnusableCall(f"lsp: needs pygls: {install('lsp')}") from None
    server.start_io()
    return 0
