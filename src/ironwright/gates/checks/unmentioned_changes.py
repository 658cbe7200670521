"""Refuses changes of behaviour in commits that say they change none.

What it checks:
    What the commit messages say is compared with what the change does. Where every commit speaks of
    documentation, comments, formatting or tests alone, no function's body and no constant's value may be
    another one, but for the wording of texts. Where every commit speaks of a refactoring, tidying, renaming
    or of speed, no existing test may expect other values, and no file with expected output may be
    rewritten. What was said is taken from the subjects: the types of conventional commits (``docs:``,
    ``refactor:``) and the usual verbs. A message that claims nothing of the kind is never refused.

Why:
    A change that nobody was told of is reviewed by nobody.

Evidence:
    The number of commits, and how many of them claim to change no behaviour.

Unknown when:
    The parser finds no sense in a changed file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ironwright.gates.api import Answer, Cost, Gate, Params, Phrasing, passed
from ironwright.gates.rust.items import Item, descend, node_text
from ironwright.gates.subject import Subject
from ironwright.gates.tree_scope import settle
from ironwright.records.change import Commit, FileStatus
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

GATE = Gate(
    id="unmentioned_changes",
    summary="changed behaviour in commits that say there is none",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:unmentioned|undisclosed|unannounced|undocumented|hidden|silent)\s+(?:behaviou?r(?:al)?\s+)?"
            r"changes?\b",
            "No undisclosed behavior changes.",
            negative=True,
        ),
        Phrasing(
            r"\bcommit (?:messages?|logs?)\b[^.;]{0,40}\b(?:accurate|accurately|truthful|honest|match(?:es)?|"
            r"reflects?)\b",
            "Commit messages accurately reflect the changes made.",
        ),
        Phrasing(
            r"\brefactor\w*\b[^.;]{0,60}\b(?:must|should|may|do|does|can)?\s*(?:not|never|without)\s+"
            r"(?:chang|alter|modify)\w*\s+(?:\w+\s+)?behaviou?r",
            "Refactoring must not change behavior.",
        ),
        Phrasing(
            r"\bpreserv\w+\s+(?:all\s+)?(?:existing\s+|current\s+)?behaviou?rs?\b[^.;]{0,30}\brefactor",
            "Preserve existing behavior when refactoring.",
        ),
    ),
    inputs=("head", "base", "commits"),
    scopes=(Scope.CHANGED,),
)

# Nothing that runs is said to change.
_NOTHING = re.compile(
    r"^(?:docs?|tests?)(?:\([^)]*\))?:|"
    r"^(?:style|fmt)(?:\([^)]*\))?: (?:\w+ )?(?:re)?(?:rust)?(?:fmt|format)\b|"
    r"^(?:document|explain|clarify|reword|reformat|rustfmt)\b|^(?:run|apply) (?:rust|cargo )fmt\b|"
    r"^format (?:the )?(?:code|sources?|files?)\b|^(?:fix|correct)(?:es|ed)? (?:a |some |the )?typos?\b|"
    r"^(?:improve|update|extend|add|correct|rewrite|polish|fix|expand|complete)\w* "
    r"(?:the |some |more |missing )?"
    r"(?:docs?|documentation|doc comments?|comments?|rustdoc|readme|changelog)\b|"
    r"^(?:improve|extend|complete|correct) the documentation\b|"
    r"^(?:add|extend|improve|write)\w* (?:the |some |more |missing |unit |integration |regression )*tests?\b",
    re.IGNORECASE,
)
_ALSO_CODE = re.compile(
    r"\b(?:and|also|,)\s+(?:fix|add|implement|support|chang|handl|return|reject|refus|allow|remov|bump|mak)\w*",
    re.IGNORECASE,
)
# What runs is said to do the same.
_SAME = re.compile(
    r"^(?:refactor|perf|style|cleanup)(?:\([^)]*\))?:|"
    r"^(?:refactor|simplif(?:y|ies|ied)|tid(?:y|ies|ied)|clean(?: |-)?up|renam(?:e|es|ed)|reorgani[sz]|"
    r"restructur|dedup|extract|inline|speed up|optimi[sz]|reduce (?:allocations?|copies|clones)|"
    r"avoid (?:an? |some |needless |unnecessary )?(?:allocation|clone|cop(?:y|ies))s?)",
    re.IGNORECASE,
)
_EXPECTED = re.compile(
    r"(?:^|/)(?:snapshots?|golden|expected|fixtures?|testdata|test-data|tests/data)/|"
    r"\.(?:snap|golden|expected|stdout|stderr|approved|table|out)$"
)
# What shows how the code is used, or tends the repository.
_SHOWN = re.compile(r"(?:^|/)(?:examples|benches|xtask)/")
# Layout that rustfmt adds and takes away.
_LAYOUT = frozenset({",", "{", "}", ";", "(", ")"})
_ADVICE = (
    "Take the change of behaviour out, or say in the commit's message what is other than before and why."
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare what the commits say with what they do."""
    del params, scope
    commits = [commit for commit in subject.commits if commit.parents < 2]
    if not commits or subject.base is None:
        return passed("no commit says anything about work that was there before")
    nothing = [commit for commit in commits if _claims_nothing(commit)]
    same = [commit for commit in commits if commit in nothing or _claims_same(commit)]
    evidence = Evidence(
        "measure",
        f"{len(commits)} commits, {len(same)} of which say that behaviour stays",
        {"name": "claims", "value": len(same), "unit": "commits", "commits": len(commits)},
    )
    failures: list[Finding] = []
    if len(nothing) == len(commits):
        failures += _other_code(subject, nothing[0])
    if len(same) == len(commits):
        failures += _other_expectations(subject, same[0])
    changed = [file.path for file in subject.change.live_files if file.path in subject.head.rust_paths]
    unreadable = [subject.head.rust(path) for path in changed if subject.head.rust(path).error_lines]
    return settle(
        failures,
        (),
        unreadable if same else (),
        "nothing changed that the commits deny",
        "changes that the commits deny: {n}",
        evidence,
    )


