"""Undoes the tool call that was under way when a process died, where calls are no steps of their own."""

from __future__ import annotations

import hashlib

import anyio

from ironwright.records.journal import EventKind
from ironwright.session.attempt import AttemptSpec


async def undo_cut_off(spec: AttemptSpec) -> None:
    """Put the worktree back to where the attempt's last call started from, if nothing says how it ended.

    The call gets its ``tool_result`` then, ``failed``. One that is known to have changed the dependencies did
    what it was called for, and only its end was not written down: it stays, and gets a result that says
    what it changed.

    Raises:
        RunError: The journal cannot be written.
    """
    journal, number = spec.journal, 0
    while journal.find(f"{spec.key}/tool-{number + 1}/call") is not None:
        number += 1
    step = f"{spec.key}/tool-{number}"
    call = journal.find(f"{step}/call")
    if call is None or journal.find(f"{step}/result") is not None:
        return
    about = {name: call.data[name] for name in ("attempt", "number", "call", "tool")}
    nothing = hashlib.sha256(b"").hexdigest()
    ended = {**about, "outcome": "failed", "bytes": 0, "sha256": nothing, "seconds": 0.0}
    before = call.data.get("tree_before")
    if before is not None and spec.trees is not None:
        after = await anyio.to_thread.run_sync(spec.trees.snapshot)
        changed: list[str] = []
        if after != before and journal.find(f"{step}/dependency") is not None:
            changed = sorted(await anyio.to_thread.run_sync(spec.trees.changed, before, after))
        elif after != before:
            await anyio.to_thread.run_sync(spec.trees.restore, before)
            after = before
        ended |= {"tree_after": after, "changed": changed}
    journal.append(EventKind.TOOL_RESULT, ended, f"{step}/result")
