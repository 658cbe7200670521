import json
import shutil

import pytest
from small_repository import commit, git


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("",), "task is empty"),
        (("task", "--base", "nope"), "'nope' names no commit"),
        (("task", "--agent", "enginer"), "Did you mean engineer?"),
        (("task", "--max-usd", "0"), "max-usd"),
        (("task", "--repairs", "-1"), "repairs"),
    ],
)
def test_wrong_use_is_told_before_anything_is_made(cli, crate, arguments, expected):
    answer = cli("run", *arguments, cwd=crate, env={"ANTHROPIC_API_KEY": "none"})
    assert answer.code == 2, answer.err
    assert expected in answer.err
    assert not (crate / ".ironwright").exists()
    assert git(crate, "branch", "--list", "ironwright/*") == ""


def test_without_a_model_it_is_3_and_nothing_is_made(cli, crate):
    if cli("models", cwd=crate).code == 0:
        pytest.skip("a model server answers on this machine")
    answer = cli("run", "task", "--agent", "engineer", cwd=crate)
    assert answer.code == 3
    assert "ANTHROPIC_API_KEY" in answer.err
    assert not (crate / ".ironwright").exists()


def test_without_rust_it_is_3_and_nothing_is_made(cli, crate, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "bwrap"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    nowhere = str(tmp_path / "nowhere")
    env = {"PATH": str(programs), "CARGO_HOME": nowhere, "RUSTUP_HOME": nowhere, "ANTHROPIC_API_KEY": "key"}
    answer = cli("run", "task", "--agent", "rust-expert-standard", cwd=crate, env=env)
    assert answer.code == 3
    assert "rustc was not found" in answer.err
    assert "rustup.rs" in answer.err
    assert not (crate / ".ironwright").exists()


def test_outside_of_a_repository_it_is_told(cli, tmp_path):
    answer = cli("run", "task", cwd=tmp_path)
    assert answer.code == 2
    assert "not a git repository" in answer.err


def test_a_bare_repository_cannot_be_worked_on(cli, crate, tmp_path):
    git(tmp_path, "clone", "--quiet", "--bare", str(crate), "bare")
    answer = cli("run", "task", cwd=tmp_path / "bare")
    assert answer.code == 2
    assert "bare" in answer.err


def test_a_repository_without_a_crate_cannot_be_worked_on(cli, tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    git(folder, "init", "--quiet")
    empty = cli("run", "task", cwd=folder)
    assert (empty.code, "no commits" in empty.err) == (2, True)
    commit(folder, {"README.md": "x"})
    answer = cli("run", "task", cwd=folder)
    assert answer.code == 2
    assert "no Cargo.toml" in answer.err


def test_no_runs_is_an_empty_list(cli, crate):
    answer = cli("runs", "list", cwd=crate)
    assert (answer.code, answer.out) == (0, "")
    assert "no runs here yet" in answer.err
    assert json.loads(cli("runs", "list", "--format", "json", cwd=crate).out) == {"runs": []}


@pytest.mark.parametrize("command", [("show",), ("resume",)])
def test_an_unknown_run_is_told(cli, crate, command):
    answer = cli("runs", *command, "2026", cwd=crate)
    assert answer.code == 2
    assert "no run '2026'" in answer.err


def test_a_damaged_run_folder_is_listed_as_damaged(cli, crate):
    folder = crate / ".ironwright" / "runs" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{")
    answer = cli("runs", "list", cwd=crate)
    assert answer.code == 0
    assert "damaged" in answer.out
    assert cli("runs", "show", "2026", cwd=crate).code == 2


def test_cleaning_says_what_it_removed_and_what_it_kept(cli, crate):
    damaged = crate / ".ironwright/runs/20260101-000000-abcd"
    damaged.mkdir(parents=True)
    (damaged / "run.json").write_text("{")
    answer = cli("runs", "clean", "--older-than", "0", cwd=crate)
    assert answer.code == 0
    assert "20260101-000000-abcd  kept: run.json is damaged" in answer.out
    assert "0 runs removed" in answer.out
    answer = cli("runs", "clean", "--dry-run", "--format", "json", cwd=crate)
    assert json.loads(answer.out)["runs"][0]["removed"] is False
    assert damaged.is_dir()
