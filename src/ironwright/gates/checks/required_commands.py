"""Refuses a tree on which a command that the team demands does not end well.

What it checks:
    Each command line of ``commands`` (``just ci``, ``./scripts/check.sh``, ``cargo deny check``) runs by
    ``/bin/sh`` at the top of a clean copy of head's tree and must end with exit code 0. It runs in the
    sandbox: without network, without git history, with nothing of the user's environment. A change that
    edits what such a command runs (the script itself, a Makefile, a justfile) passes with a remark.
    Commands that other gates stand for (``cargo test``, ``cargo clippy``, ``cargo fmt`` …) are theirs.

Why:
    A team's own checks know things that no general gate does.

Evidence:
    The commands with their exit codes and the last lines that they printed.

Unknown when:
    A command or a program that it starts is not installed, ran into a limit of the sandbox, or failed for
    want of the network or of git's history; or no command is named.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, failed, passed
from ironwright.gates.cargo.answers import command_evidence
from ironwright.gates.cargo.external_tools import shown_as
from ironwright.gates.subject import Subject
from ironwright.host.cargo_tests import describe_end
from ironwright.host.cargo_tool import run_tool
from ironwright.host.process import Completed
from ironwright.records.contract import Scope
from ironwright.records.verdict import Evidence, Finding

# Other gates stand for these, or they change things, or they never end.
_COVERED = (
    r"(?!cargo\s+(?:\+\S+\s+)?(?:test|t|nextest|build|b|check|c|clippy|fmt|doc|rustdoc|run|r|add|remove|"
    r"rm|new|"
    r"init|update|install|publish|login|yank|clean|watch|fix|llvm-cov|tarpaulin|machete|udeps|shear|mutants|"
    r"audit|semver-checks|miri|fuzz|bench|expand|tree|search|flamegraph|generate|help|metadata)\b)"
)
_PROGRAM = (
    r"(?:cargo\s+[a-z]|(?:just|make|task|mise|mise\s+run|bazel|buck2|moon|cargo\s+make|npm\s+run|pnpm|"
    r"yarn)\s+[a-z]|"
    r"pre-commit\s+run|lefthook\s+run|"
    r"nix\s+flake\s+check|"
    r"typos\b|taplo\s|shellcheck\s|markdownlint\s|(?:bash|sh|python3?)\s+\S+\.(?:sh|py)|(?:\./|\w[\w-]*/)"
    r"[\w./-]+\.(?:sh|py)\b|"
    r"\./[\w./-]+)"
)
# What stands for something else ("<crate>", "...") cannot be run as it is written.
_ONE = rf"`{_COVERED}(?={_PROGRAM})[^`<>…$|;&]+`"
_MANY = rf"{_ONE}(?:(?:,\s*(?:and\s+)?|\s+and\s+){_ONE})*"
# What a command is called that judges rather than serves, builds or releases.
_JUDGING = (
    r"(?=[^`]*\b(?:ci|check\w*|lint\w*|test\w*|verify|validate|validation|fmt|format\w*|clippy|audit|deny|"
    r"pre-?commit|coverage|qa|quality|hack|typos|guard|spell\w*|msrv|semver|prettier|tidy|all-checks|"
    r"ci-\w+)\b)"
)
_JUDGE = rf"`{_COVERED}(?={_PROGRAM}){_JUDGING}[^`<>…$|;&]+`"
_JUDGES = rf"{_JUDGE}(?:(?:,\s*(?:and\s+)?|\s+and\s+){_JUDGE})*"
_PASSES = (
    r"(?:(?:must|should|has to|have to|needs? to|shall|will)\s+)?(?:always\s+|both\s+|all\s+)?"
    r"(?:pass(?:es)?\b|succeeds?\b|be (?:green|clean)\b|is (?:green|clean)\b|"
    r"exits? (?:with )?(?:code )?(?:0|zero)\b|"
    r"run(?:s)? (?:cleanly|without (?:any )?(?:errors?|warnings?))\b)"
)
_MARK = (
    r"(?:"
    r"(?:before|prior to)\s+(?:you\s+)?(?:finish|complet|commit|push|deliver|submit|open|hand|consider|mark|"
    r"report|each|every|any)\w*"
    r"|after\s+(?:you\s+)?(?:mak|chang|edit|every|each|any|implement|finish|complet|modif|writ)\w*"
    r")"
)

_MAKEFILES = frozenset({"makefile", "gnumakefile", "justfile", ".justfile", "taskfile.yml", "taskfile.yaml"})
_NO_NETWORK = re.compile(
    r"could not resolve host|failed to (?:fetch|download)|network is unreachable|temporary failure in name|"
    r"you may not have network|--offline|couldn't resolve|dns error|connection refused",
    re.IGNORECASE,
)
_NO_GIT = re.compile(r"not a git repository", re.IGNORECASE)
_MISSING = (126, 127)
_NO_SUBCOMMAND = re.compile(r"error: no such command: `([\w-]+)`")
_TAIL = 12


def read_commands(words: str) -> tuple[str, ...]:
    """The commands in back quotes, in their order."""
    return tuple(dict.fromkeys(" ".join(text.split()) for text in re.findall(r"`([^`]+)`", words)))


def _asks(pattern: str, example: str) -> Phrasing:
    """A phrasing in which the back quotes tell a command from words: "just test" could be either."""
    return Phrasing(pattern, example, code_marks=True)


GATE = Gate(
    id="required_commands",
    summary="a tree on which a command that the team demands fails",
    cost=Cost.REBUILD,
    phrasings=(
        _asks(rf"(?P<commands>{_MANY})\s+{_PASSES}", "`just ci` must pass."),
        _asks(
            rf"\b(?:ensure|make sure|verify|confirm|check)\b(?:\s+that)?\s+(?P<commands>{_MANY})\s+{_PASSES}",
            "Make sure `./scripts/check.sh` succeeds.",
        ),
        _asks(
            rf"\brun\s+(?P<commands>{_MANY})\s+(?:and|to)\s+(?:ensure|make sure|verify|confirm)\b"
            r"[^.;]{0,30}\b(?:pass(?:es)?|succeeds?|clean|green)\b",
            "Run `cargo xtask lint` and make sure it passes.",
        ),
        _asks(rf"\brun\s+(?P<commands>{_MANY})\s+{_MARK}", "Run `make verify` before committing."),
        _asks(
            rf"\b{_MARK}[^.;`]{{0,20}}?,?\s*run:?\s+(?P<commands>{_MANY})",
            "Before you finish, run `just lint`.",
        ),
        _asks(
            rf"\brun\s+(?P<commands>{_MANY})[^`.]{{0,25}}?\b(?:all|both|they|it|checks?|everything)"
            rf"\b[^`.;]{{0,20}}?\b(?:must|should|has to|have to)"
            r"\s+(?:all\s+)?(?:pass|succeed|be green)\b",
            "Run `mise run check`; all checks must pass.",
        ),
        _asks(
            rf"\b(?:verify|validate|check|confirm|test)\b[^.;`]{{0,40}}\b(?:with|by running|using|via|"
            rf"through)\s+(?P<commands>{_MANY})",
            "Verify your work with `make check`.",
        ),
        _asks(
            rf"\b{_MARK}[^.;`]{{0,30}}?[,:]?\s*(?:always\s+|you must\s+|"
            rf"please\s+)*run:?\s+(?P<commands>{_MANY})",
            "After each change run `just test`.",
        ),
        _asks(
            rf"\b(?:must|should|shall|have to|has to|needs? to)\s+(?:all\s+|always\s+|"
            rf"also\s+)?pass\s+(?P<commands>{_MANY})",
            "All changes must pass `make ci`.",
        ),
        Phrasing(
            rf"\bwithout\s+(?:first\s+)?(?:running|passing)\s+(?P<commands>{_MANY})",
            "Never commit without running `just precommit`.",
            negative=True,
            code_marks=True,
        ),
        _asks(
            rf"^\W*(?:always\s+|also\s+|then\s+|finally\s+|you must\s+(?:always\s+)?|"
            rf"please\s+)*(?:re-?)?run\s+(?P<commands>{_JUDGES})"
            r"(?!\s+(?:if|when|only|for help|to (?:see|list|start|generate|fix)))",
            "Run `cargo deny check`.",
        ),
        _asks(
            rf"\b(?:(?:must|should|have to|need to)\s+(?:all\s+)?(?:pass|succeed)|required (?:checks?|"
            rf"commands?)|mandatory (?:checks?|commands?)|"
            rf"quality (?:gates?|checks?)|{_MARK}|definition of done)"
            rf"\b[^`.;]{{0,40}}:\s*(?:run\s+)?(?P<commands>{_JUDGES})",
            "Must pass before merge: `cargo deny check`",
        ),
        _asks(
            rf"^Demanded command: (?P<commands>{_JUDGE})",
            "Demanded command: `just ci`",
        ),
    ),
    params={
        "commands": Param(tuple, (), "Command lines that must end with exit code 0.", read=read_commands),
    },
    requires=("compile_errors",),
    inputs=("head", "base", "toolchain"),
    scopes=(Scope.ALL,),
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Run the commands."""
    del scope  # what a command looks at is its own affair
    commands: tuple[str, ...] = params["commands"]
    if not commands:
        raise Unknown("no command is named; say which in `commands`")
    findings: list[Finding] = []
    evidence: list[Evidence] = []
    for command in commands:
        subject.progress(f"running {command}")
        done = _run(subject, command)
        evidence.append(command_evidence(done))
        if not done.ok:
            _demand_verdict(command, done, evidence)
            findings.append(_finding(command, done))
            evidence.append(Evidence("artefact", f"the end of what {command} printed", {"text": _tail(done)}))
    if findings:
        return failed(f"demanded commands that fail: {len(findings)}", tuple(findings), *evidence)
    shown = ", ".join(f"`{command}`" for command in commands)
    return passed(f"{shown}: exit code 0", *evidence, findings=tuple(_edited(subject, commands)))


