"""Refuses a change that makes the benchmarks execute more instructions or allocate more.

What it checks:
    Every benchmark with a ``main`` of its own (criterion's, for example; ``harness = false``), or each
    bench, example and program that ``targets`` names, is built with optimisations from base and from head
    and run under callgrind. Head may execute at most ``threshold`` percent more instructions than base.
    Where the change touches a benchmark itself, base's code runs head's benchmark. Head is counted twice,
    and base too where head seems slower; the counts that speak for the change decide. Then the same programs
    run under DHAT: head may allocate at most ``allocations`` percent more blocks on the heap than base,
    unless the program executes so many fewer instructions that memory was traded for speed, which is a
    remark. Programs that allocate next to nothing are not compared. With ``criterion`` the benches also run
    natively on both sides, and where criterion's own intervals lie apart that is a remark: wall time on a
    machine that does other work refuses nothing.

Why:
    A slowdown that nobody measured is found by users. Instruction counts repeat to about 0.05 %, which wall
    time on a busy machine never does.

Evidence:
    callgrind's and DHAT's counts on both sides, and the functions that grew most.

Unknown when:
    valgrind is missing; there is no benchmark, or no commit before the change; a benchmark does not build or
    does not end well on either side, or watches the clock, so that it does other work in each run. A
    benchmark that base cannot build, because it is new, is a remark.
    Waiting, cache misses and work on other machines are not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.findings import counted
from ironwright.gates.redness.code_changes import CodeChanges
from ironwright.gates.subject import Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.gates.cargo.instruction_counts import Counts, Workload

_SLOWER = r"(?:performance|speed|runtime|benchmarks?|throughput|latency)"
_REGRESSION = rf"{_SLOWER} (?:regressions?|degradations?|loss(?:es)?)"
_PERCENT = r"(?P<threshold>\d+(?:\.\d+)?)\s?(?:%|percent)"
_SHOWN = 3
# Counts of the same work repeat to about 0.05 %; what differs by more did other work.
_STEADY = 0.5
# What a Rust program allocates before and after its `main` is about twenty blocks; of less than this
# a share says nothing.
_FEW_BLOCKS = 100

GATE = Gate(
    id="performance_regression",
    summary="benchmarks that execute more instructions or allocate more than before",
    cost=Cost.REBUILD,
    phrasings=(
        Phrasing(
            rf"\b{_REGRESSION}\b[^.;\d]{{0,40}}{_PERCENT}",
            "Allow no performance regressions above 5%.",
            negative=True,
        ),
        Phrasing(rf"\b{_REGRESSION}\b", "Introduce no performance regressions.", negative=True),
        Phrasing(
            rf"\b(?:check|test|verify|ensure|measure|monitor|guard|watch)\b[^.;]{{0,40}}"
            rf"\b(?:for|no|against) {_REGRESSION}",
            "Check for performance regressions.",
        ),
        Phrasing(
            rf"\bregress(?:es|ing|ion)?\b[^.;]{{0,20}}\b{_SLOWER}\b",
            "Never regress performance.",
            negative=True,
        ),
        Phrasing(
            r"\bbenchmarks?\b[^.;]{0,40}\b(?:before and after|against (?:the )?(?:base|baseline|main))\b",
            "Run the benchmarks before and after every optimization.",
        ),
        Phrasing(
            rf"\b(?:{_SLOWER}|speed|hot paths?|benchmarks?|it|they)\s+(?:must|should|may|can|do|does)"
            rf"(?:n't| not| never)\s+(?:ever\s+)?"
            r"(?:regress|degrade|get slower|slow down|become slower|suffer)\b",
            "Performance must not regress.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:mak|degrad|slow(?:ing)? down|hurt|worsen|reduc)\w*\s+(?:the\s+|any\s+|"
            r"existing\s+)*(?:hot paths?|benchmarks?|performance|throughput)\b"
            r"(?:\s+slower)?(?!\s+(?:bottlenecks?|issues?|problems?|overhead))",
            "Changes must not degrade performance.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:prove|back|support|justify|validate|verify|demonstrate)"
            r"\b[^.;]{0,30}\b(?:optimi[sz]ation|performance (?:claim|change|improvement))s?\b"
            r"[^.;]{0,20}\b(?:with|by|through|using)\b[^.;]{0,20}\bbenchmarks?\b",
            "Prove every optimization with a benchmark.",
        ),
        Phrasing(
            r"\b(?:slow(?:s|er|ing)?(?: down)?|degrad\w+|regress\w*)\b[^.;%\d]{0,40}"
            rf"\b(?:by|of|than)\s+(?:more than\s+)?{_PERCENT}",
            "No change may slow down the benchmarks by more than 2%.",
            negative=True,
        ),
        Phrasing(
            rf"\bregressions?\b[^.;%\d]{{0,20}}(?:more than|over|above|beyond|>)\s*{_PERCENT}[^.;]{{0,30}}"
            r"\b(?:not (?:acceptable|allowed|tolerated)|unacceptable|forbidden|rejected|fail)\b",
            "A regression of more than 10% in any benchmark is not acceptable.",
        ),
        Phrasing(
            r"\bcompare\b[^.;]{0,20}\bbenchmarks?\b[^.;]{0,20}\b(?:against|with|to)"
            r"\b[^.;]{0,15}\b(?:main|master|base|baseline|before)\b"
            r"|\b(?:no|verify no|without)\s+(?:performance\s+)?regressions?\b[^.;]{0,60}\b(?:slowdowns?|"
            r"benchmarks?|slower)\b",
            "Compare benchmarks against main.",
        ),
    ),
    params={
        "threshold": Param(float, 1.0, "How many percent more instructions are allowed.", stricter=min),
        "allocations": Param(
            float, 5.0, "How many percent more blocks on the heap are allowed.", stricter=min
        ),
        "criterion": Param(
            bool, False, "Whether criterion's own times are taken as well, as remarks.", stricter=max
        ),
        "targets": Param(tuple, (), "Names of benches, examples or programs to count; none for every bench."),
    },
    requires=("compile_errors",),
    tools=("valgrind",),
    inputs=("code", "toolchain"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Count on both sides and compare."""
    del scope  # a regression is a change
    if subject.base is None:
        raise Unknown("there is no commit before the change to compare with")
    manifests = any(PurePosixPath(path).name in ("Cargo.toml", "Cargo.lock") for path in subject.change.files)
    if not CodeChanges(subject).items and not manifests:
        return passed("no code outside tests changed")
    from ironwright.gates.cargo.instruction_counts import count_instructions, find_workloads

    workloads, left = find_workloads(subject.cargo, params["targets"])
    if not workloads:
        why = f" ({left[0]})" if left else ""
        raise Unknown(
            f"there is no benchmark to count{why}; add one under benches/, or name examples in `targets`"
        )
    subject.progress(f"counting instructions of {counted(len(workloads), 'benchmark')}")
    after, evidence = count_instructions(subject.cargo, workloads)
    again, more = count_instructions(subject.cargo, workloads)
    evidence = (*evidence, *more)
    unsteady = [w for w in workloads if _spread(after[w.label], again[w.label]) > _STEADY]
    after = {label: min(counts, again[label], key=_total) for label, counts in after.items()}
    old, new = _sides(subject, workloads)
    remarks = [Finding(None, None, note) for note in left]
    remarks += [
        Finding(w.source, None, f"{w.label} is new, so there is nothing to compare it with") for w in new
    ]
    old = [w for w in old if w not in unsteady]
    before, said = _counted_before(subject, old, after, params["threshold"])
    evidence = (*evidence, *said)
    findings = tuple(
        _finding(w, before[w.label], after[w.label])
        for w in old
        if _growth(before[w.label], after[w.label]) > params["threshold"]
    )
    evidence = (*evidence, *(_measure(w.label, before[w.label], after[w.label]) for w in old))
    greedy, said = _allocating(subject, old, params["allocations"])
    evidence = (*evidence, *said)
    # Memory may be traded for speed, where there is more speed.
    traded = {w for w in old if _growth(before[w.label], after[w.label]) < -params["threshold"]}
    remarks += [finding for workload, finding in greedy if workload in traded]
    if params["criterion"]:
        seen, said = _times(subject, old)
        remarks, evidence = [*remarks, *seen], (*evidence, *said)
    hungry = tuple(finding for workload, finding in greedy if workload not in traded)
    if findings or hungry:
        reason = f"slower benchmarks: {len(findings)}, benchmarks that allocate more: {len(hungry)}"
        return failed(reason, (*findings, *hungry), *evidence)
    if unsteady:
        raise Unknown(
            f"{unsteady[0].label} does not do the same work each time it runs, as benchmarks do that watch "
            "the clock; name examples that do a fixed amount of work in `targets`",
            evidence,
        )
    good = (
        f"no benchmark executes over {params['threshold']:g} % more instructions "
        f"or allocates over {params['allocations']:g} % more"
    )
    return passed(good if old else "every benchmark is new", *evidence, findings=tuple(remarks))


