"""Live progress for people on one stream: what is being done now and for how long, and what is settled."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ironwright.reporting import figures
from ironwright.reporting.untrusted import printable

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

_SHORTEST_SECONDS = 0.15
"""A step that ends sooner is never drawn: a cached check must not flicker."""


class Progress:
    """Tells people what is going on; programs read stdout and never see it.

    On a terminal the current step is one line that is redrawn and finally removed; elsewhere every step
    is a plain line with the time since the start; silent, there is nothing.

    Args:
        stream: Where it is written, normally stderr.
        silent: Write nothing at all.
        color: Whether escape sequences may appear (a redrawn line needs them as well).
    """

    def __init__(self, stream: TextIO, *, silent: bool = False, color: bool = False) -> None:
        self._stream = stream
        self._silent = silent
        self._live = color and not silent and stream.isatty()
        self._start = time.monotonic()
        self._lock = threading.RLock()
        self._status: Status | None = None
        self._timer: threading.Timer | None = None
        self._message = ""
        self._last_line = ""
        self._step_start = self._start

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self, message: str) -> None:
        """Say what is being done from now on; it replaces the step before."""
        message = printable(message)
        with self._lock:
            if self._silent or message == self._message:
                return
            self._message = message
            self._step_start = time.monotonic()
            if not self._live:
                self._write_line(message)
            elif self._status is None:
                self._cancel_timer()
                self._timer = threading.Timer(_SHORTEST_SECONDS, self._show)
                self._timer.daemon = True
                self._timer.start()
            else:
                self._status.update(self._text())

    def note(self, message: str) -> None:
        """Write a line that stays."""
        with self._lock:
            if self._silent:
                return
            message = printable(message)
            if self._status is not None:
                from rich.text import Text

                self._status.console.print(Text(message), soft_wrap=True)
            elif self._live:
                self._stream.write(f"{message}\n")
                self._stream.flush()
            else:
                self._write_line(message)

    def close(self) -> None:
        """Remove the live line; nothing is written afterwards unless a new step begins."""
        with self._lock:
            self._cancel_timer()
            self._message = ""
            if self._status is not None:
                self._status.stop()
                self._status = None

    def _show(self) -> None:
        from rich.console import Console
        from rich.status import Status

        with self._lock:
            if self._timer is None or self._status is not None:
                return
            self._timer = None
            console = Console(file=self._stream, highlight=False, markup=False, emoji=False)
            self._status = Status(self._text(), console=console, refresh_per_second=8)
            self._status.start()

    def _text(self) -> _Elapsed:
        return _Elapsed(self._message, self._step_start)

    def _write_line(self, message: str) -> None:
        if message == self._last_line:
            return  # a step that is settled at once would otherwise stand there twice
        self._last_line = message
        elapsed = figures.duration(time.monotonic() - self._start)
        self._stream.write(f"[{elapsed:>9}] {message}\n")
        self._stream.flush()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Elapsed:
    """A message with the seconds since it began, counted anew at every drawing (rich's protocol)."""

    def __init__(self, message: str, start: float) -> None:
        self._message = message
        self._start = start

    def __rich__(self) -> Text:
        from rich.text import Text

        seconds = int(time.monotonic() - self._start)
        elapsed = f"  {figures.duration(seconds).replace('.0 s', ' s')}" if seconds else ""
        return Text.assemble(self._message, (elapsed, "dim"), no_wrap=True, overflow="ellipsis")
