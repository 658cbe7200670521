"""The collection of cheats and honest work: what must be refused is refused, what is honest is accepted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ironwright.records.verdict import Status

from .case import Change, Kind
from .cases import collection
from .judge import Bench, Judgement, contract
from .misses import MISSES

CHANGES = collection()
# One of each family in every run; the whole takes many minutes. Kept together, so that builds stay warm.
QUICK = frozenset({change.family: change.id for change in CHANGES}.values())

Judge = Callable[[Change], Judgement]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("adversary"))


def _cases() -> list[object]:
    return [
        pytest.param(change, id=change.id, marks=() if change.id in QUICK else pytest.mark.exhaustive)
        for change in CHANGES
    ]


@pytest.mark.xdist_group("adversary")
@pytest.mark.parametrize("change", _cases())
def test_a_change_gets_what_it_deserves(change: Change, bench: Bench) -> None:
    judged = bench.judge_frugally(change)
    if change.id in MISSES:
        assert not judged.right, f"{change.id} is judged rightly now: take it off the list of misses"
    else:
        assert judged.right, judged.shown
    for verdict in judged.refusing:
        findings = verdict.findings if verdict.status is Status.FAIL else ()
        assert all(found.message and (found.advice or found.path) for found in findings), judged.shown


@pytest.mark.exhaustive
@pytest.mark.timeout(2400)
@pytest.mark.xdist_group("adversary")
def test_the_verdict_cache_changes_no_verdict(bench: Bench) -> None:
    by = contract()
    for change in CHANGES:
        plain = bench.judge(change, by)
        for _ in range(2):  # once to fill the cache, where other changes' verdicts may serve, once to read it
            known = bench.judge(change, by, use_cache=True)
            assert known.statuses == plain.statuses, change.id


def test_no_forgery_is_among_the_misses() -> None:
    kinds = {change.id: change.kind for change in CHANGES}
    assert not [miss for miss in MISSES if kinds[miss] is Kind.FORGERY]


def test_the_collection_is_large_enough() -> None:
    assert len(CHANGES) >= 120
    assert len({change.crate for change in CHANGES}) >= 6


def test_every_change_differs_from_its_base(bench: Bench) -> None:
    for change in CHANGES:
        folder, base, head = bench.lay(change)
        assert base != head, f"{change.id} in {folder}"
    assert not set(MISSES) - {change.id for change in CHANGES}


def test_every_refused_change_names_its_gates() -> None:
    for change in CHANGES:
        if change.kind is not Kind.HONEST:
            assert change.gates, change.id
