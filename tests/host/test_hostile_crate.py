"""A crate whose build script and test mean harm: every attempt is stopped, in each sandbox."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ironwright.host.cgroup import hierarchy
from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Mount, Sandbox
from ironwright.host.toolchain import toolchain

CRATE = Path(__file__).parent / "hostile"
ORDINARY = 54_321
"""A user id that nobody has."""

PYTHONPATH = os.pathsep.join(path for path in sys.path if path)

SMALL = Limits(seconds=60, memory_mb=512, processes=128, output_bytes=1 << 20, disk_mb=96)


@dataclass
class Victim:
    """The machine that is attacked: what must stay untouched, and what would notice."""

    folder: Path
    needle: str
    name: str
    tcp: socket.socket
    udp: socket.socket
    unix: socket.socket
    abstract: socket.socket
    process: subprocess.Popen[bytes]

    @property
    def settings(self) -> dict[str, str]:
        address, port = self.tcp.getsockname()
        udp_address, udp_port = self.udp.getsockname()
        return {
            "HOSTILE_SECRET": str(self.folder / "home/.ssh/id_ed25519"),
            "HOSTILE_HOME": str(Path.home()),
            "HOSTILE_CARGO_HOME": str(self.folder / "cargo"),
            "HOSTILE_NEEDLE": self.needle[::-1],
            "HOSTILE_OUTSIDE": str(self.folder / "home/written"),
            "HOSTILE_TCP": f"{address}:{port}",
            "HOSTILE_UDP": f"{udp_address}:{udp_port}",
            "HOSTILE_ABSTRACT": self.name,
            "HOSTILE_SOCKET": str(self.folder / "home/service"),
            "HOSTILE_PID": str(self.process.pid),
            "HOSTILE_DAEMON": f"daemon-{self.name}",
        }


@dataclass
class Attack:
    """The crate, built inside a sandbox, ready to attack from its test."""

    sandbox: Sandbox
    victim: Victim
    repository: Path
    target: Path
    built: Completed
    quiet: dict[str, tuple[str, str]]

    def run(self, name: str, limits: Limits = SMALL) -> Completed:
        mounts = [Mount(self.repository, "/w/repo"), Mount(self.target, "/w/target", writable=True)]
        # The test itself, not cargo: cargo test would only add its own exit code.
        (program,) = [
            path
            for path in (self.target / "debug/deps").glob("attack-*")
            if os.access(path, os.X_OK) and not path.suffix
        ]
        environment = {
            **self.victim.settings,
            "CARGO_TARGET_DIR": "/w/target",
            "CARGO_MANIFEST_DIR": "/w/repo",
        }
        job = Job([f"/w/target/debug/deps/{program.name}", name], mounts, "/w/repo", environment, limits)
        return self.sandbox.run(job)


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="victim-")))
        needle, name = secrets.token_hex(16), secrets.token_hex(8)
        (folder / "home/.ssh").mkdir(parents=True)
        (folder / "home/.ssh/id_ed25519").write_text(needle)
        (folder / "cargo/registry").mkdir(parents=True)
        (folder / "cargo/credentials.toml").write_text(f'[registry]\ntoken = "{needle}"\n')
        (folder / "cargo/config.toml").write_text(f'[registries.own]\nindex = "x"\ntoken = "{needle}"\n')
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("CARGO_HOME", str(folder / "cargo"))
        patch.setenv("IRONWRIGHT_CACHE_HOME", str(folder / "cache"))
        patch.setenv("SOME_API_KEY", needle)
        tcp, udp = (
            stack.enter_context(socket.socket()),
            stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)),
        )
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        for listening, address in (
            (tcp, ("127.0.0.1", 0)),
            (udp, ("127.0.0.1", 0)),
            (unix, str(folder / "home/service")),
            (abstract, b"\0" + name.encode()),
        ):
            listening.bind(address)
            listening.setblocking(False)
            if listening is not udp:
                listening.listen()
        process = subprocess.Popen(["sleep", "600"])
        stack.callback(process.wait)
        stack.callback(process.kill)
        toolchain.cache_clear()
        stack.callback(toolchain.cache_clear)
        yield Victim(folder, needle, name, tcp, udp, unix, abstract, process)


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def attack(request: pytest.FixtureRequest, victim: Victim) -> Iterator[Attack]:
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attack-")))
        shutil.copytree(CRATE, root / "repo")
        (root / "target").mkdir()
        sandbox = choose_sandbox(request.param)
        mounts = [Mount(root / "repo", "/w/repo"), Mount(root / "target", "/w/target", writable=True)]
        (root / "repo/Cargo.lock").write_text(
            'version = 4\n\n[[package]]\nname = "hostile"\nversion = "0.0.0"\n'
        )
        job = Job(
            ["cargo", "test", "--locked"],
            mounts,
            "/w/repo",
            {**victim.settings, "CARGO_TARGET_DIR": "/w/target"},
            Limits(seconds=120, memory_mb=2048),
        )
        built = sandbox.run(job)
        assert built.ok, built.error_text
        (report,) = (root / "target").glob("debug/build/hostile-*/out/attempts.txt")
        lines = [line.split("\t", 2) for line in report.read_text().splitlines()]
        quiet = {name: (outcome, detail) for name, outcome, detail in lines}
        yield Attack(sandbox, victim, root / "repo", root / "target", built, quiet)


def test_every_quiet_attempt_of_the_build_script_is_stopped(attack: Attack) -> None:
    assert len(attack.quiet) == 35
    assert {name: detail for name, (outcome, detail) in attack.quiet.items() if outcome != "stopped"} == {}


@pytest.mark.parametrize(
    "name", ["read_secret", "read_other_environments", "rewrite_tests", "connect_tcp", "signal_host"]
)
def test_a_test_program_is_stopped_like_a_build_script(attack: Attack, name: str) -> None:
    assert f"\n{name}\tstopped\t" in attack.run(name).text


def test_nothing_on_the_machine_has_changed(attack: Attack) -> None:
    victim = attack.victim
    assert victim.process.poll() is None
    assert sorted(path.name for path in (victim.folder / "home").iterdir()) == [".ssh", "service"]
    assert list((victim.folder / "cargo/registry").iterdir()) == []
    for place in ("/etc/hostile", "/usr/hostile", "/usr/local/hostile", "/var/tmp/hostile", "/hostile"):
        assert not Path(place).exists()
    original = {path.relative_to(CRATE): path.read_bytes() for path in CRATE.rglob("*.rs")}
    assert {path: (attack.repository / path).read_bytes() for path in original} == original
    assert not (attack.repository / ".cargo").exists()


def test_nobody_heard_from_inside(attack: Attack) -> None:
    for name in ("connect_tcp", "send_udp", "connect_unix", "connect_abstract"):
        attack.run(name)
    for listening in (attack.victim.tcp, attack.victim.unix, attack.victim.abstract):
        with pytest.raises(BlockingIOError):
            listening.accept()
    with pytest.raises(BlockingIOError):
        attack.victim.udp.recv(16)


@pytest.mark.parametrize("name", ["fill_target", "fill_target_unlinked", "fill_tmp", "grow_one_file"])
def test_filling_the_disk_is_stopped_near_the_limit(attack: Attack, name: str) -> None:
    done = attack.run(name, Limits(seconds=60, memory_mb=2048, output_bytes=1 << 16, disk_mb=96))
    assert done.limit_hit.startswith("disk: ") or f"\n{name}\tstopped\tafter 9" in done.text
    for path in attack.target.glob("*"):
        if path.is_file():
            path.unlink()


def test_a_fork_bomb_is_stopped_and_nothing_of_it_is_left(attack: Attack) -> None:
    done = attack.run("fork_bomb")
    assert done.limit_hit.startswith("processes: ") or "\nfork_bomb\tstopped\t" in done.text
    assert not done.ok
    assert running(str(attack.target)) == []


@pytest.mark.skipif(os.geteuid() == 0 and hierarchy() is None, reason="no limit on processes holds root here")
def test_what_multiplies_in_every_process_is_stopped_whole(attack: Attack) -> None:
    done = attack.run("multiply_for_ever", replace(SMALL, seconds=2))
    assert done.limit_hit.startswith("processes: ") or done.timed_out
    assert running("multiply_for_ever") == []


def test_nothing_outlives_ironwright_itself(attack: Attack) -> None:
    marker = f"orphan-{attack.sandbox.name}-{attack.victim.name}"
    script = f"""
