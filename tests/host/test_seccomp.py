"""The system call filter decides as its tables say, by an interpreter of the kernel's filter language."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.host import seccomp
from ironwright.host.seccomp import Sockets, filter_program
from ironwright.records.errors import SandboxError

ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, EAFNOSUPPORT = (0x00050000 | number for number in (1, 38, 97))
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
CLONE = {"x86_64": 56, "aarch64": 220}
MACHINES = ["x86_64", "aarch64"]


def decide(program: bytes, architecture: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Run a filter on one system call, as the kernel does."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(value & (1 << 64) - 1 for value in padded))
    at = accumulator = 0
    while True:
        code, when_true, when_false, value = struct.unpack_from("<HBBI", program, at * 8)
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}
            at += when_true if holds[code] else when_false


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("sockets", "allowed"),
    [
        (Sockets.NONE, set()),
        (Sockets.LOCAL, {1, 2, 10}),
        (Sockets.INTERNET, {2, 10, 16}),
    ],
)
def test_only_the_named_socket_families_open(machine: str, sockets: Sockets, allowed: set[int]) -> None:
    program = filter_program(machine, sockets)
    for family in range(50):
        answer = decide(program, ARCHITECTURE[machine], SOCKET[machine], (family, 3, 0))
        assert answer == (ALLOW if family in allowed else EAFNOSUPPORT)
    assert decide(program, ARCHITECTURE[machine], SOCKETPAIR[machine], (1, 1, 0)) == ALLOW
    assert decide(program, ARCHITECTURE[machine], SOCKETPAIR[machine], (30, 1, 0)) == EAFNOSUPPORT


@pytest.mark.parametrize("machine", MACHINES)
def test_netlink_with_network_asks_for_routes_only(machine: str) -> None:
    program = filter_program(machine, Sockets.INTERNET)
    assert decide(program, ARCHITECTURE[machine], SOCKET[machine], (16, 3, 0)) == ALLOW
    for protocol in (1, 4, 9, 12, 15, 16):
        answer = decide(program, ARCHITECTURE[machine], SOCKET[machine], (16, 3, protocol))
        assert answer == EAFNOSUPPORT


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_and_processes_are_made_but_no_namespaces(machine: str) -> None:
    program = filter_program(machine, Sockets.LOCAL)
    thread, process = 0x3D0F00, 17
    for flags in (thread, process, 0x01200011):
        assert decide(program, ARCHITECTURE[machine], CLONE[machine], (flags,)) == ALLOW
    for namespace in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(program, ARCHITECTURE[machine], CLONE[machine], (namespace | 17,)) == EPERM
    assert decide(program, ARCHITECTURE[machine], 435) == ENOSYS


@given(high=st.integers(0, (1 << 32) - 1), family=st.integers(0, (1 << 32) - 1))
def test_the_upper_half_of_an_argument_changes_nothing(high: int, family: int) -> None:
    """The kernel takes the family as a C int, so that only its lower 32 bits count."""
    program = filter_program("x86_64", Sockets.LOCAL)
    answer = decide(program, ARCHITECTURE["x86_64"], 41, (high << 32 | family, 1, 0))
    assert answer == (ALLOW if family in {1, 2, 10} else EAFNOSUPPORT)


def test_other_calling_conventions_do_not_walk_past_the_list() -> None:
    program = filter_program("x86_64", Sockets.LOCAL)
    i386 = 0x40000003
    assert decide(program, i386, 359) == KILL
    assert decide(program, ARCHITECTURE["x86_64"], 0x40000000 | 521) == ENOSYS


@given(number=st.integers(0, 600))
def test_every_call_gets_one_of_the_known_answers(number: int) -> None:
    for machine in MACHINES:
        program = filter_program(machine, Sockets.NONE)
        answer = decide(program, ARCHITECTURE[machine], number)
        assert answer in {ALLOW, EPERM, ENOSYS, EAFNOSUPPORT}


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels_own(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    text = HEADERS[machine].read_text()
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    column = MACHINES.index(machine)
    tables = {**seccomp._REFUSED, **seccomp._ABSENT, **seccomp._CALLS}
    known = {name: numbers[name] for name in tables if name in numbers}
    assert len(known) > 40
    assert {name: tables[name][column] for name in known} == known


def test_reading_writing_and_starting_programs_is_allowed() -> None:
    program = filter_program("x86_64", Sockets.NONE)
    read, write, openat, execve, futex, mmap, wait4 = 0, 1, 257, 59, 202, 9, 61
    for number in (read, write, openat, execve, futex, mmap, wait4):
        assert decide(program, ARCHITECTURE["x86_64"], number) == ALLOW


def test_typing_into_the_terminal_is_refused() -> None:
    program = filter_program("x86_64", Sockets.LOCAL)
    assert decide(program, ARCHITECTURE["x86_64"], 16, (0, 0x5412)) == EPERM
    assert decide(program, ARCHITECTURE["x86_64"], 16, (0, 0x5401)) == ALLOW


def test_an_unknown_processor_is_a_clear_error() -> None:
    with pytest.raises(SandboxError, match="riscv64"):
        filter_program("riscv64", Sockets.NONE)
