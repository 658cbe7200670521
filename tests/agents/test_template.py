from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.agents.template import MAX_LEVELS, Filled, Filler
from ironwright.records.errors import DefinitionError

VALUES: dict[str, Any] = {
    "agpm": {
        "project": {"language": "rust", "limit": 3, "strict": True, "nothing": None, "list": ["b", "a"]},
        "deps": {"snippets": {"two": {"version": "v2"}, "one": {"version": "v1"}}},
    }
}


def fill(text: str, root: Path = Path("/nowhere")) -> Filled:
    return Filler(root.resolve(), lambda _path, _chain: VALUES).fill(text, root.resolve() / "a.md", 5, "a.md")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Write {{ agpm.project.language }}.", "Write rust."),
        ("{% if agpm.project.missing %}yes{% else %}no{% endif %}", "no"),
        ("{% if agpm.absent.deeper.still %}yes{% endif %}no", "no"),
        ("{% if agpm.project.language == 'rust' and not agpm.project.x %}yes{% endif %}", "yes"),
        ("{{ agpm.project.missing | default(value='none') }}", "none"),
        ("{{ agpm.project.missing is defined }} {{ agpm.project.limit is defined }}", "false true"),
        ("{{ agpm.project.strict }}{{ agpm.project.nothing }}", "true"),
        ("{% for n, one in agpm.deps.snippets %}{{ n }}={{ one.version }} {% endfor %}", "one=v1 two=v2 "),
        ("{% for item in agpm.project.list %}{{ loop.index }}{{ item }}{% endfor %}", "1b2a"),
        ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
        ("{# gone #}{% set x = agpm.project.limit + 1 %}{{ x }}", "4"),
        ("{{ agpm.project.language | upper | truncate(length=2, end='') }}", "RU"),
        ("{{ agpm.project.list | sort | join(sep=', ') }}", "a, b"),
        ("{{ 'a-b' | replace(from='-', to='_') }} {{ agpm.project.list }}", "a_b [b, a]"),
        ("{{ 'a' ~ 1 ~ true }}", "a1true"),
        ("{% if 'x.md' is ending_with('.md') %}yes{% endif %}", "yes"),
    ],
)
def test_template_is_filled_in_as_tera_does(template: str, expected: str) -> None:
    assert fill(template).text == expected


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("ok\n\n{{ agpm.projekt.x }}", 7, "`agpm.projekt` is not defined; `agpm` knows deps, project"),
        ("a\n{{ agpm.project.lang }}", 6, "knows language, limit, list, nothing, strict"),
        ("{{ foo }}", 5, "`foo` is not defined; the template knows agpm"),
        ("{% for x in nothing %}{% endfor %}", 5, "`nothing` is not defined"),
        ("a\n{% if %}", 6, "Expected an expression"),
        ("a\n{% endif %}", 6, "endif"),
        ("{{ agpm.project.language | shout }}", 5, "shout"),
        ("{% include 'x.md' %}", 5, "include"),
        ("{% extends 'x.md' %}", 5, "extends"),
        ("{% import 'x.md' as x %}", 5, "import"),
        ("{{ throw(message='stop here') }}", 5, "stop here"),
        ("{{ 1 / 0 }}", 5, "division by zero"),
    ],
)
def test_what_cannot_be_filled_in_is_named_with_its_line(template: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        fill(template)
    assert caught.value.where == f"a.md:{line}"
    assert message in caught.value.what
    assert caught.value.advice


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ agpm.__class__ }}",
        "{{ range.__globals__ }}",
        "{{ agpm.deps.items() }}",
        "{{ 'x'.format() }}",
        "{{ self }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9999999999 * 9999999999 }}",
        "{{ 2 ** 100000 }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
        "{% set x = 'a' %}" + "{% set x = x | replace(from='a', to='aaaaaaaaaa') %}" * 9 + "{{ x }}",
        "{% for i in range(end=10000) %}{% for j in range(end=10000) %}{% endfor %}{% endfor %}",
        "{% for i in range(end=9000) %}{{ '" + "x" * 1000 + "' }}{% endfor %}",
        "{{ range(end=100000000) }}",
        "{{" + "(" * 3000 + "1" + ")" * 3000 + "}}",
        "{% if 1 %}" * 200 + "{% endif %}" * 200,
    ],
)
def test_nothing_is_in_reach_of_a_template_but_its_values(template: str) -> None:
    with pytest.raises(DefinitionError):
        fill(template)


