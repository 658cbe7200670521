"""Runs a contract's gates on a subject: cheapest first, two at a time, none whose prerequisite failed."""

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

# Two: one gate compiles while another runs tests, which is what a small machine has cores for.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Keys:
    """Under which keys a verdict is remembered.

    Attributes:
        exact: Both trees as they are, to the byte.
        loose: Only what the gate's answer depends on (its ``inputs``). Lines may be others, so a verdict
            found by it alone must be a PASS, and its remarks are left out.
    """

    exact: str
    loose: str


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
    passed. A gate that breaks is UNKNOWN; what broke is written to ``crash_folder``.

    Returns:
        The verdicts in the order of the bindings.
    """
    waiting = {binding.gate: binding for binding in bindings}
    done: dict[str, Verdict] = {}
    running: dict[Future[Verdict], str] = {}

    def settle(verdict: Verdict) -> None:
        done[verdict.gate] = verdict
        if on_verdict:
            on_verdict(verdict)

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gate") as pool:
        while waiting or running:
            for gate in list(waiting):
                needs = [need for need in modules[gate].GATE.requires if need in waiting or need in done]
                needs += [name for name in running.values() if name in modules[gate].GATE.requires]
                if stop.is_set():
                    settle(_blocked(waiting.pop(gate), "the check was interrupted"))
                elif blocker := _blocker(needs, done):
                    settle(_blocked(waiting.pop(gate), f"blocked by {blocker}"))
                elif all(need in done for need in needs) and len(running) < _AT_ONCE:
                    binding = waiting.pop(gate)
                    job = pool.submit(
                        _judge, binding, modules[gate], subject, cache, keys_of(binding), crash_folder
                    )
                    running[job] = gate
            try:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
            except BaseException:
                stop.set()  # what runs ends at once, so that leaving the pool does not wait for it
                raise
            for job in finished:
                del running[job]
                settle(job.result())
    return tuple(done[binding.gate] for binding in bindings)


def _blocker(needs: Sequence[str], done: Mapping[str, Verdict]) -> str | None:
    return next((need for need in needs if need in done and done[need].status is not Status.PASS), None)


def _blocked(binding: Binding, reason: str) -> Verdict:
    return Verdict(binding.gate, Status.UNKNOWN, reason, strength=binding.strength.value)


def _judge(
    binding: Binding,
    module: GateModule,
    subject: Subject,
    cache: VerdictCache,
    keys: Keys,
    crash_folder: Path,
) -> Verdict:
    known = _known(cache, keys)
    if known is not None:
        return replace(known, strength=binding.strength.value)
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
    cache.keep_verdict(keys.exact, verdict)
    if verdict.status is Status.PASS:
        cache.keep_verdict(keys.loose, replace(verdict, findings=()))
    return verdict


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
