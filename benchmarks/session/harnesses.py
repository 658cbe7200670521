"""The two harnesses of the session benchmark, each started as a process: ``harnesses NAME FOLDER URL``."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

DEFINITION = "You are an engineer. You change Rust crates in small steps and check what you did."
TASK = "Make the function return two."
GATES = tuple(f"gate_{number}: refuses what the contract says in line {number}" for number in range(12))


def make_crate(folder: Path) -> Path:
    """A git repository with a tiny crate."""
    repository = folder / "repository"
    (repository / "src").mkdir(parents=True)
    (repository / "Cargo.toml").write_text('[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n')
    (repository / "src/lib.rs").write_text("//! Tiny.\n\npub fn one() -> u8 {\n    1\n}\n")
    git = ["git", "-c", "user.name=B", "-c", "user.email=b@example.invalid"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    return repository


def bare(folder: Path, url: str) -> None:
    """Pydantic-ai with one tool, as small as it gets."""
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    repository = make_crate(folder)
    provider = AnthropicProvider(api_key="key", base_url=url)
    agent = Agent(AnthropicModel("claude-sonnet-5-5", provider=provider), instructions=DEFINITION)

    @agent.tool_plain
    def bash(command: str) -> str:
        """Run a shell command and return its output."""
        done = subprocess.run(
            command, shell=True, cwd=repository, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    agent.run_sync(TASK)


def ironwright(folder: Path, url: str, *, paid_once_too: bool = True) -> None:
    """Our session with everything that it promises.

    Args:
        folder: Where it works.
        url: The model's server.
        paid_once_too: Whether requests go through the process that keeps answers, as in a run.
    """
    from ironwright.host.agent_gitdir import user_identity
    from ironwright.host.choose_sandbox import choose_sandbox
    from ironwright.host.git import open_repository
    from ironwright.models.connect import connect
    from ironwright.models.paid_once import end_server, paid_once
    from ironwright.models.price import Tokens
    from ironwright.models.resolve import resolve
    from ironwright.records.config import Config
    from ironwright.records.definition import Agent
    from ironwright.session.attempt import AttemptSpec, ModelAccess, Stopped, TreeKeeper, Workplace
    from ironwright.session.journal import JournalWriter
    from ironwright.session.native import work
    from ironwright.workflow.durable import StepRunner, run_durably
    from ironwright.workflow.worktree import Workspace

    repository = open_repository(make_crate(folder))
    head = repository.resolve("HEAD")
    workspace = Workspace(
        repository, "bench", "ironwright/bench", head, folder / "area", user_identity(repository)
    )
    workspace.prepare()
    sandbox = choose_sandbox()
    environ = {"ANTHROPIC_API_KEY": "key", "ANTHROPIC_BASE_URL": url}
    resolved = resolve("claude-sonnet-5-5", None, Config(), environ=environ)

    async def check() -> str:
        return "every gate passes"

    async def body(step: StepRunner) -> None:
        with JournalWriter(folder / "journal.jsonl") as journal:
            if not paid_once_too:
                await attempt(step, None, journal)
                return
            async with paid_once(folder / "recordings") as transport:
                await attempt(step, transport, journal)

    async def attempt(
        step: StepRunner, transport: httpx2.AsyncBaseTransport | None, journal: JournalWriter
    ) -> None:
        spec = AttemptSpec(
            key="attempt-1",
            agent=Agent("engineer", "", "ironwright:engineer", "", DEFINITION, 1),
            task=TASK,
            workplace=Workplace(workspace.tree, sandbox, workspace.mounts(sandbox)),
            model=ModelAccess(
                connect(resolved, environ=environ, transport=transport),
                resolved.label,
                lambda used: resolved.dollars(
                    Tokens(used.input, used.output, used.cache_read, used.cache_write)
                ),
                resolved.context,
            ),
            journal=journal,
            step=step,
            trees=TreeKeeper(workspace.state, workspace.restore, workspace.changed),
            gates=GATES,
            check=check,
        )
        result = await work(spec)
        assert result.stopped is Stopped.FINISHED, result

    try:
        asyncio.run(run_durably(folder / "steps.sqlite", "bench", "1", body))
    finally:
        if paid_once_too:
            end_server(folder / "recordings")


def main() -> None:
    """Run one, and print what the process used."""
    name, folder, url = sys.argv[1:]
    harnesses = {
        "bare": bare,
        "unrecorded": partial(ironwright, paid_once_too=False),
        "ironwright": ironwright,
    }
    harnesses[name](Path(folder), url)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
