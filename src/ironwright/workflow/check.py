"""``ironwright check``: the gates of a contract on a change, with no model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.host import clock
from ironwright.host.git import WORKTREE, Repository
from ironwright.records.config import Config
from ironwright.records.contract import Binding, Contract, Scope
from ironwright.records.errors import ConfigError, RepositoryError
from ironwright.records.report import CheckReport
from ironwright.records.verdict import Verdict
from ironwright.workflow.change import ResolvedChange, change_commits, resolve_change
from ironwright.workflow.content_identity import ContentIdentity
from ironwright.workflow.verdict_cache import VerdictCache, key_of

if TYPE_CHECKING:
    from ironwright.gates.api import Gate
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.subject import Subject

Progress = Callable[[str], None]


def _silent(_message: str) -> None:
    return


@dataclass(frozen=True)
class ContractSource:
    """A contract that is only compiled when a verdict is not known already.

    Attributes:
        name: The contract's name.
        identity: Digest of everything that the contract is made from (definition, lock, settings).
        load: Compiles it.
    """

    name: str
    identity: str
    load: Callable[[], Contract]


@dataclass(frozen=True)
class CheckRequest:
    """What to check.

    Attributes:
        folder: Any folder of the repository.
        contract: Which gates, with which parameters.
        config: The user's settings.
        base: A revision, or None to choose one.
        head: A revision, or ``WORKTREE``.
        only: Ids of the only gates to run; empty for all of the contract.
        scope: ``changed``, ``all`` or ``ratchet`` for every gate that has it; None leaves it to the contract.
        journal: The journal of the run that made the change, or None.
        in_progress: Whether that run is still at work, so that a gate that is not due yet is left out.
        use_cache: Whether verdicts of earlier checks of the same content count.
        sandbox: ``auto``, ``bubblewrap``, ``landlock`` or ``none``.
        progress: Told what is being done.
        on_verdict: Given each verdict as it is known.
        stop: Ends the check when set; gates that have no verdict then are UNKNOWN.
        objects: A folder of git objects that base or head are in besides the repository's own (a run's
            work that is not delivered yet), or None.
        repository: The repository where the caller has found it already, or None.
    """

    folder: Path
    contract: ContractSource
    config: Config
    base: str | None = None
    head: str = WORKTREE
    only: tuple[str, ...] = ()
    scope: str | None = None
    journal: Path | None = None
    in_progress: bool = False
    use_cache: bool = True
    sandbox: str = "auto"
    progress: Progress = _silent
    on_verdict: Callable[[Verdict], None] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    objects: Path | None = None
    repository: Repository | None = None


def check_change(request: CheckRequest) -> CheckReport:
    """Judge a change by the gates of a contract.

    Raises:
        RepositoryError: The repository or a revision does not allow it.
        ContractError: The contract cannot be compiled.
        ConfigError: ``only`` names a gate that does not exist.
        SandboxError: There is no sandbox and none was not asked for.
    """
    started = clock.seconds()
    resolved = resolve_change(request.folder, request.base, request.head, request.objects, request.repository)
    cache = VerdictCache(resolved.project.cache / "verdicts", enabled=request.use_cache)
    settings = repr((request.config.cargo, request.config.sandbox, request.sandbox))
    content = ContentIdentity(resolved, settings, request.journal)
    asked = [request.contract.identity, request.scope or "", *request.only]
    key = key_of(["report", *content.whole, *asked, *(["in progress"] if request.in_progress else [])])
    known = cache.report(key)
    if known is not None:
        return _as_asked(known, resolved, started)
    contract = request.contract.load()
    bindings, notes = _choose_bindings(contract, request)
    with ExitStack() as stack:
        subject = build_subject(request, resolved, stack)
        verdicts = _run(bindings, subject, cache, content, resolved, request)
    report = CheckReport(
        contract=contract.name,
        base=resolved.change.base,
        head=resolved.change.head,
        base_label=resolved.change.base_label,
        head_label=resolved.change.head_label,
        verdicts=verdicts,
        notes=(*resolved.notes, *contract.notes, *notes),
        seconds=clock.seconds() - started,
    )
    # How the revisions were found belongs to this request, not to the content.
    cache.keep_report(key, replace(report, notes=(*contract.notes, *notes)))
    return report


def _as_asked(known: CheckReport, resolved: ResolvedChange, started: float) -> CheckReport:
    """A known report under the names that this request uses for its revisions."""
    change = resolved.change
    return replace(
        known,
        base=change.base,
        head=change.head,
        base_label=change.base_label,
        head_label=change.head_label,
        notes=(*resolved.notes, *known.notes),
        seconds=clock.seconds() - started,
    )


def _choose_bindings(contract: Contract, request: CheckRequest) -> tuple[list[Binding], list[str]]:
    """The contract's bindings that apply here, cheapest first, and what was left out and why."""
    from ironwright.gates.catalog import chosen_modules, gate_ids

    unknown = sorted(set(request.only) - gate_ids())
    if unknown:
        raise ConfigError(
            f"there is no gate {unknown[0]!r}",
            where="--gate",
            advice="`ironwright gates list` names them all.",
        )
    chosen = {binding.gate: binding for binding in contract.bindings}
    catalog = {name: module.GATE for name, module in chosen_modules({*chosen, *request.only}).items()}
    for gate in request.only:
        chosen.setdefault(gate, _default_binding(catalog[gate]))
    notes = []
    kept = []
    for gate, specification in catalog.items():
        if request.only and gate not in request.only:
            continue
        stated = any(chosen[gate].params.get(name) for name in specification.applies_with)
        if specification.process and request.journal is None and not stated:
            notes.append(f"{gate} does not apply: it judges how a run worked, and this change has no journal")
            continue
        binding = chosen[gate]
        if reason := _not_due(specification, binding, request):
            notes.append(f"{gate} is judged at the end of the run: {reason}")
            continue
        if request.scope is not None and Scope(request.scope) in specification.scopes:
            binding = replace(binding, scope=Scope(request.scope))
        kept.append(binding)
    return kept, notes


