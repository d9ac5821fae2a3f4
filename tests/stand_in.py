"""A translation in twenty lines with the real one's interface; words in the source ask for what it says."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transpile.diagnostics import Diagnostic, Severity, SourceError

SEVERITIES = {"SAY_NOTE": Severity.INFO, "SAY_WARNING": Severity.WARNING, "SAY_ERROR": Severity.ERROR}


@dataclass
class Translation:
    code: str
    diagnostics: list[Diagnostic]
    signatures: dict[str, Any] = field(default_factory=dict)
    supports: frozenset[str] = frozenset()


def translate(
    source: str | bytes,
    *,
    filename: str = "<string>",
    data_format: str = "channels_last",
    rules: Any = (),
    exact_training: bool = False,
    support_module: str | None = None,
    seen: object = None,
) -> Translation:
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise SourceError(error.msg, error.lineno or 1, error.offset or 1) from None
    assert isinstance(source, str) and "\r" not in source
    if "CRASH" in source:
        raise ZeroDivisionError("asked to")
    found = []
    for number, line in enumerate(source.split("\n"), 1):
        for word, severity in SEVERITIES.items():
            if word in line:
                at = line.index(word) + 1
                end = at + len(word)
                found.append(
                    Diagnostic(
                        "API001", severity, f"{word} stays", filename, number, at, number, end, "Look at it."
                    )
                )
    code = source.replace("import torch", f"import tensorflow  # {data_format}")
    used = frozenset(word for word in ("conv_one", "conv_two") if word in source)
    if used and support_module:
        code = f"from {support_module} import {', '.join(sorted(used))}\n{code}"
    return Translation(code, found, {"Net.call": {"x": "NHWC"}}, used)


def support_source(names: frozenset[str], data_format: str) -> str:
    return f"DATA_FORMAT = {data_format!r}\n" + "".join(f"def {name}(): ...\n" for name in sorted(names))


@dataclass
class Text:
    text: str
    is_package: bool = False


class Project:
    def __init__(
        self, texts: Mapping[str, Text], *, evaluated: Any = (), on_path: Any = (), **options: Any
    ) -> None:
        self.texts = texts
        self.options = options

    def infer(self) -> None:
        pass

    def translation(self, name: str, filename: str, support_module: str | None) -> Translation | None:
        text = self.texts[name].text
        return translate(text, filename=filename, support_module=support_module, **self.options)
