"""What makes cargo start other programs while it may reach the network, and how that is prevented."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from ironwright.session.worktree_files import WorktreeFiles

CONFIG_FILES = (".cargo/config.toml", ".cargo/config")

# cargo's environment beats its configuration files: neither a compiler nor git is started from the tree.
ENVIRONMENT: Mapping[str, str] = {
    "CARGO_BUILD_RUSTC": "rustc",
    "CARGO_BUILD_RUSTC_WRAPPER": "",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER": "",
    "CARGO_NET_GIT_FETCH_WITH_CLI": "false",
    "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS": "cargo:token",
}

# These have no environment variable that switches them off for every registry.
_DANGEROUS = frozenset(("credential-provider", "credential-alias", "include"))


def unfit_for_network(files: WorktreeFiles) -> str | None:
    """Why cargo must not reach the network in this worktree, or None when it may."""
    for name in CONFIG_FILES:
        try:
            raw = files.read(f"{files.seen_at}/{name}")
        except OSError:
            continue  # not there
        try:
            data = tomllib.loads(raw.decode("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            return f"{name} is no valid TOML"
        found = sorted(set(_keys(data)) & _DANGEROUS)
        if found:
            return f"{name} sets {found[0]}, which makes cargo start other programs"
    return None


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for item in data:
            yield from _keys(item)
