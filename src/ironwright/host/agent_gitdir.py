"""The git directory of its own that an agent sees in its worktree, and the safe way back from it.

Nothing that the agent does there reaches the user's repository; its commits are read as data, never
through its configuration.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.git import Repository
from ironwright.records.errors import RepositoryError

_OBJECT_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REF_LINE = re.compile(r"ref: (refs/[^\s~^:?*\[\\\x00-\x1f\x7f]+)")
# What decides how git compares files with the index; the agent's git must judge them as the user's does.
_SHARED_SETTINGS = (
    "core.autocrlf",
    "core.eol",
    "core.fileMode",
    "core.ignoreCase",
    "core.precomposeUnicode",
    "core.symlinks",
)
_SMALL_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class Identity:
    """Who commits.

    Attributes:
        name: As git's ``user.name``.
        email: As git's ``user.email``.
        configured: False where the user has told git no identity and ours stands in.
    """

    name: str
    email: str
    configured: bool = True

    def environment(self, date: str) -> dict[str, str]:
        """What makes git write this identity into a commit, at a date that git can read."""
        return {
            "GIT_AUTHOR_NAME": self.name,
            "GIT_AUTHOR_EMAIL": self.email,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": self.name,
            "GIT_COMMITTER_EMAIL": self.email,
            "GIT_COMMITTER_DATE": date,
        }


def user_identity(repository: Repository) -> Identity:
    """The user's identity as git would use it here; ``Ironwright`` where git knows none."""
    name = repository.git("config", "user.name", check=False).text.strip()
    email = repository.git("config", "user.email", check=False).text.strip()
    if name and email:
        return Identity(name, email)
    return Identity(name or "Ironwright", email or "ironwright@localhost", configured=False)


