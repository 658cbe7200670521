"""Compares the settings files of Rust's tools on both sides of a change: what makes them check less."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ironwright.gates.api import Unknown


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way in which less is checked than before.

    Attributes:
        needle: A word to find the line by; empty where there is none.
        message: What is loosened.
        grave: False where it is for a person to look at.
    """

    needle: str
    message: str
    grave: bool = True


_LEVELS: Final = {"allow": 0, "expect": 0, "warn": 1, "force-warn": 1, "deny": 2, "forbid": 3}
# What clippy takes where nothing is set; a new file must not go above it.
_CLIPPY_DEFAULTS: Final = {
    "too-many-arguments-threshold": 7,
    "cognitive-complexity-threshold": 25,
    "type-complexity-threshold": 250,
    "too-many-lines-threshold": 100,
    "single-char-binding-names-threshold": 4,
    "large-error-threshold": 128,
    "enum-variant-size-threshold": 200,
    "stack-size-threshold": 512000,
    "array-size-threshold": 16384,
    "excessive-nesting-threshold": 0,
    "max-struct-bools": 3,
    "max-fn-params-bools": 3,
    "pass-by-value-size-limit": 256,
    "vec-box-size-threshold": 4096,
    "max-trait-bounds": 3,
    "future-size-threshold": 16384,
}
# Environment variables by which test tools try less, record instead of comparing, or run other programs.
_BENT: Final = re.compile(
    r"PROPTEST_\w+|QUICKCHECK_\w+|RUST_TEST_\w+|INSTA_\w+|UPDATE_EXPECT|TRYBUILD|NEXTEST_\w+|RUSTC\w*|RUSTDOC\w*|"
    r"RUSTFLAGS|RUSTDOCFLAGS|CARGO_ENCODED_\w+|CARGO_(?:BUILD|TARGET|PROFILE)_\w+|LLVM_\w+|CLIPPY_\w+|"
    r"LD_PRELOAD|PATH|__CARGO_\w+"
)
_BUILT_IN: Final = frozenset(
    [
        "b",
        "bench",
        "build",
        "c",
        "check",
        "clean",
        "clippy",
        "d",
        "doc",
        "fmt",
        "fix",
        "miri",
        "nextest",
        "llvm-cov",
        "r",
        "run",
        "t",
        "test",
        "rustc",
        "rustdoc",
    ]
)


# Folders that hold what others published.
_COPIES = re.compile(r"(?:^|/)(?:vendor(?:ed)?|third[_-]?party|3rd[_-]?party|external)/", re.IGNORECASE)