def test_each_line_knows_where_it_comes_from(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("---\nname: x\n---\none\ntwo\n")
    filled = fill("first\n{{ 'x.md' | content }} tail\nlast", tmp_path)
    assert filled.text == "first\none\ntwo tail\nlast"
    x = str((tmp_path / "x.md").resolve())
    assert filled.places == (("a.md", 5), (x, 4), (x, 5), ("a.md", 7))


@pytest.mark.parametrize("name", ["../secret.md", "/etc/hostname", "link.md", "~/x.md", "", "a\0b"])
def test_content_outside_the_project_is_refused(name: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(DefinitionError) as caught:
        fill(f"{{{{ '{name}' | content }}}}", root)
    assert "secret\n" not in str(caught.value)


def templated(text: str) -> str:
    return f"---\nagpm:\n  templating: true\n---\n{text}"


def test_cycle_of_contents_names_its_chain(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text(templated("{{ 'two.md' | content }}"))
    (tmp_path / "two.md").write_text(templated("{{ 'one.md' | content }}"))
    with pytest.raises(DefinitionError, match=r"cycle: .*a\.md → .*one\.md → .*two\.md → .*one\.md"):
        fill("{{ 'one.md' | content }}", tmp_path)


@pytest.mark.parametrize("levels", [MAX_LEVELS, MAX_LEVELS + 1])
def test_ten_levels_of_content_are_read_and_eleven_refused(levels: int, tmp_path: Path) -> None:
    for number in range(1, levels):
        (tmp_path / f"{number}.md").write_text(templated(f"{{{{ '{number + 1}.md' | content }}}}"))
    (tmp_path / f"{levels}.md").write_text("end")
    if levels > MAX_LEVELS:
        with pytest.raises(DefinitionError, match="deeper than 10 levels"):
            fill("{{ '1.md' | content }}", tmp_path)
    else:
        assert fill("{{ '1.md' | content }}", tmp_path).text == "end"


def test_contents_of_more_than_a_mebibyte_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("a" * 600_000)
    with pytest.raises(DefinitionError, match=r"exceed 1 MiB: .*one\.md"):
        fill("{{ 'one.md' | content }}{{ 'one.md' | content }}", tmp_path)


def test_content_that_does_not_opt_in_keeps_its_braces(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text("{{ kept }}")
    assert fill("{{ 'one.md' | content }}", tmp_path).text == "{{ kept }}"


def test_error_in_a_content_names_that_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text(templated("fine\n{{ nothing }}"))
    with pytest.raises(DefinitionError) as caught:
        fill("\n\n{{ 'one.md' | content }}", tmp_path)
    assert caught.value.where.endswith("one.md:6")
    assert "a.md →" in caught.value.what


WORDS = "{{ }} {% %} {# #} if endif for in set = | x agpm .project .language 'a' 1 ~ + ( ) range(end=3) raw é"
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", "\ufdd0"])


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_template_gives_a_result_or_an_error_and_always_the_same(text: str) -> None:
    results = []
    for _ in range(2):
        try:
            filled = fill(text)
            assert len(filled.places) == len(filled.text.split("\n"))
            assert all(path == "a.md" and line >= 5 for path, line in filled.places)
            results.append(filled.text)
        except DefinitionError as error:
            results.append(str(error))
    assert results[0] == results[1]


@settings(deadline=None)
@given(st.text())
def test_text_without_syntax_is_its_own_result(text: str) -> None:
    if not any(mark in text for mark in ("{{", "{%", "{#", "\r", "\ufdd0", "\ufdd1")):
        filled = fill(text)
        assert filled.text == text
        assert filled.places == tuple(("a.md", 5 + row) for row in range(len(text.split("\n"))))
