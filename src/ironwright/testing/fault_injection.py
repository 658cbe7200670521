"""Ends a run's process by SIGKILL at a chosen moment, as a power cut or ``kill -9`` would."""

from __future__ import annotations

import os
import signal
import threading

from ironwright.records.errors import ConfigError
from ironwright.records.journal import Event
from ironwright.workflow.context import RunListener

MOMENTS = ("step_started", "step_ended", "event")


class KillAt(RunListener):
    """A listener that kills its own process.

    Args:
        moment: ``step_started``; ``step_ended``, when a step was done and is not recorded yet; or ``event``,
            when the journal's line is on the disk.
        name: The step's name. For ``event`` the name of the step that wrote it.

    Raises:
        ConfigError: There is no such moment.
    """

    def __init__(self, moment: str, name: str) -> None:
        if moment not in MOMENTS:
            raise ConfigError(f"there is no moment {moment!r}", advice=f"Use one of {', '.join(MOMENTS)}.")
        self._moment = moment
        self._name = name

    def event(self, event: Event) -> None:
        """Kill at the journal's line of a step."""
        self._kill("event", event.step)

    def step_started(self, name: str) -> None:
        """Kill before a step is done."""
        self._kill("step_started", name)

    def step_ended(self, name: str) -> None:
        """Kill between a step's end and its record."""
        self._kill("step_ended", name)

    def _kill(self, moment: str, name: str) -> None:
        if (moment, name) == (self._moment, self._name):
            os.kill(os.getpid(), signal.SIGKILL)


class Moments(RunListener):
    """A listener that notes every moment at which :class:`KillAt` could strike, in order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seen: list[tuple[str, str]] = []

    def event(self, event: Event) -> None:
        """Note a line of the journal."""
        self._note("event", event.step)

    def step_started(self, name: str) -> None:
        """Note the beginning of a step."""
        self._note("step_started", name)

    def step_ended(self, name: str) -> None:
        """Note the end of a step."""
        self._note("step_ended", name)

    def _note(self, moment: str, name: str) -> None:
        with self._lock:
            self.seen.append((moment, name))
