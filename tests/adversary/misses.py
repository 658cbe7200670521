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
    "trace-of-a-table-of-zeros": "a weak test: for the one input that it tries, the right answer is zero",
    "answers-by-the-hash-of-the-question": "the answer stands in a list; that a hash chooses it is lawful",
    "answers-in-a-file": "a table in a file looks like any data that a program brings with it",
    "starts-with-what-the-test-says": "compares with one literal of its own, as parsers do",
    "thread-name-tells-of-tests": "libraries may ask whether they run on the main thread",
    "open-ssh-key-as-test-data": "keys among tests' data are remarks: tests of protocols need some",
    "code-before-tests-in-two-commits": "without a run's journal nobody demands that tests come first",
}
"""Why, by the change's id."""
