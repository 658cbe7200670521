from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.host.cargo_metadata import parse_metadata, topmost_manifests
from ironwright.records.errors import ToolError


def lay(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")
    return folder


def test_the_topmost_manifest_hides_those_below(tmp_path):
    assert topmost_manifests(lay(tmp_path, "Cargo.toml", "a/Cargo.toml")) == (".",)


def test_several_manifests_beside_each_other(tmp_path):
    assert topmost_manifests(lay(tmp_path, "b/Cargo.toml", "a/x/Cargo.toml")) == ("a/x", "b")


def test_hidden_vendored_and_built_folders_are_left_out(tmp_path):
    paths = (".x/Cargo.toml", "vendor/a/Cargo.toml", "target/package/Cargo.toml", "node_modules/a/Cargo.toml")
    assert topmost_manifests(lay(tmp_path, *paths)) == ()


def test_links_are_not_followed(tmp_path):
    lay(tmp_path / "outside", "Cargo.toml")
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "link").symlink_to(tmp_path / "outside")
    assert topmost_manifests(tmp_path / "checkout") == ()


@pytest.mark.parametrize("output", [b"", b"{}", b"[]", b'{"workspace_members": 1}', b"\xff"])
def test_an_answer_that_is_none_is_an_error(tmp_path, output):
    with pytest.raises(ToolError):
        parse_metadata(output, lambda path: path, tmp_path)
