"""Shared by every test: places that never touch the user's own cache and state."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache and state of a test run live in pytest's folder; the cache is shared within one worker."""
    base: Path = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(base / "cache-home"))
    monkeypatch.setenv("IRONWRIGHT_STATE_HOME", str(base / "state-home"))
