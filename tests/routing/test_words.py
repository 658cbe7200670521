from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.routing.words import Bm25, stem, stems, tokens


def test_forms_of_a_word_share_a_stem() -> None:
    assert len({stem(word) for word in ("test", "tests", "testing", "tested")}) == 1
    assert len({stem(word) for word in ("implement", "implements", "implementing", "implemented")}) == 1
    assert stem("class") == "class"


def test_identifiers_are_taken_apart() -> None:
    words = ["rust", "expert", "snake", "case", "httpserver", "http", "server"]
    assert stems("rust-expert snake_case HTTPServer") == [stem(word) for word in words]


def test_names_with_signs_survive() -> None:
    assert stems("C++ and C# on .NET, CI/CD with Node.js") == ["cpp", "csharp", "dotnet", "cicd", "nodej"]


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


@given(st.text())
def test_every_token_is_as_the_text_has_it(text: str) -> None:
    plain = text.replace("'", "").replace("’", "")
    for token in tokens(text):
        assert token.form
        assert token.written in plain or token.written.islower()


@given(st.lists(st.lists(st.sampled_from("abcde")), min_size=1), st.lists(st.sampled_from("abcdef")))
def test_a_text_scores_only_for_words_that_it_holds(texts: list[list[str]], query: list[str]) -> None:
    for words, score in zip(texts, Bm25(texts).scores(query), strict=True):
        assert (score > 0) == bool(set(words) & set(query))
