import json

import pytest
from small_repository import git

DEFINITION = """\
---
name: careful
description: Writes code
---

# Before you start
- Run the /memo command.

# Rules
- Ensure test coverage meets or exceeds {coverage}%.
- Don't create files with more than {lines} lines of code.
- Every function must have a documentation comment.
- Consider the needs of operators.
"""


@pytest.fixture
def definition(crate):
    def write(coverage=85, lines=150):
        path = crate / "careful.md"
        path.write_text(DEFINITION.format(coverage=coverage, lines=lines))
        return path

    return write


def clauses(answer):
    return {clause["gate"]: clause for clause in json.loads(answer.out)["clauses"]}


def test_each_obligation_has_line_sentence_gate_and_parameters(cli, crate, definition):
    definition()
    answer = cli("contract", "careful.md", "--format", "json", "--no-lock", cwd=crate)
    assert answer.code == 0, answer.err
    found = clauses(answer)
    assert found["low_coverage"]["params"]["minimum"] == 85
    assert found["low_coverage"]["line"] == 10
    assert found["low_coverage"]["sentence"].startswith("Ensure test coverage")
    assert found["oversized_files"]["params"]["max_lines"] == 150
    assert found["undocumented_functions"]["strength"] == "hard"
    assert found["skipped_commands"]["line"] == 7
    assert not (crate / ".ironwright").exists(), "--no-lock writes nothing"


@pytest.mark.parametrize(("coverage", "lines"), [(70, 500), (95, 90)])
def test_parameters_follow_the_sentence(cli, crate, definition, coverage, lines):
    definition(coverage, lines)
    found = clauses(cli("contract", "careful.md", "--format", "json", "--no-lock", cwd=crate))
    assert found["low_coverage"]["params"]["minimum"] == coverage
    assert found["oversized_files"]["params"]["max_lines"] == lines


def test_terminal_text_names_places_gates_and_what_stays_advisory(cli, crate, definition):
    definition()
    out = cli("contract", "careful.md", "--no-lock", cwd=crate).out
    assert "careful.md:10  low_coverage minimum=85" in out
    assert "before the work: /memo" in out
    assert "advisory" in out


def test_the_lock_is_written_and_decides_a_check(cli, crate, definition):
    definition()
    answer = cli("contract", "careful.md", cwd=crate)
    assert answer.code == 0, answer.err
    lock = crate / ".ironwright" / "contracts" / "careful.toml"
    assert str(lock) in answer.err
    check = cli("check", "--contract", "./careful.md", "--gate", "oversized_files", cwd=crate)
    assert check.code == 0, check.err


def test_a_stale_lock_is_an_error_that_says_what_changed(cli, crate, definition):
    definition(coverage=85)
    cli("contract", "careful.md", cwd=crate)
    definition(coverage=60)
    stale = cli("check", "--contract", "./careful.md", cwd=crate)
    assert stale.code == 2
    assert "stale" in stale.err
    assert "60%" in stale.err
    assert cli("contract", "careful.md", cwd=crate).code == 0
    assert cli("check", "--contract", "./careful.md", "--gate", "oversized_files", cwd=crate).code == 0


def test_a_name_that_is_no_file_name_has_a_lock_that_counts(cli, crate, definition):
    path = definition()
    path.write_text(path.read_text().replace("name: careful", "name: Team A/careful one"))
    assert cli("contract", "careful.md", cwd=crate).code == 0
    path.write_text(path.read_text().replace("85%", "60%"))
    stale = cli("check", "--contract", "./careful.md", cwd=crate)
    assert stale.code == 2
    assert "stale" in stale.err


def test_a_malformed_lock_is_named_with_its_line(cli, crate, definition):
    definition()
    cli("contract", "careful.md", cwd=crate)
    lock = crate / ".ironwright" / "contracts" / "careful.toml"
    lock.write_text(lock.read_text() + "\n[[broken\n")
    answer = cli("check", "--contract", "./careful.md", cwd=crate)
    assert answer.code == 2
    assert "careful.toml:" in answer.err


def test_outside_of_a_repository_no_lock_is_written(cli, tmp_path):
    (tmp_path / "careful.md").write_text(DEFINITION.format(coverage=85, lines=150))
    answer = cli("contract", "careful.md", cwd=tmp_path)
    assert answer.code == 0
    assert "no lock was written" in answer.err
    assert not (tmp_path / ".ironwright").exists()


def test_a_bundled_agent_has_a_contract(cli, crate):
    found = clauses(cli("contract", "engineer", "--format", "json", "--no-lock", cwd=crate))
    assert found["low_coverage"]["params"]["minimum"] == 90
    assert {"green_before", "missing_doc_sections", "stub_tests"} <= found.keys()


def test_the_contract_leaves_the_repository_clean_but_for_the_lock(cli, crate):
    cli("contract", "engineer", cwd=crate)
    assert (
        git(crate, "status", "--porcelain", "--untracked-files=all")
        == "?? .ironwright/contracts/engineer.toml"
    )
