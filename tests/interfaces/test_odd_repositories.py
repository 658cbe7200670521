"""Repositories that are not as most are: each gets its clear answer, and nothing in it is changed."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from small_repository import PROGRAM, commit, git

from ironwright.testing.scripted_model import ScriptedServer, ToolUse, Turn

QUICK = ("--gate", "oversized_files", "--gate", "undocumented_functions", "--quiet")
BUILD = ("--gate", "compile_errors", "--quiet")
LIB = "//! A crate.\n\n/// Gives the sum with two.\npub fn add_two(x: u32) -> u32 {\n    x + 2\n}\n"
BROKEN = "//! A crate.\n\npub fn broken() -> u32 {\n    \n}\n"
AGENT = "---\nname: brief\ndescription: Writes short Rust files\n---\n\n- Keep every file under 100 lines.\n"
SCRIPT = [Turn("I write it.", [ToolUse("write_file", {"path": "src/two.rs", "content": LIB})]), Turn("Done.")]
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")


@pytest.fixture
def project(crate):
    commit(crate, {".claude/agents/brief.md": AGENT}, "Add an agent")
    git(crate, "config", "user.name", "Test")
    git(crate, "config", "user.email", "test@localhost")
    return crate


def state_of(folder):
    """What a check or run must leave as it was."""
    return (
        git(folder, "status", "--porcelain=v2", "--branch"),
        git(folder, "stash", "list"),
        git(folder, "for-each-ref", "refs/heads", "--format=%(refname)").replace("refs/heads/ironwright", ""),
    )


def run_arguments(task="Add two"):
    model = "anthropic:claude-sonnet-5-5"
    return ("run", task, "--agent", "brief", "--model", model, "--quiet", "--format", "json")


def keys(server):
    return {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": server.base_url}


def sha256_repository(folder):
    folder.mkdir()
    git(folder, "init", "--quiet", "--object-format=sha256")
    git(folder, "config", "user.name", "Test")
    git(folder, "config", "user.email", "test@localhost")
    manifest = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
    lock = 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.1.0"\n'
    files = {"Cargo.toml": manifest, "Cargo.lock": lock, "src/lib.rs": "//! A crate.\n"}
    commit(folder, {**files, ".gitignore": "/target\n", ".claude/agents/brief.md": AGENT})
    return folder


def test_a_repository_with_sha256_ids_is_checked(cli, tmp_path):
    folder = sha256_repository(tmp_path / "modern")
    head = commit(folder, {"src/lib.rs": BROKEN})
    assert len(head) == 64
    answer = cli("check", *QUICK, *BUILD, "--format", "json", cwd=folder)
    report = json.loads(answer.out)
    assert (answer.code, report["head"]) == (1, head)
    verdicts = {gate["id"]: gate["verdict"] for gate in report["gates"]}
    assert (verdicts["compile_errors"], verdicts["undocumented_functions"]) == ("FAIL", "FAIL")
    (folder / "src/lib.rs").write_text(LIB)
    assert cli("check", *QUICK, *BUILD, "--head", "WORKTREE", cwd=folder).code == 0


@pytest.mark.slow
def test_a_run_works_in_a_repository_with_sha256_ids(cli, tmp_path):
    folder = sha256_repository(tmp_path / "modern")
    with ScriptedServer(SCRIPT) as server:
        answer = cli(*run_arguments(), cwd=folder, env=keys(server))
    report = json.loads(answer.out)
    assert (answer.code, report["outcome"]) == (0, "delivered"), answer.err
    assert git(folder, "show", f"{report['branch']}:src/two.rs") + "\n" == LIB
    assert len(report["head"]) == 64


@pytest.mark.slow
@pytest.mark.parametrize(
    "arrange",
    [
        lambda folder: git(folder, "sparse-checkout", "set", "--no-cone", "/Cargo.toml", "/.claude"),
        lambda folder: git(folder, "checkout", "--quiet", "--detach"),
    ],
    ids=["sparse checkout", "detached head"],
)
def test_a_run_delivers_from_an_odd_checkout_and_leaves_it_as_it_was(cli, project, arrange):
    arrange(project)
    before = state_of(project), sorted(path.name for path in project.iterdir() if path.name[0] != ".")
    look = Turn("I look.", [ToolUse("read_file", {"path": "src/lib.rs"})])
    with ScriptedServer([look, *SCRIPT]) as server:
        answer = cli(*run_arguments(), cwd=project, env=keys(server))
    report = json.loads(answer.out)
    assert (answer.code, report["outcome"]) == (0, "delivered"), answer.err
    assert b"Twice a number" in server.requests[1].body, "the agent has all files"
    changed = git(project, "diff", "--name-only", report["base"], report["head"])
    assert changed == "src/two.rs", "what is not checked out is not taken for removed"
    after = state_of(project), sorted(path.name for path in project.iterdir() if path.name[0] != ".")
    assert after[1] == before[1]
    assert after[0][:2] == before[0][:2]


def test_what_a_sparse_checkout_leaves_out_is_there_for_the_gates(cli, project):
    git(project, "sparse-checkout", "set", "--no-cone", "/Cargo.toml")
    assert not (project / "src").exists()
    for head in ("HEAD", "WORKTREE"):
        answer = cli("check", *BUILD, "--scope", "all", "--head", head, cwd=project)
        assert answer.code == 0, answer.out + answer.err
    with open(project / "Cargo.toml", "a") as manifest:
        manifest.write("# more\n")
    answer = cli("check", *BUILD, "--head", "WORKTREE", cwd=project)
    assert answer.code == 0, "a file that is not checked out is not a removed file"


@pytest.mark.slow
def test_a_run_says_that_submodules_are_left_out_and_keeps_them(cli, project, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    commit(inner, {"x.txt": "x"})
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    commit(project, {}, "Add a submodule")
    with ScriptedServer(SCRIPT) as server:
        answer = cli(*run_arguments(), cwd=project, env=keys(server))
    report = json.loads(answer.out)
    assert (answer.code, report["outcome"]) == (0, "delivered"), answer.err
    assert git(project, "diff", "--name-only", report["base"], report["head"]) == "src/two.rs"
    check = report["attempts"][-1]["check"]
    assert any("submodule" in note for note in (*report["notes"], *check["notes"]))
    assert (project / "inner/x.txt").is_file()


@pytest.mark.slow
def test_two_runs_at_once_in_one_repository_both_deliver(cli, project):
    def one(name):
        work = ToolUse("write_file", {"path": f"src/{name}.rs", "content": LIB})
        with ScriptedServer([Turn("I write it.", [work]), Turn("Done.")]) as server:
            return cli(*run_arguments(f"Add {name}"), cwd=project, env=keys(server))

    before = state_of(project)[:2]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(one, ("left", "right")))
    reports = [json.loads(answer.out) for answer in answers]
    assert [report["outcome"] for report in reports] == ["delivered", "delivered"], answers
    assert reports[0]["branch"] != reports[1]["branch"]
    for report, name in zip(reports, ("left", "right"), strict=True):
        changed = git(project, "diff", "--name-only", report["base"], report["head"])
        assert changed == f"src/{name}.rs"
    assert state_of(project)[:2] == before
    assert len(git(project, "worktree", "list").splitlines()) == 1


@pytest.mark.slow
def test_a_workspace_of_fifty_members_is_checked_and_the_broken_one_named(cli, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    git(folder, "init", "--quiet")
    files = {"Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n', ".gitignore": "/target\n"}
    for number in range(50):
        name = f"member_{number:02}"
        files[f"crates/{name}/Cargo.toml"] = (
            f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
        )
        files[f"crates/{name}/src/lib.rs"] = f"//! Member {number}.\n"
    commit(folder, files)
    commit(folder, {"crates/member_07/src/lib.rs": LIB, "crates/member_31/src/lib.rs": BROKEN})
    answer = cli("check", *QUICK, *BUILD, "--format", "json", cwd=folder)
    gates = {gate["id"]: gate for gate in json.loads(answer.out)["gates"]}
    assert answer.code == 1
    assert gates["compile_errors"]["verdict"] == "FAIL"
    places = {finding["path"] for finding in gates["compile_errors"]["findings"]}
    assert places == {"crates/member_31/src/lib.rs"}
    assert {finding["path"] for finding in gates["undocumented_functions"]["findings"]} == places


def as_reader(arguments, cwd, tmp_path):
    """The program's answer where the rights of files hold for root as well."""
    prefix = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    environment |= {"ANTHROPIC_API_KEY": "sk-test", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    return subprocess.run(
        [*prefix, str(PROGRAM), *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def read_only(project):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and setpriv is not here to take that away")
    subprocess.run(["chmod", "-R", "a-w", str(project)], check=True)
    yield project
    subprocess.run(["chmod", "-R", "u+w", str(project)], check=True)


def test_a_repository_that_may_only_be_read_is_checked(read_only, tmp_path):
    for head in ("HEAD", "WORKTREE"):
        done = as_reader(["check", *QUICK, *BUILD, "--head", head], read_only, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected", "advice"),
    [
        (("run", "Add", "--agent", "brief", "--model", "claude-x"), "repository is read-only", "Clone it"),
        (("contract", ".claude/agents/brief.md"), "the lock cannot be written", "--no-lock"),
        (("init",), "ironwright.toml", ""),
    ],
)
def test_what_would_write_into_it_says_so(read_only, tmp_path, arguments, expected, advice):
    before = sorted(str(path) for path in read_only.rglob("*"))
    done = as_reader(arguments, read_only, tmp_path)
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    assert expected in done.stderr
    assert advice in done.stderr
    assert sorted(str(path) for path in read_only.rglob("*")) == before


@pytest.fixture
def as_nobody(tmp_path_factory):
    """Runs the program as another user, who owns nothing and may enter the tests' folders."""
    python = Path("/usr/bin/python3.11")
    if (
        os.geteuid() != 0
        or not shutil.which("setpriv")
        or not python.exists()
        or sys.version_info[:2] != (3, 11)
    ):
        pytest.skip("needs root, setpriv and the system's own Python 3.11")
    home = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    home.chmod(0o777)
    source = Path(__file__).parents[2] / "src"
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "PYTHONPATH": f"{source}:{libraries}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def call(*arguments, cwd, **more):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")
        return subprocess.run(
            [*nobody, "--inh-caps=-all", *arguments] if arguments[0] != "ironwright"
            else [*nobody, "--inh-caps=-all", str(python), "-m", *arguments],
            cwd=cwd, env=environment | more, capture_output=True, text=True, check=False,
        )  # fmt: skip

    yield call, home
    shutil.rmtree(home)


def test_another_users_repository_is_refused_until_it_is_trusted(as_nobody, project):
    call, home = as_nobody
    place = home / "theirs"
    shutil.copytree(project, place)
    done = call("ironwright", "check", *QUICK, cwd=place)
    assert done.returncode == 2
    assert "belongs to another user" in done.stderr
    assert f"git config --global --add safe.directory {place}" in done.stderr
    call("git", "config", "--global", "--add", "safe.directory", str(place), cwd=home)
    trusted = call("ironwright", "check", *QUICK, cwd=place)
    assert trusted.returncode == 0, trusted.stdout + trusted.stderr


def test_a_rust_that_belongs_to_another_user_is_unknown_with_advice(as_nobody, project):
    call, home = as_nobody
    place = home / "theirs"
    shutil.copytree(project, place)
    closed = home / "closed"
    (closed / "toolchains").mkdir(parents=True)
    closed.chmod(0o700)
    call("git", "config", "--global", "--add", "safe.directory", str(place), cwd=home)
    done = call(
        "ironwright", "check", *BUILD, cwd=place, RUSTUP_HOME=str(closed), PATH="/usr/local/bin:/usr/bin:/bin"
    )
    assert done.returncode == 3
    assert "rustc" in done.stdout
    assert "Traceback" not in done.stderr
