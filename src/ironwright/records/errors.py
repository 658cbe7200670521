"""The tree of errors that a user can meet, and the exit codes that go with them."""

from __future__ import annotations

import errno
from enum import IntEnum

MACHINE_REFUSALS = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EMFILE)
)
"""System errors with which the machine itself refuses (a full disk, no rights): no mistake of the program."""


class ExitCode(IntEnum):
    """What the process says to its caller; documented in the README."""

    PASS = 0
    GATES_FAILED = 1
    WRONG_USE = 2
    COULD_NOT_TELL = 3
    INTERRUPTED = 130


class IronwrightError(Exception):
    """Something the user can understand and act on; never shown with a traceback.

    Args:
        what: What is wrong, as one sentence without a final full stop.
        where: The file (and line, as ``file:line``) or the thing it is about; may be empty.
        advice: What to do about it; may be empty only where nothing can be done.
    """

    exit_code: ExitCode = ExitCode.WRONG_USE

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n  {self.advice}" if self.advice else head


class RepositoryError(IronwrightError):
    """The repository, a revision, or the state of the tree does not allow what was asked."""


class DefinitionError(IronwrightError):
    """An agent, command or snippet cannot be used; ``where`` names file and line."""


class ContractError(IronwrightError):
    """A contract or its lock cannot be used (stale, malformed, unknown gate or parameter)."""


class ConfigError(IronwrightError):
    """``ironwright.toml`` or an option has a value that cannot be used."""


class ModelError(IronwrightError):
    """No usable model, or a provider that answered with an error that retrying does not cure."""

    exit_code = ExitCode.COULD_NOT_TELL


class SandboxError(IronwrightError):
    """No sandbox can be built here, or the one asked for cannot be started."""

    exit_code = ExitCode.COULD_NOT_TELL


class ToolError(IronwrightError):
    """An external program (git, cargo, an LLVM tool) is missing or broke."""

    exit_code = ExitCode.COULD_NOT_TELL


class LimitError(IronwrightError):
    """A limit of money, turns or minutes was reached; what was done is kept."""

    exit_code = ExitCode.COULD_NOT_TELL


class RunError(IronwrightError):
    """A run cannot be found, resumed or written (unknown id, damaged journal, full disk)."""


class StorageError(RunError):
    """Something cannot be written (a full disk, a read-only folder); what was finished is kept."""

    exit_code = ExitCode.COULD_NOT_TELL
