"""Refuses a change that makes tools look away: silenced lints, laxer settings, weaker CI, code that knows CI.

What it checks:
    What the change adds to Rust code: ``allow`` and ``expect`` of lints, ``rustfmt::skip``,
    ``coverage(off)``, ``mutants::skip``, ``cfg(not(coverage))``, ``cfg(not(clippy))`` and
    ``cfg(not(test))``; what macros write of the kind for whole groups of lints; and lints that a file
    demanded and does not demand any more. Settings that check less: ``[lints]``, profiles, ``[patch]``,
    dependencies on copies in ``vendor`` or ``third_party``, and ``exclude`` in manifests; flags, runners,
    wrappers, aliases and variables in ``.cargo/config.toml``; ``clippy.toml``, ``rustfmt.toml``,
    ``rust-toolchain``, ``deny.toml``. Scripts: a check that CI, a Makefile or a hook ran and does not run
    any more, that lost ``-D warnings`` and its like, or whose failure is swallowed. ``.gitignore`` and
    ``.gitattributes`` lines that hide sources. Code outside of tests that asks who runs it
    (``cfg!(test)``, the variable ``CI``). A named lint that is silenced with a reason (``reason = "…"``
    or a comment) is a remark, so is one in test code; ``reasons`` off refuses it. Settings that are new
    and strict are welcome. Also refused are changes of Ironwright's own settings of gates and of
    contracts' locks, functions that are compiled from a file that is not called ``.rs``, and variables in
    cargo's configuration that the code asks for when it runs.

Why:
    A check that was switched off passes like one that was satisfied.

Evidence:
    The number of settings files, scripts and Rust files compared.

Unknown when:
    A settings file is not valid TOML, or the parser finds no sense in a changed file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing
from ironwright.gates.guardrails.attributes import hidings, judged_environment
from ironwright.gates.guardrails.ignored_sources import hidden_sources
from ironwright.gates.guardrails.own import asked_environment, own_settings, renamed_sources
from ironwright.gates.guardrails.scripts import compare_scripts, is_script
from ironwright.gates.guardrails.settings import (
    Loosening,
    compare_cargo_config,
    compare_clippy,
    compare_manifest,
    compare_policy,
    compare_rustfmt,
    compare_toolchain,
    read_base_toml,
    read_toml,
)
from ironwright.gates.guardrails.test_tools import compare_measuring, compare_nextest
from ironwright.gates.guardrails.watched_code import build_script_conditions, watched_code
from ironwright.gates.rust.modules import library_files
from ironwright.gates.subject import SourceTree, Subject
from ironwright.gates.tree_scope import settle
from ironwright.records.change import FileStatus
from ironwright.records.contract import Scope
from ironwright.records.manifest import is_manifest
from ironwright.records.verdict import Evidence, Finding

GATE = Gate(
    id="loosened_guardrails",
    summary="changes that make tools look away",
    cost=Cost.TREE,
    phrasings=(
        Phrasing(
            r"#?!?\[allow\b[^\]]*\]?(?!.{0,40}\bonly (?:if|when|with)\b)",
            "Never use #[allow(...)] to silence warnings.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:suppress|silenc|disabl|bypass|turn(?:ing)? off|ignor(?= (?:the )?(?:lints?|checks?|"
            r"linters?|hooks?)))\w*\s+"
            r"(?:the |any |all |clippy |compiler |lint(?:er|ing)? )*"
            r"(?:warnings?|lints?|checks?|linters?|hooks?)\b",
            "Never suppress compiler warnings.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:weaken|loosen|relax|lower|bypass|disabl)\w*\s+(?:the |any |existing |our )*"
            r"(?:ci\b|quality (?:gates?|bars?)|guardrails?|safeguards?|lint (?:rules|levels?|config\w*)|"
            r"pre-commit hooks?)",
            "Do not weaken quality gates.",
            negative=True,
        ),
        Phrasing(
            r"--no-verify\b",
            "Never commit with --no-verify.",
            negative=True,
        ),
        Phrasing(
            r"\bfix\b[^.;]{0,20}\b(?:warnings?|lints?|them)\b[^.;]{0,15}\b(?:never|not|don't|do not|"
            r"instead of|rather than)\s+"
            r"(?:just\s+)?(?:silenc|suppress|allow|ignor|hid|disabl|mut)\w*",
            "Fix warnings, never silence them.",
        ),
        Phrasing(
            r"\b(?:chang|edit|modif|touch|alter|updat|relax|loosen)\w*\s+(?:the\s+)?(?:clippy\.toml|"
            r"rustfmt\.toml|deny\.toml|"
            r"ci (?:config\w*|workflows?|pipelines?|files?)|lint (?:config\w*|settings|levels?)|"
            r"\.github/\S*)",
            "Do not change clippy.toml to make warnings disappear.",
            negative=True,
        ),
        Phrasing(
            r"\b(?:skip|bypass|disabl|circumvent|work(?:ing)? around|overrid)\w*\s+(?:the |any |all "
            r")*(?:ci|quality|lint(?:er|ing)?|status)\s*"
            r"(?:checks?|gates?|jobs?|steps?|pipelines?)\b",
            "Never skip CI checks.",
            negative=True,
        ),
        Phrasing(
            r"#?!?\[allow\b[^\]]*\](?=[^.;]{0,20}\b(?:attributes?|annotations?)?\s*(?:is|are)"
            r"\s+(?:strictly\s+)?(?:forbidden|prohibited|banned|not allowed))",
            "#[allow] attributes are forbidden.",
            negative=True,
        ),
    ),
    params={
        "accepted": Param(
            tuple,
            ("unknown_lints", "renamed_and_removed_lints"),
            "Lints that may be silenced without a reason.",
        ),
        "reasons": Param(
            bool,
            True,
            "Whether a named lint may be silenced where a reason is given.",
            stricter=lambda one, other: one and other,
        ),
    },
    inputs=("head", "base"),
    scopes=(Scope.CHANGED,),
)

_ADVICE = "Repair what the tool would say; if it is wrong here, say so beside it and let a person decide."
_Compare = Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Loosening]]
_SETTINGS: tuple[tuple[str, _Compare], ...] = (
    (r"(?:^|/)\.cargo/config(?:\.toml)?$", compare_cargo_config),
    (r"(?:^|/)\.?clippy\.toml$", compare_clippy),
    (r"(?:^|/)\.?rustfmt\.toml$", compare_rustfmt),
    (r"(?:^|/)rust-toolchain(?:\.toml)?$", compare_toolchain),
    (r"(?:^|/)(?:\.?deny|audit)\.toml$", compare_policy),
    (r"(?:^|/)\.config/nextest\.toml$", compare_nextest),
    (r"(?:^|/)(?:\.?tarpaulin|\.cargo/mutants)\.toml$", compare_measuring),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Compare everything that says how strictly the change is looked at."""
    failures: list[Finding] = []
    remarks: list[Finding] = []

    def take(path: str, line: int, message: str, grave: bool) -> None:
        found = Finding(path, line or None, message, _ADVICE if grave else "")
        (failures if grave else remarks).append(found)

    for path, line, loosening in _settings(subject):
        take(path, line, loosening.message, loosening.grave)
    for path, line, loosening in compare_scripts(
        _scripts(subject, subject.base), _scripts(subject, subject.head)
    ):
        take(path, line, loosening.message, loosening.grave)
    for path, line, message in hidden_sources(subject):
        take(path, line, message, True)
    for bent in (own_settings, renamed_sources, asked_environment):
        for path, line, message in bent(subject):
            take(path, line, message, True)
    for found in hidings(subject, frozenset(params["accepted"]), params["reasons"]):
        take(found.path, found.line, found.message, found.grave)
    asked = set()
    for path, line, message, grave in _asking(subject):
        asked.add((path, line))
        take(path, line, message, grave)
    for path, line, message in (*watched_code(subject), *build_script_conditions(subject)):
        if (path, line) not in asked:
            take(path, line, message, True)
    rust = [file.path for file in subject.change.live_files if file.path in subject.head.rust_paths]
    others = [path for path in subject.change.files if _reader(path) or is_manifest(path) or is_script(path)]
    evidence = Evidence(
        "measure",
        f"{len(rust)} Rust files and {len(others)} settings and scripts compared",
        {"name": "loosened", "value": len(failures), "unit": "places", "files": len(rust) + len(others)},
    )
    unreadable = [subject.head.rust(path) for path in rust if subject.head.rust(path).error_lines]
    return settle(
        failures, remarks, unreadable, "every tool looks as before", "{n} checks were loosened", evidence
    )


