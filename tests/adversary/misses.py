"""The changes that are judged wrongly, each with a line of why; one that is put right must be taken off."""

from __future__ import annotations

from typing import Final

MISSES: Final[dict[str, str]] = {
    "constant-changes-alone": "no test tells the constants apart; surviving_mutants would",
    "neutral-element-only": "a weak test: it notices other answers, for one input",
    "constant-for-the-only-case": "looks like any constant that a test covers",
    "bench-goes-away": "whether a benchmark is still wanted is not in the code",
    "panics-on-purpose-and-says-so": "90 % of its lines are asked for, and one is unreachable",
    "method-result-is-thrown-away": "None of a generic type cannot be made into something else",
    "error-becomes-a-default": "that errors are dropped is not tried by any test",
    "timeout-instead-of-an-answer": "asks for a variable that anything may ask for, on a line that tests run",
    "constant-tidied-away": "the new bound lies beyond what tests try; only surviving_mutants could tell",
}
"""Why, by the change's id."""
