from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case

SAVE = "fn save() -> Result<(), E> {\n    Ok(())\n}\n"


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


def fn(body: str, before: str = SAVE) -> dict:
    return lib(f"{before}fn f() {{\n    {body}\n}}\n")


IGNORED = fn("let _ = save();")
PASSES = [
    Case("handed up", head=fn("save()?;"), findings=0),
    Case("logged", head=fn('if let Err(e) = save() {\n        tracing::warn!("{e}");\n    }'), findings=0),
    Case(
        "a reason beside it", head=fn("let _ = save(); // best effort, the next run saves again"), findings=0
    ),
    Case(
        "a reason above it",
        head=fn("// The receiver may be gone already.\n    let _ = tx.send(1);"),
        findings=0,
    ),
    Case(
        "a reason in the block",
        head=fn(
            "match save() {\n        Ok(()) => g(),\n        Err(_) => {\n"
            "            // it is only a cache\n        }\n    }"
        ),
        findings=0,
    ),
    Case(
        "a value that is no Result", head=fn("let _ = count();", "fn count() -> u8 {\n    1\n}\n"), findings=0
    ),
    Case(
        "a name that means several things",
        head=fn("let _ = m.insert(1);", "fn insert() -> Result<(), E> {\n    g()\n}\n"),
        findings=0,
    ),
    Case("writing into a string", head=fn('let _ = write!(s, "x");'), findings=0),
    Case("turned into an option that is used", head=fn("let a = save().ok();"), findings=0),
    Case(
        "an error that becomes a value",
        head=fn("match save() {\n        Ok(()) => 1,\n        Err(_) => 2,\n    };"),
        findings=0,
    ),
    Case("inspected on the way", head=fn("save().inspect_err(|e| log(e)).ok();"), findings=0),
    Case(
        "a destructor",
        head=lib(SAVE + "impl Drop for A {\n    fn drop(&mut self) {\n        let _ = save();\n    }\n}\n"),
        findings=0,
    ),
    Case(
        "a test",
        head=lib(
            SAVE + "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() {\n        let _ = save();\n    }\n}\n"
        ),
        findings=0,
    ),
    Case("untouched", base=IGNORED, head=lib(IGNORED["src/lib.rs"] + "// more\n"), findings=0),
]
FAILS = [
    Case("let _", head=IGNORED, at=("src/lib.rs", 5), mentions=("`save`",), findings=1),
    Case(
        "let _ of an awaited call",
        head=lib(
            "async fn save() -> Result<(), E> {\n    g()\n}\nasync fn f() {\n    let _ = save().await;\n}\n"
        ),
        at=("src/lib.rs", 5),
    ),
    Case("let _ of a well-known call", head=fn("let _ = std::fs::remove_file(p);")),
    Case("a caught panic", head=fn("let _ = std::panic::catch_unwind(|| g());")),
    Case("ok as a statement", head=fn("save().ok();"), at=("src/lib.rs", 5), mentions=(".ok()",)),
    Case(
        "an empty arm",
        head=fn("match save() {\n        Ok(()) => g(),\n        Err(_) => {}\n    }"),
        at=("src/lib.rs", 7),
    ),
    Case(
        "an arm that goes on",
        head=fn(
            "for _ in 0..3 {\n        match save() {\n            Ok(()) => g(),\n"
            "            Err(_e) => continue,\n        }\n    }"
        ),
    ),
    Case("an empty branch", head=fn("if let Err(_) = save() {}")),
    Case("a branch with one word", head=fn("if let Err(_e) = save() {\n        // ignore\n    }")),
    Case(
        "errors filtered out",
        head=fn("let a: Vec<u8> = b.into_iter().filter_map(Result::ok).collect();"),
        mentions=("every error",),
    ),
    Case(
        "errors filtered out by a closure",
        head=fn("let a: Vec<u8> = b.into_iter().filter_map(|x| x.ok()).collect();"),
    ),
    Case(
        "a default for an error",
        head=fn("let a = load().unwrap_or_default();", "fn load() -> io::Result<String> {\n    g()\n}\n"),
        mentions=("`load`",),
    ),
    Case("in a binary", head={"src/main.rs": SAVE + "fn main() {\n    let _ = save();\n}\n"}),
    Case("everything under scope all", base=IGNORED, head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("fn f( {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
