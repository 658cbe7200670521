"""Chooses the agent that first works on a task: who may implement Rust, who is held back, who fits best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ironwright.library import LIBRARY_SCHEME
from ironwright.records.definition import Agent, Severity
from ironwright.records.errors import DefinitionError
from ironwright.routing.index_cache import read_agents
from ironwright.routing.route import Route, Router

_RUST = re.compile(r"\b(?:rust|cargo|crates?|clippy|rustc|tokio)\b", re.IGNORECASE)
_WRITES = frozenset(
    (
        *("write", "edit", "multiedit", "notebookedit", "patch", "applypatch", "bash", "shell"),
        *("editfiles", "runcommands"),
    )
)
_OTHER_ROLES = re.compile(
    r"review|audit|architect|plan|doc(?:s|ument|\b)|analy[sz]|coordinat|orchestrat|research|explor|advis|"
    r"summar|translat|triage|explain|inspect|validat",
    re.IGNORECASE,
)
_IMPLEMENTS = re.compile(
    r"\b(?:implement\w*|develop(?:s|ing|ment|er)?|build(?:s|ing)?|refactor\w*|fix(?:es|ing)?|"
    r"writ(?:e|es|ing) (?:\w+ ){0,3}(?:code|rust|tests?|features?))\b",
    re.IGNORECASE,
)
_LAST_RESORT = re.compile(
    r"\bescalation (?:only|policy)\b|"
    r"\bonly\b(?=.*\b(?:use[ds]?|call(?:ed)?|invoked?|agent)\b).{0,60}\b(?:after|when|once|if)\b"
    r".{0,120}\b(?:tried|attempt\w*|exhausted|fail\w*)|"
    r"\b(?:use[ds]?|call(?:ed)?|invoked?)\b.{0,60}\bonly (?:after|when|once|if)\b"
    r".{0,120}\b(?:tried|attempt\w*|exhausted|fail\w*)|"
    r"\balways (?:attempt|try|use) (?:the )?standard\b",
    re.IGNORECASE,
)
# A sentence that says when this agent hands on is no policy about itself.
_OF_OTHERS = re.compile(
    r"\b(?:hand\w*|delegat\w+|escalat(?:e|es|ing)|pass(?:es)?|refers?) (?:\w+ ){0,3}to\b", re.IGNORECASE
)
_GENERAL = re.compile(r"standard|general|^(?:rust[-_ ])?(?:engineer|developer|expert|pro)$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s|\n\s*\n|\n(?=\s*(?:[-*+#]|\d+\.))")
_POLICY_CHARACTERS = 1500
"""How far into the body an agent's own escalation policy is looked for; further down it speaks of others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The agent for a task.

    Attributes:
        agent: The agent.
        score: How well it fits the task, as log-odds.
        margin: How far it leads, 0 to 1; 1 where nothing else came into question.
        accepted: Whether that is sure enough to go without asking.
        reason: One or two sentences for people: why this one, and how sure.
        runners_up: The next best with their scores, at most three.
    """

    agent: Agent
    score: float
    margin: float
    accepted: bool
    reason: str
    runners_up: tuple[tuple[str, float], ...] = ()


def is_last_resort(agent: Agent) -> bool:
    """Whether the agent's own policy says that others must have tried and failed before."""
    policy = f"{agent.description}\n\n{agent.body[:_POLICY_CHARACTERS]}"
    for sentence in _SENTENCE_END.split(policy.replace("*", "")):
        folded = " ".join(sentence.split())
        if _LAST_RESORT.search(folded) and not _OF_OTHERS.search(folded):
            return True
    return False


def can_implement(agent: Agent) -> bool:
    """Whether the agent may write files and its name or description speaks of implementing."""
    if agent.tools is not None:
        tools = {re.split(r"[(/]", tool)[0].replace("_", "").lower() for tool in agent.tools}
        tools |= {tool.rsplit("/", 1)[-1].lower() for tool in agent.tools}
        if tools.isdisjoint(_WRITES):
            return False
    if _OTHER_ROLES.search(agent.name):
        return bool(_IMPLEMENTS.search(agent.name.replace("-", " ")))
    return True


def speaks_rust(agent: Agent) -> bool:
    """Whether the agent's name or description is about Rust, or its body is more than in passing."""
    if _RUST.search(f"{agent.name.replace('-', ' ').replace('_', ' ')} {agent.description}"):
        return True
    return len(_RUST.findall(agent.body)) >= 3


def choose_agent(task: str, agents: Iterable[Agent]) -> Choice:
    """Choose the agent that first works on a task.

    In question are usable agents that implement Rust. The team's own come before the bundled ones, and an
    agent whose policy says "only after others failed" is left out as long as there is another.

    Args:
        task: The task in the user's words.
        agents: The agents that are there, nearest first.

    Raises:
        DefinitionError: None of them comes into question.
    """
    usable = [agent for agent in agents if all(item.severity != Severity.ERROR for item in agent.findings)]
    fitting = [agent for agent in usable if can_implement(agent) and speaks_rust(agent)]
    own = [agent for agent in fitting if not agent.path.startswith(LIBRARY_SCHEME)]
    candidates = own or fitting
    first = [agent for agent in candidates if not is_last_resort(agent)]
    if not first and own:  # the team has only a last resort: something standard still comes before it
        first = [agent for agent in fitting if not is_last_resort(agent)]
    held_back = [agent for agent in candidates if is_last_resort(agent)] if first else []
    candidates = first or candidates
    if not candidates:
        raise DefinitionError(
            f"none of {len(usable)} agents implements Rust" if usable else "there are no agents",
            where=task[:60],
            advice="Name one with --agent, or add one to .claude/agents.",
        )
    # Among agents that fit alike those for general work come first.
    ordered = sorted(candidates, key=lambda agent: not _GENERAL.search(agent.name))
    return _choice(Router(ordered, read_agents(ordered)).route(task), ordered, held_back)


def _choice(route: Route, candidates: Sequence[Agent], held_back: Sequence[Agent]) -> Choice:
    by_name = {agent.name: agent for agent in reversed(candidates)}
    name = route.agent or (route.candidates[0].name if route.candidates else candidates[0].name)
    general = [one for one in candidates if _GENERAL.search(one.name)]
    agent = general[0] if route.agent is None and general else by_name[name]
    scores = {one.name: one.score for one in route.candidates}
    others = [one for one in route.candidates if one.name != agent.name]
    alone = len(candidates) == 1
    if alone:
        reason = f"{agent.name} is the only agent here that implements Rust and may go first."
    elif route.agent is None:
        kind = "is one for general work" if general else "is the nearest"
        reason = f"No agent shares enough with the task; {agent.name} {kind}."
    else:
        reason = route.reason if route.accepted else f"{route.reason} --agent decides it."
    if held_back:
        names = ", ".join(other.name for other in held_back)
        reason += f" Held back until others failed, as their own policy says: {names}."
    return Choice(
        agent,
        scores.get(agent.name, 0.0),
        1.0 if alone else round(route.margin, 3),
        alone or route.accepted,
        reason,
        tuple((one.name, one.score) for one in others[:3]),
    )
