"""Refuses work for which cargo's output was only seen through a filter.

What it checks:
    No command that an agent ran cut, redirected or silenced what a building, checking or testing
    subcommand of cargo says (a pipe into anything but ``tee``, a redirection, ``--quiet``, a command
    substitution, ``|| true``). Such a command is fine where the same subcommand ran unfiltered in the
    same state of the worktree before it (it then only looks for what is known), and is made good where
    the subcommand ran unfiltered after it. Commands that a guard refused never ran.

Why:
    ``cargo test | tail`` shows the summary of the last test binary and hides a failure above it, and its
    exit code is that of ``tail``.

Evidence:
    The commands in the run's journal, and the trees that they started from. What a script does inside is
    not seen.

Unknown when:
    There is no journal, no attempt was made yet, or a command is so long that the journal cut it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, judged
from ironwright.gates.journal_calls import Call, evidence_of, journal_of, read_calls
from ironwright.gates.subject import Subject
from ironwright.records.cargo_commands import cargo_runs
from ironwright.records.contract import Scope
from ironwright.records.shell_reading import hidden_output
from ironwright.records.verdict import Finding

_WHOLE = r"(?:full|complete|entire|whole|unfiltered|untruncated|raw)"
_SOURCE = r"(?:cargo|compiler|rustc|clippy|tests?|build|tools?|commands?|check)"
_READ = r"(?:read|review|inspect|examine|study|look(?:ing)? at|see|show|check|capture)(?:ing|s)?"
_FILTER = r"`?(?:head|tail|grep|less|awk|sed)(?![\w-])`?"

GATE = Gate(
    id="filtered_output",
    summary="cargo output that was only seen through a filter",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"\b{_READ}\s+(?:the\s+|its\s+|their\s+)?{_WHOLE}(?:(?:,|\s+and|)\s+{_WHOLE})*\s+"
            rf"(?:(?:{_SOURCE}|and|or)\s+)+(?:outputs?|results?|logs?)\b",
            "Review full compiler output and test results.",
        ),
        Phrasing(
            rf"\b{_SOURCE}\b[^.;]{{0,60}}\b{_WHOLE}(?:(?:,|\s+and|)\s+{_WHOLE})*\s+outputs?\b",
            "Use cargo check and cargo build frequently, reviewing FULL output.",
        ),
        Phrasing(
            rf"\b{_WHOLE}(?:(?:,|\s+and|)\s+{_WHOLE})*\s+outputs?\s+(?:of|from)"
            rf"\s+(?:\w+\s+){{0,2}}{_SOURCE}\b",
            "Read the full, unfiltered output of every cargo command.",
        ),
        Phrasing(
            r"\b(?:tests?|suite|cargo|build|check|clippy|commands?)\b[^.;]{0,40}\bwithout\s+(?:any\s+)?"
            r"(?:output\s+(?:filter\w*|truncat\w*)|(?:filter|truncat|cutt?|pip|hid)ing\b)",
            "Run the full test suite without output filtering.",
        ),
        Phrasing(
            rf"\b(?:pip(?:e|ed|ing)|filter(?:ed|ing)?|truncat(?:e|ed|ing)|cut|trim|run)"
            rf"\b[^.;]{{0,50}}\b(?:through|to|into|with|by|via|using)\s+{_FILTER}",
            "Never pipe cargo output through tail.",
            negative=True,
        ),
        Phrasing(
            r"(?<![\w-])`?(?:head|tail)`?\s*(?:or|/|and|,)\s*`?(?:head|tail|grep)\b`?",
            "Run cargo test with all of its output (no `head` or `tail`).",
            negative=True,
        ),
        Phrasing(
            r"\b(?:truncat|filter|suppress|hid)(?:e|es|ing)?\b\s+(?:the\s+|any\s+)?"
            rf"{_SOURCE}(?:\s+(?:{_SOURCE}|and|or))*\s+(?:outputs?|results?|errors?)\b",
            "Never truncate test output.",
            negative=True,
        ),
        Phrasing(
            r"\|\s*(?:tail|head|grep)\b|\b(?:no|not|never|without)\s+(?:head|tail)\b",
            "Run commands unfiltered: no head, no tail.",
            negative=True,
        ),
    ),
    inputs=("journal",),
    scopes=(Scope.CHANGED,),
    process=True,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for commands that hid what cargo said, and for runs that showed it."""
    calls = [call for call in read_calls(journal_of(subject)) if call.ran and call.command is not None]
    cargo = [(call, _subcommands(call), hidden_output(call.command or "")) for call in calls]
    shown = [(call, names) for call, names, reason in cargo if names and not reason]
    findings = []
    for call, names, reason in cargo:
        if reason is None or (names and all(_was_shown(call, name, shown) for name in names)):
            continue
        what = f"`cargo {names[0]}`" if names else "cargo"
        advice = f"Run {what} again as it is, without a filter, and read all that it says."
        findings.append(Finding(None, None, f"{call.shown} hid what cargo said: {_past(reason)}", advice))
    evidence = evidence_of(calls, f"commands that ran: {len(calls)}; with cargo unfiltered: {len(shown)}")
    cut = [call for call in calls if not call.whole]
    if cut and not findings:
        raise Unknown(f"the journal holds only the beginning of {cut[0].shown}", (evidence,))
    good = "nothing that cargo said was hidden"
    return judged(tuple(findings), good, "commands that hid what cargo said: {n}", evidence)


def _subcommands(call: Call) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run.subcommand for run in cargo_runs(call.command or "")))


def _was_shown(call: Call, name: str, shown: Sequence[tuple[Call, tuple[str, ...]]]) -> bool:
    """Whether a subcommand's output was seen whole: before in the same state, or later in any."""
    return any(
        name in names
        and not other.timed_out
        and (other.line > call.line or (other.tree != "" and other.tree == call.tree))
        for other, names in shown
    )


def _past(reason: str) -> str:
    return reason.replace("would only reach", "only reached").replace("would be", "was")
