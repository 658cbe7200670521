import json
import subprocess

import pytest

BROKEN = b"\xef\xbb\xbf---\r\nname: smith\r\ndescription: Forges: iron\r\n---\r\nNever touch gold.\r\n"


@pytest.fixture
def project(crate):
    folder = crate / ".claude" / "agents"
    folder.mkdir(parents=True)
    (folder / "smith.md").write_bytes(BROKEN)
    return crate


def test_fix_repairs_the_file_and_says_what_is_left(cli, project):
    answer = cli("agents", "lint", "--fix", cwd=project)
    assert answer.code == 0
    assert (project / ".claude/agents/smith.md").read_bytes() == (
        b"---\nname: smith\ndescription: 'Forges: iron'\n---\nNever touch gold.\n"
    )
    assert "broken-frontmatter" not in answer.out
    assert "uncommitted" in answer.err
    assert "repaired" in answer.err


def test_fix_of_a_committed_file_warns_of_nothing(cli, project):
    for command in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert "uncommitted" not in cli("agents", "lint", "--fix", cwd=project).err


def test_dry_run_shows_the_change_and_writes_nothing(cli, project):
    answer = cli("agents", "lint", "--fix", "--dry-run", cwd=project)
    assert "+description: 'Forges: iron'" in answer.out
    assert (project / ".claude/agents/smith.md").read_bytes() == BROKEN


@pytest.mark.parametrize(
    "options", [["--dry-run"], ["--fix", "--dry-run", "--format", "json"], ["--fix", "nowhere.md"]]
)
def test_wrong_use_is_told_and_writes_nothing(cli, project, options):
    assert cli("agents", "lint", *options, cwd=project).code == 2
    assert (project / ".claude/agents/smith.md").read_bytes() == BROKEN


def test_sarif_goes_to_stdout_alone(cli, project):
    [run] = json.loads(cli("agents", "lint", "--format", "sarif", cwd=project).out)["runs"]
    rules = {item["ruleId"] for item in run["results"]}
    assert rules == {"broken-frontmatter", "unenforced-obligations"}
    places = {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in run["results"]}
    assert places == {".claude/agents/smith.md"}


def test_firm_obligation_without_a_gate_is_a_remark_that_can_be_left_out(cli, project):
    answer = cli("agents", "lint", "--format", "json", cwd=project)
    [remark] = [item for item in json.loads(answer.out)["findings"] if item["severity"] == "info"]
    assert (remark["rule"], remark["line"]) == ("unenforced-obligations", 5)
    answer = cli("agents", "lint", "--no-obligations", "--format", "json", cwd=project)
    assert [item["rule"] for item in json.loads(answer.out)["findings"]] == ["broken-frontmatter"]


@pytest.mark.parametrize("format", ["sarif", "junit"])
def test_check_writes_the_formats_of_other_programs(cli, project, format):
    answer = cli("check", "--gate", "oversized_files", "--scope", "all", "--format", format, cwd=project)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("{" if format == "sarif" else "<?xml")
    assert "oversized_files" in answer.out
