"""Clean checkouts of trees in slots of the cache, with file times that cargo can trust."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ironwright.host.git import Entry, Repository
from ironwright.records.errors import RepositoryError

SCRATCH_PREFIX = "scratch-"
"""How the names of folders begin that a command makes beside target directories, for as long as it runs."""

_LINK = "120000"
_SUBMODULE = "160000"


class GitTree:
    """The files of one tree, read from git's objects; Rust sources and manifests are read in one go."""

    def __init__(self, repository: Repository, tree: str) -> None:
        self._repository = repository
        self._entries = {
            path: entry
            for path, entry in repository.entries(tree).items()
            if entry.mode not in (_LINK, _SUBMODULE)
        }
        self._blobs: dict[str, bytes] = {}

    @property
    def paths(self) -> frozenset[str]:
        """Every file's path; links and submodules left out."""
        return frozenset(self._entries)

    def oid(self, path: str) -> str:
        """The object id of a file; KeyError where there is none."""
        return self._entries[path].oid

    def read(self, path: str) -> bytes:
        """A file's bytes; KeyError where there is none."""
        oid = self._entries[path].oid
        if oid not in self._blobs:
            wanted = [oid]
            if path.endswith((".rs", ".toml")):
                alike = path.rsplit(".", 1)[1]
                wanted += [e.oid for p, e in self._entries.items() if p.endswith("." + alike)]
            self._blobs.update(self._repository.blobs(o for o in wanted if o not in self._blobs))
        return self._blobs[oid]


@dataclass(frozen=True)
class Slot:
    """A place in the cache that holds one checkout and its target directories, locked while in use.

    Attributes:
        folder: The slot's folder.
        tree: Where the checkout lies.
        target: Where cargo's target directories lie; kept between uses.
    """

    folder: Path
    tree: Path = field(init=False)
    target: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", self.folder / "tree")
        object.__setattr__(self, "target", self.folder / "target")

    def lay(
        self, repository: Repository, tree: str, changes: Mapping[str, bytes | None] | None = None
    ) -> Path:
        """Make the checkout hold exactly a tree, with some files replaced (bytes) or left out (None).

        A file whose content is as the slot last wrote it keeps its time; every other file gets a time
        later than any that this slot ever gave, because cargo takes a newer time, and nothing else, for
        a change.

        Returns:
            The checkout's folder.
        """
        wanted: dict[str, tuple[str, str, bytes | None]] = {
            path: (entry.mode, entry.oid, None) for path, entry in repository.entries(tree).items()
        }
        for path, content in (changes or {}).items():
            if content is None:
                wanted.pop(path, None)
            else:
                wanted[path] = ("100644", "content:" + _digest(content), content)
        self.tree.mkdir(parents=True, exist_ok=True)
        state = self._read_state()
        kept = {path for path, (mode, oid, _) in wanted.items() if self._holds(path, mode, oid, state)}
        self._clear_all_but(kept)
        fresh = {path: item for path, item in wanted.items() if path not in kept}
        blobs = repository.blobs(
            oid for mode, oid, content in fresh.values() if content is None and mode != _SUBMODULE
        )
        stamp = max(time.time_ns(), state.last_stamp + 1_000_000)
        files = {path: state.files[path] for path in kept}
        for path in sorted(fresh, key=lambda p: (wanted[p][0] == _LINK, p)):
            mode, oid, content = fresh[path]
            self._write(path, mode, blobs[oid] if content is None and mode != _SUBMODULE else content, stamp)
            files[path] = [mode, oid, stamp]
        self._write_state(_State(stamp if fresh else state.last_stamp, files))
        return self.tree

    def _holds(self, path: str, mode: str, oid: str, state: _State) -> bool:
        known = state.files.get(path)
        if known is None or known[0] != mode or known[1] != oid:
            return False
        try:
            found = os.lstat(self.tree / path)
        except OSError:
            return False
        return mode == _SUBMODULE or found.st_mtime_ns == known[2]

    def _clear_all_but(self, kept: set[str]) -> None:
        """Remove everything that is not kept: what an earlier tree had, and what anything else left here."""
        folders = {parent for path in kept for parent in Path(path).parents}
        for folder, names, files in os.walk(self.tree, topdown=True):
            here = Path(folder).relative_to(self.tree)
            for name in list(names):
                inside = here / name
                full = self.tree / inside
                if inside.as_posix() in kept:
                    continue
                if full.is_symlink():
                    full.unlink()
                    names.remove(name)
                elif inside not in folders:
                    _remove_tree(full)
                    names.remove(name)
            for name in files:
                if (here / name).as_posix() not in kept:
                    (self.tree / here / name).unlink()

    def _write(self, path: str, mode: str, content: bytes | None, stamp: int) -> None:
        target = self.tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == _SUBMODULE:
            target.mkdir(exist_ok=True)
            return
        assert content is not None
        if mode == _LINK:
            target.symlink_to(os.fsdecode(content))
        else:
            target.write_bytes(content)
            target.chmod(0o755 if mode == "100755" else 0o644)
        os.utime(target, ns=(stamp, stamp), follow_symlinks=False)

    def _read_state(self) -> _State:
        try:
            data = json.loads((self.folder / "state.json").read_text())
            return _State(int(data["last_stamp"]), dict(data["files"]))
        except FileNotFoundError:
            return _State(0, {})
        except (ValueError, KeyError, TypeError):
            # A damaged note of the slot's content costs a rebuild, nothing else.
            return _State(time.time_ns(), {})

    def _write_state(self, state: _State) -> None:
        temporary = self.folder / "state.json.new"
        temporary.write_text(json.dumps({"last_stamp": state.last_stamp, "files": state.files}))
        temporary.replace(self.folder / "state.json")


