"""`transpile explain CODE`."""

from __future__ import annotations

import click

from transpile.commands._output import say, unknown
from transpile.commands._rule import show_rule
from transpile.project.plan import UnusableCall
from transpile.report.codes import load


@click.command("explain")
@click.argument("code")
def command(code: str) -> int:
    """Explain a diagnostic code (API001) or a rule (TR0412)."""
    pages = load()
    page = pages.get(code.upper())
    if page is not None:
        say(f"{page.code}: {page.title}\n\n{page.text}\n")
        return 0
    if code.upper().startswith("TR"):
        return show_rule(code.upper(), "text")
    raise UnusableCall(unknown(code, pages, "code"))
