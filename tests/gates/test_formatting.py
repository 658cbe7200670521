"""rustfmt's answer about a tree, put together from what it said before: always what the whole would say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.facts import CargoFacts
from ironwright.gates.cargo.formatting import parse_visits
from ironwright.gates.subject import SourceTree
from ironwright.host.cargo import CargoWorkspace
from ironwright.host.choose_sandbox import choose_sandbox
from ironwright.host.process import Completed, Limits
from ironwright.host.sandbox import Job, Sandbox
from ironwright.host.toolchain import toolchain
from ironwright.testing.gate_testing import MANIFEST

LIB = "mod a;\n\npub fn one() -> u8 {\n    a::two() - 1\n}\n"
A = "pub fn two() -> u8 {\n    2\n}\n"
LONE = "fn   lone( ) {}\n"


class Files:
    """The files of a folder as a tree, without what cargo writes there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def paths(self) -> frozenset[str]:
        found = (p.relative_to(self._folder).as_posix() for p in self._folder.rglob("*") if p.is_file())
        return frozenset(path for path in found if path != "Cargo.lock")

    def read(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()


class Named:
    """A sandbox that keeps the names of the programs that it ran."""

    def __init__(self, inner: Sandbox) -> None:
        self._inner = inner
        self.name = inner.name
        self.moves_folders = inner.moves_folders
        self.programs: list[str] = []

    def run(
        self,
        job: Job,
        *,
        on_output: Callable[[bytes], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Completed:
        self.programs.append(job.argv[0])
        return self._inner.run(job, on_output=on_output, stop=stop)


class Crate:
    """A crate whose format is asked again and again, with and without what was remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs: list[str] = []
        self.write({"Cargo.toml": MANIFEST, "src/lib.rs": LIB, "src/a.rs": A, "src/lone.rs": LONE})

    def write(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            place = self.folder / "checkout" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def format(self, target: str = "target") -> tuple[tuple[str, int, int], ...]:
        box = Named(choose_sandbox())
        checkout = self.folder / "checkout"
        limits = Limits(seconds=60)
        workspace = CargoWorkspace(checkout, self.folder / target, box, toolchain(), limits=limits)
        self.programs = box.programs
        return CargoFacts(workspace, SourceTree(Files(checkout))).format.differences

    def both(self) -> tuple[tuple[str, int, int], ...]:
        """The answer, after it was compared with that of a target without memory."""
        fresh = self.format(f"fresh-{len(list(self.folder.iterdir()))}")
        answer = self.format()
        assert answer == fresh
        return answer


@pytest.fixture
def crate(tmp_path: Path) -> Crate:
    made = Crate(tmp_path)
    assert made.format() == ()
    assert made.programs == ["cargo"]
    return made


def test_an_unchanged_tree_starts_nothing(crate: Crate) -> None:
    assert crate.format() == ()
    assert crate.programs == []


def test_of_a_changed_file_only_that_file_is_formatted(crate: Crate) -> None:
    crate.write({"src/lib.rs": LIB.replace("a::two() - 1", "a::two()-1")})
    assert crate.both() == (("src/lib.rs", 4, 4),)
    assert crate.programs == ["rustfmt"]
    crate.write({"src/lib.rs": LIB})
    assert crate.both() == ()


def test_old_places_are_still_known_after_another_file_changed(crate: Crate) -> None:
    crate.write({"src/a.rs": A.replace("-> u8", "->u8")})
    assert crate.both() == (("src/a.rs", 1, 1),)
    crate.write({"src/lib.rs": LIB + "// end\n"})
    assert crate.both() == (("src/a.rs", 1, 1),)
    assert crate.programs == ["rustfmt"]


def test_a_file_that_no_module_names_is_not_formatted(crate: Crate) -> None:
    crate.write({"src/lone.rs": LONE + "fn   more( ) {}\n"})
    assert crate.both() == ()
    assert crate.programs == []


@pytest.mark.parametrize(
    "files",
    [
        {"src/lib.rs": "mod lone;\n" + LIB},
        {"src/a.rs": '#[path = "lone.rs"]\nmod lone;\n\n' + A},
        {"src/a.rs": "macro_rules! keep {\n    ($($i:item)*) => { $($i)* };\n}\nkeep! { mod lone; }\n" + A},
        {"src/main.rs": "mod lone;\n\nfn main() {}\n"},
        {"rustfmt.toml": "max_width = 30\n"},
        {"Cargo.toml": MANIFEST.replace("2021", "2024")},
        {"src/sub/rustfmt.toml": "max_width = 30\n"},
    ],
)
def test_what_decides_on_more_than_one_file_asks_for_all(crate: Crate, files: dict[str, str]) -> None:
    crate.write(files)
    crate.both()
    assert crate.programs == ["cargo"]


def test_settings_at_the_top_hold_for_a_single_file_too(crate: Crate) -> None:
    crate.write({"rustfmt.toml": "tab_spaces = 2\n"})
    assert ("src/lib.rs", 4, 4) in crate.both()
    crate.write({"src/lib.rs": LIB.replace("    ", "  ")})
    assert [path for path, *_ in crate.both()] == ["src/a.rs"]
    assert crate.programs == ["rustfmt"]


def test_the_edition_holds_for_a_single_file_too(crate: Crate) -> None:
    crate.write({"Cargo.toml": MANIFEST.replace("2021", "2015"), "src/a.rs": A})
    crate.both()
    crate.write({"src/a.rs": A + "\npub fn async() {}\n"})
    assert crate.both() == ()
    assert crate.programs == ["rustfmt"]


def test_a_syntax_error_is_told_by_the_whole_answer(crate: Crate) -> None:
    crate.write({"src/a.rs": A + "fn ( {\n"})
    with pytest.raises(Unknown, match="rustfmt cannot read the tree"):
        crate.format()


@given(st.text(max_size=300))
def test_any_text_names_files_or_none(text: str) -> None:
    assert all(isinstance(path, str) for path, _ in parse_visits(text, lambda name: name))
