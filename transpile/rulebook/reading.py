"""YAML tables to checked records: plain dicts, lists and strings that can be cached.

Only this module needs PyYAML, and it is imported only when the cache is cold.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from transpile.rulebook.conditions import CONDITIONS
from transpile.rulebook.hooks import HOOKS
from transpile.rulebook.model import RuleError
from transpile.rulebook.schema import EXAMPLE_KEYS, EXAMPLE_SPEC, KEYS, KINDS, LAYOUT_HOOKS, LAYOUTS, RETURNS
from transpile.rulebook.template import Template

__all__ = ["read"]

LINES = "__lines__"
Record = dict[str, Any]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader whose mappings remember the line of each key under LINES, and refuse a key given twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in lines:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} is given twice", key_node.start_mark
                )
            lines[key] = key_node.start_mark.line + 1
        result: dict[Any, Any] = super().construct_mapping(node, deep=True)
        result[LINES] = lines
        return result


# YAML 1.1 reads 1e-12 as a string
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+\Z"), list("-+0123456789")
)
_Loader.add_constructor(
    "tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True)
)


class _Entry:
    """One entry under check: knows where it stands, for the errors."""

    def __init__(self, data: Record, file: str, line: int) -> None:
        self.lines: dict[str, int] = data.pop(LINES, {})
        self.data = {key: _without_lines(value) for key, value in data.items()}
        self.file = file
        self.line = line

    def error(self, message: str, key: str | None = None) -> RuleError:
        line = self.lines.get(key, self.line) if key else self.line
        return RuleError(f"{self.file}:{line}: {message}")


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_lines(v) for k, v in value.items() if k != LINES}
    if isinstance(value, list):
        return [_without_lines(v) for v in value]
    return value


def read(files: Iterable[Path]) -> list[Record]:
    """The checked records of tables, in order. Raises RuleError with file and line for the first that is wrong."""
    records: list[Record] = []
    seen: dict[tuple[str, str], str] = {}
    for path in files:
        for entry in _entries(path):
            record = _checked(entry)
            record["source"] = [entry.file, entry.line]
            for space, name, key in _names(record):
                if (space, name) in seen:
                    raise entry.error(f"{space} {name!r} is already taken at {seen[space, name]}", key)
                seen[space, name] = f"{entry.file}:{entry.line}"
            records.append(record)
            records += [_lookalike(record, name) for name in record.pop("lookalikes", ())]
    return records


def _lookalike(record: Record, name: str) -> Record:
    """The rule of a name that torch does not have, but that is written for what the record's name means."""
    kept = {
        k: v
        for k, v in record.items()
        if k not in ("aliases", "method", "method_only", "examples", "lookalikes")
    }
    own = record["torch"]
    return {**kept, "torch": name, "fidelity": "changed", "why": f"torch has no {name}; it is taken as {own}"}


def _entries(path: Path) -> Iterator[_Entry]:
    file = path.name
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise RuleError(f"{file}:{mark.line + 1 if mark else 1}: {error.problem}") from None
    except yaml.YAMLError as error:
        raise RuleError(f"{file}:1: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}:1: cannot be read: {error}") from None
    if not isinstance(data, list):
        raise RuleError(f"{file}:1: a rule table is a list of entries")
    for number, item in enumerate(data, 1):
        if not isinstance(item, dict):
            raise RuleError(f"{file}:1: entry {number} is not a mapping")
        yield _Entry(item, file, min(item[LINES].values(), default=1))


def _names(record: Record) -> Iterator[tuple[str, str, str]]:
    yield "id", record["id"], "id"
    yield "name", record["torch"], "torch"
    for key in ("aliases", "lookalikes"):
        for alias in record.get(key, ()):
            yield "name", alias, key
    if "method" in record:
        yield "attribute" if record.get("kind") == "attribute" else "method", record["method"], "method"