@dataclass(frozen=True, slots=True)
class AgentGitDir:
    """The synthetic git directory of one worktree.

    The agent may write anywhere in it, its configuration included. So no git of ours ever runs *on* it
    after it was made: :meth:`head` reads its files, :meth:`import_commits` reads its objects through a git
    directory that the agent cannot write.

    Attributes:
        folder: Where it is; the sandbox shows it at the same path.
        worktree: The worktree whose ``.git`` file points at it.
        borrowed: Object folders of the user's repository that it reads from, never writes.
    """

    folder: Path
    worktree: Path
    borrowed: tuple[Path, ...]

    @property
    def objects(self) -> Path:
        """Where the agent's own objects are."""
        return self.folder / "objects"

    def head(self) -> str | None:
        """The commit that the agent's HEAD names; None where it names none.

        Raises:
            RepositoryError: HEAD or its ref is no ordinary small file with a ref or an object id in it.
        """
        text = self._text(self.folder / "HEAD")
        if text is None:
            raise RepositoryError("the agent removed the HEAD of its git directory", where=str(self.folder))
        if _OBJECT_ID.fullmatch(text):
            return text
        ref = _REF_LINE.fullmatch(text)
        if ref is None or ".." in ref[1]:
            raise RepositoryError("the agent's HEAD is no ref and no commit", where=str(self.folder))
        loose = self._text(self.folder / ref[1])
        if loose is not None:
            if not _OBJECT_ID.fullmatch(loose):
                raise RepositoryError("the agent's branch holds no commit id", where=str(self.folder))
            return loose
        return self._packed(ref[1])

    def set_head(self, branch: str, commit: str) -> None:
        """Put HEAD back on the run's branch at a commit, as after a tool call that is undone."""
        self._put(f"refs/heads/{branch}", f"{commit}\n")
        self._put("HEAD", f"ref: refs/heads/{branch}\n")

    def import_commits(self, repository: Repository, base: str, head: str) -> None:
        """Copy the commits ``base..head`` into ``repository.object_directory``, every object checked.

        Raises:
            RepositoryError: The objects are damaged or incomplete, or the agent changed what its git
                directory borrows from.
        """
        if repository.object_directory is None:
            raise ValueError("import_commits needs a repository with an object folder of its own")
        alternates = self._text(self.objects / "info" / "alternates") or ""
        if alternates.splitlines() != [str(path) for path in self.borrowed]:
            raise RepositoryError(
                "the agent changed where its git directory borrows objects from; its commits are not read",
                where=str(self.folder),
            )
        folders = [repository.common_dir / "objects", self.objects]
        reading = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(_quoted(path) for path in folders)}
        pack = repository.git(
            "pack-objects", "--revs", "--stdout", "--quiet", stdin=f"{head}\n^{base}\n".encode(), env=reading
        ).stdout
        repository.git("index-pack", "--stdin", "--strict", "--fix-thin", stdin=pack)

    def _put(self, name: str, text: str) -> None:
        """Write one file without following a link that the agent may have put in its way."""
        place = self.folder
        for part in name.split("/")[:-1]:
            place = place / part
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                place.unlink()
            place.mkdir(exist_ok=True)
        place = place / name.rsplit("/", 1)[-1]
        if place.is_dir() and not place.is_symlink():
            raise RepositoryError("the agent put a folder where a ref belongs", where=str(place))
        place.unlink(missing_ok=True)
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)

    def _packed(self, ref: str) -> str | None:
        for line in (self._text(self.folder / "packed-refs") or "").splitlines():
            oid, _, name = line.partition(" ")
            if name == ref and _OBJECT_ID.fullmatch(oid):
                return oid
        return None

    def _text(self, path: Path) -> str | None:
        """A small ordinary file's text; None where there is none. Links are refused, not followed."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RepositoryError(
                f"{path.name} of the agent's git directory cannot be read ({error.strerror})",
                where=str(self.folder),
            ) from error
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _SMALL_FILE:
                raise RepositoryError(
                    f"{path.name} of the agent's git directory is no small ordinary file",
                    where=str(self.folder),
                )
            return os.read(handle, _SMALL_FILE).decode("utf-8", "replace").strip()
        finally:
            os.close(handle)


def make_agent_gitdir(
    repository: Repository, folder: Path, worktree: Path, branch: str, commit: str, identity: Identity
) -> AgentGitDir:
    """Make a fresh git directory for a worktree checked out at a commit, and point its ``.git`` at it.

    It borrows the repository's objects read-only, has one branch of its own at the commit (and the user's
    branch name at the same commit, for ``git diff main``), the user's identity, and no hooks, remotes,
    signing or helpers.

    Raises:
        RepositoryError: git refuses; or the repository borrows from a folder whose path git cannot state.
    """
    borrowed = _object_folders(repository.common_dir / "objects")
    if repository.object_directory is not None:
        borrowed = (repository.object_directory, *borrowed)
    if any("\n" in str(path) for path in borrowed):
        raise RepositoryError("the path of the repository's objects holds a line break", where=str(borrowed))
    made = AgentGitDir(folder, worktree, borrowed)
    for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (made.objects / "info" / "alternates").write_text("".join(f"{path}\n" for path in borrowed))
    (folder / "info" / "exclude").write_text(".pydantic-ai-harness/\n")
    (folder / "config").write_text(_configuration(repository, identity))
    user_branch = repository.head_branch()
    if user_branch is not None:
        (folder / "packed-refs").write_text(f"{commit} refs/heads/{user_branch}\n")
    made.set_head(branch, commit)
    indexing = {
        "GIT_DIR": str(folder),
        "GIT_WORK_TREE": str(worktree),
        "GIT_INDEX_FILE": str(folder / "index"),
    }
    # The folder is ours until the agent has been in it, so git may run on it here, and only here.
    no_split = ("-c", "core.splitIndex=false", "-c", "core.fsmonitor=false")
    repository.git(*no_split, "read-tree", commit, env=indexing, cwd=worktree)
    repository.git(
        *no_split,
        "update-index",
        "-q",
        "--refresh",
        "--ignore-submodules",
        env=indexing,
        cwd=worktree,
        check=False,
    )
    (worktree / ".git").write_text(f"gitdir: {folder}\n")
    return made


def _configuration(repository: Repository, identity: Identity) -> str:
    sha256 = repository.git("rev-parse", "--show-object-format", check=False).text.strip() == "sha256"
    lines = ["[core]", f"\trepositoryformatversion = {int(sha256)}", "\tbare = false"]
    for setting in _SHARED_SETTINGS:
        value = repository.git("config", "--get", setting, check=False).text.strip()
        if value:
            lines.append(f"\t{setting.partition('.')[2]} = {_config_value(value)}")
    lines += [
        "[user]",
        f"\tname = {_config_value(identity.name)}",
        f"\temail = {_config_value(identity.email)}",
    ]
    lines += ["[commit]", "\tgpgSign = false", "[tag]", "\tgpgSign = false", "[gc]", "\tauto = 0"]
    if sha256:
        lines += ["[extensions]", "\tobjectFormat = sha256"]
    return "\n".join(lines) + "\n"


def _config_value(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _object_folders(objects: Path) -> tuple[Path, ...]:
    """An object folder with those that it borrows from itself (``git clone --shared``), nearest first."""
    found: list[Path] = []
    waiting = [objects]
    while waiting:
        folder = waiting.pop(0)
        if folder in found:
            continue
        found.append(folder)
        listing = folder / "info" / "alternates"
        if listing.is_file():
            lines = (line.strip() for line in listing.read_text(encoding="utf-8").splitlines())
            waiting += [(folder / line).resolve() for line in lines if line and not line.startswith("#")]
    return tuple(found)


def _quoted(path: Path) -> str:
    """A path as git reads it in a list of object folders."""
    text = str(path)
    if ":" not in text and not text.startswith('"'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
