"""Which runs the toolchain may carry out alone: the role is only tidying, and the task asks for it."""

from __future__ import annotations

import re
from dataclasses import replace

from ironwright.records.contract import Contract, Scope, Strength
from ironwright.records.definition import Agent

DEMANDS = frozenset(("unformatted_code", "clippy_warnings"))
"""What such a role is for."""

_KEEPS = frozenset(
    (
        "compile_errors", "failing_tests", "failing_doctests", "broken_docs", "broken_semver",
        "stub_tests", "hardcoded_answers", "weakened_tests", "indifferent_tests", "loosened_guardrails",
        "unmentioned_changes", "leaked_secrets", "placeholder_code", "unsafe_code", "out_of_scope_edits",
        "hand_edited_manifest",
    )
)  # fmt: skip
"""What such a role must leave as it was; nothing new has to be written for them."""

_NAMED_FOR_IT = re.compile(
    r"(?:^|[-_])(?:lint\w*|clippy|rustfmt|fmt|format\w*|style)(?:$|[-_])", re.IGNORECASE
)
_TASK = re.compile(
    r"^\s*(?:please\s+)?(?:(?:run|apply|use)\s+(?:`?cargo\s+)?`?(?:fmt|rustfmt|clippy|fix|the"
    r" (?:formatter|linter))"
    r"|(?:re)?format\b|lint\b|tidy\b|clean\s*up\b"
    r"|(?:fix|clear|clean|remove|resolve|repair|get\s+rid\s+of)\b[^.;]{0,40}?\b(?:format\w*|style|lints?|"
    r"clippy|warnings?|whitespace))",
    re.IGNORECASE,
)
# A task about particular code wants that code judged, not the whole workspace.
_PARTICULAR = re.compile(
    r"\.rs\b|`[^`]*::[^`]*`|\b(?:function|method|struct|enum|trait|type)\b", re.IGNORECASE
)


def fits(agent: Agent, contract: Contract, task: str) -> bool:
    """Whether tools that format and lint could be all that a task needs.

    The definition's name and its contract must say that tidying is the whole role, and the task must ask for
    it in its first words. What is left over is the agent's.
    """
    if contract.before or contract.after or not _NAMED_FOR_IT.search(agent.name):
        return False
    if not _TASK.match(task) or _PARTICULAR.search(task):
        return False
    hard = {binding.gate for binding in contract.bindings if binding.strength is Strength.HARD}
    hard -= process_gates(contract)
    return bool(hard & DEMANDS) and hard <= DEMANDS | _KEEPS


def over_everything(contract: Contract) -> Contract:
    """The contract with formatting and lints judged over the whole workspace, as the task speaks of all."""
    bindings = tuple(
        replace(binding, scope=Scope.ALL) if binding.gate in DEMANDS else binding
        for binding in contract.bindings
    )
    return replace(contract, bindings=bindings)


def without_process(contract: Contract) -> Contract:
    """The contract without the gates that judge how an agent worked, where none did."""
    out = process_gates(contract)
    return replace(contract, bindings=tuple(b for b in contract.bindings if b.gate not in out))


def process_gates(contract: Contract) -> set[str]:
    """The gates of a contract that judge how the work was done."""
    from ironwright.gates.catalog import gates

    catalog = gates()
    return {b.gate for b in contract.bindings if b.gate in catalog and catalog[b.gate].process}
