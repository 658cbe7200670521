from __future__ import annotations

import time

import pytest
from agents_for_tests import TEAM, agent, router
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.records.errors import DefinitionError
from ironwright.routing.route import MOST_CANDIDATES, RoutingError

ROUTER = router(TEAM)


def test_agent_whose_words_fit_comes_first_and_says_why() -> None:
    route = ROUTER.route("Our SQL queries are slow, can you look at the indexes?")
    assert route.candidates[0].name == "database-optimizer"
    assert "sql" in route.candidates[0].why
    scores = [candidate.score for candidate in route.candidates]
    assert scores == sorted(scores, reverse=True)


def test_words_that_mean_the_same_are_enough() -> None:
    team = [
        agent("performance-engineer", "Performance profiling.", "You optimize latency and throughput."),
        agent("lawyer", "Legal contracts.", "You read agreements."),
        agent("recruiter", "Hiring.", "You write job postings."),
    ]
    route = router(team).route("it takes forever and feels sluggish")
    assert route.agent == "performance-engineer"
    assert "performance" in route.candidates[0].why


def test_clear_lead_is_accepted_and_a_close_call_is_not() -> None:
    body = "Kubernetes pods, helm charts, ingress, cluster autoscaling, kubectl."
    expert = agent("k8s-expert", "Kubernetes clusters, pods and helm charts.", body)
    clear = [expert, agent("poet", "Writes poems.")]
    route = router(clear).route("Our Kubernetes pods crash after the helm upgrade of the cluster")
    assert (route.agent, route.accepted) == ("k8s-expert", True)
    twice = [agent("one", "Kubernetes clusters.", body), agent("two", "Kubernetes clusters.", body)]
    route = router(twice).route("Our Kubernetes pods crash after the helm upgrade of the cluster")
    assert not route.accepted
    assert route.margin == 0
    assert "not clearly better" in route.reason


def test_nothing_fits_is_said_and_no_agent_is_named() -> None:
    route = ROUTER.route("Schreib mir bitte ein Gedicht über den Herbst")
    assert route.agent is None
    assert not route.accepted
    assert route.reason.startswith("Nothing fits")


def test_twins_are_one_candidate_and_the_standard_one_leads() -> None:
    route = ROUTER.route("Write documentation, where others failed, for this Rust code")
    first = route.candidates[0]
    assert first.name == "rust-doc-standard"
    assert first.tiers == ("rust-doc-standard", "rust-doc-advanced")
    assert "rust-doc-advanced" not in {candidate.name for candidate in route.candidates}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Use rust-doc-standard for the slow SQL queries", "rust-doc-standard"),
        ("rust-doc-advanced, please, on the SQL indexes", "rust-doc-advanced"),
        ("@debugger the SQL queries are slow", "debugger"),
        ("have the debugger agent look at the endpoints", "debugger"),
    ],
)
def test_named_agent_wins(text: str, name: str) -> None:
    route = ROUTER.route(text)
    assert (route.agent, route.accepted, route.by) == (name, True, "name")
    assert route.candidates[0].why == "named in the request"


def test_plain_word_that_is_also_a_name_does_not_call_the_agent() -> None:
    assert ROUTER.route("attach a debugger, the SQL queries are slow").by == "score"


def test_agent_that_is_not_to_be_used_is_no_candidate() -> None:
    route = ROUTER.route("Don't use database-optimizer; the SQL queries are slow")
    assert "database-optimizer" not in {candidate.name for candidate in route.candidates}


def test_several_named_agents_are_not_decided() -> None:
    route = ROUTER.route("use api-tester or database-optimizer")
    assert not route.accepted
    assert {route.candidates[0].name, route.candidates[1].name} == {"api-tester", "database-optimizer"}


def test_agent_is_not_sent_what_its_description_excludes() -> None:
    found = {one.name: one for one in ROUTER.route("the slow queries on our database").candidates}
    assert "against it" in found["schema-writer"].why
    assert "slow queries" in found["schema-writer"].why
    allowed = ROUTER.route("design the tables of our database")
    assert allowed.candidates[0].name == "schema-writer"
    assert "against it" not in allowed.candidates[0].why


def test_agent_for_another_language_loses() -> None:
    body = "You fix crashes and bugs in applications and read stack traces."
    python = agent("python-debugger", "Fixes Python crashes.", body)
    team = router([python, agent("crash-debugger", "Fixes crashes.", body)])
    assert team.route("the application crashes with a stack trace").candidates[0].name == "crash-debugger"
    assert team.route("my python script crashes").candidates[0].name == "python-debugger"


@pytest.mark.parametrize("text", ["", "   \n\t"])
def test_empty_request_is_an_error(text: str) -> None:
    with pytest.raises(RoutingError, match="empty"):
        ROUTER.route(text)


def test_no_agents_is_an_error() -> None:
    with pytest.raises(DefinitionError, match="no agents"):
        router([])


def test_megabyte_of_text_is_routed_by_its_beginning_in_time() -> None:
    text = "The SQL queries are slow. " + "indexes and tables " * 60_000
    started = time.process_time()
    route = ROUTER.route(text)
    assert time.process_time() - started < 1.0
    assert route.candidates[0].name == "database-optimizer"


def test_only_agent_is_accepted_where_it_fits() -> None:
    only = router([agent("sql-pro", "Slow SQL queries.")])
    assert only.route("slow sql queries").accepted
    assert only.route("zzz").agent is None


@given(st.text(min_size=1).filter(str.strip))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered_the_same_way_twice(text: str) -> None:
    route = ROUTER.route(text)
    assert route == ROUTER.route(text)
    assert len(route.candidates) <= MOST_CANDIDATES
    assert 0 <= route.margin <= 1
    assert route.agent is None or route.agent in {name for one in route.candidates for name in one.tiers}
    assert not (route.accepted and route.agent is None)
