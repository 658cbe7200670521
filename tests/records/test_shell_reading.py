from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.shell_reading import (
    dependency_command,
    hidden_output,
    mentions_fetching,
    simple_commands,
)


@pytest.mark.parametrize(
    "command",
    [
        "cargo test | tail -5",
        "cargo test 2>&1 | tail -n 50",
        "cargo test 2>&1|head",
        "cargo test|&grep FAILED",
        "cd crates/a && cargo clippy --all-targets | grep warning",
        "cargo build > /dev/null",
        "cargo build >/dev/null 2>&1",
        "cargo check 2>/dev/null",
        "cargo check &> out.txt",
        "RUST_BACKTRACE=1 cargo test 2> errors.log",
        "timeout 60 cargo nextest run | less",
        "cargo +nightly test | wc -l",
        "/usr/local/bin/cargo test | cat",
        "cargo test -q",
        "cargo test --quiet --workspace",
        "cargo test || true",
        "cargo fmt --check || :",
        'bash -c "cargo test | tail -3"',
        "out=$(cargo test 2>&1); echo done",
        "echo `cargo test`",
        "cargo fmt\ncargo test | tail",
        "env CARGO_INCREMENTAL=0 cargo test | sed -n 1,5p",
        "if cargo test >log; then echo ok; fi",
        "cat <<EOF\nit's\nEOF\ncargo test | tail -2",
        "cargo t \\\n  | tail",
    ],
)
def test_commands_that_hide_cargo_output_are_recognised(command: str) -> None:
    assert hidden_output(command)


@pytest.mark.parametrize(
    "command",
    [
        "cargo test",
        "cargo test 2>&1",
        "cargo test --workspace --all-features -- --nocapture",
        "cargo test -- -q",
        "cargo test 2>&1 | tee test.log",
        "cargo test && echo ok",
        "cargo test; echo $?",
        "cargo fmt && cargo clippy -- -D warnings",
        "cargo metadata --format-version 1 | jq .packages",
        "cargo tree | grep serde",
        "grep -rn 'cargo test | tail' docs",
        "git log --oneline | head -5",
        "ls > files.txt",
        "echo 'run cargo test' > README",
        "(cd a && cargo test)",
        "",
        "cargo",
        "cargo --version | cat",
        "cat <<EOF\nit's\nEOF",
        "cargo test || cargo test --release",
    ],
)
def test_commands_that_show_cargo_output_pass(command: str) -> None:
    assert hidden_output(command) is None


@pytest.mark.parametrize(
    ("command", "argv", "network"),
    [
        ("cargo add serde", ("cargo", "add", "serde"), True),
        (" cargo add serde --features derive ", ("cargo", "add", "serde", "--features", "derive"), True),
        ("cargo add 'tokio@>=1.2, <2'", ("cargo", "add", "tokio@>=1.2, <2"), True),
        ("cargo fetch --locked", ("cargo", "fetch", "--locked"), True),
        ("cargo remove serde", ("cargo", "remove", "serde"), False),
        ("cargo add -p member regex", ("cargo", "add", "-p", "member", "regex"), True),
    ],
)
def test_plain_dependency_commands_are_recognised(command: str, argv: tuple[str, ...], network: bool) -> None:
    found = dependency_command(command)
    assert found is not None
    assert (found.argv, found.network) == (argv, network)


@pytest.mark.parametrize(
    "command",
    [
        "cargo add serde && curl http://example.com",
        "cargo add serde; id",
        "cargo add $(id)",
        "cargo add `id`",
        "cargo add serde > out",
        "cargo add serde | tee out",
        "cargo add serde &",
        "cargo add serde\nid",
        "cargo add serde --config build.rustc='./evil'",
        "cargo add serde --config=net.git-fetch-with-cli=true",
        "cargo -C x add serde",
        "cargo +nightly add serde",
        "cargo add {a,b}",
        "cargo add *",
        "cargo add 'unclosed",
        "cargo build",
        "cargo",
        "",
        "cd x && cargo add serde",
        "FOO=1 cargo add serde",
        "./cargo add serde",
        "cargo fetch -Zunstable",
        'cargo add "a\\b"',
    ],
)
def test_everything_else_is_no_dependency_command(command: str) -> None:
    assert dependency_command(command) is None


def test_fetching_inside_a_longer_command_is_noticed() -> None:
    assert mentions_fetching("cd x && cargo add serde")
    assert not mentions_fetching("echo cargo add serde")
    assert not mentions_fetching("cargo build")


@given(st.text(st.sampled_from("carg o|&;<>()'\"$`\\\n tesadd-q{}*=#!~\0é"), max_size=40))
def test_no_text_breaks_the_reading(text: str) -> None:
    hidden_output(text)
    hidden_output(f"cargo test {text}")
    mentions_fetching(text)
    dependency_command(f"cargo add {text}")


@pytest.mark.skipif(not shutil.which("bash"), reason="compares with bash")
@given(st.lists(st.text(st.sampled_from("abc-@^.,=<> '\"|&;()"), max_size=6), min_size=1, max_size=3))
def test_a_dependency_command_means_to_a_shell_what_it_means_to_us(words: list[str]) -> None:
    text = "cargo add " + " ".join(words)
    found = dependency_command(text)
    if found is None:
        return
    program = 'cargo() { printf "%s\\0" "$@"; }\n' + text
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert tuple(done.stdout.split("\0")[:-1]) == found.argv[1:]


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("cd a && cargo test 2>&1 | tail -5", [("cd", "a"), ("cargo", "test"), ("tail", "-5")]),
        ("RUST_LOG=debug timeout 5 cargo test", [("cargo", "test")]),
        ("cat > x <<'EOF'\ncargo test | tail\nit's\nEOF\ncargo build", [("cat",), ("cargo", "build")]),
        ("cat <<-END\n\tcargo test\n\tEND\nls", [("cat",), ("ls",)]),
        ("bash <<EOF\ncargo test\nEOF", [("bash",), ("cargo", "test")]),
        ("sh -c 'cargo test'", [("sh", "-c", "cargo test"), ("cargo", "test")]),
        ('echo "$(git stash)"', [("echo", "$(git stash)"), ("git", "stash")]),
        ("for f in a b; do cat $f; done", [("for", "f", "in", "a", "b"), ("cat", "$f")]),
        ("{ ls; }", [("ls",)]),
        ("echo 'git push --force'", [("echo", "git push --force")]),
    ],
)
def test_programs_that_a_command_starts(command, programs):
    found = simple_commands(command)
    assert found is not None
    assert [part.words for part in found] == programs


def test_an_open_quote_cannot_be_read():
    assert simple_commands("echo 'x") is None


@pytest.mark.parametrize(
    "command", ["(cargo test) | tail", "{ cargo test; } | head -3", "bash <<E\ncargo test | tail\nE"]
)
def test_a_group_that_is_filtered_hides_output(command):
    assert hidden_output(command)


@given(st.text(max_size=80))
def test_any_text_is_read_without_an_error(text):
    simple_commands(text)


def test_a_command_that_is_made_unreadable_is_refused_quickly():
    assert simple_commands("echo " + "$(" * 20_000) is None
    assert simple_commands("eval " * 5_000 + "ls") is not None
