"""From an agent's text to its obligations: what is demanded, what is forbidden, and how firmly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ironwright.contract import words
from ironwright.contract.blocks import Block, BlockKind, read_blocks
from ironwright.contract.plain import plain, split_sentences, with_digits
from ironwright.records.definition import Agent

_LABEL = re.compile(
    r"^(?:[^\w\s]+\s*)?(?P<mark>\*\*|"
    r"__)(?P<label>[^*_]{1,80}?)(?P<inner>:?)(?P=mark)\s*(?P<outer>[:–—-]?)\s*(?P<rest>\S.*)$",
    re.DOTALL,
)
_PLAIN_LABEL = re.compile(r"^(?P<label>[A-Z][\w /&-]{1,40}):\s+(?P<rest>\S.*)$", re.DOTALL)
# A hash before a bracket starts an attribute, a dot before a letter a hidden folder.
_MARKS = re.compile(r"^(?:(?!#!?\[|\.\w)[^\w/`*\"'(\[≥≤<>@$])+")
_ADVERB = re.compile(
    r"^(?:(?:please|then|first|firstly|finally|next|also|instead|lastly|second|third|now|and|or|"
    r"otherwise|immediately|again|\w+ly|"
    r"always|never|only|just|do not|don't|not|to|you (?:must|should|shall|will|need to|have to|"
    r"always|never|ensure|can)),?\s+)+",
    re.IGNORECASE,
)
_PROHIBITED_FIRST = re.compile(
    r"^(?:never|do not|don't|avoid|not|no longer|must not|refrain)\b", re.IGNORECASE
)
_ABSENT_FIRST = re.compile(
    r"^(?:no|missing|lack(?:ing)?|absent|absence|without|insufficient|low|poor|un\w+ed)\b", re.IGNORECASE
)
_FRAGMENT_WORDS = 40
_LONGEST = 2_000  # characters of a sentence that are read: no sentence that a person wrote is longer
LONGEST_BLOCK = 50_000
"""How many characters of one paragraph, item or row are read: no person writes more without a blank line."""
# "Formatting: cargo fmt" tells what is used for it, also in a list of the tools that a project has.
_TOOL_BULLET = re.compile(
    r"(?:code )?(?:format(?:ting|ter)?|lint(?:ing|er|s)?):?\s*cargo (?:\+\w+ )?(?:fmt|clippy)\b",
    re.IGNORECASE,
)


class Topic(Enum):
    """What the headings and lead-ins above a sentence make of it."""

    NEUTRAL = "neutral"
    DEMANDED = "demanded"
    FORBIDDEN = "forbidden"
    KNOWLEDGE = "knowledge"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One sentence that obliges.

    Attributes:
        path: The file that holds it.
        line: 1-based line of that file where the sentence starts.
        sentence: As written, white space folded.
        text: Plain text with numbers as digits: what phrasings are matched against.
        label: The bold word or words that the item starts with, or of the first sentence of its block.
        leads: Plain texts of the lead-ins that govern it, outermost first, then a triggering heading.
        topic: The nearest heading, for fragments that need it ("At least 90%").
        forbidden: Whether a heading or lead-in above turns it into a prohibition.
        soft: The words that make it a wish rather than a demand; empty where it is firm.
        soft_above: Those of them that stand in a heading or lead-in.
        doubtful: Why its polarity cannot be told; empty where it can.
        introduces: Whether it says little itself and introduces the items below it ("Write tests that:").
        command: Whether it is a line of a fenced list of commands that is demanded as a whole.
    """

    path: str
    line: int
    sentence: str
    text: str
    label: str
    leads: tuple[str, ...]
    topic: str
    forbidden: bool
    soft: str
    soft_above: str = ""
    doubtful: str = ""
    introduces: bool = False
    command: bool = False


def find_obligations(agent: Agent) -> tuple[Obligation, ...]:
    """Every obligation of a definition and of the texts it includes, in the order of the text.

    Lines are those of the file that holds the sentence. Never raises on any text.
    """
    return tuple(each_obligation(agent))


def each_obligation(agent: Agent) -> Iterator[Obligation]:
    """The obligations of :func:`find_obligations`, one after the other: for texts that hold too many."""
    for item in _obligations_of(agent.body, agent.path, agent.body_line - 1):
        if agent.places:  # the body was filled in: each line comes from a file and a line of its own
            path, line = agent.place(item.line)
            yield replace(item, path=path, line=line)
        else:
            yield item
    for include in agent.includes:
        body, skipped = _after_frontmatter(include.text)
        yield from _obligations_of(body, str(include.path), skipped)


def _after_frontmatter(text: str) -> tuple[str, int]:
    lines = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff")).split("\n")
    if lines and lines[0].rstrip() == "---":
        for index, line in enumerate(lines[1:], start=1):
            if re.fullmatch(r"-{3,}\s*", line):
                return "\n".join(lines[index + 1 :]), index + 1
    return "\n".join(lines), 0


