"""Starts a process of our own that outlives us: no terminal, no open files of ours, its own session."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ironwright.records.errors import ToolError


def start_background(argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Start a process and leave it to itself; signals of our terminal do not reach it.

    Args:
        argv: The command and its arguments.
        log: Where its stdout and stderr go; appended to.
        env: Its whole environment; None passes on ours.

    Returns:
        Its process id.

    Raises:
        ToolError: It cannot be started, or the log cannot be written.
    """
    try:
        with open(log, "ab") as output:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if env is None else dict(env),
                start_new_session=True,
                cwd="/",
            )
    except OSError as error:
        raise ToolError(
            f"{argv[0]} could not be started: {error.strerror or error}", where=str(log)
        ) from error
    # It is not waited for: a zombie that ends before us is reaped when we end.
    process.returncode = 0
    return process.pid
