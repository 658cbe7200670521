"""Refuses changes of a library's public API that its version does not announce.

What it checks:
    For every library that base and head both have, cargo-semver-checks compares the public APIs as rustdoc
    describes them. What breaks users (a function removed, a parameter added, a public struct closed) needs a
    version of head's manifest that says so by the rules of semantic versioning; where the version is the same
    on both sides, only what a minor release may bring is allowed. ``release`` states the kind of release
    whatever the manifest says.

Why:
    Users take a compatible version without looking. What breaks in it breaks for all of them at once.

Evidence:
    rustdoc's description of both APIs and the answer of cargo-semver-checks, by its exit code.

Unknown when:
    cargo-semver-checks is missing or does not understand this compiler's rustdoc; there is no commit before
    the change; the documentation of either side cannot be built. Changed behaviour behind the same API, and
    APIs of features that are off, are not seen.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, judged, passed
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import broke, needed, shown_as
from ironwright.gates.subject import Subject
from ironwright.host.cargo_tool import OUT, run_tool
from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding

if TYPE_CHECKING:
    from ironwright.gates.cargo.facts import CargoFacts
    from ironwright.host.process import Completed

_API = r"(?:public )?(?:apis?|interfaces?|signatures?)"

GATE = Gate(
    id="broken_semver",
    summary="changes of a public API that the version does not announce",
    cost=Cost.REBUILD,
    phrasings=(
        # "Flag breaking changes" asks for a look at them, and with a condition they are allowed.
        Phrasing(rf"\b(?:no|not|never|avoid|without|n't)\s+(?:\w+\s+){{0,3}}?"
                 rf"(?:breaking (?:{_API} )?changes?|API breakages?)\b"
                 r"(?![^.;]*\b(?:without|unless|except|until|if|when)\b)",
                 "Make no breaking changes to public APIs.", negative=True),
        Phrasing(rf"\bbreak(?:ing|s)? (?:the |any |existing )*{_API}\b",
                 "Never break the public API.", negative=True),
        Phrasing(r"\bcargo[ -]semver[ -]checks?\b", "Run cargo semver-checks before a release."),
        Phrasing(r"\b(?:follow|respect|obey|comply with|adhere to)\b[^.;]{0,20}"
                 r"\b(?:semver|semantic versioning)\b(?! for dependenc)",
                 "Follow semantic versioning."),
        Phrasing(rf"\b(?:maintain|preserve|keep|ensure)\b[^.;]{{0,30}}\b{_API} (?:backwards? )?compatib\w+",
                 "Maintain API compatibility."),
        Phrasing(r"\b(?:maintain|preserve|keep|ensure)\b[^.;]{0,30}\bbackwards?[- ]compatib\w+",
                 "Maintain backward compatibility.", strength=Strength.SOFT),
        Phrasing(rf"\b(?:keep|leave)\b[^.;]{{0,20}}\b{_API}\s+(?:\w+ and )?(?:stable|unchanged|"
                 rf"intact|backwards?[- ]compatible)\b(?![^.;]*\bunless\b)",
                 "Keep the public API stable."),
        Phrasing(rf"\b{_API}\s+(?:must|should|ha(?:s|ve) to|needs? to)\s+(?:always\s+)?(?:stay|"
                 rf"remain|be|keep)\s+(?:fully\s+)?"
                 r"(?:stable|unchanged|backwards?[- ]compatible)\b",
                 "Public APIs must stay backward compatible."),
        Phrasing(rf"\bbreaking changes? (?:to|in|of) (?:the |any |our |existing )*{_API}"
                 r"(?=\s+(?:is|are) (?:strictly )?(?:forbidden|prohibited|banned|not (?:allowed|"
                 r"acceptable|permitted)))",
                 "Breaking changes to the public API are forbidden.", negative=True),
        Phrasing(r"\b(?:chang|remov|renam|delet|alter)\w*(?:(?:,| or| and)+ (?:chang|remov|renam|"
                 r"delet|alter)\w*)*\s+"
                 r"(?:the |any |existing |our )*(?:public|exported)\s+(?:functions?|signatures?|items?|"
                 r"types?|traits?|APIs?|"
                 r"methods?|fields?|interfaces?)\b(?![^.;]*\b(?:without|unless|except|until|if|when)\b)",
                 "Do not remove or rename public items.", negative=True),
        Phrasing(r"\bbreaking changes?\s+without\s+(?:an?\s+)?(?:\w+\s+)?(?:version|semver|major)"
                 r"\s*(?:version\s+)?(?:bumps?|release|change)",
                 "Avoid breaking changes without version bumps.", negative=True),
        # The gate cannot see who was asked: what needs leave is shown, not refused.
        Phrasing(rf"\b(?:preserve|keep|retain)\b\s+(?:the\s+|all\s+|any\s+)*existing\s+{_API}\b",
                 "Preserve existing public APIs unless explicitly asked to change them.",
                 strength=Strength.SOFT),
        Phrasing(r"\b(?:breaking changes?|API breakages?)\s+unless\s+(?:explicitly\s+|specifically\s+)?"
                 r"(?:asked|requested|told|instructed|approved|agreed)\b",
                 "Avoid breaking changes unless requested.", negative=True, strength=Strength.SOFT),
    ),
    params={
        "release": Param(str, "derived", "What head may be: `patch`, `minor` or `major`; `derived` compares "
                         "the versions.", allowed=("derived", "patch", "minor", "major")),
    },
    requires=("compile_errors",),
    tools=("cargo-semver-checks", "rustdoc"),
    inputs=("code", "toolchain"),
    scopes=(Scope.CHANGED,),
)  # fmt: skip

_FAILURE = re.compile(r"^--- failure (?P<lint>\w+): (?P<what>.*?) ---$", re.MULTILINE)
_PLACE = re.compile(r"(?P<before>previously )?in (?:file )?(?P<path>\S+?):(?P<line>\d+)\b")
_BROKEN = 100


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare the APIs of every library on both sides."""
    del scope  # an API breaks by a change
    needed("cargo-semver-checks")
    if subject.base is None:
        raise Unknown("there is no commit before the change to compare with")
    base = subject.make_mixed("base", "base", {})
    before, after = _libraries(base), _libraries(subject.cargo)
    if not after:
        return passed("there is no library")
    findings: list[Finding] = []
    remarks = [Finding(None, None, f"the library {name} is new") for _, name in sorted(after - before)]
    findings += [Finding(None, None, f"the library {name} is gone", "Say so with a new version of its users.")
                 for name in sorted({name for _, name in before} - {name for _, name in after})]  # fmt: skip
    evidence: list[Evidence] = []
    both = sorted(after & before)
    for root, package in both:
        subject.progress(f"comparing the API of {package}")
        found, said = _compare(subject, base, root, package, params["release"])
        findings += found
        evidence += said
    good = f"what changed in the APIs fits the versions (libraries compared: {len(both)})"
    answer = judged(tuple(findings), good, "changes that break users: {n}", *evidence)
    return answer if findings else Answer(answer.status, answer.reason, tuple(remarks), answer.evidence)


