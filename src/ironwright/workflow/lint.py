"""Lints what the definitions alone cannot tell: which of their obligations no gate enforces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ironwright.agents.fix import Fix, propose_fix
from ironwright.agents.lint import Kind, Linted
from ironwright.gates.api import Gate
from ironwright.records.contract import Clause
from ironwright.records.definition import LintFinding, Severity
from ironwright.records.errors import DefinitionError, RepositoryError, ToolError

FEW = 40
"""Most definitions whose obligations are looked at unasked: each takes about 70 ms."""

_FIXABLE = (Kind.AGENT, Kind.CHECK, Kind.COMMAND, Kind.SKILL, Kind.SNIPPET)
_WITH_OBLIGATIONS = (Kind.AGENT, Kind.CHECK, Kind.RECIPE, Kind.CONFIG)
_FIRM = re.compile(
    r"\b(?:must|always|never|shall|mandatory|required|do not|don't|under no circumstances)\b", re.I
)
_SHOWN = 5


def unenforced_obligations(
    linted: Iterable[Linted], gates: Mapping[str, Gate], progress: Callable[[str], None] = lambda _: None
) -> tuple[LintFinding, ...]:
    """One remark for each agent that demands firmly what no gate checks.

    Firm are sentences with words such as "must" and "never". They reach the agent as text; nothing refuses
    work that ignores them.

    Args:
        linted: The definitions.
        gates: Every gate by id.
        progress: Told the name of each agent.
    """
    from ironwright.contract.recognise import recognise

    findings = []
    for item in linted:
        if item.kind not in _WITH_OBLIGATIONS or not item.usable or not item.agent.body.strip():
            continue
        progress(item.agent.name)
        clauses = recognise(item.agent, gates)
        firm = [clause for clause in clauses if clause.gate is None and _FIRM.search(clause.sentence)]
        if not firm:
            continue
        findings.append(_remark(item, len(clauses), sum(clause.gate is not None for clause in clauses), firm))
    return tuple(findings)


def _remark(item: Linted, obligations: int, enforced: int, firm: list[Clause]) -> LintFinding:
    lines = ", ".join(str(clause.line) for clause in firm[:_SHOWN]) + (" …" if len(firm) > _SHOWN else "")
    many = len(firm) > 1
    return LintFinding(
        "unenforced-obligations",
        Severity.INFO,
        firm[0].path,
        firm[0].line,
        f"gates enforce {enforced} of {obligations} obligations of `{item.agent.name}`; of the firm ones "
        f"{len(firm)} {'have' if many else 'has'} no gate (line{'s' if many else ''} {lines})",
        "`ironwright contract` shows each; a number or a command in a sentence lets a gate check it.",
    )


def proposed_fixes(linted: Sequence[Linted]) -> tuple[Fix, ...]:
    """What is mechanical to repair in the definitions, each file once; links are left alone."""
    found: dict[Path, Fix] = {}
    for item in linted:
        if item.kind not in _FIXABLE or item.path in found or item.path.is_symlink():
            continue
        try:
            fix = propose_fix(item.path)
        except DefinitionError:
            continue  # it cannot be read, which lint says
        if fix is not None:
            found[item.path] = fix
    return tuple(found.values())


def uncommitted(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of the files that git says are changed or new; none where there is no repository."""
    from ironwright.host.git import open_repository

    changed: list[Path] = []
    roots: dict[Path, frozenset[Path]] = {}
    for path in paths:
        try:
            repository = open_repository(path)
        except (RepositoryError, ToolError):
            continue  # nothing can be said about a file that is in no repository
        if repository.root not in roots:
            status = repository.git("status", "--porcelain", "-z", "--untracked-files=all", check=False)
            names = [entry[3:] for entry in status.text.split("\0") if len(entry) > 3]
            roots[repository.root] = frozenset((repository.root / name).resolve() for name in names)
        if path.resolve() in roots[repository.root]:
            changed.append(path)
    return tuple(changed)
