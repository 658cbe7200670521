"""How gates are scheduled: order, prerequisites, breaking gates, interruption, the cache."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ironwright.gates.api import Answer, Cost, Gate, GateModule, Params, Unknown, failed, passed
from ironwright.gates.subject import SourceTree, Subject
from ironwright.records.change import Change
from ironwright.records.config import Config
from ironwright.records.contract import Binding, Scope, Strength
from ironwright.records.errors import ToolError
from ironwright.records.verdict import Finding, Status, Verdict, overall
from ironwright.workflow.schedule import Keys, run_gates
from ironwright.workflow.verdict_cache import VerdictCache


class EmptyTree:
    paths: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes:
        raise KeyError(path)


def never(*_arguments: Any) -> Any:
    raise AssertionError("cargo is not asked")


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    change = Change(tmp_path, None, "h", None, "t", "", "")
    return Subject(change, SourceTree(EmptyTree()), None, Config(), never, never)


def gate(name: str, answer: Any, requires: tuple[str, ...] = (), *, early: bool = False) -> GateModule:
    def check(_subject: Subject, _params: Params, _scope: Scope) -> Answer:
        if isinstance(answer, BaseException):
            raise answer
        return cast(Answer, answer() if callable(answer) else answer)

    spec = Gate(name, name, Cost.TREE, (), requires=requires, early=early)
    return cast(GateModule, SimpleNamespace(__doc__="x", GATE=spec, check=check))


def run(
    subject: Subject,
    tmp_path: Path,
    *modules: GateModule,
    stop: threading.Event | None = None,
    cached: bool = False,
    tree: str = "",
    only_clean: bool = False,
) -> dict[str, Verdict]:
    by_name = {module.GATE.id: module for module in modules}
    bindings = [Binding(name, {}) for name in by_name]
    cache = VerdictCache(tmp_path / "cache", enabled=cached)
    verdicts = run_gates(
        bindings,
        by_name,
        subject,
        cache,
        lambda b: Keys(f"ab{b.gate}{tree}", f"cd{b.gate}", only_clean),
        tmp_path / "crash",
        stop or threading.Event(),
    )
    assert [verdict.gate for verdict in verdicts] == list(by_name)
    return {verdict.gate: verdict for verdict in verdicts}


BAD = failed("bad", (Finding("a.rs", 1, "m"),))


def test_a_gate_whose_prerequisite_failed_is_unknown_and_says_so(subject: Subject, tmp_path: Path) -> None:
    found = run(subject, tmp_path, gate("late", never, ("early",)), gate("early", BAD))
    assert found["early"].status is Status.FAIL
    assert found["late"].status is Status.UNKNOWN
    assert found["late"].reason == "blocked by early"


def test_blocking_passes_down_a_chain(subject: Subject, tmp_path: Path) -> None:
    found = run(subject, tmp_path, gate("a", BAD), gate("b", never, ("a",)), gate("c", never, ("b",)))
    assert [found[name].reason for name in "bc"] == ["blocked by a", "blocked by b"]


def test_a_prerequisite_that_is_not_bound_does_not_block(subject: Subject, tmp_path: Path) -> None:
    assert run(subject, tmp_path, gate("b", passed("fine"), ("absent",)))["b"].status is Status.PASS


def test_a_broken_gate_is_unknown_and_its_details_are_kept(subject: Subject, tmp_path: Path) -> None:
    found = run(subject, tmp_path, gate("broken", ZeroDivisionError("x")), gate("fine", passed("fine")))
    assert found["broken"].status is Status.UNKNOWN
    assert "ZeroDivisionError" in found["broken"].reason
    assert "Traceback" in (tmp_path / "crash" / "broken.txt").read_text()
    assert found["fine"].status is Status.PASS


def test_unknown_and_tool_errors_become_unknown_with_their_advice(subject: Subject, tmp_path: Path) -> None:
    found = run(
        subject,
        tmp_path,
        gate("a", Unknown("why")),
        gate("b", ToolError("no llvm-cov", advice="Install it.")),
    )
    assert found["a"].reason == "why"
    assert found["b"].status is Status.UNKNOWN
    assert "Install it." in found["b"].reason


def test_two_gates_run_at_the_same_time(subject: Subject, tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet() -> Answer:
        meeting.wait()
        return passed("met")

    found = run(subject, tmp_path, gate("a", meet), gate("b", meet))
    assert {verdict.status for verdict in found.values()} == {Status.PASS}


def test_an_early_gate_runs_beside_its_prerequisite(subject: Subject, tmp_path: Path) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet() -> Answer:
        meeting.wait()
        return passed("met")

    found = run(subject, tmp_path, gate("build", meet), gate("lint", meet, ("build",), early=True))
    assert {verdict.status for verdict in found.values()} == {Status.PASS}


def test_what_an_early_gate_said_is_thrown_away_where_its_prerequisite_failed(
    subject: Subject, tmp_path: Path
) -> None:
    ended = threading.Event()

    def late_failure() -> Answer:
        assert ended.wait(10)
        return BAD

    def early_pass() -> Answer:
        ended.set()
        return passed("fine")

    modules = [gate("build", late_failure), gate("lint", early_pass, ("build",), early=True)]
    for _ in range(2):
        found = run(subject, tmp_path, *modules, cached=True)
        assert found["lint"].reason == "blocked by build"
        assert not found["lint"].cached
    unbound = run(subject, tmp_path, modules[1], cached=True)
    assert not unbound["lint"].cached, "nothing was remembered"


def test_an_early_gate_is_blocked_by_a_prerequisite_that_is_blocked_itself(
    subject: Subject, tmp_path: Path
) -> None:
    ended = threading.Event()

    def late_failure() -> Answer:
        assert ended.wait(10)
        return BAD

    def early_pass() -> Answer:
        ended.set()
        return passed("fine")

    found = run(
        subject,
        tmp_path,
        gate("build", late_failure),
        gate("tests", never, ("build",)),
        gate("lint", early_pass, ("tests",), early=True),
    )
    assert found["lint"].reason == "blocked by tests"


def test_what_waits_for_an_early_gate_waits_until_it_counts(subject: Subject, tmp_path: Path) -> None:
    found = run(
        subject,
        tmp_path,
        gate("build", BAD),
        gate("lint", passed("fine"), ("build",), early=True),
        gate("last", never, ("lint",)),
    )
    assert found["last"].reason == "blocked by lint"


def test_an_interrupted_check_gives_unknown_for_what_did_not_run(subject: Subject, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    found = run(subject, tmp_path, gate("a", never), stop=stop)
    assert found["a"].status is Status.UNKNOWN
    assert "interrupted" in found["a"].reason


def test_pass_and_fail_are_cached_and_unknown_is_not(subject: Subject, tmp_path: Path) -> None:
    runs: list[str] = []

    def counting(name: str, answer: Answer | None) -> GateModule:
        def call() -> Answer:
            runs.append(name)
            if answer is None:
                raise Unknown("no")
            return answer

        return gate(name, call)

    modules = [counting("good", passed("ok")), counting("bad", BAD), counting("dark", None)]
    run(subject, tmp_path, *modules, cached=True)
    again = run(subject, tmp_path, *modules, cached=True)
    assert sorted(runs) == ["bad", "dark", "dark", "good"]
    assert again["good"].cached
    assert again["bad"].findings == BAD.findings


def test_soft_gates_do_not_refuse_and_no_hard_gate_proves_nothing() -> None:
    good = Verdict("a", Status.PASS, "")
    soft = Verdict("b", Status.FAIL, "", strength=Strength.SOFT.value)
    assert overall([good, soft]) is Status.PASS
    assert overall([soft]) is Status.UNKNOWN
    assert overall([good, Verdict("c", Status.UNKNOWN, "")]) is Status.UNKNOWN
    assert overall([Verdict("c", Status.UNKNOWN, ""), Verdict("d", Status.FAIL, "")]) is Status.FAIL


def test_only_a_pass_is_taken_over_to_a_tree_that_differs_in_nothing_that_matters(
    subject: Subject, tmp_path: Path
) -> None:
    remark = passed("fine", findings=(Finding("a.rs", 3, "old"),))
    modules = [gate("good", remark), gate("bad", BAD)]
    run(subject, tmp_path, *modules, cached=True, tree="one")
    again = run(subject, tmp_path, *modules, cached=True, tree="other")
    assert again["good"].cached
    assert again["good"].findings == (), "its lines may be others by now"
    assert not again["bad"].cached


def test_where_remarks_may_turn_into_findings_only_a_pass_without_any_is_taken_over(
    subject: Subject, tmp_path: Path
) -> None:
    remark = passed("fine", findings=(Finding("a.rs", 3, "old"),))
    modules = [gate("clean", passed("fine")), gate("remarked", remark)]
    run(subject, tmp_path, *modules, cached=True, tree="one", only_clean=True)
    again = run(subject, tmp_path, *modules, cached=True, tree="other", only_clean=True)
    assert again["clean"].cached
    assert not again["remarked"].cached
