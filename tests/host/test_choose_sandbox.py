"""The strongest sandbox that truly works is chosen; where none does, the refusal says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.toolchain import toolchain
from ironwright.records.errors import ConfigError, SandboxError
from ironwright.records.paths import cache_home


@pytest.fixture
def path_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH folder in front of nothing else; the toolchain is looked up before it narrows."""
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(tmp_path / "cache"))
    toolchain()
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    return programs


def program(folder: Path, text: str) -> None:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_bubblewrap_is_the_first_choice() -> None:
    assert choose_sandbox().name == "bubblewrap"


def test_landlock_is_taken_where_bubblewrap_is_missing(path_with: Path) -> None:
    assert choose_sandbox().name == "landlock"


@pytest.mark.parametrize(
    "text",
    [
        "echo bubblewrap 0.3.0",
        "test $1 = --version && echo bubblewrap 0.8.0 && exit 0; echo 'no namespaces' >&2; exit 1",
        "exit 126",
    ],
)
def test_landlock_is_taken_where_bubblewrap_does_not_work(path_with: Path, text: str) -> None:
    program(path_with, text)
    assert choose_sandbox().name == "landlock"


def test_a_bubblewrap_that_hides_nothing_is_refused(path_with: Path) -> None:
    """One that only starts the command, as some containers replace it."""
    script = """test "$1" = --version && echo bubblewrap 0.8.0 && exit 0
while [ "$1" != -- ]; do [ "$1" = --json-status-fd ] && fd=$2; shift; done; shift
echo '{"child-pid": 0}' > /proc/self/fd/$fd
"$@"; code=$?
echo '{"exit-code": 0}' > /proc/self/fd/$fd; exit $code"""
    program(path_with, script)
    with pytest.raises(SandboxError, match="does not hide files"):
        choose_sandbox("bubblewrap")


def test_a_refusal_names_the_way_out_and_the_package(path_with: Path) -> None:
    with pytest.raises(SandboxError) as raised:
        choose_sandbox("bubblewrap")
    assert "--no-sandbox" in raised.value.advice
    assert "apt-get install bubblewrap" in raised.value.advice


def test_what_failed_is_tried_again(path_with: Path) -> None:
    program(path_with, "exit 1")
    with pytest.raises(SandboxError):
        choose_sandbox("bubblewrap")
    (path_with / "bwrap").unlink()
    (path_with / "bwrap").symlink_to("/usr/bin/bwrap")
    assert choose_sandbox("bubblewrap").name == "bubblewrap"


def test_what_worked_is_remembered_for_this_program_only(path_with: Path) -> None:
    (path_with / "bwrap").symlink_to("/usr/bin/bwrap")
    assert choose_sandbox("bubblewrap").name == "bubblewrap"
    assert (cache_home() / "sandbox.json").exists()
    (path_with / "bwrap").unlink()
    program(path_with, "exit 1")
    with pytest.raises(SandboxError):
        choose_sandbox("bubblewrap")


@pytest.mark.parametrize("damage", ["", "[]", "{", "null"])
def test_a_damaged_memory_is_tried_out_anew(path_with: Path, damage: str) -> None:
    (path_with / "bwrap").symlink_to("/usr/bin/bwrap")
    cache_home().mkdir(parents=True, exist_ok=True)
    (cache_home() / "sandbox.json").write_text(damage)
    assert choose_sandbox("bubblewrap").name == "bubblewrap"


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    path_with: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", "/proc/nowhere")
    (path_with / "bwrap").symlink_to("/usr/bin/bwrap")
    assert choose_sandbox("bubblewrap").name == "bubblewrap"


def test_no_sandbox_is_only_taken_by_name() -> None:
    assert choose_sandbox("none").name == "none"
    with pytest.raises(ConfigError, match="jail"):
        choose_sandbox("jail")  # type: ignore[arg-type]


def test_the_trial_leaves_nothing_behind(
    path_with: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (path_with / "bwrap").symlink_to("/usr/bin/bwrap")
    choose_sandbox("bubblewrap")
    assert not list(tmp_path.glob("ironwright-*"))
