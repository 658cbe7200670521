"""Refuses work during which a command ran that the definition forbids.

What it checks:
    No command of an agent ran a program with the subcommands and options of one of ``commands``, whatever
    stood around it: in a chain, behind ``cd``, ``sudo`` or ``env``, in ``sh -c``, with a short option, or
    with more options. A command that a guard refused never ran; texts that only mention one are no runs.

Why:
    What a team forbids (publishing, pushing by force, stashing other people's work) cannot be taken back by
    a review of the change, because it leaves no trace in it.

Evidence:
    The commands in the run's journal. What a script does inside is not seen; the sandbox has no network and
    no credentials in any case.

Unknown when:
    There is no journal, no attempt was made yet, or a command is so long that the journal cut it.
"""

from __future__ import annotations

import re

from ironwright.gates.api import Answer, Cost, Gate, Param, Params, Phrasing, Unknown, judged
from ironwright.gates.journal_calls import evidence_of, journal_of, read_calls
from ironwright.gates.subject import Subject
from ironwright.records.command_matching import runs_command
from ironwright.records.contract import Scope
from ironwright.records.verdict import Finding

_PROGRAM = (
    r"(?:git|cargo|rustup|sudo|rm|curl|wget|npm|npx|docker|kubectl|make|pip|chmod|chown|kill|pkill|killall|"
    r"gh|terraform|psql|apt-get|apt|brew|dd|systemctl)"
)
# Without quotes only what cannot be ordinary words: "make sure" and "kill a process" are no commands.
_BARE = (
    r"(?-i:(?:git|cargo|rustup|docker|kubectl|npm|gh)\s+(?!commands?\b)[a-z][\w-]*(?:\s+--?[a-z][\w-]*)*"
    r"|rm\s+-\w+|sudo)"
)
_BETWEEN = r"(?:,\s*(?:or\s+|and\s+|nor\s+)?|\s+(?:or|and|nor)\s+|\s*/\s*)"
_LIST = rf"(?:{_BARE})(?:{_BETWEEN}(?:{_BARE}))*"
_MARKED = rf"`{_PROGRAM}(?:\s[^`]*)?`"
_MARKED_LIST = rf"{_MARKED}(?:{_BETWEEN}{_MARKED})*"
_RUN = (
    r"(?:run(?:ning)?|us(?:e|ing)|execut(?:e|ing)|invok(?:e|ing)|call(?:ing)?|issu(?:e|ing)|do)\s+(?:the\s+)?"
)
# A prohibition with a condition cannot be judged from the commands alone.
_ALWAYS = (
    r"(?![^.;]*\b(?:unless|without|except|until|before|if|when|while|on|to|from|for|with|against|during|"
    r"outside|after|inside|instead of)\b)"
)
_END = (
    r"(?=\s*$|(?:[.;:!)]|,\s|\s[–—-]\s|\s(?:ever|at all|under any|in this|here|yourself|on your own|directly|"
    r"manually|commands?)\b))" + _ALWAYS
)
_NEVER = (
    r"(?:\b(?:no|never|not|cannot|avoid|refrain from|forbidden to|prohibited from)|n['’]t)\s+(?:ever\s+)?"
    r"(?:(?:allowed|permitted|supposed|authori[sz]ed)\s+to\s+)?"
)
_HOOKS = ("git commit --no-verify", "git push --no-verify")


def read_commands(words: str) -> tuple[str, ...]:
    """The commands that words of a sentence name, in their order."""
    quoted = re.findall(r"`([^`]+)`", words)
    plain = re.split(r",|\s+(?:or|and|nor)\s+|(?:^|\s)(?:or|and)\s+", re.sub(r"`[^`]*`", ",", words))
    named = [" ".join(text.split()) for text in (*quoted, *plain)]
    # What stands for something else ("<branch>", "...") says nothing about the command itself.
    cleaned = [
        re.sub(r"\s+(?:<[^>]*>|\.\.\.|…|\*|\[[^\]]*\])", "", name).strip(" /").removesuffix(".")
        if not name.endswith(" .")
        else name
        for name in named
    ]
    return tuple(dict.fromkeys(name for name in cleaned if re.match(_PROGRAM + r"(?:\s|$)", name)))


