"""The Rust toolchain: where rustc's own files are, which LLVM it speaks, found once without its shims."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ironwright.host.process import Limits, run
from ironwright.records.errors import ToolError
from ironwright.records.paths import cache_home

_ADVICE = (
    "Install Rust from https://rustup.rs, or Debian's packages with `apt-get install rustc cargo`; "
    "then run `ironwright doctor`."
)
_ARCHITECTURES = {"arm64": "aarch64", "amd64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One installed Rust toolchain.

    Attributes:
        sysroot: Its folder (``rustc --print sysroot``), symbolic links resolved.
        version: rustc's release, as ``1.95.0``.
        host: The host triple, as ``x86_64-unknown-linux-gnu``.
        llvm_major: The major version of the LLVM that rustc is built with; 0 where rustc does not say.
        description: ``rustc -vV`` as printed, for digests and reports.
        cargo_home: The user's ``CARGO_HOME``: registry, configuration, installed commands.
        rustup: The rustup program, where there is one.
    """

    sysroot: Path
    version: str
    host: str
    llvm_major: int
    description: str
    cargo_home: Path
    rustup: Path | None = None

    @property
    def bin(self) -> Path:
        """The folder of the real programs: first in PATH, so that rustup's shims cannot act."""
        return self.sysroot / "bin"

    @property
    def llvm_bin(self) -> Path:
        """Where rustup puts the LLVM tools of the component ``llvm-tools``."""
        return self.sysroot / "lib" / "rustlib" / self.host / "bin"

    def program(self, name: str) -> Path | None:
        """The toolchain's own program of this name, or None."""
        path = self.bin / name
        return path if os.access(path, os.X_OK) else None


def cargo_home() -> Path:
    """The user's ``CARGO_HOME``, whether or not it exists."""
    override = os.environ.get("CARGO_HOME")
    return Path(override) if override else Path.home() / ".cargo"


def rustup_home(rustc: Path) -> Path:
    """Where rustup keeps its toolchains: as it is told, else in the home, else beside the shim that is used.

    The last one is for a shim on PATH that belongs to another home (a container's ``root``, a service with
    a home of its own): rustup itself would say that no toolchain is chosen.
    """
    override = os.environ.get("RUSTUP_HOME")
    if override:
        return Path(override)
    own, beside = Path.home() / ".rustup", rustc.parent.parent.parent / ".rustup"
    return beside if not visible(own, "toolchains") and visible(beside, "toolchains") else own


def visible(home: Path, pattern: str) -> list[Path]:
    """What of a rustup home fits a pattern; nothing where another user's rights forbid to look."""
    try:
        return sorted(home.glob(pattern))
    except OSError:
        return []


@lru_cache(maxsize=1)
def toolchain() -> Toolchain:
    """The toolchain that the user's ``rustc`` stands for, found once a process.

    A ``rust-toolchain.toml`` has no say: rustc is asked in the root folder, so that a repository
    cannot choose (or make rustup download) what judges it. ``RUSTUP_TOOLCHAIN`` of the user counts.
    The answer is remembered in the cache for as long as nothing that it depends on has changed.

    Raises:
        ToolError: There is no rustc, or it does not answer.
    """
    rustc, rustup, home = _rustc(), _rustup(), cargo_home()
    memory = cache_home() / "toolchain.json"
    key = _circumstances(rustc)
    known = _remembered(memory, key)
    if known is None:
        known = _asked(rustc)
        _remember(memory, key, known)
    return parse_toolchain(known["sysroot"], known["version"], home, rustup)


def toolchain_or_none() -> Toolchain | None:
    """The toolchain, or None where there is none that answers: for those who look what is here."""
    try:
        return toolchain()
    except ToolError:
        return None