def _reader(path: str) -> _Compare | None:
    return next((compare for pattern, compare in _SETTINGS if re.search(pattern, path)), None)


def _settings(subject: Subject) -> Iterator[tuple[str, int, Loosening]]:
    for path, changed in sorted(subject.change.files.items()):
        compare = _reader(path)
        if compare is None and not is_manifest(path):
            continue
        old = _bytes(subject.base, path)
        new = _bytes(subject.head, path) if changed.status != FileStatus.DELETED else None
        if compare is None:
            if new is None:
                continue  # a package that is gone; weakened_tests looks after its tests
            base, head = read_base_toml(path, old), read_toml(path, new)
            found = compare_manifest(base, head, old is None)
        else:
            found = compare(_data(path, old, read_base_toml), _data(path, new, read_toml))
        for loosening in found:
            yield path, _line(new, loosening.needle), loosening


def _data(
    path: str, source: bytes | None, read: Callable[[str, bytes | None], Mapping[str, Any]]
) -> Mapping[str, Any]:
    if path.endswith("rust-toolchain") and source is not None and b"[" not in source:
        return {"toolchain": {"channel": source.decode("utf-8", "replace").strip()}}
    return read(path, source)


def _line(source: bytes | None, needle: str) -> int:
    if source is None or not needle:
        return 0
    position = source.find(needle.encode())
    return source.count(b"\n", 0, position) + 1 if position >= 0 else 0


def _bytes(tree: SourceTree | None, path: str) -> bytes | None:
    return tree.read(path) if tree is not None and path in tree.paths else None


def _scripts(subject: Subject, tree: SourceTree | None) -> dict[str, str]:
    """All scripts of a tree where the change touches one; none where it does not."""
    if tree is None or not any(is_script(path) for path in subject.change.files):
        return {}
    return {
        path: tree.read(path).decode("utf-8", "replace") for path in sorted(tree.paths) if is_script(path)
    }


def _asking(subject: Subject) -> Iterator[tuple[str, int, str, bool]]:
    """Code outside of tests that asks who runs it, on lines that the change wrote."""
    library: frozenset[str] | None = None
    for changed in subject.change.live_files:
        path = changed.path
        if path not in subject.head.rust_paths or path in subject.head.test_files:
            continue
        for line, message in judged_environment(subject, path):
            if line not in changed.added_lines or line in subject.head.test_lines(path):
                continue
            library = library_files(subject.head) if library is None else library
            # A program may show less progress under CI; a library has no reason to know.
            yield path, line, message, path in library or "cfg!" in message
