"""Judges a commit message: does it say what changed, or does it praise, advertise or say nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# One of these is praise wherever it stands: they describe no code, only how good it is meant to be.
_PRAISE: Final = (
    r"production[- ](?:ready|grade|quality)|enterprise[- ](?:grade|ready|class|level)|world[- ]class|"
    r"state[- ]of[- ]the[- ]art|best[- ]in[- ]class|cutting[- ]edge|bleeding[- ]edge (?:tech\w*|"
    r"perform\w*)|"
    r"industry[- ]leading|battle[- ](?:tested|hardened)|bullet[- ]?proof|rock[- ]solid|"
    r"blazing(?:ly)?(?:[- ]fast)?|"
    r"lightning[- ]fast|game[- ]chang\w+|revolution(?:ary|i[sz]\w+)|ground[- ]?breaking|break[- ]?through|"
    r"next[- ]level|unparalleled|unmatched performance|unprecedented|super[- ]?charg\w+|turbo[- ]?charg\w+|"
    r"amazing|awesome|incredibl[ey]|fantastic|stunning|magnificent|outstanding (?:perform|qual|result)\w*|"
    r"flawless(?:ly)?|effortless(?:ly)?|world's (?:best|first|fastest)|mission accomplished|"
    r"(?:major|huge|massive|historic) (?:milestone|achievement|success|victory|win)|"
    r"100\s?% (?:complete|working|success\w*|perfect|done)|perfect (?:score|solution|"
    r"implementation|quality)|"
    r"(?:professional|military|commercial)[- ]grade|top[- ]notch|first[- ]class (?:quality|experience)|"
    r"beautiful(?:ly)? (?:crafted|designed|architected|written|code|implement\w*)|"
    r"exceptional (?:perform|qual|result|code)\w*|ultra[- ]fast|hyper[- ]optimi[sz]ed|"
    r"best practices throughout"
)
# These can be facts ("robust against cut lines"); together they praise.
_INFLATED: Final = (
    r"comprehensive(?:ly)?|robust(?:ly|ness)?|powerful|elegant(?:ly)?|seamless(?:ly)?|sophisticated|"
    r"significant(?:ly)? (?:improv|enhanc|boost|better)\w*|dramatic(?:ally)?|massive(?:ly)?|"
    r"ultimate|superior|"
    r"excellent|intelligent(?:ly)?|advanced|innovative|modern|intuitive|user[- ]friendly|"
    r"developer[- ]friendly|"
    r"high[- ](?:quality|performance)|full[- ]featured|feature[- ]rich|fully[- ](?:functional|"
    r"featured|tested|"
    r"working|implemented)|scalable|maintainable|clean architecture|successfully|enhanced|"
    r"perfect(?:ly)?(?! (?:hash|forward|number|square|power|match))"
)
_ADVERTISING: Final = re.compile(
    r"^\s*(?:🤖.*|\W{0,3}(?:generated|created|written|made|built|crafted|powered)\s+(?:with|by|using)\s+"
    r"(?:❤\S*|love|\[?(?:claude|chatgpt|gpt|copilot|codex|cursor|gemini|aider|windsurf|devin|"
    r"an? (?:ai|llm))\b).*)$",
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY: Final = re.compile(
    r"(?:wip|fix(?:e[sd])?|bug ?fix(?:es)?|hot ?fix|updates?|updated|chang(?:es?|ed)|edits?|"
    r"tweaks?|misc|stuff|"
    r"things|more|work|progress|commit|initial|save|tmp|temp|test|testing|asdf\w*|done|final|"
    r"cleanup|clean up|"
    r"refactor(?:ing)?|improve(?:ments?|d)?|chores?|minor|small|some|various|code|files?|"
    r"fix(?:ed)? (?:bugs?|it|stuff|things|issues?|errors?|tests?|code)|"
    r"updat(?:e|ed) (?:code|files?|stuff|things)|(?:minor|small|some|various|more) (?:fix|chang|"
    r"updat|edit|tweak|"
    r"improvement)\w*|work in progress|code changes|make changes|address (?:feedback|review|comments?))",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"^(?:[a-z]+(?:\([^)]*\))?!?:\s*|\[[^\]]*\]\s*)", re.IGNORECASE)
_KINDS: Final = frozenset(
    [
        "build",
        "chore",
        "ci",
        "doc",
        "docs",
        "feat",
        "feature",
        "fix",
        "perf",
        "refactor",
        "release",
        "revert",
        "style",
        "test",
        "tests",
        "wip",
    ]
)
_QUOTED: Final = re.compile(
    r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|(?<!\w)'[^'\n]*'(?!\w)|^>.*$|https?://\S+|"
    r"\S+/\S+|\b\w+(?:::|_|\.)\w+\S*",
    re.DOTALL | re.MULTILINE,
)
_TRAILER: Final = re.compile(r"^[A-Za-z][A-Za-z-]*: \S.*$", re.MULTILINE)
_CELEBRATING: Final = frozenset("🚀🎉🎊✨💯🔥🏆💪⭐🌟🙌👏🥳😎❤💖🎯💎⚡")
_STRONG: Final = re.compile(rf"(?<![\w-])(?:{_PRAISE})(?![\w-])", re.IGNORECASE)
_WEAK: Final = re.compile(rf"(?<![\w-])(?:{_INFLATED})(?![\w-])", re.IGNORECASE)
_LONGEST_SUBJECT: Final = 72
_MOST_WEAK: Final = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a message.

    Attributes:
        message: In words that follow "the message".
        advice: What to do.
        remark: Whether it is only worth mentioning.
    """

    message: str
    advice: str
    remark: bool = False