def _checked(entry: _Entry) -> Record:
    data = entry.data
    for key, value in data.items():
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            raise entry.error(
                f"unknown key {key!r}" + (f"; did you mean {near[0]!r}?" if near else ""), str(key)
            )
        if not isinstance(value, KEYS[key]):
            raise entry.error(f"{key!r} cannot be {value!r}", key)
    for key in ("id", "torch"):
        if key not in data:
            raise entry.error(f"an entry needs {key!r}")
    if not re.fullmatch(r"[A-Z]+\d{3,}", data["id"]):
        raise entry.error(f"an id looks like TR0412, not {data['id']!r}", "id")
    if data.get("kind", "function") not in KINDS:
        raise entry.error(f"unknown kind {data['kind']!r}", "kind")
    record = dict(data)
    if "params" in data:
        record["params"] = _params(entry, data["params"])
    _check_words(entry, record)
    _check_args(entry, record)
    record["variants"] = _variants(entry, record)
    record.pop("tf", None)
    if "keras" in record:
        record["keras"] = [_variant(entry, record, v, "keras") for v in record["keras"]]
    _check_use(entry, record)
    _check_examples(entry, record)
    return record


def _params(entry: _Entry, params: Any) -> list[list[str | None]]:
    """`input, dim=None, *, dtype=None` as [name, default, kind], by Python's own parser."""
    text = params if isinstance(params, str) else ", ".join(str(p) for p in params)
    try:
        source = f"lambda {text}: 0"
        compile(source, "params", "eval")  # the parser alone lets a name stand twice
        tree = ast.parse(source, mode="eval").body
        assert isinstance(tree, ast.Lambda)
    except (SyntaxError, AssertionError):
        raise entry.error(f"params are not a Python parameter list: {text}", "params") from None
    args = tree.args
    defaults = [None] * (len(args.args) - len(args.defaults)) + [ast.unparse(d) for d in args.defaults]
    result: list[list[str | None]] = [
        [a.arg, d, "positional"] for a, d in zip(args.args, defaults, strict=True)
    ]
    if args.vararg:
        result.append([args.vararg.arg, None, "varargs"])
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        result.append([arg.arg, ast.unparse(default) if default else None, "keyword"])
    return result


def _check_words(entry: _Entry, record: Record) -> None:
    declared = {p[0] for p in record.get("params", ())}
    layout = record.get("layout", "plain")
    word, _, name = layout.partition(":")
    known = word in LAYOUTS and (not name or word in ("hook", "axis"))
    if (
        not known
        or (word == "hook" and name not in LAYOUT_HOOKS)
        or (word == "axis" and name not in declared)
    ):
        raise entry.error(f"unknown layout {layout!r}", "layout")
    returns = record.get("returns", "tensor")
    word, _, name = returns.partition(":")
    if word not in RETURNS or (word == "hook" and name not in LAYOUT_HOOKS):
        raise entry.error(f"unknown returns {returns!r}", "returns")
    fidelity = record.get("fidelity", "exact")
    if fidelity not in ("exact", "tolerance", "changed", "ambiguous"):
        raise entry.error(f"unknown fidelity {fidelity!r}", "fidelity")
    variants = record.get("variants", ())
    if fidelity != "exact" and not record.get("why") and not any(variant.get("why") for variant in variants):
        raise entry.error(f"fidelity {fidelity!r} needs a why", "fidelity")
    if record.get("refuse") and not record.get("instead"):
        raise entry.error("a refused API needs 'instead'", "refuse")


def _check_args(entry: _Entry, record: Record) -> None:
    declared = {p[0] for p in record.get("params", ())}
    args = record.get("args", {})
    for name, spec in args.items():
        if name not in declared:
            raise entry.error(f"args for {name!r}, which is no parameter", "args")
        if not isinstance(spec, dict) or not spec or set(spec) - {"to", "by", "map", "otherwise"}:
            raise entry.error(f"args of {name!r} have the keys to, by, map, otherwise", "args")
        if "by" in spec and spec["by"] not in HOOKS:
            raise entry.error(f"unknown hook {spec['by']!r}", "args")
    # JSON has only strings as keys: maps are kept as pairs
    if args:
        record["args"] = {
            n: {k: list(v.items()) if k == "map" else v for k, v in s.items()} for n, s in args.items()
        }