def _obligations_of(text: str, path: str, offset: int) -> Iterator[Obligation]:
    seen: set[tuple[int, str]] = set()
    for block in read_blocks(text):
        for obligation in _in_block(block, path, offset):
            key = (obligation.line, obligation.sentence)
            if key not in seen:
                seen.add(key)
                yield obligation


def _in_block(block: Block, path: str, offset: int) -> Iterator[Obligation]:
    leads = tuple(_cleaned(lead[:_LONGEST]) for lead in block.leads)
    headings = tuple(_cleaned(heading[:_LONGEST]) for heading in block.headings)
    topic = _topic_of(headings, leads)
    if topic is Topic.SILENT:
        return
    if block.kind is BlockKind.COMMAND:
        yield from _command(block, path, offset, headings, leads)
        return
    label = ""
    for number, sentence in enumerate(dict.fromkeys(split_sentences(block.text[:LONGEST_BLOCK]))):
        text = with_digits(_cleaned(sentence.raw[:_LONGEST]))
        own_label, main = _label_of(sentence.raw[:_LONGEST], text)
        if number == 0:
            label = own_label
        standing = _label_topic(label) or topic
        if block.is_lead and text.endswith(":") and words.SILENT_TOPIC.search(_head_of(text)):
            continue
        if text.endswith("?") and not sentence.raw.endswith("`"):  # a question, unless it is code: "or `?`"
            continue
        if standing is Topic.SILENT or not _obliges(text, main, block, standing, leads, first=number == 0):
            continue
        forbidden = standing is Topic.FORBIDDEN or block.text.lstrip().startswith(("❌", "🚫", "⛔"))
        doubtful = ""
        if forbidden and _PROHIBITED_FIRST.match(main):
            forbidden = False  # "Don't: never skip tests" repeats its heading
        elif forbidden and _ABSENT_FIRST.match(main):
            doubtful = "stands in a list of what is wrong and names something that is absent"
        above = _soft_above(text, headings, leads)
        triggers = tuple(heading for heading in headings[-1:] if words.TRIGGER.match(heading))
        yield Obligation(
            path,
            offset + block.line + sentence.line - 1,
            sentence.raw,
            text,
            label,
            (*triggers, *leads),
            headings[-1] if headings else "",
            forbidden,
            _softness(text, main, above),
            above,
            doubtful,
            block.is_lead and text.endswith(":") and not words.DETAIL_LEAD.search(text),
        )
    if len(block.text) > LONGEST_BLOCK:
        yield _cut(block, path, offset)


def _cut(block: Block, path: str, offset: int) -> Obligation:
    """Says of a block that is too long to be prose that its end was not read."""
    line = offset + block.line + block.text.count("\n", 0, LONGEST_BLOCK)
    start = " ".join(block.text[:60].split())
    note = f"holds more than {LONGEST_BLOCK} characters without a blank line: what follows them was not read"
    return Obligation(path, line, f"{start} …", "", "", (), "", False, "", doubtful=note)


def _command(
    block: Block, path: str, offset: int, headings: tuple[str, ...], leads: tuple[str, ...]
) -> Iterator[Obligation]:
    above = [*reversed(leads), *reversed(headings)][:2]
    if not any(words.COMMANDS_DEMANDED.search(text) for text in above):
        return
    if any(words.FORBIDDEN_TOPIC.search(text) for text in above):
        return
    line = offset + block.line
    text = f"Run {plain(block.text)}"
    soft = _soft_above(text, headings, leads)
    topic = headings[-1] if headings else ""
    yield Obligation(path, line, block.text, text, "", leads, topic, False, soft, soft, command=True)


def _cleaned(text: str) -> str:
    return _MARKS.sub("", plain(text)) or plain(text)


def _label_of(raw: str, text: str) -> tuple[str, str]:
    """The bold label that a sentence starts with and the text after it, plain."""
    found = _LABEL.match(_MARKS.sub("", raw) or raw)
    if found and (found["inner"] or found["outer"]):
        return _cleaned(found["label"]), with_digits(_cleaned(found["rest"]))
    bare = _PLAIN_LABEL.match(text)
    if bare and len(bare["label"].split()) <= 4:
        return bare["label"], bare["rest"]
    return "", text


def _label_topic(label: str) -> Topic | None:
    if not label:
        return None
    if words.FORBIDDEN_TOPIC.search(label):
        return Topic.FORBIDDEN
    if re.search(
        r"^(?:examples?|e\.g|sample|usage|output|input|use (?:for|when)|when to|user|assistant|context)\b",
        label,
        re.IGNORECASE,
    ):
        return Topic.SILENT
    return None


