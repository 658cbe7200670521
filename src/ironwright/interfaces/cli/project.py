"""Which project a command is about, for commands that also work outside a repository."""

from __future__ import annotations

from pathlib import Path

from ironwright.records.errors import RepositoryError


def project_root(folder: Path) -> Path:
    """The top of the checkout that a folder lies in, or the folder itself where there is no repository.

    Raises:
        RepositoryError: There is no such folder.
    """
    from ironwright.host.git import open_repository

    if not folder.is_dir():
        raise RepositoryError("there is no such folder", where=str(folder), advice="Give `--repo DIR`.")
    try:
        return open_repository(folder).root
    except RepositoryError:
        # Definitions can be read, listed and linted anywhere; only changes need a repository.
        return folder.resolve()


def in_repository(folder: Path) -> bool:
    """Whether a folder lies in a git repository."""
    from ironwright.host.git import open_repository

    try:
        open_repository(folder)
    except RepositoryError:
        return False
    return True
