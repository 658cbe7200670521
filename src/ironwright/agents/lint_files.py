"""Chooses the files that lint looks at: what a user names, what is below a folder, what a project has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ironwright.agents.find import project_definitions
from ironwright.agents.goose import RECIPE_FOLDERS, RECIPE_SUFFIXES
from ironwright.agents.opencode import is_config
from ironwright.agents.package import MANIFEST
from ironwright.agents.plugins import MARKETPLACE_FILE, PLUGIN_FILE
from ironwright.records.errors import DefinitionError

_LEFT_OUT = frozenset((".git", "node_modules", "target", ".venv", "__pycache__", ".ironwright"))
_MANIFESTS = frozenset((Path(PLUGIN_FILE).name, Path(MARKETPLACE_FILE).name))


def lintable_files(paths: Sequence[Path], project_root: Path) -> Iterator[tuple[Path, Path | None, bool]]:
    """Each file once, with the folder that was named for it, and whether it was named itself.

    Raises:
        DefinitionError: A path does not exist, or a folder that was named holds no definition file.
    """
    if not paths:
        yield from ((path, None, False) for path in project_definitions(project_root))
        return
    seen: set[Path] = set()
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  (pathlib raises for names that no file can have)
            raise DefinitionError(
                "there is no such file or folder", where=str(path), advice="Check the path's spelling."
            )
        folder = path if path.is_dir() and not _inside(path, project_root) else None
        below = tuple(_below(path)) if path.is_dir() else (path,)
        if not below:
            raise DefinitionError(
                "there is no Markdown file in this folder",
                where=str(path),
                advice="Name the files themselves where they end otherwise.",
            )
        for file in below:
            if file not in seen:
                seen.add(file)
                yield file, folder, not path.is_dir()


def _inside(path: Path, root: Path) -> bool:
    return path.absolute().is_relative_to(root.absolute())


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder that may be definitions, by path; links to folders are not followed."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        here = Path(base)
        for name in sorted(names):
            path = here / name
            if (
                name.endswith(".md")
                or name == MANIFEST
                or is_config(path)
                or (name in _MANIFESTS and here.name == Path(PLUGIN_FILE).parent.name)
                or (path.suffix.lower() in RECIPE_SUFFIXES and here.as_posix().endswith(RECIPE_FOLDERS))
            ):
                yield path
