"""The system call filter of every sandbox: what untrusted code may not ask the kernel, as BPF bytes."""

from __future__ import annotations

import struct
from enum import Enum

from ironwright.records.errors import SandboxError

# Words of the kernel's filter language (linux/bpf_common.h, linux/seccomp.h).
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000  # a second ABI of x86-64 with its own numbers, which would walk past the list

_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWUSER, NEWPID, NEWNET, NEWIPC, NEWUTS, NEWCGROUP, NEWNS and NEWTIME together."""

_REFUSED: dict[str, tuple[int, int]] = {
    # name: (x86-64, arm64). Other processes' memory and state:
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    # The kernel itself, and interfaces that are known for holes:
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "fanotify_init": (300, 262),
    # Keys of the user's session:
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    # Mounts, roots and namespaces:
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    # The clock, by which cargo and the journal judge what is new:
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
}
_REFUSED_X86: dict[str, int] = {"iopl": 172, "ioperm": 173}

_ABSENT: dict[str, tuple[int, int]] = {
    # Answered with "not implemented", which programs take as "an old kernel" and work around:
    # io_uring does file and network work that a filter cannot see; clone3 has its flags in memory
    # where a filter cannot look.
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "clone3": (435, 435),
}
_CALLS = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "clone": (56, 220),
    "ioctl": (16, 29),
}
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


class Sockets(Enum):
    """Which sockets a job may open; pairs of Unix sockets are always allowed."""

    NONE = "none"
    """None at all: for sandboxes that share the machine's network and file system names."""

    LOCAL = "local"
    """Unix and internet sockets, for a network namespace that holds nothing but its own loopback."""

    INTERNET = "internet"
    """Internet sockets with the route questions that name resolution asks; no Unix sockets, since those
    with abstract names would reach the machine's own services."""


_FAMILIES: dict[Sockets, tuple[int, ...]] = {
    Sockets.NONE: (),
    Sockets.LOCAL: (_AF_UNIX, _AF_INET, _AF_INET6),
    Sockets.INTERNET: (_AF_INET, _AF_INET6, _AF_NETLINK),
}


def filter_program(machine: str, sockets: Sockets) -> bytes:
    """The filter as an array of ``struct sock_filter``, ready for ``bwrap --seccomp`` or ``prctl``.

    Args:
        machine: ``x86_64`` or ``aarch64``.
        sockets: Which sockets are allowed.

    Raises:
        SandboxError: There is no table of system calls for this machine.
    """
    if machine not in _MACHINES:
        raise SandboxError(
            f"no system call filter is known for {machine} processors",
            advice="Use an x86-64 or arm64 machine, or accept the risk with --no-sandbox.",
        )
    column, architecture = _MACHINES[machine]
    words = [
        *_word(_LOAD, _ARCHITECTURE),
        *_unless(architecture, _KILL),
        *_word(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        words += [_instruction(_AT_LEAST, _X32, 0, 1), _instruction(_RETURN, _REFUSE | _ENOSYS)]
        words += [word for number in _REFUSED_X86.values() for word in _when(number, _REFUSE | _EPERM)]
    for numbers in _REFUSED.values():
        words += _when(numbers[column], _REFUSE | _EPERM)
    for numbers in _ABSENT.values():
        words += _when(numbers[column], _REFUSE | _ENOSYS)
    words += _for_call(_CALLS["clone"][column], _clone_rules())
    words += _for_call(_CALLS["ioctl"][column], _ioctl_rules())
    words += _for_call(_CALLS["socketpair"][column], _family_rules((_AF_UNIX,)))
    words += _for_call(_CALLS["socket"][column], _family_rules(_FAMILIES[sockets]))
    words += _word(_RETURN, _ALLOW)
    return b"".join(words)


def _instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)


def _word(code: int, value: int) -> list[bytes]:
    return [_instruction(code, value)]


def _when(value: int, answer: int) -> list[bytes]:
    """Answer if what is loaded equals the value."""
    return [_instruction(_EQUAL, value, 0, 1), _instruction(_RETURN, answer)]


def _unless(value: int, answer: int) -> list[bytes]:
    """Answer if what is loaded differs from the value."""
    return [_instruction(_EQUAL, value, 1, 0), _instruction(_RETURN, answer)]


def _for_call(number: int, rules: list[bytes]) -> list[bytes]:
    """Apply rules, each path of which answers, to one system call only."""
    return [_instruction(_EQUAL, number, 0, len(rules)), *rules]


def _clone_rules() -> list[bytes]:
    return [
        *_word(_LOAD, _ARGUMENTS),
        _instruction(_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _instruction(_RETURN, _REFUSE | _EPERM),
        *_word(_RETURN, _ALLOW),
    ]


def _ioctl_rules() -> list[bytes]:
    """Typing into the terminal that we were started from is refused."""
    return [
        *_word(_LOAD, _ARGUMENTS + 8),
        *_when(_TIOCSTI, _REFUSE | _EPERM),
        *_when(_TIOCLINUX, _REFUSE | _EPERM),
        *_word(_RETURN, _ALLOW),
    ]


def _family_rules(families: tuple[int, ...]) -> list[bytes]:
    rules = _word(_LOAD, _ARGUMENTS)
    for family in families:
        if family == _AF_NETLINK:
            protocol = [
                *_word(_LOAD, _ARGUMENTS + 16),
                *_when(_NETLINK_ROUTE, _ALLOW),
                *_word(_RETURN, _REFUSE | _EAFNOSUPPORT),
            ]
            rules += _for_call(family, protocol)
        else:
            rules += _when(family, _ALLOW)
    return [*rules, *_word(_RETURN, _REFUSE | _EAFNOSUPPORT)]
