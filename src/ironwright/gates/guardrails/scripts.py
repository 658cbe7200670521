"""Compares what continuous integration and other scripts check on both sides of a change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ironwright.gates.guardrails.settings import Loosening

_SCRIPT: Final = re.compile(
    r"(?:^|/)(?:\.github/(?:workflows|actions)/.*\.ya?ml|\.gitlab-ci\.ya?ml|\.gitlab/.*\.ya?ml|"
    r"\.circleci/config\.ya?ml|\.travis\.ya?ml|azure-pipelines\.ya?ml|\.cirrus\.ya?ml|\.woodpecker(?:/.*)?\.ya?ml|"
    r"Jenkinsfile|bors\.toml|[Mm]akefile(?:\.toml)?|GNUmakefile|\.?[Jj]ustfile|Taskfile\.ya?ml|"
    r"\.pre-commit-config\.ya?ml|lefthook\.ya?ml|\.husky/[\w-]+|\.githooks/[\w-]+|\.ci/[^/]+|ci/[^/]+\.sh|"
    r"scripts?/[^/]+\.sh|check\.sh|test\.sh|ci\.sh)$"
)
_CARGO: Final = re.compile(
    r"\bcargo\s+(?:\+\S+\s+)?(?:(?:--?\S+)\s+)*?"
    r"(?P<name>test|nextest|clippy|fmt|check|build|doc|deny|audit|vet|miri|llvm-cov|tarpaulin|mutants|hack|"
    r"semver-checks|machete|udeps|fuzz|bench|careful|t|c)\b(?P<rest>[^\n;&|#]*)"
)
# Flags that widen what a command looks at, or make it refuse; and those that narrow it.
_WIDER: Final = (
    "--all-targets",
    "--all-features",
    "--workspace",
    "--all",
    "--check",
    "--tests",
    "--locked",
    "--doc",
    "--deny-warnings",
    "--document-private-items",
    "--feature-powerset",
    "--each-feature",
    "--no-default-features",
)
_NARROWER: Final = re.compile(
    r"--no-run\b|--skip[ =]\S+|--exclude[ =]\S+|--cap-lints\S*|(?<!\w)-A ?[\w:]+|--ignore[ =]\S+|"
    r"--list\b|--lib\b(?!\s+--)|--fix\b|--allow\S*"
)
_DENY: Final = re.compile(r"(?<![\w-])-[DF] ?(?:warnings|[\w:]+)")
_SWALLOW: Final = re.compile(
    r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*true\s*$|;\s*exit 0\b|\bset \+e\b|"
    r"continue-on-error:\s*true|allow_failure:\s*true|^\s*if:\s*(?:\$\{\{\s*)?false\b|"
    r"\bwhen:\s*(?:manual|never)\b|^\t-\s*cargo\b"
)
_LIMIT: Final = re.compile(
    r"(--fail-under[\w-]*|--min[\w-]*|--threshold|--coverage-threshold|--timeout)[ =](\d+)"
)
_FLAG: Final = re.compile(r"(?<![\w-])-[AW] ?[\w:]+|--cap-lints[ =]\w+")
_ENVIRONMENT: Final = re.compile(r"\bRUST(?:DOC)?FLAGS\b\s*[:=]\s*[\"']?([^\"'\n]*)")


@dataclass(frozen=True, slots=True)
class Command:
    """One command that checks something.

    Attributes:
        name: Cargo's subcommand.
        wider: Flags that widen it.
        narrower: What narrows it.
        limits: Numbers that it refuses below.
        line: 1-based.
    """

    name: str
    wider: frozenset[str]
    narrower: frozenset[str]
    limits: tuple[tuple[str, int], ...]
    line: int


def is_script(path: str) -> bool:
    """Whether a path is one of the usual places for commands that check a change."""
    return _SCRIPT.search(path) is not None


def compare_scripts(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[tuple[str, int, Loosening]]:
    """What all scripts together check no more.

    Args:
        base: The texts of all scripts before, by path.
        head: Their texts now. A command that moved to another script is not lost.

    Yields:
        The file, the line of head (0 where there is none) and what was loosened.
    """
    before = [(path, command) for path, text in base.items() for command in _commands(text)]
    after = [(path, command) for path, text in head.items() for command in _commands(text)]
    for path, lost in _unmatched(before, after):
        close = [(p, c) for p, c in after if c.name == lost.name]
        if not close:
            yield path, 0, Loosening("", f"`cargo {lost.name}` is not run any more")
            continue
        same = [pair for pair in close if pair[0] == path] or close
        where, best = min(
            same, key=lambda pair: len(lost.wider - pair[1].wider) + len(pair[1].narrower - lost.narrower)
        )
        yield where, best.line, Loosening("", f"`cargo {lost.name}` {_less(lost, best)}")
    yield from _swallowed(base, head)
    yield from _environment(base, head)


def _distance(old: Command, new: Command) -> int:
    return len(old.wider - new.wider) + len(new.narrower - old.narrower)


def _commands(text: str) -> Iterator[Command]:
    joined = re.sub(r"\\\n", "  ", text)
    for number, line in enumerate(joined.split("\n"), start=1):
        if line.lstrip().startswith(("#", "//")):
            continue
        for found in _CARGO.finditer(line):
            name = {"t": "test", "c": "check"}.get(found["name"], found["name"])
            rest = found["rest"]
            wider = frozenset(flag for flag in _WIDER if re.search(rf"(?<!\S){flag}(?![\w-])", rest))
            wider |= {" ".join(flag.replace("-D", "-D ").split()) for flag in _DENY.findall(rest)}
            narrower = frozenset(" ".join(flag.split()) for flag in _NARROWER.findall(rest))
            limits = tuple((flag, int(value)) for flag, value in _LIMIT.findall(rest) if flag != "--timeout")
            yield Command(name, wider, narrower, limits, number)


def _unmatched(
    before: list[tuple[str, Command]], after: list[tuple[str, Command]]
) -> Iterator[tuple[str, Command]]:
    """The commands of before for which nothing in after checks at least as much."""
    for path, old in before:
        if not any(_covers(new, old) for _path, new in after):
            yield path, old


def _covers(new: Command, old: Command) -> bool:
    if new.name != old.name and (new.name, old.name) not in _STRONGER:
        return False
    wider = {_ALIKE.get(flag, flag) for flag in new.wider}
    needed = {_ALIKE.get(flag, flag) for flag in old.wider}
    lower = any(dict(new.limits).get(flag, -1) < value for flag, value in old.limits)
    if new.name != old.name:
        needed &= {"--workspace", "--all-features"}
    return needed <= wider and new.narrower <= old.narrower and not lower


# A command of the first kind checks what one of the second checks.
_STRONGER: Final = frozenset(
    {
        ("test", "check"),
        ("test", "build"),
        ("clippy", "check"),
        ("build", "check"),
        ("nextest", "test"),
        ("llvm-cov", "test"),
        ("nextest", "check"),
        ("nextest", "build"),
        ("check", "build"),
    }
)
_ALIKE: Final = {"--all": "--workspace"}


def _less(old: Command, new: Command) -> str:
    parts = []
    wider = {_ALIKE.get(flag, flag) for flag in new.wider}
    if lost := sorted(flag for flag in old.wider if _ALIKE.get(flag, flag) not in wider):
        parts.append(f"lost {', '.join(f'`{flag}`' for flag in lost)}")
    if gained := sorted(new.narrower - old.narrower):
        parts.append(f"got {', '.join(f'`{flag}`' for flag in gained)}")
    for flag, value in old.limits:
        if dict(new.limits).get(flag, -1) < value:
            parts.append(f"demands less: `{flag}` was {value}")
    return " and ".join(parts) or "checks less than before"


def _swallowed(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[tuple[str, int, Loosening]]:
    before = Counter(found for text in base.values() for _line, found in _swallows(text))
    for path, text in head.items():
        for line, found in _swallows(text):
            if before[found] > 0:
                before[found] -= 1
            elif path in base or not base:
                yield path, line, Loosening("", f"`{found}` hides that a check failed")


def _swallows(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.lstrip().startswith("#"):
            continue
        for found in _SWALLOW.finditer(line):
            # Behind a command a swallowed failure counts where cargo is what fails; a job's setting always.
            behind = found[0].lstrip().startswith(("|", ";"))
            if not behind or "cargo" in line:
                yield number, " ".join(found[0].split())


def _environment(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[tuple[str, int, Loosening]]:
    def denied(texts: Mapping[str, str]) -> set[str]:
        values = [value for text in texts.values() for value in _ENVIRONMENT.findall(text)]
        return {
            " ".join(flag.replace("-D", "-D ").split()) for value in values for flag in _DENY.findall(value)
        }

    for flag in sorted(denied(base) - denied(head)):
        path = next(iter(sorted(set(base) & set(head)) or sorted(base)))
        yield path, 0, Loosening("", f"`{flag}` is gone from RUSTFLAGS")
    old = {
        flag
        for text in base.values()
        for value in _ENVIRONMENT.findall(text)
        for flag in _FLAG.findall(value)
    }
    for path, text in head.items():
        for number, line in enumerate(text.split("\n"), start=1):
            for value in _ENVIRONMENT.findall(line):
                for flag in _FLAG.findall(value):
                    if flag not in old and not re.match(r"-W|-A ?unknown_lints", flag):
                        yield path, number, Loosening("", f"`{flag}` in RUSTFLAGS silences lints")
