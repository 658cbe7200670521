"""The lint rules for one definition, beyond what parsing finds; each yields findings with line and advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ironwright.agents.include import prose_lines
from ironwright.agents.lint_names import (
    BUILT_IN_COMMANDS,
    PLACES,
    is_known_model,
    is_known_tool,
    model_families,
)
from ironwright.agents.source import repair_mojibake
from ironwright.records.definition import Agent, LintFinding, Severity

_NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+"
_MARK = r"[`*@\"'\[]*"
_COMMAND = r"/[a-z][a-z0-9_-]*(?::[a-z0-9_-]+)*(?![\w/*-]|\.\w)"
_NO_COMMAND = (
    r"(?!\S*\s+(?:endpoint|route|path|director|folder|page|url|api|import|export|module|package|prefix)\w*)"
)
_RUNS_COMMANDS = re.compile(
    rf"\b(?:run|runs|running|invoke|execute|call|use|type)\s+(?:the\s+|a\s+|your\s+)?{_MARK}{_COMMAND}{_NO_COMMAND}"
    rf"(?:{_MARK}\s*(?:,\s*|and\s+|then\s+|or\s+)+(?:the\s+)?{_MARK}{_COMMAND})*"
    rf"|(?<![\w/.]){_COMMAND}{_MARK}\s+(?:slash\s+)?commands?\b",
    re.IGNORECASE,
)
_NOT_TO_RUN = re.compile(r"\b(?:not|never|don't|cannot|an?|any|some)\s+[`*\"']*$", re.IGNORECASE)
_ONE_COMMAND = re.compile(rf"(?<![\w/.]){_COMMAND}")
_EXAMPLES = re.compile(r"<example>|\bexamples?:|\b(?:user|assistant):", re.IGNORECASE)
_EXAMPLE_START = re.compile(r"<example>|\bexample\s+\d+\s*:", re.IGNORECASE)
_EXAMPLE_AGENT = re.compile(
    rf"\b(?:use|using|launch|launching|invoke|engage|call|deploy)\s+(?:the\s+)?{_MARK}({_NAME}){_MARK}\s+agent",
    re.IGNORECASE,
)


def _delegates(name: str) -> re.Pattern[str]:
    return re.compile(
        r"\b(?i:delegat\w+|escalat\w+|defer|refer|hand(?:s|ing|ed)?\s+(?:\w+\s+)?(?:off|over))\s+"
        r"(?:\w+\s+){0,3}to\s+"
        rf"(?:the\s+)?{_MARK}({name})\b"
        rf"|\b(?i:use|launch|invoke|call|spawn|consult)\s+(?:the\s+)?{_MARK}({name}){_MARK}\s+(?:sub-?)?agent\b"
    )


_DELEGATES = _delegates(_NAME)
_DELEGATES_TO_A_WORD = _delegates(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PARTNERS = re.compile(
    r"collaborat|delegat|other agents|hand-?offs?\b|escalat|(?:works?|integrat\w+) with (?:other )?agents",
    re.IGNORECASE,
)
_PARTNER = re.compile(
    rf"[ \t]*[-*+]\s+(?:\*\*|`|@)+({_NAME})(?:\*\*|`)"
    rf"|[ \t]*[-*+]\s+[A-Z]\w+\s+(?:with\s+)?({_NAME})\s+(?:on|for|with|in|to|about)\b"
)
_PEOPLE = re.compile(
    r"-(?:makers|experts|teams|owners|users|stakeholders|leads|managers|engineers|developers)$"
)
_CONDITIONAL = re.compile(
    r"\b(?:if|when|where)\s+(?:it\s+is\s+|they\s+are\s+)?(?:available|present|installed)", re.IGNORECASE
)
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_OTHERS = re.compile(r"\b[a-z0-9]+(?:-[a-z0-9]+)+\b")
_SELF = re.compile(
    r"\b(?:you are|i am)\b[^.\n]*\b(?:using|powered by|running on)\s+([^.\n,]+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a definition may refer to.

    Attributes:
        agents: Names of the agents that are there.
        commands: Names of the commands that are there, without slash.
    """

    agents: frozenset[str]
    commands: frozenset[str]


Rule = Callable[[Agent, Surroundings], Iterator[LintFinding]]


