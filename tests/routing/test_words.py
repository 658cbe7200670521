from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.routing.words import Bm25, stem, stems


def test_forms_of_a_word_share_a_stem() -> None:
    assert len({stem(word) for word in ("test", "tests", "testing", "tested")}) == 1
    assert len({stem(word) for word in ("implement", "implements", "implementing", "implemented")}) == 1
    assert stem("class") == "class"


def test_identifiers_are_taken_apart() -> None:
    words = ["rust", "expert", "snake", "case", "http", "server"]
    assert stems("rust-expert snake_case HTTPServer") == [stem(word) for word in words]


def test_rare_word_weighs_more_than_a_common_one() -> None:
    index = Bm25([["rust", "queue"], ["rust", "parser"], ["rust", "docs"]])
    scores = index.scores(["rust", "parser"])
    assert scores[1] > scores[0] == scores[2]


def test_unknown_words_score_nothing() -> None:
    assert Bm25([["rust"], []]).scores(["zebra"]) == [0, 0]
    assert Bm25([]).scores(["zebra"]) == []


@given(st.text())
def test_stemming_any_text_gives_words_that_are_not_empty(text: str) -> None:
    assert all(stems(text))


@given(st.lists(st.lists(st.sampled_from("abcde")), min_size=1), st.lists(st.sampled_from("abcdef")))
def test_a_text_scores_only_for_words_that_it_holds(texts: list[list[str]], query: list[str]) -> None:
    for words, score in zip(texts, Bm25(texts).scores(query), strict=True):
        assert (score > 0) == bool(set(words) & set(query))