def _counted_before(
    subject: Subject, workloads: list[Workload], after: Mapping[str, Counts], threshold: float
) -> tuple[dict[str, Counts], tuple[Evidence, ...]]:
    """Base's counts; those of which head seems slower are taken twice, and the higher ones hold."""
    if not workloads:
        return {}, ()
    from ironwright.gates.cargo.instruction_counts import count_instructions

    base = _base(subject, workloads)
    before, evidence = count_instructions(base, workloads)
    slower = [w for w in workloads if _growth(before[w.label], after[w.label]) > threshold]
    if slower:
        again, said = count_instructions(base, slower)
        before |= {label: max(before[label], counts, key=_total) for label, counts in again.items()}
        evidence = (*evidence, *said)
    return before, evidence


def _allocating(
    subject: Subject, workloads: Sequence[Workload], allowed: float
) -> tuple[list[tuple[Workload, Finding]], tuple[Evidence, ...]]:
    """The workloads that allocate more blocks than they may, and what DHAT counted on both sides."""
    if not workloads:
        return [], ()
    from ironwright.gates.cargo.allocation_counts import count_allocations, growing_functions

    subject.progress(f"counting allocations of {counted(len(workloads), 'benchmark')}")
    after, evidence = count_allocations(subject.cargo, workloads)
    before, said = count_allocations(_base(subject, list(workloads)), workloads)
    evidence = (*evidence, *said)
    found = []
    for workload in workloads:
        old, new = before[workload.label], after[workload.label]
        growth = 100.0 * (new.blocks - old.blocks) / max(1, old.blocks)
        measure = Evidence(
            "measure",
            f"{workload.label}: {old.blocks:,} blocks ({old.bytes:,} bytes) allocated before, "
            f"{new.blocks:,} ({new.bytes:,}) after ({growth:+.2f} %)",
            {"name": workload.label, "before": old.blocks, "value": new.blocks, "unit": "blocks"},
        )
        evidence = (*evidence, measure)
        if growth > allowed and new.blocks > _FEW_BLOCKS:
            grown = ", ".join(f"{name} +{count:,}" for name, count in growing_functions(old, new, _SHOWN))
            message = (
                f"{workload.label} allocates {new.blocks:,} blocks, {growth:.1f} % more than the "
                f"{old.blocks:,} before"
            )
            found.append((workload, Finding(workload.source, None, message, f"Most of it is in {grown}.")))
    return found, evidence


