"""The command line: `ironwright` and its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code.

    Args:
        arguments: The words after the program's name; None takes them from the process.
    """
    from ironwright.interfaces.cli.failure import guarded
    from ironwright.interfaces.cli.root import invoke

    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(guarded(lambda: invoke(words)))