def _not_due(gate: Gate, binding: Binding, request: CheckRequest) -> str:
    """Why a gate cannot be judged yet; empty where it can, and always where the check decides."""
    from ironwright.records.journal import read_journal

    if not request.in_progress or gate.not_due is None or request.journal is None:
        return ""
    return gate.not_due(read_journal(request.journal), binding.params)


def _default_binding(gate: Gate) -> Binding:
    params = {name: param.default for name, param in gate.params.items()}
    return Binding(gate.id, params, gate.scopes[0], sources=("--gate",))


def _run(
    bindings: list[Binding],
    subject: Subject,
    cache: VerdictCache,
    content: ContentIdentity,
    resolved: ResolvedChange,
    request: CheckRequest,
) -> tuple[Verdict, ...]:
    from ironwright.gates.catalog import chosen_modules
    from ironwright.workflow.schedule import Keys, run_gates

    modules = chosen_modules(binding.gate for binding in bindings)

    def keys_of(binding: Binding) -> Keys:
        params = sorted((name, repr(value)) for name, value in binding.params.items())
        demand = ["verdict", binding.gate, binding.scope.value, repr(params)]
        inputs = {*modules[binding.gate].GATE.inputs, "program", "settings"}
        exact, loose = sorted(inputs | {"head", "base"}), sorted(inputs)
        return Keys(
            exact=key_of([*demand, *exact, *(content.of(name) for name in exact)]),
            loose=key_of([*demand, *loose, *(content.of(name) for name in loose)]),
            only_clean="surface" in inputs,
        )

    return run_gates(
        bindings,
        modules,
        subject,
        cache,
        keys_of,
        resolved.project.cache / "crashes",
        request.stop,
        request.on_verdict,
    )


def build_subject(request: CheckRequest, resolved: ResolvedChange, stack: ExitStack) -> Subject:
    """What the gates are given; checkouts are laid on first use, their slots held until the stack closes."""
    from ironwright.gates.api import Unknown
    from ironwright.gates.subject import OverlaidTree, SourceTree, Subject
    from ironwright.host.checkout import GitTree, Slot, slot
    from ironwright.records.journal import read_journal
    from ironwright.workflow.cargo_setup import cargo_facts

    change = resolved.change
    repository = resolved.repository
    head = SourceTree(GitTree(repository, change.head_tree))
    base = SourceTree(GitTree(repository, change.base_tree)) if change.base_tree else None
    trees = {"head": change.head_tree, "base": change.base_tree or repository.empty_tree}
    home = resolved.project.cache / "slots"
    places: dict[str, Slot] = {}
    answers: dict[str, tuple[tuple[str, dict[str, bytes | None]], CargoFacts]] = {}
    lock = threading.Lock()

    def lay(purpose: str, tree: str, changes: Mapping[str, bytes | None]) -> CargoFacts:
        with lock:
            content = (tree, dict(changes))
            known = answers.get(purpose)
            if known is not None and known[0] == content:
                return known[1]  # two gates may ask for the same tree at once, in one slot
            if purpose not in places:
                seed = home / "head-0" / "target"
                places[purpose] = stack.enter_context(slot(home, purpose, seed))
            place = places[purpose]
            wanted = trees.get(tree, tree)
            place.lay(repository, wanted, changes)
            laid = head if tree == "head" else base if tree == "base" and base else None
            laid = laid or SourceTree(GitTree(repository, wanted))
            files = laid if not changes else SourceTree(OverlaidTree(laid, changes))
            facts = cargo_facts(
                place.tree,
                place.target,
                files,
                request.config,
                request.sandbox,
                request.progress,
                request.stop,
            )
            answers[purpose] = (content, facts)
            return facts

    def read_at(tree: str, path: str) -> bytes | None:
        try:
            return repository.file_at(tree.partition("@")[0], path)
        except RepositoryError as error:
            raise Unknown(f"a tree that the journal names cannot be read: {error.what}") from error

    return Subject(
        change=change,
        head=head,
        base=base,
        config=request.config,
        make_cargo=lambda: lay("head", "head", {}),
        make_mixed=lay,
        journal=read_journal(request.journal) if request.journal else None,
        progress=request.progress,
        read_at=read_at,
        make_commits=lambda: change_commits(resolved),
    )