def _topic_of(headings: tuple[str, ...], leads: tuple[str, ...]) -> Topic:
    """What the texts above say; silence anywhere above silences, else the nearest one that says something."""
    for text in (*headings, *leads):
        if words.SILENT_TOPIC.search(_head_of(text)):
            return Topic.SILENT
    subject = False
    for text in (*reversed(leads), *reversed(headings)):
        if words.FORBIDDEN_TOPIC.search(text):
            return Topic.FORBIDDEN
        if words.DETAIL_LEAD.search(text):
            return Topic.KNOWLEDGE
        if words.DEMAND_TOPIC.search(_head_of(text)) or (text in leads and _orders(text)):
            return Topic.DEMANDED
        if words.KNOWLEDGE_TOPIC.search(_head_of(text)):
            return Topic.KNOWLEDGE
        subject = subject or bool(words.SUBJECT_TOPIC.search(_head_of(text)))
    return Topic.DEMANDED if subject else Topic.NEUTRAL


def _head_of(text: str) -> str:
    """A lead-in counts by its label or last clause, not by every word of a long sentence."""
    if len(text.split()) <= 8:
        return text
    label = _PLAIN_LABEL.match(text)
    return label["label"] if label else text.rsplit(". ", 1)[-1] if text.rstrip().endswith(":") else ""


def _orders(text: str) -> bool:
    _, main = _label_of(text, text)
    last = main.rsplit(". ", 1)[-1]
    return _imperative(last) or bool(words.MODAL.search(last))


def _imperative(text: str) -> bool:
    text = _MARKS.sub("", text)
    trigger = words.TRIGGER.match(text) or words.CONDITION.match(text)
    if trigger and (comma := re.search(r"[,:]\s+", text)):
        return _imperative(text[comma.end() :])
    rest = _ADVERB.sub("", text)
    if re.match(r"^you\s+(?!are\b|have\b)", rest, re.IGNORECASE):
        rest = rest[4:]
    first = re.match(r"^(?:re-)?[A-Za-z]+(?:-[A-Za-z]+)?", rest)
    if first is None:
        return False
    word = first[0].lower()
    if word not in words.IMPERATIVES:
        return False
    return word not in words.AMBIGUOUS or rest != text or bool(words.AMBIGUOUS_USE.match(rest))


def _obliges(
    text: str, main: str, block: Block, topic: Topic, leads: tuple[str, ...], *, first: bool
) -> bool:
    if words.DIALOGUE.match(text) or words.SAMPLE.search(text) or text.startswith('"'):
        return False
    if not re.search(r"[A-Za-z]{2}", text):
        return False
    if words.NUMBER_ONLY.match(text) and not words.THRESHOLD.search(text) and not _limits(block):
        return False
    if words.STRONG_MODAL.search(main) or re.match(r"(?i:always|never)\b", text):
        return True
    if first and text != main and _TOOL_BULLET.match(text):
        return True
    if topic is Topic.KNOWLEDGE:
        return False
    if block.checkbox:
        return True
    if words.DESCRIPTION.match(main):
        return False
    if _imperative(main) or words.MODAL.search(main) or words.UNIVERSAL.match(main):
        return True
    if words.THRESHOLD.search(text) and (topic is not Topic.NEUTRAL or block.kind is not BlockKind.PARAGRAPH):
        return True
    return (
        first and _is_fragment(block, text) and (topic is Topic.FORBIDDEN or _demanded(block, topic, leads))
    )


def _limits(block: Block) -> bool:
    near = [*block.leads[-1:], *block.headings[-1:]]
    return any(
        re.search(
            r"(?i)\b(?:standards?|requirements?|thresholds?|targets?|limits?|minimum|maximum|goals?|gates?|"
            r"rules?)\b",
            text,
        )
        for text in near
    )


def _is_fragment(block: Block, text: str) -> bool:
    return block.kind is not BlockKind.PARAGRAPH and len(text.split()) <= _FRAGMENT_WORDS


def _demanded(block: Block, topic: Topic, leads: tuple[str, ...]) -> bool:
    """Whether a noun or gerund that stands alone is asked for by the lead-in or heading above it."""
    if leads:
        return _orders(leads[-1]) or topic is Topic.DEMANDED
    return topic is Topic.DEMANDED


def _softness(text: str, main: str, above: str) -> str:
    label = text[: len(text) - len(main)] if text.endswith(main) else ""
    if found := words.SOFT.search(main) or words.SOFT_TOPIC.match(label):
        return found[0]
    goal = words.GOAL.search(text)
    if goal and words.THRESHOLD.search(text) and not words.FIRM.search(text):
        return goal[0]
    return above


def _soft_above(text: str, headings: tuple[str, ...], leads: tuple[str, ...]) -> str:
    """The word of a heading or lead-in that makes what stands below it a wish."""
    for above in (*leads[-1:], *headings[-1:]):
        found = words.SOFT_TOPIC.search(_head_of(above))
        if found and not words.FIRM.search(f"{above} {text}"):
            return found[0]
    return ""