def _run(subject: Subject, command: str) -> Completed:
    root = subject.cargo.prepared[0][0]  # dependencies are fetched before the network is cut
    workspace = subject.cargo.workspace
    with workspace.scratch_tree() as tree, workspace.scratch_folder("out") as out:
        top = "/w/repo" if workspace.sandbox.moves_folders else str(tree)
        argv = ("/bin/sh", "-c", f'cd "$1" && {command}', "sh", top)
        done = run_tool(workspace, root, argv, "required", tree=tree, out=out, inside_tree=True)
    return shown_as(done, command.split())


def _demand_verdict(command: str, done: Completed, evidence: list[Evidence]) -> None:
    """A command that could not do its work here says nothing about the tree."""
    said = done.error_text + done.text
    missing = _NO_SUBCOMMAND.search(said)
    if done.exit_code in _MISSING or missing:
        name = f"cargo-{missing[1]}" if missing else command.split()[0]
        raise Unknown(
            f"`{command}` needs a program that is not here ({_last_line(done) or name}); install {name}, "
            "where the sandbox shows it: in /usr or in cargo's own bin",
            tuple(evidence),
        )
    if done.timed_out or done.stopped or done.limit_hit:
        raise Unknown(f"`{command}` was not finished: {describe_end(done)}", tuple(evidence))
    if _NO_NETWORK.search(said):
        raise Unknown(f"`{command}` needs the network, which the sandbox does not give: {_last_line(done)}",
                      tuple(evidence))  # fmt: skip
    if _NO_GIT.search(said):
        raise Unknown(f"`{command}` needs git's history, which the clean copy has not", tuple(evidence))


def _finding(command: str, done: Completed) -> Finding:
    said = _last_line(done)
    message = f"`{command}` ended with exit code {done.exit_code}" + (f": {said}" if said else "")
    return Finding(None, None, message, f"Run `{command}` and repair what it names.")


def _tail(done: Completed) -> str:
    lines = [line for line in (done.text + "\n" + done.error_text).splitlines() if line.strip()]
    return "\n".join(lines[-_TAIL:])


def _last_line(done: Completed) -> str:
    lines = [line.strip() for line in (done.text + "\n" + done.error_text).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [""])[-1][:300]


def _edited(subject: Subject, commands: tuple[str, ...]) -> list[Finding]:
    """Remarks on what the change edits of the commands themselves."""
    found = []
    for path in sorted(subject.change.files):
        name = PurePosixPath(path).name.lower()
        for command in commands:
            words = {word.removeprefix("./") for word in command.split()}
            runs_it = command.split()[0] in ("make", "just", "task") and name in _MAKEFILES
            if path in words or runs_it:
                found.append(Finding(path, None, f"the change edits {path}, which `{command}` runs"))
    return found
