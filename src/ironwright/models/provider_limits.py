"""What a provider asked for, kept to by every run on this machine: when to come back, how often to ask."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ironwright.host.clock import epoch_seconds
from ironwright.models.providers import Provider
from ironwright.records.paths import state_home

LONGEST_REST = 3600.0
"""No provider is left alone for longer, in seconds: a moment further away comes from a clock set wrong."""

_ADDRESSES = (
    "ANTHROPIC_BASE_URL",
    "OPENAI_BASE_URL",
    "GOOGLE_GEMINI_BASE_URL",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
)
"""The variables that send a provider's requests elsewhere, where other limits hold."""


def limits_of(
    provider: Provider, environ: Mapping[str, str], opened_by: str, *, per_minute: int | None = None
) -> ProviderLimits:
    """The limits of one account at one provider, shared by all processes of this user.

    Args:
        provider: The provider.
        environ: Where the key is; only a digest of it becomes part of a file's name.
        opened_by: What opens it.
        per_minute: The most requests a minute, of all runs together; None for no such limit.
    """
    elsewhere = [environ.get(name, "") for name in _ADDRESSES]
    account = f"{provider.name} {provider.base_url} {opened_by} {environ.get(opened_by, '')} {elsewhere}"
    name = f"{provider.name}-{hashlib.sha256(account.encode()).hexdigest()[:16]}.json"
    return ProviderLimits(state_home() / "providers" / name, per_minute)


class ProviderLimits:
    """When the next request to a provider may be sent.

    The file holds two moments in seconds since 1970: until when the provider asked to be left alone
    (``not_before``), and the last moment that was given away (``slot``). Where it cannot be written, this
    process keeps to what it heard itself.

    Args:
        path: The file.
        per_minute: The most requests a minute; None for no such limit.
        clock: Seconds since 1970.
    """

    def __init__(
        self, path: Path, per_minute: int | None = None, clock: Callable[[], float] = epoch_seconds
    ) -> None:
        self._path = path
        self._apart = 60.0 / per_minute if per_minute else 0.0
        # A tenth of a minute's requests may come at once; after that they come evenly.
        self._burst = self._apart * max(0.0, (per_minute or 0) / 10 - 1)
        self._clock = clock
        self._own: dict[str, float] = {}

    def resting(self) -> float:
        """Seconds for which the provider asked to be left alone."""
        return self._left(self._read().get("not_before", 0.0))

    def rest(self, seconds: float) -> None:
        """Note that the provider asked to be left alone for so long."""
        until = self._clock() + min(max(seconds, 0.0), LONGEST_REST)
        with self._held() as known:
            known["not_before"] = max(until, self._sane(known.get("not_before", 0.0)))

    def take(self) -> float:
        """Take the next moment at which a request may be sent; returns the seconds until then."""
        if not self._apart:
            return self.resting()
        with self._held() as known:
            present = self._clock()
            earliest = max(present, self._sane(known.get("not_before", 0.0)))
            slot = max(self._sane(known.get("slot", 0.0)) + self._apart, earliest - self._burst)
            known["slot"] = slot
            return max(earliest, slot) - present

    def _left(self, moment: float) -> float:
        return max(0.0, self._sane(moment) - self._clock())

    def _sane(self, moment: float) -> float:
        return moment if moment <= self._clock() + LONGEST_REST else 0.0

    def _read(self) -> dict[str, float]:
        known = dict(self._own)
        try:
            data = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return known  # nobody asked for anything yet, or somebody is writing it now
        for key in ("not_before", "slot"):
            value = data.get(key) if isinstance(data, dict) else None
            if isinstance(value, int | float) and not isinstance(value, bool):
                known[key] = max(float(value), known.get(key, 0.0))
        return known

    @contextlib.contextmanager
    def _held(self) -> Iterator[dict[str, float]]:
        """What is known, to be changed while no other process does."""
        with contextlib.ExitStack() as stack:
            lock = None
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, lock)
                fcntl.flock(lock, fcntl.LOCK_EX)
            known = self._read()
            yield known
            self._own = known
            if lock is not None:
                fresh = self._path.with_suffix(f".{os.getpid()}")
                with contextlib.suppress(OSError):
                    fresh.write_text(json.dumps(known), encoding="utf-8")
                    fresh.replace(self._path)
