"""``ironwright agents lint``: says what is odd about definition files, and repairs what is mechanical."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ironwright.interfaces.cli.output import Output, output_options
from ironwright.records.errors import ExitCode

if TYPE_CHECKING:
    from ironwright.agents.lint import Linted
    from ironwright.records.definition import LintFinding


@click.command("lint")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=".",
    help="Any folder of the project (default: this one).",
)
@click.option("--fix", is_flag=True, help="Repair what is mechanical: frontmatter, encoding, tools.")
@click.option("--dry-run", is_flag=True, help="With --fix: show the changes, write nothing.")
@click.option(
    "--obligations/--no-obligations",
    default=None,
    help="Say which firm obligations no gate enforces (default: for up to 40 definitions).",
)
@output_options("terminal", "json", "sarif")
def lint(
    paths: tuple[Path, ...], repo: Path, fix: bool, dry_run: bool, obligations: bool | None, output: Output
) -> int:
    """Lint definition files or folders of them; without a path the project's own.

    Exit code 1 where a file cannot be used, 0 otherwise; warnings and remarks do not count.
    """
    from ironwright.agents.lint import lint_definitions
    from ironwright.interfaces.cli.project import project_root

    if dry_run and not fix:
        raise click.UsageError("--dry-run goes with --fix")
    if dry_run and output.format != "terminal":
        raise click.UsageError("--dry-run shows a diff; it has no other format")
    root = project_root(repo)
    findings, linted = lint_definitions(paths, root)
    if fix:
        if dry_run:
            return _show_fixes(linted, output)
        if _write_fixes(linted, output):
            findings, linted = lint_definitions(paths, root)
    findings = _with_obligations(findings, linted, obligations, output)
    output.answer(_rendered(findings, root, output))
    from ironwright.records.definition import Severity

    errors = any(finding.severity is Severity.ERROR for finding in findings)
    return ExitCode.GATES_FAILED if errors else ExitCode.PASS


def _show_fixes(linted: tuple[Linted, ...], output: Output) -> int:
    from ironwright.reporting.untrusted import printable_lines
    from ironwright.workflow.lint import proposed_fixes

    fixes = proposed_fixes(linted)
    text = "".join(fix.diff() for fix in fixes)
    output.answer("\n".join(printable_lines(text)) if fixes else "nothing is mechanical to repair\n")
    return ExitCode.PASS


def _write_fixes(linted: tuple[Linted, ...], output: Output) -> bool:
    from ironwright.agents.fix import write_fix
    from ironwright.workflow.lint import proposed_fixes, uncommitted

    fixes = proposed_fixes(linted)
    for path in uncommitted(fix.path for fix in fixes):
        output.remark(f"warning: {path} has uncommitted changes; git shows them and the repair as one")
    for fix in fixes:
        write_fix(fix)
        output.remark(f"repaired {fix.path}: {'; '.join(fix.reasons)}")
    return bool(fixes)


def _with_obligations(
    findings: tuple[LintFinding, ...], linted: tuple[Linted, ...], asked: bool | None, output: Output
) -> tuple[LintFinding, ...]:
    if asked is False:
        return findings
    from ironwright.workflow.lint import FEW, unenforced_obligations

    if asked is None and len(linted) > FEW:
        output.remark(
            f"note: the obligations of {len(linted)} definitions were not looked at; --obligations does"
        )
        return findings
    from ironwright.gates.catalog import gates

    with output.progress() as progress:
        more = unenforced_obligations(linted, gates(), progress.step)
    return tuple(sorted((*findings, *more), key=lambda item: (item.path, item.line, item.rule, item.message)))


def _rendered(findings: tuple[LintFinding, ...], root: Path, output: Output) -> str:
    if output.format == "json":
        from ironwright.reporting.json import data_as_json

        return data_as_json({"findings": [finding.as_json() for finding in findings]})
    if output.format == "sarif":
        from ironwright.reporting.sarif import lint_as_sarif

        return lint_as_sarif(findings, root)
    return findings_as_text(findings, output)


def findings_as_text(findings: tuple[LintFinding, ...], output: Output) -> str:
    """Findings for people, each with its place and what to do, and how many there are."""
    from ironwright.reporting.canvas import Canvas
    from ironwright.reporting.figures import count
    from ironwright.reporting.untrusted import printable

    styles = {"error": "bold red", "warning": "yellow", "info": "cyan"}
    canvas = Canvas(output.screen())
    for finding in findings:
        canvas.line(
            f"{printable(finding.path)}:{finding.line}  ",
            (finding.severity.value, styles[finding.severity.value]),
            f"  {finding.rule}",
            fold=False,
        )
        canvas.line(printable(finding.message), indent=4)
        canvas.line(("→ ", "green"), printable(finding.advice), indent=4)
    numbers = [
        count(sum(finding.severity.value == severity for finding in findings), severity, many)
        for severity, many in (("error", "errors"), ("warning", "warnings"), ("info", "remarks"))
        if any(finding.severity.value == severity for finding in findings)
    ]
    canvas.line(", ".join(numbers) if numbers else "nothing odd was found")
    return canvas.result()
