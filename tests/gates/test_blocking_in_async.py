from __future__ import annotations

from ironwright.gates.rust.imports import imported_names
from ironwright.gates.rust.syntax import parse_rust
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


def fn(body: str, before: str = "", head: str = "pub async fn f()") -> dict:
    return lib(f"{before}{head} {{\n    {body}\n}}\n")


SLEEP = fn("std::thread::sleep(d);")
LOCKS = "use std::sync::Mutex;\n"
PASSES = [
    Case(
        "no async code",
        head=lib("pub fn f() {\n    std::thread::sleep(d);\n}\n"),
        mentions=("no async code",),
        findings=0,
    ),
    Case("the runtime's sleep", head=fn("tokio::time::sleep(d).await;"), findings=0),
    Case("the runtime's files", head=fn('fs::read("a").await;', "use tokio::fs;\n"), findings=0),
    Case("files of nobody knows where", head=fn('fs::read("a");', "use crate::store::*;\n"), findings=0),
    Case(
        "handed to a thread for it",
        head=fn('tokio::task::spawn_blocking(|| std::fs::read("a")).await;'),
        findings=0,
    ),
    Case("on a thread of its own", head=fn("std::thread::spawn(move || std::thread::sleep(d));"), findings=0),
    Case("a closure that somebody else calls", head=fn("let g = || std::thread::sleep(d);"), findings=0),
    Case("a nested function", head=fn("fn g() { std::thread::sleep(d); }"), findings=0),
    Case("a test", head=lib("#[tokio::test]\nasync fn t() {\n    std::thread::sleep(d);\n}\n"), findings=0),
    Case("untouched", base=SLEEP, head=lib(SLEEP["src/lib.rs"] + "// more\n"), findings=0),
    Case(
        "a guard that is gone before",
        head=fn("{\n        let g = m.lock().unwrap();\n    }\n    h().await;", LOCKS),
        findings=0,
    ),
    Case(
        "a guard that is dropped before",
        head=fn("let g = m.lock().unwrap();\n    drop(g);\n    h().await;", LOCKS),
        findings=0,
    ),
    Case(
        "the runtime's lock",
        head=fn("let g = m.lock().await;\n    h().await;", "use tokio::sync::Mutex;\n"),
        findings=0,
    ),
    Case(
        "a value out of a guard",
        head=fn("let n = m.lock().unwrap().len();\n    h().await;", LOCKS),
        findings=0,
    ),
    Case("a command that is only made", head=fn('let c = std::process::Command::new("ls");'), findings=0),
]
FAILS = [
    Case("sleep", head=SLEEP, at=("src/lib.rs", 2), mentions=("tokio::time::sleep",), findings=1),
    Case("sleep by its import", head=fn("sleep(d);", "use std::thread::sleep;\n")),
    Case("sleep by another name", head=fn("t::sleep(d);", "use std::thread as t;\n")),
    Case("files", head=fn('let a = fs::read_to_string("a");', "use std::{fs, io};\n"), at=("src/lib.rs", 3)),
    Case("an open file", head=fn('let a = File::open("a");', "use std::fs::File;\n")),
    Case(
        "in an async block",
        head=lib("pub fn f() {\n    spawn(async move {\n        std::thread::sleep(d);\n    });\n}\n"),
        at=("src/lib.rs", 3),
        findings=1,
    ),
    Case("in an async closure", head=lib("pub fn f() {\n    g(async || std::thread::sleep(d));\n}\n")),
    Case("in a closure that runs at once", head=fn("a.iter().for_each(|d| std::thread::sleep(*d));")),
    Case("a runtime in a runtime", head=fn("futures::executor::block_on(g());")),
    Case("a blocking client", head=fn('reqwest::blocking::get("a");')),
    Case(
        "a process", head=fn('let a = Command::new("ls").arg("-l").output();', "use std::process::Command;\n")
    ),
    Case(
        "a guard at an await",
        head=fn("let g = m.lock().unwrap();\n    h().await;", LOCKS),
        at=("src/lib.rs", 3),
        mentions=("`g`",),
    ),
    Case(
        "an async test, where tests count",
        head=lib("#[tokio::test]\nasync fn t() {\n    std::thread::sleep(d);\n}\n"),
        params={"tests": True},
    ),
    Case("everything under scope all", base=SLEEP, head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("async fn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_imports_are_read_with_lists_and_other_names():
    text = b"use std::{fs::{self, File}, io as i};\nuse a::b;\nuse c::*;\nmod m {\n    use d::b;\n}\n"
    names = imported_names(parse_rust("src/lib.rs", text))
    assert names == {"fs": "std::fs", "File": "std::fs::File", "i": "std::io"}
