"""Reports that the rendering tests share."""

from ironwright.records.report import AttemptSummary, CheckReport, Outcome, RunReport, Usage
from ironwright.records.verdict import Evidence, Finding, Status, Verdict

FAILED = Verdict(
    "low_coverage",
    Status.FAIL,
    "61.5 % of the changed lines ran in tests, 90 % are demanded",
    (
        Finding("src/lib.rs", 42, "this changed line never ran", "Add a test for the `ms` unit."),
        Finding(None, None, "coverage of the whole crate fell"),
    ),
    (Evidence("measure", "61.5 %", {"name": "coverage", "value": 61.5, "unit": "percent"}),),
    seconds=3.21,
)
PASSED = Verdict("compile_errors", Status.PASS, "2 targets compile", seconds=12.0, cached=True)
UNKNOWN = Verdict("broken_docs", Status.UNKNOWN, "rustdoc is missing: run `rustup component add rust-docs`")
SOFT = Verdict(
    "green_before",
    Status.FAIL,
    "1 test passes on base",
    (Finding("tests/a.rs", 3, "green"),),
    strength="soft",
)


def check(*verdicts: Verdict, **changes: object) -> CheckReport:
    """A report on a made-up change."""
    fields = {
        "contract": "engineer",
        "base": "a" * 40,
        "head": "b" * 40,
        "base_label": "main",
        "head_label": "HEAD",
        "verdicts": verdicts,
        "notes": (),
        "seconds": 15.25,
    }
    return CheckReport(**{**fields, **changes})  # type: ignore[arg-type]


def run_report(**changes: object) -> RunReport:
    """A run with one refused and one accepted attempt."""
    usage = Usage(4, 12_000, 900, 8_000, 0, 0.0312)
    fields = {
        "run_id": "20261120-ab12",
        "task": "Support milliseconds",
        "outcome": Outcome.DELIVERED,
        "reason": "every gate passed",
        "agent": "engineer",
        "route_reason": "it was asked for",
        "repository": "/tmp/repo",
        "base": "a" * 40,
        "branch": "ironwright/20261120-ab12",
        "head": "c" * 40,
        "attempts": (
            AttemptSummary(
                1, "engineer", "anthropic:m", "finished", "All done!", usage, 20.0, check(FAILED, PASSED)
            ),
            AttemptSummary(2, "engineer", "anthropic:m", "finished", "", usage, 10.0, check(PASSED)),
        ),
        "commits": (("c" * 40, "Parse milliseconds"),),
        "usage": usage + usage,
        "seconds": 95.0,
        "journal": "/tmp/repo/.ironwright/runs/20261120-ab12/journal.jsonl",
        "notes": ("the model's part was a recording",),
    }
    return RunReport(**{**fields, **changes})  # type: ignore[arg-type]