@dataclass(frozen=True)
class _State:
    last_stamp: int
    files: dict[str, list[object]]


@contextlib.contextmanager
def slot(home: Path, purpose: str, seed: Path | None = None) -> Iterator[Slot]:
    """Lock a free slot for a purpose (``head``, ``base``, ``mixed``), making one where all are in use.

    Args:
        home: The folder that holds the slots of one repository.
        purpose: What it is for; slots of one purpose share their warm target directories over time.
        seed: Target directories to copy into a new slot, so that dependencies are not built again.

    Raises:
        RepositoryError: The cache cannot be written.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RepositoryError(
            f"the cache cannot be written ({error.strerror})",
            where=str(home),
            advice="Free some space, or set IRONWRIGHT_CACHE_HOME to a folder that can be written.",
        ) from error
    number = 0
    while True:
        folder = home / f"{purpose}-{number}"
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                number += 1
                continue
            place = Slot(folder)
            _sweep(place.target)
            if new and seed is not None and seed.is_dir():
                _seed(seed, place.target)
            place.target.mkdir(parents=True, exist_ok=True)
            yield place
            return


def _sweep(target: Path) -> None:
    """Remove what commands of a killed process left: whoever holds the slot knows that none of them runs."""
    for folder in target.glob(f"{SCRATCH_PREFIX}*"):
        _remove_tree(folder)


def _seed(seed: Path, target: Path) -> None:
    """Copy warm target directories while no cargo writes to them; all of them or none.

    A file that cargo is still writing must not be copied: its fingerprint could follow complete, and the
    half file would count as fresh. Cargo's own locks, held while we copy, keep it out. Scratch folders
    belong to commands that run now and may vanish under the copy.
    """
    fresh = target.with_name(f"{target.name}.new")
    with contextlib.ExitStack() as held:
        for lock in _cargo_locks(seed):
            handle = held.enter_context(open(lock, "rb"))
            fcntl.flock(handle, fcntl.LOCK_SH)
        try:
            shutil.copytree(seed, fresh, symlinks=True, ignore=shutil.ignore_patterns(f"{SCRATCH_PREFIX}*"))
            fresh.replace(target)
        except (OSError, shutil.Error):
            # A cold start is slower and as right: whatever is wrong (a full disk, say) will be told by
            # the command that needs the room.
            shutil.rmtree(fresh, ignore_errors=True)


def _cargo_locks(target: Path) -> Iterator[Path]:
    """Cargo's locks, at most three folders deep; scratch folders vanish under whoever looks into them."""
    for folder, names, files in os.walk(target):
        depth = len(Path(folder).relative_to(target).parts)
        names[:] = [name for name in names if depth < 3 and not name.startswith(SCRATCH_PREFIX)]
        if depth and ".cargo-lock" in files:
            yield Path(folder, ".cargo-lock")


def entries_digest(entries: Mapping[str, Entry], suffixes: tuple[str, ...]) -> str:
    """A digest of the files of a tree that end in one of the suffixes, by path and object id."""
    lines = [f"{path}\0{entry.oid}\n" for path, entry in sorted(entries.items()) if path.endswith(suffixes)]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _remove_tree(folder: Path) -> None:
    """Remove a folder even where a test took the write permission from it."""

    def make_writable(_function: object, path: str, _error: object) -> None:
        parent = Path(path).parent
        parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
        Path(path).unlink() if not Path(path).is_dir() else Path(path).rmdir()

    shutil.rmtree(folder, onerror=make_writable)
