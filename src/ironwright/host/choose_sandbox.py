"""Chooses the sandbox: the strongest that truly works on this machine, or a refusal that says why."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ironwright.host.bubblewrap import BubblewrapSandbox, find_bubblewrap, install_advice
from ironwright.host.process import Limits
from ironwright.host.sandbox import Job, Mount, Sandbox
from ironwright.host.unsandboxed import UnsandboxedRunner
from ironwright.records.errors import ConfigError, SandboxError
from ironwright.records.paths import cache_home

Mode = Literal["auto", "bubblewrap", "landlock", "none"]

_NO_SANDBOX = (
    "To run untrusted code with your own rights nevertheless, say --no-sandbox (do so only in a throw-away "
    "machine or container)."
)


def choose_sandbox(mode: Mode = "auto") -> Sandbox:
    """The sandbox to use, after it has run a command in it once.

    That it works is remembered for this user, kernel and version of bubblewrap, so that later starts need
    no trial; failures are not remembered.

    Args:
        mode: ``auto`` takes bubblewrap, else Landlock, never ``none``.

    Raises:
        SandboxError: What was asked for does not work here; says what to install.
        ConfigError: The mode is unknown.
    """
    if mode == "none":
        return UnsandboxedRunner()
    if mode == "bubblewrap":
        return _with_advice(_bubblewrap)
    if mode == "landlock":
        return _with_advice(_landlock)
    if mode != "auto":
        raise ConfigError(
            f"there is no sandbox named {mode}", advice="Use auto, bubblewrap, landlock or none."
        )
    try:
        return _bubblewrap()
    except SandboxError as first:
        try:
            return _landlock()
        except SandboxError as second:
            raise SandboxError(
                f"no sandbox works here: {first.what}; {second.what}",
                advice=f"{first.advice or install_advice()}\n  {_NO_SANDBOX}",
            ) from second


def _with_advice(find: Callable[[], Sandbox]) -> Sandbox:
    try:
        return find()
    except SandboxError as error:
        raise SandboxError(
            error.what, where=error.where, advice=f"{error.advice}\n  {_NO_SANDBOX}".strip()
        ) from error


def _bubblewrap() -> Sandbox:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxError("bubblewrap was not found", advice=install_advice())
    key = _key("bubblewrap", Path(program))
    known = _recall(key)
    if known is not None:
        return BubblewrapSandbox(Path(program).resolve(), tuple(known))
    sandbox = find_bubblewrap()
    _try_out(sandbox)
    _remember(key, list(sandbox.version))
    return sandbox


def _landlock() -> Sandbox:
    from ironwright.host.landlock import LandlockSandbox, find_landlock  # ctypes: only where it is needed

    key = _key("landlock", None)
    known = _recall(key)
    if known is not None and len(known) == 1:
        return LandlockSandbox(known[0])
    sandbox = find_landlock()
    _try_out(sandbox)
    _remember(key, [sandbox.abi])
    return sandbox


def _try_out(sandbox: Sandbox) -> None:
    """Run one command that must work and one that must be refused."""
    import tempfile  # a trial is rare, and this import is not cheap

    with tempfile.TemporaryDirectory(prefix="ironwright-sandbox-") as folder:
        secret = Path(folder, "outside")
        secret.write_text("outside", encoding="utf-8")
        shown = Path(folder, "shown")
        shown.mkdir()
        mounts = [Mount(shown, "/w/trial")]
        limits = Limits(seconds=30, memory_mb=512, processes=64, output_bytes=1 << 16, disk_mb=16)
        works = sandbox.run(Job(["true"], mounts, "/w/trial", limits=limits))
        if not works.ok:
            said = works.error_text.strip().splitlines()
            raise SandboxError(
                f"{sandbox.name} does not work here: {said[-1] if said else f'exit code {works.exit_code}'}",
                advice=_user_namespace_advice() if sandbox.name == "bubblewrap" else "",
            )
        reads = sandbox.run(Job(["cat", str(secret)], mounts, "/w/trial", limits=limits))
        if reads.exit_code == 0:
            raise SandboxError(f"{sandbox.name} does not hide files here")


def _user_namespace_advice() -> str:
    return (
        "bubblewrap needs user namespaces: allow them with `sysctl kernel.unprivileged_userns_clone=1`, on "
        "Ubuntu 24.04 and later with `sysctl kernel.apparmor_restrict_unprivileged_userns=0` or an AppArmor "
        "profile for bwrap; in Docker use `--security-opt seccomp=unconfined`."
    )


def _key(name: str, program: Path | None) -> str:
    """What a successful trial depends on, as text."""
    restrictions = [
        _sysctl("kernel/unprivileged_userns_clone"),
        _sysctl("kernel/apparmor_restrict_unprivileged_userns"),
        _sysctl("user/max_user_namespaces"),
    ]
    stamp: list[object] = []
    if program is not None:
        state = program.resolve().stat()
        stamp = [str(program.resolve()), state.st_size, state.st_mtime_ns]
    boot = _sysctl("kernel/random/boot_id")
    return json.dumps([name, platform.release(), platform.machine(), os.geteuid(), boot, restrictions, stamp])


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _memory() -> Path:
    return cache_home() / "sandbox.json"


def _recall(key: str) -> list[int] | None:
    """The version that worked under this key; anything unreadable is tried out again."""
    try:
        version = json.loads(_memory().read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if isinstance(version, list) and version and all(isinstance(part, int) for part in version):
        return version
    return None


def _remember(key: str, version: list[int]) -> None:
    memory = _memory()
    with contextlib.suppress(OSError):  # a read-only cache only costs the trial the next time
        memory.parent.mkdir(parents=True, exist_ok=True)
        try:
            known = json.loads(memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        entries = {**(known if isinstance(known, dict) else {}), key: version}
        part = memory.with_name(f"{memory.name}.{os.getpid()}")
        part.write_text(json.dumps(dict(list(entries.items())[-16:])), encoding="utf-8")
        part.replace(memory)
