"""Judges a worktree again after every edit: one check at a time, a newer edit ends the one that runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ironwright.records.errors import IronwrightError, RepositoryError
from ironwright.workflow.check import check_change

if TYPE_CHECKING:
    from ironwright.records.report import CheckReport
    from ironwright.records.verdict import Verdict
    from ironwright.workflow.check import CheckRequest

_DEBOUNCE_MS = 400
"""Edits that follow each other this closely are one: editors and formatters write several files at once."""

_QUIET_MS = 100
"""How long nothing must change before edits are taken for complete; also how often a wait is left."""

_NEVER = frozenset((".git", "target", ".ironwright", "node_modules"))
# What a commit or a change of branch touches; the rest of git's folder changes when one only looks.
_OF_GIT = frozenset((".git/HEAD", ".git/logs/HEAD"))
# Files that editors keep beside the one that is edited.
_EDITORS_OWN = ("~", ".swp", ".swx", ".swo", ".tmp", ".partial", ".lock~", "4913")


class WatchView(Protocol):
    """Where a watch shows what it finds; called from the watch's threads, one call at a time."""

    def started(self, number: int, changed: Sequence[str]) -> None:
        """A check begins: the how-manieth, and which paths changed since the one before."""

    def step(self, message: str) -> None:
        """What is being done now."""

    def verdict(self, verdict: Verdict) -> None:
        """A gate of the check that runs has its verdict."""

    def finished(self, report: CheckReport) -> None:
        """The check that ran is done."""

    def superseded(self) -> None:
        """The check that ran was ended, for its tree is no longer the one that stands there."""

    def failed(self, error: IronwrightError) -> None:
        """The check cannot be made as things stand; the next edit starts another one."""


class _Check:
    """One check in a thread of its own.

    Args:
        make: Makes the request; settings are read anew for every check.
        view: Where it is shown.
        crashed: Given what broke in an unforeseen way.
    """

    def __init__(
        self, make: Callable[[], CheckRequest], view: WatchView, crashed: Callable[[Exception], None]
    ) -> None:
        self._make = make
        self._view = view
        self._crashed = crashed
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="watched check")
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it ended by itself."""
        return self._over

    def end(self) -> None:
        """End it and everything that it started; nothing of it is shown from now on."""
        with self._lock:
            self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            request = replace(
                self._make(),
                stop=self._stop,
                on_verdict=lambda verdict: self._show(lambda: self._view.verdict(verdict)),
                progress=lambda message: self._show(lambda: self._view.step(message)),
            )
            report = check_change(request)
            self._show(lambda: self._view.finished(report))
        except IronwrightError as error:
            refusal = error
            self._show(lambda: self._view.failed(refusal))
        except Exception as error:  # noqa: BLE001  (handed to the main thread, which ends the watch)
            self._crashed(error)
        self._over = True

    def _show(self, action: Callable[[], None]) -> None:
        with self._lock:
            if not self._stop.is_set():
                action()


def watch_worktree(
    root: Path,
    make: Callable[[], CheckRequest],
    ignored: Callable[[Sequence[str]], frozenset[str]],
    view: WatchView,
) -> None:
    """Check now and after every edit below a folder, until interrupted.

    Args:
        root: The top of the worktree.
        make: Makes the request of each check; its ``stop``, ``on_verdict`` and ``progress`` are replaced.
        ignored: Which of some paths (relative to ``root``) git ignores.
        view: Where it is shown.

    Raises:
        KeyboardInterrupt: Always, when the user ends it; no process of the check is left then.
        RepositoryError: The folder cannot be watched.
    """
    broken: list[Exception] = []
    current: _Check | None = None
    number = 0
    try:
        for changed in _edits(root, ignored):
            if broken:
                raise broken[0]
            # The first turn comes without a change, once the watch stands: nothing is missed in between.
            if number and not changed:
                continue
            if current is not None:
                if not current.over:
                    current.end()
                    view.superseded()
                current.end()
            number += 1
            view.started(number, changed)
            current = _Check(make, view, broken.append)
    finally:
        if current is not None:
            current.end()


def _edits(root: Path, ignored: Callable[[Sequence[str]], frozenset[str]]) -> Iterator[tuple[str, ...]]:
    """The paths that changed, in turns; a turn without any when nothing did for a moment."""
    import watchfiles
    from watchfiles._rust_notify import WatchfilesRustInternalError

    try:
        turns = watchfiles.watch(
            root,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_QUIET_MS,
            rust_timeout=_QUIET_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        )
        for turn in turns:
            paths = _relevant(root, (path for _kind, path in turn))
            away = ignored(paths) if paths else frozenset()
            yield tuple(path for path in paths if path not in away)
    except (OSError, WatchfilesRustInternalError) as error:
        raise RepositoryError(
            f"the folder cannot be watched ({error})",
            where=str(root),
            advice="Raise fs.inotify.max_user_watches, or set WATCHFILES_FORCE_POLLING=1.",
        ) from error


def _relevant(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The paths relative to the root, in order, without what no check reads."""
    found = set()
    for path in paths:
        try:
            inside = Path(path).relative_to(root)
        except ValueError:
            continue
        text = inside.as_posix()
        name = inside.name
        editors = name.endswith(_EDITORS_OWN) or name.startswith((".#", "#"))
        if text in _OF_GIT or not (_NEVER & set(inside.parts) or editors or text == "."):
            found.add(text)
    return tuple(sorted(found))
