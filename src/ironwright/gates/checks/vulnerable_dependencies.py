"""Refuses dependencies with known vulnerabilities.

What it checks:
    cargo-audit finds no package in head's Cargo.lock for which the advisory database names a vulnerability
    that base's Cargo.lock did not have as well (scope ``all``: whatever base had). Packages that are no
    longer maintained or unsound are remarks. ``ignore`` names advisories that were looked into; a list of
    that kind in the repository itself does not count.

Why:
    A vulnerability that has a number is the first that an attacker tries.

Evidence:
    cargo-audit's answers about both lock files, with the database that they come from.

Unknown when:
    cargo-audit or the advisory database is missing. The database is not downloaded: ``database`` says where
    a clone of https://github.com/RustSec/advisory-db lies (by default in cargo's home, as ``advisory-db``),
    and whoever keeps it decides how fresh it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, judged
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.gates.subject import SourceTree, Subject
from ironwright.host.cargo_tool import OUT, run_tool
from ironwright.host.sandbox import Mount
from ironwright.host.toolchain import cargo_home
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts

_DEPENDENCY = r"(?:dependenc(?:y|ies)|crates?|packages?)"
_DATABASE = "/w/advisories"
_CLEAN, _VULNERABLE = 0, 1

GATE = Gate(
    id="vulnerable_dependencies",
    summary="dependencies with known vulnerabilities",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(rf"\b(?:vulnerable|insecure) {_DEPENDENCY}\b|\b{_DEPENDENCY} with (?:known |security )*"
                 r"(?:vulnerabilit(?:y|ies)|advisor(?:y|ies)|CVEs?)\b",
                 "Add no dependencies with known vulnerabilities.", negative=True),
        Phrasing(rf"\b(?:audit|scan|check)\b[^.;]{{0,20}}\b{_DEPENDENCY}\b[^.;]{{0,30}}\b(?:vulnerabilit\w+|"
                 r"advisor(?:y|ies)|CVEs?|security issues?)\b",
                 "Check dependencies for known vulnerabilities."),
        Phrasing(r"\b(?:run|use|with|pass(?:es)?|execute)\b[^.;]{0,20}\bcargo[ -]audit\b",
                 "Run cargo audit before a release."),
        Phrasing(r"\bcargo[ -](?:audit|deny(?: check)? advisories)\b",
                 "Security vulnerabilities (cargo audit)", strength=Strength.SOFT),
        Phrasing(rf"\b{_DEPENDENCY}\b[^.;]{{0,25}}\b(?:no|free of|free from|without)"
                 rf"\s+(?:any\s+)?(?:known\s+|open\s+|security\s+)*"
                 r"(?:vulnerabilit(?:y|ies)|advisor(?:y|ies)|CVEs?|security (?:issues?|advisories))\b",
                 "Dependencies must have no known vulnerabilities."),
        Phrasing(rf"\b(?:no|zero|without)\s+(?:any\s+)?(?:known\s+|open\s+|"
                 rf"security\s+)*(?:vulnerabilities|advisories|CVEs?)\s+in\s+"
                 rf"(?:any\s+|the\s+|all\s+|our\s+)*{_DEPENDENCY}\b",
                 "No known CVEs in dependencies.", negative=True),
    ),
    params={
        "database": Param(str, "", "Where a clone of RustSec's advisory-db lies; empty for cargo's home."),
        "ignore": Param(tuple, (), "Ids of advisories that were looked into (`RUSTSEC-2024-0001`)."),
    },
    tools=("cargo-audit",),
    inputs=("head", "base", "day"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Advisory:
    package: str
    version: str
    id: str
    title: str
    patched: tuple[str, ...]
    lock: str


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Ask cargo-audit about both lock files."""
    program = needed("cargo-audit")
    database = Path(params["database"]).expanduser() if params["database"] else cargo_home() / "advisory-db"
    if not (database / "crates").is_dir():
        raise Unknown(
            f"there is no advisory database in {database}; put one there with `git clone "
            "https://github.com/RustSec/advisory-db` or say in `database` where it lies"
        )
    subject.progress("looking dependencies up in the advisory database")
    now, remarks, evidence = _ask(subject, subject.cargo, subject.head, program, database, params["ignore"])
    if now and scope is Scope.CHANGED and subject.base is not None and _has_manifest(subject.base):
        base = subject.make_mixed("base", "base", {})
        old, _, said = _ask(subject, base, subject.base, program, database, params["ignore"])
        known = {(found.package, found.version, found.id) for found in old}
        evidence += said
    else:
        known = set()
    fresh = [found for found in now if (found.package, found.version, found.id) not in known]
    findings = tuple(_finding(subject.head, found) for found in fresh)
    good = f"no dependency came with a known vulnerability; {len(now)} were there before"
    good = good if now else "no dependency has a known vulnerability"
    answer = judged(findings, good, "known vulnerabilities: {n}", *evidence)
    return answer if findings else Answer(answer.status, answer.reason, tuple(remarks), answer.evidence)


