"""The crates that the benchmark judges, and the edits that it makes in them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.check_history.__main__ import download

SETTINGS = "[gates.low_coverage]\nenabled = true\nminimum = 0\n"
_LEFT_OUT = (".cargo-ok", ".cargo_vcs_info.json", "Cargo.toml.orig")


@dataclass(frozen=True, slots=True)
class Crate:
    """A published crate and a function in it.

    Attributes:
        name: Its name.
        version: Its version.
        size: ``small``, ``medium`` or ``large``, for people.
        path: A file of the crate.
        anchor: How a function's first line begins; a statement is written below the line that opens its body.
    """

    name: str
    version: str
    size: str
    path: str
    anchor: str


CRATES = {
    crate.name: crate
    for crate in (
        Crate("itoa", "1.0.18", "small", "src/lib.rs", "pub fn format<I: Integer>("),
        Crate("semver", "1.0.28", "small", "src/lib.rs", "pub fn parse(text: &str)"),
        Crate("indexmap", "2.11.4", "medium", "src/map.rs", "pub fn clear(&mut self) {"),
        Crate("sqlparser", "0.59.0", "medium", "src/tokenizer.rs", "pub fn new(line: u64"),
        Crate("hyperfine", "1.19.0", "large", "src/main.rs", "fn main() {"),
        Crate("just", "1.40.0", "large", "src/run.rs", "pub fn run("),
    )
}  # fmt: skip


def lay(crate: Crate, folder: Path) -> Path:
    """The crate as published, its Cargo.lock too, in a git repository with the benchmark's settings."""
    repository = folder / crate.name
    shutil.copytree(download(crate.name, crate.version, folder), repository)
    for name in _LEFT_OUT:
        (repository / name).unlink(missing_ok=True)
    # Settings that come with a change would be refused, so they are there before it.
    (repository / "ironwright.toml").write_text(SETTINGS)
    if not (repository / "Cargo.lock").exists():
        subprocess.run(["cargo", "generate-lockfile", "--quiet"], cwd=repository, check=True)
    ignored = repository / ".gitignore"
    lines = ignored.read_text().splitlines() if ignored.exists() else []
    ignored.write_text("\n".join([*(line for line in lines if "Cargo.lock" not in line), "/target"]) + "\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-C", str(repository)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "--all", "--force"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", f"Release {crate.version}"], check=True)
    return repository


def add_statement(repository: Path, crate: Crate, number: int) -> None:
    """Write one statement into the crate's function, or replace the one of an earlier edit.

    Raises:
        SystemExit: The version has no such function.
    """
    place = repository / crate.path
    lines = place.read_text().split("\n")
    found = next((n for n, line in enumerate(lines) if line.strip().startswith(crate.anchor)), None)
    if found is None:
        raise SystemExit(f"{crate.name} {crate.version} has no line {crate.anchor!r} in {crate.path}")
    while not lines[found].rstrip().endswith("{"):
        found += 1
    below = lines[found + 1]
    indent = below[: len(below) - len(below.lstrip())]
    statement = f"{indent}let _ = {number};"
    if "let _ = " in below:
        lines[found + 1] = statement
    else:
        lines.insert(found + 1, statement)
    place.write_text("\n".join(lines))


def add_comment(repository: Path, crate: Crate, number: int) -> None:
    """Write a comment at the end of the crate's file."""
    with (repository / crate.path).open("a") as file:
        file.write(f"// measured {number}\n")
