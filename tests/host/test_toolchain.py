"""The toolchain is found through real rustc programs: rustup's shim, a distribution's, broken ones, none."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.toolchain import cargo_home, parse_toolchain, toolchain, toolchain_or_none
from ironwright.records.errors import ToolError
from ironwright.records.paths import cache_home

VERSION = (
    "rustc 1.80.0 (051478957 2024-07-21)\nbinary: rustc\nhost: aarch64-unknown-linux-gnu\nrelease: 1.80.0\n"
)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    toolchain.cache_clear()
    yield
    toolchain.cache_clear()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty PATH folder and an empty home."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CARGO_HOME", raising=False)
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    return programs


def install(folder: Path, sysroot: Path, version: str = VERSION) -> Path:
    """A rustc that answers what it is told, and counts how often it is asked."""
    rustc = folder / "rustc"
    rustc.write_text(
        f"#!/bin/sh\necho asked >> {sysroot}/asked\n"
        f"case $1 in --print) echo {sysroot};; *) printf '%s' '{version}';; esac\n"
    )
    rustc.chmod(0o755)
    return rustc


def test_the_toolchain_of_this_machine_is_past_rustups_shim() -> None:
    found = toolchain()
    assert found.program("cargo") is not None
    assert found.program("rustc") == found.sysroot / "bin/rustc"
    assert found.llvm_major >= 14
    assert found.version in found.description


def test_a_distributions_rustc_without_rustup_works(alone: Path, tmp_path: Path) -> None:
    install(alone, tmp_path)
    found = toolchain()
    assert (found.sysroot, found.version, found.rustup) == (tmp_path.resolve(), "1.80.0", None)
    assert found.llvm_major == 0  # this one does not say: unknown, not guessed


def test_missing_rustc_is_an_error_with_advice(alone: Path) -> None:
    with pytest.raises(ToolError, match="rustc was not found") as raised:
        toolchain()
    assert "rustup.rs" in raised.value.advice
    assert toolchain_or_none() is None


def test_a_shim_without_a_toolchain_says_so(alone: Path) -> None:
    shim = alone / "rustc"
    shim.write_text("#!/bin/sh\necho 'error: no default toolchain configured' >&2\nexit 1\n")
    shim.chmod(0o755)
    with pytest.raises(ToolError, match="no default toolchain configured"):
        toolchain()


def test_rustc_beside_cargo_home_is_found_without_path(alone: Path, tmp_path: Path) -> None:
    beside = tmp_path / "home/.cargo/bin"
    beside.mkdir(parents=True)
    install(beside, tmp_path)
    assert toolchain().cargo_home == tmp_path / "home/.cargo" == cargo_home()


def test_the_answer_is_remembered_until_rustc_changes(alone: Path, tmp_path: Path) -> None:
    rustc = install(alone, tmp_path)
    toolchain()
    asked = (tmp_path / "asked").read_text()
    toolchain.cache_clear()
    toolchain()
    assert (tmp_path / "asked").read_text() == asked
    install(alone, tmp_path, VERSION.replace("1.80.0", "1.81.0"))
    os.utime(rustc, ns=(1, 1))
    toolchain.cache_clear()
    assert toolchain().version == "1.81.0"


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"key": 1}', '{"key": "x", "sysroot": 3}'])
def test_a_damaged_memory_is_asked_anew(alone: Path, tmp_path: Path, damage: str) -> None:
    install(alone, tmp_path)
    toolchain()
    (cache_home() / "toolchain.json").write_text(damage)
    toolchain.cache_clear()
    assert toolchain().version == "1.80.0"
    assert json.loads((cache_home() / "toolchain.json").read_text())["sysroot"].strip() == str(tmp_path)


@given(sysroot=st.text(), version=st.text())
def test_any_answer_gives_a_toolchain_or_a_clear_error(sysroot: str, version: str) -> None:
    try:
        found = parse_toolchain(sysroot.replace("\0", ""), version, Path("/c"), None)
    except ToolError:
        return
    assert found.version
    assert found.host


@given(major=st.integers(1, 99), minor=st.integers(0, 20))
def test_the_llvm_major_is_read(major: int, minor: int) -> None:
    text = f"{VERSION}LLVM version: {major}.{minor}.0\n"
    assert parse_toolchain("/usr\n", text, Path("/c"), None).llvm_major == major


def test_a_shim_of_another_home_finds_its_toolchains(
    alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path / "owner"
    (owner / ".cargo/bin").mkdir(parents=True)
    (owner / ".rustup").mkdir()
    (owner / ".rustup/toolchains").mkdir()
    shim = owner / ".cargo/bin/rustc"
    shim.write_text(
        f'#!/bin/sh\n[ "$RUSTUP_HOME" = "{owner}/.rustup" ] || {{ echo "error: no default" >&2; exit 1; }}\n'
        f"case $1 in --print) echo {tmp_path};; *) printf '%s' '{VERSION}';; esac\n"
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin:/bin")
    assert toolchain().version == "1.80.0"
