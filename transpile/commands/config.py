"""`transpile config`: what applies to a file, and from where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from transpile.commands._output import say
from transpile.project.config import KEYS, Config, read
from transpile.project.plan import UnusableCall


@click.command("config")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(paths: tuple[Path, ...], style: str) -> int:
    """Show the settings that apply to a file or folder (this one), and where each comes from."""
    if len(paths) > 1:
        raise UnusableCall("config: name one file or folder")
    place = paths[0] if paths else Path.cwd()
    if not place.exists():
        raise UnusableCall(f"{place}: no such file or folder")
    config = read(place)
    if style == "json":
        found = {key: {"value": _value(config, key), "from": _origin(config, key)} for key in KEYS}
        say(json.dumps({"file": config.file and config.file.as_posix(), "settings": found}, indent=1) + "\n")
        return 0
    say(f"# {config.file or 'no pyproject.toml with [tool.transpile] upward from here'}\n")
    for key in KEYS:
        value = _value(config, key)
        origin = "" if key in config.table else "  # default"
        if isinstance(value, dict):  # as TOML has it on one line
            text = ", ".join(f"{json.dumps(name)} = {json.dumps(entry)}" for name, entry in value.items())
            say(f"{key} = {{{text}}}{origin}\n")
        else:
            say(f"{key} = {json.dumps(value)}{origin}\n")
    return 0


def _value(config: Config, key: str) -> Any:
    return config.table.get(key, KEYS[key].default)


def _origin(config: Config, key: str) -> str:
    return config.file.as_posix() if config.file is not None and key in config.table else "default"
