"""One rule, as `rules show` and `explain` show it."""

from __future__ import annotations

from transpile.commands._options import rulebook
from transpile.commands._output import say, unknown
from transpile.project.plan import UnusableCall
from transpile.report.rules import details


def show_rule(name: str, style: str) -> int:
    """Show one rule, named by its id or its torch name."""
    book = rulebook()
    rule = book.by_name(name) or next((rule for rule in book.rules() if rule.id == name), None)
    if rule is None:
        raise UnusableCall(unknown(name, [n for rule in book.rules() for n in (rule.id, rule.torch)], "rule"))
    say(details(rule, style))
    return 0
