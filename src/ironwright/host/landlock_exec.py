"""Confines itself with Landlock, seccomp and resource limits and becomes the command of a Landlock job.

Run as a program of its own by :mod:`ironwright.host.landlock`, without the package and without site
packages, so that it starts in a few milliseconds. It stays behind as the parent of all that the job
starts, and ends every one of them when the job's command ends, when it is told to (SIGTERM), or when
Ironwright dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import marshal
import os
import resource
import signal
import struct
import sys
import time

TYPE_CHECKING = False  # type checkers take it for true; importing typing would cost its share of the start
if TYPE_CHECKING:
    from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_PATH_BENEATH = 1
_SET_PDEATHSIG, _SET_SECCOMP, _SET_SUBREAPER, _SET_NO_NEW_PRIVS = 1, 22, 36, 38
_SECCOMP_FILTER = 2
_CAPABILITY_VERSION = 0x20080522

# Rights on files (linux/landlock.h).
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK, _TRUNCATE, _IOCTL_DEV = 1 << 6, 1 << 11, 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_RIGHTS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_RIGHTS = (1 << 16) - 1  # from ABI 5 on

_CLEAN_SECONDS = 5.0
_FAILED = 125

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_abi() -> int:
    """The Landlock version of this kernel, 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def _prctl(option: int, *values: object) -> None:
    words = [
        value if isinstance(value, ctypes.c_void_p) else ctypes.c_ulong(int(str(value))) for value in values
    ]
    words += [ctypes.c_ulong(0)] * (4 - len(words))
    if _libc.prctl(ctypes.c_int(option), *words):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _restrict_files(abi: int, read: list[str], write: list[str], devices: list[str], network: bool) -> None:
    """Allow these files and folders, and nothing else."""
    handled = _RIGHTS_BY_ABI.get(abi, _RIGHTS)
    tcp = 3 if abi >= 4 and not network else 0
    scoped = 3 if abi >= 6 else 0  # abstract Unix sockets and signals
    attribute = struct.pack("=QQQ", handled, tcp, scoped)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _libc.syscall(
        _CREATE_RULESET, ctypes.c_char_p(attribute), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for path in read:
        _allow(ruleset, path, _READ & handled)
    for path in write:
        _allow(ruleset, path, handled & ~(_MAKE_CHAR | _MAKE_BLOCK))
    for path in devices:
        _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _IOCTL_DEV) & handled)
    if _libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(path):  # noqa: PTH112  (this program imports as little as it can)
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        if _libc.syscall(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.c_char_p(rule),
            ctypes.c_uint32(0),
        ):
            raise OSError(ctypes.get_errno(), f"landlock_add_rule {path}")
    finally:
        os.close(descriptor)


def _drop_capabilities() -> None:
    """Give up what root may do beyond its files; no_new_privs keeps the next program from regaining it."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    if _libc.capset(ctypes.c_char_p(header), ctypes.c_char_p(bytes(24))):
        raise OSError(ctypes.get_errno(), "capset")


def _restrict_calls(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    _prctl(_SET_SECCOMP, _SECCOMP_FILTER, ctypes.c_void_p(ctypes.addressof(header)))


def _become(job: dict[str, Any]) -> None:
    """In the child: give everything up, then run the command; returns only by an exception."""
    os.setsid()
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    for name, value in job["limits"].items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    os.chdir(job["cwd"])
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _restrict_files(job["abi"], job["read"], job["write"], job["devices"], job["network"])
    _drop_capabilities()
    _restrict_calls(job["filter"])
    _execute(job["argv"])


def _execute(argv: list[str]) -> None:
    """Become the command, found on PATH; ``os.execvp`` would import a module that is out of reach now."""
    if "/" in argv[0]:
        os.execv(argv[0], argv)
    for folder in os.environ["PATH"].split(":"):
        try:
            os.execv(f"{folder}/{argv[0]}", argv)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    raise FileNotFoundError(f"{argv[0]}: not found on PATH")


def _descendants() -> set[int]:
    """All that descends from us, whatever its session or group."""
    found: set[int] = set()
    waiting = ["self"]
    while waiting:
        process = waiting.pop()
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):  # noqa: PTH208
                with open(f"/proc/{process}/task/{thread}/children") as file:
                    children = file.read().split()
                found.update(map(int, children))
                waiting += children
    return found


def _end_all() -> None:
    """Stop all that is left, then kill and reap it; orphans become our children as their parents go.

    What multiplies is stopped before it is killed: stopped processes keep their places under the limit
    on processes, so that the rest cannot make new ones, and after a few rounds all stand still.
    """
    deadline = time.monotonic() + _CLEAN_SECONDS
    while (left := _descendants()) and time.monotonic() < deadline:
        stopped: set[int] = set()
        while (moving := left - stopped) and time.monotonic() < deadline:
            _signal(moving, signal.SIGSTOP)
            stopped |= moving
            left = _descendants()
        _signal(left, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _signal(processes: set[int], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _told_to_end(number: int, _frame: object) -> None:
    _end_all()
    os._exit(128 + number)


def _start(job: dict[str, Any], status: int) -> int:
    """Fork the command; returns its process id once it runs, or exits after saying why it does not."""
    ready, say = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)  # Python itself ignores the last two
            os.close(status)
            _become(job)
        except BaseException as error:  # noqa: BLE001  (whatever it is, the parent must hear of it)
            os.write(say, str(error).encode())
        os._exit(_FAILED)
    os.close(say)
    failure = os.read(ready, 4096)
    if failure:
        os.write(status, failure)
        os._exit(_FAILED)
    os.write(status, b"started")
    return child


def main() -> None:
    """``landlock_exec.py JOB STATUS PARENT``: descriptors of job and status pipe, our parent's id."""
    descriptor, status, parent = map(int, sys.argv[1:4])
    os.set_inheritable(status, False)
    with open(descriptor, "rb") as file:
        job = marshal.load(file)  # written by our parent a moment ago: trusted, and needs no import
    _prctl(_SET_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, _told_to_end)
    _prctl(_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we could ask to be told
        os._exit(_FAILED)
    child = _start(job, status)
    while True:
        ended, state = os.wait()
        if ended == child:
            break
    _end_all()
    os._exit(128 + os.WTERMSIG(state) if os.WIFSIGNALED(state) else os.WEXITSTATUS(state))


if __name__ == "__main__":
    main()
