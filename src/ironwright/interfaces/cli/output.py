"""The two streams: answers on stdout and nothing else there, everything for people on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar

import click

from ironwright.interfaces.cli.failure import silence
from ironwright.records.errors import IronwrightError
from ironwright.reporting.canvas import Screen
from ironwright.reporting.progress import Progress

Command = TypeVar("Command", bound=Callable[..., Any])

_WIDTH_WITHOUT_TERMINAL = 100


class OutputError(IronwrightError):
    """What was found cannot be written."""


@dataclass(frozen=True, slots=True)
class Output:
    """How a command answers.

    Attributes:
        format: ``terminal``, ``json`` or ``markdown``.
        quiet: No progress and no remarks on stderr; errors are still told.
        color: What the user asked for: False for ``--no-color``, None for "where it makes sense".
    """

    format: str = "terminal"
    quiet: bool = False
    color: bool | None = None

    def screen(self) -> Screen:
        """What text for people on stdout may use."""
        import shutil

        width = shutil.get_terminal_size((_WIDTH_WITHOUT_TERMINAL, 24)).columns
        return Screen(width=min(width, 140), color=self._may_color(sys.stdout))

    def progress(self) -> Progress:
        """Live progress on stderr."""
        return Progress(sys.stderr, silent=self.quiet, color=self._may_color(sys.stderr))

    def remark(self, text: str) -> None:
        """Tell people something on stderr."""
        from ironwright.reporting.untrusted import printable

        if not self.quiet:
            click.echo(printable(text), err=True)

    def answer(self, text: str) -> None:
        """Write the command's answer to stdout; a reader that has gone is no error.

        Raises:
            OutputError: It cannot be written (a full disk behind a redirection).
        """
        try:
            sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            silence(sys.stdout)
        except UnicodeEncodeError:
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
            sys.stdout.flush()
        except OSError as error:
            silence(sys.stdout)
            raise OutputError(
                f"the answer could not be written ({error.strerror})",
                where="stdout",
                advice="Make room, or write it elsewhere.",
            ) from error

    def _may_color(self, stream: TextIO) -> bool:
        """NO_COLOR and a dumb or missing terminal switch colour off, as does ``--no-color``."""
        if self.color is not None:
            return self.color
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def output_options(*formats: str) -> Callable[[Command], Command]:
    """Add ``--format``, ``--quiet`` and ``--no-color``; the command gets one ``output``.

    Args:
        *formats: The formats that it has, the default first.
    """

    def decorate(command: Command) -> Command:
        import functools

        @functools.wraps(command)
        def wrapped(*args: Any, format: str, quiet: bool, no_color: bool, **kwargs: Any) -> Any:
            output = Output(format=format, quiet=quiet, color=False if no_color else None)
            return command(*args, output=output, **kwargs)

        options = (
            click.option(
                "--format",
                type=click.Choice(formats),
                default=formats[0],
                show_default=True,
                help="How the answer is written to stdout.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="No progress on stderr."),
            click.option("--no-color", is_flag=True, help="No colour (NO_COLOR is respected as well)."),
        )
        decorated: Any = wrapped
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate
