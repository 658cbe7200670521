"""Shared by every test: places that never touch the user's own cache and state."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ironwright.host.toolchain import rustup_home


def pytest_configure() -> None:
    """Tests that start cargo themselves get the toolchain that the program itself would find."""
    rustc = shutil.which("rustc")
    if rustc is not None:
        os.environ.setdefault("RUSTUP_HOME", str(rustup_home(Path(rustc))))


@pytest.fixture(autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache and state of a test run live in pytest's folder; the cache is shared within one worker."""
    base: Path = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("IRONWRIGHT_CACHE_HOME", str(base / "cache-home"))
    monkeypatch.setenv("IRONWRIGHT_STATE_HOME", str(base / "state-home"))
