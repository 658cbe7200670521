"""Which settings of a checkout's ``.cargo/config.toml`` cargo is given, and which are refused.

A checkout's configuration can replace the compiler (``build.rustc-wrapper``), the test runner
(``target.*.runner``), silence warnings (``build.rustflags = ["-Awarnings"]``) or move the build elsewhere.
Cargo looks for configuration above its working directory, not above the manifest; so it is started in a
folder of ours and reads none of it. What a build really needs is read here and handed to it:

===============================  =====================================================================
``build.rustflags``,             only ``--cfg``, ``--check-cfg``, ``-C target-cpu`` and
``target.<here>.rustflags``      ``-C target-feature``: they select code; all others are left out
``env``                          variables that steer neither the tools nor the loader
``source``, ``registries``,      where dependencies come from (a vendored folder inside the checkout)
``patch``
===============================  =====================================================================

Everything else is left out and named in :attr:`CargoSettings.refused`, so that a report can say so.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ironwright.records.errors import ToolError

_FLAG_PREFIXES = ("--cfg=", "--check-cfg=", "-Ctarget-cpu=", "-Ctarget-feature=")
_STEERING = ("CARGO", "RUST", "LLVM_", "LD_", "DYLD_", "CLIPPY", "GIT_", "SSL_", "BASH_", "PYTHON")
_STEERING_NAMES = frozenset(
    {"PATH", "HOME", "TMPDIR", "SHELL", "ENV", "IFS", "CC", "CXX", "AR", "LINKER", "MAKEFLAGS"}
)
_SOURCES = ("source", "registries", "patch")
# Speed, output and habits of a person at a terminal: leaving them out changes no verdict.
_HARMLESS = frozenset(
    {"alias", "term", "http", "net", "cargo-new", "future-incompat-report", "registry", "cache", "install"}
)
_HARMLESS_BUILD = frozenset({"jobs", "incremental", "target-dir", "build-dir", "dep-info-basedir"})


@dataclass(frozen=True, slots=True)
class CargoSettings:
    """What cargo is given of a checkout's configuration.

    Attributes:
        rustflags: Flags for every call of the compiler.
        rustdocflags: The same for rustdoc.
        env: Variables for the compiler, build scripts and tests.
        arguments: ``--config`` arguments.
        refused: Keys that were left out and might matter, each with its file.
        target: The platform that the checkout builds for by its own setting, or empty.
    """

    rustflags: tuple[str, ...] = ()
    rustdocflags: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    target: str = ""


def read_settings(checkout: Path, folder: str, host: str, inner_checkout: str) -> CargoSettings:
    """Read the configuration that cargo would find for a workspace in a folder of the checkout.

    Args:
        checkout: The checkout on this machine.
        folder: The workspace's folder, relative (``.`` at the top).
        host: The compiler's host platform (``x86_64-unknown-linux-gnu``).
        inner_checkout: Where the job sees the checkout.

    Raises:
        ToolError: A configuration file is no TOML; cargo would refuse it too.
    """
    flags: list[str] = []
    doc_flags: list[str] = []
    env: dict[str, str] = {}
    arguments: list[str] = []
    refused: list[str] = []
    target = ""
    for path, data in _files(checkout, folder):
        inner = str(PurePosixPath(inner_checkout) / path.parent.parent)
        for key, value in _leaves(data):
            match key:
                case ("build", "rustflags") | ("target", _, "rustflags"):
                    if key[0] == "target" and not _is_here(key[1], host):
                        continue
                    kept, dropped = _sift_flags(value)
                    flags += kept
                    refused += [f"{path}: {'.'.join(key)} {flag}" for flag in dropped]
                case ("build", "rustdocflags"):
                    kept, dropped = _sift_flags(value)
                    doc_flags += kept
                    refused += [f"{path}: {'.'.join(key)} {flag}" for flag in dropped]
                case ("build", "target"):
                    target = target or (value if isinstance(value, str) else "several platforms")
                case ("env", name):
                    text = _env_value(value, inner)
                    if text is None or _steers(name):
                        refused.append(f"{path}: env.{name}")
                    else:
                        env.setdefault(name, text)
                case (section, *_) if section in _SOURCES:
                    arguments += ["--config", _argument(key, value, inner)]
                case _ if not _is_harmless(key):
                    refused.append(f"{path}: {'.'.join(key)}")
    return CargoSettings(
        tuple(flags),
        tuple(doc_flags),
        tuple(env.items()),
        tuple(arguments),
        tuple(dict.fromkeys(refused)),
        target,
    )


def _files(checkout: Path, folder: str) -> Iterator[tuple[PurePosixPath, Mapping[str, Any]]]:
    """The configuration files from the workspace's folder up to the checkout's top, nearest first."""
    here = PurePosixPath(folder)
    for level in (here, *here.parents) if folder != "." else (here,):
        for name in ("config", "config.toml"):  # cargo takes the older name where both are there
            path = level / ".cargo" / name
            full = checkout / path
            if full.is_symlink() or full.parent.is_symlink() or not full.is_file():
                continue
            try:
                yield path, tomllib.loads(full.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ToolError(
                    f"cargo's configuration cannot be read: {error}",
                    where=str(path),
                    advice="Correct the file.",
                ) from error
            break


def _leaves(data: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting with its key; variables of ``env`` count as one setting each."""
    for name, value in data.items():
        key = (*above, name)
        if isinstance(value, dict) and not (len(key) == 2 and key[0] == "env"):
            yield from _leaves(value, key)
        else:
            yield key, value


def _sift_flags(value: Any) -> tuple[list[str], list[str]]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return [], [str(value)]
    joined: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-C", "--codegen"):
            joined.append("-C" + next(rest, ""))
        elif word in ("--cfg", "--check-cfg"):
            joined.append(f"{word}={next(rest, '')}")
        else:
            joined.append(word)
    kept = [word for word in joined if word.startswith(_FLAG_PREFIXES)]
    return kept, [word for word in joined if not word.startswith(_FLAG_PREFIXES)]


def _is_here(platform: str, host: str) -> bool:
    """Whether a ``[target.X]`` table is for this machine; of ``cfg(…)`` only the plain cases are decided."""
    if platform == host:
        return True
    condition = platform.replace(" ", "").replace('"', "")
    return condition in ("cfg(all())", "cfg(unix)", "cfg(target_os=linux)") and "linux" in host


def _env_value(value: Any, inner: str) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        text: str = value["value"]
        return str(PurePosixPath(inner) / text) if value.get("relative") is True else text
    return None


def _steers(name: str) -> bool:
    return name in _STEERING_NAMES or name.startswith(_STEERING)


def _is_harmless(key: tuple[str, ...]) -> bool:
    return key[0] in _HARMLESS or (key[0] == "build" and len(key) == 2 and key[1] in _HARMLESS_BUILD)


def _argument(key: tuple[str, ...], value: Any, inner: str) -> str:
    if key[-1] in ("directory", "local-registry", "path") and isinstance(value, str):
        value = str(PurePosixPath(inner) / value)
    name = ".".join(json.dumps(part) for part in key)
    return f"{name}={json.dumps(value)}"