def _claims_nothing(commit: Commit) -> bool:
    return _NOTHING.search(commit.subject) is not None and not _ALSO_CODE.search(commit.subject)


def _claims_same(commit: Commit) -> bool:
    # What a longer message says beside its subject may well tell of it.
    told = re.search(r"\b(?:behaviou?r|now returns?|instead of|breaking)\b", commit.message, re.IGNORECASE)
    return _SAME.search(commit.subject) is not None and not _ALSO_CODE.search(commit.subject) and told is None


def _other_code(subject: Subject, commit: Commit) -> Iterator[Finding]:
    """Functions and constants of base that have other code now."""
    assert subject.base is not None
    for file in subject.change.live_files:
        path = file.path
        if path not in subject.head.rust_paths or path not in subject.base.rust_paths:
            continue
        if path in subject.head.test_files or _SHOWN.search(path):
            continue
        before: dict[tuple[str, str], list[list[str]]] = defaultdict(list)
        for item in subject.base.rust(path).items:
            if not item.in_test and (code := _code(item)):
                before[(item.kind, item.qualified_name)].append(code)  # one for each platform, perhaps
        for item in subject.head.rust(path).items:
            old = before.get((item.kind, item.qualified_name))
            if item.in_test or item.is_nested or old is None:
                continue
            if _code(item) not in old:
                message = f"`{item.name}` is other code than before; the commit says: {commit.subject[:80]}"
                yield Finding(path, item.line, message, _ADVICE)


def _code(item: Item) -> list[str]:
    """What an item does, in one layout: a function's body, a constant's value, without what texts say."""
    node = item.body if item.kind == "function" else item.node.child_by_field_name("value")
    if node is None or item.kind not in ("function", "const", "static"):
        return []
    imports = [found for found in descend(node) if found.type == "use_declaration"]
    unordered = {id_ for found in imports for id_ in range(found.start_byte, found.end_byte)}
    texts = []
    for leaf in descend(node):
        if leaf.start_byte in unordered or leaf.type in ("line_comment", "block_comment"):
            continue
        if leaf.type in ("string_content", "escape_sequence"):
            continue  # prose may be put right
        if not leaf.children and (text := node_text(leaf).strip()) not in _LAYOUT:
            texts.append(text)
    return texts


def _other_expectations(subject: Subject, commit: Commit) -> Iterator[Finding]:
    from ironwright.gates.suites.comparison import TestComparison

    said = commit.subject[:80]
    for path, loss in TestComparison(subject).losses():
        if not loss.grave and "expects something else" in loss.message:
            yield Finding(path, loss.line or None, f"{loss.message}; the commit says: {said}", _ADVICE)
    code = any(
        file.path in subject.head.rust_paths
        and file.path not in subject.head.test_files
        and not _SHOWN.search(file.path)
        for file in subject.change.live_files
    )
    for path, file in sorted(subject.change.files.items()):
        if (
            code
            and file.status is FileStatus.MODIFIED
            and not path.endswith(".rs")
            and _EXPECTED.search(path)
        ):
            line = min(file.added_lines, default=1)
            yield Finding(
                path, line, f"other output is expected than before; the commit says: {said}", _ADVICE
            )
