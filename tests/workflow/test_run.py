from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ironwright.host.clock import seconds
from ironwright.records.errors import (
    ConfigError,
    ContractError,
    DefinitionError,
    IronwrightError,
    ModelError,
    RepositoryError,
    RunError,
)
from ironwright.records.journal import EventKind, read_journal
from ironwright.records.paths import ProjectPaths
from ironwright.records.report import Outcome, RunReport, Usage
from ironwright.session.attempt import AttemptResult, AttemptSpec, Question, Stopped
from ironwright.workflow.launch import answer_run, resume_run, run_task
from ironwright.workflow.request import RunRequest
from ironwright.workflow.run_store import RunStore

from .conftest import git, user_state

GOOD = (
    "//! Two.\n\n/// Adds two to a number and gives the sum.\npub fn add_two(n: i32) -> i32 {\n    n + 2\n}\n"
)
BAD = "pub fn add_two(n: i32) -> i32 {\n    n + 2\n}\n"
AGENT = """---
name: tidy
description: Implements small changes in Rust crates.
---
You write Rust.

{before}
- Every source file must have at most 200 lines.
- Every public function must have a doc comment.
"""
COMMANDS = """# Before starting your tasks
- [ ] run the /memo command found in .claude/commands/memo.md

# AFTER completing your tasks, confirm done
- [ ] run the /commit command found in .claude/commands/commit.md

# Rules
"""

Act = Callable[[AttemptSpec], AttemptResult]


def result(spec: AttemptSpec, summary: str = "Done.", **other: object) -> AttemptResult:
    history = json.loads(spec.history) if spec.history else []
    values: dict[str, object] = {
        "stopped": Stopped.FINISHED,
        "summary": summary,
        "usage": Usage(requests=1, input_tokens=10, output_tokens=5, dollars=0.01),
        "messages": json.dumps([*history, spec.key]).encode(),
        "seconds": 0.1,
    }
    return AttemptResult(**(values | other))  # type: ignore[arg-type]


def write(path: str, text: str) -> Act:
    def act(spec: AttemptSpec) -> AttemptResult:
        place = spec.workplace.worktree / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return result(spec)

    return act


def nothing(spec: AttemptSpec) -> AttemptResult:
    return result(spec)


class ScriptedEngine:
    """Plays one act for each phase, and keeps what each was given."""

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.specs: list[AttemptSpec] = []

    async def __call__(self, spec: AttemptSpec) -> AttemptResult:
        self.specs.append(spec)
        act = self.acts.pop(0)
        return await asyncio.to_thread(act, spec)

    @property
    def keys(self) -> list[str]:
        return [spec.key for spec in self.specs]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.json"
    path.write_text('{"version": 1, "name": "none", "turns": [{"text": "unused"}]}')
    return path


@pytest.fixture
def project(repository: Path) -> Path:
    return with_agent(repository, "")


def with_agent(repository: Path, before: str) -> Path:
    agents = repository / ".claude" / "agents"
    agents.mkdir(parents=True, exist_ok=True)
    (agents / "tidy.md").write_text(AGENT.format(before=before))
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "Add the agent")
    return repository


def request(project: Path, recording: Path, **other: object) -> RunRequest:
    values: dict[str, object] = {
        "task": "Add a function that adds two",
        "folder": project,
        "agent": "tidy",
        "recording": recording,
    }
    return RunRequest(**(values | other))  # type: ignore[arg-type]


def kinds(report: RunReport) -> list[str]:
    return [event.kind.value for event in read_journal(Path(report.journal))]


def no_worktree_is_left(project: Path) -> bool:
    state = Path(os.environ["IRONWRIGHT_STATE_HOME"]) / "worktrees" / ProjectPaths(project).key
    return git(project, "worktree", "list").count("\n") == 0 and not list(state.glob("*"))


