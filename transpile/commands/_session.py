"""What a translating command has found, and how it says so: as it goes along for people, at the end for programs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transpile.commands._output import exit_status, file_report, say
from transpile.project.job import Outcome
from transpile.project.plan import File
from transpile.report import FileReport, render
from transpile.report.look import Look, look_for

if TYPE_CHECKING:
    from transpile.report.html import Page

_MANY = 8  # files from which on a progress bar is shown


class Session:
    """One run of a command. `stream` is where what is said goes."""

    def __init__(
        self,
        style: str = "text",
        fail_on: str = "error",
        html: Path | None = None,
        level: int = 0,
        color: str = "auto",
    ) -> None:
        self.style = style
        self.fail_on = fail_on
        self.html = html
        self.level = level
        self.color = color
        self.stream: Any = sys.stdout
        self.reports: list[FileReport] = []
        self.pages: list[Page] = []
        self._bar: Any = None

    def look(self, stream: Any = None) -> Look:
        """The look of a stream, the session's own where none is named."""
        return look_for(self.stream if stream is None else stream, self.color, self.level)

    def found(
        self, file: File, outcome: Outcome, written: Path | None = None, data: bytes | None = None
    ) -> None:
        """Take up what came of a file; in text style it is said at once. `data` is the content of no file."""
        report = file_report(file, outcome, written, data)
        if file.source.suffix in (".py", ".ipynb") or report.diagnostics or data is not None:
            self.reports.append(report)
            if self.html is not None and file.source.suffix != ".ipynb":
                self.pages.append(_page(report, outcome))
        if self.style == "text":
            from transpile.report.text import file_text

            self.say(file_text(report, self.look()))

    def say(self, text: str) -> None:
        """Write a text, above a progress bar where there is one."""
        if self._bar is not None and text and self.stream.isatty():
            from rich.text import Text

            self._bar.console.print(Text.from_ansi(text), end="", soft_wrap=True)
        else:
            say(text, self.stream)

    def end(self) -> int:
        """Say the rest, write the page, and return the exit status."""
        if self.style == "text":
            from transpile.report.text import summary

            say(summary(self.reports, self.look()), self.stream)
        else:
            say(render(self.style, self.reports), self.stream)
        if self.html is not None:
            from transpile.project.writing import write
            from transpile.report.html import render as page

            write(self.html, page(self.pages, self.html.stem).encode(), None)
        return exit_status(self.reports, self.fail_on)

    @contextlib.contextmanager
    def progress(self, total: int) -> Iterator[Callable[[], None]]:
        """Inside, the function given is told of every file that is done."""
        if total < _MANY or self.level < 0 or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("translating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=total)
            self._bar = bar
            try:
                yield lambda: bar.advance(task)
            finally:
                self._bar = None


def _page(report: FileReport, outcome: Outcome) -> Page:
    from transpile.report.html import Page
    from transpile.source.text import decode

    after = None if outcome.data is None else decode(outcome.data).text
    return Page(report.path, report.source or "", after, report.diagnostics, report.output)
