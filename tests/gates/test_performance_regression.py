"""Instruction counts of benchmarks on both sides, under the real callgrind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.allocation_counts import Allocations, read_allocations
from ironwright.gates.cargo.criterion_times import Estimate, read_estimates, slower
from ironwright.gates.cargo.instruction_counts import Counts, grown_functions, read_counts
from ironwright.testing.gate_testing import MANIFEST, Case

NEEDS = ("valgrind",)
BENCH = """fn main() {
    let mut sum = 0u64;
    for i in 0..3000 {
        sum = sum.wrapping_add(small::work(std::hint::black_box(i)));
    }
    assert!(sum > 0);
}
"""
CLOCK = """fn main() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    for i in 0..10 + u64::from(now.subsec_micros() % 1000) * 200 {
        std::hint::black_box(small::work(i));
    }
}
"""
LIB = """/// Works.
#[inline(never)]
pub fn work(n: u64) -> u64 {
    let mut h = n;
    for _ in 0..20 {
        h = std::hint::black_box(h.wrapping_mul(31) ^ 7);
    }
    h | 1
}
"""
ALLOCATING = """/// Works on the heap.
#[inline(never)]
pub fn work(n: u64) -> u64 {
    let kept = std::hint::black_box(vec![n; 1]);
    let mut h = kept.len() as u64;
    for _ in 0..20 {
        h = std::hint::black_box(h.wrapping_mul(31) ^ 7);
    }
    h | 1
}
"""
WITH_BENCH = MANIFEST + '\n[[bench]]\nname = "speed"\nharness = false\n'
BASE = {"Cargo.toml": WITH_BENCH, "benches/speed.rs": BENCH, "src/lib.rs": LIB}

PASSES = [
    Case("only comments", base=BASE, head={"src/lib.rs": "//! New.\n" + LIB}, mentions=("no code outside",)),
    Case(
        "faster code, counted by a changed benchmark",
        base=BASE,
        head={"src/lib.rs": LIB.replace("20", "10"), "benches/speed.rs": BENCH.replace("3000", "4000")},
        mentions=("no benchmark executes",),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a new benchmark has nothing to be compared with",
        base={"Cargo.toml": MANIFEST, "src/lib.rs": LIB},
        head={"Cargo.toml": WITH_BENCH, "benches/speed.rs": BENCH},
        findings=1,
        needs=NEEDS,
        slow=True,
    ),
]
FAILS = [
    Case(
        "a loop that runs twice as often",
        base=BASE,
        head={"src/lib.rs": LIB.replace("20", "40")},
        at=("benches/speed.rs", None),
        mentions=("small::work", "% more than"),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a slower example that is named",
        base={"Cargo.toml": MANIFEST, "examples/show.rs": BENCH, "src/lib.rs": LIB},
        head={"src/lib.rs": LIB.replace("20", "22")},
        params={"targets": ("show",)},
        mentions=("example show",),
        needs=NEEDS,
        slow=True,
    ),
]
FAILS += [
    Case(
        "as many instructions within the limit and twice the blocks",
        base={**BASE, "src/lib.rs": ALLOCATING},
        head={
            "src/lib.rs": ALLOCATING.replace("n; 1]", "n; 1]); let kept = std::hint::black_box(kept.clone()")
        },
        params={"threshold": 300.0},
        at=("benches/speed.rs", None),
        mentions=("slower benchmarks: 0", "allocates", "small::work"),
        findings=1,
        needs=NEEDS,
        slow=True,
    ),
]
PASSES += [
    Case(
        "memory traded for speed is a remark",
        base={**BASE, "src/lib.rs": ALLOCATING.replace("..20", "..400")},
        head={
            "src/lib.rs": ALLOCATING.replace("n; 1]", "n; 1]); let kept = std::hint::black_box(kept.clone()")
        },
        findings=1,
        needs=NEEDS,
        slow=True,
    ),
]
CRITERION = (
    BENCH.rstrip().removesuffix("}")
    + """    let Ok(home) = std::env::var("CRITERION_HOME") else { return };
    let began = std::time::Instant::now();
    small::work(1);
    let ns = f64::from(u32::from(small::SLOW)) * 1000.0 + 10.0 + began.elapsed().as_nanos() as f64 / 1e12;
    let new = std::path::Path::new(&home).join("work/new");
    std::fs::create_dir_all(&new).unwrap();
    let (low, high) = (ns - 1.0, ns + 1.0);
    let interval = format!("{{\\"lower_bound\\":{low},\\"upper_bound\\":{high}}}");
    let text = format!("{{\\"median\\":{{\\"confidence_interval\\":{interval},\\"point_estimate\\":{ns}}}}}");
    std::fs::write(new.join("estimates.json"), text).unwrap();
    std::fs::write(new.join("benchmark.json"), "{\\"full_id\\":\\"work\\"}").unwrap();
}
"""
)
SLOW = "/// Whether it waits.\npub const SLOW: bool = false;\n"
PASSES += [
    Case(
        "what criterion finds slower is a remark",
        base={**BASE, "benches/speed.rs": CRITERION, "src/lib.rs": LIB + SLOW},
        head={"src/lib.rs": LIB + SLOW.replace("false", "true")},
        params={"criterion": True},
        mentions=("criterion's work takes 1,010.0 ns, 10.0 ns before",),
        findings=1,
        needs=NEEDS,
        slow=True,
    ),
]
UNKNOWN = [
    Case("no commit before the change", base=None, head=BASE, mentions=("no commit before",)),
    Case(
        "no benchmark",
        base={"src/lib.rs": LIB},
        head={"src/lib.rs": LIB.replace("20", "40")},
        mentions=("no benchmark to count",),
    ),
    Case(
        "a name that is no program's",
        base={"src/lib.rs": LIB},
        head={"src/lib.rs": LIB.replace("20", "40")},
        params={"targets": ("other",)},
        mentions=("is named other",),
    ),
    Case(
        "a benchmark that runs until the clock says so",
        base={**BASE, "benches/speed.rs": CLOCK},
        head={"src/lib.rs": LIB.replace("20", "21")},
        mentions=("watch the clock",),
        needs=NEEDS,
        slow=True,
    ),
    Case(
        "a benchmark that fails",
        base=BASE,
        head={"src/lib.rs": LIB.replace("h | 1", "panic!()")},
        mentions=("gave no answer",),
        needs=NEEDS,
        slow=True,
    ),
]


def test_verdict(gate_case: Case, tmp_path: Path) -> None:
    gate_case.verify(tmp_path)


def test_costs_of_called_functions_do_not_count_for_the_caller():
    text = """events: Ir
