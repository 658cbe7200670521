"""Where rustfmt would change something: asked of the whole tree once, then only of files that changed."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from ironwright.gates.api import Unknown
from ironwright.gates.cargo.answers import Format, command_evidence, differences
from ironwright.gates.subject import SourceTree
from ironwright.host.cargo import CargoRun, CargoWorkspace
from ironwright.host.cargo_messages import parse_messages
from ironwright.host.cargo_problems import essential_text
from ironwright.host.cargo_tool import format_text
from ironwright.host.json_memory import JsonMemory
from ironwright.host.process import Completed

# What cargo and rustfmt tell of their work: each call of rustfmt with its edition, then every file.
_CALL = re.compile(r"^rustfmt (?:.* )?--edition (\d{4})(?: |$)")
_FILE = re.compile(r"^Formatting (.+)$")
_CONFIGURATION = ("rustfmt.toml", ".rustfmt.toml")
_MOST_SINGLE_FILES = 8
_VERSION = 1

Places = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What rustfmt said of one file.

    Attributes:
        content: Digest of the file's bytes.
        modules: Digest of what decides which other files rustfmt goes to from here.
        edition: The edition that it was formatted in.
        places: First and last line of each place that it would change.
    """

    content: str
    modules: str
    edition: str
    places: Places


def find_format(workspace: CargoWorkspace, tree: SourceTree, progress: Callable[[str], None]) -> Format:
    """Where ``cargo fmt --all`` would change the tree.

    ``cargo fmt`` decides by the manifests and by ``mod`` declarations which files it formats, and how by the
    edition and rustfmt's settings. Where none of that differs from the last answer, rustfmt is asked for the
    files that changed alone, each as it would be formatted among the others.

    Raises:
        Unknown: rustfmt cannot read the tree.
    """
    memory = JsonMemory(workspace.target / "format.json")
    key = _key(workspace, tree)
    known = _read(memory.recall(key)) if key else None
    answer = _changed_files(workspace, tree, known, progress) if known is not None else None
    if answer is None:
        answer = _all_files(workspace, tree, progress)
    found, visited = answer
    if key is not None and visited is not None:
        memory.keep(key, {path: _written(item) for path, item in visited.items()})
    return found


Found = tuple[Format, Mapping[str, _Known] | None]


def _all_files(workspace: CargoWorkspace, tree: SourceTree, progress: Callable[[str], None]) -> Found:
    runs: list[CargoRun] = []
    places: dict[str, Places] = {}
    editions: dict[str, set[str]] = {}
    with workspace.scratch_tree() as copy:
        for root in workspace.roots:
            progress("comparing the format")
            run = workspace.run(root, ("fmt", "--all", "-v"), "lint", tree=copy, after=("--verbose",))
            if not run.done.ok:
                evidence = command_evidence(run.done)
                raise Unknown(f"rustfmt cannot read the tree: {essential_text(run.done)}", (evidence,))
            runs.append(run)
            for path, edition in parse_visits(run.done.text, workspace.locate):
                editions.setdefault(path, set()).add(edition)
        for path in tree.rust_paths:
            formatted = copy / path
            if formatted.is_file() and not formatted.is_symlink():
                places[path] = tuple(differences(tree.read(path), formatted.read_bytes()))
    visited = _remembered(tree, editions, places) if not any(r.done.truncated for r in runs) else None
    return _format(runs, places), visited


def parse_visits(text: str, locate: Callable[[str], str | None]) -> Iterable[tuple[str, str]]:
    """Every file that rustfmt went to with its edition, from what ``cargo fmt -v -- --verbose`` printed."""
    edition = ""
    for line in text.splitlines():
        if call := _CALL.match(line):
            edition = call[1]
        elif file := _FILE.match(line):
            path = locate(posixpath.normpath(file[1]))
            yield path or file[1], edition


