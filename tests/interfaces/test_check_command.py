import json
import os
import pty
import resource
import subprocess

import pytest
from small_repository import PROGRAM, commit, git, write

# One gate that reads trees alone keeps these tests quick; the gates have tests of their own.
QUICK = ("--gate", "oversized_files")
LONG = "//! Long.\n" + "// line\n" * 250


def test_a_good_change_passes_with_exit_code_0(cli, crate):
    answer = cli("check", *QUICK, cwd=crate)
    assert answer.code == 0, answer.err
    assert "oversized_files" in answer.out
    assert answer.out.rstrip().splitlines()[-1].startswith("PASS")


def test_a_bad_change_fails_with_exit_code_1_and_names_the_place(cli, crate):
    commit(crate, {"src/long.rs": LONG})
    answer = cli("check", *QUICK, cwd=crate)
    assert answer.code == 1
    assert "src/long.rs:" in answer.out


def test_json_is_all_that_stdout_holds_and_has_the_documented_shape(cli, crate):
    head = commit(crate, {"src/long.rs": LONG})
    answer = cli("check", *QUICK, "--format", "json", cwd=crate)
    data = json.loads(answer.out)
    assert data["verdict"] == "FAIL"
    assert data["contract"] == "default"
    assert data["head"] == head
    assert data["base"] == git(crate, "rev-parse", "HEAD~1")
    gate = data["gates"][0]
    assert {"id", "verdict", "reason", "findings", "evidence", "seconds", "cached"} <= gate.keys()
    assert gate["findings"][0]["path"] == "src/long.rs"
    assert isinstance(gate["findings"][0]["line"], int)


def test_quiet_says_nothing_on_stderr(cli, crate):
    write(crate, {"note.txt": "uncommitted"})
    assert cli("check", *QUICK, "--quiet", "--no-cache", cwd=crate).err == ""


def test_markdown_is_a_document(cli, crate):
    assert cli("check", *QUICK, "--format", "markdown", cwd=crate).out.startswith("## ✅ PASS")


def test_a_second_check_is_cached_and_cheap(cli, crate):
    cli("check", *QUICK, cwd=crate)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = cli("check", *QUICK, "--format", "json", cwd=crate)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert json.loads(answer.out)["gates"][0]["cached"] is True
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    assert used < 0.45, "300 ms is the aim; a busy machine gets some room"


def test_uncommitted_work_is_judged_on_demand_and_left_alone(cli, crate):
    write(crate, {"src/long.rs": LONG})
    before = git(crate, "status", "--porcelain")
    committed = cli("check", *QUICK, cwd=crate)
    assert committed.code == 0
    assert "--head WORKTREE" in committed.err
    assert cli("check", *QUICK, "--head", "WORKTREE", cwd=crate).code == 1
    assert git(crate, "status", "--porcelain") == before


def test_a_detached_head_is_fine(cli, crate):
    git(crate, "checkout", "--quiet", "--detach")
    assert cli("check", *QUICK, cwd=crate).code == 0


def test_the_change_is_measured_from_the_default_branch(cli, crate):
    git(crate, "checkout", "--quiet", "-b", "topic")
    commit(crate, {"src/long.rs": LONG})
    commit(crate, {"note.txt": "more"})
    answer = cli("check", *QUICK, cwd=crate)
    assert answer.code == 1
    assert "merge base with main" in answer.out


def test_a_base_that_is_no_ancestor_is_replaced_and_said(cli, crate):
    git(crate, "checkout", "--quiet", "-b", "topic")
    commit(crate, {"a.txt": "a"})
    git(crate, "checkout", "--quiet", "main")
    commit(crate, {"b.txt": "b"})
    answer = cli("check", *QUICK, "--base", "topic", cwd=crate)
    assert answer.code == 0
    assert "topic is no ancestor of head" in " ".join(answer.out.split())


