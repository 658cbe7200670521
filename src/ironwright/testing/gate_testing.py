"""Runs one gate on a small crate that a test writes down: real git, real trees, the real cargo.

A gate's test file is ``tests/gates/test_<gate>.py``. It holds three lists of :class:`Case`, ``PASSES``,
``FAILS`` and ``UNKNOWN``, and one function::

    PASSES = [Case("a short file", head={"src/lib.rs": "fn f() {}"})]
    FAILS = [Case("a long file", head={"src/lib.rs": LONG}, mentions=("201 lines",), at=("src/lib.rs", None))]
    UNKNOWN = [Case("a file that does not parse", head={"src/lib.rs": "fn f( {"})]


    def test_verdict(gate_case, tmp_path):
        gate_case.verify(tmp_path)

``tests/gates/conftest.py`` hands ``test_verdict`` every case of the three lists, and
``tests/gates/test_every_gate.py`` demands that no list is empty. What does not fit a case calls
:func:`run_gate` itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ironwright.gates.api import Unknown
from ironwright.gates.catalog import gate_modules
from ironwright.host.git import Repository, open_repository
from ironwright.host.process import run
from ironwright.host.tools import MissingTool, find_tool
from ironwright.records.config import Config
from ironwright.records.contract import Contract, Scope
from ironwright.records.errors import ToolError
from ironwright.records.journal import GENESIS, EventKind, seal
from ironwright.records.verdict import Status, Verdict

Files = Mapping[str, str | bytes | None]
"""Contents by path; None takes a file away."""

Events = Sequence[tuple[EventKind, Mapping[str, Any]]]
"""What a journal holds: kinds and data, in order."""

MANIFEST = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
_IDENTITY = {
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.invalid",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.invalid",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


class SmallCrate:
    """A crate in a git repository of its own.

    Args:
        folder: An empty or missing folder.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        started = run(["git", "init", "--quiet", "--initial-branch=main", str(folder)])
        if not started.ok:
            raise ToolError(f"git init failed: {started.error_text.strip()}", where=str(folder))
        self.folder = folder
        self.repository: Repository = open_repository(folder)

    def write(self, files: Files) -> None:
        """Write files into the checkout; None removes one."""
        for path, content in files.items():
            place = self.folder / path
            if content is None:
                place.unlink(missing_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Files, message: str = "Change the crate") -> str:
        """Write files and commit everything; returns the commit's id."""
        self.write(files)
        self.repository.git("add", "--all", "--force")
        self.repository.git(
            "commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", message, env=_IDENTITY
        )
        return self.repository.resolve("HEAD")