def _variants(entry: _Entry, record: Record) -> list[Record]:
    ways = [key for key in ("tf", "variants", "refuse") if key in record]
    if len(ways) != 1:
        raise entry.error("an entry has one of 'tf', 'variants' and 'refuse'")
    if ways == ["refuse"]:
        return []
    if ways == ["tf"]:
        return [_variant(entry, record, {"tf": record["tf"]}, "tf")]
    variants = [_variant(entry, record, v, "variants") for v in record["variants"]]
    if any("when" not in v for v in variants[:-1]):
        raise entry.error("only the last variant may lack 'when'", "variants")
    return variants


def _variant(entry: _Entry, record: Record, variant: Any, key: str) -> Record:
    if (
        not isinstance(variant, dict)
        or set(variant) - {"when", "tf", "why", "drifts"}
        or not isinstance(variant.get("tf"), str)
    ):
        raise entry.error("a variant has 'tf', and may have 'when', 'why' and 'drifts'", key)
    if variant.get("drifts") and not variant.get("why"):
        raise entry.error("a variant that drifts needs a why", key)
    declared = {p[0] for p in record.get("params", ())}
    for word, subject in variant.get("when", {}).items():
        if word not in CONDITIONS:
            near = difflib.get_close_matches(word, CONDITIONS, 1)
            raise entry.error(
                f"unknown condition {word!r}" + (f"; did you mean {near[0]!r}?" if near else ""), key
            )
        if not isinstance(subject, dict | list):
            raise entry.error(f"the condition {word!r} takes names", key)
        for name in subject:
            if name not in declared and name != "data_format":
                raise entry.error(f"a condition on {name!r}, which is no parameter", key)
    template = Template.parse(variant["tf"])
    renamed = {name: spec.get("to", name) for name, spec in record.get("args", {}).items()}
    known = {renamed.get(name, name) for name in declared} | {"data_format"}
    for name in template.placeholders:
        if name not in known:
            raise entry.error(f"{{{name}}} in a template is no parameter", key)
    try:
        ast.parse(template.skeleton().strip(), mode="eval")
    except SyntaxError:
        raise entry.error(f"the template is not a Python expression: {template.text}", key) from None
    for piece in template.pieces:
        if isinstance(piece, str) and ("{" in piece or "}" in piece) and piece not in "{}":
            raise entry.error(f"a brace in the template is no placeholder: {template.text}", key)
    for name in template.placeholders:
        if template.placeholders.count(name) > 1 and name not in record.get("simple", ()):
            raise entry.error(f"{{{name}}} occurs more than once and is not in 'simple'", key)
    return dict(variant)


def _check_use(entry: _Entry, record: Record) -> None:
    """A parameter that nothing reads would be lost without a word."""
    if record.get("refuse") or record.get("kind") in ("layer", "class"):
        return
    used = set(record.get("drop", ()))
    for variant in record["variants"]:
        used |= set(Template.parse(variant["tf"]).placeholders)
        for subject in variant.get("when", {}).values():
            used |= set(subject)
    for param in record.get("params", ()):
        name = record.get("args", {}).get(param[0], {}).get("to", param[0])
        if name not in used and param[0] not in used:
            message = f"the parameter {param[0]!r} is never used; if it may be ignored, list it in 'drop'"
            raise entry.error(message, "params")


def _check_examples(entry: _Entry, record: Record) -> None:
    for example in record.get("examples", ()):
        if not isinstance(example, dict) or "call" not in example or set(example) - EXAMPLE_KEYS:
            raise entry.error("an example has 'call' and 'with'", "examples")
        try:
            ast.parse(example["call"], mode="eval")
        except SyntaxError:
            raise entry.error(
                f"the example is not a Python expression: {example['call']}", "examples"
            ) from None
        for name, spec in example.get("with", {}).items():
            if not EXAMPLE_SPEC.fullmatch(spec):
                raise entry.error(f"an example's {name} looks like f32[2,3]:pos, not {spec!r}", "examples")
