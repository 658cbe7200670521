import json
import sys


def test_a_note_is_added_found_shown_and_forgotten(cli, crate):
    added = cli(
        *("memory", "add", "Spans are byte offsets.", "--kind", "convention", "--source", "src/lib.rs:3"),
        *("--format", "json"),
        cwd=crate,
    )
    (note,) = json.loads(added.out)["notes"]
    assert note["kind"] == "convention"
    assert (crate / ".ironwright" / "memory" / f"{note['id']}.md").is_file()
    assert "byte offsets" in cli("memory", "list", cwd=crate / "src").out
    assert "byte offsets" in cli("memory", "search", "offset of a span", cwd=crate).out
    assert "source: src/lib.rs:3" in cli("memory", "show", note["id"][:12], cwd=crate).out
    assert cli("memory", "forget", note["id"], cwd=crate).code == 0
    empty = cli("memory", "list", cwd=crate)
    assert empty.out == ""
    assert "memory add" in empty.err


def test_a_known_note_is_wrong_use_and_says_what_is_known(cli, crate):
    assert cli("memory", "add", "Spans are byte offsets.", cwd=crate).code == 0
    again = cli("memory", "add", "Spans are byte offsets", cwd=crate)
    assert again.code == 2
    assert "known already: Spans are byte offsets." in again.err


def test_an_edited_note_must_stay_readable(cli, crate, tmp_path):
    cli("memory", "add", "Spans are byte offsets.", cwd=crate)
    (path,) = (crate / ".ironwright" / "memory").glob("*.md")
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys\n"
        "path = pathlib.Path(sys.argv[2])\n"
        "path.write_text(path.read_text().replace(*sys.argv[1].split('>')))\n"
    )
    before = path.read_text()
    broken = cli(
        "memory", "edit", "20", cwd=crate, env={"EDITOR": f"{sys.executable} {editor} 'kind: fact>what'"}
    )
    assert broken.code == 2
    assert f"{path}:2" in broken.err.replace("\n", "")
    assert path.read_text() == before
    fixed = cli(
        "memory", "edit", "20", cwd=crate, env={"EDITOR": f"{sys.executable} {editor} byte>character"}
    )
    assert fixed.code == 0, fixed.err
    assert "character offsets" in path.read_text()
