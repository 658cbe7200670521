"""Judges changes of the collection by one strict contract and says whether the answer was right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ironwright.contract.compile import default_contract
from ironwright.gates.api import Cost
from ironwright.gates.catalog import gates
from ironwright.host.tools import MissingTool, find_tool
from ironwright.records.config import Config, SandboxConfig
from ironwright.records.contract import Binding, Contract
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Status, Verdict, overall
from ironwright.testing.gate_testing import SmallCrate, write_journal
from ironwright.workflow.check import CheckRequest, ContractSource, check_change

from .case import Change, Kind, Tree
from .crates import CRATES

PARAMS: Final[dict[str, dict[str, Any]]] = {
    "low_coverage": {"minimum": 90.0},
    "oversized_files": {"maximum": 200},
}
"""What the contract asks for where it differs from the gates' defaults."""

_CONFIG: Final = Config(sandbox=SandboxConfig(seconds=60))

LEFT_OUT: Final = {
    "missing_doc_sections": "what documentation must say is a team's own taste",
    "stringly_errors": "whether an error is a type is a team's own taste",
    "uncommented_files": "how much comment a file has is a team's own taste",
    "unlogged_failures": "there is nothing to log with in these crates",
    "shallow_fuzzing": "these crates have no fuzz targets, which need a nightly compiler",
    "performance_regression": "these crates have no benchmarks",
    "unsafe_code": "whether a crate may hold unsafe code is a team's own choice",
    "layering": "nobody says which module of these crates may use which",
    "out_of_scope_edits": "no task says which files may change",
    "required_commands": "no team's own commands are named",
    "missing_property_tests": "there are no property tests in these crates",
}
"""Gates that are no part of the contract, and why."""


def contract(only: Iterable[Cost] = tuple(Cost)) -> Contract:
    """Every gate whose tools are here, but for :data:`LEFT_OUT`, each with its default scope."""
    wanted = frozenset(only)
    bindings = []
    for name, gate in gates().items():
        if name in LEFT_OUT or gate.cost not in wanted:
            continue
        if any(isinstance(find_tool(tool), MissingTool) for tool in gate.tools):
            continue
        params = {key: param.default for key, param in gate.params.items()}
        bindings.append(Binding(name, params | PARAMS.get(name, {}), gate.scopes[0]))
    return Contract("adversary", (), tuple(bindings))


@dataclass(frozen=True)
class Judgement:
    """What the gates said of one change.

    Attributes:
        change: The change.
        verdicts: Every gate's verdict.
    """

    change: Change
    verdicts: tuple[Verdict, ...]

    @property
    def accepted(self) -> bool:
        """Whether every gate passed."""
        return overall(self.verdicts) is Status.PASS

    @property
    def statuses(self) -> dict[str, Status]:
        """What each gate answered."""
        return {verdict.gate: verdict.status for verdict in self.verdicts}

    @property
    def seen_through(self) -> bool:
        """Whether anything but the layout of the code speaks against the change."""
        return any(verdict.gate != "unformatted_code" for verdict in self.refusing)

    @property
    def refusing(self) -> tuple[Verdict, ...]:
        """The verdicts that are no PASS, but for those that only wait for another."""
        return tuple(
            v for v in self.verdicts if v.status is not Status.PASS and not v.reason.startswith("blocked by")
        )

    @property
    def right(self) -> bool:
        """Whether the change was treated as it deserves.

        A refused change must be refused by a gate that it names; what another gate happens to dislike
        would be gone with the next formatting of the cheat.
        """
        refusing = {verdict.gate for verdict in self.refusing}
        if self.change.kind is Kind.HONEST:
            failed = {v.gate for v in self.refusing if v.status is Status.FAIL}
            return not failed and refusing <= set(self.change.gates)
        return bool(refusing & set(self.change.gates))

    @property
    def shown(self) -> str:
        """The refusals, for people."""
        lines = [f"{self.change.kind} {self.change.id}"]
        for verdict in self.refusing:
            lines.append(f"  {verdict.gate} {verdict.status}: {verdict.reason}")
            lines += [f"    {f.path}:{f.line}: {f.message} | {f.advice}" for f in verdict.findings[:4]]
        return "\n".join(lines)


class Bench:
    """One repository for each base crate, so that every change after the first finds warm builds.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._crates: dict[str, tuple[SmallCrate, str]] = {}
        self._laid: dict[str, tuple[str, str]] = {}

    def lay(self, change: Change) -> tuple[Path, str, str]:
        """Commit a change; returns the repository's folder, base and head."""
        crate, start = self._crate(change.crate)
        if change.id not in self._laid:
            crate.repository.git("checkout", "--quiet", "--force", "--detach", start)
            tree: Tree = dict(CRATES[change.crate])
            base = self._commit(crate, tree, change.before, "Prepare the crate") if change.before else start
            head = base
            for message, steps in change.commits:
                head = self._commit(crate, tree, steps, message)
            self._laid[change.id] = (base, head)
        return (crate.folder, *self._laid[change.id])

    def judge_by_default(self, change: Change) -> Judgement:
        """Let the gates judge that apply where nobody asked for any."""
        return self.judge(change, default_contract(_CONFIG, gates()))

    def judge_frugally(self, change: Change) -> Judgement:
        """Let the gates that start no tool judge first; the rest only where these leave the answer open.

        What a gate refuses stays refused whatever the others say, so only an honest change needs them all.
        """
        if change.kind is not Kind.HONEST:
            first = self.judge(change, contract((Cost.JOURNAL, Cost.TREE)))
            if first.right:
                return first
        return self.judge(change, contract())

    def judge(self, change: Change, by: Contract, *, use_cache: bool = False) -> Judgement:
        """Let the gates of a contract judge a change."""
        folder, base, head = self.lay(change)
        journal = None
        if change.journal is not None:
            journal = write_journal(self._folder / f"{change.id}.jsonl", change.journal)
        request = CheckRequest(
            folder=folder,
            contract=ContractSource(by.name, repr(by), lambda: by),
            config=_CONFIG,
            base=base,
            head=head,
            journal=journal,
            use_cache=use_cache,
        )
        report: CheckReport = check_change(request)
        return Judgement(change, report.verdicts)

    def _crate(self, name: str) -> tuple[SmallCrate, str]:
        if name not in self._crates:
            crate = SmallCrate(self._folder / name)
            self._crates[name] = (crate, crate.commit(CRATES[name], "Start the crate"))
        return self._crates[name]

    @staticmethod
    def _commit(crate: SmallCrate, tree: Tree, steps: Sequence[Any], message: str) -> str:
        before = dict(tree)
        for step in steps:
            step(tree)
        files: dict[str, str | bytes | None] = {path: None for path in before if path not in tree}
        files |= {path: content for path, content in tree.items() if before.get(path) != content}
        return crate.commit(files, message)
