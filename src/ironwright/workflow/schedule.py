"""Runs a contract's gates on a subject: cheapest first, none counts whose prerequisite failed."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from ironwright.gates.api import Answer, GateModule, Unknown
from ironwright.gates.subject import Subject
from ironwright.host import clock
from ironwright.records.contract import Binding
from ironwright.records.errors import MACHINE_REFUSALS, IronwrightError
from ironwright.records.verdict import Status, Verdict
from ironwright.workflow.verdict_cache import VerdictCache

# One gate compiles while another runs tests, which is what a small machine has cores for; a third mostly
# waits for a target directory that one of them holds, and goes on the moment it is free.
_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Keys:
    """Under which keys a verdict is remembered.

    Attributes:
        exact: Both trees as they are, to the byte.
        loose: Only what the gate's answer depends on (its ``inputs``). Lines may be others, so a verdict
            found by it alone must be a PASS, and its remarks are left out.
        only_clean: Whether that PASS must not have had remarks either: which of them the change is to
            answer for may depend on more than the gate's own answer does.
    """

    exact: str
    loose: str
    only_clean: bool = False


KeysOf = Callable[[Binding], Keys]
OnVerdict = Callable[[Verdict], None]


def run_gates(
    bindings: Sequence[Binding],
    modules: Mapping[str, GateModule],
    subject: Subject,
    cache: VerdictCache,
    keys_of: KeysOf,
    crash_folder: Path,
    stop: threading.Event,
    on_verdict: OnVerdict | None = None,
) -> tuple[Verdict, ...]:
    """Give a verdict for every binding.

    A gate whose prerequisite is bound as well waits for it, and is UNKNOWN ("blocked by …") unless it
    passed. One that says so (``Gate.early``) is started before, where nothing else is to be done; its
    answer is thrown away where the prerequisite did not pass. A gate that breaks is UNKNOWN; what broke
    is written to ``crash_folder``.

    Returns:
        The verdicts in the order of the bindings.
    """
    waiting = {binding.gate: binding for binding in bindings}
    board = _Board({gate: modules[gate].GATE.requires for gate in waiting}, cache, on_verdict)
    running: dict[Future[_Judged], str] = {}

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate") as pool:

        def start(gate: str) -> None:
            binding = waiting.pop(gate)
            keys = keys_of(binding)
            running[pool.submit(_judge, binding, modules[gate], subject, cache, keys, crash_folder)] = gate

        while waiting or running or board.held:
            for gate in list(waiting):
                if stop.is_set():
                    board.settle(_blocked(waiting.pop(gate), "the check was interrupted"))
                elif blocker := board.blocker(gate):
                    board.settle(_blocked(waiting.pop(gate), f"blocked by {blocker}"))
                elif board.is_ready(gate) and len(running) < _AT_ONCE:
                    start(gate)
            board.settle_held()  # what is blocked now may be what they waited for
            for gate in [gate for gate in waiting if modules[gate].GATE.early]:
                if running and len(running) < _AT_ONCE:
                    start(gate)
            try:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
            except BaseException:
                stop.set()  # what runs ends at once, so that leaving the pool does not wait for it
                raise
            for job in finished:
                board.held[running.pop(job)] = job.result()
            board.settle_held()
    return tuple(board.done[binding.gate] for binding in bindings)


class _Board:
    """Which verdicts count already, and which wait for their prerequisites.

    Args:
        requires: What each bound gate requires; what is not bound does not count.
        cache: Remembers verdicts that count.
        on_verdict: Given each of them.
    """

    def __init__(
        self, requires: Mapping[str, Sequence[str]], cache: VerdictCache, on_verdict: OnVerdict | None
    ) -> None:
        self._needs = {gate: [need for need in needs if need in requires] for gate, needs in requires.items()}
        self._cache = cache
        self._on_verdict = on_verdict
        self.done: dict[str, Verdict] = {}
        self.held: dict[str, _Judged] = {}

    def is_ready(self, gate: str) -> bool:
        """Whether everything that a gate needs has its verdict."""
        return all(need in self.done for need in self._needs[gate])

    def blocker(self, gate: str) -> str | None:
        """What keeps a gate from counting for good, or None."""
        done = self.done
        return next(
            (need for need in self._needs[gate] if need in done and done[need].status is not Status.PASS),
            None,
        )

    def settle(self, verdict: Verdict) -> None:
        """Let a verdict count."""
        self.done[verdict.gate] = verdict
        if self._on_verdict:
            self._on_verdict(verdict)

    def settle_held(self) -> None:
        """Let count what waited only for verdicts that are there now, or put "blocked by" in its place."""
        while ready := next((gate for gate in self.held if self.is_ready(gate)), None):
            judged = self.held.pop(ready)
            blocker = self.blocker(ready)
            self.settle(judged.blocked(blocker) if blocker else judged.kept(self._cache))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A verdict that counts once the gate's prerequisites passed.

    Attributes:
        verdict: The verdict.
        keys: Where it is remembered then; None where it comes from there.
    """

    verdict: Verdict
    keys: Keys | None

    def blocked(self, blocker: str) -> Verdict:
        """What stands in its place where a prerequisite did not pass."""
        return Verdict(
            self.verdict.gate, Status.UNKNOWN, f"blocked by {blocker}", strength=self.verdict.strength
        )

    def kept(self, cache: VerdictCache) -> Verdict:
        """The verdict, remembered."""
        if self.keys is not None:
            cache.keep_verdict(self.keys.exact, self.verdict)
            clean = not self.verdict.findings or not self.keys.only_clean
            if self.verdict.status is Status.PASS and clean:
                cache.keep_verdict(self.keys.loose, replace(self.verdict, findings=()))
        return self.verdict


