"""What is remembered of a workspace's preparation: only what cargo would answer again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ironwright.host.cargo import CargoWorkspace
from ironwright.host.cargo_memory import Answer, PreparationMemory, manifests_key
from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Sandbox
from ironwright.host.toolchain import toolchain

MANIFEST = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
LIBRARY = "pub fn one() -> u8 {\n    1\n}\n"


class Watched:
    """A sandbox that counts its jobs and can say once that a dependency is not here any more."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.jobs: list[str] = []
        self.lost = 0

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def moves_folders(self) -> bool:
        return self._inner.moves_folders

    def run(
        self,
        job: Job,
        *,
        on_output: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Completed:
        self.jobs.append(" ".join(job.argv[:2]))
        if self.lost and job.argv[1] == "test":
            self.lost -= 1
            said = b"error: failed to download `x v1.0.0`\n  you're using offline mode (--offline)\n"
            return Completed(tuple(job.argv), 101, b"", said, 0.1)
        return self._inner.run(job, on_output=on_output, stop=stop)


@pytest.fixture
def workspace_of(tmp_path):
    def make(files: Mapping[str, str | None]) -> CargoWorkspace:
        checkout = tmp_path / "checkout"
        for path, text in files.items():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                (checkout / path).unlink()
            else:
                (checkout / path).write_text(text)
        box = Watched(choose_sandbox())
        return CargoWorkspace(checkout, tmp_path / "target", box, toolchain(), limits=Limits(seconds=120))

    return make


def test_the_same_manifests_are_read_once(workspace_of):
    first = workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}).prepare(".")
    again = workspace_of({"Cargo.lock": None, "src/lib.rs": LIBRARY + "// more\n"})
    assert again.prepare(".") == first
    assert again.sandbox.jobs == []


def test_a_lock_that_was_made_is_made_again_as_it_was(workspace_of):
    one = workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY})
    one.prepare(".")
    text = (one.checkout / "Cargo.lock").read_text()
    again = workspace_of({"Cargo.lock": None})
    assert any("no Cargo.lock" in note for note in again.prepare(".").notes)
    assert (again.checkout / "Cargo.lock").read_text() == text


def test_a_stale_lock_is_renewed_again_and_still_told(workspace_of):
    stale = 'version = 4\n\n[[package]]\nname = "small"\nversion = "0.0.9"\n'
    files = {"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY, "Cargo.lock": stale}
    assert workspace_of(files).prepare(".").stale_lock == "Cargo.lock"
    again = workspace_of({"Cargo.lock": stale})
    assert again.prepare(".").stale_lock == "Cargo.lock"
    assert again.sandbox.jobs == []
    assert 'version = "0.1.0"' in (again.checkout / "Cargo.lock").read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"Cargo.toml": MANIFEST.replace("0.1.0", "0.2.0")},
        {"tests/it.rs": "#[test]\nfn t() {}\n"},
        {"src/main.rs": "fn main() {}\n"},
        {"build.rs": "fn main() {}\n"},
        {".cargo/config.toml": '[env]\nLEVEL = "9"\n'},
    ],
)
def test_what_cargo_would_see_is_asked_again(workspace_of, change):
    workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}).prepare(".")
    again = workspace_of({"Cargo.lock": None, **change})
    again.prepare(".")
    assert "cargo metadata" in again.sandbox.jobs


def test_a_new_test_file_is_a_new_target(workspace_of):
    workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}).prepare(".")
    again = workspace_of({"Cargo.lock": None, "tests/it.rs": "#[test]\nfn t() {}\n"})
    assert [t.name for t in again.prepare(".").metadata.packages[0].targets] == ["small", "it"]


def test_manifests_that_are_links_are_not_remembered(workspace_of):
    one = workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY, "inner/Cargo.toml": MANIFEST})
    assert manifests_key(one.checkout, ()) is not None
    (one.checkout / "inner/Cargo.toml").unlink()
    (one.checkout / "inner/Cargo.toml").symlink_to("../Cargo.toml")
    assert manifests_key(one.checkout, ()) is None


def test_dependencies_that_are_gone_are_brought_again(workspace_of):
    workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}).prepare(".")
    again = workspace_of({"Cargo.lock": None})
    again.prepare(".")
    again.sandbox.lost = 1
    run = again.run(".", ("test", "--no-run", "--locked", "--message-format=json"), "test")
    assert run.ok
    assert again.sandbox.jobs == ["cargo test", "cargo metadata", "cargo fetch", "cargo test"]


def test_what_stays_lost_is_said_after_one_more_try(workspace_of):
    workspace_of({"Cargo.toml": MANIFEST, "src/lib.rs": LIBRARY}).prepare(".")
    again = workspace_of({"Cargo.lock": None})
    again.prepare(".")
    again.sandbox.lost = 5
    run = again.run(".", ("test", "--no-run", "--locked", "--message-format=json"), "test")
    assert run.problem is not None
    assert again.sandbox.jobs.count("cargo test") == 2


_TEXT = st.text(max_size=30)
_ANSWERS = st.builds(
    Answer, _TEXT, st.lists(_TEXT).map(tuple), st.none() | _TEXT, st.none() | st.tuples(_TEXT, _TEXT)
)


@settings(deadline=None)  # it writes files, which takes as long as the disk is busy
@given(_TEXT, _ANSWERS)
def test_an_answer_is_recalled_under_its_key_only(tmp_path_factory, key, answer):
    memory = PreparationMemory(tmp_path_factory.getbasetemp() / "memory" / f"{os.getpid()}.json")
    memory.keep(key, answer)
    assert memory.recall(key) == answer
    assert memory.recall(key + "x") is None
    memory.forget()
    assert memory.recall(key) is None


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_a_damaged_memory_remembers_nothing(tmp_path_factory, content):
    path = Path(tmp_path_factory.getbasetemp()) / f"damaged-{os.getpid()}.json"
    path.write_bytes(content)
    assert PreparationMemory(path).recall("key") is None