def test_a_submodule_is_said_to_be_left_out(cli, crate, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    commit(inner, {"x.txt": "x"})
    git(crate, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(crate, {})
    answer = cli("check", *QUICK, cwd=crate)
    assert answer.code == 0
    assert "submodules" in answer.out


def test_a_bare_repository_is_checked_by_its_commits(cli, crate, tmp_path):
    git(tmp_path, "clone", "--quiet", "--bare", str(crate), "bare")
    assert cli("check", *QUICK, cwd=tmp_path / "bare").code == 0
    uncommitted = cli("check", *QUICK, "--head", "WORKTREE", cwd=tmp_path / "bare")
    assert uncommitted.code == 2
    assert "bare" in uncommitted.err


def empty_repository(folder):
    git(folder, "init", "--quiet")


def without_manifest(folder):
    git(folder, "init", "--quiet")
    commit(folder, {"README.md": "no crate"})


@pytest.mark.parametrize(
    ("prepare", "arguments", "expected"),
    [
        (lambda folder: None, (), "not a git repository"),
        (empty_repository, (), "no commits"),
        (without_manifest, (), "no Cargo.toml"),
        (without_manifest, ("--head", "nope"), "'nope' names no commit"),
        (without_manifest, ("--base", "--output=/tmp/x"), "names no commit"),
    ],
)
def test_what_cannot_be_checked_is_wrong_use_with_advice(cli, tmp_path, prepare, arguments, expected):
    folder = tmp_path / "place"
    folder.mkdir()
    prepare(folder)
    answer = cli("check", *arguments, cwd=folder)
    assert answer.code == 2
    assert answer.out == ""
    assert expected in answer.err
    assert answer.err.startswith("error: ")
    assert len(answer.err.splitlines()) >= 2, "there is advice"


def test_a_folder_that_does_not_exist_is_told(cli, tmp_path):
    answer = cli("check", "--repo", str(tmp_path / "nowhere"))
    assert answer.code == 2
    assert "no such folder" in answer.err


def test_an_unknown_gate_is_wrong_use(cli, crate):
    answer = cli("check", "--gate", "oversized_file", cwd=crate)
    assert answer.code == 2
    assert "oversized_file" in answer.err


def test_an_unknown_contract_is_wrong_use(cli, crate):
    answer = cli("check", "--contract", "enginer", cwd=crate)
    assert answer.code == 2
    assert "Did you mean engineer?" in answer.err


def test_scope_all_judges_what_the_change_did_not_touch(cli, crate):
    commit(crate, {"src/long.rs": LONG})
    commit(crate, {"note.txt": "x"})
    assert cli("check", *QUICK, cwd=crate).code == 0
    assert cli("check", *QUICK, "--scope", "all", cwd=crate).code == 1


def test_only_an_unknown_verdict_is_exit_code_3(cli, crate):
    manifest = (crate / "Cargo.toml").read_text() + '\n[dependencies]\nother = { path = "other" }\n'
    inner = '[package]\nname = "other"\nversion = "0.1.0"\nedition = "2021"\n'
    commit(crate, {"Cargo.toml": manifest, "other/Cargo.toml": inner, "other/src/lib.rs": "//! Other.\n"})
    answer = cli("check", "--gate", "hand_edited_manifest", cwd=crate)
    assert answer.code == 3, answer.out
    assert answer.out.rstrip().splitlines()[-1].startswith("UNKNOWN")


def test_on_a_terminal_places_are_links_and_verdicts_have_colour(crate, tmp_path):
    commit(crate, {"src/long.rs": LONG})
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    done = subprocess.run(
        [PROGRAM, "check", *QUICK, "--quiet"], cwd=crate, env=environment, stdout=theirs, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "\x1b[1;31mFAIL" in shown
    assert "src/long.rs:" in shown


def test_no_color_is_respected_on_a_terminal(crate):
    for extra, environment in (((), {"NO_COLOR": "1"}), (("--no-color",), {})):
        ours, theirs = pty.openpty()
        subprocess.run(
            [PROGRAM, "check", *QUICK, "--quiet", *extra],
            cwd=crate,
            env={**os.environ, "TERM": "xterm-256color", **environment},
            stdout=theirs,
            check=False,
        )
        os.close(theirs)
        assert "\x1b" not in os.read(ours, 1 << 16).decode()
        os.close(ours)


@pytest.mark.slow
def test_the_default_contract_runs_real_cargo(cli, crate):
    commit(crate, {"src/lib.rs": '//! A crate.\n\n/// Broken.\npub fn broken() -> u32 {\n    "text"\n}\n'})
    answer = cli("check", "--format", "json", cwd=crate)
    assert answer.code == 1, answer.err
    verdicts = {gate["id"]: gate for gate in json.loads(answer.out)["gates"]}
    assert verdicts["compile_errors"]["verdict"] == "FAIL"
    assert verdicts["compile_errors"]["findings"][0]["path"] == "src/lib.rs"
    assert verdicts["compile_errors"]["findings"][0]["line"] == 5
