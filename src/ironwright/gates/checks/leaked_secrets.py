"""Refuses secrets in what is committed: private keys, tokens, passwords.

What it checks:
    No line that the change adds (scope ``all``: no line of any file) holds a private key, a token in the
    form that its issuer publishes (AWS, GitHub, GitLab, Slack, Stripe, Google, Anthropic, OpenAI, npm,
    PyPI, crates.io and others), an address with a password, or a random value that is assigned to
    something called password, secret, token or key. Obvious placeholders are none (``example``, ``xxxx``,
    ``<token>``, ``${TOKEN}``), nor are heads of keys without a key. In test code and fixtures assigned
    values are left alone, and keys and tokens are remarks. A secret that only moved is a remark: it has to
    be revoked wherever it stands. ``ignore`` names files that may hold such things. A finding shows four
    characters of a secret, never all of it.

Why:
    What was pushed once is known to others; it can be revoked, not taken back.

Evidence:
    The number of files and lines looked at, and the kinds of what was found.

Unknown when:
    A file in scope is larger than 5 MB, or is a key store of a form that is not read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.ratchet import ratcheted
from ironwright.gates.rust.syntax import is_test_path
from ironwright.gates.secret_rules import Secret, find_secrets
from ironwright.gates.subject import SourceTree, Subject
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

_MOST_BYTES = 5_000_000
_STORES = (".p12", ".pfx", ".jks", ".keystore", ".kdbx")
_SKIPPED = re.compile(
    r"(?:^|/)(?:Cargo\.lock|package-lock\.json|yarn\.lock|uv\.lock)$|\.(?:svg|map|min\.js)$"
)
_FIXTURE = re.compile(
    r"(?:^|/)(?:fixtures?|test-?data|testdata|snapshots|test_?assets)/|\.snap$", re.IGNORECASE
)
_SECRET = r"(?:secrets?|credentials?|api[ -]?keys?|(?:access |auth )?tokens?|passwords?|private keys?)"

GATE = Gate(
    id="leaked_secrets",
    summary="secrets in what is committed",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"\b(?:hard-?cod\w*|commit\w*|expos\w*|leak\w*|check(?:ing|ed)? in|embed\w*|push\w*)\s+"
            rf"(?:any |the |real |sensitive |secret |your )*{_SECRET}"
            rf"(?:\s*(?:,|/|or|and)\s*(?:or\s+)?{_SECRET})*",
            "Never commit secrets or API keys.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:hard-?coded|plain-?text|committed|leaked)\s+(?:\w+\s+)?{_SECRET}",
            "No hardcoded credentials.",
            negative=True,
        ),
        Phrasing(
            rf"\b{_SECRET}\b[^.;]{{0,25}}"
            r"\bin (?:the )?(?:code(?:base)?|source(?: code)?|repo(?:sitory)?|git|version control)\b",
            "Never store secrets in the repository.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:commit\w*|check(?:ing)? in|push\w*|add\w*)\s+(?:any |the |your )*(?:`?\.env`?)(?: "
            r"files?)?\b",
            "Never commit .env files.",
            negative=True,
        ),
        Phrasing(
            rf"\b{_SECRET}(?:\s*(?:,|/|or|and)\s*(?:or\s+)?{_SECRET})*\s+(?:must|should|may|can|are|is)"
            rf"\s+(?:never|not)\s+(?:ever\s+)?(?:be\s+)?"
            r"(?:committed|hard-?coded|checked in|exposed|leaked|stored|logged|appear|pushed|embedded|in "
            r"(?:the )?(?:code|repo|source))",
            "Secrets must never be committed.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:put|store|place|writ|includ|sav|keep)\w*\s+(?:any |the |real |your "
            rf")*{_SECRET}\b[^.;]{{0,20}}"
            r"\b(?:in|into|inside)\s+(?:the\s+|any\s+|your\s+)?(?:code(?:base)?|source|repo\w*|git|"
            r"version control|tests?|config\w*)\b",
            "Never put secrets into the code.",
            negative=True,
        ),
        Phrasing(
            rf"\bkeep\s+(?:all\s+|any\s+)?{_SECRET}(?:\s*(?:,|/|or|and)\s*{_SECRET})*\s+out of\b",
            "Keep secrets out of version control.",
        ),
        Phrasing(
            rf"\b(?:no|without)\s+(?:\w+\s+)?{_SECRET}(?:\s*(?:,|/|or|and)"
            rf"\s*(?:or\s+)?{_SECRET})*\s+(?:are|is|get|gets|being|be)?\s*"
            r"(?:committed|hard-?coded|checked in|exposed|leaked|pushed|logged)\b",
            "Make sure no secrets are committed.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:secrets?|credentials?|(?:api )?keys?|tokens?|passwords?)\b[^.;]{0,80}"
            r"\b(?:never|not)\s+(?:be\s+)?hard-?coded\b",
            "Secret management via environment variables, never hardcoded in source.",
        ),
        Phrasing(
            rf"\b(?:stor|put|plac|keep|sav|writ)\w*\s+(?:any |the |real |your )*{_SECRET}\s+(?:in|into|to)\s+"
            r"`?[\w./-]+\.(?:toml|json|ya?ml|rs|env|ini|md)\b",
            "Never store credentials in config.toml.",
            negative=True,
        ),
    ),
    params={"ignore": Param(tuple, (), "Patterns of paths that may hold what looks like a secret.")},
    inputs=("head", "base"),
    scopes=(Scope.CHANGED, Scope.ALL, Scope.RATCHET),
)

_ADVICE = (
    "Take it out of the commit, revoke it, and read it from the environment or a secret store at run time."
)


@ratcheted
def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for secrets on the lines in scope."""
    before = _known_before(subject) if scope is Scope.CHANGED else frozenset()
    failures: list[Finding] = []
    remarks: list[Finding] = []
    unread: list[Finding] = []
    files = lines = 0
    for path in _paths(subject, scope, params["ignore"]):
        if path.lower().endswith(_STORES):
            (remarks if _is_fixture(path) else unread).append(
                Finding(path, None, "a key store, which is not read here")
            )
            continue
        source = subject.head.read(path)
        if len(source) > _MOST_BYTES:
            unread.append(Finding(path, None, f"{len(source)} bytes, more than are read"))
            continue
        if b"\0" in source[:8000]:
            continue
        files, lines = files + 1, lines + source.count(b"\n") + 1
        only = subject.change.files[path].added_lines if scope is Scope.CHANGED else None
        for secret in find_secrets(path, source.decode("utf-8", "replace"), only):
            message = f"{secret.kind}: {secret.shown}"
            if secret.value in before:
                remarks.append(Finding(path, secret.line, f"{message}; it was there before, revoke it"))
            elif not _in_test(subject.head, path, secret):
                failures.append(Finding(path, secret.line, message, _ADVICE))
            elif secret.known:
                remarks.append(
                    Finding(path, secret.line, f"{message} in test code; make sure that it opens nothing")
                )
    evidence = Evidence(
        "measure",
        f"{files} files with {lines} lines looked at",
        {"name": "secrets", "value": len(failures), "unit": "places", "files": files, "lines": lines},
    )
    if failures:
        return failed(f"{len(failures)} secrets would be committed", tuple(failures), evidence)
    if unread:
        named = "; ".join(f"{found.path}: {found.message}" for found in unread[:3])
        raise Unknown(f"{named}. Look into it, and name it under `ignore`", (evidence,))
    return passed("no secrets in what is in scope", evidence, findings=tuple(remarks))


def _paths(subject: Subject, scope: Scope, ignored: tuple[str, ...]) -> Iterator[str]:
    if scope is Scope.CHANGED:
        every = [file.path for file in subject.change.live_files if file.path in subject.head.paths]
    else:
        every = sorted(subject.head.paths)
    for path in every:
        if not _SKIPPED.search(path) and not any(fnmatchcase(path, pattern) for pattern in ignored):
            yield path


def _in_test(tree: SourceTree, path: str, secret: Secret) -> bool:
    if _is_fixture(path) or path in tree.test_files:
        return True
    return path in tree.rust_paths and secret.line in tree.test_lines(path)


def _is_fixture(path: str) -> bool:
    return is_test_path(path) or _FIXTURE.search(path) is not None


def _known_before(subject: Subject) -> frozenset[str]:
    """The secrets that base had in the files that the change touches."""
    if subject.base is None:
        return frozenset()
    return frozenset(
        secret.value
        for path in subject.change.files
        if path in subject.base.paths and len(source := subject.base.read(path)) <= _MOST_BYTES
        for secret in find_secrets(path, source.decode("utf-8", "replace"))
    )
