"""Runs cargo on one checkout in the sandbox: the tree read-only, the network off, the tree's settings sifted.

A crate under test is untrusted and may try to bend the tools that judge it. So cargo is started in a
folder of ours with ``--manifest-path`` and reads no configuration of the checkout
(:mod:`ironwright.host.cargo_settings`); the compiler is the toolchain's own by name on the sandbox's PATH,
so that ``rust-toolchain.toml`` cannot choose another; wrappers are set to nothing or to ours, and compiler
flags to the sifted ones, which beats every file. Each purpose has its own target directory.

What this cannot stop: build scripts and procedural macros run while the code is compiled and may write to
the target directory, so one made for it could replace what the compiler made. They are code of the change;
that they changed is for other gates and people to judge.
"""

from __future__ import annotations

import posixpath
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ironwright.host.cargo_messages import Messages, parse_messages
from ironwright.host.cargo_metadata import topmost_manifests
from ironwright.host.cargo_preparation import CargoError as CargoError
from ironwright.host.cargo_preparation import Preparation
from ironwright.host.cargo_preparation import Prepared as Prepared
from ironwright.host.cargo_problems import Blame, Problem, diagnose
from ironwright.host.cargo_settings import CargoSettings, read_settings
from ironwright.host.checkout import SCRATCH_PREFIX
from ironwright.host.instrument import WRAPPER, write_wrapper
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Mount, Sandbox, inner_path
from ironwright.host.toolchain import Toolchain
from ironwright.records.config import CargoConfig
from ironwright.records.errors import ToolError

REPO = "/w/repo"
TARGET = "/w/target"
TOOLS = "/w/tools"

# Nobody looks for a line of a dependency: 6 % less work for a first build, and a third less on disk.
_LEAN_DEPENDENCIES = ("--config", 'profile.dev.package."*".debug = false')

_BUILDS = frozenset({"test", "clippy", "doc", "rustdoc", "build", "check"})


@dataclass(frozen=True, slots=True)
class CargoRun:
    """One cargo command on one workspace.

    Attributes:
        done: How it ended.
        messages: What it said as JSON (empty where it was not asked to).
        problem: Why it failed, where no compiler error says it.
    """

    done: Completed
    messages: Messages
    problem: Problem | None

    @property
    def ok(self) -> bool:
        """Whether it succeeded, by its exit code."""
        return self.done.ok and self.problem is None


def _silent(_message: str) -> None:
    return


