"""Shared by the session's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from attempt_bench import AWS_KEYS, Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    if not shutil.which("bwrap"):
        pytest.skip("needs bubblewrap")
    for name, value in AWS_KEYS.items():  # AWS's client reads the process's own environment
        monkeypatch.setenv(name, value)
    return make_bench(tmp_path)
