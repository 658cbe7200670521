from __future__ import annotations

import pytest
from journals import TREES, journal, ran
from sentences import asks_for

from ironwright.testing.gate_testing import Case

HEAD = {"src/lib.rs": "// x\n"}
LONG = {"bytes": 200_000, "sha256": "0" * 64, "start": "cat > x"}


def case(name: str, *parts, **more) -> Case:
    return Case(name, head=HEAD, journal=journal(*parts), **more)


PASSES = [
    case("cargo as it is", ran("cargo test"), ran("cargo clippy -- -D warnings")),
    case("no cargo at all", ran("ls src | head")),
    case("what says nothing about the code may be filtered", ran("cargo tree | head -5")),
    case("a guard refused it", ran("cargo test | tail", refused=True)),
    case("it runs while the gates are asked", ran("cargo test | tail", running=True)),
    case("made good later", ran("cargo test 2>&1 | tail -3"), ran("cargo test --all-features")),
    case(
        "looking for known output in the same state",
        ran("cargo test", before=TREES[0]),
        ran("cargo test | grep days", before=TREES[0]),
    ),
    case("a copy beside it", ran("cargo test 2>&1 | tee log")),
    case("a text about it", ran("cat > a.sh <<'EOF'\ncargo test | tail\nEOF")),
]
FAILS = [
    case(
        "only the end was seen",
        ran("cargo test 2>&1 | tail -3"),
        mentions=("journal line 2", "only reached `tail`", "`cargo test` again"),
        findings=1,
    ),
    case("in a group", ran("(cd a && cargo test) | head"), mentions=("`head`",)),
    case("thrown away", ran("cargo build > /dev/null 2>&1"), mentions=("was redirected",)),
    case("silenced", ran("cargo check -q"), mentions=("--quiet",)),
    case(
        "another subcommand does not make it good",
        ran("cargo test | tail"),
        ran("cargo build"),
        findings=1,
    ),
    case(
        "the state was another one",
        ran("cargo test", before=TREES[0]),
        ran("cargo test | tail", before=TREES[1]),
        findings=1,
    ),
    case("a later run that was cut off", ran("cargo test | tail"), ran("cargo test", -9, timed_out=True)),
    case("two of them", ran("cargo test | tail"), ran("cargo clippy | grep warning"), findings=2),
]
UNKNOWN = [
    Case("no journal", head=HEAD, mentions=("no journal",)),
    Case("no attempt", head=HEAD, journal=[], mentions=("no attempt",)),
    case(
        "the journal cut the command",
        {"tool": "run_command", "args": {"command": LONG}, "exit_code": 0},
        mentions=("only the beginning",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Review full compiler output and test results.",
        "Use cargo check often, reviewing FULL output (no `head` or `tail` unless looking for known output).",
        "Run full test suite without output filtering to verify correctness",
        "Read the full, unfiltered output of cargo; never pipe it through `head` or `tail`.",
        "Do not pipe test output through grep.",
        "NEVER truncate build output",
    ],
)
def test_sentences_that_ask_for_it(sentence):
    assert asks_for("filtered_output", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    [
        "Document the full output format of the tool.",
        "Return the complete output as JSON.",
        "Use head or tail to sample large files.",
        "Filter the test results by name.",
        "Pipe the generated code through rustfmt.",
    ],
)
def test_sentences_that_do_not(sentence):
    assert asks_for("filtered_output", sentence) is None
