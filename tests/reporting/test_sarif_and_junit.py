from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from reports import FAILED, PASSED, SOFT, UNKNOWN, check

from ironwright.records.definition import LintFinding, Severity
from ironwright.records.verdict import Finding, Status, Verdict
from ironwright.reporting.junit import check_as_junit
from ironwright.reporting.sarif import check_as_sarif, lint_as_sarif


def test_sarif_of_a_check_places_each_finding() -> None:
    log = json.loads(check_as_sarif(check(FAILED, PASSED, SOFT)))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results = [(item["ruleId"], item["level"]) for item in run["results"]]
    assert results == [("low_coverage", "error"), ("low_coverage", "error"), ("green_before", "warning")]
    assert all(rules[item["ruleIndex"]] == item["ruleId"] for item in run["results"])
    first, second, _ = run["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "src/lib.rs", "uriBaseId": "SRCROOT"}
    assert place["region"] == {"startLine": 42}
    assert first["message"]["text"] == "this changed line never ran. Add a test for the `ms` unit."
    assert "locations" not in second
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_sarif_never_lets_unknown_look_like_a_pass() -> None:
    [run] = json.loads(check_as_sarif(check(PASSED, UNKNOWN)))["runs"]
    [invocation] = run["invocations"]
    assert run["results"] == []
    assert invocation["executionSuccessful"] is False
    [notice] = invocation["toolExecutionNotifications"]
    assert notice["associatedRule"]["id"] == "broken_docs"
    assert "rustup component add" in notice["message"]["text"]


def test_gate_that_fails_without_a_finding_is_a_result() -> None:
    bare = Verdict("unformatted_code", Status.FAIL, "rustfmt would change something")
    [run] = json.loads(check_as_sarif(check(bare)))["runs"]
    [result] = run["results"]
    assert result["message"]["text"] == "rustfmt would change something"


def lint(path: str, line: int = 3, message: str = "m") -> LintFinding:
    return LintFinding("dangling-agent", Severity.WARNING, path, line, message, "Do it.")


def test_sarif_of_a_lint_has_addresses_that_can_be_resolved() -> None:
    findings = (lint("/p/a b.md"), lint("/q/ü.md"), lint("ironwright:engineer"), lint("c:d/e.md"))
    [run] = json.loads(lint_as_sarif(findings, Path("/p")))["runs"]
    uris = [item["locations"][0]["physicalLocation"]["artifactLocation"] for item in run["results"]]
    assert uris[0] == {"uri": "a%20b.md", "uriBaseId": "SRCROOT"}
    assert uris[1] == {"uri": "file:///q/%C3%BC.md"}
    assert uris[2] == {"uri": "ironwright:engineer"}


def test_fingerprint_stays_when_lines_move_and_tells_repeated_findings_apart() -> None:
    def prints(*findings: LintFinding) -> list[str]:
        [run] = json.loads(lint_as_sarif(findings, Path("/p")))["runs"]
        return [item["partialFingerprints"]["ironwrightFinding/v1"] for item in run["results"]]

    assert prints(lint("/p/a.md", 3)) == prints(lint("/p/a.md", 30))
    assert len({*prints(lint("/p/a.md", 3), lint("/p/a.md", 9), lint("/p/b.md", 3))}) == 3


def test_junit_has_one_test_for_each_gate() -> None:
    soft_unknown = Verdict("flaky_tests", Status.UNKNOWN, "no time", strength="soft")
    tree = ElementTree.fromstring(check_as_junit(check(FAILED, PASSED, UNKNOWN, SOFT, soft_unknown)))
    [suite] = tree
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2"}
    failed = suite.find("testcase[@name='low_coverage']")
    assert failed is not None
    failure = failed.find("failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.startswith("src/lib.rs:42: this changed line never ran (Add a test")
    passed = suite.find("testcase[@name='compile_errors']")
    assert passed is not None
    assert list(passed) == []


@given(st.text(), st.text(), st.text())
def test_any_text_gives_valid_json_and_xml(path: str, message: str, contract: str) -> None:
    verdict = Verdict("g", Status.FAIL, message, (Finding(path or None, 1, message, message),))
    report = check(verdict, contract=contract)
    assert json.loads(check_as_sarif(report))["runs"][0]["results"]
    assert ElementTree.fromstring(check_as_junit(report)).tag == "testsuites"