def _warning(agent: Agent, rule: str, line: int, message: str, advice: str) -> LintFinding:
    return LintFinding(rule, Severity.WARNING, agent.path, line, message, advice)


def key_line(agent: Agent, key: str) -> int:
    """1-based line of a frontmatter key; 1 where it has none."""
    lines = agent.text.split("\n")[: agent.body_line - 1]
    return next((n for n, line in enumerate(lines, 1) if re.match(rf"{re.escape(key)}[ \t]*:", line)), 1)


def _line_of(agent: Agent, words: str, key: str) -> int:
    lines = agent.text.split("\n")
    return next((n for n, line in enumerate(lines, 1) if words in line), key_line(agent, key))


def unknown_tool(agent: Agent, _around: Surroundings) -> Iterator[LintFinding]:
    """Tools that nothing here has; one finding a file."""
    unknown = [tool for tool in agent.tools or () if not is_known_tool(tool)]
    if unknown:
        names = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        advice = "Use names such as Read, Edit, Bash, Grep, or mcp__server__tool."
        line = max(key_line(agent, "tools"), key_line(agent, "allowed-tools"))
        yield _warning(agent, "unknown-tool", line, f"no such tool: {names}", advice)


def unknown_model(agent: Agent, _around: Surroundings) -> Iterator[LintFinding]:
    """A model that is neither an alias nor has the form of an id."""
    if agent.model and not is_known_model(agent.model):
        advice = "Use sonnet, opus, haiku, inherit, or a provider's model id."
        message = f"`{agent.model}` is no model name"
        yield _warning(agent, "unknown-model", key_line(agent, "model"), message, advice)


def model_contradiction(agent: Agent, _around: Surroundings) -> Iterator[LintFinding]:
    """The frontmatter asks for one model, the text says that it is another."""
    stated = model_families(agent.model or "")
    if len(stated) != 1:
        return
    examples = _EXAMPLES.search(agent.description)
    heading = next((line for line in agent.body.split("\n") if _HEADING.match(line)), "")
    self_named = _SELF.search(agent.body)
    described = agent.description[: examples.start()] if examples else agent.description
    about = (agent.name, _OTHERS.sub(" ", described))  # `rust-debugger-opus` names an agent, not this model
    named = model_families(" ".join((*about, heading, self_named[1] if self_named else "")))
    if len(named) == 1 and named != stated:
        message = f"the text says {next(iter(named))}, the frontmatter asks for {agent.model}"
        advice = "Make the two agree; the frontmatter decides."
        yield _warning(agent, "model-contradiction", key_line(agent, "model"), message, advice)


def example_routes_elsewhere(agent: Agent, _around: Surroundings) -> Iterator[LintFinding]:
    """An example in the description sends the task to another agent, and not to this one as well."""
    start = _EXAMPLES.search(agent.description)
    if not start:
        return
    own = slug(agent.name)
    itself = re.compile(rf"(?<![\w-]){re.escape(own)}(?![\w-])", re.IGNORECASE)
    seen: set[str] = set()
    for example in _EXAMPLE_START.split(agent.description[start.start() :]):
        if itself.search(example):
            continue
        for name in _EXAMPLE_AGENT.findall(example):
            if slug(name).removesuffix("-agent") == own.removesuffix("-agent") or name in seen:
                continue
            seen.add(name)
            message = f"an example of `{agent.name}` sends the task to `{name}`"
            advice = f"Name `{agent.name}` in its own examples."
            line = _line_of(agent, name, "description")
            yield _warning(agent, "example-routes-elsewhere", line, message, advice)


def unknown_command(agent: Agent, around: Surroundings) -> Iterator[LintFinding]:
    """The text asks to run a slash command that does not exist."""
    seen = set()
    known = around.commands
    for number, line in prose_lines(agent.body, agent.body_line):
        for match in _RUNS_COMMANDS.finditer(line):
            for found in _ONE_COMMAND.findall(match[0]):
                name = found[1:]
                # A plugin's or a scope's name may stand before a colon.
                names = {name, name.rpartition(":")[2]}
                if _beside(agent, name) or _NOT_TO_RUN.search(line[: match.start()]):
                    continue
                if (
                    name in seen
                    or "-name" in name
                    or any(names & group for group in (known, BUILT_IN_COMMANDS, PLACES))
                ):
                    continue
                seen.add(name)
                advice = f"Add .claude/commands/{name.replace(':', '/')}.md, or correct the name."
                yield _warning(agent, "unknown-command", number, f"there is no command /{name}", advice)


