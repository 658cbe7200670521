"""Binds obligations to the gates whose phrasings they use, with the parameters that the sentence states."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from ironwright.contract import words
from ironwright.contract.obligations import Obligation, each_obligation
from ironwright.contract.plain import plain
from ironwright.gates.api import Gate, Param, Phrasing
from ironwright.records.contract import Clause, Strength
from ironwright.records.definition import Agent

_STRONG_END = re.compile(r"[.;!?:]\s|\s[–—-]\s|[()]")
_CLAUSE_END = re.compile(
    r"[.;!?:,]\s|\s[–—-]\s|[()]|\b(?:and|then|but|so)\s+(?=(?:all|every|each|the|always|ensure|keep|"
    r"make|run|use|write|add|"
    r"document|instead)\b)"
)
_CONJUNCT_END = re.compile(r"[.;,!?:]\s|\s[–—-]\s|[()]|\b(?:and|but)\b")
_PROHIBITION = re.compile(
    r"\b(?:never|not|no|cannot|\w+n't|avoid(?:ing)?|without|forbid(?:den)?|refuse|refrain|skip|"
    r"disable|ignore|omit|neither|nor)\b",
    re.IGNORECASE,
)
_NOT_DEMANDED = re.compile(
    r"^\W*\s*(?:is|are|may be|can be)\s+(?:not|never|no longer|optional|unnecessary|allowed|skipped|"
    r"acceptable|fine|ok)\b(?!\s+(?:optional|negotiable|to be))",
    re.IGNORECASE,
)
_REFUSED_AFTER = re.compile(
    r"^\W*(?:(?:attributes?|calls?|macros?|statements?|usages?|annotations?|blocks?)\W+)?"
    r"(?:is|are|will be|must be|gets?)\s+(?:strictly\s+|always\s+)?"
    r"(?:never\s|not\s|forbidden|prohibited|banned|unacceptable|rejected|refused|blocked|split)"
    r"|^\W*(?:must|should|shall|may|can)(?:\s+(?:never|not)|not)\b"
    r"|^\s+(?:(?:is|are|be|been|get)\s+)?(?:resolved|fixed|addressed|eliminated|removed|cleaned)\b",
    re.IGNORECASE,
)
# What is allowed, and what may be picked from, is not demanded.
_ALLOWED = re.compile(r"\b(?:feel free to|(?:are|is) free to)\b", re.IGNORECASE)
_CHOICE = re.compile(
    r"\b(?:choose|select|pick|evaluate|choosing|selecting)\b[^.;:()]{0,60}\((?:[^()]*,)?[^()]*$",
    re.IGNORECASE,
)
# "Untested paths that could cause silent failures" is not about silent failures.
_CONSEQUENCE = re.compile(
    r"\b(?:could|might|may|would|can)\s+(?:cause|lead to|result in|introduce|hide|mask)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(r"\b(?:if|in case|because|assum\w+ that|even though|although)\b", re.IGNORECASE)
_REVIEWER = re.compile(r"(?i)(?:^|[-_ ])(?:reviewer|review|auditor|critic|inspector)s?(?:$|[-_ ])")
_REVIEWS = re.compile(r"(?i)\W*(?:use this agent (?:to|when)\W+)?(?:\w+ ){0,4}?(?:review|audit)")
_WRITES = re.compile(r"(?i)\b(?:write|edit|multiedit|notebookedit|\*)|\*")
_SPEAKING_LEAD = 3
# "At least 90%" needs its heading to say of what; "src/cli: target 75%" is about something of its own.
_BARE_LIMIT = re.compile(r"(?=.*\d)(?!\S*[/.]\S*:)(?:\S+\s+){0,9}\S+$")
_BARE_FILE = re.compile(r"[\w./-]+\.\w{1,4}$")
# An item that is nothing but a command, perhaps numbered, with what it is for.
_BARE_COMMAND = re.compile(r"(?i)(?:run\s+)?`[^`]+`\s*(?:$|[.;,(#—–-].{0,60}$)")
_COMMAND_NAME = re.compile(r"[A-Za-z][\w:.-]*")
MOST_OBLIGATIONS = 10_000
"""How many obligations of one definition are read: a hundred times what the longest public one holds."""
_LONGEST = 2_000  # characters of a sentence that patterns see: no sentence that a person wrote is longer
_ORDER = {Strength.ADVISORY: 0, Strength.SOFT: 1, Strength.HARD: 2}


def recognise(agent: Agent, gates: Mapping[str, Gate]) -> tuple[Clause, ...]:
    """Every obligation of a definition, once for each gate that enforces it.

    An obligation that no gate enforces gives one advisory clause, so that a person sees it. The result
    depends on the text and the gates alone. Never raises on any text.
    """
    clauses: list[Clause] = []
    reviews = _only_reviews(agent)
    known: dict[Obligation, list[Clause]] = {}
    included = {include.name for include in agent.includes}
    for number, obligation in enumerate(each_obligation(agent)):
        if obligation.sentence.strip("`*_ ") in included:
            continue  # its text is part of the prompt: nobody has to read it
        if number == MOST_OBLIGATIONS:
            clauses.append(_too_many(obligation))
            break
        where = replace(obligation, line=0)
        if where not in known:
            known[where] = _clauses_of(obligation, gates)
        for clause in known[where]:
            clause = replace(clause, line=obligation.line)
            clauses.append(_looked_for(clause, gates) if reviews else clause)
    return tuple(clauses)


def _clauses_of(obligation: Obligation, gates: Mapping[str, Gate]) -> list[Clause]:
    readings = () if obligation.doubtful else tuple(_readings(obligation))
    marked = () if obligation.doubtful else tuple(_marked_readings(obligation))
    bound = [clause for gate in gates.values() if (clause := _bind(obligation, readings, marked, gate))]
    return bound or ([] if obligation.introduces else [_advisory(obligation)])


def _too_many(obligation: Obligation) -> Clause:
    note = f"the text holds more than {MOST_OBLIGATIONS} obligations: nothing from this line on was read"
    return Clause(obligation.path, obligation.line, obligation.sentence, None, {}, Strength.ADVISORY, note)


def _only_reviews(agent: Agent) -> bool:
    """Whether an agent judges others' work: it is named for that, or may write nothing and says so."""
    if _REVIEWER.search(agent.name):
        return True
    tools = " ".join(agent.tools or ())
    return bool(tools) and not _WRITES.search(tools) and bool(_REVIEWS.match(agent.description))


