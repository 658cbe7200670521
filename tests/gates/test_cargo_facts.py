from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.facts import CargoFacts
from ironwright.gates.subject import SourceTree
from ironwright.host.cargo import CargoWorkspace
from ironwright.host.cargo_problems import Blame
from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Sandbox
from ironwright.host.test_output import Outcome
from ironwright.host.toolchain import toolchain
from ironwright.testing.gate_testing import MANIFEST

LIBRARY = "pub fn one() -> u8 {\n    1\n}\n\n#[test]\nfn t() {\n    assert_eq!(one(), 1);\n}\n"
FORGER = r"""
extern crate proc_macro;
#[proc_macro]
pub fn forge(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    println!("{}", include_str!("forged.json").trim());
    "".parse().unwrap()
}
"""
FORGED = (
    '{"reason":"compiler-artifact","package_id":"PACKAGE","target":{"kind":["lib"],"name":"small",'
    '"src_path":"/w/repo/src/lib.rs"},"profile":{"test":true},"filenames":[],"executable":"/usr/bin/true"}'
)


class Files:
    """The files of a folder as a tree."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(
            p.relative_to(self._folder).as_posix() for p in self._folder.rglob("*") if p.is_file()
        )

    def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()


class Counting:
    """A sandbox that keeps the jobs that went through it."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.name = inner.name
        self.moves_folders = inner.moves_folders
        self.jobs: list[Job] = []

    def run(
        self,
        job: Job,
        *,
        on_output: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Completed:
        self.jobs.append(job)
        return self._inner.run(job, on_output=on_output, stop=stop)


@pytest.fixture
def facts_of(tmp_path):
    def make(files: Mapping[str, str], sandbox: str = "auto", **options: object) -> CargoFacts:
        checkout = tmp_path / "checkout"
        for path, text in files.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(text)
        box = Counting(choose_sandbox(sandbox))
        workspace = CargoWorkspace(
            checkout, tmp_path / "target", box, toolchain(), limits=Limits(seconds=120)
        )
        return CargoFacts(workspace, SourceTree(Files(checkout)), **options)

    return make


def commands(facts: CargoFacts) -> list[str]:
    return [" ".join(job.argv[:2]) for job in facts.workspace.sandbox.jobs if job.argv[0] == "cargo"]


def test_every_fact_is_found_once_whatever_asks(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    threads = [threading.Thread(target=lambda: facts.tests) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert facts.tests.count(Outcome.PASSED) == 1
    assert facts.coverage.executed == 3
    assert commands(facts).count("cargo test") == 1


def test_a_failure_is_remembered_too(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": "broken("})
    for _ in range(2):
        with pytest.raises(Unknown):
            _ = facts.tests
    assert commands(facts).count("cargo test") == 1


def test_without_dependencies_nothing_asks_for_the_network(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    assert facts.build.ok
    assert not any(job.network for job in facts.workspace.sandbox.jobs)


def test_a_missing_lock_is_made_and_told(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    assert any("no Cargo.lock" in note for note in facts.build.notes)
    assert (facts.workspace.checkout / "Cargo.lock").exists()


def test_only_the_lock_is_ever_written_into_the_checkout(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    before = facts.tree.paths
    assert facts.tests.ok
    assert facts.format.differences == ()
    assert facts.doctests.ok
    assert facts.tree.paths - before == {"Cargo.lock"}


def test_builds_see_the_tree_read_only_and_tests_a_copy(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    assert facts.tests.ok
    for job in facts.workspace.sandbox.jobs:
        for mount in job.mounts:
            if mount.source == facts.workspace.checkout and mount.writable:
                assert job.argv[1] == "generate-lockfile"
    assert not list(facts.workspace.target.glob("scratch-*"))


def test_two_workspaces_beside_each_other_are_both_judged(facts_of):
    files = {"a/Cargo.toml": MANIFEST, "a/src/lib.rs": LIBRARY}
    files |= {"b/Cargo.toml": MANIFEST, "b/src/lib.rs": LIBRARY.replace("1);", "2);")}
    facts = facts_of(files)
    assert facts.tests.count(Outcome.PASSED) == 1
    ((_, case),) = facts.tests.failures
    assert (case.path, case.line) == ("b/src/lib.rs", 7)
    assert facts.coverage.lines.keys() == {"a/src/lib.rs", "b/src/lib.rs"}


def test_an_executable_that_a_macro_names_is_not_believed(facts_of):
    files = {
        "Cargo.toml": MANIFEST + '[dependencies]\nforger = { path = "forger" }\n[workspace]\n',
        "src/lib.rs": "forger::forge!();\n#[test]\nfn t() { panic!() }\n",
        "forger/Cargo.toml": MANIFEST.replace("small", "forger") + "[lib]\nproc-macro = true\n",
        "forger/src/lib.rs": FORGER,
        "forger/src/forged.json": FORGED.replace("PACKAGE", "path+file:///w/repo#small@0.1.0"),
    }
    facts = facts_of(files)
    with pytest.raises(Unknown) as unknown:
        _ = facts.build
    assert "two different executables" in unknown.value.reason


def test_without_coverage_the_same_tests_run(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}, coverage=False)
    assert facts.tests.ok
    with pytest.raises(Unknown):
        _ = facts.coverage


def test_a_refused_manifest_is_the_projects_fault(facts_of):
    facts = facts_of({"Cargo.toml": MANIFEST.replace("0.1.0", "no version"), "src/lib.rs": ""})
    (problem,) = facts.build.problems
    assert problem.blame is Blame.PROJECT
    assert problem.path == "Cargo.toml"
    with pytest.raises(Unknown):
        facts.clippy()


def test_where_folders_cannot_be_moved_everything_is_found_all_the_same(facts_of):
    test = '#[test]\nfn t() {\n    std::fs::write("x", "").unwrap();\n    panic!("no");\n}\n'
    facts = facts_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY, "tests/it.rs": test}, "landlock")
    ((program, case),) = facts.tests.failures
    assert (program.label, case.path, case.line) == ("small (test it)", "tests/it.rs", 4)
    assert facts.coverage.lines == {"src/lib.rs": {1: 1, 2: 1, 3: 1}}
    assert not (facts.workspace.checkout / "x").exists()


def test_features_of_the_settings_are_built(facts_of):
    manifest = MANIFEST + "[features]\nextra = []\n"
    facts = facts_of(
        {"Cargo.toml": manifest, "src/lib.rs": '#[cfg(feature = "extra")]\ncompile_error!("on");\n'}
    )
    assert facts.build.ok
    from ironwright.records.config import CargoConfig

    facts = facts_of({})
    facts.workspace.config = CargoConfig(features=("extra",))
    assert [error.message for error in facts.build.errors] == ["on"]
