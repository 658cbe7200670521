"""Says whether code under a ``cfg`` condition is part of a test build on this machine."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable
from enum import IntEnum

from ironwright.gates.rust.attributes import argument_text, attribute_name, split_arguments


class Built(IntEnum):
    """Whether something is part of an ordinary test build, from never upwards."""

    NO = 0
    UNKNOWN = 1
    YES = 2


_VALUE = re.compile(r'^([\w:-]+)\s*=\s*"([^"]*)"$')
# Set in an ordinary test build on every machine where these gates run.
_SET = frozenset({"test", "debug_assertions", "overflow_checks", "true", "panic"})
# Configurations of special tools and of other platforms, which nobody sets for a plain `cargo test`.
_UNSET = frozenset(
    {
        "windows",
        "false",
        "miri",
        "loom",
        "kani",
        "fuzzing",
        "doc",
        "doctest",
        "docsrs",
        "coverage",
        "coverage_nightly",
        "tarpaulin",
        "tarpaulin_include",
        "nightly",
        "rust_analyzer",
        "clippy",
        "bench",
        "proc_macro",
    }
)
_SYSTEMS = {"linux": "linux", "darwin": "macos"}
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


def evaluate(predicate: str, features: frozenset[str]) -> Built:
    """Whether a ``cfg`` predicate holds in a test build with the package's default features.

    Args:
        predicate: What stands between the parentheses of ``cfg(…)``.
        features: The enabled features of the package.
    """
    predicate = predicate.strip().rstrip(",").strip()
    name = attribute_name(predicate)
    if "(" in predicate and name in ("all", "any", "not"):
        parts = [evaluate(part, features) for part in split_arguments(argument_text(predicate)) if part]
        if name == "all":
            return min(parts, default=Built.YES)
        if name == "any":
            return max(parts, default=Built.NO)
        return Built(2 - parts[0]) if parts else Built.UNKNOWN
    if pair := _VALUE.match(predicate):
        return _value(pair[1], pair[2], features)
    if predicate in _SET or predicate == "unix":
        return Built.YES
    # An unknown bare name is a `--cfg` of the project's own: nobody sets it unasked.
    return Built.NO if predicate in _UNSET else Built.UNKNOWN


def conditions(attributes: Iterable[str], features: frozenset[str]) -> Built:
    """What the ``cfg`` attributes (without ``#[ ]``) among some say together; YES where there are none."""
    found = Built.YES
    for text in attributes:
        if attribute_name(text) == "cfg":
            found = min(found, evaluate(argument_text(text), features))
    return found


def applied(attributes: Iterable[str], wanted: str, features: frozenset[str]) -> Built:
    """Whether an attribute applies, also through ``cfg_attr(condition, …)``.

    Args:
        attributes: An item's attributes without ``#[ ]``.
        wanted: The attribute's name, such as ``ignore``.
        features: The enabled features of the package.
    """
    found = Built.NO
    for text in attributes:
        name = attribute_name(text)
        if name == wanted:
            return Built.YES
        if name == "cfg_attr":
            condition, *inner = split_arguments(argument_text(text))
            if applied(inner, wanted, features) != Built.NO:
                found = max(found, evaluate(condition, features))
    return found


def _value(key: str, value: str, features: frozenset[str]) -> Built:
    known = {
        "feature": features,
        "target_os": {_SYSTEMS.get(sys.platform, "")},
        "target_family": {"unix"},
        "target_arch": {_MACHINES.get(platform.machine().lower(), "")},
        "target_pointer_width": {"64"},
        "target_endian": {"little"},
        "panic": {"unwind"},
        "target_has_atomic": {"8", "16", "32", "64", "ptr"},
    }.get(key)
    if known is None or known == {""}:
        return Built.UNKNOWN
    return Built.YES if value in known else Built.NO