def parse_toolchain(sysroot: str, version: str, home: Path, rustup: Path | None) -> Toolchain:
    """Read what ``rustc --print sysroot`` and ``rustc -vV`` printed.

    Raises:
        ToolError: Something that every rustc prints is missing.
    """
    folder = sysroot.strip()
    fields = {
        key.strip(): value.strip()
        for key, colon, value in (line.partition(":") for line in version.splitlines())
        if colon
    }
    if not folder.startswith("/") or not fields.get("release") or not fields.get("host"):
        raise ToolError("rustc's answer to `rustc -vV` is incomplete", advice=_ADVICE)
    major = fields.get("LLVM version", "").split(".")[0]
    return Toolchain(
        sysroot=Path(folder).resolve(),
        version=fields["release"],
        host=fields["host"],
        llvm_major=int(major) if major.isascii() and major.isdigit() else 0,
        description=version.strip(),
        cargo_home=home,
        rustup=rustup,
    )


def _asked(rustc: Path) -> dict[str, str]:
    """Ask rustc itself; the second question goes to the real program, past rustup's shim."""
    sysroot = _ask([str(rustc), "--print", "sysroot"], rustup_home(rustc))
    real = Path(sysroot.strip()) / "bin" / "rustc"
    program = str(real) if os.access(real, os.X_OK) else str(rustc)
    return {"sysroot": sysroot, "version": _ask([program, "-vV"], rustup_home(rustc))}


def _ask(argv: list[str], rustup_folder: Path) -> str:
    # Without the last variable some versions of rustup download a toolchain on a mere question.
    environment = {**os.environ, "RUSTUP_HOME": str(rustup_folder), "RUSTUP_AUTO_INSTALL": "0"}
    answer = run(argv, cwd=Path("/"), env=environment, limits=Limits(seconds=60, output_bytes=1 << 20))
    if not answer.ok:
        lines = answer.error_text.strip().splitlines()
        raise ToolError(
            f"rustc does not answer: {lines[0] if lines else f'exit code {answer.exit_code}'}",
            where=argv[0],
            advice="`rustup show` says which toolchain is active; `rustup default stable` sets one.",
        )
    return answer.text


def _circumstances(rustc: Path) -> str:
    """All that can change which toolchain ``rustc`` stands for, as text."""
    return json.dumps(
        [
            _stamp(rustc),
            _stamp(rustup_home(rustc) / "settings.toml"),
            _stamp(Path("/rust-toolchain")),
            _stamp(Path("/rust-toolchain.toml")),
            os.environ.get("RUSTUP_TOOLCHAIN", ""),
        ]
    )


def _stamp(path: Path) -> str:
    try:
        real = path.resolve()
        state = real.stat()
    except OSError:
        return f"{path}: none"
    return f"{real}: {state.st_size} {state.st_mtime_ns} {state.st_ino}"


def _remembered(memory: Path, key: str) -> dict[str, str] | None:
    """What is remembered under this key; anything unreadable is asked for again."""
    try:
        stored = json.loads(memory.read_text(encoding="utf-8"))
        if stored["key"] != key or stored["rustc"] != _stamp(Path(stored["sysroot"].strip()) / "bin/rustc"):
            return None
        return {"sysroot": stored["sysroot"], "version": stored["version"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _remember(memory: Path, key: str, answer: dict[str, str]) -> None:
    rustc = _stamp(Path(answer["sysroot"].strip()) / "bin/rustc")
    text = json.dumps({"key": key, "rustc": rustc, **answer})
    with contextlib.suppress(OSError):  # a read-only cache only costs the question the next time
        memory.parent.mkdir(parents=True, exist_ok=True)
        part = memory.with_name(f"{memory.name}.{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(memory)


def machine() -> str:
    """The processor's architecture in Rust's words (``x86_64``, ``aarch64``)."""
    name = platform.machine().lower()
    return _ARCHITECTURES.get(name, name)


def _rustc() -> Path:
    found = shutil.which("rustc")
    if found:
        return Path(found)
    beside = cargo_home() / "bin" / "rustc"  # rustup's place, often not on the PATH of a service
    if os.access(beside, os.X_OK):
        return beside
    raise ToolError("rustc was not found", advice=_ADVICE)


def _rustup() -> Path | None:
    found = shutil.which("rustup")
    if found:
        return Path(found)
    beside = cargo_home() / "bin" / "rustup"
    return beside if os.access(beside, os.X_OK) else None
