"""A git repository, read without touching the user's checkout and written only by plumbing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from ironwright.host.process import Completed, Limits, run
from ironwright.host.read_objects import ReadObjects
from ironwright.records.change import Commit, FileChange, FileStatus
from ironwright.records.errors import RepositoryError, ToolError

WORKTREE = "WORKTREE"
"""What a user calls the uncommitted state of the checkout."""

_UNBOUNDED = Limits(seconds=600, output_bytes=1 << 40)

# What a repository or its owner may have configured must not run or change what we do: hooks, a file
# system monitor, signing prompts, helpers of diff; and quoting must not change the names we read.
_FIXED = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.untrackedCache=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "advice.detachedHead=false",
)
_OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree.

    Attributes:
        mode: ``100644``, ``100755``, ``120000`` (link) or ``160000`` (submodule).
        oid: The object's id.
    """

    mode: str
    oid: str


@dataclass(frozen=True)
class Repository:
    """A git repository.

    Attributes:
        root: The top of the checkout; for a bare repository its directory.
        git_dir: This checkout's git directory.
        common_dir: The git directory that all worktrees share.
        bare: Whether it has no checkout.
        object_directory: Where new objects are written and looked for besides the repository's own; None
            writes into the repository.
    """

    root: Path
    git_dir: Path
    common_dir: Path
    bare: bool
    object_directory: Path | None = None
    _listed: dict[str, dict[str, Entry]] = field(default_factory=dict, compare=False, repr=False)
    _read: ReadObjects = field(default_factory=ReadObjects, compare=False, repr=False)

    def with_objects(self, folder: Path) -> Repository:
        """The same repository, writing its new objects into a folder of ours."""
        folder.mkdir(parents=True, exist_ok=True)
        return replace(self, object_directory=folder)

    def git(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        check: bool = True,
    ) -> Completed:
        """Run git on this repository with hooks, prompts and the user's index refresh switched off.

        Raises:
            RepositoryError: ``check`` is set and git failed; says what git said.
            ToolError: git is missing.
        """
        environment = clean_git_environment()
        if self.object_directory is not None:
            environment["GIT_OBJECT_DIRECTORY"] = str(self.object_directory)
            environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(self.common_dir / "objects")
        environment.update(env or {})
        fixed = [word for setting in _FIXED for word in ("-c", setting)]
        done = run(
            ["git", *fixed, *arguments],
            cwd=cwd or self.root,
            env=environment,
            stdin=stdin,
            limits=_UNBOUNDED,
            shown_as=["git", *arguments],
        )
        if check and not done.ok:
            said = done.error_text.strip() or f"exit code {done.exit_code}"
            raise RepositoryError(f"git {arguments[0]} failed: {said}", where=str(self.root))
        return done

    def resolve(self, revision: str) -> str:
        """The commit id that a revision names.

        Raises:
            RepositoryError: It names no commit here.
        """
        done = self.git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False
        )
        commit = done.text.strip()
        if done.ok and commit:
            return commit
        if revision == "HEAD":
            raise RepositoryError(
                "the repository has no commits yet",
                where=str(self.root),
                advice="Commit something first: `git add -A && git commit`.",
            )
        raise RepositoryError(
            f"{revision!r} names no commit of this repository",
            where=str(self.root),
            advice="Give a branch, tag or commit id that `git log` knows; a shallow clone may lack it.",
        )

    def tree_of(self, commit: str) -> str:
        """The tree id of a commit."""
        return self.trees_of([commit])[0]

    def trees_of(self, commits: Sequence[str]) -> list[str]:
        """The tree ids of some commits, by their ids."""
        return self.git("rev-parse", *(f"{commit}^{{tree}}" for commit in commits)).text.split()

    def head_branch(self) -> str | None:
        """The checked-out branch's short name; None where HEAD is detached."""
        done = self.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
        return done.text.strip() or None

    def parent(self, commit: str) -> str | None:
        """The first parent, or None for a root commit (or the edge of a shallow clone)."""
        done = self.git("rev-parse", "--verify", "--quiet", f"{commit}^", check=False)
        return done.text.strip() or None

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None where the histories share nothing."""
        done = self.git("merge-base", one, other, check=False)
        return done.text.split()[0] if done.ok and done.text.strip() else None

    def default_branch(self) -> str | None:
        """The branch that changes are measured against: the remote's HEAD, else ``main`` or ``master``."""
        done = self.git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD", check=False)
        candidates = [done.text.strip(), "origin/main", "origin/master", "main", "master"]
        for name in filter(None, candidates):
            if self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False).ok:
                return name
        return None

    @cached_property
    def empty_tree(self) -> str:
        """The id of the empty tree in this repository's hash."""
        return self.git("hash-object", "-t", "tree", "-w", "--stdin", stdin=b"").text.strip()

    def entries(self, tree: str) -> dict[str, Entry]:
        """Every file, link and submodule of a tree by path.

        Raises:
            RepositoryError: A path is none that git itself would check out (``..``, ``.git``).
        """
        if tree in self._listed:
            return dict(self._listed[tree])
        listing = self.git("ls-tree", "-r", "-z", "--full-tree", tree).stdout
        found: dict[str, Entry] = {}
        for record in listing.split(b"\0")[:-1]:
            meta, _, raw_path = record.partition(b"\t")
            mode, _kind, oid = meta.decode().split()
            path = os.fsdecode(raw_path)
            if any(part in ("", "..", ".") or part.lower() == ".git" for part in path.split("/")):
                raise RepositoryError(f"the tree holds the path {path!r}, which git refuses too", where=tree)
            found[path] = Entry(mode, oid)
        if _OBJECT_ID.fullmatch(tree):  # a name may mean another tree the next time
            self._listed[tree] = dict(found)
        return found

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The bytes of many objects, read by one process, and none of the small ones twice."""
        wanted = dict.fromkeys(oids)
        with self._read.lock:
            found = {oid: self._read.known[oid] for oid in wanted if oid in self._read.known}
            read = self._read_blobs([oid for oid in wanted if oid not in found])
            self._read.keep(read)
        return found | read

    def _read_blobs(self, wanted: Sequence[str]) -> dict[str, bytes]:
        if not wanted:
            return {}
        request = "".join(f"{oid}\n" for oid in wanted).encode()
        raw = self.git("cat-file", "--batch", stdin=request).stdout
        found: dict[str, bytes] = {}
        position = 0
        for oid in wanted:
            end = raw.index(b"\n", position)
            header = raw[position:end].split()
            if header[-1] == b"missing":
                raise RepositoryError(
                    f"object {oid} is missing",
                    where=str(self.root),
                    advice="The clone is partial or damaged: try `git fsck`.",
                )
            size = int(header[2])
            found[oid] = raw[end + 1 : end + 1 + size]
            position = end + 1 + size + 1
        return found

    def diff(self, base_tree: str | None, head_tree: str) -> dict[str, FileChange]:
        """What differs between two trees, by path, with line numbers; renames are not followed.

        Every file is compared as text, whatever ``.gitattributes`` says of it: an attribute must not
        hide a changed line.
        """
        raw = self.git(
            "diff-tree", "-r", "--raw", "-p", "-U0", "-z", "--no-renames", "--text", "--no-color",
            "--no-ext-diff", "--no-textconv", "--full-index", "--ignore-submodules=none",
            base_tree or self.empty_tree, head_tree,
        ).stdout  # fmt: skip
        return _parse_diff(raw)

    def snapshot(self, checkout: Path | None = None) -> str:
        """Write the state of a checkout (with untracked files, without ignored ones) as a tree.

        The checkout's own index is copied, never written.

        Returns:
            The tree's id.
        """
        where = checkout or self.root
        told = str(self.git_dir)
        if where != self.root:
            told = self.git("rev-parse", "--absolute-git-dir", cwd=where).text.strip()
        index = Path(told, "index")
        with TemporaryDirectory(prefix="ironwright-index-") as folder:
            own_index = Path(folder) / "index"
            if index.exists():
                own_index.write_bytes(index.read_bytes())
            env = {"GIT_INDEX_FILE": str(own_index)}
            self.git("add", "--all", env=env, cwd=where)
            return self.git("write-tree", env=env, cwd=where).text.strip()

    def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, env: Mapping[str, str] | None = None
    ) -> str:
        """Write a commit object; nothing refers to it yet.

        Args:
            tree: Its tree.
            parents: Its parents, first one first.
            message: The whole message.
            env: ``GIT_AUTHOR_NAME`` and the like, where the user's own identity is not to be used.
        """
        arguments = ["commit-tree", tree]
        for parent in parents:
            arguments += ["-p", parent]
        return self.git(*arguments, "-F", "-", stdin=message.encode(), env=env).text.strip()

    def log(self, base: str | None, head: str) -> tuple[tuple[str, str], ...]:
        """``(id, subject)`` of the commits that head has and base has not, oldest first."""
        span = head if base is None else f"{base}..{head}"
        raw = self.git("log", "--reverse", "--topo-order", "--format=%H%x00%s", span).text
        pairs = [line.partition("\0") for line in raw.splitlines()]
        return tuple((commit, subject) for commit, _, subject in pairs)

    def messages(self, base: str | None, head: str) -> tuple[Commit, ...]:
        """The commits that head has and base has not, with their whole messages, oldest first."""
        span = head if base is None else f"{base}..{head}"
        raw = self.git("log", "--reverse", "--topo-order", "-z", "--format=%H%n%P%n%B", span).text
        records = [record.split("\n", 2) for record in raw.split("\0") if record]
        return tuple(Commit(oid, message, len(parents.split())) for oid, parents, message in records)

    def file_at(self, tree: str, path: str) -> bytes | None:
        """A file's bytes in a tree, or None where the tree has no such file.

        Raises:
            RepositoryError: There is no such tree.
        """
        found = self.git("cat-file", "blob", f"{tree}:{path}", check=False)
        if found.ok:
            return found.stdout
        self.git("cat-file", "-e", f"{tree}^{{tree}}")
        return None

    def add_worktree(self, folder: Path, branch: str, commit: str, env: Mapping[str, str]) -> None:
        """Make a worktree on a new branch; the user's checkout, index and HEAD stay as they are."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.git("worktree", "add", "--quiet", "-b", branch, str(folder), commit, env=env)

    def remove_worktree(self, folder: Path) -> None:
        """Remove a worktree of ours with whatever is in it, and git's note of it.

        Nothing is pruned: that would forget the user's own worktrees on a disk that is not mounted now.
        """
        self.git("worktree", "remove", "--force", "--force", str(folder), check=False)

    def set_ref(self, ref: str, commit: str, expected: str | None = None) -> None:
        """Point a full ref name at a commit, only if it is where it is expected to be."""
        arguments = ["update-ref", "-m", "ironwright", ref, commit]
        self.git(*arguments, *([expected] if expected is not None else []))


