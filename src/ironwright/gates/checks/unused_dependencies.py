"""Refuses dependencies that no code uses.

What it checks:
    cargo-machete finds no dependency in head's manifests that the sources of its package never name, and
    that it did not find in base as well (scope ``all``: whatever base had). A dependency whose crate has
    another name than its package is looked up under that name before it counts. One that the change tells
    cargo-machete to ignore is a remark.

Why:
    A dependency costs everybody build time and trust, and one that nothing uses costs them for nothing. It
    is what is left of an approach that was given up.

Evidence:
    cargo-machete's answers about both trees; it reads files and runs none of them.

Unknown when:
    cargo-machete is missing, or it or cargo cannot read the manifests. A dependency that only a macro of
    another crate or a linker uses is taken for unused unless the manifest tells cargo-machete to ignore it.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, judged
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.gates.subject import SourceTree, Subject
from ironwright.host.cargo_tool import run_tool
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts

_UNUSED = r"(?:unused|unnecessary|unneeded|superfluous|stale) (?:\w+ )?(?:dependenc(?:y|ies)|crates)"

GATE = Gate(
    id="unused_dependencies",
    summary="dependencies that no code uses",
    cost=Cost.BUILD,
    phrasings=(
        Phrasing(rf"\b(?:remove|delete|drop|prune|clean up|eliminate)\b[^.;]{{0,30}}\b{_UNUSED}",
                 "Remove unused dependencies."),
        Phrasing(rf"\b{_UNUSED}", "Leave no unused dependencies behind.", negative=True),
        Phrasing(r"\bcargo[ -](?:machete|udeps|shear)\b", "Run cargo machete before you finish."),
        Phrasing(r"\b(?:dependenc(?:y|ies)|crates?)\s+(?:that|which)\s+(?:is|are)\s+(?:not|never|no "
                 r"longer)\s+(?:used|needed|required)\b",
                 "Never add a dependency that is not used.", negative=True),
        Phrasing(rf"\b{_UNUSED}\s+(?:must|should|ha(?:s|ve) to)\s+(?:always\s+)?be\s+(?:removed|"
                 rf"deleted|dropped|pruned|cleaned up)\b",
                 "Unused dependencies must be removed."),
    ),
    requires=("compile_errors",),
    tools=("cargo-machete",),
)  # fmt: skip

_PACKAGE = re.compile(r"^(?P<name>\S+) -- (?P<manifest>.+):$")
_NOTHING, _SOMETHING = 0, 1


@dataclass(frozen=True, slots=True)
class _Unused:
    manifest: str
    dependency: str


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Ask cargo-machete about both trees."""
    del params
    needed("cargo-machete")
    subject.progress("looking for unused dependencies")
    found, evidence = _ask(subject.cargo)
    found = _really_unused(subject, found)
    before: set[_Unused] = set()
    if found and scope is Scope.CHANGED and subject.base is not None:
        known, said = _ask(subject.make_mixed("base", "base", {}))
        before, evidence = set(known), [*evidence, *said]
    findings = tuple(
        Finding(
            unused.manifest,
            _line(subject.head, unused),
            f"nothing in the package uses the dependency {unused.dependency}",
            f"Take it out with `cargo remove {unused.dependency}`, or use it.",
        )
        for unused in found
        if unused not in before
    )
    old = len(found) - len(findings)
    good = "every dependency is used" if not old else f"no dependency became unused; {old} were before"
    answer = judged(findings, good, "unused dependencies: {n}", *evidence)
    remarks = () if findings else _newly_ignored(subject)
    return Answer(answer.status, answer.reason, (*answer.findings, *remarks), answer.evidence)


