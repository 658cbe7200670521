"""``ironwright contract diff A B``: what changed between two definitions, in the words of gates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ironwright.records.errors import DefinitionError

if TYPE_CHECKING:
    from ironwright.contract.compare import Difference
    from ironwright.interfaces.cli.output import Output
    from ironwright.records.config import Config
    from ironwright.records.definition import Agent

_MARKS = {"appeared": "+", "disappeared": "-", "reworded": "~", "asks": "~", "gate": "="}
_STYLES = {"appeared": "green", "disappeared": "red", "reworded": "yellow", "asks": "yellow", "gate": "bold"}


def show_differences(one: str, other: str, root: Path, config: Config, output: Output) -> int:
    """Print what differs between the contracts of two definitions.

    Raises:
        DefinitionError: One of them cannot be read.
        ContractError: The settings name an unknown gate or parameter.
    """
    from ironwright.contract.compare import differences
    from ironwright.contract.compile import compile_contract
    from ironwright.gates.catalog import gates

    contracts = [compile_contract(_definition(word, root), config, gates()) for word in (one, other)]
    found = differences(*contracts)
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        output.answer(data_as_json({"differences": [item.as_json() for item in found]}))
    else:
        output.answer(_as_text(found, one, other, output))
    return 0


def _definition(word: str, root: Path) -> Agent:
    """A file, a name, or ``REVISION:PATH``: of an old revision what it includes is not looked up."""
    from ironwright.agents.find import resolve_agent

    revision, colon, path = word.partition(":")
    if not colon or Path(word).exists() or word.startswith("ironwright:") or not revision or not path:
        return resolve_agent(word, root)
    from ironwright.agents.parse import parse_agent
    from ironwright.host.git import open_repository

    repository = open_repository(root)
    content = repository.file_at(repository.tree_of(repository.resolve(revision)), path)
    if content is None:
        raise DefinitionError(
            f"{revision} holds no file {path}",
            where=word,
            advice="Name the path from the repository's top, as in main:.claude/agents/engineer.md.",
        )
    return parse_agent(content, path)


def _as_text(found: tuple[Difference, ...], one: str, other: str, output: Output) -> str:
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.figures import count
    from ironwright.reporting.untrusted import printable

    canvas = Canvas(output.screen())
    canvas.line((f"{printable(one)} → {printable(other)}", "bold"), f"  {count(len(found), 'difference')}")
    for item in found:
        where = f"line {item.line}  " if item.line else ""
        canvas.line(
            (f"{_MARKS[item.kind]} ", _STYLES[item.kind]), (where, "cyan"), printable(item.sentence), indent=2
        )
        for mark, text in (("was ", item.before), ("now ", item.after)):
            if text:
                canvas.line((mark, "dim"), printable(text), indent=8)
    return canvas.result()