GATE = Gate(
    id="forbidden_commands",
    summary="commands that the definition forbids and that ran nevertheless",
    cost=Cost.JOURNAL,
    phrasings=(
        Phrasing(
            rf"{_NEVER}(?:{_RUN})?(?P<commands>{_LIST}){_END}",
            "Never run cargo publish or git push --force.",
            negative=True,
        ),
        Phrasing(
            rf"{_NEVER}(?:{_RUN})?(?P<commands>{_MARKED_LIST}){_END}",
            "Never use `kill` or `make clean`.",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            rf"(?P<commands>{_LIST})(?=\s+(?:is|are)\s+(?:strictly\s+)?(?:forbidden|prohibited|banned|"
            r"(?:not|never) (?:allowed|permitted))\b\s*(?:$|[.;!]))",
            "Running git rebase is forbidden.",
            negative=True,
        ),
        Phrasing(
            rf"\b(?:never|do not|don['’]t|forbidden|prohibited|banned):\s+(?P<commands>{_LIST}){_END}",
            "Never: git reset --hard",
            negative=True,
        ),
        Phrasing(
            rf"{_NEVER}force[- ]?push(?:ing|es)?\b{_ALWAYS}",
            "Never force-push.",
            {"commands": ("git push --force",)},
            negative=True,
        ),
        Phrasing(
            r"(?:`|\s)--no-verify\b|\b(?:skip|bypass|disable)(?:ping|ing)?\s+(?:the\s+|any\s+|git\s+)*"
            rf"(?:pre-?commit\s+|commit\s+|git\s+)?hooks?\b{_ALWAYS}",
            "Never skip pre-commit hooks.",
            {"commands": _HOOKS},
            negative=True,
        ),
        Phrasing(
            rf"{_NEVER}push(?:ing)?\s+(?:to\s+(?:\w+\s+)?remote\w*|commits|changes|your work){_END}",
            "Do not push commits.",
            {"commands": ("git push",)},
            negative=True,
        ),
        Phrasing(
            rf"{_NEVER}publish(?:ing)?\s+(?:the\s+|any\s+|to\s+)?(?:crates?(?:\.io)?|packages?){_END}",
            "Never publish crates.",
            {"commands": ("cargo publish",)},
            negative=True,
        ),
        Phrasing(
            rf"{_NEVER}amend(?:ing)?\s+(?:existing\s+|previous\s+|earlier\s+|any\s+)?commits?{_END}",
            "Do not amend commits.",
            {"commands": ("git commit --amend",)},
            negative=True,
        ),
        Phrasing(
            rf"(?P<commands>{_MARKED_LIST})(?=\s+(?:must|should|may|shall|can)\s*(?:never|not)"
            rf"\s+(?:ever\s+)?be\s+"
            rf"(?:used|run|executed|called|invoked|issued)\b{_ALWAYS})",
            "`git add .` must never be used.",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            rf"\b(?:never|do not|don['’]t|forbidden|prohibited|banned|not allowed|off[- ]limits)"
            rf"\b[\w\s]{{0,25}}:\s+"
            rf"(?P<commands>{_MARKED_LIST}){_END}",
            "Forbidden commands: `git push --force`",
            negative=True,
            code_marks=True,
        ),
        Phrasing(
            r"(?:^|[.;!]\s)\W*(?:do not|don['’]t|never)\s+(?:ever\s+)?commit(?:ting)?\s*(?=$|[.;:!]|"
            r"\s[–—-]\s)",
            "Never commit - only stage changes.",
            {"commands": ("git commit",)},
            negative=True,
        ),
    ),
    params={
        "commands": Param(
            tuple, (), "Commands that must not run: program, subcommands, options.", read=read_commands
        ),
    },
    inputs=("journal",),
    scopes=(Scope.CHANGED,),
    process=True,
)


def check(subject: Subject, params: Params, scope: Scope) -> Answer:
    """Look for the forbidden among the commands that ran."""
    forbidden: tuple[str, ...] = params["commands"]
    calls = [call for call in read_calls(journal_of(subject)) if call.ran and call.command is not None]
    findings = [
        Finding(
            None,
            None,
            f"`{name}` is forbidden, and {call.shown} ran it",
            "What it did has to be undone by a person who knows what it was; start again without it.",
        )
        for call in calls
        for name in forbidden
        if runs_command(call.command or "", name)
    ]
    evidence = evidence_of(calls, f"commands that ran: {len(calls)}", forbidden=list(forbidden))
    cut = [call for call in calls if not call.whole]
    if cut and forbidden and not findings:
        raise Unknown(f"the journal holds only the beginning of {cut[0].shown}", (evidence,))
    good = f"none of the forbidden commands ran: {', '.join(forbidden)}" if forbidden else "none is forbidden"
    return judged(tuple(findings), good, "forbidden commands that ran: {n}", evidence)
