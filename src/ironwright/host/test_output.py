"""Reads what Rust's test harness writes: its list of tests, its log of outcomes, and its failure messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

NO_MESSAGE = "it failed without a message"

_MESSAGE_LINES = 6
_NOISE = ("note: ", "warning: `--logfile` is deprecated")
_SECTION = re.compile(r"^---- (?P<name>.+?) (?:stdout|stderr) ----$", re.MULTILINE)
_END = re.compile(r"^failures:$|^test result: ", re.MULTILINE)
_PANIC = re.compile(
    r"^thread '[^\n]*' (?:\(\d+\) )?panicked at (?P<path>[^\n]+?):(?P<line>\d+):\d+:\n(?P<text>.*)",
    re.MULTILINE | re.DOTALL,
)
_TEXT_ENDS = re.compile(r"^(?:note: run with|stack backtrace:|thread ')|^\s*$", re.MULTILINE)
_NOT_PANICKED = re.compile(
    r"^note: (?P<text>test did not panic as expected)(?: at (?P<path>\S+?):(?P<line>\d+):\d+)?", re.MULTILINE
)
_STATUS = re.compile(r"(ok|failed|ignored)\b")
_SLOW = re.compile(r"^test (.+?) has been running for over \d+ seconds$", re.MULTILINE)


class Outcome(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    IGNORED = "ignored"
    UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test and how it ended.

    Attributes:
        name: As the harness lists it (``tests::adds``).
        outcome: How it ended.
        message: Why it failed or did not finish; empty where it passed.
        path: The file of the panic, relative to the repository's root; None where unknown.
        line: Its line.
    """

    __test__ = False  # not a test of ours, whatever pytest thinks of its name

    name: str
    outcome: Outcome
    message: str = ""
    path: str | None = None
    line: int | None = None


def parse_list(output: str) -> tuple[str, ...]:
    """The tests in the answer to ``--list --format terse``, benchmarks left out."""
    return tuple(line[: -len(": test")] for line in output.splitlines() if line.endswith(": test"))


def parse_log(log: str, names: Collection[str]) -> dict[str, Outcome]:
    """The outcomes in a harness's ``--logfile``: lines ``ok NAME``, ``failed: why NAME``, ``ignored NAME``.

    Args:
        log: The file's text; an explanation may run over several lines.
        names: The tests that exist; lines about others are skipped.
    """
    outcomes = {"ok": Outcome.PASSED, "failed": Outcome.FAILED, "ignored": Outcome.IGNORED}
    found: dict[str, Outcome] = {}
    status = ""
    for line in log.splitlines():
        start = _STATUS.match(line)
        if start:
            status = start[1]
        name = line.rpartition(" ")[2]
        if status and name in names:
            found.setdefault(name, outcomes[status])
            status = ""
    return found


def parse_failures(
    output: str, locate: Callable[[str], str | None]
) -> Mapping[str, tuple[str, str | None, int | None]]:
    """Message, file and line by test name, from the sections that the harness prints for failed tests.

    Args:
        output: What the test program printed.
        locate: Turns a file name of the compiler into a path of the repository, or None.
    """
    failures = {}
    marks = list(_SECTION.finditer(output))
    for number, mark in enumerate(marks):
        stop = marks[number + 1].start() if number + 1 < len(marks) else len(output)
        section = output[mark.end() : stop]
        end = _END.search(section)
        failures[mark["name"]] = parse_panic(section[: end.start()] if end else section, locate)
    return failures


def parse_panic(text: str, locate: Callable[[str], str | None]) -> tuple[str, str | None, int | None]:
    """Message, file and line of the first panic in a test's output; else its last lines."""
    panic = _PANIC.search(text)
    if panic:
        body = panic["text"]
        end = _TEXT_ENDS.search(body)
        path = locate(panic["path"])
        message = _shortened(body[: end.start()] if end and end.start() else body.partition("\n\n")[0])
        return message or "panicked", path, int(panic["line"]) if path else None
    missing = _NOT_PANICKED.search(text)
    if missing:
        path = locate(missing["path"]) if missing["path"] else None
        return missing["text"], path, int(missing["line"]) if path else None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(_NOISE)]
    return _shortened("\n".join(lines[-_MESSAGE_LINES:])) or NO_MESSAGE, None, None


def slow_tests(output: str) -> tuple[str, ...]:
    """The tests of which the harness said that they run long."""
    return tuple(_SLOW.findall(output))


def _shortened(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    shown = "; ".join(lines[:_MESSAGE_LINES])
    return shown if len(shown) <= 600 else shown[:600] + " …"