def _looked_for(clause: Clause, gates: Mapping[str, Gate]) -> Clause:
    """What a reviewer's text says about code is what it looks for in others' work: shown, never refused."""
    if clause.gate is None or clause.strength is not Strength.HARD or gates[clause.gate].process:
        return clause
    return replace(clause, strength=Strength.SOFT, note="soft: this agent reviews the work of others")


def _advisory(obligation: Obligation) -> Clause:
    note = obligation.doubtful or "no gate enforces this"
    return Clause(obligation.path, obligation.line, obligation.sentence, None, {}, Strength.ADVISORY, note)


@dataclass(slots=True)
class _Asked:
    """What one phrasing says in one reading: the parameters, and where it matched."""

    params: dict[str, Any]
    spans: list[tuple[int, int]]


@dataclass(slots=True)
class _Bound:
    """What the phrasings of one gate say about one obligation, together."""

    params: dict[str, Any] = field(default_factory=dict)
    strength: Strength = Strength.ADVISORY
    note: str = ""

    def add(self, phrasing: Phrasing, asked: _Asked, gate: Gate, soft: str) -> None:
        """Take in what one phrasing says; the firmest one decides the strength."""
        for name, value in asked.params.items():
            self.params[name] = _together(gate.params.get(name), self.params.get(name), value)
        strength = Strength.SOFT if soft else phrasing.strength
        if _ORDER[strength] > _ORDER[self.strength]:
            self.strength = strength
            self.note = f'soft: "{soft}"' if soft else "soft: the wording is no demand"