def _blocked(binding: Binding, reason: str) -> Verdict:
    return Verdict(binding.gate, Status.UNKNOWN, reason, strength=binding.strength.value)


def _judge(
    binding: Binding,
    module: GateModule,
    subject: Subject,
    cache: VerdictCache,
    keys: Keys,
    crash_folder: Path,
) -> _Judged:
    known = _known(cache, keys)
    if known is not None:
        return _Judged(replace(known, strength=binding.strength.value), None)
    subject.progress(f"{binding.gate}: {module.GATE.summary}")
    started = clock.seconds()
    answer = _ask(binding, module, subject, crash_folder)
    verdict = Verdict(
        gate=binding.gate,
        status=answer.status,
        reason=answer.reason,
        findings=answer.findings,
        evidence=answer.evidence,
        seconds=clock.seconds() - started,
        strength=binding.strength.value,
    )
    return _Judged(verdict, keys)


def _known(cache: VerdictCache, keys: Keys) -> Verdict | None:
    return cache.verdict(keys.exact) or cache.verdict(keys.loose)


def _ask(binding: Binding, module: GateModule, subject: Subject, crash_folder: Path) -> Answer:
    try:
        return module.check(subject, binding.params, binding.scope)
    except Unknown as unknown:
        return Answer(Status.UNKNOWN, unknown.reason, evidence=unknown.evidence)
    except IronwrightError as error:
        advice = f" {error.advice}" if error.advice else ""
        where = f" ({error.where})" if error.where else ""
        return Answer(Status.UNKNOWN, f"{error.what}{where}.{advice}")
    except OSError as error:
        if error.errno not in MACHINE_REFUSALS:
            return _broken(binding, error, crash_folder)
        where = f" ({error.filename})" if error.filename else ""
        return Answer(Status.UNKNOWN, f"{error.strerror}{where}; make room or set IRONWRIGHT_CACHE_HOME")
    except Exception as error:  # noqa: BLE001  a broken gate must not take the others with it
        return _broken(binding, error, crash_folder)


def _broken(binding: Binding, error: Exception, crash_folder: Path) -> Answer:
    """A gate with a mistake of its own: what is needed to repair it is kept."""
    note = crash_folder / f"{binding.gate}.txt"
    try:
        crash_folder.mkdir(parents=True, exist_ok=True)
        note.write_text("".join(traceback.format_exception(error)))
        kept = f"please report it with {note}"
    except OSError as failure:
        kept = f"please report it (the details could not be written: {failure.strerror})"
    return Answer(Status.UNKNOWN, f"the gate itself broke ({type(error).__name__}: {error}); {kept}")
