from __future__ import annotations

import re
from pathlib import Path

import pytest

from ironwright.gates.catalog import gate_modules
from ironwright.gates.documentation import main, page, pages, sections, write_pages

DOCS = Path(__file__).parents[2] / "docs" / "gates"


def test_the_committed_pages_are_up_to_date():
    wanted = pages(gate_modules())
    committed = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    stale = sorted(name for name in {*wanted, *committed} if wanted.get(name) != committed.get(name))
    assert not stale, "run `python -m ironwright.gates.documentation docs/gates`"


def test_a_page_says_everything_that_a_user_asks():
    text = page(gate_modules()["oversized_files"])
    assert "# oversized_files" in text
    for heading in ("What it checks", "Why", "Evidence", "Unknown when", "Parameters", "What asks for it"):
        assert f"\n## {heading}\n" in text
    assert "| `max_lines` | whole number | `200` |" in text
    assert "“Don't create files with more than 200 lines of code.” (count = code, max_lines = 200)" in text
    assert "`ratchet`" in text


def test_the_index_links_every_gate():
    text = pages(gate_modules())["README.md"]
    assert set(re.findall(r"\]\((\w+)\.md\)", text)) == set(gate_modules())


def test_pages_of_gates_that_are_gone_are_taken_away(tmp_path):
    modules = dict(gate_modules())
    first, second = list(modules)[:2]
    write_pages(tmp_path, {first: modules[first], second: modules[second]})
    (tmp_path / "notes.md").write_text("A person's own notes.\n")
    assert write_pages(tmp_path, {first: modules[first]}) == ("README.md", f"{second}.md")
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", f"{first}.md", "notes.md"}
    assert write_pages(tmp_path, {first: modules[first]}) == ()


def test_a_docstring_without_a_heading_is_refused():
    class Broken:
        __doc__ = "Refuses all.\n\nWhat it checks:\n    A.\n\nWhy:\n    B.\n"
        GATE = gate_modules()["oversized_files"].GATE

    with pytest.raises(ValueError, match="Evidence"):
        sections(Broken)  # type: ignore[arg-type]


def test_the_command_line_wants_one_folder(tmp_path, capsys):
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
    assert main([str(tmp_path / "new")]) == 0
    assert "pages changed" in capsys.readouterr().out
