"""Findings as SARIF 2.1.0, which code-scanning services and editors show at their lines."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from ironwright import __version__
from ironwright.records.definition import LintFinding
from ironwright.records.report import CheckReport
from ironwright.reporting.diagnostics import (
    Diagnostic,
    Diagnostics,
    check_diagnostics,
    lint_diagnostics,
)
from ironwright.reporting.json import data_as_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_ROOT = "SRCROOT"


def check_as_sarif(report: CheckReport) -> str:
    """A check's report as SARIF; paths are relative to the repository's root.

    A gate that could not tell is a notification of the invocation, which then counts as unsuccessful: a
    reader that shows no result must not take it for a pass.
    """
    return diagnostics_as_sarif(check_diagnostics(report))


def lint_as_sarif(findings: tuple[LintFinding, ...], root: Path) -> str:
    """A lint's findings as SARIF; files below ``root`` are relative to it."""
    return diagnostics_as_sarif(lint_diagnostics(findings), root)


def diagnostics_as_sarif(found: Diagnostics, root: Path | None = None) -> str:
    """Diagnostics as the text of one SARIF log with one run."""
    rules = sorted({*found.rules, *(item.rule for item in found.items)})
    numbers = {rule: number for number, rule in enumerate(rules)}
    seen: dict[tuple[str, ...], int] = {}
    results = []
    for item in found.items:
        key = (item.rule, item.path or "", item.message)
        seen[key] = seen.get(key, 0) + 1
        results.append(_result(item, numbers, root, seen[key]))
    invocation: dict[str, Any] = {"executionSuccessful": not found.untold}
    if found.untold:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "error",
                "message": {"text": f"{rule} could not tell: {reason}"},
                "associatedRule": {"id": rule, "index": numbers[rule]},
            }
            for rule, reason in found.untold
        ]
    run = {
        "tool": {
            "driver": {
                "name": "Ironwright",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [
                    {"id": rule, "shortDescription": {"text": found.rules.get(rule, rule)}} for rule in rules
                ],
            }
        },
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return data_as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(item: Diagnostic, numbers: dict[str, int], root: Path | None, count: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": item.rule,
        "ruleIndex": numbers[item.rule],
        "level": item.level.value,
        "message": {"text": item.message or item.rule},
    }
    uri = _uri(item.path, root) if item.path else {}
    if uri:
        place: dict[str, Any] = {"artifactLocation": uri}
        if item.line is not None:
            place["region"] = {"startLine": max(1, item.line)}
        result["locations"] = [{"physicalLocation": place}]
    # The same finding keeps its identity when lines above it move.
    identity = "\0".join((item.rule, str(uri.get("uri", "")), item.message, str(count)))
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    result["partialFingerprints"] = {"ironwrightFinding/v1": digest[:32]}
    return result


def _uri(path: str, root: Path | None) -> dict[str, str]:
    """A file's address: relative to the root where it lies below it, else absolute."""
    if root is not None and Path(path).is_absolute():
        try:
            path = Path(path).relative_to(root.absolute()).as_posix()
        except ValueError:
            return {"uri": "file://" + _quoted(path)}
    if PurePosixPath(path).is_absolute():
        return {"uri": "file://" + _quoted(path)}
    if ":" in path.split("/")[0]:
        return {"uri": _quoted(path, safe="/:")}  # `ironwright:engineer` is an address already
    return {"uri": _quoted(path), "uriBaseId": _ROOT}


def _quoted(path: str, safe: str = "/") -> str:
    return quote(path.encode("utf-8", "surrogateescape"), safe=safe)