def _remembered(
    tree: SourceTree, editions: Mapping[str, set[str]], places: Mapping[str, Places]
) -> dict[str, _Known] | None:
    """What can be used again; None where something is not as simple as it has to be for that."""
    found = {}
    for path, years in editions.items():
        if path not in places or len(years) != 1 or "" in years:
            return None  # reached over a link, or in two editions
        modules = _modules(tree, path)
        if modules is None:
            return None
        found[path] = _Known(_digest(tree.read(path)), modules, min(years), places[path])
    return found


def _changed_files(
    workspace: CargoWorkspace,
    tree: SourceTree,
    known: Mapping[str, _Known],
    progress: Callable[[str], None],
) -> Found | None:
    """The answer by the files that changed alone; None where all of them must be asked for."""
    changed = [path for path, item in known.items() if _digest(tree.read(path)) != item.content]
    if len(changed) > _MOST_SINGLE_FILES:
        return None
    now = dict(known)
    runs = []
    for path in changed:
        source, before = tree.read(path), known[path]
        if _modules(tree, path) != before.modules:
            return None
        progress("comparing the format")
        done = format_text(workspace, source, before.edition, _configuration(tree) is not None)
        if not done.ok or done.truncated:
            return None  # the whole answer says what is wrong
        runs.append(_as_run(done, path))
        places = tuple(differences(source, done.stdout))
        now[path] = _Known(_digest(source), before.modules, before.edition, places)
    return _format(runs, {path: item.places for path, item in now.items()}), now


def _as_run(done: Completed, path: str) -> CargoRun:
    shown = replace(done, argv=("rustfmt", path))
    return CargoRun(shown, parse_messages(b"", lambda _name: None), None)


def _format(runs: Iterable[CargoRun], places: Mapping[str, Places]) -> Format:
    found = [(path, first, last) for path in sorted(places) for first, last in places[path]]
    return Format(tuple(runs), tuple(found))


def _configuration(tree: SourceTree) -> str | None:
    return next((name for name in _CONFIGURATION if name in tree.paths), None)


def _key(workspace: CargoWorkspace, tree: SourceTree) -> str | None:
    """All that decides which files are formatted, and how, besides their text; None where that is odd."""
    settings = [path for path in tree.paths if path.rpartition("/")[2] in _CONFIGURATION]
    if len(settings) > 1 or any("/" in path for path in settings):
        return None  # which of them counts depends on the file
    digest = hashlib.sha256(f"{_VERSION}\0{workspace.toolchain.description}\0".encode())
    digest.update(str(workspace.toolchain.sysroot).encode())
    for path in sorted(tree.paths):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
        if path in settings or path.rpartition("/")[2] == "Cargo.toml":
            digest.update(hashlib.sha256(tree.read(path)).digest())
    return digest.hexdigest()


def _modules(tree: SourceTree, path: str) -> str | None:
    """A digest of what decides which files rustfmt goes to from a file; None where nobody can tell."""
    file = tree.rust(path)
    if file.error_lines:
        return None
    parts = [repr(file.inner_attributes)]
    for item in file.items:
        if item.kind == "mod":
            parts.append(repr((item.qualified_name, item.attributes, item.body is None)))
        elif item.kind == "macro_call" and b"mod" in (item.node.text or b""):
            parts.append(repr((item.attributes, item.node.text)))
    return _digest("\0".join(parts).encode("utf-8", "surrogateescape"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written(item: _Known) -> list[object]:
    return [item.content, item.modules, item.edition, item.places]


def _read(data: object) -> dict[str, _Known] | None:
    """What was remembered; None where it is not what :func:`find_format` keeps."""
    if not isinstance(data, dict):
        return None
    try:
        return {
            str(path): _Known(
                str(content), str(modules), str(edition), tuple((int(a), int(b)) for a, b in places)
            )
            for path, (content, modules, edition, places) in data.items()
        }
    except (ValueError, TypeError):
        return None
