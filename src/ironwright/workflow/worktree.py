"""A run's workspace: the worktree on its own branch, the agent's git directory, and snapshots of the two."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ironwright.host.agent_gitdir import AgentGitDir, Identity, make_agent_gitdir
from ironwright.host.git import Repository
from ironwright.host.sandbox import Mount, Sandbox
from ironwright.records.errors import RepositoryError, RunError, StorageError

INNER_REPOSITORY = "/w/repo"
INNER_TARGET = "/w/target"

# Written into the worktree by the harness's shell tool, never part of the work.
_NOT_WORK = (".", ":(exclude,top).pydantic-ai-harness")


_CHECKSUM_BYTES = 20
"""Of an index with SHA-1; with SHA-256 they are the last part of its 32."""


_ALL_FILES = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.sparseCheckout",
    "GIT_CONFIG_VALUE_0": "false",
}
"""Environment for git on a run's worktree: a user's sparse checkout is not handed on to it."""


@dataclass(frozen=True)
class Workspace:
    """Everything of one run that lies outside the user's checkout.

    ``area`` holds ``<run-id>/`` (the worktree), ``git/`` (the agent's git directory), ``target/`` (the
    agent's build output), ``objects/`` (snapshots and commits until they are delivered) and ``index``.

    Attributes:
        repository: The user's repository.
        run_id: The run's id.
        branch: The run's branch, without ``refs/heads/``.
        base: The commit it starts from.
        area: The run's folder among the project's worktrees.
        identity: Who commits.
        store: Where snapshots and commits are kept; None for a folder of its own.
        root: The commit of the user's repository that the worktree is made at, where the base is only in
            ``store``; empty for the base.
    """

    repository: Repository
    run_id: str
    branch: str
    base: str
    area: Path
    identity: Identity
    store: Path | None = None
    root: str = ""
    _index: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)
    _written: dict[bytes, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def tree(self) -> Path:
        """The worktree."""
        return self.area / self.run_id

    @property
    def target(self) -> Path:
        """The agent's own build output; gates never read it."""
        return self.area / "target"

    @property
    def host_gitdir(self) -> Path:
        """The worktree's git directory inside the user's repository; the agent cannot reach it."""
        return self.repository.common_dir / "worktrees" / self.run_id

    @cached_property
    def objects(self) -> Repository:
        """The repository with the run's own object folder, so that undelivered work leaves nothing behind."""
        return self.repository.with_objects(self.store or self.area / "objects")

    @cached_property
    def agent_gitdir(self) -> AgentGitDir:
        """The agent's git directory, as it was made."""
        listing = self.area / "borrowed"
        borrowed = tuple(Path(line) for line in listing.read_text(encoding="utf-8").splitlines())
        return AgentGitDir(self.area / "git", self.tree, borrowed)

    def mounts(self, sandbox: Sandbox) -> tuple[Mount, ...]:
        """What the agent's sandbox shows: tree and target writable, the user's objects read-only.

        The worktree's ``.git`` file is read-only too where the sandbox can do that; elsewhere the agent can
        only spoil its own git by changing it, as no git of ours asks that file.
        """
        gitdir = self.agent_gitdir
        pointer = Mount(self.tree / ".git", f"{INNER_REPOSITORY}/.git")
        return (
            Mount(self.tree, INNER_REPOSITORY, writable=True),
            Mount(self.target, INNER_TARGET, writable=True),
            Mount(gitdir.folder, str(gitdir.folder), writable=True),
            *(Mount(folder, str(folder)) for folder in gitdir.borrowed),
            *((pointer,) if sandbox.moves_folders else ()),
        )

    def prepare(self) -> None:
        """Make the worktree on its branch and the agent's git directory; an interrupted try is redone.

        Raises:
            RepositoryError: git cannot make the worktree or the branch.
            RunError: The folder cannot be written.
        """
        self._discard()
        if self._branch_commit() is not None:
            self.repository.git("branch", "--quiet", "-D", self.branch)
        try:
            for folder in (self.area, self.target):
                folder.mkdir(parents=True, exist_ok=True)
            self.repository.add_worktree(self.tree, self.branch, self.root or self.base, _ALL_FILES)
            if not self.host_gitdir.is_dir():
                raise RepositoryError(
                    "git made the worktree under another name than asked for",
                    where=str(self.host_gitdir),
                    advice="Run `git worktree prune` and start the run again.",
                )
            shutil.copyfile(self.host_gitdir / "index", self.area / "index")
            if self.root:
                self.objects.git(
                    "read-tree", "--reset", "-u", self.base, env=self._environment, cwd=self.tree
                )
            made = make_agent_gitdir(
                self.objects if self.root else self.repository,
                self.area / "git",
                self.tree,
                self.branch,
                self.base,
                self.identity,
            )
            (self.area / "borrowed").write_text("".join(f"{path}\n" for path in made.borrowed))
            self.__dict__.pop("agent_gitdir", None)
        except OSError as error:
            self._discard()
            raise StorageError(
                f"the run's worktree cannot be written ({error.strerror})",
                where=str(self.area),
                advice="Free some space, or point IRONWRIGHT_STATE_HOME at another place.",
            ) from error

    def take_up(self) -> None:
        """Take the worktree over from a process that died: it is there, and free of a dead git's locks.

        Raises:
            RunError: It was removed.
        """
        if not self.tree.is_dir() or not self.host_gitdir.is_dir() or not self.agent_gitdir.folder.is_dir():
            raise RunError(
                "the run's worktree is gone, so it cannot go on",
                where=str(self.tree),
                advice="Start a new run with the same task.",
            )
        for lock in (self.area / "index.lock", self.agent_gitdir.folder / "index.lock"):
            lock.unlink(missing_ok=True)

    def state(self) -> str:
        """A snapshot of the worktree and of the agent's HEAD: ``<tree>@<commit>``.

        Ignored files are not part of it. Two equal states mean that nothing that a run could deliver changed.
        """
        tree = self.snapshot()
        try:
            head = self.agent_gitdir.head() or self.base
        except RepositoryError:
            head = ""  # the agent broke its own git directory; its files are still what they are
        return f"{tree}@{head}"

    def snapshot(self) -> str:
        """Write the worktree's files (untracked ones too, ignored ones not) as a tree; returns its id."""
        with self._index:  # git locks an index by failing; tool calls may run at the same time
            return self._snapshot()

    def restore(self, state: str) -> None:
        """Bring the worktree and the agent's HEAD back to a state."""
        tree, _, head = state.partition("@")
        with self._index:
            self._snapshot()
            self.objects.git("read-tree", "--reset", "-u", tree, env=self._environment, cwd=self.tree)
        if head:
            self.agent_gitdir.set_head(self.branch, head)

    def restore_paths(self, state: str, paths: Sequence[str]) -> None:
        """Bring some files back to a state; those that it does not have are removed."""
        tree = state.partition("@")[0]
        listing = b"\0".join(os.fsencode(path) for path in paths)
        with self._index:
            self._snapshot()
            self.objects.git(
                "restore", f"--source={tree}", "--staged", "--worktree",
                "--pathspec-from-file=-", "--pathspec-file-nul",
                stdin=listing,
                env={**self._environment, "GIT_LITERAL_PATHSPECS": "1"},
                cwd=self.tree,
            )  # fmt: skip

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """The paths that differ between two states, relative to the worktree."""
        trees = [state.partition("@")[0] for state in (before, after)]
        if trees[0] == trees[1]:
            return ()
        listing = self.objects.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", *trees).stdout
        return tuple(os.fsdecode(path) for path in listing.split(b"\0") if path)

    def tree_at(self, commit: str) -> str | None:
        """The tree of a commit of the base's history or of the agent's own; None where it cannot be read."""
        if commit != self.base:
            try:
                self.agent_gitdir.import_commits(self.objects, self.base, commit)
            except RepositoryError:
                return None
        return self.objects.tree_of(commit)

    def remove(self) -> None:
        """Remove the worktree and everything beside it; the branch stays."""
        self._discard()

    def withdraw(self) -> None:
        """Remove everything, the branch too where nothing was ever put on it."""
        self._discard()
        if self._branch_commit() == (self.root or self.base):
            self.repository.git("branch", "--quiet", "-D", self.branch)

    def hand_back(self) -> None:
        """Leave the worktree for a person to look at: an ordinary git worktree of the user's repository."""
        if not self.tree.is_dir():  # a person removed it meanwhile
            return
        self._point_at_host()
        settings = self.host_gitdir / "config.worktree"  # where git copied a sparse checkout's settings to
        if settings.exists():
            self.repository.git("config", "--file", str(settings), "core.sparseCheckout", "false")
        shutil.rmtree(self.target, ignore_errors=True)

    def _snapshot(self) -> str:
        self.objects.git("add", "--all", "--", *_NOT_WORK, env=self._environment, cwd=self.tree)
        known = self._written.get(_checksum(self.area / "index"))
        if known is not None:
            return known
        tree = self.objects.git("write-tree", env=self._environment, cwd=self.tree).text.strip()
        self._written.clear()
        if checksum := _checksum(self.area / "index"):
            self._written[checksum] = tree
        return tree

    def _branch_commit(self) -> str | None:
        ref = f"refs/heads/{self.branch}"
        done = self.repository.git("rev-parse", "--verify", "--quiet", ref, check=False)
        return done.text.strip() or None

    def _discard(self) -> None:
        if self.tree.exists() or self.host_gitdir.exists():
            if self.tree.is_dir() and self.host_gitdir.is_dir():
                self._point_at_host()
            self.repository.remove_worktree(self.tree)
        if self.host_gitdir.exists():  # half made, or its folder was gone: git's note of it is what is left
            shutil.rmtree(self.host_gitdir)
        if self.area.exists():
            shutil.rmtree(self.area)

    def _point_at_host(self) -> None:
        """Make the worktree's ``.git`` file git's own again, whatever the agent put there."""
        place = self.tree / ".git"
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        fresh = self.area / "gitfile"
        fresh.write_text(f"gitdir: {self.host_gitdir}\n")
        fresh.replace(place)

    @property
    def _environment(self) -> Mapping[str, str]:
        """Git on the worktree by the directory that the agent cannot write, not by its ``.git`` file."""
        return {
            "GIT_DIR": str(self.host_gitdir),
            "GIT_WORK_TREE": str(self.tree),
            "GIT_INDEX_FILE": str(self.area / "index"),
            # What the agent writes outside of a user's sparse checkout is work as well.
            **_ALL_FILES,
        }


def _checksum(index: Path) -> bytes:
    """The digest of an index's content, with which git ends it; empty where git was told to leave it out."""
    try:
        with open(index, "rb") as file:
            file.seek(-_CHECKSUM_BYTES, os.SEEK_END)
            checksum = file.read()
    except OSError:
        return b""
    return checksum if any(checksum) else b""


def workspace_for(
    repository: Repository, run_id: str, branch: str, base: str, worktrees: Path, identity: Identity
) -> Workspace:
    """The workspace of a run; nothing is made yet."""
    return Workspace(repository, run_id, branch, base, worktrees / run_id, identity)
