from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.command_matching import runs_command


@pytest.mark.parametrize(
    ("command", "wanted", "runs"),
    [
        ("git push origin main --force", "git push --force", True),
        ("git -C sub push -f", "git push --force", True),
        ("git push origin +main", "git push --force", True),
        ("git push -n", "git push --no-verify", False),
        ("git commit -n -m x", "git commit --no-verify", True),
        ("find . -name '*.rs' -exec git stash \\;", "git stash", True),
        ("ls | xargs -n 1 git stash", "git stash", True),
        ("eval git stash", "git stash", True),
        ('eval "git stash"', "git stash", True),
        ('echo "$(echo "$(git stash)")"', "git stash", True),
        ("git push --force-with-lease", "git push --force", False),
        ("git push", "git push --force", False),
        ("sudo cargo +nightly publish --dry-run", "cargo publish", True),
        ("/usr/bin/git stash pop", "git stash", True),
        ("bash -c 'git stash'", "git stash", True),
        ("rm -fr target", "rm -rf", True),
        ("echo git stash", "git stash", False),
        ("grep -n 'cargo publish' README.md", "cargo publish", False),
        ("echo 'open; cargo publish", "cargo publish", True),
    ],
)
def test_whether_a_command_runs_another(command, wanted, runs):
    assert runs_command(command, wanted) is runs


@given(st.text(alphabet="git push-f$()'`\" |;&\n\\", max_size=80))
def test_any_command_is_read_without_an_error(command):
    runs_command(command, "git push --force")