def _ask(facts: CargoFacts) -> tuple[list[_Unused], list[Evidence]]:
    found: list[_Unused] = []
    evidence = []
    program = str(needed("cargo-machete"))
    for root, _ in facts.prepared:
        folder = "/w/repo" if root == "." else f"/w/repo/{root}"
        done = run_tool(facts.workspace, root, (program, "--no-ignore", folder), "test")
        done = shown_as(done, ("cargo", "machete"))
        if done.exit_code not in (_NOTHING, _SOMETHING) or done.timed_out or done.stopped or done.limit_hit:
            raise broke(done)
        manifest = None
        for line in done.text.splitlines():
            if package := _PACKAGE.match(line):
                manifest = facts.workspace.locate(package["manifest"])
            elif manifest and line.startswith("\t") and line.strip():
                found.append(_Unused(manifest, line.strip()))
            elif not line.strip():
                manifest = None
        if done.exit_code == _SOMETHING and not found:
            raise broke(done)
        evidence.append(command_evidence(done))
    return found, evidence


def _really_unused(subject: Subject, found: list[_Unused]) -> list[_Unused]:
    """Without those that the sources name otherwise: a crate need not be called like its package."""
    if not found:
        return []
    names: dict[tuple[str, str], set[str]] = {}
    for root, _ in subject.cargo.prepared:
        names |= _crate_names(subject.cargo, root)
    kept = []
    for unused in found:
        crates = names.get((unused.manifest, unused.dependency), set()) - {
            unused.dependency.replace("-", "_")
        }
        if not any(_is_named(subject.head, unused.manifest, crate) for crate in crates):
            kept.append(unused)
    return kept


def _crate_names(facts: CargoFacts, root: str) -> dict[tuple[str, str], set[str]]:
    """The names under which code knows each dependency, by the manifest and the dependency's key in it."""
    workspace = facts.workspace
    arguments = (
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        workspace.toolchain.host,
    )
    run = workspace.run(root, arguments, "test")
    if not run.ok:
        raise broke(run.done)
    data: dict[str, Any] = json.loads(run.done.text)
    packages = {package["id"]: package for package in data["packages"]}
    found: dict[tuple[str, str], set[str]] = {}
    for node in data["resolve"]["nodes"]:
        manifest = workspace.locate(packages[node["id"]]["manifest_path"])
        for dependency in node["deps"] if manifest else ():
            package = packages[dependency["pkg"]]
            for declared in packages[node["id"]]["dependencies"]:
                if declared["name"] == package["name"]:
                    key = declared["rename"] or declared["name"]
                    library = {t["name"].replace("-", "_") for t in package["targets"] if _is_library(t)}
                    found.setdefault((manifest or "", key), set()).update({dependency["name"], *library})
    return found


def _is_library(target: dict[str, Any]) -> bool:
    return not {"bin", "test", "example", "bench", "custom-build"} & set(target["kind"])


def _is_named(tree: SourceTree, manifest: str, crate: str) -> bool:
    folder = manifest.removesuffix("Cargo.toml")
    word = re.compile(rb"(?<![\w:])" + re.escape(crate.encode()) + rb"\s*(?:::|;|\bas\b)")
    return any(word.search(tree.read(path)) for path in tree.rust_paths if path.startswith(folder))


def _line(tree: SourceTree, unused: _Unused) -> int | None:
    name = re.escape(unused.dependency)
    place = re.compile(rf'^\s*(?:"?{name}"?\s*[=.]|\[.*dependencies\."?{name}"?\s*\])')
    lines = tree.read(unused.manifest).decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if place.match(line)), None)


def _newly_ignored(subject: Subject) -> tuple[Finding, ...]:
    found = []
    for path in sorted(subject.change.files):
        if path.rpartition("/")[2] == "Cargo.toml" and path in subject.head.paths:
            fresh = _ignored(subject.head, path) - (_ignored(subject.base, path) if subject.base else set())
            found += [
                Finding(path, None, f"cargo-machete is newly told to ignore the dependency {name}")
                for name in sorted(fresh)
            ]
    return tuple(found)


def _ignored(tree: SourceTree, path: str) -> set[str]:
    if path not in tree.paths:
        return set()
    try:
        manifest = tomllib.loads(tree.read(path).decode())
    except ValueError as error:
        raise Unknown(f"{path} is no TOML: {error}") from error
    names: set[str] = set()
    for table in ("package", "workspace"):
        section = manifest.get(table, {}).get("metadata", {}).get("cargo-machete", {})
        names |= set(section.get("ignored", ()))
    return names
