"""Runs other people's tools on a checkout in the sandbox, in the surroundings that cargo itself is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ironwright.host.cargo import REPO, TOOLS, CargoWorkspace
from ironwright.host.process import Completed
from ironwright.host.sandbox import Job, Mount, inner_path

OUT = "/w/out"


def run_tool(
    workspace: CargoWorkspace,
    root: str,
    argv: Sequence[str],
    purpose: str,
    *,
    tree: Path | None = None,
    out: Path | None = None,
    extra: Sequence[Mount] = (),
    env: Mapping[str, str] | None = None,
    seconds: float | None = None,
    inside_tree: bool = False,
) -> Completed:
    """Run a tool that reads a checkout and may start cargo, without network.

    Args:
        workspace: Cargo on the checkout.
        root: The topmost manifest's folder, one of ``workspace.roots``.
        argv: The command. Paths in it are those of the job: ``/w/repo`` the checkout, ``/w/target`` the
            target directory, ``/w/out`` the folder ``out``.
        purpose: Whose target directory.
        tree: A copy of the checkout to show in its place, which the tool may write to.
        out: An empty folder that the tool may write to.
        extra: More that it sees.
        env: Added to cargo's environment.
        seconds: The time it may take, where that is less than the workspace's limit.
        inside_tree: Whether it starts in the manifest's folder instead of a folder of ours. Cargo then reads
            the tree's own ``.cargo/config.toml``, so ``tree`` must be a copy without one.
    """
    mounts = (*workspace.mounts(root, purpose, tree=tree), *extra)
    if out is not None:
        mounts = (*mounts, Mount(out, OUT, writable=True))
    start = (tree or workspace.checkout) / root if inside_tree else workspace.tools
    limits = workspace.limits
    if seconds is not None:
        limits = replace(limits, seconds=min(seconds, limits.seconds))
    settings = workspace.settings(root)
    job = Job(
        argv=argv,
        mounts=mounts,
        cwd=inner_path(workspace.sandbox, mounts, start),
        env=workspace.environment(settings, mounts, False, False) | dict(env or {}),
        limits=limits,
    )
    return workspace.sandbox.run(job, stop=workspace.stop)


def manifest_inside(root: str) -> str:
    """The path of a topmost manifest as jobs see it."""
    return f"{REPO}/Cargo.toml" if root == "." else f"{REPO}/{root}/Cargo.toml"


def format_text(workspace: CargoWorkspace, source: bytes, edition: str, configured: bool) -> Completed:
    """Format the text of one Rust file; the result is on stdout. The files that it names are left alone.

    Args:
        workspace: Cargo on the checkout.
        source: The text.
        edition: Its edition.
        configured: Whether rustfmt's settings lie at the checkout's top; else there are none.
    """
    mounts = (Mount(workspace.checkout, REPO), Mount(workspace.tools, TOOLS))
    argv = ["rustfmt", "--edition", edition, "--emit", "stdout"]
    if configured:
        argv += ["--config-path", inner_path(workspace.sandbox, mounts, workspace.checkout)]
    job = Job(
        argv=argv,
        mounts=mounts,
        cwd=inner_path(workspace.sandbox, mounts, workspace.tools),
        limits=workspace.limits,
        stdin=source,
    )
    return workspace.sandbox.run(job, stop=workspace.stop)
