"""A worktree with a tiny crate, a real sandbox, a real server, and the attempt that puts them together."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Limits
from ironwright.host.sandbox import Mount, Sandbox
from ironwright.models.connect import connect
from ironwright.models.resolve import resolve
from ironwright.models.steady import Patience
from ironwright.records.config import Config
from ironwright.records.definition import Agent
from ironwright.records.journal import Event, EventKind, read_journal
from ironwright.session.attempt import (
    AttemptResult,
    AttemptSpec,
    ModelAccess,
    TreeKeeper,
    Workplace,
)
from ironwright.session.journal import JournalWriter
from ironwright.session.native import work
from ironwright.testing.scripted_model import Received, ScriptedServer, ToolUse, Turn

MODELS = {
    "anthropic": "anthropic:claude-sonnet-5-5",
    "openai-chat": "openai-chat:gpt-5.4",
    "openai-responses": "openai:gpt-5.4",
    "google": "google:gemini-3.8-flash",
    "bedrock": "bedrock:us.anthropic.claude-sonnet-5-5",
}
AWS_KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key-of-a-test", "AWS_REGION": "us-east-1"}
QUICK = Patience(tries=3, first_wait=0.01)


def call(tool: str, **args: Any) -> Turn:
    """A turn that calls one tool."""
    return Turn(calls=[ToolUse(tool, args)])


def git_trees(worktree: Path, store: Path) -> TreeKeeper:
    """Snapshots of a folder as git trees, in a repository beside it."""
    env = {
        "PATH": os.environ["PATH"],
        "GIT_DIR": str(store),
        "GIT_WORK_TREE": str(worktree),
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }

    def git(*args: str) -> str:
        done = subprocess.run(
            ["git", *args], env=env, cwd=worktree, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    if not store.exists():
        git("init", "-q")

    def snapshot() -> str:
        git("add", "-A", "-f")
        return git("write-tree")

    def restore(tree: str) -> None:
        git("read-tree", tree)
        git("checkout-index", "-a", "-f")
        git("clean", "-fdxq")

    return TreeKeeper(snapshot, restore, lambda a, b: git("diff", "--name-only", a, b).split())


@dataclass
class Bench:
    """Where attempts are tried out."""

    folder: Path
    sandbox: Sandbox
    progress: list[str] = field(default_factory=list)

    @property
    def worktree(self) -> Path:
        return self.folder / "tree"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.jsonl"

    def file(self, path: str) -> Path:
        return self.worktree / path

    def events(self, kind: EventKind | None = None) -> list[Event]:
        return [event for event in read_journal(self.journal) if kind in (None, event.kind)]

    def access(self, server: ScriptedServer, **options: Any) -> ModelAccess:
        environ = environment(server)
        resolved = resolve(MODELS[server.protocol], None, Config(), environ=environ)
        model = connect(
            resolved,
            environ=environ,
            patience=options.get("patience", QUICK),
            base_url=server.url if server.protocol == "bedrock" else None,
        )
        return ModelAccess(model, resolved.label, resolved.dollars, resolved.context)

    def spec(self, server: ScriptedServer, journal: JournalWriter, **changes: Any) -> AttemptSpec:
        spec = AttemptSpec(
            key="attempt-1",
            agent=Agent("engineer", "works", "engineer.md", "text", "You are an engineer.", 1),
            task="Add a function.",
            workplace=Workplace(
                self.worktree,
                self.sandbox,
                (
                    Mount(self.worktree, "/w/repo", writable=True),
                    Mount(self.folder / "target", "/w/target", writable=True),
                ),
                command_limits=Limits(seconds=60, memory_mb=2048),
            ),
            model=self.access(server),
            journal=journal,
            progress=self.progress.append,
        )
        return replace(spec, **changes)

    def run(
        self,
        script: Sequence[Turn] | Callable[[Received], Turn],
        protocol: Any = "anthropic",
        requests: list[Received] | None = None,
        **changes: Any,
    ) -> AttemptResult:
        with ScriptedServer(script, protocol) as server, JournalWriter(self.journal) as journal:
            result = asyncio.run(work(self.spec(server, journal, **changes)))
            if requests is not None:
                requests += server.requests
        return result


def environment(server: ScriptedServer) -> Mapping[str, str]:
    return {
        "ANTHROPIC_API_KEY": "key-of-a-test",
        "ANTHROPIC_BASE_URL": server.url,
        "OPENAI_API_KEY": "key-of-a-test",
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "GOOGLE_API_KEY": "key-of-a-test",
        "GOOGLE_GEMINI_BASE_URL": server.url,
        **AWS_KEYS,
    }


def told(request: Received) -> str:
    """Everything that a request tells the model, as text."""
    return request.body.decode()


def make_bench(folder: Path) -> Bench:
    """A worktree with a tiny crate in a folder."""
    made = Bench(folder, choose_sandbox())
    (made.worktree / "src").mkdir(parents=True)
    (folder / "target").mkdir()
    made.file("Cargo.toml").write_text('[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n')
    made.file("src/lib.rs").write_text("//! Tiny.\n\npub fn one() -> u8 {\n    1\n}\n")
    return made
