"""What the template of an AGPM resource may name: the resource, its dependencies, the project's values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ironwright.agents.frontmatter import split_frontmatter
from ironwright.agents.package import KINDS, Locked, Package, find_package
from ironwright.agents.source import file_within, read_bytes, read_source
from ironwright.agents.template import Filled, Filler, expand_values, has_template, wants_templating
from ironwright.agents.tools import parse_tools
from ironwright.records.definition import Agent, Command, LintFinding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Dependency:
    """A resource that another one's frontmatter depends on.

    Attributes:
        kind: ``snippets``, ``agents`` …
        name: What a template calls it, hyphens as underscores.
        path: As written, its own template filled in.
        file: Where it is, or None where it is not on this machine.
        version: As written or as locked, or None.
        locked: The lock's entry, or None.
    """

    kind: str
    name: str
    path: str
    file: Path | None
    version: str | None
    locked: Locked | None


def declared(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and entry of each dependency of a frontmatter: ``dependencies: {snippets: [{path, …}]}``.

    ``dependencies`` means this only where it is a mapping; ``agpm.dependencies`` is read as well.
    """
    settings = metadata.get("agpm")
    inner = settings.get("dependencies") if isinstance(settings, Mapping) else None
    for table in (metadata.get("dependencies"), inner):
        for kind, items in table.items() if isinstance(table, Mapping) else ():
            for item in items if isinstance(items, list) and kind in KINDS else ():
                if isinstance(item, str):
                    yield str(kind), {"path": item}
                elif isinstance(item, Mapping) and isinstance(item.get("path"), str):
                    yield str(kind), item


def dependencies_of(
    metadata: Mapping[str, Any], path: Path, root: Path, package: Package | None
) -> tuple[Dependency, ...]:
    """A resource's dependencies.

    ``./`` and ``../`` start at the file, other paths at the package's root, else at the file. Nothing
    outside ``root`` is found.

    Args:
        metadata: The resource's frontmatter.
        path: The resource's resolved file.
        root: The project's resolved root.
        package: The package that it belongs to, or None.

    Raises:
        DefinitionError: A path is a template that cannot be filled in.
    """
    found = []
    values = {"agpm": {"project": package.project if package else {}}}
    for kind, item in declared(metadata):
        asked = _path_of(str(item["path"]), values, path)
        named = item.get("name")
        name = named if isinstance(named, str) and named else PurePosixPath(asked).stem
        locked = _locked(package, kind, name, asked)
        version = item.get("version")
        found.append(
            Dependency(
                kind,
                name.replace("-", "_"),
                asked,
                _located(asked, path, root, package, locked),
                version if isinstance(version, str) else locked.version if locked else None,
                locked,
            )
        )
    return tuple(found)


def _path_of(written: str, values: Mapping[str, Any], path: Path) -> str:
    """A dependency's path with its template filled in; an error names the line of the frontmatter."""
    if not has_template(written):
        return written
    lines = read_source(read_bytes(path), str(path)).text.split("\n")
    line = next((number for number, text in enumerate(lines, 1) if written in text), 1)
    return expand_values(written, values, path, line)


def values_are_known(path: Path, root: Path) -> bool:
    """Whether the values of the project that uses a resource are here: it has a manifest above it."""
    return find_package(path.resolve(), root) is not None


def _locked(package: Package | None, kind: str, name: str, path: str) -> Locked | None:
    if package is None:
        return None
    same = [item for item in package.locked if item.kind == kind]
    by_name = (item for item in same if item.name == name)
    tail = path.lstrip("./")
    return next(by_name, None) or next((item for item in same if tail and item.path.endswith(tail)), None)


def _located(
    asked: str, path: Path, root: Path, package: Package | None, locked: Locked | None
) -> Path | None:
    here = path.parent
    base = package.root if package else root
    # Where no manifest marks the package's root, it is some folder above the file.
    above = () if package else (folder for folder in here.parents if folder.is_relative_to(root))
    bases = (here,) if asked.startswith(("./", "../")) else (base, here, *above)
    for folder in bases:
        found = file_within(root, folder, asked)
        if found is not None:
            return found
    for place in (locked.installed_at, locked.path) if locked else ():
        found = file_within(root, base, place) if place else None
        if found is not None:
            return found
    return None


class _Content(Mapping[str, Any]):
    """A dependency's values; its content is read only where a template asks for it."""

    __slots__ = ("_item", "_read", "_values")

    def __init__(self, item: Dependency, read: Callable[[Dependency], str]) -> None:
        locked = item.locked
        self._item, self._read = item, read
        self._values: dict[str, Any] = {
            "name": item.name,
            "path": item.path,
            "install_path": locked.installed_at if locked and locked.installed_at else item.path,
            "version": item.version,
            "source": locked.source if locked else None,
            "resolved_commit": locked.resolved_commit if locked else None,
            "checksum": locked.checksum if locked else "",
            "content": None,
        }

    def __getitem__(self, key: str) -> Any:
        return self._read(self._item) if key == "content" else self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(slots=True)
