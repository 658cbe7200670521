"""Refuses dependencies that came into a Cargo.toml other than by a recorded cargo command.

What it checks:
    What every Cargo.toml says about dependencies (the tables of dependencies, also of targets and the
    workspace, ``patch``, ``replace``, and features that pull dependencies in) is the same in base and
    head, or got from one to the other by recorded ``cargo add``, ``cargo remove``, ``cargo new`` and
    ``cargo init`` alone: each began where the one before ended. Layout, comments and everything else in a
    manifest may be edited by hand. A manifest that only moved to another folder counts as unchanged. A
    Cargo.lock that changed although no manifest did and no cargo command is recorded is a remark.

Why:
    ``cargo add`` writes names and versions that exist; a version typed from memory often does not.

Evidence:
    Digests of the dependencies in the committed manifests, and the run's record of each cargo command with
    the digests before and after it.

Unknown when:
    Dependencies changed and there is no journal (a person's change), or a manifest is not valid TOML.
"""

from __future__ import annotations

from collections.abc import Sequence

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, Unknown, judged, passed
from ironwright.gates.subject import SourceTree, Subject
from ironwright.records.contract import Scope
from ironwright.records.errors import RepositoryError
from ironwright.records.journal import Event, EventKind
from ironwright.records.manifest import changed_entries, dependency_manifests, entry_line, manifest_digest
from ironwright.records.verdict import Evidence, Finding

_COMMANDS = frozenset({"add", "remove", "rm", "new", "init"})
_ADVICE = "Take the edit back and use `cargo add` or `cargo remove`."
_MANIFEST = r"(?:the )?cargo\.toml(?: files?| manifests?)?"