def run_gate(
    gate: str,
    base: Files | None,
    head: Files,
    *,
    params: Mapping[str, Any] | None = None,
    scope: Scope | None = None,
    journal: Events | None = None,
    config: Config | None = None,
    folder: Path | None = None,
    sandbox: str = "auto",
    between: Sequence[Files] = (),
    message: str = "Change the crate",
) -> Verdict:
    """Run one gate on the change from one set of files to another, without its prerequisites or the cache.

    Args:
        gate: The gate's id.
        base: The files before; None where the change starts from nothing.
        head: What the change writes over them (None as content removes a file). A ``Cargo.toml`` for a
            package named ``small`` and an empty ``src/lib.rs`` are there where neither side has its own.
        params: The parameters that differ from the gate's defaults.
        scope: What of the tree is judged; the gate's default where None.
        journal: The run's events; None where no run made the change.
        config: Settings; the defaults where None.
        folder: Where the crate is made; a temporary folder, removed afterwards, where None.
        sandbox: As for ``CheckRequest``.
        between: What each commit between base and head writes.
        message: What head's commit says.

    Raises:
        Exception: Whatever the gate raises besides ``Unknown``: a gate that breaks must not look like one
            that answers.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="ironwright-gate-") as made:
            return run_gate(
                gate,
                base,
                head,
                params=params,
                scope=scope,
                journal=journal,
                config=config,
                folder=Path(made),
                sandbox=sandbox,
                between=between,
                message=message,
            )
    crate = SmallCrate(folder / "crate")
    start: Files = _defaults(base or {}, head)
    base_commit = crate.commit({**start, **base}) if base is not None else None
    for number, files in enumerate(between, 1):
        crate.commit(files, f"Do step {number}")
    head_commit = crate.commit(head if base is not None else {**start, **head}, message)
    journal_path = write_journal(folder / "journal.jsonl", journal) if journal is not None else None
    return _judge(
        gate, crate, base_commit, head_commit, params or {}, scope, journal_path, config or Config(), sandbox
    )


@dataclass(frozen=True, slots=True)
class Case:
    """One small crate with what a gate must say about it.

    Attributes:
        name: A fact: what is special about the crate.
        head: What the change writes.
        base: What was there before, by default only the default manifest and an empty library; None
            where the change starts from nothing.
        params: Parameters that differ from the defaults.
        scope: What of the tree is judged; the gate's default where None.
        journal: The run's events; None where no run made the change.
        config: Settings.
        mentions: Texts of which each must occur in the reason or in a finding.
        at: Path and line that a finding must name; a line of None stands for any.
        findings: How many findings there must be, None for any number. A PASS with findings has remarks.
        slow: Whether it takes more than three seconds.
        between: What each commit between base and head writes.
        message: What head's commit says.
        needs: Tools (see ``host.tools``) without which the gate answers UNKNOWN and names the first that is
            missing: where one is, the case expects just that.
        set_up: Part of the reason of an UNKNOWN that says that such a tool is there and was never set up;
            where it says so, the case expects just that.
        gate: Filled in by the driver.
        status: Filled in by the driver.
    """

    name: str
    head: Files
    base: Files | None = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope | None = None
    journal: Events | None = None
    config: Config | None = None
    mentions: tuple[str, ...] = ()
    at: tuple[str, int | None] | None = None
    findings: int | None = None
    slow: bool = False
    between: tuple[Files, ...] = ()
    message: str = "Change the crate"
    needs: tuple[str, ...] = ()
    set_up: str = ""
    gate: str = ""
    status: Status = Status.PASS

    def expecting(self, gate: str, status: Status) -> Case:
        """The case for one gate and one answer."""
        return replace(self, gate=gate, status=status)

    def verify(self, folder: Path) -> Verdict:
        """Run the gate and compare.

        Raises:
            AssertionError: The verdict is not the expected one; the message shows all of it.
        """
        verdict = run_gate(
            self.gate,
            self.base,
            self.head,
            params=self.params,
            scope=self.scope,
            journal=self.journal,
            config=self.config,
            folder=folder,
            between=self.between,
            message=self.message,
        )
        shown = _shown(verdict)
        missing = [found for found in map(find_tool, self.needs) if isinstance(found, MissingTool)]
        if missing:
            assert verdict.status == Status.UNKNOWN, f"expected UNKNOWN without {self.needs}, got {shown}"
            assert missing[0].tool.name in verdict.reason, f"{missing[0].tool.name} is not in {shown}"
            return verdict
        if self.set_up and verdict.status == Status.UNKNOWN and self.set_up in verdict.reason:
            return verdict
        assert verdict.status == self.status, f"expected {self.status}, got {shown}"
        for text in self.mentions:
            assert text in shown, f"{text!r} is not in {shown}"
        if self.findings is not None:
            assert len(verdict.findings) == self.findings, f"expected {self.findings} findings, got {shown}"
        if self.at is not None:
            path, line = self.at
            places = {(found.path, found.line if line is not None else None) for found in verdict.findings}
            assert (path, line) in places, f"no finding at {path}:{line} in {shown}"
        return verdict


def _shown(verdict: Verdict) -> str:
    lines = [f"{verdict.gate} {verdict.status}: {verdict.reason}"]
    lines += [f"  {found.path}:{found.line}: {found.message} | {found.advice}" for found in verdict.findings]
    return "\n".join(lines)


def _defaults(base: Files, head: Files) -> dict[str, str | bytes | None]:
    paths = {*base, *head}
    files: dict[str, str | bytes | None] = {}
    if not any(path == "Cargo.toml" or path.endswith("/Cargo.toml") for path in paths):
        files["Cargo.toml"] = MANIFEST
        if not paths & {"src/lib.rs", "src/main.rs"}:
            files["src/lib.rs"] = ""
    if not any(base.values()) and not files:
        # A repository needs one commit to start from.
        files["README.md"] = "A small crate.\n"
    return files


def write_journal(path: Path, events: Events) -> Path:
    """Write a journal that holds some events, chained as a run chains them; returns its path."""
    previous, lines = GENESIS, []
    for number, (kind, data) in enumerate(events):
        event = seal(number, "2026-01-01T00:00:00Z", kind, data, f"step-{number}", previous)
        lines.append(event.as_line() + "\n")
        previous = event.digest
    partial = path.with_suffix(".partial")
    partial.write_text("".join(lines), encoding="utf-8")
    return partial.replace(path)


def _judge(
    gate: str,
    crate: SmallCrate,
    base: str | None,
    head: str,
    params: Mapping[str, Any],
    scope: Scope | None,
    journal: Path | None,
    config: Config,
    sandbox: str,
) -> Verdict:
    from ironwright.workflow.change import resolve_change
    from ironwright.workflow.check import CheckRequest, ContractSource, build_subject

    module = gate_modules()[gate]
    unknown = sorted(set(params) - set(module.GATE.params))
    if unknown:
        raise ValueError(f"{gate} has no parameter {unknown[0]!r}")
    asked = {name: param.default for name, param in module.GATE.params.items()} | dict(params)
    request = CheckRequest(
        folder=crate.folder,
        contract=ContractSource("test", "", lambda: Contract("test", (), ())),
        config=config,
        base=base,
        head=head,
        journal=journal,
        use_cache=False,
        sandbox=sandbox,
    )
    with ExitStack() as stack:
        subject = build_subject(request, resolve_change(crate.folder, base, head), stack)
        try:
            answer = module.check(subject, asked, scope or module.GATE.scopes[0])
        except Unknown as unknown_answer:
            return Verdict(gate, Status.UNKNOWN, unknown_answer.reason, evidence=unknown_answer.evidence)
    return Verdict(gate, answer.status, answer.reason, answer.findings, answer.evidence)