class _Names:
    """Gives each file the names that its template may use."""

    root: Path
    package: Package | None
    resource: Mapping[str, Any]
    metadata: Mapping[Path, Mapping[str, Any]]
    filler: Filler | None = None

    def __call__(self, path: Path, chain: tuple[Path, ...]) -> Mapping[str, Any]:
        metadata = self.metadata.get(path)
        if metadata is None:
            metadata = split_frontmatter(read_source(read_bytes(path), str(path)).text, str(path)).values
        deps: dict[str, dict[str, Any]] = {}
        for item in dependencies_of(metadata, path, self.root, self.package):
            read = self._reader(chain)
            deps.setdefault(item.kind.replace("-", "_"), {})[item.name] = _Content(item, read)
        project = self.package.project if self.package else {}
        return {"agpm": {"resource": self.resource, "deps": deps, "project": project}}

    def _reader(self, chain: tuple[Path, ...]) -> Callable[[Dependency], str]:
        def read(item: Dependency) -> str:
            from ironwright.agents.tera_filters import TeraError

            if item.file is None:
                raise TeraError(f"the content of `{item.name}` is not there: {item.path} was not found")
            assert self.filler is not None
            return self.filler.content(item.file, chain)

        return read


def fill_agent(agent: Agent, root: Path, kind: str = "agents") -> Agent:
    """An agent with its package's patches applied and its template filled in, where it opts in.

    What AGPM has installed itself was patched and filled in when it was written; it is not filled in again.

    Args:
        agent: The definition as it was read.
        root: The project's root; nothing outside it is read.
        kind: What it is in its package: ``agents`` or ``commands``.

    Raises:
        DefinitionError: The package's files cannot be read, or the template cannot be filled in.
    """
    path, root = Path(agent.path).resolve(), root.resolve()
    package = find_package(path, root)
    if package is not None:
        agent = patched(agent, package.patch_of(kind, path))
    filled = _filled(agent.metadata, agent.body, agent.body_line, agent.path, root, package, kind)
    if filled is None:
        return agent
    # The text is what digests are made of: it changes where a snippet that was filled in does.
    head = "\n".join(agent.text.split("\n")[: agent.body_line - 1])
    text = f"{head}\n{filled.text}" if head else filled.text
    return replace(agent, text=text, body=filled.text, places=filled.places)


def fill_command(command: Command, root: Path) -> Command:
    """A command with its package's patches applied and its template filled in, where it opts in.

    Raises:
        DefinitionError: As for :func:`fill_agent`.
    """
    path, root = Path(command.path).resolve(), root.resolve()
    package = find_package(path, root)
    metadata = {**command.metadata, **(package.patch_of("commands", path) if package else {})}
    if not wants_templating(metadata) or not has_template(command.body):
        return replace(command, metadata=metadata)
    text = read_source(read_bytes(path), command.path).text
    first_line = text.count("\n") - command.body.count("\n") + 1
    filled = _filled(metadata, command.body, first_line, command.path, root, package, "commands")
    return replace(command, metadata=metadata, body=filled.text if filled else command.body)


def _filled(
    metadata: Mapping[str, Any],
    body: str,
    first_line: int,
    shown: str,
    root: Path,
    package: Package | None,
    kind: str,
) -> Filled | None:
    path = Path(shown).resolve()
    if not wants_templating(metadata) or not has_template(body):
        return None
    if package is not None and package.lock_of(path) is not None:
        return None
    place = path.relative_to(root).as_posix() if path.is_relative_to(root) else shown
    name = next(iter(package.names_of(kind, path)), path.stem) if package else path.stem
    unknown = {"source": None, "version": None, "resolved_commit": None, "checksum": ""}
    resource = {"type": kind.rstrip("s"), "name": name, "path": place, "install_path": place, **unknown}
    names = _Names(root, package, resource, {path: metadata})
    names.filler = Filler(root, names)
    return names.filler.fill(body, path, first_line, shown)


def patched(agent: Agent, patch: Mapping[str, Any]) -> Agent:
    """An agent with some keys of its frontmatter overridden."""
    if not patch:
        return agent
    others = {key: value for key, value in patch.items() if key not in ("name", "description", "model")}
    metadata = {**agent.metadata, **others}
    words = {
        key: str(patch[key]) for key in ("name", "description", "model") if isinstance(patch.get(key), str)
    }
    tools = parse_tools(patch["tools"]) if "tools" in patch else agent.tools
    return replace(agent, metadata=metadata, tools=tools, **words)  # type: ignore[arg-type]


def missing_dependencies(agent: Agent, root: Path) -> Iterator[LintFinding]:
    """Dependencies of an agent's or command's frontmatter that are not on this machine.

    Raises:
        DefinitionError: As for :func:`dependencies_of`.
    """
    if not any(True for _ in declared(agent.metadata)):
        return
    path = Path(agent.path).resolve()
    package = find_package(path, root)
    if package is not None and package.lock_of(path) is not None:
        return  # it was installed; AGPM answers for what it was made of
    if wants_templating(agent.metadata) and not has_template(agent.body):
        return  # it was filled in when it was installed
    for item in dependencies_of(agent.metadata, path, root.resolve(), package):
        if item.file is None and item.version is None:
            line = next((n for n, text in enumerate(agent.text.split("\n"), 1) if item.path in text), 1)
            yield LintFinding(
                "missing-dependency",
                Severity.WARNING,
                agent.path,
                line,
                f"the {item.kind.rstrip('s')} `{item.path}` is not there",
                "Correct its path; `./` and `../` start at this file, others at the package's root.",
            )
