from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.checks.stringly_errors import _error_type
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def lib(text: str) -> dict:
    return {"src/lib.rs": text}


def fn(returned: str, body: str = "todo()", head: str = "pub fn f()") -> dict:
    return lib(f"{head} -> {returned} {{\n    {body}\n}}\n")


STRING = fn("Result<u8, String>")
PASSES = [
    Case("a type of its own", head=fn("Result<u8, ParseError>"), findings=0),
    Case("the type of a crate", head=fn("Result<u8, std::io::Error>"), findings=0),
    Case("a module's alias", head=fn("std::io::Result<u8>"), findings=0),
    Case("text that is no error", head=fn("Result<String, ParseError>"), findings=0),
    Case("no Result", head=fn("Option<String>"), findings=0),
    Case(
        "an alias for a type",
        head=lib("type Result<T> = std::result::Result<T, E>;\npub fn f() -> Result<String> {\n    g()\n}\n"),
    ),
    Case("a private function", head=fn("Result<u8, String>", head="fn f()")),
    Case(
        "a trait's implementation",
        head=lib(
            "impl FromStr for A {\n    fn from_str(s: &str) -> Result<A, String> {\n        g()\n    }\n}\n"
        ),
    ),
    Case("a binary", head={"src/main.rs": "pub fn f() -> Result<u8, String> {\n    g()\n}\nfn main() {}\n"}),
    Case(
        "main",
        head={"src/main.rs": "fn main() -> Result<(), Box<dyn std::error::Error>> {\n    g()\n}\n"},
        params={"code": "all"},
    ),
    Case(
        "a test",
        head=lib(
            "#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() -> Result<(), String> {\n"
            "        Ok(())\n    }\n}\n"
        ),
    ),
    Case("untouched", base=STRING, head=lib(STRING["src/lib.rs"] + "// more\n"), findings=0),
    Case(
        "boxed, where that is allowed",
        head=fn("Result<u8, Box<dyn Error + Send + Sync>>"),
        params={"allow_boxed": True},
    ),
    Case(
        "bound by another language",
        head=lib("#[wasm_bindgen]\npub fn f() -> Result<u8, String> {\n    g()\n}\n"),
    ),
    Case("text becomes a typed error", head=fn("Result<u8, E>", 'Err("x".into())'), findings=0),
    Case("a tuple of results", head=fn("Result<(u8, String), E>"), findings=0),
]
FAILS = [
    Case("String", head=STRING, at=("src/lib.rs", 1), mentions=("`f`", "`String`"), findings=1),
    Case("static text", head=fn("Result<u8, &'static str>")),
    Case("nothing", head=fn("Result<u8, ()>")),
    Case("borrowed or owned text", head=fn("Result<u8, Cow<'static, str>>")),
    Case("boxed", head=fn("Result<u8, Box<dyn std::error::Error>>"), mentions=("Box",)),
    Case(
        "boxed and sent", head=fn("Result<Vec<(u8, u8)>, Box<dyn std::error::Error + Send + Sync + 'static>>")
    ),
    Case("anyhow", head=fn("anyhow::Result<u8>")),
    Case(
        "anyhow by its import",
        head=lib("use anyhow::{Context, Result};\npub fn f() -> Result<u8> {\n    g()\n}\n"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "an alias for text",
        head=lib(
            "type Result<T> = std::result::Result<T, String>;\npub fn f() -> Result<u8> {\n    g()\n}\n"
        ),
    ),
    Case("async", head=fn("Result<u8, String>", head="pub async fn f()")),
    Case("a future", head=fn("impl Future<Output = Result<u8, String>> + Send")),
    Case(
        "a method of a trait",
        head=lib("pub trait T {\n    fn f(&self) -> Result<u8, String>;\n}\n"),
        at=("src/lib.rs", 2),
    ),
    Case(
        "made into text on the way",
        head=fn("Result<u8, String>", "g().map_err(|e| e.to_string())", head="fn f()"),
        at=("src/lib.rs", 2),
        mentions=("cause is lost",),
    ),
    Case(
        "a sentence",
        head=fn("Result<u8, String>", 'Err("no".to_string())', head="fn f()"),
        at=("src/lib.rs", 2),
    ),
    Case("a formatted sentence", head=fn("Result<u8, String>", 'Err(format!("no {}", 1))', head="fn f()")),
    Case(
        "private, where all is judged", head=fn("Result<u8, String>", head="fn f()"), params={"code": "all"}
    ),
    Case("everything under scope all", base=STRING, head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [Case("a file that does not parse", head=lib("pub fn f( -> Result<u8, String> {\n"))]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


@given(st.text(alphabet="Result<>,() &'astrSng:+dyn Box", max_size=60))
def test_any_type_can_be_read(text):
    assert _error_type(text, {}) is None or "Result" in text


@given(
    st.sampled_from(["E", "String", "Box<dyn A>", "(A, B)", "F<A, B>"]),
    st.sampled_from(["u8", "(A, B)", "M<K, V>"]),
)
def test_the_error_is_the_second_argument(error, value):
    found = _error_type(f"Result<{value}, {error}>", {})
    assert found is not None
    assert found.replace(" ", "") == error.replace(" ", "")