fl=(1) a.rs
fn=(1) small::outer::h0123456789abcdef
10 5
cfn=(2) small::inner
calls=3 20
11 900
12 7
fn=(2)
20 300
+1 600

totals: 912
"""
    found = read_counts(text)
    assert found == Counts(912, {"small::outer": 12, "small::inner": 900})


def test_the_function_that_grew_most_comes_first():
    before, after = Counts(10, {"a": 5, "b": 5}), Counts(40, {"a": 10, "b": 25, "c": 5, "d": 0})
    assert grown_functions(before, after, 2) == (("b", 20), ("a", 5))


@given(st.text())
def test_any_other_text_is_unknown_or_has_a_total(text: str):
    try:
        found = read_counts(text)
    except Unknown:
        return
    assert found.total >= 0


DHAT = """{"dhatFileVersion":2,"mode":"heap",
"pps":[{"tb":80,"tbk":10,"fs":[1,2,3]},{"tb":7,"tbk":1,"fs":[1]}],
"ftbl":["[root]","0x1: malloc (vg.c:1)","0x2: alloc::alloc::alloc (a.rs:1)",
"0x3: small::work::h0123456789abcdef (b.rs:2)"]}"""


def test_blocks_are_charged_to_who_asked_for_them():
    found = read_allocations(DHAT)
    assert found == Allocations(11, 87, {"small::work": 10, "the program itself": 1})


@given(st.text())
def test_any_text_that_is_no_output_of_dhat_is_unknown(text: str):
    with pytest.raises(Unknown, match="DHAT"):
        read_allocations(text)


@pytest.mark.parametrize("change", ['"tbk":10', '"fs":[1,2,3]', '"pps"', '"ftbl"'])
def test_an_output_of_dhat_that_lacks_something_is_unknown(change: str):
    with pytest.raises(Unknown, match="DHAT"):
        read_allocations(DHAT.replace(change, '"x":[99]' if ":" in change else '"x"'))


def written(folder: Path, name: str, median: object) -> None:
    place = folder / name / "new"
    place.mkdir(parents=True)
    (place / "estimates.json").write_text(json.dumps({"median": median}))
    (place / "benchmark.json").write_text(json.dumps({"full_id": name}))


def test_estimates_are_read_and_what_is_none_is_left_out(tmp_path: Path):
    good = {"point_estimate": 5.5, "confidence_interval": {"lower_bound": 5, "upper_bound": 6}}
    written(tmp_path, "a/b", good)
    written(tmp_path, "c", {"point_estimate": 5.5})
    written(tmp_path, "d", None)
    written(tmp_path.parent / "elsewhere", "e", good)
    (tmp_path / "link").symlink_to(tmp_path.parent / "elsewhere")
    assert read_estimates(tmp_path) == {"a/b": Estimate(5.5, 5, 6)}


def test_only_intervals_that_lie_apart_are_slower():
    before = {"a": Estimate(5, 4, 6), "b": Estimate(5, 4, 6), "c": Estimate(5, 4, 6)}
    after = {
        "a": Estimate(6, 5.5, 7),
        "b": Estimate(9, 8, 10),
        "c": Estimate(3, 2, 3.5),
        "d": Estimate(9, 8, 9),
    }
    assert [name for name, _, _ in slower(before, after)] == ["b"]


def test_a_file_without_a_total_is_unknown():
    with pytest.raises(Unknown, match="no total"):
        read_counts("events: Ir\n")