def _bind(
    obligation: Obligation, readings: Iterable[_Reading], marked: Iterable[_Reading], gate: Gate
) -> Clause | None:
    bound: _Bound | None = None
    for phrasing in gate.phrasings:
        for reading in marked if phrasing.code_marks else readings:
            asked = _ask(phrasing, reading, gate)
            if asked is None:
                continue
            bound = bound or _Bound()
            bound.add(phrasing, asked, gate, _soft_words(obligation, reading, asked.spans))
            break
    if bound is None:
        return None
    return Clause(
        obligation.path,
        obligation.line,
        obligation.sentence,
        gate.id,
        bound.params,
        bound.strength,
        bound.note if bound.strength is Strength.SOFT else "",
    )


def _soft_words(obligation: Obligation, reading: _Reading, spans: list[tuple[int, int]]) -> str:
    """The words that make a wish of what was matched; "…, fuzzing if possible" softens only fuzzing."""
    if obligation.soft.lower().startswith(("consider", "attempt")):
        return obligation.soft
    for found in words.SOFT.finditer(reading.text):
        for start, end in spans:
            between = reading.text[min(end, found.start()) : max(start, found.start())]
            behind = words.SOFT_BEHIND.match(found[0]) is not None
            if not (_CONJUNCT_END if behind else _STRONG_END).search(between):
                return found[0]
    goal = words.GOAL.search(reading.text)
    if goal and words.THRESHOLD.search(reading.text) and not words.FIRM.search(reading.text):
        return goal[0]
    return obligation.soft_above


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read an obligation: alone, or as the end of what introduces it.

    Attributes:
        text: What a phrasing is matched against.
        own: Where the obligation's own words start; a match must reach into them.
        main: Where its main clause starts, behind "If tests fail,".
        forbidden: Whether the text above it forbids what it says.
    """

    text: str
    own: int
    main: int
    forbidden: bool


def _readings(obligation: Obligation) -> Iterator[_Reading]:
    text, forbidden = obligation.text[:_LONGEST], obligation.forbidden
    yield _Reading(text, 0, _main_start(text), forbidden)
    if forbidden:
        for word in ("Never", "No", "Avoid"):
            yield _joined(word + " ", text, forbidden=False)
    for lead in dict.fromkeys((*obligation.leads[-1:], *obligation.leads[:-1])):
        if len(lead.split()) >= _SPEAKING_LEAD or words.FORBIDDEN_TOPIC.search(lead):
            yield _joined(lead.rstrip(": ") + " ", text, forbidden=forbidden)
        yield _joined(lead.rstrip(": ") + ": ", text, forbidden=forbidden)
    if obligation.topic and (_BARE_LIMIT.match(text) or _BARE_FILE.match(text)):
        yield _joined(obligation.topic.rstrip(": ") + ": ", text, forbidden=forbidden)


def _marked_readings(obligation: Obligation) -> Iterator[_Reading]:
    """The obligation as :func:`_readings` has it, with the back quotes that tell commands from words."""
    if obligation.command:
        yield _Reading(f"Demanded command: `{obligation.sentence}`", 0, 0, forbidden=False)
        return
    if "`" not in obligation.sentence:
        return
    text = plain(obligation.sentence[:_LONGEST], code_marks=True)
    yield _Reading(text, 0, _main_start(text), obligation.forbidden)
    above = (*obligation.leads, *((obligation.topic,) if _BARE_COMMAND.match(text) else ()))
    for lead in dict.fromkeys(above):
        yield _joined(lead.rstrip(": ") + ": ", text, forbidden=obligation.forbidden)


def _joined(prefix: str, text: str, *, forbidden: bool) -> _Reading:
    prefix = prefix[-_LONGEST:]
    lowered = text[:1].lower() + text[1:] if text[1:2].islower() else text
    main = _main_start(text)
    return _Reading(prefix + lowered, len(prefix), len(prefix) + main if main else 0, forbidden)


def _main_start(text: str) -> int:
    if words.CONDITION.match(text) and (comma := re.search(r",\s+(?:then\s+)?", text)):
        return comma.end()
    return 0


def _ask(phrasing: Phrasing, reading: _Reading, gate: Gate) -> _Asked | None:
    """What a phrasing asks of its gate in this reading; None where it does not ask for it."""
    asked: _Asked | None = None
    for found in _regex(phrasing.pattern).finditer(reading.text):
        if found.end() <= max(reading.own, reading.main) or not found[0]:
            continue
        if not _demands(phrasing, reading, found):
            continue
        asked = asked or _Asked(dict(phrasing.params), [])
        asked.spans.append(found.span())
        for name, value in found.groupdict().items():
            param = gate.params.get(name)
            converted = None if value is None or param is None else convert(param, value)
            if converted is not None:
                asked.params[name] = _together(param, asked.params.get(name), converted)
    return asked


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    """A compiled phrasing; ``re`` itself forgets some once there are more than it keeps."""
    return re.compile(pattern, re.IGNORECASE)


def _demands(phrasing: Phrasing, reading: _Reading, found: re.Match[str]) -> bool:
    text = reading.text
    start = max(reading.main if found.start() >= reading.main else 0, 0)
    if _CHOICE.search(text, start, found.start()) or _CONSEQUENCE.search(text, start, found.start()):
        return False
    if phrasing.negative:
        segment = text[_last(_STRONG_END, text, found.start(), start) : found.end()]
        denied = words.NEGATION.search(segment) or words.SEEK.search(segment)
        return bool(denied) or reading.forbidden or bool(_REFUSED_AFTER.match(text[found.end() :]))
    if reading.forbidden:
        return False
    if _NOT_DEMANDED.match(text[found.end() :]):
        return False
    prefix = text[_last(_CLAUSE_END, text, found.start(), start) : found.start()]
    if _HYPOTHETICAL.search(prefix) or _ALLOWED.search(text[start : found.end()]):
        return False
    denial = _PROHIBITION.search(prefix)
    return denial is None or bool(words.UNDOES_NEGATION.search(prefix, denial.end()))


def _last(pattern: re.Pattern[str], text: str, end: int, default: int) -> int:
    position = default
    for found in pattern.finditer(text, 0, end):
        position = max(position, found.end())
    return position


def convert(param: Param, value: str) -> Any:
    """A parameter's value from a sentence's words; None where the words state none that is allowed."""
    if param.read is not None:
        return param.read(value) or None
    value = value.strip().strip("\"'")
    if param.type is bool:
        return value.lower() not in ("", "no", "not", "false", "without", "never")
    if param.type in (int, float):
        number = re.search(r"\d+(?:\.\d+)?", value.replace(",", ""))
        return None if number is None else param.type(float(number[0]))
    if param.type is tuple:
        return _several(param, value)
    if param.allowed:
        return next((allowed for allowed in param.allowed if _same(allowed, value)), None)
    return value or None


def _several(param: Param, value: str) -> tuple[str, ...] | None:
    parts = [part.strip() for part in re.split(r",|;|/|&|\+|\band\b|\bor\b", value) if part.strip()]
    if param.allowed:
        named = tuple(allowed for allowed in param.allowed if any(_same(allowed, part) for part in parts))
    else:
        named = tuple(dict.fromkeys(found[0] for part in parts if (found := _COMMAND_NAME.search(part))))
    return named or None


def _same(allowed: str, value: str) -> bool:
    stems = {_stem(word) for word in re.findall(r"[a-z]+", value.lower())}
    return _stem(allowed.lower()) in stems


def _stem(word: str) -> str:
    for ending in ("ies", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def _together(param: Param | None, first: Any, second: Any) -> Any:
    """Two values that one obligation states: merged, or the stricter."""
    if first is None or first == second:
        return second
    if isinstance(first, tuple) and isinstance(second, tuple):
        union = dict.fromkeys((*first, *second))
        order = param.allowed if param and param.allowed else tuple(union)
        return tuple(value for value in order if value in union)
    return param.stricter(first, second) if param and param.stricter else second