from pathlib import Path
from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.sandbox import Job, Mount
command = "setsid sh -c 'trap \\"\\" TERM HUP; : {marker}; while sleep 1; do :; done' & sleep 60"
choose_sandbox("{attack.sandbox.name}").run(Job(["sh", "-c", command], [Mount(Path("/usr"), "/usr")], "/usr"))
"""
    process = subprocess.Popen([sys.executable, "-c", script])
    try:
        assert wait_until(lambda: any(line.startswith("sh -c trap") for line in running(f": {marker};")), 30)
    finally:
        process.kill()
        process.wait()
    assert wait_until(lambda: running(f": {marker};") == [])


def wait_until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_daemon_ends_with_its_job(attack: Attack) -> None:
    done = attack.run("leave_daemon")
    assert "leave_daemon\tdone" in done.text
    assert running(attack.victim.settings["HOSTILE_DAEMON"]) == []


@pytest.mark.parametrize("name", ["run_for_ever", "ignore_signals"])
def test_a_job_without_end_is_ended(attack: Attack, name: str) -> None:
    done = attack.run(name, Limits(seconds=0.6))
    assert done.timed_out
    assert done.seconds < 3
    assert not done.ok
    assert running(str(attack.target)) == []


def test_a_daemon_of_a_job_that_ran_out_of_time_ends_too(attack: Attack) -> None:
    mounts = [Mount(attack.target, "/w/target", writable=True)]
    marker = f"late-{attack.victim.name}"
    script = f"setsid sh -c 'trap \"\" TERM HUP; : {marker}; while sleep 1; do :; done' & sleep 60"
    done = attack.sandbox.run(Job(["sh", "-c", script], mounts, "/w/target", limits=Limits(seconds=0.5)))
    assert done.timed_out
    assert running(marker) == []


def test_a_gigabyte_of_output_is_cut(attack: Attack) -> None:
    done = attack.run("print_much")
    assert done.exit_code == 0
    assert done.truncated
    assert len(done.stdout) < SMALL.output_bytes + 100


@pytest.mark.parametrize("name", ["allocate", "allocate_in_children"])
def test_taking_all_memory_is_stopped(attack: Attack, name: str) -> None:
    done = attack.run(name)
    assert not done.ok
    assert f"{name}\tdone" not in done.text
    if name == "allocate_in_children":
        assert done.limit_hit.startswith("memory: ")


def test_servers_can_be_tested_where_the_sandbox_has_its_own_loopback(attack: Attack) -> None:
    outcome = "done" if attack.sandbox.name == "bubblewrap" else "stopped"
    assert f"\nserve_on_loopback\t{outcome}\t" in attack.run("serve_on_loopback").text


def running(text: str) -> list[str]:
    """Command lines of processes on this machine that hold a text, without our own."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if text in line and int(path.parent.name) != os.getpid():
                found.append(line)
    return found


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_every_attempt_is_stopped_for_an_ordinary_user_too() -> None:
    tools = toolchain()
    with tempfile.TemporaryDirectory(prefix="ordinary-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        # Hard links where they can be made: a copy of the toolchain that everybody may read.
        shutil.copytree(tools.sysroot, folder / "rust", copy_function=_link_or_copy, symlinks=True)
        home = folder / "home"
        home.mkdir()
        os.chown(home, ORDINARY, ORDINARY)
        # The bound on processes protects this machine should the sandbox fail to.
        become = [
            "prlimit",
            "--nproc=1500",
            "--",
            "setpriv",
            f"--reuid={ORDINARY}",
            f"--regid={ORDINARY}",
            "--clear-groups",
        ]
        command = [*become, _python_for_everybody(become), "-B", "-m", "pytest", "-p", "no:cacheprovider"]
        command += [f"--basetemp={home / 'pytest'}", "-m", "not slow", __file__]
        environment = {
            "PATH": f"{folder / 'rust/bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": PYTHONPATH,
        }
        done = subprocess.run(
            command,
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def _python_for_everybody(become: list[str]) -> str:
    """A Python of this version that other users may start, and that finds our packages."""
    probe = "import pytest, ironwright, subprocess, sys; subprocess.run([sys.executable, '-V'], check=True)"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        tried = subprocess.run(
            [*become, python, "-B", "-c", probe],
            env={"PYTHONPATH": PYTHONPATH},
            check=False,
            capture_output=True,
        )
        if tried.returncode == 0:
            return python
    pytest.skip("no Python of this version, or not this checkout, is readable for other users")


def _link_or_copy(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
