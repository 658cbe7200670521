"""Every sentence of ``phrasings.txt`` is read as a person means it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ironwright.contract.recognise import recognise
from ironwright.gates.api import Gate
from ironwright.gates.catalog import gates
from ironwright.records.definition import Agent

_TABLE = Path(__file__).with_name("phrasings.txt")


@dataclass(frozen=True)
class Sentence:
    """One line of the table."""

    line: int
    gate: str
    heading: str
    text: str
    asked: bool
    params: Mapping[str, Any]


def read_table() -> list[Sentence]:
    sentences = []
    gate = ""
    for number, line in enumerate(_TABLE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("== "):
            gate = line[3:].strip()
            continue
        if not line.strip() or line.startswith("# "):
            continue
        text, _, stated = line.partition(" => ")
        headed = re.match(r"\[(?! \]|[ xX]\])([^\]]+)\]\s+(.*)", text)
        heading, text = (headed[1], headed[2]) if headed else ("Rules", text)
        asked = not text.startswith("! ")
        params = {
            name: json.loads(value)
            for name, value in re.findall(r"(\w+)=(\[[^\]]*\]|\"[^\"]*\"|[\w.]+)", stated)
        }
        sentences.append(Sentence(number, gate, heading, text.removeprefix("! ").strip(), asked, params))
    return sentences


@cache
def _gates() -> Mapping[str, Gate]:
    return gates()


def asked_of(sentence: Sentence) -> dict[str, dict[str, Any]]:
    """The gates that the sentence asks for, with the parameters that it states."""
    text = sentence.text
    if not text.startswith(("|", "- [", "- ")):
        text = f"- {text}"
    if text.startswith("|"):
        text = f"| What | How |\n|---|---|\n{text}"
    body = f"# {sentence.heading}\n\n{text}\n"
    clauses = recognise(Agent("engineer", "", "engineer.md", body, body, 1), _gates())
    return {clause.gate: dict(clause.params) for clause in clauses if clause.gate}


@pytest.mark.parametrize("sentence", read_table(), ids=lambda one: f"{one.gate}:{one.line}")
def test_a_sentence_asks_for_its_gate_as_a_person_means_it(sentence: Sentence) -> None:
    if sentence.gate not in _gates():
        pytest.skip(f"there is no gate {sentence.gate}")
    asked = asked_of(sentence)
    if not sentence.asked:
        assert sentence.gate not in asked, sentence.text
        return
    assert sentence.gate in asked, sentence.text
    stated = json.loads(json.dumps(asked[sentence.gate]))
    for name, value in sentence.params.items():
        assert stated.get(name) == value, sentence.text


def test_every_gate_of_the_table_is_asked_for_in_several_voices() -> None:
    asked = Counter(sentence.gate for sentence in read_table() if sentence.asked)
    assert {gate: number for gate, number in asked.items() if number < 10} == {}
