"""What a project sets: the table [tool.transpile] of the nearest pyproject.toml, upward from the file.

[tool.transpile]
data-format = "channels_first"
exact-training = true
rules = ["torch_rules/ours.yaml"]    # relative to the pyproject.toml
fail-on = "warning"
ignore = ["API004"]                  # and severity, per-file-ignores: transpile/report/policy.py

[tool.transpile.pairs]               # for `transpile sync`: a source, or a folder, and its twin
"models/common.py" = "tf/common.py"
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transpile.diagnostics import FAMILIES
from transpile.project.plan import UnusableCall

__all__ = ["KEYS", "Config", "Key", "defaults", "read"]

PYPROJECT = "pyproject.toml"
CODE = re.compile(rf"(?:{'|'.join(FAMILIES)})(?:\d{{3}})?")  # or a whole family
# What says how findings are taken, and is no option of a command.
OF_FINDINGS = frozenset({"ignore", "severity", "per-file-ignores"})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the table: what it may hold, in words and as a test, and what holds where it is not set."""

    words: str
    accepts: Callable[[Any], bool]
    default: Any


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(twin, str) for twin in value.values())


def _codes(value: Any) -> bool:
    return _texts(value) and all(CODE.fullmatch(entry) for entry in value)


def _severities(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _codes(list(value))
        and all(entry in ("error", "warning", "info") for entry in value.values())
    )


def _patterns(value: Any) -> bool:
    return isinstance(value, dict) and all(_codes(entry) for entry in value.values())


KEYS = {
    "data-format": Key(
        "channels_last or channels_first", _one_of("channels_last", "channels_first"), "channels_last"
    ),
    "exact-training": Key("true or false", lambda value: isinstance(value, bool), False),
    "rules": Key("a list of files", _texts, []),
    "fail-on": Key("error, warning or never", _one_of("error", "warning", "never"), "error"),
    "ignore": Key("a list of codes", _codes, []),
    "severity": Key("a table of codes and error, warning or info", _severities, {}),
    "per-file-ignores": Key("a table of patterns and lists of codes", _patterns, {}),
    "pairs": Key("a table of sources and their twins", _pairs, {}),
}


@dataclass(frozen=True, slots=True)
class Config:
    """What holds for a file or folder. `file` is the pyproject.toml that has the table; None where none has."""

    file: Path | None = None
    table: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What it sets, by parameter name, with the paths made whole; without the pairs and what concerns findings."""
        found = {
            key.replace("-", "_"): value
            for key, value in self.table.items()
            if key != "pairs" and key not in OF_FINDINGS
        }
        if "rules" in found:
            found["rules"] = self.rules
        return found

    @property
    def rules(self) -> list[Path]:
        """The project's own rule tables."""
        assert self.file is not None or not self.table
        return [self.file.parent / entry for entry in self.table.get("rules", ())] if self.file else []

    @property
    def pairs(self) -> dict[str, str]:
        """Each source (or folder) and its twin, as the table has them: relative to its file."""
        return dict(self.table.get("pairs", {}))


def defaults(place: Path) -> dict[str, Any]:
    """The options that the project of a file or folder sets, by parameter name; raises UnusableCall."""
    return read(place).options


def read(place: Path) -> Config:
    """The nearest table upward from a file or folder; raises UnusableCall for a wrong one.

    A pyproject.toml without the table is passed over: the folder is a part of a larger project.
    """
    place = place.absolute()
    for folder in (place, *place.parents):
        file = folder / PYPROJECT
        if file.is_file():
            data = file.read_bytes()
            table = _table(file, data) if b"transpile" in data else None
            if table is not None:
                _check(file, table)
                return Config(file, table)
    return Config()


def _table(file: Path, data: bytes) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        table = tomllib.loads(data.decode()).get("tool", {}).get("transpile")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableCall(f"{file}: {error}") from None
    if table is not None and not isinstance(table, dict):
        raise UnusableCall(f"{file}: tool.transpile is not a table")
    return table


def _check(file: Path, table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if key not in KEYS:
            import difflib

            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(KEYS)}"
            raise UnusableCall(f"{file}: [tool.transpile] has no key {key!r}{hint}")
        if not KEYS[key].accepts(value):
            raise UnusableCall(f"{file}: [tool.transpile] {key} = {value!r}, and is {KEYS[key].words}")
