"""Reports as JSON: the documented shapes, for programs."""

from __future__ import annotations

import json
from typing import Any

from ironwright.records.report import CheckReport, RunReport


def data_as_json(data: Any) -> str:
    """JSON data as text with a final newline.

    Everything outside ASCII is escaped: the text passes through any locale and pipe, and what a crate or
    a model put into a message cannot reach a terminal as a control character.
    """
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def check_as_json(report: CheckReport) -> str:
    """A check's report as JSON text."""
    return data_as_json(report.as_json())


def run_as_json(report: RunReport) -> str:
    """A run's report as JSON text."""
    return data_as_json(report.as_json())
