"""Compares the settings of test runners, coverage and mutation tools on both sides of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ironwright.gates.guardrails.settings import Loosening

# What these tools are told to leave out, by any of their names for it.
_LEFT_OUT: Final = frozenset(
    {
        "exclude",
        "exclude-files",
        "exclude_globs",
        "exclude_re",
        "skip_calls",
        "ignore-files",
        "packages-exclude",
    }
)
_LEAST: Final = frozenset({"fail-under", "fail_under", "minimum_test_timeout"})


def compare_nextest(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``nextest.toml`` loosens: tests that are tried until they pass, or left out."""
    before, after = _table(base, "profile"), _table(head, "profile")
    for name, profile in after.items():
        old, new = _table(before, name), profile if isinstance(profile, dict) else {}
        if _retries(new.get("retries")) > _retries(old.get("retries")):
            yield Loosening("retries", f"the profile {name} of nextest tries failing tests again")
        filtered = new.get("default-filter")
        if filtered is not None and filtered != old.get("default-filter"):
            yield Loosening("default-filter", f"the profile {name} of nextest leaves tests out: {filtered}")
        for override in _list(new.get("overrides")):
            if override not in _list(old.get("overrides")) and _retries(override.get("retries")) > 0:
                yield Loosening("retries", f"the profile {name} of nextest tries some failing tests again")


def compare_measuring(base: Mapping[str, Any], head: Mapping[str, Any]) -> Iterator[Loosening]:
    """What a ``tarpaulin.toml`` or ``mutants.toml`` loosens: files and functions that are not looked at."""
    before = {"": base, **{name: value for name, value in base.items() if isinstance(value, dict)}}
    for name, table in {"": head, **{n: v for n, v in head.items() if isinstance(v, dict)}}.items():
        old = before.get(name, {})
        for key in sorted(_LEFT_OUT & table.keys()):
            for entry in sorted(_strings(table[key]) - _strings(old.get(key))):
                yield Loosening(key, f"`{entry}` is left out of what is measured")
        for key in sorted(_LEAST & (table.keys() | old.keys())):
            was, now = old.get(key), table.get(key)
            if isinstance(was, int | float) and (not isinstance(now, int | float) or now < was):
                yield Loosening(key, f"`{key}` was {was:g} and is {now if now is not None else 'gone'}")


def _retries(value: object) -> int:
    if isinstance(value, dict):
        value = value.get("count", 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _list(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _strings(value: object) -> set[str]:
    values = value if isinstance(value, list) else [value]
    return {item for item in values if isinstance(item, str)}