def _times(subject: Subject, workloads: Sequence[Workload]) -> tuple[list[Finding], tuple[Evidence, ...]]:
    """What criterion finds slower, and its medians on both sides."""
    from ironwright.gates.cargo.criterion_times import measure_times, slower

    subject.progress(f"timing {counted(len(workloads), 'benchmark')}")
    after, evidence = measure_times(subject.cargo, workloads)
    before, said = measure_times(_base(subject, list(workloads)), workloads)
    evidence = (*evidence, *said)
    remarks = []
    for workload in workloads:
        old, new = before.get(workload.label, {}), after.get(workload.label, {})
        evidence += tuple(
            Evidence(
                "measure",
                f"{name}: {old[name].median:,.1f} ns before, {new[name].median:,.1f} ns after (criterion)",
                {"name": name, "before": old[name].median, "value": new[name].median, "unit": "ns"},
            )
            for name in sorted(old.keys() & new.keys())
        )
        remarks += [
            Finding(
                workload.source,
                None,
                f"criterion's {name} takes {now.median:,.1f} ns, {was.median:,.1f} ns before; the intervals "
                "lie apart",
                "Measure it again on a quiet machine.",
            )
            for name, was, now in slower(old, new)
        ]
    return remarks, evidence


def _total(counts: Counts) -> int:
    return counts.total


def _spread(one: Counts, other: Counts) -> float:
    """By how many percent the larger of two counts is larger."""
    least = max(1, min(one.total, other.total))
    return 100.0 * abs(one.total - other.total) / least


def _sides(subject: Subject, workloads: tuple[Workload, ...]) -> tuple[list[Workload], list[Workload]]:
    """The workloads that base has too, and those that are new."""
    assert subject.base is not None
    known = subject.base.paths
    old = [w for w in workloads if w.source is None or w.source in known]
    return old, [w for w in workloads if w not in old]


def _base(subject: Subject, workloads: list[Workload]) -> CargoFacts:
    """Base's code with head's benchmarks."""
    changes: dict[str, bytes | None] = {}
    sources = {w.source for w in workloads}
    folders = {f"{'' if w.folder == '.' else w.folder + '/'}benches/" for w in workloads}
    for path in subject.change.files:
        if path in sources or any(path.startswith(folder) for folder in folders):
            changes[path] = subject.head.read(path) if path in subject.head.paths else None
    return subject.make_mixed("base-perf", "base", changes)


def _growth(before: Counts, after: Counts) -> float:
    return 100.0 * (after.total - before.total) / max(1, before.total)


def _finding(workload: Workload, before: Counts, after: Counts) -> Finding:
    from ironwright.gates.cargo.instruction_counts import grown_functions

    grown = ", ".join(f"{name} +{count:,}" for name, count in grown_functions(before, after, _SHOWN))
    message = (
        f"{workload.label} executes {after.total:,} instructions, {_growth(before, after):.1f} % more than "
        f"the {before.total:,} before"
    )
    return Finding(workload.source, None, message, f"Most of it is in {grown}." if grown else "")


def _measure(label: str, before: Counts, after: Counts) -> Evidence:
    growth = _growth(before, after)
    return Evidence(
        "measure",
        f"{label}: {before.total:,} instructions before, {after.total:,} after ({growth:+.2f} %)",
        {"name": label, "before": before.total, "value": after.total, "unit": "instructions"},
    )