def test_work_that_passes_is_delivered_as_a_branch(project: Path, recording: Path) -> None:
    before = user_state(project)
    engine = ScriptedEngine(write("src/two.rs", GOOD))
    report = run_task(request(project, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, report.reason
    assert report.exit_code == 0
    assert git(project, "rev-parse", report.branch) == report.head
    assert git(project, "show", f"{report.branch}:src/two.rs") + "\n" == GOOD
    assert [subject for _, subject in report.commits] == ["Add a function that adds two"]
    assert user_state(project) == before
    assert no_worktree_is_left(project)
    assert kinds(report) == [
        "run_started", "routed", "worktree_ready", "attempt_started", "attempt_ended", "committed", "checked",
        "delivered", "run_ended",
    ]  # fmt: skip
    saved = json.loads((Path(report.journal).parent / "report.json").read_text())
    assert RunReport.from_json(saved) == report
    assert (Path(report.journal).parent / "report.md").read_text().startswith("#")


def test_findings_go_back_to_the_agent_until_the_gates_pass(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD), write("src/two.rs", GOOD))
    report = run_task(request(project, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED
    assert engine.keys == ["attempt-1", "repair-1"]
    assert "src/two.rs:1" in engine.specs[1].findings
    assert "undocumented_functions" in engine.specs[1].findings
    assert json.loads(engine.specs[1].history or b"[]") == ["attempt-1"]
    first, second = report.attempts
    assert first.check is not None
    assert first.check.status == "FAIL"
    assert second.check is not None
    assert second.check.status == "PASS"
    assert report.usage.requests == 2
    assert report.usage.dollars == pytest.approx(0.02)


def test_work_that_never_passes_is_refused_and_kept_aside(project: Path, recording: Path) -> None:
    before = user_state(project)
    base = git(project, "rev-parse", "HEAD")
    engine = ScriptedEngine(write("src/two.rs", BAD), nothing, nothing)
    report = run_task(request(project, recording, repairs=2), engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert report.exit_code == 1
    assert "undocumented_functions failed" in report.reason
    assert any("changed nothing of what the gates found" in note for note in report.notes)
    assert "exactly the same" in engine.specs[2].task
    assert report.head is None
    assert git(project, "rev-parse", report.branch) == base
    worktree = Path(next(note for note in report.notes if "not delivered" in note).split(" is in ")[1])
    assert (worktree / "src" / "two.rs").read_text() == BAD
    assert git(worktree, "status", "--porcelain") == "?? src/two.rs"
    assert user_state(project) == before


def test_an_agent_that_changes_nothing_is_no_success(project: Path, recording: Path) -> None:
    report = run_task(request(project, recording), engine=ScriptedEngine(nothing))
    assert report.outcome is Outcome.UNDECIDED
    assert report.exit_code == 3
    assert report.reason == "the agent changed nothing"
    # Nothing is left that would have to be cleared away by hand.
    assert not any("not delivered" in note for note in report.notes)
    assert git(project, "branch", "--list", "ironwright/*") == ""
    assert len(git(project, "worktree", "list").splitlines()) == 1


def test_a_cache_on_a_full_disk_stops_the_run_with_a_report_and_it_goes_on(
    project: Path, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path / "full"
    full.write_text("")  # a file where the folder should be refuses for root as well
    with monkeypatch.context() as away:
        away.setenv("IRONWRIGHT_CACHE_HOME", str(full))
        report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.FAILED
    assert str(full) in report.reason
    assert "cache" in " ".join((report.reason, *report.notes)).lower()
    assert resume_run(report.run_id, project, engine=ScriptedEngine()).outcome is Outcome.DELIVERED


def test_commands_before_and_after_the_work_happen_and_are_judged_by_evidence(
    repository: Path, recording: Path
) -> None:
    project = with_agent(repository, COMMANDS)
    commands = project / ".claude" / "commands"
    commands.mkdir()
    (commands / "memo.md").write_text("Read the notes. Folder: !`pwd`\n")
    (commands / "commit.md").write_text("Commit everything with git commit.\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "-m", "Add commands")

    def commit(spec: AttemptSpec) -> AttemptResult:
        git(spec.workplace.worktree, "add", "--all")
        git(spec.workplace.worktree, "commit", "--quiet", "-m", "Add add_two")
        return result(spec)

    engine = ScriptedEngine(nothing, write("src/two.rs", GOOD), commit)
    report = run_task(request(project, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert engine.keys == ["before-1-memo", "attempt-1", "after-1-commit"]
    assert engine.specs[0].task == "Read the notes. Folder: /w/repo"
    assert [subject for _, subject in report.commits] == ["Add add_two"]
    ended = [event for event in read_journal(Path(report.journal)) if event.kind is EventKind.COMMAND_ENDED]
    assert [(event.data["name"], event.data["ok"]) for event in ended] == [
        ("memo", True),
        ("commit", True),
    ]
    assert kinds(report).count("checked") == 2


def test_a_check_in_mid_run_leaves_out_what_is_not_due_and_the_last_one_judges_it(
    repository: Path, recording: Path
) -> None:
    project = with_agent(repository, COMMANDS)

    def commit(spec: AttemptSpec) -> AttemptResult:
        git(spec.workplace.worktree, "add", "--all")
        git(spec.workplace.worktree, "commit", "--quiet", "-m", "Add add_two")
        return result(spec)

    def work_and_check(spec: AttemptSpec) -> AttemptResult:
        done = write("src/two.rs", GOOD)(spec)
        assert spec.check is not None
        answers.append(asyncio.run(spec.check()))
        return done

    answers: list[str] = []
    engine = ScriptedEngine(nothing, work_and_check, commit)
    report = run_task(request(project, recording), engine=engine)
    assert report.outcome is Outcome.DELIVERED, (report.reason, report.notes)
    assert "skipped_commands" not in answers[0]
    checked = [event for event in read_journal(Path(report.journal)) if event.kind is EventKind.CHECKED]
    judged = [{gate["id"]: gate["verdict"] for gate in event.data["gates"]} for event in checked]
    assert [found.get("skipped_commands") for found in judged] == [None, None, "PASS"]
    first = json.loads((Path(report.journal).parent / "checks" / "1.json").read_text())
    (note,) = [note for note in first["notes"] if note.startswith("skipped_commands")]
    assert note == "skipped_commands is judged at the end of the run: /commit is due when the work is done"


def test_a_command_that_nobody_defines_is_refused_before_anything_is_made(
    repository: Path, recording: Path
) -> None:
    project = with_agent(repository, COMMANDS.replace("memo", "recall"))
    refused(ContractError, "demands the command /recall", project, recording)


def test_a_command_that_was_only_claimed_is_reported(repository: Path, recording: Path) -> None:
    project = with_agent(repository, COMMANDS)
    engine = ScriptedEngine(nothing, write("src/two.rs", GOOD), nothing, nothing)
    report = run_task(request(project, recording, repairs=1), engine=engine)
    assert report.outcome is Outcome.REFUSED
    assert report.reason.startswith("skipped_commands failed")
    assert engine.keys == ["before-1-memo", "attempt-1", "after-1-commit", "after-2-commit"]
    ended = [event for event in read_journal(Path(report.journal)) if event.kind is EventKind.COMMAND_ENDED]
    assert [event.data["ok"] for event in ended] == [True, False, False]
    assert any("/commit was not carried out" in note for note in report.notes)


def test_a_question_waits_for_its_answer_across_processes(project: Path, recording: Path) -> None:
    question = Question("q1", "Wrap or panic on overflow?", "wrap")

    def ask(spec: AttemptSpec) -> AttemptResult:
        return result(spec, stopped=Stopped.ASKED, questions=(question,))

    report = run_task(request(project, recording), engine=ScriptedEngine(ask))
    assert report.outcome is Outcome.WAITING
    assert report.exit_code == 3
    assert report.questions[0]["question"] == question.question
    again = resume_run(report.run_id, project, engine=ScriptedEngine())
    assert again.outcome is Outcome.WAITING
    with pytest.raises(RunError, match="does not ask"):
        answer_run(report.run_id, "wrap", project, question="other")
    engine = ScriptedEngine(write("src/two.rs", GOOD))
    done = answer_run(report.run_id[:12], "Wrap.", project, engine=engine)
    assert done.outcome is Outcome.DELIVERED
    assert engine.keys == ["attempt-1-answered-1"]
    assert dict(engine.specs[0].answers) == {"q1": "Wrap."}
    assert done.usage.requests == 2
    assert "answer" in kinds(done)
    with pytest.raises(RunError, match="asks nothing"):
        answer_run(report.run_id, "again", project)
    assert resume_run(report.run_id, project, engine=ScriptedEngine()) == done


def test_a_failing_model_leaves_a_run_that_can_go_on(project: Path, recording: Path) -> None:
    def fail(spec: AttemptSpec) -> AttemptResult:
        error = ModelError("the provider is down", advice="Wait a while.")
        return result(spec, stopped=Stopped.ERROR, error=error, reason=error.what)

    report = run_task(request(project, recording), engine=ScriptedEngine(fail))
    assert report.outcome is Outcome.FAILED
    assert report.exit_code == 3
    assert report.reason == "the provider is down"
    assert "Wait a while." in report.notes
    assert RunStore(ProjectPaths(project)).list()[0].outcome is Outcome.FAILED
    done = resume_run(report.run_id, project, engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert done.outcome is Outcome.DELIVERED
    assert no_worktree_is_left(project)


def test_a_model_whose_answers_led_nowhere_is_asked_afresh(project: Path, recording: Path) -> None:
    async def nonsense(spec: AttemptSpec) -> AttemptResult:
        async def answer() -> str:
            return "nonsense"

        assert await spec.step(f"{spec.key}/model-1", answer) == "nonsense"
        error = ModelError("it does not answer in a usable way", advice="Use another model.")
        return result(spec, stopped=Stopped.ERROR, error=error)

    report = run_task(request(project, recording), engine=nonsense)
    assert report.outcome is Outcome.FAILED
    engine = ScriptedEngine(write("src/two.rs", GOOD))
    done = resume_run(report.run_id, project, engine=engine)
    assert engine.keys == ["attempt-1-try-2"]
    assert done.outcome is Outcome.DELIVERED
    assert done.usage.requests == 2
    assert done.attempts[0].usage.requests == 2


def test_limits_hold_for_the_whole_run(project: Path, recording: Path) -> None:
    engine = ScriptedEngine(write("src/two.rs", BAD), nothing, nothing, nothing)
    report = run_task(request(project, recording, max_turns=2, repairs=9), engine=engine)
    assert engine.keys == ["attempt-1", "repair-1"]
    assert [spec.limits.max_turns for spec in engine.specs] == [2, 1]
    assert report.outcome is Outcome.REFUSED
    assert "all 2 model requests are used" in report.reason


def test_the_agents_own_check_runs_the_same_gates(project: Path, recording: Path) -> None:
    answers: list[str] = []

    class Checking(ScriptedEngine):
        async def __call__(self, spec: AttemptSpec) -> AttemptResult:
            assert spec.check is not None
            answers.append(await spec.check())
            (spec.workplace.worktree / "src" / "two.rs").write_text(BAD)
            answers.append(await spec.check())
            (spec.workplace.worktree / "src" / "two.rs").write_text(GOOD)
            answers.append(await spec.check())
            return result(spec)

    report = run_task(request(project, recording), engine=Checking())
    assert report.outcome is Outcome.DELIVERED
    assert answers[0].startswith("Nothing differs")
    assert "FAIL undocumented_functions" in answers[1]
    assert answers[2].startswith("Verdict: PASS")
    checked = [event for event in read_journal(Path(report.journal)) if event.kind is EventKind.CHECKED]
    assert [event.data["asked_by"] for event in checked] == ["agent", "agent", "run"]


def test_uncommitted_work_of_the_user_is_left_alone_and_left_out(project: Path, recording: Path) -> None:
    (project / "src" / "lib.rs").write_text("broken on purpose")
    (project / "staged.txt").write_text("staged")
    git(project, "add", "staged.txt")
    before = user_state(project)
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.DELIVERED
    assert user_state(project) == before
    assert any("uncommitted work is not part" in note for note in report.notes)
    assert "staged.txt" not in git(project, "ls-tree", "-r", "--name-only", report.branch)


def test_a_detached_head_and_another_base_are_fine(project: Path, recording: Path) -> None:
    git(project, "checkout", "--quiet", "--detach")
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.DELIVERED


def test_two_runs_at_once_do_not_touch_each_other(project: Path, recording: Path, tmp_path: Path) -> None:
    script = tmp_path / "one.py"
    script.write_text(SCRIPT)
    started = [
        subprocess.Popen(
            [sys.executable, str(script), str(project), str(recording), f"src/file{number}.rs"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    reports = [json.loads(out) for out, _ in answers]
    assert [item["outcome"] for item in reports] == ["delivered", "delivered"], answers
    for number, item in enumerate(reports):
        changed = git(project, "diff", "--name-only", "main", item["branch"])
        assert changed == f"src/file{number}.rs"
    assert no_worktree_is_left(project)


SCRIPT = f"""
import asyncio, json, sys
from pathlib import Path
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptResult, Stopped
from ironwright.workflow.launch import resume_run, run_task
from ironwright.workflow.request import RunRequest

project, recording, path = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

async def engine(spec):
    if path == "sleep":
        print("working", flush=True)
        await asyncio.sleep(60)
    (spec.workplace.worktree / path).write_text({GOOD!r})
    return AttemptResult(Stopped.FINISHED, "Done.", Usage(requests=1), b"[]", 0.1)

request = RunRequest("Add a function", project, agent="tidy", recording=recording)
report = run_task(request, engine=engine)
print(json.dumps(report.as_json()), flush=True)
sys.exit(int(report.exit_code))
"""


def start_sleeping(project: Path, recording: Path, tmp_path: Path) -> subprocess.Popen[str]:
    script = tmp_path / "one.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(project), str(recording), "sleep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_in_order_and_can_be_resumed(
    project: Path, recording: Path, tmp_path: Path, number: int
) -> None:
    before = user_state(project)
    process = start_sleeping(project, recording, tmp_path)
    asked = seconds()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert seconds() - asked < 10
    report = json.loads(out)
    assert report["outcome"] == "interrupted"
    assert user_state(project) == before
    done = resume_run(report["run"], project, engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert done.outcome is Outcome.DELIVERED
    assert "Traceback" not in err


def test_a_run_that_is_being_worked_on_cannot_be_resumed_by_another_process(
    project: Path, recording: Path, tmp_path: Path
) -> None:
    process = start_sleeping(project, recording, tmp_path)
    try:
        (listed,) = RunStore(ProjectPaths(project)).list()
        assert listed.outcome is Outcome.RUNNING
        with pytest.raises(RunError, match="another process is working on this run"):
            resume_run(listed.run_id, project, engine=ScriptedEngine())
    finally:
        process.kill()
        process.communicate(timeout=30)
    assert RunStore(ProjectPaths(project)).list()[0].outcome is Outcome.INTERRUPTED
    done = resume_run(listed.run_id, project, engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert done.outcome is Outcome.DELIVERED


def refused(kind: type[IronwrightError], match: str, folder: Path, recording: Path, **other: object) -> None:
    with pytest.raises(kind, match=match) as caught:
        run_task(request(folder, recording, **other), engine=ScriptedEngine())
    assert caught.value.advice


def test_what_cannot_be_worked_on_is_refused_before_anything_is_made(
    project: Path, recording: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    refused(RepositoryError, "not a git repository", plain, recording)
    git(plain, "init", "--quiet")
    refused(RepositoryError, "no commits", plain, recording)
    (plain / "a").write_text("a")
    git(plain, "add", "a")
    git(plain, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "a")
    refused(RepositoryError, "no Cargo.toml", plain, recording)
    assert not (plain / ".ironwright").exists()
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(project), str(bare))
    refused(RepositoryError, "bare", bare, recording)
    refused(RepositoryError, "names no commit", project, recording, base="nowhere")
    refused(DefinitionError, "nobody", project, recording, agent="nobody")
    refused(ConfigError, "task is empty", project, recording, task="  ")
    assert not (project / ".ironwright").exists()
    assert git(project, "branch", "--list", "ironwright/*") == ""


def test_no_model_is_a_clear_error(project: Path, monkeypatch: pytest.MonkeyPatch, recording: Path) -> None:
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_AUTH_TOKEN")) or name.startswith(("AWS_", "ANTHROPIC_", "OPENAI_")):
            monkeypatch.delenv(name)
    with pytest.raises(ModelError) as caught:
        run_task(RunRequest("Do it", project, agent="tidy"))
    assert "ANTHROPIC_API_KEY" in str(caught.value)
    assert not (project / ".ironwright").exists()


def test_a_damaged_run_is_listed_and_the_others_too(project: Path, recording: Path) -> None:
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    store = RunStore(ProjectPaths(project))
    broken = ProjectPaths(project).runs / "20200101-000000-aaaa"
    broken.mkdir()
    (broken / "run.json").write_text("{")
    first, second = store.list()
    assert (first.run_id, first.outcome) == (report.run_id, Outcome.DELIVERED)
    assert second.outcome is None
    assert "damaged" in second.problem
    with pytest.raises(RunError, match="damaged"):
        resume_run("20200101", project, engine=ScriptedEngine())
    with pytest.raises(RunError, match="there is no run"):
        store.find("nope")
    assert git(project, "status", "--porcelain") == ""


def test_a_run_whose_worktree_is_gone_says_so(project: Path, recording: Path) -> None:
    def fail(spec: AttemptSpec) -> AttemptResult:
        error = ModelError("down", advice="Wait.")
        return result(spec, stopped=Stopped.ERROR, error=error)

    report = run_task(request(project, recording), engine=ScriptedEngine(fail))
    state = Path(os.environ["IRONWRIGHT_STATE_HOME"]) / "worktrees"
    shutil.rmtree(state / ProjectPaths(project).key / report.run_id)
    with pytest.raises(RunError, match="worktree is gone"):
        resume_run(report.run_id, project, engine=ScriptedEngine())


def test_a_project_that_cannot_hold_runs_keeps_them_with_the_users_state(
    project: Path, recording: Path
) -> None:
    (project / ".ironwright").write_text("a file where the folder would be")
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.DELIVERED
    assert report.journal.startswith(os.environ["IRONWRIGHT_STATE_HOME"])
    assert any("cannot be written" in note for note in report.notes)
    assert RunStore(ProjectPaths(project)).find(report.run_id).run_id == report.run_id


def test_hooks_and_signing_of_the_repository_do_not_run(
    project: Path, recording: Path, tmp_path: Path
) -> None:
    witness = tmp_path / "witness"
    for name in ("post-checkout", "pre-commit", "post-commit", "reference-transaction"):
        hook = project / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {witness}\n")
        hook.chmod(0o755)
    git(project, "config", "commit.gpgsign", "true")
    git(project, "config", "gpg.program", "/nonexistent")
    report = run_task(request(project, recording), engine=ScriptedEngine(write("src/two.rs", GOOD)))
    assert report.outcome is Outcome.DELIVERED
    assert not witness.exists()
