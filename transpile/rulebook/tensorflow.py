"""The names of TensorFlow 1 and what stands for them in TensorFlow 2 (rules/tensorflow/*.yaml).

These tables are read by `transpile check` and `transpile rules` alone: a translation does not load them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transpile import cache
from transpile.rulebook.model import RuleError
from transpile.rulebook.store import packaged_tables

__all__ = ["Former", "former", "former_names"]

SECTIONS = ("renamed", "changed", "contrib", "kept", "namespaces")


@dataclass(frozen=True, slots=True)
class Former:
    """A name that TensorFlow 2 has no longer: what is written now, if anything, and what has to be known of it.

    `is_drop_in` says that the new name may be put in place of the old one, with the keywords of `args` renamed.
    """

    name: str
    now: str | None
    why: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    is_drop_in: bool = False


def former(name: str) -> Former | None:
    """What is known of a name such as `tf.matrix_inverse`; None where TensorFlow 2 has it, or nobody knows it."""
    tables = _tables()
    for section in ("renamed", "contrib"):
        if name in tables[section]:
            is_contrib = section == "contrib"
            return Former(
                name, tables[section][name], "tf.contrib is gone" if is_contrib else "", {}, not is_contrib
            )
    if name in tables["changed"]:
        entry = tables["changed"][name]
        why = entry.get("why", "")
        return Former(name, entry["tf"], why, entry.get("args", {}), not why)
    if name in tables["kept"]:
        return Former(name, f"tf.compat.v1{name[2:]}", tables["kept"][name], {}, True)
    parts = name.split(".")
    for end in range(len(parts) - 1, 1, -1):
        why = tables["namespaces"].get(".".join(parts[:end]))
        if why is not None:
            return Former(name, None, why)
    return None


def former_names() -> Mapping[str, Mapping[str, Any]]:
    """The tables as they are written, by section."""
    return _tables()


@functools.cache
def _tables() -> dict[str, dict[str, Any]]:
    files = sorted((packaged_tables()[0].parent / "tensorflow").glob("*.yaml"))

    def made() -> dict[str, Any]:
        import yaml

        found: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
        for path in files:
            for section, names in yaml.safe_load(path.read_text(encoding="utf-8")).items():
                if section not in found:
                    raise RuleError(f"{path.name}:1: unknown section {section!r}")
                found[section].update(names)
        return found

    tables: dict[str, dict[str, Any]] = cache.kept("tensorflow-names", cache.state(files), made)
    return tables
