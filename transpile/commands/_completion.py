"""What a shell may complete a line of the command with."""

from __future__ import annotations

import os
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class, shell_complete

from transpile.commands import COMPLETION, load, names

__all__ = ["SHELLS", "complete", "script"]

SHELLS = ("bash", "zsh", "fish")


class _Whole(click.Group):
    """Every command in one: the options of the one without a name, the names of the others, and paths."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        try:
            return load(name) if name in names() else None
        except ModuleNotFoundError:  # it needs what is not installed
            return None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]


def _whole() -> Any:
    from transpile.cli import translate_paths

    options = [parameter for parameter in translate_paths.params if isinstance(parameter, click.Option)]
    return _Whole("transpile", params=list(options), no_args_is_help=False)


def complete() -> int:
    """Answer the shell that asks through the environment."""
    return shell_complete(_whole(), {}, "transpile", COMPLETION, os.environ[COMPLETION])


def script(shell: str) -> str:
    """The lines that make a shell ask."""
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(_whole(), {}, "transpile", COMPLETION).source()