def clean_git_environment() -> dict[str, str]:
    """Our environment without what git would take from it, with prompts and optional locks off."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment.update(
        GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0", GIT_LFS_SKIP_SMUDGE="1", LC_ALL="C.UTF-8"
    )
    return environment


def open_repository(path: Path) -> Repository:
    """Find the repository that a path lies in.

    Raises:
        RepositoryError: The path is missing or in no repository, or git refuses to trust its owner.
        ToolError: git is missing.
    """
    if not path.exists():
        raise RepositoryError("there is no such folder", where=str(path))
    path = path.absolute()  # a message that says "." helps nobody
    start = path if path.is_dir() else path.parent
    probe = Repository(start, start, start, bare=False)
    try:
        done = probe.git(
            "rev-parse", "--is-bare-repository", "--absolute-git-dir",
            "--path-format=absolute", "--git-common-dir", "--show-toplevel", check=False,
        )  # fmt: skip
    except ToolError as error:
        raise ToolError("git was not found", advice="Install git (Debian: `apt-get install git`).") from error
    # Where there is no checkout, git says the first three and fails at the last.
    told = done.text.rstrip("\n").split("\n")
    if len(told) < 3:
        said = done.error_text.strip().splitlines()
        if any("dubious ownership" in line for line in said):
            raise RepositoryError(
                "git does not trust this repository: it belongs to another user",
                where=str(path),
                advice=f"Run `git config --global --add safe.directory {path.resolve()}` if you trust it.",
            )
        raise RepositoryError(
            "this is not a git repository",
            where=str(path),
            advice="Run it inside one, or give `--repo DIR`; `git init` makes one.",
        )
    bare, git_dir, common_dir = told[:3]
    if bare == "true":
        return Repository(Path(git_dir), Path(git_dir), Path(common_dir), bare=True)
    if not done.ok or len(told) < 4:
        raise RepositoryError(
            "this is git's own folder, not a checkout", where=str(path), advice="Go to the checkout's top."
        )
    return Repository(Path(told[3]), Path(git_dir), Path(common_dir), bare=False)


def _parse_diff(raw: bytes) -> dict[str, FileChange]:
    """Read ``diff-tree --raw -p -z``: records with NULs, an empty one, then the patches in the same order."""
    head, _, patch = raw.partition(b"\0\0")
    fields = head.split(b"\0")
    sections = re.split(rb"^diff --git ", patch, flags=re.MULTILINE)[1:]
    files: dict[str, FileChange] = {}
    position = 0
    for record, raw_path in zip(fields[::2], fields[1::2], strict=False):
        letter = record.split()[-1][:1].decode()
        path = os.fsdecode(raw_path)
        count = 2 if letter == "T" else 1
        text = b"".join(sections[position : position + count])
        position += count
        status = FileStatus.MODIFIED if letter == "T" else FileStatus(letter)
        added, removed = _changed_lines(text)
        files[path] = FileChange(path, status, added, removed)
    return files


def _changed_lines(section: bytes) -> tuple[frozenset[int], frozenset[int]]:
    added: set[int] = set()
    removed: set[int] = set()
    for hunk in _HUNK.finditer(section):
        old, old_count, new, new_count = (int(part) if part else 1 for part in hunk.groups())
        removed.update(range(old, old + old_count))
        added.update(range(new, new + new_count))
    return frozenset(added), frozenset(removed)
