"""From what the agent left to commits that can be delivered: its own where clean, else one of ours."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from ironwright.host.git import Repository
from ironwright.records.errors import RepositoryError
from ironwright.workflow.worktree import Workspace

RUN_TRAILER = "Ironwright-Run"

_MOST_COMMITS = 100
_SUBJECT_WIDTH = 72
# Lines that advertise a tool instead of saying what changed; a commit's message keeps to the change.
_ADVERTISING = re.compile(
    r"^\s*(🤖.*|(generated|created|written) (with|by|using) .*"
    r"|co-authored-by:.*(claude|anthropic|openai|codex|copilot|gemini|cursor|noreply).*)\s*$",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"^[A-Za-z][A-Za-z-]*: \S")


@dataclass(frozen=True, slots=True)
class Work:
    """The committed state of a run's work.

    Attributes:
        head: The last commit; the base where nothing was changed.
        tree: Its tree, equal to the worktree's files.
        commits: ``(id, subject)`` from oldest to newest.
        notes: What was done to the agent's own commits, and why.
    """

    head: str
    tree: str
    commits: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _AgentCommit:
    oid: str
    tree: str
    date: str
    message: str


def commit_work(workspace: Workspace, task: str, agent: str, date: str) -> Work:
    """Commit what is in the worktree on top of the base, into the run's own objects; no ref moves.

    The agent's own commits are kept (with the user's identity and the run's trailer) where they form one
    line from the base; work that it left uncommitted becomes one more commit. Everything else is folded
    into one commit whose message says the task.

    Args:
        workspace: The run's workspace.
        task: The task as the user wrote it, for the message.
        agent: The agent's name, for the message.
        date: The date of our own commit; the same date and state give the same commit id.

    Raises:
        RepositoryError: git cannot write the commits.
    """
    tree = workspace.snapshot()
    base_tree = workspace.objects.tree_of(workspace.base)
    notes: list[str] = []
    own = _agent_commits(workspace, notes)
    parent, parent_tree = workspace.base, base_tree
    for commit in own:
        if commit.tree == parent_tree:
            continue  # an empty commit says nothing about the work
        message = _clean_message(commit.message, workspace.run_id, notes)
        parent = workspace.objects.commit_tree(
            commit.tree, [parent], message, workspace.identity.environment(commit.date)
        )
        parent_tree = commit.tree
    if tree != parent_tree:
        message = _own_message(task, agent, workspace.run_id)
        parent = workspace.objects.commit_tree(tree, [parent], message, workspace.identity.environment(date))
    log = workspace.objects.log(workspace.base, parent)
    return Work(parent, tree, log, tuple(dict.fromkeys(notes)))


def deliver(workspace: Workspace, work: Work) -> None:
    """Copy the work's commits into the user's repository and put the run's branch on the last one.

    Raises:
        RepositoryError: git refuses an object, or somebody moved the branch meanwhile.
    """
    span = f"{work.head}\n^{workspace.base}\n".encode()
    pack = workspace.objects.git("pack-objects", "--revs", "--stdout", "--quiet", stdin=span).stdout
    repository = workspace.repository
    repository.git("unpack-objects", "-q", "--strict", stdin=pack)
    ref = f"refs/heads/{workspace.branch}"
    current = repository.git("rev-parse", "--verify", "--quiet", ref, check=False).text.strip()
    if current == work.head:
        return
    if current != workspace.base:
        raise RepositoryError(
            f"the branch {workspace.branch} was moved while the run worked on it",
            where=str(repository.root),
            advice=f"Put the branch back to {workspace.base[:12]} and resume; the work is {work.head}.",
        )
    repository.set_ref(ref, work.head, expected=workspace.base)


def _agent_commits(workspace: Workspace, notes: list[str]) -> tuple[_AgentCommit, ...]:
    """The agent's own commits since the base, oldest first; none, with a note, where unusable."""
    objects = workspace.objects
    try:
        head = workspace.agent_gitdir.head()
        if head is None or head == workspace.base:
            return ()
        workspace.agent_gitdir.import_commits(objects, workspace.base, head)
        commits = _read_line(objects, workspace.base, head)
    except RepositoryError as error:
        notes.append(f"the agent's own commits could not be used and are folded into one: {error.what}")
        return ()
    if commits is None:
        notes.append("the agent's own commits are not one line from the base and are folded into one")
        return ()
    return commits


def _read_line(objects: Repository, base: str, head: str) -> tuple[_AgentCommit, ...] | None:
    raw = objects.git(
        "log", "--reverse", "--topo-order", "-z", "--format=%H%n%T%n%P%n@%at +0000%n%B", f"{base}..{head}"
    ).text
    commits: list[_AgentCommit] = []
    previous = base
    for record in raw.split("\0"):
        if not record.strip():
            continue
        oid, tree, parents, date, message = record.split("\n", 4)
        if parents != previous or not message.strip() or len(commits) == _MOST_COMMITS:
            return None
        objects.entries(tree)  # refuses paths that git would not check out
        commits.append(_AgentCommit(oid, tree, date, message))
        previous = oid
    return tuple(commits) if previous == head else None


def _clean_message(message: str, run_id: str, notes: list[str]) -> str:
    lines = [line.rstrip() for line in message.strip().splitlines()]
    kept = [line for line in lines if not _ADVERTISING.match(line)]
    if len(kept) != len(lines):
        notes.append("lines that advertise a tool were removed from the agent's commit messages")
    text = "\n".join(kept).strip() or "Change the files of the task"
    return _with_trailer(text, run_id)


def _own_message(task: str, agent: str, run_id: str) -> str:
    folded = " ".join(task.split())
    subject = textwrap.shorten(folded, _SUBJECT_WIDTH, placeholder=" …") or "Carry out the task"
    if subject == "…":
        subject = folded[:_SUBJECT_WIDTH]
    paragraphs = [subject]
    if subject != folded:
        paragraphs.append(textwrap.fill(f"Task: {folded}", 76, break_long_words=False))
    paragraphs.append(f"Ironwright-Agent: {agent}")
    return _with_trailer("\n\n".join(paragraphs), run_id)


def _with_trailer(message: str, run_id: str) -> str:
    trailer = f"{RUN_TRAILER}: {run_id}"
    lines = message.splitlines()
    if trailer in lines:
        return message + "\n"
    last = message.rsplit("\n\n", 1)
    in_block = len(last) == 2 and all(_TRAILER.match(line) for line in last[1].splitlines())
    return f"{message}\n{trailer}\n" if in_block else f"{message}\n\n{trailer}\n"


def work_as_json(work: Work) -> dict[str, object]:
    """The work as JSON data, for a durable step."""
    return {
        "head": work.head,
        "tree": work.tree,
        "commits": [list(item) for item in work.commits],
        "notes": list(work.notes),
    }


def work_from_json(data: Mapping[str, object]) -> Work:
    """Read back what :func:`work_as_json` wrote."""
    commits = data["commits"]
    notes = data["notes"]
    assert isinstance(commits, list)
    assert isinstance(notes, list)
    return Work(
        str(data["head"]),
        str(data["tree"]),
        tuple((str(a), str(b)) for a, b in commits),
        tuple(map(str, notes)),
    )
