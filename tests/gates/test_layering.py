from __future__ import annotations

import pytest
from sentences import asks_for

from ironwright.gates.rust.module_paths import ModulePaths
from ironwright.gates.subject import SourceTree
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import MANIFEST, Case

LAYERS = {"layers": ("api", "service", "domain")}
TREE = {
    "src/lib.rs": "pub mod api;\npub mod domain;\npub mod service;\n",
    "src/api.rs": "use crate::service::run;\npub fn serve() {\n    run();\n}\n",
    "src/service.rs": "use crate::domain::User;\npub fn run() {\n    let _ = User;\n}\n",
    "src/domain/mod.rs": "pub mod user;\npub use user::User;\n",
    "src/domain/user.rs": "pub struct User;\n",
}


def with_user(text: str) -> dict:
    return {**TREE, "src/domain/user.rs": text + "pub struct User;\n"}


PASSES = [
    Case("downwards only", head=TREE, params=LAYERS, findings=0),
    Case("a comment names a layer", head=with_user("// crate::api::serve\n"), params=LAYERS),
    Case(
        "a test goes upwards",
        params=LAYERS,
        head=with_user(
            "#[cfg(test)]\nmod tests {\n    use crate::api::serve;\n    #[test]\n"
            "    fn t() {\n        serve();\n    }\n}\n"
        ),
    ),
    Case(
        "a visibility names a layer",
        head=with_user("pub(in crate::domain) fn f() {}\n"),
        params={"forbidden": ("domain::user -> domain",)},
    ),
    Case("another crate's module of that name", head=with_user("use serde::api::X;\n"), params=LAYERS),
    Case("untouched", base=with_user("use crate::api::serve;\n"), head={"a.md": ""}, params=LAYERS),
]
FAILS = [
    Case(
        "an import upwards",
        head=with_user("use crate::api::serve;\n"),
        params=LAYERS,
        at=("src/domain/user.rs", 1),
        findings=1,
        mentions=("`domain`", "`api`"),
    ),
    Case(
        "by super",
        head=with_user("use super::super::service;\n"),
        params=LAYERS,
        at=("src/domain/user.rs", 1),
    ),
    Case(
        "in braces", head=with_user("use crate::{\n    domain,\n    api::{self, serve},\n};\n"), params=LAYERS
    ),
    Case("a glob", head=with_user("use crate::api::*;\n"), params=LAYERS),
    Case(
        "a full path in a body",
        head=with_user("pub fn f() {\n    crate::api::serve();\n}\n"),
        params=LAYERS,
        at=("src/domain/user.rs", 2),
    ),
    Case(
        "a full path in a macro",
        head=with_user('pub fn f() {\n    println!("{:?}", crate::api::serve());\n}\n'),
        params=LAYERS,
        at=("src/domain/user.rs", 2),
    ),
    Case(
        "strangers in one layer",
        head={**TREE, "src/api.rs": "use crate::service::run;\n"},
        params={"layers": ("api | service", "domain")},
    ),
    Case("a pair", head=TREE, params={"forbidden": ("service -> domain",)}, at=("src/service.rs", 1)),
    Case(
        "modules in braces",
        head={"src/lib.rs": "mod api {\n    pub fn f() {}\n}\nmod domain {\n    use super::api::f;\n}\n"},
        params={"forbidden": ("domain -> api",)},
        at=("src/lib.rs", 5),
    ),
    Case(
        "packages of a workspace",
        head={
            "Cargo.toml": '[workspace]\nmembers = ["core-model", "web"]\n',
            "core-model/Cargo.toml": MANIFEST.replace("small", "core-model"),
            "core-model/src/lib.rs": "use web::serve;\n",
            "web/Cargo.toml": MANIFEST.replace("small", "web"),
            "web/src/lib.rs": "pub fn serve() {}\n",
        },
        params={"layers": ("web", "core-model")},
        at=("core-model/src/lib.rs", 1),
    ),
    Case(
        "untouched under scope all",
        base=with_user("use crate::api::serve;\n"),
        head={"a.md": ""},
        params=LAYERS,
        scope=Scope.ALL,
    ),
]
UNKNOWN = [
    Case(
        "a layer that is no module", head=TREE, params={"layers": ("api", "nowhere")}, mentions=("nowhere",)
    ),
    Case("nothing is listed", head=TREE, mentions=("`layers`",)),
    Case("a file that does not parse", head=with_user("fn f( {\n"), params=LAYERS),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        (
            "The `domain` module must not depend on `infrastructure`.",
            {"forbidden": ("domain -> infrastructure",)},
        ),
        ("The domain layer must never import from the api layer.", {"forbidden": ("domain -> api",)}),
        ("Layers, from the top: `api -> service -> domain`.", {"layers": ("api", "service", "domain")}),
    ],
)
def test_prose_states_the_order(sentence, stated):
    asked = asks_for("layering", sentence)
    assert asked
    assert {name: value for name, value in asked.items() if name != "strength"} == stated


@pytest.mark.parametrize(
    "sentence",
    [
        "Layers should be clean.",
        "Tests must not depend on each other.",
        "Never use `unwrap`.",
        "Code must not depend on time.",
    ],
)
def test_prose_without_an_order(sentence):
    assert asks_for("layering", sentence) is None


class Files:
    def __init__(self, files):
        self._files = {path: text.encode() for path, text in files.items()}
        self.paths = frozenset(files)

    def read(self, path):
        return self._files[path]


def test_every_file_has_its_module():
    paths = ModulePaths(
        SourceTree(Files({"Cargo.toml": MANIFEST, **TREE, "tests/a.rs": "", "src/bin/x.rs": ""}))
    )
    assert paths.of("src/lib.rs") == ("small",)
    assert paths.of("src/domain/mod.rs") == ("small", "domain")
    assert paths.of("src/domain/user.rs") == ("small", "domain", "user")
    assert paths.within(("small", "domain", "user"), "domain")
    assert not paths.within(("small", "domains"), "domain")
