import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ironwright.reporting.untrusted import markdown_code, markdown_text, printable, printable_lines

HOSTILE = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x9b2J\u202eevil\u200b\x00 \x1b"


def controls(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_escape_sequences_and_direction_marks_go_but_words_stay():
    assert printable(HOSTILE) == "red linkevil"


def test_an_escape_that_is_never_closed_hides_nothing_after_it():
    assert "secret failure" in printable("\x1b]0;title secret failure")
    assert printable_lines("\x1b]0;x\nsecond line")[1] == "second line"


@given(st.text())
@example(HOSTILE)
def test_printable_text_is_one_line_without_controls(text):
    shown = printable(text)
    assert controls(shown) == []
    assert shown == printable(shown)


@given(st.text())
@example(HOSTILE)
def test_printable_lines_hold_no_controls(text):
    assert all(controls(line) == [] for line in printable_lines(text))


@given(st.text(alphabet="a`*_[]()<>!|\\#&~$@1. \n"))
@example("<script>alert(1)</script> [x](javascript:y) ![i](u) **b** `c` @team")
def test_markdown_text_is_read_as_plain_words(text):
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse("x " + markdown_text(text))
    kinds = {child.type for token in tokens for child in token.children or ()} | {t.type for t in tokens}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}


@given(st.text(min_size=1, alphabet="a`b\\ <*"))
def test_markdown_code_is_one_code_span(text):
    inline = MarkdownIt("commonmark").parse("x " + markdown_code(text))[1]
    spans = [child.content for child in inline.children if child.type == "code_inline"]
    assert len(spans) == 1
    assert spans[0].strip() == printable(text).strip()
