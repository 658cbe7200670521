"""What a checkout's manifests say: where they are, their packages and targets."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ironwright.host.cargo_messages import Locate
from ironwright.records.errors import ToolError

_SKIPPED_FOLDERS = frozenset({"target", "node_modules", "vendor"})


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a package.

    Attributes:
        name: Its name.
        kind: Its first kind: ``lib``, ``proc-macro``, ``bin``, ``test``, ``example``, ``bench``,
            ``custom-build`` or a crate type (``rlib``, ``cdylib`` …).
        source: Its root file, relative to the repository's root.
        test: Whether ``cargo test`` runs its tests.
        doctest: Whether ``cargo test`` runs its documentation tests.
        doc: Whether ``cargo doc`` documents it.
        required_features: Without these cargo leaves it out.
        harness: False where it brings its own ``main`` in place of Rust's test harness.
    """

    name: str
    kind: str
    source: str | None
    test: bool
    doctest: bool
    doc: bool
    required_features: tuple[str, ...]
    harness: bool

    @property
    def is_library(self) -> bool:
        """Whether it is a package's library, of whatever crate type."""
        return self.kind not in ("bin", "test", "example", "bench", "custom-build")


@dataclass(frozen=True, slots=True)
class Package:
    """One member of the workspace.

    Attributes:
        id: Cargo's id.
        name: Its name.
        version: Its version.
        folder: Where its manifest lies, relative to the repository's root (``.`` at the top).
        targets: Its targets.
        features: Its features' names.
        rust_version: The oldest Rust that it wants, or empty.
        details: What cargo tells programs of it in ``CARGO_PKG_*`` variables.
    """

    id: str
    name: str
    version: str
    folder: str
    targets: tuple[Target, ...]
    features: tuple[str, ...]
    rust_version: str
    details: Mapping[str, str]

    @property
    def manifest(self) -> str:
        """Its Cargo.toml, relative to the repository's root."""
        return "Cargo.toml" if self.folder == "." else f"{self.folder}/Cargo.toml"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The workspace that one manifest belongs to.

    Attributes:
        root: The workspace's folder, relative to the repository's root (``.`` at the top).
        packages: Its members.
    """

    root: str
    packages: tuple[Package, ...]

    @property
    def libraries(self) -> tuple[tuple[Package, Target], ...]:
        """Every library with its package."""
        return tuple((p, t) for p in self.packages for t in p.targets if t.is_library)

    def package(self, package_id: str) -> Package | None:
        """A member by cargo's id."""
        return next((package for package in self.packages if package.id == package_id), None)


def topmost_manifests(checkout: Path) -> tuple[str, ...]:
    """The folders of the manifests that have no other above them, relative, in order (``.`` at the top).

    Links are not followed; hidden folders, ``target``, ``vendor`` and ``node_modules`` are left out.
    """
    found = []
    for folder, names, files in os.walk(checkout):
        if "Cargo.toml" in files:
            found.append(PurePosixPath(Path(folder).relative_to(checkout).as_posix()).as_posix())
            names.clear()
            continue
        names[:] = sorted(name for name in names if name not in _SKIPPED_FOLDERS and not name.startswith("."))
    return tuple(sorted(found))


def parse_metadata(output: bytes, locate: Locate, checkout: Path) -> Metadata:
    """Read the output of ``cargo metadata --no-deps --format-version 1``.

    Args:
        output: The JSON text.
        locate: Where files lie.
        checkout: Where manifests are read for what the output leaves out (``harness``).

    Raises:
        ToolError: It is not what cargo writes.
    """
    try:
        data = json.loads(output)
        members = set(data["workspace_members"])
        packages = [_package(item, locate, checkout) for item in data["packages"] if item["id"] in members]
        root = locate(data["workspace_root"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"cargo metadata answered something that cannot be read ({error!r})",
            advice="Run `cargo metadata --no-deps --format-version 1` to see it.",
        ) from error
    if root is None:
        raise ToolError(
            f"the workspace's root {data['workspace_root']} lies outside the repository",
            advice="Check the repository that holds the whole workspace.",
        )
    return Metadata(root, tuple(packages))


def _package(data: Mapping[str, Any], locate: Locate, checkout: Path) -> Package:
    manifest = locate(data["manifest_path"]) or ""
    own_mains = _targets_with_own_main(checkout / manifest)
    targets = tuple(_target(item, locate, own_mains) for item in data["targets"])
    return Package(
        id=data["id"],
        name=data["name"],
        version=data["version"],
        folder=PurePosixPath(manifest).parent.as_posix(),
        targets=targets,
        features=tuple(data.get("features") or {}),
        rust_version=data.get("rust_version") or "",
        details=_details(data),
    )


def _target(data: Mapping[str, Any], locate: Locate, own_mains: frozenset[tuple[str, str]]) -> Target:
    kind = data["kind"][0]
    section = kind if kind in ("bin", "test", "example", "bench") else "lib"
    own_main = (section, data["name"]) in own_mains or (section == "lib" and ("lib", "") in own_mains)
    return Target(
        name=data["name"],
        kind=kind,
        source=locate(data["src_path"]),
        test=bool(data.get("test")),
        doctest=bool(data.get("doctest")),
        doc=bool(data.get("doc")),
        required_features=tuple(data.get("required-features") or ()),
        harness=not own_main,
    )


def _targets_with_own_main(manifest: Path) -> frozenset[tuple[str, str]]:
    """The targets with ``harness = false`` by section and name; an unnamed library is ``("lib", "")``.

    Cargo has accepted the manifest by now, so what is odd in it has been said elsewhere.
    """
    try:
        data = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    found = set()
    for section in ("lib", "bin", "test", "example", "bench"):
        entries = data.get(section)
        for entry in entries if isinstance(entries, list) else [entries]:
            if isinstance(entry, dict) and entry.get("harness") is False:
                name = entry.get("name")
                found.add((section, name if isinstance(name, str) and section != "lib" else ""))
    return frozenset(found)


def _details(data: Mapping[str, Any]) -> dict[str, str]:
    version = data["version"]
    core, _, pre = version.partition("+")[0].partition("-")
    major, minor, patch = (*core.split("."), "", "")[:3]
    texts = {
        "NAME": data["name"],
        "VERSION": version,
        "VERSION_MAJOR": major,
        "VERSION_MINOR": minor,
        "VERSION_PATCH": patch,
        "VERSION_PRE": pre,
        "AUTHORS": ":".join(data.get("authors") or ()),
    }
    for key in ("description", "homepage", "repository", "license", "license_file", "readme", "rust_version"):
        texts[key.upper()] = data.get(key) or ""
    return {f"CARGO_PKG_{key}": value for key, value in texts.items()}
