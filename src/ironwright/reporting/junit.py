"""A check as a JUnit report, which continuous integration shows as tests: one test a gate."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from ironwright.records.report import CheckReport
from ironwright.records.verdict import Finding, Status, Verdict

# What XML 1.0 cannot hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def check_as_junit(report: CheckReport) -> str:
    """A check's report as JUnit XML.

    A hard gate that failed is a failure, one that could not tell an error; a soft gate that did not pass is
    skipped, with its reason, as it does not decide.
    """
    states = [_state(verdict) for verdict in report.verdicts]
    counts = {
        "tests": str(len(states)),
        "failures": str(states.count("failure")),
        "errors": str(states.count("error")),
        "skipped": str(states.count("skipped")),
        "time": f"{report.seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "ironwright check", **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": _text(report.contract), **counts})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("verdict", report.status.value),
        ("base", report.base or "none"),
        ("head", report.head),
        ("base_label", report.base_label),
        ("head_label", report.head_label),
    ):
        ElementTree.SubElement(properties, "property", {"name": name, "value": _text(value)})
    for verdict, state in zip(report.verdicts, states, strict=True):
        _test(suite, report, verdict, state)
    if report.notes:
        ElementTree.SubElement(suite, "system-out").text = _text("\n".join(report.notes))
    ElementTree.indent(suites)
    body = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _state(verdict: Verdict) -> str:
    if verdict.status is Status.PASS:
        return "passed"
    if verdict.strength != "hard":
        return "skipped"
    return "failure" if verdict.status is Status.FAIL else "error"


def _test(suite: ElementTree.Element, report: CheckReport, verdict: Verdict, state: str) -> None:
    test = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "name": _text(verdict.gate),
            "classname": _text(f"ironwright.{report.contract}"),
            "time": f"{verdict.seconds:.3f}",
        },
    )
    lines = [_line(finding) for finding in verdict.findings]
    if state == "passed":
        if lines:
            ElementTree.SubElement(test, "system-out").text = _text("\n".join(lines))
        return
    kind = verdict.status.value if state != "skipped" else f"soft {verdict.status.value}"
    outcome = ElementTree.SubElement(test, state, {"message": _text(verdict.reason), "type": kind})
    outcome.text = _text("\n".join(lines or [verdict.reason]))


def _line(finding: Finding) -> str:
    place = (
        f"{finding.path}:{finding.line}: " if finding.line else f"{finding.path}: " if finding.path else ""
    )
    advice = f" ({finding.advice})" if finding.advice else ""
    return f"{place}{finding.message}{advice}"


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
