from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import journal, ran
from sentences import asks_for

from ironwright.gates.checks.forbidden_commands import read_commands
from ironwright.testing.gate_testing import Case

HEAD = {"src/lib.rs": "// x\n"}
NEVER = {"commands": ("git push --force", "cargo publish")}


def case(name: str, *parts, params=NEVER, **more) -> Case:
    return Case(name, head=HEAD, params=params, journal=journal(*parts), **more)


PASSES = [
    case("other commands", ran("cargo test"), ran("git status")),
    case("without the forbidden option", ran("git push origin main")),
    case("a guard refused it", ran("cargo publish", refused=True)),
    case("a text that mentions it", ran("cat > README.md <<'EOF'\ncargo publish\nEOF")),
    case("an argument that is its name", ran("grep -rn 'cargo publish' .")),
    case("nothing is forbidden", ran("cargo publish"), params={}),
]
FAILS = [
    case("plain", ran("cargo publish"), mentions=("journal line 2", "`cargo publish`"), findings=1),
    case("failed or not, it ran", ran("cargo publish --dry-run", 101), findings=1),
    case("in a chain with options", ran("cd a && git -C b push -f origin main"), findings=1),
    case("in another shell", ran("bash -c 'cargo +nightly publish'"), findings=1),
    case("in a substitution", ran('echo "$(git push --force)"'), findings=1),
    case("twice", ran("cargo publish"), ran("git push --force"), findings=2),
]
UNKNOWN = [
    Case("no journal", head=HEAD, params=NEVER, mentions=("no journal",)),
    case(
        "the journal cut the command",
        {
            "tool": "run_command",
            "args": {"command": {"bytes": 9999, "sha256": "", "start": "x"}},
            "exit_code": 0,
        },
        mentions=("only the beginning",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "commands"),
    [
        ("Never run `cargo publish`.", ["cargo publish"]),
        ("Do not use git push --force.", ["git push --force"]),
        ("Don't use git stash", ["git stash"]),
        ("NEVER run `git reset --hard`, `git clean -fd` or `rm -rf`!", None),
        ("You must not run `git rebase` or `git push`.", ["git rebase", "git push"]),
        ("`cargo yank` is strictly forbidden.", ["cargo yank"]),
        ("Never force-push", ["git push --force"]),
        ("Never use `--no-verify`", ["git commit --no-verify", "git push --no-verify"]),
        ("Do not push to remote.", ["git push"]),
        ("Don't use `make clean`.", ["make clean"]),
        ("Never use `git checkout <branch>`.", ["git checkout"]),
    ],
)
def test_sentences_name_the_commands(sentence, commands):
    found = asks_for("forbidden_commands", sentence)
    assert found is not None
    wanted = commands or ["git reset --hard", "git clean -fd", "rm -rf"]
    assert list(found["commands"]) == wanted


def test_a_list_under_a_prohibition_names_commands():
    assert asks_for("forbidden_commands", "`git stash`", heading="Never do this") is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "Run `cargo test` before each commit.",
        "Never commit without running `cargo test`.",
        "Never run `cargo build` without `--locked`.",
        "Do not run `git push` unless the user asks for it.",
        "Never force-push to main.",
        "Never use `cargo test` before the code compiles.",
        "Don't make assumptions, never kill performance.",
        "Do not forget to run `cargo fmt`.",
        "Never skip running `cargo clippy`.",
        "Never use make-believe data, do not kill processes.",
        "Never make changes without tests.",
        "`cargo test`",
    ],
)
def test_conditions_and_demands_are_no_prohibitions(sentence):
    assert asks_for("forbidden_commands", sentence) is None


@given(st.text(max_size=60))
def test_any_words_are_read_without_an_error(words):
    assert all(read_commands(words))
