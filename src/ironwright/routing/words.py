"""Splits text into stemmed words, the same for requests and definitions, and ranks texts by BM25."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_APOSTROPHES = re.compile(r"['’]")
# Names that a tokenizer would tear apart or lose.
_SPECIAL = {
    "c++": "cpp",
    "c#": "csharp",
    "f#": "fsharp",
    ".net": " dotnet",
    "ci/cd": "cicd",
    "a/b": "abtest",
    "n+1": "nplusone",
    "e2e": "endtoend",
}
_SPECIAL_FORM = re.compile(
    r"\bc\+\+|\b[cf]#|\.net\b|\bci\s*/\s*cd\b|\ba/b\b|\bn\+1\b|\be2e\b|\bend[- ]to[- ]end\b|"
    r"\b(?:node|next|vue|nest|nuxt|three|express|d3)\.js\b",
    re.IGNORECASE,
)
STOP = frozenset(
    (
        *("a", "able", "about", "across", "actually", "all", "also", "am", "an", "and", "another", "any"),
        *("anything", "are", "around", "as", "at", "away", "back", "be", "became", "because", "become"),
        *("been", "being", "below", "between", "beyond", "both", "but", "by", "can", "cant", "come", "could"),
        *("currently", "did", "didnt", "do", "does", "doesnt", "doing", "done", "dont", "during", "each"),
        *("else", "especially", "even", "ever", "every", "everything", "exactly", "far", "few", "for"),
        *(
            "from",
            "full",
            "further",
            "get",
            "gets",
            "getting",
            "give",
            "given",
            "go",
            "goes",
            "going",
            "good",
        ),
        *("got", "great", "had", "has", "have", "having", "he", "help", "her", "here", "hes", "high", "him"),
        *("his", "how", "however", "i", "id", "if", "im", "important", "in", "instead", "into", "is"),
        *("isnt", "it", "its", "itself", "ive", "just", "kind", "know", "last", "later", "least", "less"),
        *("let", "lets", "like", "likes", "ll", "long", "lot", "lots", "made", "main", "makes", "many"),
        *("may", "maybe", "me", "mean", "might", "more", "most", "much", "must", "my", "need", "never"),
        *("new", "no", "now", "of", "off", "often", "on", "once", "one", "only", "or", "other", "others"),
        *("our", "ours", "out", "over", "own", "per", "please", "put", "quite", "rather", "re", "really"),
        *("same", "say", "see", "seem", "seems", "several", "she", "shes", "should", "since", "so", "some"),
        *("something", "sometimes", "soon", "specific", "started", "still", "such", "sure", "take", "taken"),
        *("takes", "than", "that", "thats", "the", "their", "theirs", "them", "themselves", "then", "there"),
        *("therefore", "theres", "these", "they", "theyre", "theyve", "thing", "things", "think", "this"),
        *("those", "though", "three", "through", "to", "together", "too", "toward", "towards", "tried"),
        *("try", "trying", "two", "under", "until", "up", "upon", "us", "use", "uses", "using", "usually"),
        *("various", "ve", "versus", "very", "via", "want", "wants", "was", "way", "ways", "we", "well"),
        *("went", "were", "weve", "what", "whatever", "whats", "when", "whether", "which", "while", "who"),
        *("whole", "whose", "will", "with", "within", "without", "wont", "would", "yes", "yet", "you"),
        *("your", "youre", "youve"),
    )
)
# Longest first; each with the fewest characters that must remain.
_SUFFIXES = (
    ("ization", 3, "ize"),
    ("isation", 3, "ize"),
    ("ations", 3, "ate"),
    ("ation", 3, "ate"),
    ("ings", 3, ""),
    ("ing", 3, ""),
    ("ies", 2, "y"),
    ("ers", 4, ""),
    ("ors", 4, ""),
    ("ed", 3, ""),
    ("er", 4, ""),
    ("or", 4, ""),
    ("es", 3, ""),
    ("ly", 4, ""),
    ("s", 3, ""),
)
_K1 = 1.2
_B = 0.75
"""The usual constants of BM25 (Robertson and Zaragoza, 2009)."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        form: Its stem; a stop word as it is, in lower case.
        is_stop: Whether it carries no meaning of its own.
        written: As the text has it.
        parts: The stems of an identifier's parts ("GraphQLServer"); empty for plain words.
    """

    form: str
    is_stop: bool
    written: str
    parts: tuple[str, ...] = ()


def stem(word: str) -> str:
    """A lower-case word without its commonest English endings, so that "tests" and "testing" are one."""
    for suffix, remaining, instead in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= remaining and not word.endswith("ss"):
            word = word[: -len(suffix)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def tokens(text: str) -> list[Token]:
    """The words of a text in order, stop words included."""
    whole = _SPECIAL_FORM.sub(_special, text)
    return [_token(word) for word in _WORD.findall(_APOSTROPHES.sub("", whole))]


def content(found: Iterable[Token]) -> list[str]:
    """The stems of words that carry meaning, in order; identifiers as a whole and in parts."""
    stems: list[str] = []
    for token in found:
        if not token.is_stop:
            stems.append(token.form)
            stems.extend(token.parts)
    return stems


def stems(text: str) -> list[str]:
    """The stems of a text's words in order, without those that carry no meaning of their own."""
    return content(tokens(text))


def rarity(holders: int, total: int) -> float:
    """How much it says that a text holds a word which ``holders`` of ``total`` texts hold; above 0."""
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))


def saturation(count: float, length: float, average: float) -> float:
    """How much a word counts that occurs ``count`` times in a text of this length; 0 to 2.2."""
    norm = _K1 * (1 - _B + _B * length / (average or 1.0))
    return count * (_K1 + 1) / (count + norm)


class Bm25:
    """Texts, ready to be ranked for queries.

    Args:
        texts: The words of each text.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._counts = [Counter(words) for words in texts]
        self._lengths = [len(words) for words in texts]
        self._average = sum(self._lengths) / len(texts) if texts else 0.0
        self._holders = Counter(word for counts in self._counts for word in counts)

    def scores(self, query: Sequence[str]) -> list[float]:
        """Each text's score for the query's words; 0 where they share none."""
        total = len(self._counts)
        weights = {word: rarity(self._holders[word], total) for word in set(query) if word in self._holders}
        return [
            sum(
                weight * saturation(counts[word], length, self._average)
                for word, weight in weights.items()
                if word in counts
            )
            for counts, length in zip(self._counts, self._lengths, strict=True)
        ]


def _special(match: re.Match[str]) -> str:
    found = "".join(match.group().lower().split())
    if found.endswith(".js"):
        return found.replace(".", "")
    return _SPECIAL.get(found, "endtoend")


@lru_cache(maxsize=200_000)
def _token(word: str) -> Token:
    lower = word.lower()
    listed = lower in STOP
    is_stop = listed or len(lower) < 2 or (lower.isdigit() and len(lower) < 3)
    form = lower if listed or len(lower) < 4 else stem(lower)
    if is_stop or lower == word or word.istitle() or word.isupper():
        return Token(form, is_stop, word)
    parts = [part.lower() for part in _PART.findall(word)]
    if len(parts) < 2:
        return Token(form, is_stop, word)
    kept = tuple(stem(part) for part in parts if len(part) > 1 and part not in STOP)
    return Token(form, is_stop, word, kept)
