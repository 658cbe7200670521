"""Splits text into stemmed words and ranks texts for a query by BM25."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]+(?![a-z])|[a-z]+|\d+")
_STOP = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "from", "has", "have"),
        *("i", "if", "in", "into", "is", "it", "its", "me", "my", "of", "on", "or", "our", "please", "so"),
        *("some", "that", "the", "their", "them", "then", "there", "these", "this", "to", "up", "us", "was"),
        *("we", "what", "when", "which", "will", "with", "would", "you", "your", "need", "want", "help"),
        *("just", "ve", "ll", "re", "let", "should", "could", "how", "am", "use", "agent"),
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


def stem(word: str) -> str:
    """A lower-case word without its commonest English endings, so that "tests" and "testing" are one."""
    for suffix, remaining, instead in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= remaining and not word.endswith("ss"):
            word = word[: -len(suffix)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def stems(text: str) -> list[str]:
    """The stemmed words of a text in order, without the commonest; identifiers are taken apart."""
    words = (match.lower() for match in _WORD.findall(text))
    return [stem(word) for word in words if len(word) > 1 and word not in _STOP]


class Bm25:
    """Texts, ready to be ranked for queries.

    Args:
        texts: The words of each text.
    """

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._counts = [Counter(words) for words in texts]
        average = sum(map(len, texts)) / len(texts) if texts else 0.0
        self._norms = [_K1 * (1 - _B + _B * len(words) / (average or 1.0)) for words in texts]
        self._holders = Counter(word for counts in self._counts for word in counts)

    def scores(self, query: Sequence[str]) -> list[float]:
        """Each text's score for the query's words; 0 where they share none."""
        total = len(self._counts)
        weights = {
            word: math.log(1 + (total - self._holders[word] + 0.5) / (self._holders[word] + 0.5))
            for word in set(query)
            if word in self._holders
        }
        return [
            sum(
                weight * counts[word] * (_K1 + 1) / (counts[word] + norm)
                for word, weight in weights.items()
                if word in counts
            )
            for counts, norm in zip(self._counts, self._norms, strict=True)
        ]
