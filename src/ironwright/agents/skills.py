"""Agent Skills: a folder with a ``SKILL.md`` that an agent is given where its frontmatter names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from ironwright.agents.frontmatter import split_frontmatter
from ironwright.agents.include import prose_lines
from ironwright.agents.source import file_within, read_bytes, read_source
from ironwright.records.definition import Agent, Include, LintFinding, Severity
from ironwright.records.errors import DefinitionError

SKILL_FOLDERS = (
    ".claude/skills",
    ".agents/skills",
    ".opencode/skill",
    ".opencode/skills",
    ".goose/skills",
    "skills",
)
"""Where a project's skills are, nearest first; ``skills`` is a plugin's own."""

SKILL_FILE = "SKILL.md"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAX_NAME = 64
_MAX_DESCRIPTION = 1024
_LINK = re.compile(r"\[[^\]\n]*\]\((?!\w+:|#|/)([^()\s#]+)(?:#[^()\s]*)?\)")


def is_skill(path: PurePath) -> bool:
    """Whether a file is a skill's own."""
    return path.name == SKILL_FILE


def named_skills(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The skills that an agent's frontmatter names: ``skills: a, b`` or a list."""
    value = metadata.get("skills")
    names = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
    return tuple(dict.fromkeys(str(name).strip() for name in names if str(name).strip()))


def skill_path(name: str, project_root: Path) -> Path | None:
    """The ``SKILL.md`` of a name (``plugin:name`` for a plugin's), inside the project; None without one."""
    from ironwright.agents.plugins import find_plugins

    root = project_root.resolve()
    plugin, _, bare = name.rpartition(":")
    if not _NAME.fullmatch(bare):
        return None
    folders = [] if plugin else [root / folder for folder in SKILL_FOLDERS]
    folders += [
        folder for item in find_plugins(project_root) if plugin in ("", item.name) for folder in item.skills
    ]
    found = (file_within(root, folder, f"{bare}/{SKILL_FILE}") for folder in folders)
    return next((path for path in found if path is not None), None)


def include_skills(agent: Agent, project_root: Path) -> Agent:
    """An agent with the skills that its frontmatter names as includes; one that is missing is a finding."""
    names = named_skills(agent.metadata)
    if not names:
        return agent
    line = next((n for n, text in enumerate(agent.text.split("\n"), 1) if text.startswith("skills")), 1)
    includes, findings = list(agent.includes), list(agent.findings)
    for name in names:
        path = skill_path(name, project_root)
        problem = "is not in the project" if path is None else ""
        if path is not None:
            try:
                source = read_source(read_bytes(path), str(path))
                problem = source.unusable.message if source.unusable else ""
            except DefinitionError as error:
                problem = error.what
            if not problem:
                includes.append(Include(f"skill {name}", path, line, source.text))
                continue
        findings.append(
            LintFinding(
                "missing-skill",
                Severity.WARNING,
                agent.path,
                line,
                f"the skill `{name}` {problem}; the agent works without it",
                f"Add .claude/skills/{name}/{SKILL_FILE}, or correct the name.",
            )
        )
    return replace(agent, includes=tuple(includes), findings=tuple(findings))


def lint_skill(path: Path, skill: Agent) -> Iterator[LintFinding]:
    """What the format asks of a skill: its name is its folder's, its description short, its files there."""

    def odd(rule: str, line: int, message: str, advice: str) -> LintFinding:
        return LintFinding(rule, Severity.WARNING, str(path), line, message, advice)

    front = split_frontmatter(skill.text, str(path))
    name = front.values.get("name")
    folder = path.absolute().parent.name
    if isinstance(name, str):
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            yield odd(
                "skill-name",
                _key_line(skill, "name"),
                f"`{name[:80]}` is no name of a skill",
                f"Use up to {_MAX_NAME} small letters, digits and single hyphens.",
            )
        elif name != folder:
            yield odd(
                "skill-name",
                _key_line(skill, "name"),
                f"the skill `{name}` stands in the folder `{folder}`",
                "Give both the same name.",
            )
    description = front.values.get("description")
    if isinstance(description, str) and len(description) > _MAX_DESCRIPTION:
        yield odd(
            "skill-description",
            _key_line(skill, "description"),
            f"the description has {len(description)} characters; hosts take {_MAX_DESCRIPTION}",
            "Move details into the body.",
        )
    seen = set()
    for number, line in prose_lines(skill.body, skill.body_line):
        for match in _LINK.finditer(re.sub(r"`[^`\n]*`", "", line)):
            target = match[1].replace("${CLAUDE_SKILL_DIR}", ".")
            # A target without a suffix is rather the address of a page than a file.
            named = "$" not in target and (target.endswith("/") or Path(target).suffix)
            if named and target not in seen and not _exists(path.parent, target):
                seen.add(target)
                yield odd(
                    "missing-reference",
                    number,
                    f"the skill refers to `{target}`, which is not there",
                    f"Add it below {path.parent}, or correct the link.",
                )


def _exists(folder: Path, name: str) -> bool:
    try:
        return (folder / name.replace("%20", " ")).exists()
    except (OSError, ValueError):
        return False


def _key_line(skill: Agent, key: str) -> int:
    lines = skill.text.split("\n")[: skill.body_line - 1]
    return next((n for n, line in enumerate(lines, 1) if line.startswith(f"{key}:")), 1)
