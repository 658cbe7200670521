"""Small agents for the tests of routing."""

from __future__ import annotations

from collections.abc import Sequence

from ironwright.records.definition import Agent
from ironwright.routing.agent_text import read_agent
from ironwright.routing.route import Router


def agent(name: str, description: str, body: str = "") -> Agent:
    return Agent(name, description, f"{name}.md", "", body, 1)


def router(agents: Sequence[Agent]) -> Router:
    return Router(agents, [read_agent(one) for one in agents])


TEAM = (
    agent("api-tester", "Writes integration tests for HTTP endpoints.", "You test REST endpoints."),
    agent("database-optimizer", "Speeds up slow SQL queries and designs indexes.", "Query plans, indexes."),
    agent("rust-doc-standard", "Documents Rust code.", "You write doc comments and examples."),
    agent("rust-doc-advanced", "Documents Rust code where others failed.", "You write deep documentation."),
    agent("debugger", "Finds the cause of crashes.", "You read stack traces."),
    agent(
        "schema-writer",
        "Designs database schemas and tables. Do not use for slow queries or query plans.",
        "Tables, keys, normal forms.",
    ),
)
