"""A watch as people see it: a table that is redrawn in place on a terminal, else a line for each verdict."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ironwright.records.errors import IronwrightError
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Status, Verdict
from ironwright.reporting import figures
from ironwright.reporting.canvas import STATUS_STYLES, Canvas
from ironwright.reporting.untrusted import printable

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.live import Live
    from rich.text import Text

_FINDINGS = 12
"""Findings that the table shows below itself; the whole report has them all."""

_PATHS = 3
_ORDER = {Status.FAIL: 0, Status.UNKNOWN: 1, Status.PASS: 2}


class WatchLines:
    """One line for each verdict and one for each check, for pipes and files.

    Args:
        stream: Where they are written, normally stdout.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._number = 0

    def __enter__(self) -> WatchLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def started(self, number: int, changed: Sequence[str]) -> None:
        """Say which check begins and why."""
        self._number = number
        self._write(f"checking{_because(changed)}")

    def step(self, message: str) -> None:
        """Say nothing: lines are for what is known."""

    def verdict(self, verdict: Verdict) -> None:
        """Write a verdict, and its findings where it did not pass."""
        soft = "" if verdict.strength == "hard" else f" {verdict.strength}"
        self._write(f"{verdict.status.value}{soft} {verdict.gate}: {printable(verdict.reason)}")
        for finding in verdict.findings if verdict.status is not Status.PASS else ():
            where = printable(figures.place(finding))
            self._write(f"  {where + ': ' if where else ''}{printable(finding.message)}")

    def finished(self, report: CheckReport) -> None:
        """Write the whole check's line."""
        self._write(f"{report.status.value}  {figures.summary(report)}  {figures.duration(report.seconds)}")

    def superseded(self) -> None:
        """Say that a check came to nothing."""
        self._write("superseded by a newer edit")

    def failed(self, error: IronwrightError) -> None:
        """Write why no check can be made."""
        self._write(f"cannot check: {_told(error)}")

    def _write(self, line: str) -> None:
        with self._lock:
            self._stream.write(f"[{self._number}] {line}\n")
            self._stream.flush()


class WatchTable:
    """The gates with their verdicts, redrawn in place; those of the check before stay, dimmed, till renewed.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._color = color
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._verdicts: dict[str, Verdict] = {}
        self._fresh: set[str] = set()
        self._heading = ""
        self._step = ""
        self._since = time.monotonic()
        self._report: CheckReport | None = None
        self._error: IronwrightError | None = None

    def __enter__(self) -> WatchTable:
        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=self._stream, highlight=False, markup=False, emoji=False, no_color=not self._color
        )
        self._live = Live(
            get_renderable=self._render, console=console, refresh_per_second=4, vertical_overflow="ellipsis"
        )
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def started(self, number: int, changed: Sequence[str]) -> None:
        """Dim what is known, until it is known again."""
        with self._lock:
            self._fresh.clear()
            self._heading = f"check {number}{_because(changed)}"
            self._step, self._since = "", time.monotonic()
            self._report = self._error = None
        self._draw()

    def step(self, message: str) -> None:
        """Show what is being done."""
        with self._lock:
            self._step = printable(message)

    def verdict(self, verdict: Verdict) -> None:
        """Renew a gate's row."""
        with self._lock:
            self._verdicts[verdict.gate] = verdict
            self._fresh.add(verdict.gate)
        self._draw()

    def finished(self, report: CheckReport) -> None:
        """Show the whole check's verdict and wait for edits."""
        with self._lock:
            self._verdicts = {verdict.gate: verdict for verdict in report.verdicts}
            self._fresh = set(self._verdicts)
            self._report = report
        self._draw()

    def superseded(self) -> None:
        """Show nothing: the next check's heading says what happened."""

    def failed(self, error: IronwrightError) -> None:
        """Show why no check can be made."""
        with self._lock:
            self._error = error
        self._draw()

    def _draw(self) -> None:
        if self._live is not None:
            self._live.refresh()

    def _render(self) -> Group:
        from rich.console import Group
        from rich.table import Table

        with self._lock:
            rows = sorted(self._verdicts.values(), key=lambda found: (_ORDER[found.status], found.gate))
            grid = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
            grid.add_column(no_wrap=True)
            grid.add_column(no_wrap=True)
            grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
            for verdict in rows:
                stale = verdict.gate not in self._fresh
                soft = "" if verdict.strength == "hard" else f" {verdict.strength}"
                grid.add_row(
                    Canvas.text(
                        (verdict.status.value + soft, "dim" if stale else STATUS_STYLES[verdict.status])
                    ),
                    Canvas.text((verdict.gate, "dim" if stale else "")),
                    Canvas.text(
                        (printable(verdict.reason), "dim" if stale or verdict.status is Status.PASS else "")
                    ),
                )
            parts: list[RenderableType] = [
                Canvas.text(("Watching  ", "bold"), self._heading),
                grid,
                *self._findings(rows),
                self._last(),
            ]
        return Group(*parts)

    def _findings(self, rows: Sequence[Verdict]) -> list[Text]:
        found = [
            (finding, verdict)
            for verdict in rows
            if verdict.status is not Status.PASS and verdict.gate in self._fresh
            for finding in verdict.findings
        ]
        lines = []
        for finding, verdict in found[:_FINDINGS]:
            where = printable(figures.place(finding)) or "the change as a whole"
            text = Canvas.text("  ", (where, "cyan"), f"  {verdict.gate}: {printable(finding.message)}")
            text.no_wrap, text.overflow = True, "ellipsis"
            lines.append(text)
        if len(found) > _FINDINGS:
            lines.append(
                Canvas.text((f"  … and {figures.count(len(found) - _FINDINGS, 'more finding')}", "dim"))
            )
        return lines

    def _last(self) -> Text:
        if self._error is not None:
            return Canvas.text(("cannot check  ", "bold yellow"), _told(self._error))
        report = self._report
        if report is None:
            seconds = int(time.monotonic() - self._since)
            text = Canvas.text(
                ("checking  ", "bold cyan"), self._step, (f"  {seconds} s" if seconds else "", "dim")
            )
            text.no_wrap, text.overflow = True, "ellipsis"
            return text
        return Canvas.text(
            (report.status.value, STATUS_STYLES[report.status]),
            f"  {figures.summary(report)}",
            (f"  {figures.duration(report.seconds)}  waiting for edits; Ctrl-C ends", "dim"),
        )


def _because(changed: Sequence[str]) -> str:
    if not changed:
        return ""
    named = ", ".join(printable(path) for path in changed[:_PATHS])
    more = f" and {len(changed) - _PATHS} more" if len(changed) > _PATHS else ""
    return f" after an edit of {named}{more}"


def _told(error: IronwrightError) -> str:
    where = f"{error.where}: " if error.where else ""
    advice = f" {error.advice}" if error.advice else ""
    return printable(f"{where}{error.what}{'' if error.what.endswith('.') else '.'}{advice}")
