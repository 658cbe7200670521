from __future__ import annotations

import contextlib
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.records.errors import RepositoryError
from ironwright.records.manifest import (
    changed_entries,
    dependency_entries,
    dependency_manifests,
    entry_line,
    manifest_digest,
)

MANIFEST = """\
[package]
name = "small"

[dependencies]
serde = "1"
tokio = { version = "1", features = ["rt", "fs"] }

[dev_dependencies]
heck.version = "0.5"

[target.'cfg(unix)'.dependencies.libc]
version = "0.2"

[workspace.dependencies]
regex = "1"

[features]
std = ["serde/std", "plain"]
plain = []

[patch.crates-io]
serde = { path = "x" }
"""


def test_every_table_of_dependencies_is_read():
    assert set(dependency_entries(MANIFEST)) == {
        "dependencies.serde",
        "dependencies.tokio",
        "dev-dependencies.heck",
        "target.cfg(unix).dependencies.libc",
        "workspace.dependencies.regex",
        "features.std",
        "patch.crates-io",
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('serde = "1"', 'serde = { version = "1" } # why'),
        ('["rt", "fs"]', '["fs", "rt"]'),
        ('name = "small"', 'name = "other"'),
        ("plain = []", "plain = []\nmore = []"),
        ("[dev_dependencies]", "[dev-dependencies]"),
        ('heck.version = "0.5"', 'heck = "0.5"'),
    ],
)
def test_what_means_the_same_has_the_same_digest(old, new):
    assert old in MANIFEST
    assert manifest_digest(MANIFEST.replace(old, new)) == manifest_digest(MANIFEST)


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ('serde = "1"', 'serde = "2"', "dependencies.serde"),
        ('["rt", "fs"]', '["rt"]', "dependencies.tokio"),
        ('"serde/std", ', "", "features.std"),
        ('regex = "1"', "", "workspace.dependencies.regex"),
        ('version = "0.2"', 'version = "0.3"', "target.cfg(unix).dependencies.libc"),
        ('{ path = "x" }', '{ path = "y" }', "patch.crates-io"),
    ],
)
def test_what_means_something_else_is_named(old, new, entry):
    changed = MANIFEST.replace(old, new)
    assert manifest_digest(changed) != manifest_digest(MANIFEST)
    assert changed_entries(MANIFEST, changed) == (entry,)


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("dependencies.serde", 5),
        ("dev-dependencies.heck", 9),
        ("target.cfg(unix).dependencies.libc", 11),
        ("workspace.dependencies.regex", 15),
        ("features.std", 18),
        ("patch.crates-io", 21),
        ("dependencies.absent", None),
    ],
)
def test_an_entry_is_found_in_the_text(entry, line):
    assert entry_line(MANIFEST, entry) == line


def test_invalid_toml_is_an_error_with_its_line_but_has_a_digest():
    with pytest.raises(RepositoryError) as caught:
        dependency_entries("[package\n", "a/Cargo.toml")
    assert caught.value.where == "a/Cargo.toml:1"
    assert manifest_digest("[package\n") != manifest_digest("[packages\n")


def test_a_table_that_is_none_is_an_error():
    with pytest.raises(RepositoryError):
        dependency_entries("dependencies = 1\n")


def test_a_missing_manifest_counts_as_empty():
    assert manifest_digest("") == manifest_digest('[package]\nname = "x"\n')


def test_manifests_are_found_among_paths():
    paths = ["b/Cargo.toml", "Cargo.toml", "target/package/Cargo.toml", "Cargo.toml.orig", "src/lib.rs"]
    assert dependency_manifests(paths) == ("Cargo.toml", "b/Cargo.toml")


@given(st.text(max_size=120))
def test_any_text_has_a_digest(text):
    assert manifest_digest(text) == manifest_digest(text)
    entry_line(text, "dependencies.x")


KEYS = st.sampled_from(["dependencies", "target", "features", "workspace", "patch", "x"])
VALUES = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.sampled_from(['"1"', '"a/b"', '"dep:x"'])).map(str),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(KEYS, inner, max_size=2).map(
            lambda table: "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"
        ),
    ),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_toml_is_read_or_refused(table):
    text = "".join(
        f"{key} = {value.replace('True', 'true').replace('False', 'false')}\n" for key, value in table.items()
    )
    tomllib.loads(text)
    with contextlib.suppress(RepositoryError):
        assert all(isinstance(name, str) for name in dependency_entries(text))
