"""What a gate is: its specification, what it is given, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

from ironwright.records.contract import Scope, Strength
from ironwright.records.verdict import Evidence, Finding, Status

if TYPE_CHECKING:
    from ironwright.gates.subject import Subject
    from ironwright.records.journal import Event

Params = Mapping[str, Any]


class Cost(IntEnum):
    """What a gate needs, cheapest first; gates run in this order."""

    JOURNAL = 0
    TREE = 1
    FORMAT = 2
    BUILD = 3
    TEST = 4
    REBUILD = 5


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a gate.

    Attributes:
        type: ``int``, ``float``, ``bool``, ``str`` or ``tuple`` (of strings).
        default: The value where nothing states one.
        meaning: One sentence with the unit.
        stricter: Picks the stricter of two values (``max`` for a minimum, ``min`` for a limit); None where
            values are merged (tuples) or the later wins.
        allowed: The values that may be given, for strings and tuples of strings; empty for any.
        read: Takes a tuple's values out of a sentence's words, where they are more than single words
            (``git push --force``); an empty answer states none.
        entry: For tuples whose values may be tables in a file: gives the text that stands for a table, and
            raises ValueError with the reason where it is none that the gate knows.
    """

    type: type
    default: Any
    meaning: str
    stricter: Callable[[Any, Any], Any] | None = None
    allowed: tuple[str, ...] = ()
    read: Callable[[str], tuple[str, ...]] | None = None
    entry: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A way in which prose asks for a gate.

    The recogniser matches ``pattern`` (case-insensitive, against one obligation with its white space
    folded and Markdown emphasis removed) after it has settled polarity and strength. A phrasing never
    has to look at lists, headings or negative sections itself.

    Attributes:
        pattern: Regular expression; named groups that are names of parameters are converted to them.
        params: Parameters that the phrasing implies.
        negative: True where the pattern is itself a prohibition ("never panic"), so that a negated
            sentence asks for the gate; False where a negated sentence asks for the opposite.
        strength: Lower than HARD where the words themselves are soft.
        example: A sentence that this phrasing must recognise; the tests run it.
        code_marks: Whether the pattern sees the back quotes around code, which are removed otherwise.
    """

    pattern: str
    example: str
    params: Params = field(default_factory=dict)
    negative: bool = False
    strength: Strength = Strength.HARD
    code_marks: bool = False

    @property
    def regex(self) -> re.Pattern[str]:
        """The compiled pattern (``re`` caches it)."""
        return re.compile(self.pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate's specification; each file of ``gates/checks`` has one, named ``GATE``.

    Attributes:
        id: The gate's id, equal to its file's name; names what it refuses.
        summary: One line: what it refuses.
        cost: What it needs.
        phrasings: The ways in which prose asks for it.
        params: Its parameters by name.
        requires: Gates that must PASS first; otherwise this one is UNKNOWN "blocked by …".
        early: Whether its work needs nothing of what it requires: it may be started before that has
            passed, and its answer is thrown away if it does not.
        tools: Names of tools (see ``host.tools``) without which it is UNKNOWN.
        inputs: What its verdict depends on, for caching: of ``head``, ``base``, ``journal``,
            ``commits`` (their messages), ``history`` (which commits they are), ``day`` (for
            what is known of the world outside), ``rust``
            (head's and base's Rust files only), ``manifests``, ``toolchain``, ``code`` (both trees without
            plain comments), ``commented_code`` (both trees, of comments only where they stand) and
            ``surface`` (both trees without plain comments and functions' bodies).
        scopes: The scopes it can judge; the first is its default.
        process: True where it judges how the work was done: without a journal it does not apply.
        not_due: For a ``process`` gate that cannot be judged in the middle of every run: given the journal
            and the parameters, says why, empty where it can. A check in mid-run leaves it out then; the
            one that decides never does.
        applies_with: Parameters of which one that is stated makes a ``process`` gate apply nevertheless.
    """

    id: str
    summary: str
    cost: Cost
    phrasings: tuple[Phrasing, ...]
    params: Mapping[str, Param] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    early: bool = False
    tools: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("head", "base", "toolchain")
    scopes: tuple[Scope, ...] = (Scope.CHANGED, Scope.ALL)
    process: bool = False
    not_due: Callable[[Sequence[Event], Params], str] | None = None
    applies_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate's function returns: a verdict without its id and time."""

    status: Status
    reason: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class GateModule(Protocol):
    """What every file of ``gates/checks`` is."""

    __doc__: str
    GATE: Gate

    def check(self, subject: Subject, params: Params, scope: Scope) -> Answer:
        """Judge the change.

        Raises:
            Unknown: The gate cannot tell; the message says why and what would make it known.
        """
        ...


class Unknown(Exception):  # noqa: N818  (it is an answer, not an error)
    """Raised by whatever finds that a verdict cannot be told; becomes the verdict UNKNOWN.

    Args:
        reason: Why, and what to install or change.
        evidence: What is known nevertheless.
    """

    def __init__(self, reason: str, evidence: tuple[Evidence, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence


def passed(reason: str, *evidence: Evidence, findings: tuple[Finding, ...] = ()) -> Answer:
    """A PASS; findings are remarks."""
    return Answer(Status.PASS, reason, findings, evidence)


def failed(reason: str, findings: tuple[Finding, ...], *evidence: Evidence) -> Answer:
    """A FAIL with at least one finding."""
    if not findings:
        raise ValueError("a FAIL names at least one finding")
    return Answer(Status.FAIL, reason, findings, evidence)


def judged(findings: tuple[Finding, ...], good: str, bad: str, *evidence: Evidence) -> Answer:
    """FAIL with ``bad`` where there are findings, else PASS with ``good``; ``{n}`` is their number."""
    if findings:
        return failed(bad.format(n=len(findings)), findings, *evidence)
    return passed(good, *evidence)
