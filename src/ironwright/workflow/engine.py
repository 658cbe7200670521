"""Which engine works on a run's attempts, and whether it can."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ironwright.records.config import ENGINES, Config
from ironwright.records.errors import ConfigError
from ironwright.workflow.request import RunRequest

if TYPE_CHECKING:
    from ironwright.session.attempt import Engine

NATIVE, CLAUDE_CODE = ENGINES


def with_engine(request: RunRequest, config: Config, models: Iterable[str]) -> RunRequest:
    """The request with its engine settled, so that a run that goes on does so with the same one.

    Args:
        request: What the user asked for; its engine wins.
        config: The user's settings, for a request that names none.
        models: The models of the run, as ``provider:id``.

    Raises:
        ConfigError: Nobody knows the engine, or it cannot play a recording.
        ToolError: The engine is not installed.
        ModelError: It cannot ask one of the models.
    """
    name = request.engine or config.run.engine
    if name not in ENGINES:
        raise ConfigError(
            f"there is no engine {name!r}",
            where="--engine" if request.engine else f"{config.path}, [run] engine",
            advice=f"Use {' or '.join(ENGINES)}.",
        )
    if name == CLAUDE_CODE:
        if request.recording is not None:
            raise ConfigError(
                "a recording is played by the native engine only",
                where="--engine",
                advice="Leave out the recording, or use --engine native.",
            )
        from ironwright.session.claude_code_place import require_claude_code

        for label in filter(None, models):
            require_claude_code(label)
    return replace(request, engine=name)


def engine_named(name: str) -> Engine:
    """The engine that a settled request names."""
    if name == CLAUDE_CODE:
        from ironwright.session.claude_code import work as with_claude_code

        return with_claude_code
    from ironwright.session.native import work

    return work
