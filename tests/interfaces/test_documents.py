"""What the documents say of the program is what the program does."""

import dataclasses
import re
from pathlib import Path

import pytest

from ironwright.interfaces.cli.root import _COMMANDS
from ironwright.records.contract import Clause
from ironwright.records.errors import ExitCode
from ironwright.records.report import AttemptSummary, CheckReport, Outcome, RunReport, Usage
from ironwright.records.verdict import Finding, Status, Verdict

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FORMATS = (ROOT / "docs" / "formats.md").read_text()


def test_the_readme_lists_every_command_and_no_other():
    table = re.findall(r"^\| `([^|]+)` \|", README, re.MULTILINE)
    assert {cell.split()[0].strip("`") for cell in table} == set(_COMMANDS)


def test_the_readme_lists_every_exit_code():
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)} == {
        int(c) for c in ExitCode
    }


def test_the_readme_names_only_make_targets_that_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README + (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/formats.md"])
def test_every_link_leads_somewhere(name):
    text = (ROOT / name).read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if not target.startswith("http"):
            assert ((ROOT / name).parent / target).exists(), target


@pytest.mark.parametrize("name", sorted(_COMMANDS))
def test_options_that_the_readme_shows_exist(cli, name):
    shown = {
        option
        for line in README.splitlines()
        if re.match(rf"ironwright {name}\b|\| `{name}\b", line)
        for option in re.findall(r"--[a-z-]+", line)
    }
    if shown:
        helped = cli(name, "--help").out
        assert all(option in helped for option in shown), shown


def documented(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def test_every_key_of_the_json_is_documented():
    usage = Usage()
    verdict = Verdict("g", Status.FAIL, "r", (Finding("p", 1, "m", "a"),))
    check = CheckReport("c", None, "h", "b", "l", (verdict,))
    attempt = AttemptSummary(1, "a", "m", "finished", "s", usage, 1.0, check)
    run = RunReport(
        "r",
        "t",
        Outcome.DELIVERED,
        "w",
        "a",
        "y",
        "p",
        "b",
        "n",
        "h",
        (attempt,),
        (("c", "s"),),
        usage,
        1.0,
        "j",
    )
    clause = dataclasses.replace(Clause("p", 1, "s", "g"), note="n")
    keys = {*run.as_json(), *attempt.as_json(), *usage.as_json(), *check.as_json(), *verdict.as_json()}
    keys |= {*clause.as_json(), *verdict.findings[0].as_json(), *run.as_json()["commits"][0]}
    assert keys <= documented(FORMATS)


def test_every_outcome_is_documented():
    assert {outcome.value for outcome in Outcome} <= documented(FORMATS)