def _beside(agent: Agent, name: str) -> bool:
    """Whether ``folder:name`` is the file ``name.md`` beside the definition, in a folder of that name."""
    folder, _, bare = name.rpartition(":")
    here = Path(agent.path).parent
    return bool(folder) and here.name == folder and (here / f"{bare}.md").is_file()


@dataclass(frozen=True, slots=True)
class Handover:
    """A place where a text hands work to another agent.

    Attributes:
        to: The agent that it names.
        line: 1-based line, counted through the body.
        sentence: The line.
        firm: The text says that work is handed over, and does not only list who is there.
    """

    to: str
    line: int
    sentence: str
    firm: bool


def handovers(agent: Agent, known: frozenset[str] = frozenset()) -> Iterator[Handover]:
    """Where a definition hands work to another agent, without what it does only "if available".

    Args:
        agent: The definition.
        known: Names that are agents also where they are single words; others need a hyphen to be taken for
            an agent.
    """
    among_partners = False
    for number, line in prose_lines(agent.body, agent.body_line):
        heading = _HEADING.match(line)
        if heading or (line.strip().endswith(":") and not line.lstrip().startswith(("-", "*", "+"))):
            among_partners = bool(_PARTNERS.search(line))
        if "-" not in line and not known:
            continue
        delegates = list((_DELEGATES_TO_A_WORD if known else _DELEGATES).finditer(line))
        delegates = [
            match for match in delegates if "-" in (match[1] or match[2]) or (match[1] or match[2]) in known
        ]
        partner = _PARTNER.match(line) if among_partners else None
        if (delegates or partner) and _CONDITIONAL.search(line):
            continue
        for match in delegates:
            yield Handover(match[1] or match[2], number, line, firm=True)
        if partner and not _PEOPLE.search(partner[1] or partner[2]):
            yield Handover(partner[1] or partner[2], number, line, firm=False)


def dangling_agent(agent: Agent, around: Surroundings) -> Iterator[LintFinding]:
    """The text hands work to an agent that does not exist."""
    known = _slugs(around.agents) | {slug(agent.name)}
    seen: set[str] = set()
    for item in handovers(agent):
        if item.to not in known and item.to not in seen:
            seen.add(item.to)
            advice = "Add that agent, correct the name, or write “if available”."
            message = f"there is no agent `{item.to}` to hand work to"
            yield _warning(agent, "dangling-agent", item.line, message, advice)


def mojibake(agent: Agent, _around: Surroundings) -> Iterator[LintFinding]:
    """Characters that were UTF-8, read as Windows-1252 and saved again."""
    for number, line in enumerate(agent.text.split("\n"), 1):
        repaired = repair_mojibake(line)
        if repaired is not None:
            at = next(n for n, (old, new) in enumerate(zip(line, repaired, strict=False)) if old != new)
            here, meant = line[max(0, at - 12) : at + 12].strip(), repaired[max(0, at - 12) : at + 10].strip()
            message = f"the text was decoded wrongly: “{here}” was “{meant}”"
            yield _warning(agent, "mojibake", number, message, "Save the file as UTF-8 again.")


@lru_cache(maxsize=8)
def _slugs(names: frozenset[str]) -> frozenset[str]:
    return frozenset(slug(name) for name in names)


def slug(name: str) -> str:
    """A name as others write it: in small letters, words joined with hyphens."""
    return re.sub(r"[\s_]+", "-", name.strip().lower())


AGENT_RULES: tuple[Rule, ...] = (
    unknown_tool,
    unknown_model,
    model_contradiction,
    example_routes_elsewhere,
    unknown_command,
    dangling_agent,
    mojibake,
)
COMMAND_RULES: tuple[Rule, ...] = (
    unknown_tool,
    unknown_model,
    unknown_command,
    mojibake,
)
SNIPPET_RULES: tuple[Rule, ...] = (unknown_command, mojibake)
