"""A run's report in the format that was asked for."""

from __future__ import annotations

from ironwright.interfaces.cli.output import Output
from ironwright.records.report import RunReport


def rendered(report: RunReport, output: Output) -> str:
    """The report as terminal text, JSON or Markdown."""
    if output.format == "json":
        from ironwright.reporting.json import run_as_json

        return run_as_json(report)
    if output.format == "markdown":
        from ironwright.reporting.markdown import run_as_markdown

        return run_as_markdown(report)
    from ironwright.reporting.terminal import run_as_text

    return run_as_text(report, output.screen())