def judge_message(message: str, task: str = "") -> tuple[Fault, ...]:
    """The faults of a commit's message; words that the task itself uses are nobody's praise.

    Args:
        message: The whole message.
        task: What was asked for; may be empty.
    """
    return tuple(_faults(message.strip(), task))


def is_readable(message: str) -> bool:
    """Whether a message is written in letters that the word lists know; an empty one is."""
    letters = [char for char in message if char.isalpha()]
    latin = sum("LATIN" in unicodedata.name(char, "") for char in letters)
    return 2 * latin >= len(letters)


def _faults(message: str, task: str) -> Iterator[Fault]:
    subject = message.partition("\n")[0].strip()
    plain = _PREFIX.sub("", subject).strip(" .!")
    body = message.partition("\n")[2].strip()
    if not re.search(r"\w", subject):
        yield Fault("says nothing", "Say in the imperative what the commit does.")
        return
    explained = bool(_TRAILER.sub("", body).strip())
    scope = subject[: len(subject) - len(_PREFIX.sub("", subject))]
    named = bool(scope) and re.match(r"\W*(\w+)", scope)
    kind = named[1].lower() if named else ""
    if _EMPTY.fullmatch(plain) and not explained and (not kind or kind in _KINDS) and "(" not in scope:
        yield Fault(f"says nothing about the change (“{subject}”)", "Name what was changed, and why.")
    yield from _praise(message, task)
    if len(subject) > _LONGEST_SUBJECT:
        yield Fault(
            f"has a subject of {len(subject)} characters",
            f"Keep it within {_LONGEST_SUBJECT}; details belong into the body.",
            remark=True,
        )
    if re.match(r"(?:fixup|squash|amend)! ", subject):
        yield Fault(
            "is one to be folded into another commit", "Fold it (`git rebase --autosquash`).", remark=True
        )


def _praise(message: str, task: str) -> Iterator[Fault]:
    advert = _ADVERTISING.search(message)
    if advert:
        yield Fault(f"advertises a tool (“{advert[0].strip()[:60]}”)", "Leave that line out.")
    text = _QUOTED.sub(" ", message)
    asked = {found.lower() for found in re.findall(r"[\w-]+", task)}
    strong = _found(_STRONG, text, asked)
    weak = _found(_WEAK, text, asked)
    emoji = [char for char in text if char in _CELEBRATING]
    # An emoji at the beginning of the subject may be a convention for the kind of change.
    if len(emoji) > 2 and len(set(emoji)) > 1:
        strong.append("".join(dict.fromkeys(emoji)))
    advice = "Say what was changed and why, as facts a reader can check."
    if strong:
        yield Fault(f"praises instead of stating facts (“{'”, “'.join(strong[:4])}”)", advice)
    elif len(weak) > _MOST_WEAK:
        yield Fault(f"praises more than it states (“{'”, “'.join(weak[:5])}”)", advice)
    elif weak:
        yield Fault(f"uses words that judge rather than state (“{'”, “'.join(weak)}”)", advice, remark=True)


def _found(pattern: re.Pattern[str], text: str, asked: set[str]) -> list[str]:
    words = dict.fromkeys(found[0].lower() for found in pattern.finditer(text))
    return [word for word in words if not set(re.findall(r"[\w-]+", word)) <= asked]
