from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ironwright.agents.commands import Expanded, ShellOutput, expand_command, project_reader
from ironwright.agents.find import resolve_command


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    root = tmp_path / "crate"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text('[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n')
    (root / "src" / "lib.rs").write_text("pub fn one()->u32{1}\n")
    for command in ("init -q .", "add .", "-c user.name=a -c user.email=a@b.c commit -q -m First"):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    return root


def expand(name: str, root: Path, arguments: str = "") -> Expanded:
    def shell(line: str) -> ShellOutput:
        done = subprocess.run(["bash", "-c", line], cwd=root, capture_output=True, text=True, check=False)
        return ShellOutput(done.returncode, done.stdout, done.stderr)

    return expand_command(resolve_command(name, root, root), arguments, shell, project_reader(root))


def test_memo_shows_the_notes_that_were_recalled_for_the_task(crate: Path) -> None:
    notes = crate / ".ironwright" / "memory"
    notes.mkdir(parents=True)
    (notes / "for-this-task.md").write_text("Errors are enums.")
    expanded = expand("memo", crate, "errors")
    assert "Errors are enums." in expanded.text
    assert "Topic, if one was given: errors" in expanded.text
    assert expanded.files == (".ironwright/memory/for-this-task.md",)
    assert expanded.ran == ()


def test_commit_shows_what_there_is_to_commit(crate: Path) -> None:
    (crate / "src" / "lib.rs").write_text("pub fn two() -> u32 {\n    2\n}\n")
    text = expand("commit", crate).text
    assert " M src/lib.rs" in text
    assert "1 file changed" in text
    assert "First" in text


def test_lint_formats_and_shows_what_clippy_refuses(crate: Path) -> None:
    clean = expand("lint", crate)
    assert [code for _, code in clean.ran] == [0, 0]
    assert (crate / "src" / "lib.rs").read_text() == "pub fn one() -> u32 {\n    1\n}\n"
    (crate / "src" / "lib.rs").write_text("pub fn one() -> u32 {\n    return 1;\n}\n")
    refused = expand("lint", crate)
    assert refused.ran[1][1] == 101
    assert "[exit code 101]" in refused.text
    assert "needless_return" in refused.text
