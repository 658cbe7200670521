from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.agents.commands import Expanded, ShellOutput, expand_command, project_reader
from ironwright.agents.parse import parse_command
from ironwright.records.errors import DefinitionError


def shell(command: str) -> ShellOutput:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return ShellOutput(done.returncode, done.stdout, done.stderr)


def forbidden(command: str) -> ShellOutput:
    raise AssertionError(f"nothing may be run, but {command} was")


def nothing(_name: str) -> str | None:
    return None


def expand(body: str, arguments: str = "", root: Path | None = None, runner: object = shell) -> Expanded:
    assert callable(runner)
    reader = project_reader(root) if root else nothing
    return expand_command(parse_command(body, "x.md"), arguments, runner, reader)


def test_arguments_are_inserted_as_one_and_singly() -> None:
    expanded = expand("All: $ARGUMENTS. First $1, second $2, third $3.", 'fix "the parser"')
    assert expanded.text == 'All: fix "the parser". First fix, second the parser, third .'


def test_arguments_without_placeholder_stand_at_the_end() -> None:
    assert expand("Clean up.", "src").text == "Clean up.\n\nARGUMENTS: src"
    assert expand("Clean up.").text == "Clean up."


def test_amounts_of_money_are_no_placeholders() -> None:
    assert expand("It costs $5.20 or $100, not $1x.", "a").text.startswith("It costs $5.20 or $100, not $1x.")


def test_unbalanced_quote_is_part_of_a_word() -> None:
    assert expand("$1|$2", "don't stop").text == "don't|stop"


def test_output_of_a_command_is_inserted() -> None:
    expanded = expand("Now: !`echo one; echo two`!")
    assert expanded.text == "Now: one\ntwo!"
    assert expanded.ran == (("echo one; echo two", 0),)


def test_failing_command_shows_exit_code_and_stderr() -> None:
    expanded = expand("!`echo out; echo bad >&2; exit 3`")
    assert expanded.text == "out\n[exit code 3]\nbad"
    assert expanded.ran[0][1] == 3


def test_arguments_are_data_for_the_shell(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    argument = f"'; touch {canary}; echo '"
    expanded = expand('!`printf %s "$ARGUMENTS"` !`echo "$1" "$2"`', argument)
    assert not canary.exists()
    assert expanded.text.startswith(argument)


def test_what_was_inserted_is_not_expanded_again(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("@b.md $ARGUMENTS !`exit 1`")
    (tmp_path / "b.md").write_text("SECRET")
    expanded = expand("$ARGUMENTS @a.md", "!`exit 1` @b.md", tmp_path, forbidden)
    assert "SECRET" not in expanded.text
    assert expanded.files == ("a.md",)


def test_code_blocks_run_and_read_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("SECRET")
    body = "```sh\n!`exit 1` @a.md $1\n```\nand `@a.md`\n"
    expanded = expand(body, "x", tmp_path, forbidden)
    assert expanded.text == "```sh\n!`exit 1` @a.md x\n```\nand `@a.md`"


def test_file_is_inserted_below_its_name(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("Text.\n")
    expanded = expand("Read @docs/a.md, then go.", root=tmp_path)
    assert expanded.text == "Read @docs/a.md:\nText.\n, then go."
    assert expanded.files == ("docs/a.md",)


def test_missing_file_is_said_and_a_mention_stays(tmp_path: Path) -> None:
    expanded = expand("Read @docs/a.md. Ask @expert or me@example.com.", root=tmp_path)
    assert expanded.text == "Read @docs/a.md [there is no such file]. Ask @expert or me@example.com."
    assert expanded.missing == ("docs/a.md",)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.md", "a/../../secret.md", "~/secret.md", "./../secret.md"]
)
def test_path_that_leaves_the_project_is_not_even_asked_for(name: str, tmp_path: Path) -> None:
    def asked(path: str) -> str | None:
        raise AssertionError(path)

    (tmp_path / "secret.md").write_text("SECRET")
    expanded = expand_command(parse_command(f"Read @{name} now", "x.md"), "", shell, asked)
    assert "outside the project" in expanded.text
    assert expanded.missing == (name,)


def test_link_that_leads_outside_is_not_followed(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.md").write_text("SECRET")
    (project / "link.md").symlink_to(tmp_path / "secret.md")
    assert "SECRET" not in expand("@link.md", root=project).text


def test_name_that_no_file_can_have_is_missing(tmp_path: Path) -> None:
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    expanded = expand(f"@loop.md @{'a' * 300}.md", root=tmp_path)
    assert expanded.missing == ("loop.md", "a" * 300 + ".md")


def test_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"a" * (1 << 20) + b"a")
    with pytest.raises(DefinitionError, match="too large"):
        expand("@a.md", root=tmp_path)


def test_long_output_loses_its_middle() -> None:
    text = expand("!`yes | head -c 200000; echo END`").text
    assert len(text) < 70_000
    assert "characters dropped here" in text
    assert text.endswith("END")


@given(st.text(), st.text())
def test_any_command_expands(body: str, arguments: str) -> None:
    expand(body, arguments, runner=lambda command: ShellOutput(0, command))


@given(st.text(alphabet=st.characters(blacklist_characters="\0\n", codec="utf-8")))
@settings(max_examples=40, deadline=None)
def test_shell_sees_any_argument_as_it_was_written(argument: str) -> None:
    assert expand('[!`printf %s "$ARGUMENTS"`]', argument, runner=shell_bytes).text == f"[{argument.strip()}]"


def shell_bytes(command: str) -> ShellOutput:
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    return ShellOutput(done.returncode, done.stdout.decode(), done.stderr.decode())