def read_toml(path: str, source: bytes | None) -> Mapping[str, Any]:
    """A settings file as data; an empty one where there is none.

    Raises:
        Unknown: It is not valid TOML.
    """
    try:
        return tomllib.loads((source or b"").decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unknown(f"{path} cannot be read: {error}; repair it") from error


def read_base_toml(path: str, source: bytes | None) -> Mapping[str, Any]:
    """A settings file of base as data; what was no TOML set nothing, so that it can be repaired."""
    try:
        return read_toml(path, source)
    except Unknown:
        return {}


def compare_manifest(base: Mapping[str, Any], head: Mapping[str, Any], new: bool) -> Iterator[Loosening]:
    """What a Cargo.toml loosens.

    Args:
        base: What it said before; empty where it was not there.
        head: What it says.
        new: Whether it was not there.
    """
    for where in ((), ("workspace",)):
        before, after = _table(base, *where, "lints"), _table(head, *where, "lints")
        if before.get("workspace") is True and after.get("workspace") is not True:
            yield Loosening(
                "[package]", "`lints.workspace = true` is gone: the workspace's lints do not apply"
            )
        for tool in sorted({*before, *after} - {"workspace"}):
            yield from _lints(_table(before, tool), _table(after, tool), tool)
    yield from compare_profiles(base, head)
    for source in _table(head, "patch"):
        for name, value in _table(head, "patch", source).items():
            if _table(base, "patch", source).get(name) != value:
                yield _patched(name, value)
    for name, value in _table(head, "replace").items():
        if _table(base, "replace").get(name) != value:
            yield _patched(name, value)
    before, after = dict(_dependencies(base)), dict(_dependencies(head))
    for name, value in after.items():
        path = value.get("path") if isinstance(value, dict) else None
        if isinstance(path, str) and _COPIES.search(path) and before.get(name) != value:
            yield Loosening(
                f'"{path}"', f"the copy in `{path}` stands for the published `{name}`; use `cargo add`"
            )
    if not new:
        excluded = _strings(_table(head, "workspace").get("exclude"))
        for path in sorted(excluded - _strings(_table(base, "workspace").get("exclude"))):
            yield Loosening("exclude", f"the workspace leaves `{path}` out")


def _dependencies(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every entry of every table of dependencies."""
    targets = [_table(manifest, "target", name) for name in _table(manifest, "target")]
    for owner in (manifest, _table(manifest, "workspace"), *targets):
        for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from _table(owner, kind).items()


def compare_profiles(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """Checks at run time that profiles switch off."""
    profiles = _table(head, "profile")
    for name in profiles:
        before, after = _table(base, "profile", name), _table(head, "profile", name)
        tested = name in ("dev", "test") or after.get("inherits") in ("dev", "test")
        for key in ("overflow-checks", "debug-assertions"):
            was = before.get(key, tested)
            if after.get(key) is False and was is True:
                yield Loosening(key, f"`{key} = false` in the profile {name}")
    for name in _table(base, "profile"):
        for key in ("overflow-checks", "debug-assertions"):
            gone = key not in _table(head, "profile", name)
            if name not in ("dev", "test") and gone and _table(base, "profile", name).get(key) is True:
                yield Loosening("", f"`{key} = true` is gone from the profile {name}")


def compare_cargo_config(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``.cargo/config.toml`` loosens."""
    for key in ("rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustdoc"):
        if _table(head, "build").get(key) != _table(base, "build").get(key) and _table(head, "build").get(
            key
        ):
            yield Loosening(key, f"`build.{key}` puts another program in the compiler's place")
    for target in _table(head, "target"):
        runner = _table(head, "target", target).get("runner")
        if runner and runner != _table(base, "target", target).get("runner"):
            yield Loosening("runner", f"a runner for {target} decides how tests end")
    flags, old = _flags(head), _flags(base)
    for where in sorted({*flags, *old}):
        yield from compare_flags(old.get(where, []), flags.get(where, []), where)
    for name, value in _table(head, "alias").items():
        if name in _BUILT_IN and _table(base, "alias").get(name) != value:
            yield Loosening(name, f"the alias `{name}` takes the place of cargo's own command")
    for name, value in _table(head, "env").items():
        if _BENT.fullmatch(name) and _table(base, "env").get(name) != value:
            yield Loosening(name, f"the environment variable {name} bends the tools")
    for source in _table(head, "patch"):
        for name, value in _table(head, "patch", source).items():
            if _table(base, "patch", source).get(name) != value:
                yield _patched(name, value)
    if head.get("paths") and head.get("paths") != base.get("paths"):
        yield Loosening("paths", "`paths` puts local copies in the place of published crates")
    if _table(head, "source") and _table(head, "source") != _table(base, "source"):
        yield Loosening(
            "source", "crates come from another source; look whether it holds what was published", False
        )
    yield from compare_profiles(base, head)


def compare_flags(base: list[str], head: list[str], where: str) -> Iterator[Loosening]:
    """Compiler flags that allow lints, or that no longer deny them.

    Args:
        base: The flags before, one word each.
        head: The flags now.
        where: Their name, for people.
    """
    before, after = _pairs(base), _pairs(head)
    for flag in after:
        if flag in before:
            continue
        if re.match(r"-A (?!unknown_lints)|--allow|--cap-lints", flag):
            yield Loosening(flag.split()[-1], f"`{flag}` in {where} silences lints")
        elif re.search(r"(?:overflow-checks|debug-assertions)=(?:no|n|off|false|0)", flag):
            yield Loosening(flag.split()[-1], f"`{flag}` in {where} switches checks off")
        elif flag.startswith("--cfg"):
            yield Loosening("cfg", f"`{flag}` in {where} decides which code is compiled", False)
    for flag in before:
        if flag not in after and re.match(r"-[DF]|--deny|--forbid", flag):
            yield Loosening("", f"`{flag}` is gone from {where}")


def compare_clippy(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``clippy.toml`` loosens."""
    for key in sorted({*base, *head}):
        before, after = base.get(key, _CLIPPY_DEFAULTS.get(key)), head.get(key, _CLIPPY_DEFAULTS.get(key))
        if before == after:
            continue
        if key.startswith("allow-") and after is True:
            yield Loosening(key, f"`{key}` is on", not key.endswith(("-in-tests", "-in-consts", "-in-doc")))
        elif _is_number(after) and _is_number(before) and after > before and key not in ("msrv",):
            yield Loosening(key, f"`{key}` went from {before} to {after}")
        elif isinstance(before, list) and key.startswith("disallowed-"):
            for lost in [entry for entry in before if entry not in _items(after)]:
                yield Loosening("", f"`{key}` lost {_named(lost)}")
        elif isinstance(after, list) and key.startswith("allowed-"):
            yield Loosening(key, f"`{key}` lets more through", False)


def compare_rustfmt(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``rustfmt.toml`` loosens; other style is a matter of taste."""
    for key in ("disable_all_formatting", "skip_children", "skip_macro_invocations"):
        if head.get(key) and head.get(key) != base.get(key):
            yield Loosening(key, f"`{key}` keeps rustfmt from looking")
    new = _strings(head.get("ignore")) - _strings(base.get("ignore"))
    if new:
        yield Loosening("ignore", f"rustfmt ignores {', '.join(sorted(new))}")
    if base and any(base.get(key) != head.get(key) for key in {*base, *head} - {"ignore"}):
        yield Loosening("", "the style that rustfmt demands was changed", False)


def compare_toolchain(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``rust-toolchain.toml`` loosens: another channel judges otherwise."""
    before, after = _table(base, "toolchain"), _table(head, "toolchain")
    if after.get("path") and after.get("path") != before.get("path"):
        yield Loosening("path", "a toolchain of the repository's own would judge the code")
    was, now = str(before.get("channel", "")), str(after.get("channel", ""))
    if was != now and now and was:
        older = _version(now) < _version(was) if _version(now) and _version(was) else "nightly" in now
        yield Loosening("channel", f"the toolchain went from {was} to {now}", bool(older))
    lost = _strings(before.get("components")) - _strings(after.get("components"))
    if lost & {"clippy", "rustfmt", "llvm-tools", "llvm-tools-preview", "miri"}:
        yield Loosening("components", f"the toolchain comes without {', '.join(sorted(lost))}")


def compare_policy(base: Mapping[str, Any], head: Mapping[str, Any], prefix: str = "") -> Iterator[Loosening]:
    """What a ``deny.toml`` or ``audit.toml`` loosens: levels, and lists of what is let through."""
    for key in sorted({*base, *head}):
        before, after = base.get(key), head.get(key)
        name = f"{prefix}{key}"
        if before == after:
            continue
        if isinstance(before, dict) or isinstance(after, dict):
            yield from compare_policy(_table(base, key), _table(head, key), f"{name}.")
        elif isinstance(before, str) and before in _LEVELS:
            if _LEVELS.get(str(after), 0) < _LEVELS[before]:
                yield Loosening(key, f"`{name}` went from {before} to {after or 'nothing'}")
        elif key in ("ignore", "skip", "skip-tree", "exclude", "exceptions", "unsound-ignore"):
            old = before if isinstance(before, list) else []
            for entry in [entry for entry in _items(after) if entry not in old]:
                reasoned = isinstance(entry, dict) and bool(entry.get("reason"))
                yield Loosening(_named(entry), f"`{name}` lets {_named(entry)} through", not reasoned)
        elif key == "deny" and isinstance(before, list):
            for entry in [entry for entry in before if entry not in _items(after)]:
                yield Loosening("", f"`{name}` lost {_named(entry)}")
        elif (
            key in ("allow", "allow-git", "allow-registry") and isinstance(after, list) and before is not None
        ):
            yield Loosening(key, f"`{name}` lets more through", False)


def _lints(before: Mapping[str, Any], after: Mapping[str, Any], tool: str) -> Iterator[Loosening]:
    for lint in sorted({*before, *after}):
        was, now = _level(before.get(lint)), _level(after.get(lint))
        if now is None and was is not None and _LEVELS[was] > 0:
            yield Loosening(tool, f"the lint `{tool}::{lint}` is not set to {was} any more")
        elif now is not None and was is not None and _LEVELS[now] < _LEVELS[was]:
            yield Loosening(lint, f"the lint `{tool}::{lint}` went from {was} to {now}")
        elif was is None and now == "allow":
            # Beside a whole group at a higher level, an exception is how pedantic groups are used.
            group = any(_level(value) in ("warn", "deny") and _priority(value) for value in after.values())
            yield Loosening(lint, f"the lint `{tool}::{lint}` is allowed everywhere", not group)


def _level(value: Any) -> str | None:
    level = value.get("level") if isinstance(value, dict) else value
    return level if isinstance(level, str) and level in _LEVELS else None


def _priority(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("priority"), int) and value["priority"] < 0


def _patched(name: str, value: Any) -> Loosening:
    local = isinstance(value, dict) and "path" in value
    what = "a local copy" if local else "another source"
    return Loosening(name, f"{what} takes the place of the published `{name}`", local)


def _flags(config: Mapping[str, Any]) -> dict[str, list[str]]:
    found = {}
    for key in ("rustflags", "rustdocflags"):
        found[f"build.{key}"] = _words(_table(config, "build").get(key))
        for target in _table(config, "target"):
            found[f"target.{target}.{key}"] = _words(_table(config, "target", target).get(key))
    return found


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return (
        [word for item in value if isinstance(item, str) for word in item.split()]
        if isinstance(value, list)
        else []
    )


def _pairs(words: list[str]) -> list[str]:
    """Flags with their values: ``-A dead_code`` and ``-Adead_code`` are one flag each."""
    found: list[str] = []
    for word in words:
        if found and re.fullmatch(r"-[A-Z]|--(?:allow|deny|warn|forbid|cap-lints|cfg)", found[-1]):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return [re.sub(r"^(-[ADFW]) ?", r"\1 ", flag) for flag in found]


def _version(channel: str) -> tuple[int, ...]:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", channel)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def _table(data: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    current: Any = data
    for name in names:
        current = current.get(name) if isinstance(current, Mapping) else None
    return current if isinstance(current, Mapping) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _strings(value: Any) -> set[str]:
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _named(entry: Any) -> str:
    if isinstance(entry, dict):
        return str(next((entry[key] for key in ("id", "crate", "name", "path") if key in entry), entry))
    return str(entry)
