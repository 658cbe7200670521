"""Reads goose recipes: YAML or JSON files with instructions, a prompt, and parameters for both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ironwright.agents.frontmatter import load_mapping
from ironwright.agents.source import read_source
from ironwright.records.definition import Agent, LintFinding, Severity

RECIPE_FOLDERS = (".goose/recipes", ".agents/recipes")
RECIPE_SUFFIXES = (".yaml", ".yml", ".json")
CHECK_FOLDER = ".agents/checks"
"""Checks of goose's review: each is an agent's Markdown file that judges one thing of a change."""

_PARAMETER = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)\s*(?:\|[^{}]*)?-?\}\}")
_BUILT_IN = frozenset(("recipe_dir", "loop"))
_READ = ("title", "name", "description", "instructions", "prompt", "parameters")


def parse_recipe(content: str | bytes, path: str | Path) -> Agent:
    """Read a recipe; never raises.

    Its name is the file's stem (of ``recipe.yaml`` the folder's), the body its instructions, then its prompt,
    with the defaults of its parameters; a parameter without one stays as written.
    """
    where = Path(path)
    source = read_source(content, str(path))
    findings = list(source.findings)
    data: dict[str, Any] = {}
    lines: dict[str, int] = {}
    if source.unusable is None:
        values, problem = load_mapping(source.text)
        if values is None:
            message, row = problem or ("it is no mapping", 0)
            findings.append(
                LintFinding(
                    "broken-recipe",
                    Severity.ERROR,
                    str(path),
                    row + 1,
                    f"the recipe is not valid YAML: {message}",
                    "Correct that line.",
                )
            )
        else:
            nested = values.get("recipe")
            data = dict(nested) if isinstance(nested, Mapping) else values
            lines = _value_lines(source.text)
    if source.unusable is None and not any(item.rule == "broken-recipe" for item in findings):
        findings += _odd(data, lines, str(path))
    body, places = _body(data, lines, str(path))
    settings = data.get("settings")
    model = settings.get("goose_model") if isinstance(settings, Mapping) else None
    return Agent(
        name=where.parent.name if where.stem == "recipe" and where.parent.name else where.stem,
        description=_word(data.get("description")) or _word(data.get("title")),
        path=str(path),
        text=source.text,
        body=body,
        body_line=1,
        model=model if isinstance(model, str) else None,
        metadata={key: value for key, value in data.items() if key not in _READ},
        findings=tuple(findings),
        places=places or ((str(path), 1),),
    )


def _word(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _value_lines(text: str) -> dict[str, int]:
    """Each text's first line: of the keys at the top, or of those inside ``recipe``."""
    tree = yaml.compose(text, Loader=yaml.CSafeLoader)
    lines: dict[str, int] = {}
    if not isinstance(tree, yaml.MappingNode):
        return lines
    pairs = list(tree.value)
    for key, value in tree.value:
        if key.value == "recipe" and isinstance(value, yaml.MappingNode):
            pairs += value.value
    for key, value in pairs:
        block = isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
        lines[str(key.value)] = value.start_mark.line + (2 if block else 1)
    return lines


def _parameters(data: Mapping[str, Any]) -> dict[str, Any]:
    items = data.get("parameters")
    return {
        str(item["key"]): item.get("default")
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping) and "key" in item
    }


def _body(
    data: Mapping[str, Any], lines: Mapping[str, int], path: str
) -> tuple[str, tuple[tuple[str, int], ...]]:
    defaults = {k: v for k, v in _parameters(data).items() if isinstance(v, str | int | float)}
    texts: list[str] = []
    places: list[tuple[str, int]] = []
    for key in ("instructions", "prompt"):
        value = _word(data.get(key)) if isinstance(data.get(key), str) else ""
        if not value:
            continue
        if texts:
            texts.append("")
            places.append(places[-1])
        for row, line in enumerate(value.split("\n")):
            # A default of several lines would move the lines below it.
            filled = _PARAMETER.sub(
                lambda m: str(defaults[m[1]]).replace("\n", " ") if m[1] in defaults else m[0], line
            )
            texts.append(filled)
            places.append((path, lines.get(key, 1) + row))
    return "\n".join(texts), tuple(places)


def _odd(data: Mapping[str, Any], lines: Mapping[str, int], path: str) -> list[LintFinding]:
    def odd(rule: str, line: int, message: str, advice: str) -> LintFinding:
        return LintFinding(rule, Severity.WARNING, path, line, message, advice)

    found = []
    for key in ("title", "description"):
        if not _word(data.get(key)):
            found.append(odd(f"missing-{key}", 1, f"the recipe states no {key}", f"Add `{key}: …`."))
    if not _word(data.get("instructions")) and not _word(data.get("prompt")):
        what = "the file has neither instructions nor a prompt: it is no recipe"
        found.append(LintFinding("missing-prompt", Severity.ERROR, path, 1, what, "Add one of them."))
    known = _parameters(data).keys() | _BUILT_IN
    for key in ("instructions", "prompt"):
        for row, line in enumerate(_word(data.get(key)).split("\n")):
            for match in _PARAMETER.finditer(line):
                if match[1] not in known:
                    found.append(
                        odd(
                            "undefined-parameter",
                            lines.get(key, 1) + row,
                            f"`{match[1]}` is no parameter of the recipe; it has "
                            f"{', '.join(sorted(known - _BUILT_IN)) or 'none'}",
                            "Add it to `parameters`, or correct the name.",
                        )
                    )
    return found