GATE = Gate(
    id="hand_edited_manifest",
    summary="dependencies changed other than by a recorded cargo command",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            r"\b(?:use|with|via|through|by|using|run)\s+(?:the\s+)?cargo add\b"
            r"(?=.*\b(?:dependenc|crates?|librar))",
            "Use cargo add for adding dependencies.",
        ),
        Phrasing(
            r"\b(?:add|install|manage)(?:ing)?\s+(?:new\s+|any\s+|all\s+)?(?:dependenc\w+|crates?)"
            r"\b[^.;]{0,40}"
            r"\b(?:with|via|through|by|using)\s+(?:the\s+)?cargo add\b",
            "Add new dependencies with cargo add only.",
        ),
        Phrasing(
            rf"\b(?:modify|edit|change|touch|alter|update)(?:ing)?\s+{_MANIFEST}\s+(?:dependenc\w+\s+)?"
            r"(?:directly|by hand|manually)|\b(?:hand|manually)[ -]?edit(?:ing)?\s+" + _MANIFEST,
            "Never modify Cargo.toml directly.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:add|write|put)(?:ing)?\s+(?:dependenc\w+|crates?)\b[^.;]{{0,30}}\b"
            rf"(?:directly|by hand|manually)\b[^.;]{{0,20}}\b{_MANIFEST}"
            rf"|\b(?:dependenc\w+|crates?)\s+(?:to|in|into)\s+{_MANIFEST}\s+(?:directly|by hand|manually)",
            "Do not add dependencies to Cargo.toml by hand.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:dependenc\w+|crates?)\s+(?:must|should|are|have to|may only)\s+(?:only\s+|"
            r"always\s+)?(?:be\s+)?"
            r"(?:added|installed|managed|changed|updated)\b[^.;]{0,30}\b(?:with|via|through|by|using)"
            r"\s+(?:the\s+)?cargo add\b",
            "Dependencies must be added via cargo add.",
        ),
        Phrasing(
            rf"\bcargo add\b[^.;]{{0,20}}\b(?:instead of|rather than|never|not|don't|over)"
            rf"\b[^.;]{{0,30}}\b(?:edit|modif|chang|touch|alter|"
            rf"hand|manual)\w*\b[^.;]{{0,30}}(?:{_MANIFEST}|\bmanifests?\b|\bby hand\b)",
            "Use cargo add instead of editing Cargo.toml.",
        ),
        Phrasing(
            rf"\b(?:add|install|change|update|bump)\w*\s+(?:\w+\s+)?(?:dependenc\w+|crates?|versions?)"
            rf"\s+by\s+(?:hand\b|"
            rf"(?:manually\s+)?edit\w*\s+(?:{_MANIFEST}|the manifest))|\bmanual(?:ly)?\s+(?:edit\w*|"
            rf"chang\w*|modif\w*)\s+(?:to\s+|of\s+)?"
            rf"{_MANIFEST}",
            "Do not add dependencies by editing Cargo.toml.",
            negative=True,
        ),
        Phrasing(
            rf"\blet cargo (?:add )?(?:edit|change|write|manage)\s+{_MANIFEST}",
            "Let cargo add edit Cargo.toml.",
        ),
    ),
    inputs=("head", "base", "journal"),
    scopes=(Scope.CHANGED,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare the manifests, and follow the recorded commands from base to head."""
    head = {path: _text(subject.head, path) for path in dependency_manifests(subject.head.paths)}
    base_paths = dependency_manifests(subject.base.paths) if subject.base else ()
    base = {path: _text(subject.base, path) for path in base_paths if subject.base}
    changed = [path for path in head if manifest_digest(head[path]) != manifest_digest(base.get(path, ""))]
    moved_away = {manifest_digest(text) for path, text in base.items() if path not in head}
    changed = [path for path in changed if path in base or manifest_digest(head[path]) not in moved_away]
    digests = Evidence(
        "measure",
        f"manifests compared: {len(head)}; with changed dependencies: {len(changed)}",
        {"name": "manifests with changed dependencies", "value": len(changed), "unit": "files"},
    )
    events = subject.journal or ()
    commands = tuple(event for event in events if event.kind == EventKind.DEPENDENCY_COMMAND)
    if not changed:
        remarks = _lock_remarks(subject) if not commands else ()
        return passed("no dependency was changed", digests, findings=remarks)
    try:
        entries = {path: changed_entries(base.get(path, ""), head[path], path) for path in changed}
    except RepositoryError as error:
        raise Unknown(f"{error.where}: {error.what}", (digests,)) from error
    if subject.journal is None:
        named = ", ".join(f"{path} ({', '.join(names)})" for path, names in entries.items())
        raise Unknown(f"there is no record of how the dependencies were changed: {named}", (digests,))
    findings = [
        finding
        for path in changed
        for finding in _follow(path, base.get(path, ""), head[path], entries[path], commands)
    ]
    record = Evidence(
        "journal",
        f"cargo commands recorded: {len(commands)}",
        {"commands": [" ".join(event.data["argv"]) for event in commands]},
    )
    return judged(
        tuple(findings),
        "every change of dependencies was made by a recorded cargo command",
        "dependencies changed other than by a recorded cargo command: {n}",
        digests,
        record,
    )


def _text(tree: SourceTree | None, path: str) -> str:
    return tree.read(path).decode("utf-8", "replace") if tree is not None else ""


def _follow(
    path: str, base: str, head: str, entries: Sequence[str], commands: Sequence[Event]
) -> list[Finding]:
    """Follow one manifest through the commands; findings where the chain is broken."""
    current = manifest_digest(base)
    empty = manifest_digest("")
    last, broken = "", ""
    for event in commands:
        before = event.data["before"].get(path, empty)
        after = event.data["after"].get(path, empty)
        shown = " ".join(event.data["argv"])
        if before == after == current:
            continue
        if before != current:
            broken = f"before `{shown}`"
            break
        if after != before and not _is_dependency_command(event.data["argv"]):
            broken = f"by `{shown}`"
            break
        current, last = after, shown
    if not broken:
        if current == manifest_digest(head):
            return []
        broken = f"after `{last}`" if last else "and no cargo command is recorded that did it"
    named = {word.split("@", 1)[0].split("=", 1)[0] for event in commands for word in event.data["argv"][2:]}
    unexplained = [name for name in entries if name.rsplit(".", 1)[-1] not in named] or list(entries)
    return [
        Finding(path, entry_line(head, name), f"`{name}` was changed by hand {broken}", _ADVICE)
        for name in unexplained
    ]


def _is_dependency_command(argv: Sequence[str]) -> bool:
    """Whether a command is cargo with a subcommand that writes dependencies."""
    if not argv or argv[0].rsplit("/", 1)[-1] != "cargo":
        return False
    words = [word for word in argv[1:] if not word.startswith(("+", "-"))]
    return bool(words) and words[0] in _COMMANDS


def _lock_remarks(subject: Subject) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            file.path,
            None,
            "the lock changed although no manifest did, and no cargo command is recorded",
            "Say why: `cargo update` changes versions that others have tested.",
        )
        for file in subject.change.live_files
        if file.path.rsplit("/", 1)[-1] == "Cargo.lock" and subject.base and file.path in subject.base.paths
    )
