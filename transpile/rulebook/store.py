"""Where the tables are, the cache of what they say, and the index over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transpile import cache
from transpile.rulebook.model import Rule, RuleError, from_record

__all__ = ["Rulebook", "load", "packaged_tables"]


class Rulebook:
    """Rules by torch name, method and attribute. A Rule is made when it is first asked for."""

    def __init__(self, records: list[dict[str, Any]], index: dict[str, dict[str, int]]) -> None:
        self._records = records
        self._index = index
        self._made: dict[int, Rule] = {}
        self._namespaces: set[str] | None = None

    def by_name(self, qualified: str) -> Rule | None:
        """The rule of a qualified torch name: canonical, alias, `torch.Tensor.method` or in-place `torch.abs_`."""
        found = self._find("names", qualified)
        if found is None and qualified.startswith("torch.Tensor."):
            name = qualified[len("torch.Tensor.") :]
            found = self.method(name) or self.attribute(name)
        if found is None and qualified.endswith("_"):
            found = self._find("names", qualified[:-1])
            return found if found is not None and found.inplace else None
        return found

    def method(self, name: str) -> Rule | None:
        """The rule of `x.name(…)`; for `abs_` that of `abs`, if it says `inplace`."""
        found = self._find("methods", name)
        if found is None and name.endswith("_"):
            found = self._find("methods", name[:-1])
            return found if found is not None and found.inplace else None
        return found

    def attribute(self, name: str) -> Rule | None:
        """The rule of `x.name`, read without a call."""
        return self._find("attributes", name)

    def is_namespace(self, name: str) -> bool:
        """Whether rules lie below this name: `torch.nn` is a module, or a class with methods."""
        if self._namespaces is None:
            names = self._index["names"]
            self._namespaces = {known[:at] for known in names for at, sign in enumerate(known) if sign == "."}
        return name in self._namespaces

    def rules(self) -> Iterator[Rule]:
        """All rules, in the order of the tables."""
        return (self._rule(number) for number in range(len(self._records)))

    def records(self) -> Sequence[dict[str, Any]]:
        """What the tables say, as it was read."""
        return self._records

    def __len__(self) -> int:
        return len(self._records)

    def _find(self, space: str, name: str) -> Rule | None:
        number = self._index[space].get(name)
        return None if number is None else self._rule(number)

    def _rule(self, number: int) -> Rule:
        rule = self._made.get(number)
        if rule is None:
            rule = self._made[number] = from_record(self._records[number])
        return rule


def packaged_tables() -> list[Path]:
    """The tables that come with the package: inside it in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "rules", package.parent / "rules"):
        tables = sorted(folder.glob("*.yaml"))
        if tables:
            return tables
    return []


def load(extra: Sequence[Path] = ()) -> Rulebook:
    """The packaged rules, and those of `extra` tables, which take precedence by name.

    Raises RuleError with file and line for a table that cannot be used.
    """
    packaged = packaged_tables()
    book = _load(packaged)
    if not extra:
        return book
    tables = [Path(path) for path in extra]
    key = _key([*packaged, *tables])
    if key not in _joined:
        _joined.clear()  # a table that was edited, in an editor that runs on
        _joined[key] = _join(book, _load(tables))
    return _joined[key]


def _join(book: Rulebook, more: Rulebook) -> Rulebook:
    """Both, the second before the first by name."""
    own = list(more.records())
    ids = {record["id"] for record in own}
    names = {name for record in own for name in (record["torch"], *record.get("aliases", ()))}
    kept = [_without(record, names) for record in book.records() if record["id"] not in ids]
    records = [record for record in kept if record["torch"] not in names] + own
    return Rulebook(records, _indexed(records))


def _without(record: dict[str, Any], names: set[str]) -> dict[str, Any]:
    aliases = record.get("aliases", [])
    return (
        {**record, "aliases": [a for a in aliases if a not in names]}
        if names.intersection(aliases)
        else record
    )


_loaded: dict[str, Rulebook] = {}
_joined: dict[str, Rulebook] = {}


def _load(tables: list[Path]) -> Rulebook:
    key = _key(tables)
    if key not in _loaded:

        def made() -> list[Any]:
            from transpile.rulebook.reading import read

            records = read(tables)
            return [records, _indexed(records)]

        _loaded[key] = Rulebook(*cache.kept("rules", key, made))
    return _loaded[key]


def _indexed(records: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    names: dict[str, int] = {}
    methods: dict[str, int] = {}
    attributes: dict[str, int] = {}
    for number, record in enumerate(records):
        for name in (record["torch"], *record.get("aliases", ())):
            names[name] = number
        if "method" in record:
            (attributes if record.get("kind") == "attribute" else methods)[record["method"]] = number
    for number, record in enumerate(records):
        if "method" in record and record.get("kind") != "attribute":  # torch.clip, x.clip
            for alias in record.get("aliases", ()):
                if alias.count(".") == 1:
                    methods.setdefault(alias.rpartition(".")[2], number)
    return {"names": names, "methods": methods, "attributes": attributes}


def _key(tables: list[Path]) -> str:
    """What the cache is keyed by: the tables' places, sizes and times, and those of the code that reads them."""
    code = Path(__file__).resolve().parent
    readers = [code / name for name in ("store.py", "reading.py", "schema.py", "conditions.py", "hooks.py")]
    try:
        return cache.state([*tables, *readers])
    except OSError as error:
        raise RuleError(f"{error.filename}:1: cannot be read: {error.strerror}") from None
