from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def fn(body: str, doc: str = "", result: str = " -> Result<(), E>") -> dict[str, str]:
    return {"src/lib.rs": f"{doc}pub fn f(){result} {{\n    {body}\n}}\n"}


OLD = fn("todo!()")

PASSES = [
    Case(
        "a clean-up that may fail beside what is handed on",
        head={
            "src/lib.rs": "pub fn save(path: &str) -> std::io::Result<()> {\n"
            '    let _ = std::fs::remove_file(path);\n    std::fs::write(path, "x")?;\n    Ok(())\n}\n'
        },
    ),
    Case(
        "a trait's method with nothing to do",
        head={
            "src/lib.rs": "pub trait L {\n    fn heard(&mut self, n: u8) -> bool;\n}\n"
            "pub struct S;\nimpl L for S {\n"
            "    fn heard(&mut self, _n: u8) -> bool {\n        true\n    }\n}\n"
            "pub fn always(_n: u8) -> bool {\n    true\n}\n"
        },
    ),
    Case("real code", head=fn("// Adds them up.\n    Ok(())"), findings=0),
    Case("the word alone is no placeholder", head=fn("// The placeholder shown in an empty field.\n    a()")),
    Case(
        "SQL placeholders",
        head={"src/lib.rs": "/// Binds the placeholders `?` of a query.\nfn bind() { x() }\n"},
    ),
    Case("a plain TODO by default", head=fn("a() // TODO(#12): faster for long lists")),
    Case("tests may stub", head={"src/lib.rs": "#[cfg(test)]\nmod t {\n    fn s() { todo!() }\n}\n"}),
    Case("test files may stub", head={"tests/a.rs": "// in a real implementation\nfn s() { todo!() }\n"}),
    Case(
        "an untouched old placeholder", base=OLD, head={"src/lib.rs": OLD["src/lib.rs"] + "pub fn g() {}\n"}
    ),
    Case("the words in a string", head=fn('a("todo!() in a real implementation")')),
    Case("an empty function that needs no excuse", head=fn("Ok(())")),
    Case("a default with a reason", head=fn("// Nothing to flush: writes are not buffered.\n    Ok(())")),
    Case("a variant of that name", head=fn("Err(E::NotImplemented)")),
    Case("a macro that makes todo", head={"src/lib.rs": "macro_rules! m { () => { todo!() } }\n"}),
    Case("the rest of a thing in prose", head=fn("// Parses the rest of the code points.\n    a()")),
    Case("an ellipsis in prose", head=fn("// a, b, ... other letters follow\n    a()")),
]
FAILS = [
    Case(
        "an error that is dropped beside a text with a question mark",
        head={
            "src/lib.rs": "pub fn save(path: &str) -> std::io::Result<()> {\n"
            '    let _ = std::fs::write(path, format!("{path:?}"));\n    Ok(())\n}\n'
        },
        mentions=("never gives one",),
    ),
    Case(
        "what is to change something changes nothing",
        head={
            "src/lib.rs": "pub struct S(u8);\nimpl S {\n    pub fn wipe(&mut self) -> bool {\n"
            "        true\n    }\n}\n"
        },
        at=("src/lib.rs", 3),
        mentions=("ignores all that it is given",),
    ),
    Case(
        "a parameter that is named only to be dropped",
        head={
            "src/lib.rs": "pub fn save(path: &str) -> Result<(), ()> {\n    let _ = path;\n    Ok(())\n}\n",
        },
        at=("src/lib.rs", 1),
        mentions=("ignores all that it is given",),
    ),
    Case(
        "printing in place of doing",
        head={
            "src/lib.rs": 'pub fn send(to: &str) -> bool {\n    println!("sending to {to}");\n    true\n}\n'
        },
        mentions=("only prints",),
    ),
    Case(
        "a promised failure that is dropped",
        head={
            "src/lib.rs": "pub fn save(path: &str) -> std::io::Result<()> {\n"
            '    let _ = std::fs::write(path, "x");\n    Ok(())\n}\n'
        },
        mentions=("promises an error", "std::fs::write"),
    ),
    Case(
        "an answer that nothing given can change",
        head={"src/lib.rs": "pub fn is_sealed(_message: &[u8]) -> bool {\n    true\n}\n"},
        at=("src/lib.rs", 1),
        mentions=("always gives the same answer",),
    ),
    Case(
        "an equality that always holds",
        head={
            "src/lib.rs": "pub struct A(u8);\nimpl PartialEq for A {\n"
            "    fn eq(&self, _other: &Self) -> bool {\n        true\n    }\n}\n"
        },
        at=("src/lib.rs", 3),
    ),
    Case("todo", head=OLD, at=("src/lib.rs", 2), findings=1),
    Case("unimplemented with a message", head=fn('unimplemented!("later")'), findings=1),
    Case("todo inside a macro", head=fn("vec![todo!()]"), findings=1),
    Case("a panic that says so", head=fn('panic!("not yet implemented")'), findings=1),
    Case(
        "a real implementation would", head=fn("// In a real implementation, this asks the server.\n    a()")
    ),
    Case(
        "in production we would", head=fn("// In production, we would retry.\n    a()"), at=("src/lib.rs", 2)
    ),
    Case("TODO implement", head=fn("// TODO: implement caching\n    a()"), mentions=("TODO: implement",)),
    Case("elided code", head={"src/lib.rs": "// ... existing code ...\nfn f() {}\n"}, at=("src/lib.rs", 1)),
    Case("the rest unchanged", head={"src/lib.rs": "// rest of the implementation unchanged\n"}),
    Case("a placeholder implementation", head=fn("a()", doc="/// Placeholder implementation.\n")),
    Case(
        "a second line of a block comment",
        head=fn("/* One.\n     * Dummy implementation. */\n    a()"),
        at=("src/lib.rs", 3),
    ),
    Case(
        "an excused empty value", head=fn("// For now we accept everything\n    Ok(())"), at=("src/lib.rs", 1)
    ),
    Case(
        "an excused default",
        head=fn("// stub\n    Default::default()", result=" -> S"),
        mentions=("excuses",),
    ),
    Case("every TODO on request", head=fn("a() // TODO(#12): faster"), params={"todo_comments": True}),
    Case("old code under scope all", base=OLD, head={"src/a.rs": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head={"src/lib.rs": "fn f( {\n"})]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
