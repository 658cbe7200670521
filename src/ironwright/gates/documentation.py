"""Writes the documentation pages of the gates from the gates themselves.

``python -m ironwright.gates.documentation docs/gates`` writes a page for every gate and an index, and takes
away pages of gates that are gone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from ironwright.gates.api import Cost, Gate, GateModule, Param
from ironwright.records.contract import Scope, Strength

SECTIONS = ("What it checks", "Why", "Evidence", "Unknown when")
_NOTICE = "<!-- Made from the gate's own file by `python -m ironwright.gates.documentation docs/gates`. -->"
_COSTS: Mapping[Cost, str] = {
    Cost.JOURNAL: "reads records",
    Cost.TREE: "reads the trees",
    Cost.FORMAT: "runs a formatter",
    Cost.BUILD: "builds",
    Cost.TEST: "builds and runs the tests",
    Cost.REBUILD: "builds more than once",
}
_SCOPES: Mapping[Scope, str] = {
    Scope.CHANGED: "`changed`: what the change touches",
    Scope.ALL: "`all`: the whole repository",
    Scope.RATCHET: "`ratchet`: nothing gets worse",
}


def sections(module: GateModule) -> dict[str, str]:
    """The parts of a gate's docstring by heading, each folded to paragraphs.

    Raises:
        ValueError: A heading is missing.
    """
    parts = re.split(rf"^({'|'.join(SECTIONS)}):$", module.__doc__, flags=re.MULTILINE)
    found = {heading: _folded(text) for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    missing = [heading for heading in SECTIONS if not found.get(heading)]
    if missing:
        raise ValueError(f"the docstring of {module.GATE.id} has no {missing[0]!r}")
    return found


def page(module: GateModule) -> str:
    """The documentation page of one gate, as Markdown."""
    gate = module.GATE
    lines = [
        _NOTICE,
        "",
        f"# {gate.id}",
        "",
        module.__doc__.strip().split("\n\n", 1)[0].replace("\n", " "),
        "",
    ]
    for heading, text in sections(module).items():
        lines += [f"## {heading}", "", text, ""]
    lines += ["## Parameters", "", *_parameters(gate), ""]
    lines += ["## Where and at what cost", "", *_facts(gate), ""]
    lines += ["## What asks for it", "", "Sentences of a definition such as these bind it:", ""]
    lines += [_phrasing(sentence, params) for sentence, params in _examples(gate).items()]
    lines += [
        "",
        "Or, whatever a definition says, in `ironwright.toml`:",
        "",
        "```toml",
        f"[gates.{gate.id}]",
    ]
    lines += [f"{name} = {_toml(param.default)}" for name, param in gate.params.items()] or ["enabled = true"]
    lines += ["```", ""]
    return "\n".join(lines)


def index(modules: Mapping[str, GateModule]) -> str:
    """The list of all gates, as Markdown, cheapest first."""
    lines = [
        _NOTICE,
        "",
        "# Gates",
        "",
        "Each gate refuses one thing and is one file; its page is made from it.",
    ]
    lines += ["", "| gate | refuses | cost |", "|---|---|---|"]
    lines += [
        f"| [{name}]({name}.md) | {module.GATE.summary} | {_COSTS[module.GATE.cost]} |"
        for name, module in modules.items()
    ]
    return "\n".join([*lines, ""])


def pages(modules: Mapping[str, GateModule]) -> dict[str, str]:
    """All pages by file name."""
    return {"README.md": index(modules)} | {f"{name}.md": page(module) for name, module in modules.items()}


def write_pages(folder: Path, modules: Mapping[str, GateModule]) -> tuple[str, ...]:
    """Write all pages into a folder; a page that is right already is left alone.

    Returns:
        The names of the files that were written or removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted, touched = pages(modules), []
    for name, text in wanted.items():
        place = folder / name
        if place.exists() and place.read_text(encoding="utf-8") == text:
            continue
        partial = place.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(place)
        touched.append(name)
    for old in sorted(folder.glob("*.md")):
        if old.name not in wanted and old.read_text(encoding="utf-8").startswith(_NOTICE):
            old.unlink()
            touched.append(old.name)
    return tuple(touched)


def _folded(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(part.split()) for part in paragraphs).replace("``", "`")


def _parameters(gate: Gate) -> list[str]:
    if not gate.params:
        return ["None."]
    lines = ["| name | type | default | meaning |", "|---|---|---|---|"]
    return lines + [
        f"| `{name}` | {_type(param)} | {_shown(param.default)} | {_meaning(param)} |"
        for name, param in gate.params.items()
    ]


def _meaning(param: Param) -> str:
    if not param.allowed:
        return param.meaning
    return f"{param.meaning} Allowed: {', '.join(f'`{value}`' for value in param.allowed)}."


def _type(param: Param) -> str:
    return {int: "whole number", float: "number", bool: "true or false", str: "text", tuple: "list"}[
        param.type
    ]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value) or "none"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _facts(gate: Gate) -> list[str]:
    first, *others = gate.scopes
    lines = [
        f"- Scope: {_SCOPES[first]} (the default)" + "".join(f"; {_SCOPES[scope]}" for scope in others) + "."
    ]
    lines.append(f"- Cost: {_COSTS[gate.cost]}.")
    if gate.requires:
        lines.append(
            "- Blocked until these pass: " + ", ".join(f"[{name}]({name}.md)" for name in gate.requires) + "."
        )
    if gate.tools:
        lines.append("- Needs: " + ", ".join(f"`{tool}`" for tool in gate.tools) + ".")
    if gate.process:
        lines.append("- Judges how a run worked: it does not apply to a change without a journal.")
    return lines


def _examples(gate: Gate) -> dict[str, str]:
    """What each example sentence states, in order; an example of several phrasings stands once."""
    stated: dict[str, dict[str, object]] = {}
    for phrasing in gate.phrasings:
        params: dict[str, object] = dict(phrasing.params)
        found = phrasing.regex.search(phrasing.example)
        params |= {name: value for name, value in (found.groupdict() if found else {}).items() if value}
        if phrasing.strength != Strength.HARD:
            params["strength"] = phrasing.strength.value
        stated.setdefault(phrasing.example, {}).update(params)
    return {
        sentence: ", ".join(f"{name} = {_plain(value)}" for name, value in params.items())
        for sentence, params in stated.items()
    }


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _phrasing(sentence: str, params: str) -> str:
    return f"- “{sentence}”" + (f" ({params})" if params else "")


def main(arguments: list[str]) -> int:
    """Write the pages into the folder that the arguments name."""
    from ironwright.gates.catalog import gate_modules

    if len(arguments) != 1:
        print("usage: python -m ironwright.gates.documentation FOLDER", file=sys.stderr)
        return 2
    touched = write_pages(Path(arguments[0]), gate_modules())
    print(f"{len(touched)} pages changed" + "".join(f"\n  {name}" for name in touched))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