def _has_manifest(tree: SourceTree) -> bool:
    return any(path.rpartition("/")[2] == "Cargo.toml" for path in tree.paths)


def _ask(
    subject: Subject,
    facts: CargoFacts,
    tree: SourceTree,
    program: Path,
    database: Path,
    ignore: tuple[str, ...],
) -> tuple[list[_Advisory], list[Finding], list[Evidence]]:
    found: list[_Advisory] = []
    remarks: list[Finding] = []
    evidence: list[Evidence] = []
    for root, path, content in _locks(facts, tree):
        with facts.workspace.scratch_folder("audit") as out:
            (out / "Cargo.lock").write_bytes(content)
            argv = [str(program), "audit", "--no-fetch", "--stale", "--json", f"--db={_DATABASE}"]
            argv += [f"--file={OUT}/Cargo.lock", *(f"--ignore={name}" for name in ignore)]
            done = run_tool(facts.workspace, root, argv, "test", out=out, extra=[Mount(database, _DATABASE)])
        done = shown_as(done, ("cargo", "audit", "--file", path))
        if done.exit_code not in (_CLEAN, _VULNERABLE) or not done.stdout.lstrip().startswith(b"{"):
            raise broke(done)
        advisories, notes = read_answer(done.text, path)
        if done.exit_code == _VULNERABLE and not advisories:
            raise broke(done)
        found += advisories
        remarks += notes
        evidence.append(command_evidence(done))
    return found, remarks, evidence


def _locks(facts: CargoFacts, tree: SourceTree) -> Iterator[tuple[str, str, bytes]]:
    """Each topmost manifest's lock file: the committed one, else the one that cargo would make here."""
    for root in facts.workspace.roots:
        path = "Cargo.lock" if root == "." else f"{root}/Cargo.lock"
        if path in tree.paths:
            yield root, path, tree.read(path)
            continue
        prepared = facts.workspace.prepare(root)
        yield root, path, (facts.workspace.checkout / prepared.metadata.root / "Cargo.lock").read_bytes()


def read_answer(text: str, lock: str) -> tuple[list[_Advisory], list[Finding]]:
    """The vulnerabilities, and the warnings as remarks, in what ``cargo audit --json`` prints.

    Raises:
        Unknown: It is not understood.
    """
    try:
        data = json.loads(text)
        found = [_advisory(item, lock) for item in data["vulnerabilities"]["list"]]
        remarks = [
            Finding(
                None,
                None,
                f"{item['package']['name']} {item['package']['version']} is {kind}: {_title(item)}",
            )
            for kind, items in sorted(data.get("warnings", {}).items())
            for item in items
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unknown(f"cargo-audit's answer is not understood ({type(error).__name__}: {error})") from error
    return found, remarks


def _title(item: dict[str, Any]) -> str:
    advisory = item.get("advisory") or {}
    return f"{advisory.get('id', 'no advisory')} {advisory.get('title', '')}".strip()


def _advisory(item: dict[str, Any], lock: str) -> _Advisory:
    package, advisory = item["package"], item["advisory"]
    patched = tuple(item["versions"]["patched"])
    return _Advisory(package["name"], package["version"], advisory["id"], advisory["title"], patched, lock)


def _finding(head: SourceTree, found: _Advisory) -> Finding:
    line = None
    if found.lock in head.paths:
        text = head.read(found.lock).decode("utf-8", "replace")
        name, version = re.escape(found.package), re.escape(found.version)
        place = re.search(rf'^name = "{name}"\nversion = "{version}"', text, re.MULTILINE)
        line = text.count("\n", 0, place.start()) + 1 if place else None
    advice = (
        f"Update it to {' or '.join(found.patched)}."
        if found.patched
        else "No version repairs it: replace it."
    )
    message = f"{found.package} {found.version} has the vulnerability {found.id}: {found.title}"
    return Finding(found.lock if found.lock in head.paths else None, line, message, advice)
