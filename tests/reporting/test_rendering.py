import json

import pytest
from markdown_it import MarkdownIt
from reports import FAILED, PASSED, SOFT, UNKNOWN, check, run_report

from ironwright.records.report import CheckReport, Outcome, RunReport
from ironwright.records.verdict import Finding, Status, Verdict
from ironwright.reporting import figures
from ironwright.reporting.canvas import Screen
from ironwright.reporting.json import check_as_json, run_as_json
from ironwright.reporting.markdown import check_as_markdown, run_as_markdown
from ironwright.reporting.terminal import FINDINGS_SHOWN, check_as_text, run_as_text


def test_each_gate_has_a_row_with_verdict_and_reason():
    text = check_as_text(check(FAILED, PASSED, UNKNOWN), Screen(120))
    rows = {line.split()[0]: line for line in reversed(text.splitlines()) if line.split()}
    assert "FAIL" in rows["low_coverage"]
    assert "3.2 s" in rows["low_coverage"]
    assert "cached" in rows["compile_errors"]
    assert "rustup component add" in rows["broken_docs"]


def test_the_last_line_is_the_overall_verdict():
    last = check_as_text(check(FAILED, PASSED, UNKNOWN), Screen(120)).rstrip().splitlines()[-1]
    assert last.startswith("FAIL")
    assert "1 failed, 1 could not tell, 1 passed of 3 gates" in last


def test_a_finding_shows_place_message_and_advice():
    text = check_as_text(check(FAILED), Screen(120))
    assert "src/lib.rs:42  low_coverage" in text
    assert "this changed line never ran" in text
    assert "→ Add a test for the `ms` unit." in text


def test_a_place_is_never_folded_however_narrow_the_screen():
    long = "crates/" + "deeply/" * 20 + "lib.rs"
    failed = Verdict("oversized_files", Status.FAIL, "too long", (Finding(long, 201, "too long"),))
    assert f"{long}:201" in check_as_text(check(failed), Screen(40))


def test_findings_beyond_the_limit_are_counted():
    many = tuple(Finding("src/lib.rs", n, "no docs") for n in range(1, FINDINGS_SHOWN + 8))
    text = check_as_text(check(Verdict("undocumented_functions", Status.FAIL, "x", many)), Screen(100))
    assert "7 more findings" in text


def test_a_soft_failure_is_shown_and_does_not_decide():
    text = check_as_text(check(PASSED, SOFT), Screen(100))
    assert "FAIL soft" in text
    assert text.rstrip().splitlines()[-1].startswith("PASS")
    assert "1 soft gate did not pass" in text


def test_no_hard_gate_proves_nothing():
    text = check_as_text(check(), Screen(100))
    assert text.rstrip().splitlines()[-1].startswith("UNKNOWN")
    assert "nothing was proved" in text


@pytest.mark.parametrize("color", [True, False])
def test_hostile_words_reach_no_terminal(color):
    bad = "\x1b]0;owned\x07[red]not markup[/red] \x1b[2J"
    verdict = Verdict("failing_tests", Status.FAIL, bad, (Finding("src/\x1b[31mx.rs", 1, bad, bad),))
    report = check(verdict, notes=(bad,))
    for text in (check_as_text(report, Screen(100, color)), check_as_markdown(report)):
        assert "\x1b]" not in text
        assert "\x1b[2J" not in text
        assert "owned" not in text
        assert "not markup" in text
    assert "[red]not markup[/red]" in check_as_text(report, Screen(100))


def test_without_colour_there_is_no_escape_at_all():
    assert "\x1b" not in check_as_text(check(FAILED, UNKNOWN), Screen(100, color=False))
    assert "\x1b[1;31m" in check_as_text(check(FAILED), Screen(100, color=True))


def test_json_has_the_documented_shape_and_reads_back():
    report = check(FAILED, PASSED, UNKNOWN)
    data = json.loads(check_as_json(report))
    assert {"verdict", "contract", "base", "head", "gates"} <= data.keys()
    assert {"id", "verdict", "reason", "findings", "evidence", "seconds", "cached"} <= data["gates"][0].keys()
    assert data["gates"][0]["findings"][0] == {
        "path": "src/lib.rs",
        "line": 42,
        "message": "this changed line never ran",
        "advice": "Add a test for the `ms` unit.",
    }
    assert CheckReport.from_json(data).as_json() == data


def test_markdown_tables_stay_tables_whatever_a_reason_holds():
    nasty = Verdict("failing_tests", Status.FAIL, "a | b\n| c `d | e`", (Finding("a|b.rs", 1, "x"),))
    tokens = MarkdownIt("commonmark").enable("table").parse(check_as_markdown(check(nasty, PASSED)))
    rows = [token for token in tokens if token.type == "tr_open"]
    cells = [token for token in tokens if token.type == "td_open"]
    assert len(rows) == 3
    assert len(cells) == 2 * 4


def test_markdown_names_every_finding():
    text = check_as_markdown(check(FAILED))
    assert "`src/lib.rs:42`" in text
    assert "coverage of the whole crate fell" in text


def test_a_run_tells_attempts_cost_branch_and_notes():
    text = run_as_text(run_report(), Screen(120))
    assert "Attempt 1" in text
    assert "FAIL low_coverage" in text
    assert "src/lib.rs:42  this changed line never ran" in text
    assert "DELIVERED" in text
    assert "ironwright/20261120-ab12" in text
    assert "$0.0624" in text
    assert "the model's part was a recording" in text
    assert "no evidence" in text


def test_a_refused_run_says_that_nothing_was_delivered():
    report = run_report(outcome=Outcome.REFUSED, head=None, commits=(), reason="low_coverage failed")
    assert "nothing delivered" in run_as_text(report, Screen(100))
    assert "nothing delivered" in run_as_markdown(report)
    assert run_as_markdown(report).startswith("# Refused")


def test_an_open_question_stands_before_the_attempts():
    questions = ({"question": "Round or truncate?", "assumed": "truncate"},)
    report = run_report(outcome=Outcome.WAITING, questions=questions)
    text = run_as_text(report, Screen(100))
    assert text.index("Round or truncate?") < text.index("Attempt 1")
    assert "truncate" in run_as_markdown(report)


def test_an_unknown_price_is_said():
    usage = run_report().usage
    unpriced = type(usage)(1, 10, 5, dollars=None)
    assert "price unknown" in run_as_text(run_report(usage=unpriced), Screen(100))


def test_a_run_as_json_is_its_data():
    assert json.loads(run_as_json(run_report()))["commits"] == [
        {"id": "c" * 40, "subject": "Parse milliseconds"}
    ]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.00 s"),
        (0.996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3720, "1 h 02 min"),
    ],
)
def test_durations_read_well(seconds, shown):
    assert figures.duration(seconds) == shown


def test_a_run_reads_back_from_its_json():
    report = run_report(questions=({"question": "Round?", "assumed": "no"},))
    assert RunReport.from_json(json.loads(run_as_json(report))) == report
