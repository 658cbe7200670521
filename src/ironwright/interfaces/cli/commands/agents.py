"""``ironwright agents``: lists, shows, lints and exports definition files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ironwright.interfaces.cli.commands.agents_export import export_agents
from ironwright.interfaces.cli.commands.agents_lint import findings_as_text, lint
from ironwright.interfaces.cli.output import Output, output_options

if TYPE_CHECKING:
    from ironwright.agents.find import AgentSource
    from ironwright.records.definition import Agent

_repo = click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=".",
    help="Any folder of the project (default: this one).",
)


@click.group("agents")
def command() -> None:
    """List, show, lint or export agent definitions."""


@command.command("list")
@_repo
@output_options("terminal", "json")
def list_agents(repo: Path, output: Output) -> int:
    """List the agents that can be used here: the project's, yours, and the bundled ones."""
    from ironwright.agents.find import find_agents
    from ironwright.interfaces.cli.project import project_root

    found = sorted(find_agents(project_root(repo)).values(), key=lambda source: source.name)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"agents": [_source_as_data(source) for source in found]}))
        return 0
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    canvas.table(
        [
            ("agent", {"no_wrap": True}),
            ("from", {"no_wrap": True}),
            ("model", {"no_wrap": True}),
            ("for", {"overflow": "fold", "ratio": 1}),
        ],
        [
            [
                canvas.text((printable(source.name), "bold")),
                canvas.text(source.origin.value if source.usable else "unusable"),
                canvas.text(printable(source.agent.model or "-")),
                canvas.text(_first_sentence(source.agent.description)),
            ]
            for source in found
        ],
    )
    output.answer(canvas.result())
    return 0


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
@_repo
@output_options("terminal", "json")
def show_agent(name: str, repo: Path, output: Output) -> int:
    """Show one agent: where it comes from, what it may use, what it includes, and what is odd about it."""
    from ironwright.agents.find import resolve_agent
    from ironwright.interfaces.cli.project import project_root

    agent = resolve_agent(name, project_root(repo))
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json(_agent_as_data(agent)))
    else:
        output.answer(_agent_as_text(agent, output))
    return 0


command.add_command(lint)
command.add_command(export_agents)


def _source_as_data(source: AgentSource) -> dict[str, Any]:
    return {
        "name": source.name,
        "path": source.path,
        "origin": source.origin.value,
        "usable": source.usable,
        "model": source.agent.model,
        "description": source.agent.description,
    }


def _agent_as_data(agent: Agent) -> dict[str, Any]:
    return {
        "name": agent.name,
        "path": agent.path,
        "description": agent.description,
        "model": agent.model,
        "tools": None if agent.tools is None else list(agent.tools),
        "body_line": agent.body_line,
        "body": agent.body,
        "includes": [
            {"name": item.name, "path": str(item.path), "line": item.line} for item in agent.includes
        ],
        "findings": [finding.as_json() for finding in agent.findings],
    }


def _agent_as_text(agent: Agent, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.untrusted import printable, printable_lines

    canvas = Canvas(output.screen())
    canvas.line((printable(agent.name), "bold"))
    facts = {
        "file": agent.path,
        "model": agent.model or "not named",
        "tools": "all" if agent.tools is None else ", ".join(agent.tools) or "none",
        "includes": ", ".join(f"{item.name} (line {item.line})" for item in agent.includes) or "none",
    }
    for name, value in facts.items():
        canvas.line((f"{name:<9}", "dim"), printable(value), indent=2, fold=False)
    canvas.blank()
    for line in printable_lines(agent.description):
        canvas.line(line, indent=2)
    canvas.blank()
    for line in printable_lines(agent.body.strip()):
        canvas.line(line, indent=2)
    if agent.findings:
        canvas.blank()
        return canvas.result() + findings_as_text(agent.findings, output)
    return canvas.result()


def _first_sentence(description: str) -> str:
    from ironwright.reporting.untrusted import printable

    words = printable(description.split("<example>")[0].split("Examples:")[0])
    first = words.split(". ")[0]
    return first if len(first) <= 160 else first[:159].rstrip() + "…"