def _libraries(facts: CargoFacts) -> set[tuple[str, str]]:
    """Each topmost manifest's packages with a library that other crates can use."""
    return {
        (root, package.name)
        for root, prepared in facts.prepared
        for package, target in prepared.metadata.libraries
        if target.kind in ("lib", "rlib", "dylib")
    }


def _compare(
    subject: Subject, base: CargoFacts, root: str, package: str, release: str
) -> tuple[list[Finding], list[Evidence]]:
    workspace = subject.cargo.workspace
    with workspace.scratch_folder("api") as out:
        said = [
            _describe(facts, root, package, out / f"{name}.json")
            for name, facts in (("base", base), ("head", subject.cargo))
        ]
        argv = [str(needed("cargo-semver-checks")), "semver-checks", "--color=never"]
        argv += [f"--baseline-rustdoc={OUT}/base.json", f"--current-rustdoc={OUT}/head.json"]
        argv += [] if release == "derived" else [f"--release-type={release}"]
        done = run_tool(workspace, root, argv, "lint", out=out)
    done = shown_as(done, ("cargo", "semver-checks", "--package", package))
    if not done.ok and done.exit_code != _BROKEN:
        raise broke(done, *said)
    findings = _read(subject, root, done) if done.exit_code == _BROKEN else []
    if done.exit_code == _BROKEN and not findings:
        raise broke(done, *said)
    return findings, [*said, command_evidence(done)]


def _describe(facts: CargoFacts, root: str, package: str, target: Path) -> Evidence:
    """Write rustdoc's description of a library's API to a file."""
    arguments = ("rustdoc", "--lib", "--package", package, "--locked")
    after = ("-Zunstable-options", "--output-format=json", "--document-hidden-items", "--cap-lints=allow")
    # Stable rustdoc writes this format too, but only says so to who sets the variable.
    run = facts.workspace.run(root, arguments, "api", after=after, env={"RUSTC_BOOTSTRAP": "1"})
    if not run.ok:
        raise broke(run.done)
    metadata = facts.workspace.prepare(root).metadata
    name = next(t.name for p, t in metadata.libraries if p.name == package).replace("-", "_")
    written = facts.workspace.target_mount(root, "api").source / "doc" / f"{name}.json"
    if written.is_symlink() or not written.is_file():
        raise Unknown(f"rustdoc wrote no description of {package}", (command_evidence(run.done),))
    shutil.copyfile(written, target)
    return command_evidence(run.done)


def _read(subject: Subject, root: str, done: Completed) -> list[Finding]:
    """The failures in the answer, each place one finding."""
    locate = subject.cargo.workspace.locate_from(subject.cargo.workspace.prepare(root).metadata.root)
    text, found = done.text, []
    marks = list(_FAILURE.finditer(text))
    for number, mark in enumerate(marks):
        section = text[mark.end() : marks[number + 1].start() if number + 1 < len(marks) else len(text)]
        for line in section.partition("Failed in:")[2].splitlines():
            if not line.startswith("  ") or not line.strip():
                continue
            place = _PLACE.search(line)
            path = locate(place["path"]) if place else None
            path = path if path in subject.head.paths else None
            row = int(place["line"]) if place and path and not place["before"] else None
            message = f"{mark['what']}: {line.strip()} [{mark['lint']}]"
            advice = (
                "Keep the old API beside the new one, or raise the version so that it says that users break."
            )
            found.append(Finding(path, row, message, advice))
    return found
