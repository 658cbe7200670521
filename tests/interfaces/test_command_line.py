import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from small_repository import PROGRAM, git

from ironwright.interfaces.cli.failure import guarded
from ironwright.interfaces.cli.root import _COMMANDS


def test_help_names_every_command_and_the_exit_codes(cli):
    answer = cli("--help")
    assert answer.code == 0
    assert all(re.search(rf"^  {name} +\w", answer.out, re.MULTILINE) for name in _COMMANDS)
    assert "130" in answer.out


def test_version_is_told(cli):
    answer = cli("--version")
    assert (answer.code, answer.err) == (0, "")
    assert re.fullmatch(r"ironwright \d+\.\d+\.\d+\n", answer.out)


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_every_command_explains_itself(cli, name):
    answer = cli(name, "--help")
    assert answer.code == 0
    assert "Usage: ironwright " + name in answer.out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["chekc"], "Did you mean check"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["check", "--nope"], "No such option"),
        (["contract"], "Missing argument"),
        ([], "Usage:"),
    ],
)
def test_wrong_use_is_2_with_a_reason_on_stderr(cli, arguments, expected):
    answer = cli(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert expected in answer.err


def test_help_starts_fast_and_imports_nothing_heavy(tmp_path):
    probe = (
        "import sys\n"
        "from ironwright.interfaces.cli.root import invoke\n"
        "invoke(['--help'])\n"
        "heavy = {'pydantic_ai', 'dbos', 'rich', 'tree_sitter', 'anthropic', 'yaml', 'pydantic', 'jinja2'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    best = min(_wall([PROGRAM, "--help"]) for _ in range(5))
    assert best < 0.25, "150 ms is the aim; a busy machine gets some room"


def _wall(argv) -> float:
    start = time.perf_counter()
    subprocess.run(argv, capture_output=True, check=True)
    return time.perf_counter() - start


def test_a_reader_that_has_gone_is_no_error(cli, crate):
    command = f"{PROGRAM} init --print | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=crate, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "init", "--print"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 or done.returncode == 3
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_unforeseen_failure_is_one_line_and_a_file(tmp_path, capsys):
    def breaks() -> int:
        raise RuntimeError("wheel fell\x1b[31m off")

    assert guarded(breaks) == 3
    said = capsys.readouterr().err
    assert "RuntimeError: wheel fell off" in said
    place = Path(said.split("The details are in ")[1].strip())
    assert "in breaks" in place.read_text()
    assert place.stat().st_mode & 0o077 == 0


def test_a_cache_that_cannot_be_is_told_without_a_crash_file(cli, crate, tmp_path):
    (tmp_path / "file").write_text("")
    place = str(tmp_path / "file" / "cache")
    answer = cli("check", cwd=crate, env={"IRONWRIGHT_CACHE_HOME": place})
    assert answer.code == 3
    assert place in answer.err
    assert "IRONWRIGHT_CACHE_HOME" in answer.err
    assert "crashes" not in answer.err


def test_what_breaks_in_a_thread_or_a_log_shows_no_traceback(tmp_path):
    program = """
import logging, threading
from ironwright.interfaces.cli.failure import guarded, silence_libraries

def breaks():
    raise RuntimeError("loose wheel")

def action():
    silence_libraries()
    thread = threading.Thread(target=breaks)
    thread.start()
    thread.join()
    try:
        breaks()
    except RuntimeError:
        logging.getLogger("library").exception("a library complains")
    return 0

raise SystemExit(guarded(action))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "RuntimeError: loose wheel" in done.stderr
    assert "Traceback" not in done.stderr
    assert "complains" not in done.stderr


def test_an_interrupt_is_130(capsys):
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert guarded(interrupted) == 130
    assert "interrupted" in capsys.readouterr().err


def test_init_writes_a_file_that_changes_nothing_and_never_overwrites(cli, crate):
    assert cli("init", cwd=crate / "src").code == 0
    text = (crate / "ironwright.toml").read_text()
    assert all(value == {} for value in tomllib.loads(text).values())
    (crate / "ironwright.toml").write_text("# mine\n")
    again = cli("init", cwd=crate)
    assert again.code == 2
    assert "already there" in again.err
    assert (crate / "ironwright.toml").read_text() == "# mine\n"
    assert [p.name for p in crate.iterdir() if p.name.startswith(".ironwright-")] == []


def test_init_in_a_bare_repository_says_what_to_do(cli, crate, tmp_path):
    git(tmp_path, "clone", "--quiet", "--bare", str(crate), "bare")
    answer = cli("init", cwd=tmp_path / "bare")
    assert answer.code == 2
    assert "bare" in answer.err


def test_a_mistake_in_the_settings_is_told_with_its_line(cli, crate):
    (crate / "ironwright.toml").write_text("[run]\n\nrepair = 3\n")
    answer = cli("check", cwd=crate)
    assert answer.code == 2
    assert "ironwright.toml:3" in answer.err
    assert "repairs" in answer.err


def test_no_model_is_3_and_says_what_to_set(cli, crate):
    answer = cli("models", cwd=crate)
    if answer.code == 0:
        pytest.skip("a model server answers on this machine")
    assert answer.code == 3
    assert "ANTHROPIC_API_KEY" in answer.err


def test_models_never_show_a_key(cli, crate):
    answer = cli("models", "--format", "json", cwd=crate, env={"ANTHROPIC_API_KEY": "sk-very-secret"})
    assert answer.code == 0
    assert "ANTHROPIC_API_KEY" in answer.out
    assert "very-secret" not in answer.out + answer.err


def test_colour_needs_a_terminal(cli, crate):
    assert "\x1b" not in cli("gates", "list", cwd=crate, env={"TERM": "xterm-256color"}).out


def test_an_unreadable_state_folder_still_gives_one_clear_line(capsys, monkeypatch):
    monkeypatch.setenv("IRONWRIGHT_STATE_HOME", "/proc/none")

    def breaks() -> int:
        raise RuntimeError("broken")

    assert guarded(breaks) == 3
    said = capsys.readouterr().err
    assert "could not be written" in said
    assert "Traceback" not in said
