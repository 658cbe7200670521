"""Going up the ladder: a fresh attempt by the next agent, with what the failed ones taught."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ironwright.records.journal import EventKind
from ironwright.records.report import Outcome
from ironwright.workflow.context import RunContext
from ironwright.workflow.findings import render_findings
from ironwright.workflow.judge import commit_step
from ironwright.workflow.ladder import Evidence, Rung, evidence_for
from ironwright.workflow.state import State

MOST_DIFF = 16_000
"""Characters of the failed diff that the next agent is shown."""
MOST_FINDINGS = 6_000
MOST_WORDS = 600

_HEAD = """\
# What was tried before

Other agents failed at this task, by the gates' verdicts. Your worktree is at the base commit again: nothing \
of their work is in it. Begin with their evidence, and do not repeat what they tried."""


def next_rung(run: RunContext, state: State) -> tuple[Rung, Evidence] | None:
    """Who would work next, and what speaks for it; None at the top of the ladder.

    Args:
        run: The run with its first plan.
        state: How far it has come.
    """
    if state.rung >= len(run.plan.ladder):
        return None
    rung = run.plan.ladder[state.rung]
    overridden = run.record.request.override_escalation
    return rung, evidence_for(rung, run.plan.earlier, run.journal.events, overridden)


def why_not(rung: Rung, evidence: Evidence) -> str:
    """Why nobody goes up yet, as the end of a reason."""
    of = rung.standard or "other agents"
    return (
        f"{rung.agent.name} may follow after {evidence.needed} failed attempts of {of}, "
        f"and {evidence.failed} are recorded"
    )


async def climb(run: RunContext, state: State, rung: Rung, evidence: Evidence, cause: str) -> State:
    """Put the worktree back to the base for the next agent; what failed is remembered, and kept.

    Journal: ``escalated`` ``{"from", "to", "model", "cause", "failed", "needed", "overridden", "left"}``,
    ``left`` being the state of the worktree that failed.
    """
    number = state.rung + 1
    key = f"escalate-{number}"
    before = run.on_rung(state.rung).plan

    async def go_up() -> Mapping[str, str]:
        run.listener.progress(f"{rung.agent.name} takes over from {before.agent.name}")
        known = run.journal.find(key)
        left = known.data["left"] if known else await asyncio.to_thread(run.workspace.state)
        run.journal.append(
            EventKind.ESCALATED,
            {
                "from": before.agent.name,
                "to": rung.agent.name,
                "model": rung.model,
                "cause": cause,
                "failed": evidence.failed,
                "needed": evidence.needed,
                "overridden": evidence.overridden if evidence.failed < evidence.needed else "",
                "left": left,
            },
            key,
        )
        lessons = await asyncio.to_thread(_lessons, run, state)
        base = await asyncio.to_thread(run.workspace.objects.tree_of, run.record.base)
        await asyncio.to_thread(run.workspace.restore, f"{base}@{run.record.base}")
        return {"left": left, "lessons": lessons}

    done: Mapping[str, Any] = await run.step(key, go_up)
    note = f"{rung.agent.name} took over from {before.agent.name}: {cause}"
    if evidence.failed < evidence.needed:
        note += f"; allowed by a person ({evidence.overridden})"
    return replace(
        state,
        rung=number,
        rung_repairs=0,
        history=None,
        lessons=done["lessons"],
        left=done["left"],
        commands=(),
        failed_commands=(),
        notes=(*state.notes, note),
    )


async def keep_earlier(run: RunContext, state: State) -> State:
    """Bring refused work back for a person to look at, where the last agent left nothing at all."""
    nothing = state.work is None or state.work.head == run.record.base
    if state.outcome is Outcome.DELIVERED or not state.left or not nothing:
        return state

    async def restore() -> bool:
        await asyncio.to_thread(run.workspace.restore, state.left)
        return True

    await run.step("keep-earlier", restore)
    work = await commit_step(run, state.checks + 1)
    note = "the last agent left nothing; the worktree holds the refused work of the one before"
    return replace(state, work=work, checks=state.checks + 1, notes=(*state.notes, note))


def _lessons(run: RunContext, state: State) -> str:
    """What the next agent is told: who failed, what the gates found, and the diff that they refused."""
    parts = [_HEAD]
    tried = [item for item in state.attempts if item.check is not None]
    for number, item in enumerate(tried, start=1):
        assert item.check is not None
        lines = [f"## Try {number}: {item.agent} with {item.model}, {item.check.status.value}"]
        if item.summary.strip():
            lines.append(f"Its own words, which are no evidence: {_cut(item.summary.strip(), MOST_WORDS)}")
        if item is tried[-1]:
            lines.append(_cut(render_findings(item.check), MOST_FINDINGS))
        else:
            failed = [v for v in item.check.verdicts if v.status.value == "FAIL"]
            lines += [f"- {verdict.gate}: {verdict.reason}" for verdict in failed]
        parts.append("\n".join(lines))
    if state.work is not None and state.work.head != run.record.base:
        parts.append(_diff(run, state.work.head))
    return "\n\n".join(parts)


def _diff(run: RunContext, head: str) -> str:
    """The refused diff, whole files first to last while there is room; the others by name."""
    objects, base = run.workspace.objects, run.record.base
    plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
    text = objects.git("diff", *plain, base, head, "--").text
    shown = _cut(text, MOST_DIFF)
    fence = "`" * max(3, 1 + _longest_run(shown))
    parts = [f"## The diff that was refused last\n\n{fence}diff\n{shown}\n{fence}"]
    if shown != text:
        stat = objects.git("diff", *plain, "--stat=100", base, head, "--").text
        parts.append(f"It was cut; as a whole it is:\n\n{_cut(stat, 4_000)}")
    return "\n\n".join(parts)


def _longest_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n[... {len(text) - most} more characters]"
