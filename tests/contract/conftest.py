"""Agents made from a body's text, and the real gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ironwright.gates.api import Gate
from ironwright.gates.catalog import gates
from ironwright.records.definition import Agent

MakeAgent = Callable[..., Agent]


@pytest.fixture(scope="session")
def all_gates() -> Mapping[str, Gate]:
    return gates()


@pytest.fixture(scope="session")
def make_agent() -> MakeAgent:
    def make(body: str, *, name: str = "engineer", path: str = "engineer.md", head: str = "") -> Agent:
        return Agent(name, "", path, head + body, body, head.count("\n") + 1)

    return make
