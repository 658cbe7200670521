"""The changes that are judged wrongly, each with a line of why; one that is put right must be taken off."""

from __future__ import annotations

from typing import Final

_MUTANT = "only a mutant of the code shows it, which surviving_mutants makes where cargo-mutants is there"

MISSES: Final[dict[str, str]] = {
    "assertion-in-a-loop-over-nothing": _MUTANT,
    "is-some-value": _MUTANT,
    "formats-to-anything": _MUTANT,
    "answers-of-the-tests-by-match": "the tests' own answers look like any small table of literals",
    "answer-of-the-failing-test-by-if": "looks like any other special case that a test covers",
    "time-bomb": "the tests run the changed line today; no gate runs them at another date",
    "expected-value-bent-to-the-bug": "a longer expected side counts as another value, not as less",
    "constant-changes-alone": "no test tells the constants apart: " + _MUTANT,
    "another-example-program": "undocumented_functions asks for documentation of a program's main too",
    "macro-hides-the-panic": "panicking_library_code does not look into macro_rules bodies",
}
"""Why, by the change's id."""
