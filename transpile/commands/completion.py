"""`transpile completion SHELL`."""

from __future__ import annotations

import click

from transpile.commands._output import say


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the lines that let a shell complete: `eval "$(transpile completion bash)"`."""
    from transpile.commands._completion import script

    say(script(shell) + "\n")
    return 0
