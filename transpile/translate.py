"""Parse the source, infer what every expression is, rewrite it by rule, say what is risky, print it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst

from transpile.diagnostics import Diagnostic, SourceError
from transpile.emit import HEADING, support_source
from transpile.formatting import formatted
from transpile.partial import Cut, cut, dropped
from transpile.source.text import decode

__all__ = ["Translation", "support_source", "translate"]

# What this program wrote itself is done: it carries the copied section, or imports the folder's support module.
_TRANSLATED = re.compile(rf"^{re.escape(HEADING)}|^from \.*_torch_support import ", re.MULTILINE)
_TORCH = re.compile(r"\btorch\b|\beinops\b")


@dataclass
class Translation:
    """A translated module: its code, what there is to say about it, and the layouts of its functions' tensors."""

    code: str
    diagnostics: list[Diagnostic] = field(default_factory=list)
    signatures: dict[str, dict[str, Any]] = field(default_factory=dict)
    supports: frozenset[str] = frozenset()


def translate(
    source: str | bytes,
    *,
    filename: str = "<string>",
    data_format: str = "channels_last",
    rules: Sequence[str | Path] = (),
    exact_training: bool = False,
    support_module: str | None = None,
    format_code: bool = True,
    facts: Mapping[str, Any] | None = None,
) -> Translation:
    """Translate one module of PyTorch source to TensorFlow/Keras source.

    `support_module` is where the output imports its support definitions from; without it they are copied in.
    `facts` is what other files of the project have told about this one (transpile.project.facts).

    Raises SourceError where the text cannot be parsed, ValueError for a data_format that is none.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format must be channels_last or channels_first, not {data_format!r}")
    text = decode(source).text if isinstance(source, bytes) else source
    if (not _TORCH.search(text) and not facts) or _TRANSLATED.search(text):
        return Translation(text)
    kept = cut(text)
    tree = parse(kept.text)

    try:
        return _translated(tree, kept, filename, data_format, rules, support_module, format_code, facts)
    except RecursionError:
        raise SourceError("the source is nested too deeply to be translated", 1, 1) from None


def _translated(
    tree: cst.Module, kept: Cut, filename: str, data_format: str, rules: Sequence[str | Path],
    support_module: str | None, format_code: bool, facts: Mapping[str, Any] | None,
) -> Translation:  # fmt: skip
    from transpile.hazards import say
    from transpile.infer.module import infer
    from transpile.infer.signatures import signatures
    from transpile.rewrite.module import rewrite
    from transpile.rulebook import load

    text = kept.text
    run = infer(tree, text, load([Path(r) for r in rules]), data_format=data_format, facts=facts)
    context, output = rewrite(
        run, tree, text, data_format=data_format, support_module=support_module, supports=kept.used
    )
    diagnostics = say(context, tree, filename)
    code = dropped(output.code) if kept.found else output.code
    if format_code:
        code = formatted(text, code)
    return Translation(code, diagnostics, signatures(run), frozenset(context.supports))


def parse(text: str) -> cst.Module:
    """The concrete syntax tree of a module. Raises SourceError."""
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise SourceError(error.message.split("\n")[0], error.raw_line, error.raw_column + 1) from None
    except RecursionError:
        raise SourceError("the source is nested too deeply to be parsed", 1, 1) from None
