"""Keeps a program that a library starts for us from outliving us, and from seeing our environment.

A library that starts a program itself takes a path. :func:`leashed` makes one: a script that starts this
file, which makes itself the leader of a session of its own, asks the kernel to be ended with the thread that
started it, and becomes the program with a chosen environment. Nothing but the standard library may be
imported here: it runs alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_PID = "pid"
_NAMES = "environment.json"
_SCRIPT = "start"


def leashed(program: Path, folder: Path, keep: Sequence[str]) -> Path:
    """Write the script that starts a program on a leash.

    Args:
        program: What is started in the end, with the script's arguments.
        folder: Where the script and the process id are kept; one program at a time.
        keep: The environment variables that the program gets, by name; a name that ends in ``*`` keeps all
            that begin so. Every other variable is dropped.

    Returns:
        The script's path.

    Raises:
        OSError: It cannot be written.
    """
    (folder / _PID).unlink(missing_ok=True)
    (folder / _NAMES).write_text(json.dumps(list(keep)), encoding="utf-8")
    words = [sys.executable, "-I", "-S", str(Path(__file__)), str(os.getpid()), str(folder), str(program)]
    script = folder / _SCRIPT
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return script


def end_leashed(folder: Path) -> None:
    """End the program of a folder with all that it started and did not detach; nothing where none runs.

    Call it before the library waits for the program, so that its number is still its own.
    """
    try:
        group = int((folder / _PID).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return  # it never got so far as to start anything
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _become(parent: int, folder: Path, program: str, arguments: Sequence[str]) -> None:
    """Become the program; returns never."""
    with contextlib.suppress(PermissionError):  # the leader of a group already
        os.setsid()
    ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew what we want
        sys.exit(1)
    waiting = folder / f"{_PID}.new"
    waiting.write_text(str(os.getpid()), encoding="ascii")
    waiting.replace(folder / _PID)
    keep = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
    exact = {name for name in keep if not name.endswith("*")}
    begins = tuple(name[:-1] for name in keep if name.endswith("*"))
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in exact or (begins and name.startswith(begins))
    }
    os.execve(program, [program, *arguments], environment)


if __name__ == "__main__":
    _become(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
