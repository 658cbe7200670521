"""Tools are found where a sandbox shows them, in the version that fits, and installed when asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ironwright.host.install import install_tool
from ironwright.host.toolchain import toolchain
from ironwright.host.tools import (
    TOOLS,
    FoundTool,
    MissingTool,
    find_tool,
    forget_tools,
    require_tool,
    tool_named,
)
from ironwright.records.errors import ToolError


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    forget_tools()
    yield
    forget_tools()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a small Rust toolchain, rustup and nothing else on its PATH."""
    sysroot, programs = tmp_path / "rust", tmp_path / "programs"
    (sysroot / "bin").mkdir(parents=True)
    programs.mkdir()
    script(
        programs / "rustc",
        f"case $1 in --print) echo {sysroot};; *) printf 'release: 1.99.0\\nhost: x86_64-test\\n"
        "LLVM version: 77.1.0\\n';; esac",
    )
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CARGO_HOME", raising=False)
    return tmp_path


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_every_tool_of_this_machine_says_its_version() -> None:
    for name in ("rustc", "cargo", "cargo-fmt", "cargo-clippy", "rustfmt", "git", "bwrap"):
        found = find_tool(name)
        assert isinstance(found, FoundTool), name
        assert any(map(str.isdigit, found.version()))


def test_every_tool_has_a_purpose_and_a_way_to_get_it() -> None:
    for tool in TOOLS.values():
        assert tool.purpose
        assert tool.rustup or tool.apt or tool.cargo or tool.advice


def test_clippy_is_found_by_the_name_people_use() -> None:
    found = find_tool("clippy")
    assert isinstance(found, FoundTool)
    assert found.path == toolchain().bin / "cargo-clippy"


def test_an_unknown_name_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(ToolError, match="no tool is named clipy") as raised:
        find_tool("clipy")
    assert "cargo-clippy" in raised.value.advice


def test_llvm_tools_of_another_major_do_not_count(machine: Path) -> None:
    found = find_tool("llvm-cov")
    assert isinstance(found, MissingTool)
    assert "LLVM 77" in found.reason
    assert "apt-get install llvm-77" in found.advice
    with pytest.raises(ToolError, match="LLVM 77"):
        require_tool("llvm-cov")


def test_rustups_own_llvm_tools_are_taken(machine: Path) -> None:
    own = machine / "rust/lib/rustlib/x86_64-test/bin/llvm-cov"
    script(own, "echo LLVM version 77.1.0")
    assert require_tool("llvm-cov") == own.resolve()


def test_without_rustc_its_tools_are_missing_with_advice(machine: Path) -> None:
    (machine / "programs/rustc").unlink()
    for name in ("cargo", "rustfmt", "llvm-profdata"):
        found = find_tool(name)
        assert isinstance(found, MissingTool)
        assert "no rustc" in found.reason
        assert "rustup.rs" in found.explanation


def test_a_tool_that_breaks_does_not_pretend_a_version(machine: Path) -> None:
    script(machine / "rust/bin/rustfmt", "exit 3")
    found = find_tool("rustfmt")
    assert isinstance(found, FoundTool)
    with pytest.raises(ToolError, match="exit code 3"):
        found.version()


def test_rustup_is_asked_first_and_its_success_is_seen(machine: Path) -> None:
    own = machine / "rust/lib/rustlib/x86_64-test/bin/llvm-cov"
    script(
        machine / "programs/rustup",
        f"test \"$*\" = 'component add llvm-tools' || exit 9\n/bin/mkdir -p {own.parent}\n"
        f"echo '#!/bin/sh' > {own}; /bin/chmod 755 {own}; echo 'info: installing llvm-tools'",
    )
    result = install_tool(TOOLS["llvm-cov"])
    assert result.ok
    (step,) = result.steps
    assert step.argv[1:] == ("component", "add", "llvm-tools")
    assert step.exit_code == 0
    assert step.said == "info: installing llvm-tools"


def test_after_a_failing_way_the_next_is_tried_and_all_is_told(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(machine / "programs/rustup", "echo 'error: could not download' >&2; exit 1")
    log = machine / "apt-log"
    script(
        machine / "programs/apt-get", f'echo "$@" >> {log}; echo "E: Unable to locate package" >&2; exit 100'
    )
    if os.geteuid() != 0:
        script(machine / "programs/sudo", 'shift; case $1 in DEBIAN*) shift;; esac; exec "$@"')
        (machine / "programs/true").symlink_to("/bin/true")
    result = install_tool(TOOLS["llvm-cov"])
    assert not result.ok
    assert [step.exit_code for step in result.steps] == [1, 100, 100, 100]
    assert result.steps[0].said == "error: could not download"
    install = "install --yes --no-install-recommends llvm-77"
    assert log.read_text().splitlines() == [install, "update", install]
    assert isinstance(result.outcome, MissingTool)


def test_an_installer_that_only_claims_success_is_not_believed(machine: Path) -> None:
    script(machine / "programs/rustup", "exit 0")
    result = install_tool(TOOLS["rustfmt"])
    assert result.steps[0].exit_code == 0
    assert not result.ok


def test_cargo_installs_what_only_cargo_has(machine: Path) -> None:
    target = machine / ".cargo/bin/cargo-mutants"
    script(
        machine / "rust/bin/cargo",
        f"test \"$*\" = 'install --locked cargo-mutants' || exit 9\n/bin/mkdir -p {target.parent}\n"
        f"echo '#!/bin/sh' > {target}; /bin/chmod 755 {target}",
    )
    assert install_tool(TOOLS["cargo-mutants"]).ok


def test_what_is_here_is_not_installed_again() -> None:
    result = install_tool(TOOLS["cargo"])
    assert result.ok
    assert result.steps == ()


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_system_tools_are_found_where_a_sandbox_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    forget_tools()
    assert str(require_tool("valgrind")).startswith("/usr/")


def test_a_tool_is_known_by_the_name_that_people_use() -> None:
    assert tool_named("clippy") is TOOLS["cargo-clippy"]
    with pytest.raises(ToolError, match="no tool is named nonsense"):
        tool_named("nonsense")
