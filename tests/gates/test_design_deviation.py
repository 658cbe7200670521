from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import journal, started
from sentences import asks_for

from ironwright.gates.design_document import read_design
from ironwright.testing.gate_testing import Case

DESIGN = """# Cache

```rust
/// Why a read failed.
pub enum CacheError {
    Missing(String),
    Full { size: usize },
}

pub struct Cache<K> {
    pub limit: usize,
    entries: Vec<(K, std::time::Duration)>,
}

impl<K: Ord> Cache<K> {
    pub fn new(limit: usize) -> Self;
    pub async fn get(&self, key: &K) -> Result<Option<u8>, CacheError>;
}

pub const LIMIT: usize = 10;
```

## Examples

```rust
pub fn shown_only() {}
```
"""
CODE = """use std::time::Duration;

#[derive(Debug)]
pub enum CacheError {
    Missing(String),
    Full {
        size: usize,
    },
}

pub struct Cache<K> {
    pub limit: usize,
    entries: Vec<(K, Duration)>,
}

impl<K: Ord> Cache<K> {
    pub fn new(most: usize) -> Self {
        Self { limit: most, entries: Vec::new() }
    }

    pub async fn get(
        &self,
        wanted: &K,
    ) -> Result<Option<u8>, CacheError> {
        let _ = wanted;
        Ok(None)
    }
}

pub const LIMIT: usize = 20;
"""
NAMED = {"documents": ("docs/design.md",)}
BASE = {"docs/design.md": DESIGN}


def with_code(old: str = "", new: str = "") -> dict:
    assert old in CODE
    return {"src/lib.rs": CODE.replace(old, new) if old else CODE}


def deviates(name: str, old: str, new: str, *mentions: str) -> Case:
    return Case(name, base=BASE, head=with_code(old, new), params=NAMED, mentions=mentions, findings=1)


PASSES = [
    Case("as designed", base=BASE, head=with_code(), params=NAMED, findings=0, mentions=("all 5 items",)),
    Case(
        "a document of the task",
        base=BASE,
        head=with_code(),
        journal=journal(started(task="Build docs/design.md.")),
    ),
    Case("no document is named", head=with_code(), journal=journal(started(task="Build it."))),
    Case(
        "a field more is a remark",
        base=BASE,
        head=with_code("pub limit: usize,", "pub limit: usize,\n    hits: u64,"),
        params=NAMED,
        findings=1,
    ),
    Case(
        "what is missing in an increment",
        base=BASE,
        head={"src/lib.rs": "pub const LIMIT: usize = 1;\n"},
        params={**NAMED, "partial": True},
        findings=4,
    ),
    Case(
        "a design without Rust",
        base={"docs/design.md": "# A\n\n```sh\nls\n```\n"},
        head=with_code(),
        params=NAMED,
    ),
    Case(
        "a usage in statements",
        base={"docs/design.md": "```rust\nlet a = Gone::new();\na.run();\n```\n"},
        head=with_code(),
        params=NAMED,
    ),
]
FAILS = [
    deviates("another parameter", "most: usize) -> Self", "most: u32) -> Self", "`Cache::new`", "u32"),
    deviates("another result", "Option<u8>, CacheError>", "u8, CacheError>", "Option<u8>"),
    deviates("not async", "pub async fn get", "pub fn get", "async"),
    deviates("another field", "Vec<(K, Duration)>", "Vec<K>", "`entries` of `Cache`"),
    deviates(
        "another visibility of a field", "    pub limit: usize", "    limit: usize", "`limit` of `Cache`"
    ),
    deviates("another visibility", "pub enum CacheError", "pub(crate) enum CacheError", "the visibility of"),
    deviates("a variant is missing", "    Missing(String),\n", "", "lacks `Missing`"),
    deviates("a variant holds something else", "Missing(String)", "Missing(u8)", "`Missing` of `CacheError`"),
    deviates("another constant", "LIMIT: usize", "LIMIT: u8", "`LIMIT`"),
    deviates("another receiver", "        &self,\n", "        self,\n", "`Cache::get`"),
    Case(
        "an item is missing",
        base=BASE,
        head=with_code("pub const LIMIT: usize = 20;\n", ""),
        params=NAMED,
        at=("docs/design.md", None),
        mentions=("`LIMIT`",),
    ),
    Case(
        "another kind",
        base={"docs/design.md": "```rust\npub struct A;\n```\n"},
        head={"src/lib.rs": "pub enum A {}\n"},
        params=NAMED,
        mentions=("the kind of",),
    ),
]
UNKNOWN = [
    Case(
        "the document is not there",
        head=with_code(),
        params={"documents": ("docs/gone.md",)},
        mentions=("docs/gone.md",),
    ),
    Case(
        "its Rust is broken",
        base={"docs/design.md": "```rust\npub fn f( {\n```\n"},
        head=with_code(),
        params=NAMED,
        mentions=("docs/design.md:1",),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    "sentence",
    [
        "Implement the design exactly.",
        "Faithfully implement the architectural design.",
        "Ensure API contracts match specifications.",
        "Never deviate from the design.",
    ],
)
def test_prose_that_binds_to_a_design(sentence):
    assert asks_for("design_deviation", sentence) is not None


@pytest.mark.parametrize(
    "sentence",
    ["Follow good design.", "Design first.", "Report any deviations from the design.", "Read the design."],
)
def test_prose_that_does_not(sentence):
    assert asks_for("design_deviation", sentence) is None


@given(st.text())
def test_any_document_is_read(text):
    declared, unread = read_design(text)
    assert isinstance(declared, tuple)
    assert all(line >= 1 for line in unread)


@given(st.text(alphabet="pub fnstrucenm A(){},:<>&;\n`", max_size=200))
def test_any_block_is_read(text):
    declared, unread = read_design(f"```rust\n{text}\n```\n")
    assert len(declared) + len(unread) >= 0
