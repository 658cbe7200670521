"""What a job finds inside a sandbox: its environment, cargo's home, and the few files of /etc."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ironwright.host.toolchain import Toolchain
from ironwright.records.errors import SandboxError, ToolError

HOME = "/home/sandbox"
CARGO_HOME = f"{HOME}/.cargo"
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")

_NETWORK_VARIABLES = (
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)
_NETWORK_PREFIXES = ("CARGO_HTTP_", "CARGO_NET_")
_FILE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "CARGO_HTTP_CAINFO")

_SECRET_WORDS = ("token", "secret", "credential")
_UNWANTED_KEYS = frozenset({"env", "proxy", "rustc-wrapper", "rustc-workspace-wrapper"})
"""Keys of cargo's configuration that a job does without: ``[env]`` and proxies may hold passwords, and a
wrapper such as sccache would need its own cache and daemon."""

NETWORK_FILES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/cert.pem",
    "/etc/ca-certificates",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
)
"""Files and folders of names and certificates; none that holds a private key (``/etc/ssl/private``)."""

SYSTEM_FILES = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
"""What the dynamic linker and Debian's links in /usr/bin need."""

WRITTEN_FILES: Mapping[str, bytes] = {
    "/etc/passwd": b"root:x:0:0:root:/root:/usr/sbin/nologin\nsandbox:x:1000:1000::/home/sandbox:/bin/sh\n"
    b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": b"root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n",
}
LOCAL_FILES: Mapping[str, bytes] = {
    "/etc/hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
    "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}
"""The same without network: names other than localhost have no answer."""


@dataclass(frozen=True, slots=True)
class Registry:
    """What of the user's ``CARGO_HOME`` a job sees.

    Attributes:
        folders: ``registry`` and ``git`` where they exist: downloaded sources and indexes.
        config: cargo's configuration as text without secrets; None where there is none.
        commands: ``bin``, where ``cargo install`` puts commands; None where there is none.
        lock: The file by which cargo processes wait for each other while they download; with network only.
    """

    folders: tuple[Path, ...]
    config: bytes | None
    commands: Path | None
    lock: Path | None = None


def registry(toolchain: Toolchain, *, network: bool) -> Registry:
    """What a job sees of cargo's home; with network the folders are made, so that cargo can fill them.

    Raises:
        SandboxError: cargo's configuration cannot be read, or the folders cannot be made.
    """
    home = toolchain.cargo_home
    folders = [home / "registry", home / "git"]
    lock = home / ".package-cache" if network else None
    if lock is not None:
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            lock.touch()
        except OSError as error:
            raise SandboxError(
                f"cargo's folder for downloads cannot be made: {error.strerror}",
                where=str(error.filename or home),
                advice="Set CARGO_HOME to a folder that you may write to.",
            ) from error
    config = next((path for path in (home / "config", home / "config.toml") if path.is_file()), None)
    commands = home / "bin"
    return Registry(
        folders=tuple(folder for folder in folders if folder.is_dir()),
        config=None if config is None else public_config(config, network=network),
        commands=commands if commands.is_dir() else None,
        lock=lock,
    )


def public_config(path: Path, *, network: bool) -> bytes:
    """Cargo's configuration file without tokens, keys, credential providers and compiler wrappers.

    Args:
        path: The file.
        network: Whether the proxy, whose address may hold a password, is kept.

    Raises:
        SandboxError: The file cannot be read or is no TOML.
    """
    try:
        text = path.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise SandboxError(
            f"cargo's configuration cannot be read: {error}", where=str(path), advice="Correct the file."
        ) from error
    dropped = _UNWANTED_KEYS - ({"proxy"} if network else set())
    public = _without(table, dropped)
    if public == table:
        return text
    import tomlkit  # only where there is something to leave out

    return tomlkit.dumps(public).encode()


def _without(table: dict[str, object], unwanted: frozenset[str] | set[str]) -> dict[str, object]:
    """The table without unwanted keys and without keys that name a secret, at any depth."""
    kept: dict[str, object] = {}
    for key, value in table.items():
        name = key.lower().replace("_", "-")
        if name in unwanted or any(word in name for word in _SECRET_WORDS):
            continue
        kept[key] = _without(value, unwanted) if isinstance(value, dict) else value
    return kept


def environment(
    toolchain: Toolchain, job: Mapping[str, str], *, home: str, cargo_home: str, network: bool
) -> dict[str, str]:
    """A job's whole environment: nothing of the caller's but what the network needs, where it has one."""
    values = {
        "PATH": ":".join(search_path(toolchain)),
        "HOME": home,
        "CARGO_HOME": cargo_home,
        "CARGO_TERM_COLOR": "never",
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "TZ": "UTC",
        "TMPDIR": "/tmp",
        # Inside, files may look as if they belonged to somebody else; git would refuse them.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_TERMINAL_PROMPT": "0",
    }
    if network:
        values |= network_environment()
    else:
        values["CARGO_NET_OFFLINE"] = "true"
    return values | dict(job)


def network_environment() -> dict[str, str]:
    """The caller's variables that say how to reach the network: proxies, certificates, cargo's own."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _NETWORK_VARIABLES or (name.startswith(_NETWORK_PREFIXES) and "TOKEN" not in name)
    }


def network_files() -> list[Path]:
    """Files and folders that exist here and that a job with network needs to see, besides /usr."""
    named = [Path(os.environ[name]) for name in _FILE_VARIABLES if os.environ.get(name)]
    return [path for path in [*map(Path, NETWORK_FILES), *named] if path.exists()]


def search_path(toolchain: Toolchain) -> tuple[str, ...]:
    """Where commands are looked for: the toolchain itself before rustup's shims and the system."""
    return (str(toolchain.bin), str(toolchain.cargo_home / "bin"), *SYSTEM_PATH)


def require_command(argv: Sequence[str], toolchain: Toolchain, path: str | None) -> None:
    """Refuse a command that the job could not find, before anything is started.

    Raises:
        ToolError: It is on no folder of the job's PATH.
    """
    name = argv[0]
    if "/" in name or shutil.which(name, path=path or ":".join(search_path(toolchain))):
        return
    raise ToolError(
        f"{name} was not found", where="in the sandbox", advice="`ironwright doctor` says how to install it."
    )
