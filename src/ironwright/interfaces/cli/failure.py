"""The one place that turns what went wrong into a message for people and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from ironwright.records.errors import ExitCode, IronwrightError

_FOLDERS = "set IRONWRIGHT_CACHE_HOME and IRONWRIGHT_STATE_HOME to folders that can be written"
_ADVICE = {
    errno.ENOSPC: f"Make room, then do it again: what was finished is kept. Or {_FOLDERS}.",
    errno.EDQUOT: f"Your quota is used up: make room, then do it again; or {_FOLDERS}.",
    errno.EROFS: f"It is read-only: {_FOLDERS}.",
    errno.EACCES: f"You may not do this there: see who owns it, or {_FOLDERS}.",
    errno.ENOTDIR: f"There is a file where a folder is needed: move it away, or {_FOLDERS}.",
    errno.EMFILE: "Too many files are open: raise the limit (`ulimit -n`).",
}
"""What to do where the machine itself refuses; everything else is unforeseen."""


def guarded(action: Callable[[], int]) -> int:
    """Run a command and give its exit code; whatever it raises becomes a message on stderr.

    Exit codes: as the command says; 2 for wrong use; the error's own for an
    :class:`~ironwright.records.errors.IronwrightError`; 130 for Ctrl-C and termination; 3 for everything
    unforeseen, whose details go to a file that the message names. What breaks in a thread is told in the
    same way.
    """
    threading.excepthook = _tell_of_thread
    if threading.current_thread() is threading.main_thread():
        # Termination unwinds as Ctrl-C does: what a command started ends with it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _guarded(action)
    except BrokenPipeError:
        # The reader of our messages has gone, too: there is nobody to tell.
        silence(sys.stderr)
        return ExitCode.COULD_NOT_TELL


def silence(*streams: object) -> None:
    """Point streams whose reader has gone at nothing, so that the interpreter's last flush is quiet."""
    for stream in streams:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
            os.close(nowhere)


def _guarded(action: Callable[[], int]) -> int:
    try:
        return int(action())
    except IronwrightError as error:
        tell(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.WRONG_USE
    except click.ClickException as error:
        error.show()
        return ExitCode.WRONG_USE
    except (KeyboardInterrupt, click.Abort):
        click.echo("\ninterrupted", err=True)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        silence(sys.stdout)
        return ExitCode.COULD_NOT_TELL
    except Exception as error:  # noqa: BLE001  (the last resort: no traceback ever reaches a user)
        if isinstance(error, OSError) and error.errno in _ADVICE:
            where, advice = str(error.filename or ""), _ADVICE[error.errno]
            tell(IronwrightError(error.strerror or str(error), where=where, advice=advice))
        else:
            _tell_unforeseen(error)
        return ExitCode.COULD_NOT_TELL


def tell(error: IronwrightError) -> None:
    """Write an error to stderr: where, what, and what to do."""
    from ironwright.reporting.untrusted import printable, printable_lines

    where = f"{printable(error.where)}: " if error.where else ""
    first, *rest = printable_lines(error.what)
    _write(f"error: {where}{first}")
    for line in [*rest, *(printable_lines(error.advice) if error.advice else [])]:
        _write(f"  {line}")


def _write(line: str) -> None:
    """Write one line to stderr, folded between words where a person reads it on a terminal."""
    if sys.stderr.isatty():
        import shutil
        import textwrap

        indent = " " * (len(line) - len(line.lstrip()) or 2)
        width = max(40, shutil.get_terminal_size().columns)
        line = textwrap.fill(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    click.echo(line, err=True)


def _tell_of_thread(failed: threading.ExceptHookArgs) -> None:
    if isinstance(failed.exc_value, Exception):
        _tell_unforeseen(failed.exc_value)


def silence_libraries() -> None:
    """Keep log records and banners of libraries off stderr; what matters reaches people as errors of ours.

    Python would print warnings and worse, with tracebacks, where no program has set logging up; and
    pydantic-ai greets people on a terminal.
    """
    import logging

    os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")
    logging.getLogger().addHandler(logging.NullHandler())


def _tell_unforeseen(error: Exception) -> None:
    from ironwright.reporting.untrusted import printable

    click.echo(f"error: Ironwright itself failed: {type(error).__name__}: {printable(str(error))}", err=True)
    try:
        place = write_crash_file(error)
    except OSError as failure:
        click.echo(f"  The details could not be written ({failure.strerror}).", err=True)
        return
    click.echo(f"  The details are in {place}", err=True)


def write_crash_file(error: Exception) -> Path:
    """Write what is needed to understand an unforeseen failure; readable by the user alone.

    Returns:
        The file, below the user's state folder.

    Raises:
        OSError: It cannot be written.
    """
    import platform
    import traceback

    from ironwright import __version__
    from ironwright.host.clock import now
    from ironwright.records.paths import state_home

    folder = state_home() / "crashes"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = now().replace(":", "").replace("-", "").replace(".", "")
    place = folder / f"{stamp}-{os.getpid()}.txt"
    text = (
        f"ironwright {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {sys.argv[1:]!r}\nfolder: {Path.cwd()}\n\n{''.join(traceback.format_exception(error))}"
    )
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return place
