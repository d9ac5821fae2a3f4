"""`transpile rules`."""

from __future__ import annotations

import click

from transpile.commands._options import rulebook
from transpile.commands._output import say
from transpile.commands._rule import show_rule
from transpile.project.plan import UnusableCall
from transpile.report.rules import listing


@click.command("rules")
@click.argument("words", nargs=-1, metavar="[list | [show] ID|NAME]")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(words: tuple[str, ...], style: str) -> int:
    """List the rules, or show one by its id or its name: a torch API, or a name of TensorFlow 1."""
    if len(words) == 2 and words[0] == "show":
        return show_rule(words[1], style)
    if len(words) == 1 and words != ("list",) and (words[0].isupper() or "." in words[0]):
        return show_rule(words[0], style)
    if words not in ((), ("list",)):
        raise UnusableCall("rules: say `list`, or an id or a name")
    say(listing(rulebook().rules(), style))
    return 0