class CargoWorkspace:
    """Cargo on one checkout; the workspaces in it are those of its topmost manifests.

    Args:
        checkout: A clean checkout with honest file times; only Cargo.lock may be added or renewed in it.
        target: Where target directories lie and stay.
        sandbox: What every command runs in.
        toolchain: The Rust toolchain, which jobs see at its own place.
        config: Which features to build with.
        limits: What each command may use.
        stop: Ends the running command when it is set.
        progress: Told what is being done.
    """

    def __init__(
        self,
        checkout: Path,
        target: Path,
        sandbox: Sandbox,
        toolchain: Toolchain,
        config: CargoConfig | None = None,
        limits: Limits | None = None,
        *,
        stop: threading.Event | None = None,
        progress: Callable[[str], None] = _silent,
    ) -> None:
        self.checkout = checkout
        self.target = target
        self.sandbox = sandbox
        self.toolchain = toolchain
        self.config = config or CargoConfig()
        self.limits = limits or Limits()
        self.stop = stop
        self.progress = progress
        self._lock = threading.RLock()
        self._prepared: dict[str, Prepared | CargoError] = {}
        self._recalled: set[str] = set()
        self._settings: dict[str, CargoSettings] = {}

    # Places -------------------------------------------------------------------------------------

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The folders of the topmost manifests.

        Raises:
            CargoError: There is no Cargo.toml.
        """
        found = topmost_manifests(self.checkout)
        if not found:
            raise CargoError(
                Problem(
                    Blame.SURROUNDINGS,
                    "there is no Cargo.toml in the tree",
                    advice="Is this a Rust repository?",
                )
            )
        return found

    @cached_property
    def tools(self) -> Path:
        """A folder that only we write: the working directory of cargo, and the instrumenting wrapper."""
        folder = self.target / "tools"
        write_wrapper(folder)
        return folder

    def target_mount(self, root: str, purpose: str, *, writable: bool = True) -> Mount:
        """The target directory of a workspace for a purpose (``test``, ``lint``).

        Workspaces cannot share one: cargo names what it builds by paths relative to the workspace.
        """
        folder = self.target / (purpose if root == "." else f"{purpose}-{root.replace('/', '+')}")
        folder.mkdir(parents=True, exist_ok=True)
        return Mount(folder, TARGET, writable=writable)

    def mounts(
        self, root: str, purpose: str, *, writable_tree: bool = False, tree: Path | None = None
    ) -> tuple[Mount, ...]:
        """What a cargo command sees: the tree or a copy that it may write to, a target directory, tools."""
        return (
            Mount(tree or self.checkout, REPO, writable=writable_tree or tree is not None),
            self.target_mount(root, purpose),
            Mount(self.tools, TOOLS),
        )

    def locate(self, name: str) -> str | None:
        """A path relative to the repository's root, of an absolute one as jobs see it; None where outside."""
        inner = inner_path(self.sandbox, (Mount(self.checkout, REPO),), self.checkout)
        path = posixpath.normpath(name)
        if path == inner:
            return "."
        return path[len(inner) + 1 :] if path.startswith(inner + "/") else None

    def locate_from(self, folder: str) -> Callable[[str], str | None]:
        """A :meth:`locate` that reads relative names from a folder of the checkout, as the compiler does."""
        inner = inner_path(self.sandbox, (Mount(self.checkout, REPO),), self.checkout)

        def locate(name: str) -> str | None:
            return (
                self.locate(posixpath.join(inner, folder, name))
                if name and not name.startswith("<")
                else None
            )

        return locate

    # Commands -----------------------------------------------------------------------------------

    def run(
        self,
        root: str,
        arguments: Sequence[str],
        purpose: str,
        *,
        after: Sequence[str] = (),
        instrument: bool = False,
        network: bool = False,
        writable_tree: bool = False,
        tree: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> CargoRun:
        """Run one cargo command on the workspace of one topmost manifest.

        Args:
            root: The manifest's folder, one of :attr:`roots`.
            arguments: The subcommand and its options, without the manifest, features and settings.
            purpose: Whose target directory.
            after: What follows ``--``.
            instrument: Whether the workspace's own crates are compiled to measure coverage.
            network: Whether it may reach the network.
            writable_tree: Whether it may write the checkout; only for Cargo.lock, never where code runs.
            tree: A copy of the checkout to work on in its place, which it may write to.
            env: Added to cargo's environment.
        """
        settings = self.settings(root)
        recalled = root in self._recalled
        mounts = self.mounts(root, purpose, writable_tree=writable_tree, tree=tree)
        inner = inner_path(self.sandbox, mounts, tree or self.checkout)
        manifest = posixpath.join(inner, root, "Cargo.toml")
        argv = ["cargo", *arguments, "--manifest-path", posixpath.normpath(manifest)]
        argv += self._feature_arguments() if arguments[0] in _BUILDS else []
        argv += _LEAN_DEPENDENCIES if arguments[0] in _BUILDS else []
        argv += settings.arguments if arguments[0] != "fmt" else []
        argv += ["--", *after] if after else []
        cwd = inner_path(self.sandbox, mounts, self.tools)
        job = Job(
            argv=argv,
            mounts=mounts,
            cwd=cwd,
            env=self.environment(settings, mounts, instrument, network) | dict(env or {}),
            limits=self.limits,
            network=network,
        )
        found = self._run(root, job, arguments, after)
        if recalled and found.problem and found.problem.blame is Blame.SURROUNDINGS:
            self._prepare_anew(root)  # what was brought here once may have been removed since
            found = self._run(root, job, arguments, after)
        return found

    def _run(self, root: str, job: Job, arguments: Sequence[str], after: Sequence[str]) -> CargoRun:
        done = self.sandbox.run(job, stop=self.stop)
        done = replace(done, argv=("cargo", *arguments, *(("--", *after) if after else ())))
        messages = parse_messages(done.stdout, self.locate_from(self._compiler_folder(root)))
        problem = diagnose(done, messages, self.locate, cwd=job.cwd, network=job.network)
        return CargoRun(done, messages, problem)

    def settings(self, root: str) -> CargoSettings:
        """What of the checkout's cargo configuration is honoured for one workspace."""
        with self._lock:
            if root not in self._settings:
                inner = inner_path(self.sandbox, (Mount(self.checkout, REPO),), self.checkout)
                self._settings[root] = read_settings(self.checkout, root, self.toolchain.host, inner)
            return self._settings[root]

    def _compiler_folder(self, root: str) -> str:
        """Where the compiler is started: the workspace's root, to which its file names are relative."""
        prepared = self._prepared.get(root)
        return prepared.metadata.root if isinstance(prepared, Prepared) else root

    def _feature_arguments(self) -> list[str]:
        arguments = ["--all-features"] if self.config.all_features else []
        arguments += ["--no-default-features"] if self.config.no_default_features else []
        arguments += ["--features", ",".join(self.config.features)] if self.config.features else []
        return arguments

    def environment(
        self, settings: CargoSettings, mounts: Sequence[Mount], instrument: bool, network: bool
    ) -> dict[str, str]:
        """What cargo and the tools that start it find in their environment."""
        target = next(mount.source for mount in mounts if mount.target == TARGET)
        inner_target = inner_path(self.sandbox, mounts, target)
        wrapper = inner_path(self.sandbox, mounts, self.tools / WRAPPER)
        env = dict(settings.env)
        env |= {
            "CARGO_TARGET_DIR": inner_target,
            "CARGO_BUILD_BUILD_DIR": inner_target,
            "CARGO_NET_OFFLINE": "false" if network else "true",
            "CARGO_TERM_COLOR": "never",
            "CARGO_TERM_PROGRESS_WHEN": "never",
            "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(settings.rustflags),
            "CARGO_ENCODED_RUSTDOCFLAGS": "\x1f".join(settings.rustdocflags),
            "RUSTC": "rustc",
            "RUSTDOC": "rustdoc",
            "RUSTC_WRAPPER": "",
            "RUSTC_WORKSPACE_WRAPPER": wrapper if instrument else "",
            # Line tables are enough for the places of panics, and much quicker to write.
            "CARGO_PROFILE_DEV_DEBUG": "line-tables-only",
            "CARGO_PROFILE_TEST_DEBUG": "line-tables-only",
            "LLVM_PROFILE_FILE": "/dev/null",
            "RUST_BACKTRACE": "0",
        }
        return env

    # Before the first build ---------------------------------------------------------------------

    def prepare(self, root: str) -> Prepared:
        """Read one workspace's manifests, see to its Cargo.lock, and bring its dependencies here; once.

        Fetching is the only step that may use the network, and only where something is missing.

        Raises:
            CargoError: The manifests are refused, or dependencies cannot be had.
        """
        with self._lock:
            if root not in self._prepared:
                try:
                    preparation = self._preparation(root)
                    self._prepared[root] = preparation.prepare()
                    if preparation.recalled:
                        self._recalled.add(root)
                except CargoError as error:  # asking the network again would not change it
                    self._prepared[root] = error
            found = self._prepared[root]
        if isinstance(found, CargoError):
            raise found
        return found

    def _prepare_anew(self, root: str) -> None:
        with self._lock:
            if root in self._recalled:  # else another thread has done it
                self._recalled.remove(root)
                self._preparation(root).forget()
                del self._prepared[root]
            self.prepare(root)

    def _preparation(self, root: str) -> Preparation:
        inner = inner_path(self.sandbox, (Mount(self.checkout, REPO),), self.checkout)
        settings = repr(self.settings(root))
        told = (self.toolchain.description, str(self.toolchain.cargo_home), inner, settings)
        return Preparation(self, root, told, self.progress)

    @contextmanager
    def scratch_tree(self) -> Iterator[Path]:
        """A copy of the checkout that tests may write to; thrown away afterwards, nothing is read back.

        Raises:
            ToolError: There is no room for it.
        """
        with self.scratch_folder("tree") as folder:
            copy = folder / "repo"
            try:
                shutil.copytree(self.checkout, copy, symlinks=True)
            except (OSError, shutil.Error) as error:
                raise ToolError(
                    f"the tree could not be copied for its tests ({error})", advice="Free some space."
                ) from error
            yield copy

    @contextmanager
    def scratch_folder(self, purpose: str) -> Iterator[Path]:
        """An empty folder next to the target directories, thrown away afterwards."""
        self.target.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{SCRATCH_PREFIX}{purpose}-", dir=self.target))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
