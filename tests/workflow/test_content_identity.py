"""Which edits renew which verdicts, on a real crate through the command's own path."""

from __future__ import annotations

from pathlib import Path

from ironwright.testing.gate_testing import MANIFEST, SmallCrate
from ironwright.workflow.change import resolve_change
from ironwright.workflow.content_identity import ContentIdentity

NAMES = ("head", "rust", "manifests", "code", "commented_code", "surface")
LIB = "//! Sums.\n\n/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n"


def renewed_by(folder: Path, files: dict[str, str], extra: dict[str, str] | None = None) -> set[str]:
    """The inputs that an edit renews, measured from a commit before."""
    crate = SmallCrate(folder)
    crate.commit({"Cargo.toml": MANIFEST})
    crate.commit({"src/lib.rs": LIB, **(extra or {})})
    content = ContentIdentity(resolve_change(folder, "HEAD~1", "HEAD"), "", None)
    before = {name: content.of(name) for name in NAMES}
    crate.commit(files)
    content = ContentIdentity(resolve_change(folder, "HEAD~2", "HEAD"), "", None)
    return {name for name in NAMES if content.of(name) != before[name]}


def test_a_plain_comment_renews_no_code(tmp_path: Path) -> None:
    assert renewed_by(tmp_path / "c", {"src/lib.rs": LIB + "// end\n"}) == {"head", "rust"}


def test_a_comment_inside_a_function_is_seen_by_clippy_only(tmp_path: Path) -> None:
    head = LIB.replace("    a + b", "    // sum\n    a + b")
    assert renewed_by(tmp_path / "c", {"src/lib.rs": head}) == {"head", "rust", "commented_code"}


def test_documentation_is_code(tmp_path: Path) -> None:
    found = renewed_by(tmp_path / "c", {"src/lib.rs": LIB.replace("Adds.", "Adds two.")})
    assert found >= {"code", "surface"}


def test_a_function_s_body_is_no_surface(tmp_path: Path) -> None:
    found = renewed_by(tmp_path / "c", {"src/lib.rs": LIB.replace("a + b", "b + a")})
    assert found == {"head", "rust", "code", "commented_code"}


def test_other_files_and_manifests_count_as_they_are(tmp_path: Path) -> None:
    assert renewed_by(tmp_path / "a", {"data.txt": "1"}) == {"head", "code", "commented_code", "surface"}
    found = renewed_by(tmp_path / "b", {"Cargo.toml": MANIFEST + "# end\n"})
    assert found == {"head", "manifests", "code", "commented_code", "surface"}


def test_beside_a_build_script_comments_count(tmp_path: Path) -> None:
    script = {"build.rs": "fn main() {}\n"}
    assert "code" in renewed_by(tmp_path / "c", {"src/lib.rs": LIB + "// end\n"}, script)
