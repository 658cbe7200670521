from __future__ import annotations

from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case


def lines(count: int, line: str = "// x") -> str:
    return f"{line}\n" * count


COMMENTED = lines(150, "fn f() {}") + lines(100)

PASSES = [
    Case("a file at the limit", head={"src/lib.rs": lines(200)}, mentions=("200",), findings=0),
    Case("a limit of its own", head={"src/lib.rs": lines(300)}, params={"max_lines": 300}),
    Case("comments do not count as code", head={"src/lib.rs": COMMENTED}, params={"count": "code"}),
    Case(
        "an old long file that did not grow is a remark",
        base={"src/lib.rs": lines(300)},
        head={"src/lib.rs": lines(299)},
        findings=1,
        mentions=("it had 300 before",),
    ),
    Case("an untouched long file", base={"src/a.rs": lines(300)}, head={"src/b.rs": ""}, findings=0),
    Case("a long file that is no Rust", head={"data.txt": lines(300)}),
    Case("a long file is removed", base={"src/a.rs": lines(300)}, head={"src/a.rs": None}),
    Case(
        "an old long file under ratchet",
        base={"src/a.rs": lines(300)},
        head={"src/b.rs": ""},
        scope=Scope.RATCHET,
        findings=1,
    ),
    Case(
        "a short file that does not parse is short all the same",
        head={"src/lib.rs": "fn f( {"},
        params={"count": "code"},
    ),
]
FAILS = [
    Case("a new long file", head={"src/a.rs": lines(201)}, mentions=("201 lines",), at=("src/a.rs", 201)),
    Case("a last line without a newline counts", head={"src/a.rs": lines(200) + "fn f() {}"}),
    Case("comments count by default", head={"src/a.rs": COMMENTED}, mentions=("250 lines, the limit",)),
    Case("code alone is too long", head={"src/a.rs": lines(201, "fn f() {}")}, params={"count": "code"}),
    Case("an old long file grew", base={"src/a.rs": lines(300)}, head={"src/a.rs": lines(301)}),
    Case("a file grew over the limit", base={"src/a.rs": lines(200)}, head={"src/a.rs": lines(201)}),
    Case(
        "an untouched long file under scope all",
        base={"src/a.rs": lines(300)},
        head={"src/b.rs": ""},
        scope=Scope.ALL,
        findings=1,
        at=("src/a.rs", None),
    ),
    Case("everything is new", base=None, head={"src/lib.rs": lines(201)}),
]
UNKNOWN = [
    Case(
        "code is to be counted in a file that does not parse",
        head={"src/lib.rs": "fn f( {\n" + COMMENTED},
        params={"count": "code"},
        mentions=("src/lib.rs", "syntax"),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
