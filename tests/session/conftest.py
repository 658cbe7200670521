"""Shared by the session's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from attempt_bench import Bench, make_bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    if not shutil.which("bwrap"):
        pytest.skip("needs bubblewrap")
    return make_bench(tmp_path)
