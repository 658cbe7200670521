"""Reads which cargo subcommands a shell command runs, and what its exit code says of them."""

from __future__ import annotations

from dataclasses import dataclass

from ironwright.records.shell_reading import JUDGING, SimpleCommand, simple_commands

_ALIASES = {"b": "build", "c": "check", "d": "doc", "r": "run", "t": "test"}
# What a command with one of these in front of cargo, or behind it, ends with is still cargo's own end.
_HARMLESS = frozenset(
    ("cd", "echo", "export", "pwd", "true", "set", ":", "printf", "ls", "mkdir", "pushd", "popd")
)
_VALUED = frozenset(
    (
        "--bench",
        "--bin",
        "--color",
        "--config",
        "--example",
        "--exclude",
        "--features",
        "--jobs",
        "--manifest-path",
        "--message-format",
        "--package",
        "--profile",
        "--target",
        "--target-dir",
        "--test",
        "-C",
        "-F",
        "-Z",
        "-j",
        "-p",
    )
)
_NARROWING = frozenset(
    (
        "--bench",
        "--benches",
        "--bin",
        "--bins",
        "--doc",
        "--example",
        "--examples",
        "--exact",
        "--exclude",
        "--filter-expr",
        "--lib",
        "--manifest-path",
        "--package",
        "--skip",
        "--test",
        "--tests",
        "-E",
        "-p",
    )
)


@dataclass(frozen=True, slots=True)
class CargoRun:
    """One run of a cargo subcommand whose outcome says something about the code.

    Attributes:
        subcommand: In its long form (``test`` for ``t``).
        narrowed: Whether it was told to look at a part only: a package, a target, a test by name.
        good_on_zero: Whether the whole command's exit code 0 means that this run succeeded.
        bad_on_failure: Whether another exit code means that this run, or a cargo run joined to it, failed.
    """

    subcommand: str
    narrowed: bool
    good_on_zero: bool
    bad_on_failure: bool


def cargo_runs(command: str) -> tuple[CargoRun, ...]:
    """The runs of judging cargo subcommands in a command; none where it cannot be read."""
    parts = simple_commands(command) or ()
    top = [part for part in parts if not part.nested]
    runs: list[CargoRun] = []
    seen = 0
    for part in parts:
        seen += not part.nested
        subcommand, args = _subcommand(part)
        if subcommand is None:
            continue
        good, bad = (False, False) if part.nested else _meaning(top, seen - 1)
        if "--no-run" in args and subcommand == "test":
            subcommand = "build"
        runs.append(CargoRun(subcommand, _narrowed(subcommand, args), good, bad))
    return tuple(runs)


def _meaning(parts: list[SimpleCommand], position: int) -> tuple[bool, bool]:
    """What exit code 0, and another one, say of the command at a position."""
    behind = parts[position + 1 :]
    chained = all(part.follows == "&&" for part in parts[position:-1]) and parts[-1].follows in ("", ";")
    if not chained:
        return False, False
    before = [part for number, part in enumerate(parts[:position]) if part.follows != ";"]
    others = [part for part in (*before, *behind) if _subcommand(part)[0] is None]
    return True, all(part.words[0] in _HARMLESS for part in others)


def _subcommand(part: SimpleCommand) -> tuple[str | None, tuple[str, ...]]:
    if part.words[0].rsplit("/", 1)[-1] != "cargo":
        return None, ()
    words = [word for word in part.words[1:] if not word.startswith("+")]
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in _VALUED else words[1:]
    if not words or words[0] not in JUDGING:
        return None, ()
    return _ALIASES.get(words[0], words[0]), tuple(words[1:])


def _narrowed(subcommand: str, args: tuple[str, ...]) -> bool:
    """Whether arguments name a part of the package or workspace, or tests by name."""
    position = 0
    testing = subcommand in ("test", "bench", "nextest")
    while position < len(args):
        word = args[position]
        name = word.split("=", 1)[0]
        if name in _NARROWING:
            return True
        if word in _VALUED:
            position += 1
        elif testing and not word.startswith("-") and not (subcommand == "nextest" and word == "run"):
            return True
        position += 1
    return False
