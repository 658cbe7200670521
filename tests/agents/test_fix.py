from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.agents.fix import Fix, propose_fix, write_fix
from ironwright.agents.parse import parse_agent
from ironwright.records.errors import DefinitionError

SHARED = Path(__file__).parents[3] / "shared"


def repaired(tmp_path: Path, content: bytes) -> Fix | None:
    path = tmp_path / "a.md"
    path.write_bytes(content)
    return propose_fix(path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xef\xbb\xbf---\nname: a\n---\nBody", b"---\nname: a\n---\nBody"),
        (b"---\r\nname: a\r\n---\r\nBody\r\n", b"---\nname: a\n---\nBody\n"),
        (b"---\nname: a\ndescription: x: y\n---\nBody", b"---\nname: a\ndescription: 'x: y'\n---\nBody"),
        (b"---\nname: a\ndescription: b\n\n# Body\n", b"---\nname: a\ndescription: b\n---\n\n# Body\n"),
        (b"\n\n---\nname: a\n---\nBody", b"---\nname: a\n---\nBody"),
        (b"---\nname: a\ntools: read,  bash,Read\n---\nB", b"---\nname: a\ntools: Read, Bash\n---\nB"),
        (b"---\nname: a\ndescription: caf\xe9\n---\nB", "---\nname: a\ndescription: café\n---\nB".encode()),
        ("\ufeff---\nname: a\n---\nBé".encode("utf-16-le"), "---\nname: a\n---\nBé".encode()),
        (
            b"---\nname: a\ndescription: Use: it\\n\\nuser: 'go'\ncolor: red # deep\n---\nB",
            b"---\nname: a\ndescription: |-\n  Use: it\n\n  user: 'go'\ncolor: red # deep\n---\nB",
        ),
    ],
)
def test_what_is_mechanical_is_repaired(before: bytes, after: bytes, tmp_path: Path) -> None:
    fix = repaired(tmp_path, before)
    assert fix is not None
    assert fix.after == after
    assert fix.reasons
    write_fix(fix)
    assert (tmp_path / "a.md").read_bytes() == after
    assert propose_fix(tmp_path / "a.md") is None
    assert list(tmp_path.iterdir()) == [tmp_path / "a.md"]


@pytest.mark.parametrize(
    "content",
    [
        b"---\nname: a\ndescription: b\ntools: Read, Bash\n---\nBody: with: colons\n",
        b"# No frontmatter\n",
        b"---\nname: a\ntools: codebase, read\n---\nAnother host's names.",
        b"---\nname: a\nmode: subagent\ntools: read, bash\n---\nOpenCode writes them small.",
        b"---\nname: a\ntools:\n  - read\n  - bash\n---\nA list.",
        b"",
        b"a\0b",
    ],
)
def test_what_is_fine_or_beyond_repair_is_left_alone(content: bytes, tmp_path: Path) -> None:
    assert repaired(tmp_path, content) is None


def test_diff_shows_the_change_and_names_what_cannot_be_seen(tmp_path: Path) -> None:
    fix = repaired(tmp_path, b"\xef\xbb\xbf---\nname: a\ndescription: x: y\n---\nBody")
    assert fix is not None
    diff = fix.diff()
    assert "# the byte order mark is removed" in diff
    assert "-description: x: y\n+description: 'x: y'\n" in diff
    assert "Body" not in diff.replace(" Body", "")


def test_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    fix = repaired(tmp_path, b"---\nname: a: b\n---\nBody")
    assert fix is not None
    (tmp_path / "a.md").write_bytes(b"other")
    with pytest.raises(DefinitionError, match="changed meanwhile"):
        write_fix(fix)
    assert (tmp_path / "a.md").read_bytes() == b"other"


def test_mode_of_the_file_and_the_link_to_it_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "a.md"
    real.write_bytes(b"---\nname: a: b\n---\nBody")
    real.chmod(0o640)
    link = tmp_path / "a.md"
    link.symlink_to(real)
    fix = propose_fix(link)
    assert fix is not None
    write_fix(fix)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_bytes() == fix.after


TEXTS = st.text(alphabet="abc: '\"-\n#|>{}[]*&!%@`é\\<example>/ntoolsReadBash,\t", max_size=120)


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_repair_never_changes_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, description: str, body: str, end: str, mark: bool
) -> None:
    text = f"---\nname: {name}\ndescription: {description}\ntools: {name}\n---\n{body}".replace("\n", end)
    path = tmp_path_factory.mktemp("fix") / "a.md"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.encode())
    fix = propose_fix(path)
    if fix is None:
        return
    was, now = parse_agent(fix.before, path), parse_agent(fix.after, path)
    assert (was.name, was.description, was.model, was.body) == (
        now.name,
        now.description,
        now.model,
        now.body,
    )
    assert all(item.rule != "broken-frontmatter" for item in now.findings)
    write_fix(fix)
    assert propose_fix(path) is None


@pytest.mark.skipif(not SHARED.exists(), reason="needs the public definitions")
def test_every_broken_frontmatter_of_the_public_files_is_repaired(tmp_path: Path) -> None:
    with tarfile.open(SHARED / "data" / "definitions.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    broken = 0
    for path in tmp_path.rglob("*.md"):
        rules = {item.rule for item in parse_agent(path.read_bytes(), path).findings}
        if "broken-frontmatter" in rules:
            broken += 1
            assert propose_fix(path) is not None, path
    assert broken > 300
