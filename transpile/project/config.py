"""Defaults of a project: the table [tool.transpile] of the nearest pyproject.toml, from the current folder up.

[tool.transpile]
data-format = "channels_first"
exact-training = true
rules = ["torch_rules/ours.yaml"]    # relative to the file
fail-on = "warning"
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Any

from transpile.project.plan import UnusableCall

_KEYS = ("data-format", "exact-training", "rules", "fail-on")


def defaults(folder: Path) -> dict[str, Any]:
    """The options that the project of a folder sets, by parameter name; raises UnusableCall for a wrong table."""
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        if file.is_file():
            data = file.read_bytes()
            return _read(file, data) if b"tool.transpile" in data else {}
    return {}


def _read(file: Path, data: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("transpile", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableCall(f"{file}: {error}") from None
    options = {}
    for key, value in table.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(_KEYS)}"
            raise UnusableCall(f"{file}: [tool.transpile] has no key {key!r}{hint}")
        if key == "rules":
            if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
                raise UnusableCall(f"{file}: [tool.transpile] rules is a list of files")
            value = [file.parent / entry for entry in value]
        options[key.replace("-", "_")] = value
    return options
