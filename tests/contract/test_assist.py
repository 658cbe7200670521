"""What a model proposes is written for review and demands nothing before a person accepts it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.contract.assist import SENTENCES_A_REQUEST, Assisted, assist
from ironwright.contract.lock import contract_of_lock, save_lock, write_lock
from ironwright.contract.lock_file import Lock, load_lock
from ironwright.contract.review import accept
from ironwright.gates.catalog import gates
from ironwright.records.config import Config
from ironwright.records.definition import Agent

BODY = """\
# Rules
- Leave the campsite cleaner than you found it.
- Be kind to operators.
- All tests must pass.
"""


def locked(tmp_path: Path, body: str = BODY) -> Lock:
    return write_lock(tmp_path / "careful.toml", Agent("careful", "", "careful.md", body, body, 1), gates())


def asked(lock: Lock, *answers: str) -> tuple[Assisted, list[str]]:
    prompts: list[str] = []
    waiting = list(answers)

    async def ask(prompt: str) -> str:
        prompts.append(prompt)
        return waiting.pop(0) if waiting else "[]"

    return asyncio.run(assist(lock, gates(), "test:model", ask)), prompts


def proposal(number: int, gate: object = "unused_dependencies", **more: object) -> str:
    return json.dumps([{"number": number, "gate": gate, "params": {}, "strength": "hard", **more}])


def test_a_proposal_is_kept_with_the_model_that_made_it_and_counts_when_accepted(tmp_path: Path) -> None:
    done, _ = asked(locked(tmp_path), f"Here you are:\n```json\n{proposal(1)}\n```")
    assert (done.proposed, done.unusable) == ((1,), ())
    save_lock(done.lock, gates())
    lock = load_lock(Path(done.lock.path), gates())
    assert lock.clauses[0].proposed == "test:model"
    before = contract_of_lock(lock, Config(), gates())
    assert "unused_dependencies" not in {binding.gate for binding in before.bindings}
    assert "test:model proposes unused_dependencies hard" in before.clauses[0].note
    after = contract_of_lock(accept(lock, [1]), Config(), gates())
    assert "unused_dependencies" in {binding.gate for binding in after.bindings}


def test_only_sentences_without_a_gate_are_asked_about(tmp_path: Path) -> None:
    _, prompts = asked(locked(tmp_path))
    assert len(prompts) == 1
    assert "1. Leave the campsite" in prompts[0]
    assert "All tests must pass" not in prompts[0]


def test_many_sentences_are_asked_about_in_several_requests(tmp_path: Path) -> None:
    body = "# Rules\n" + "".join(
        f"- Be kind to operator {number}.\n" for number in range(SENTENCES_A_REQUEST + 5)
    )
    _, prompts = asked(locked(tmp_path, body))
    assert len(prompts) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("I would rather not.", "no JSON list"),
        (proposal(1, "no_such_gate"), "there is no gate"),
        (proposal(1, "low_coverage", params={"least": 1}), "no parameter"),
        (proposal(1, "low_coverage", strength="utter"), "utter"),
        (proposal(3), "no sentence that was asked about"),
        ('["x"]', "no sentence that was asked about"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told_and_changes_nothing(
    tmp_path: Path, answer: str, said: str
) -> None:
    lock = locked(tmp_path)
    done, _ = asked(lock, answer)
    assert done.proposed == ()
    assert done.lock.clauses == lock.clauses
    assert len(done.unusable) == 1
    assert said in done.unusable[0]


_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["number", "gate", "params", "strength"]), inner, max_size=4)
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200) | _VALUES.map(json.dumps))
def test_no_answer_breaks_the_lock(tmp_path_factory: pytest.TempPathFactory, answer: str) -> None:
    lock = locked(tmp_path_factory.mktemp("lock"))
    done, _ = asked(lock, answer)
    save_lock(done.lock, gates())
    assert load_lock(Path(lock.path), gates()).clauses[2].clause.gate == "failing_tests"
