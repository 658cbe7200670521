"""Refuses tool calls that would break the rules, before they run, and says how to do it right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ironwright.records.command_matching import runs_command
from ironwright.records.errors import RepositoryError
from ironwright.records.manifest import changed_entries, dependency_entries, is_manifest
from ironwright.records.shell_reading import dependency_command, hidden_output, mentions_fetching
from ironwright.session.cargo_network import unfit_for_network
from ironwright.session.worktree_files import WorktreeFiles

ALWAYS_PROTECTED: Mapping[str, str] = {
    ".ironwright/**": "it holds contracts, which people review",
    "ironwright.toml": "it holds the limits and gates of this work",
    ".git": "git's own files are changed by git commands only",
    ".git/**": "git's own files are changed by git commands only",
}

WRITING_TOOLS = frozenset(("write_file", "edit_file"))
COMMAND_TOOL = "run_command"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is refused.

    Attributes:
        rule: ``protected_file``, ``edited_dependencies``, ``hidden_output``, ``forbidden_command`` or
            ``network``.
        reason: For the agent: what is wrong and what to do instead.
    """

    rule: str
    reason: str


class Guard:
    """The rules, applied to one worktree.

    Args:
        files: The worktree.
        protected: Globs of files that must not be edited, relative to the worktree.
        definition: The path of the agent's own definition in the worktree, or None when it is elsewhere.
        forbidden: Commands that must not run.
    """

    def __init__(
        self,
        files: WorktreeFiles,
        protected: Sequence[str] = (),
        definition: str | None = None,
        forbidden: Sequence[str] = (),
    ) -> None:
        self._files = files
        self._forbidden = tuple(forbidden)
        rules = [(glob, why) for glob, why in ALWAYS_PROTECTED.items()]
        rules += [(glob, "run.protected in ironwright.toml lists it") for glob in protected]
        if definition:
            rules.append((definition, "it is the definition that you work by"))
        self._protected = [(_regex(glob), why) for glob, why in rules]

    def refusal(self, tool: str, args: Mapping[str, Any]) -> Refusal | None:
        """Why a call must not run, or None when it may."""
        if tool in WRITING_TOOLS:
            return self._edit(str(args.get("path", "")), tool, args)
        if tool == COMMAND_TOOL:
            return self._command(str(args.get("command", "")))
        return None

    def protected(self, paths: Iterable[str]) -> list[str]:
        """Those of some paths (relative to the worktree) that are protected."""
        return [path for path in paths if self._why_protected(path)]

    def _edit(self, path: str, tool: str, args: Mapping[str, Any]) -> Refusal | None:
        seen = path if path.startswith("/") else f"{self._files.seen_at}/{path}"
        try:
            relative = self._files.relative(seen)
        except OSError:
            return None  # a loop of links: the file tool says so itself
        if relative is None:
            return None  # outside the worktree: the file tool refuses it
        why = self._why_protected(relative)
        if why:
            return Refusal("protected_file", f"{relative} is protected: {why}. Leave it as it is.")
        if is_manifest(relative):
            return self._manifest(relative, seen, tool, args)
        return None

    def _manifest(self, relative: str, seen: str, tool: str, args: Mapping[str, Any]) -> Refusal | None:
        try:
            before = self._files.read(seen).decode("utf-8", "replace")
        except OSError:
            before = ""
        after = str(args.get("content", "")) if tool == "write_file" else _edited(before, args)
        try:
            dependency_entries(after, relative)
        except RepositoryError as error:
            return Refusal("edited_dependencies", f"{relative} would not be valid any more: {error.what}.")
        try:
            changed = changed_entries(before, after, relative)
        except RepositoryError:
            return None  # it was broken before; whatever makes it valid is an improvement
        if not changed:
            return None
        return Refusal(
            "edited_dependencies",
            f"this edit of {relative} would change {', '.join(changed)}. Dependencies are changed only by "
            "`cargo add NAME` and `cargo remove NAME`, each as a command of its own (with -p MEMBER in a "
            "workspace); it may reach the network.",
        )

    def _command(self, command: str) -> Refusal | None:
        hidden = hidden_output(command)
        if hidden:
            return Refusal(
                "hidden_output",
                f"{hidden}. Run cargo unfiltered, as it is: long output is shortened for you, and its exit "
                "code is shown.",
            )
        for forbidden in self._forbidden:
            if runs_command(command, forbidden):
                return Refusal(
                    "forbidden_command",
                    f"your definition forbids `{forbidden}`. Reach the goal without it, or ask with the "
                    "`ask` tool.",
                )
        dependency = dependency_command(command)
        if dependency is not None and dependency.network:
            unfit = unfit_for_network(self._files)
            if unfit:
                return Refusal("network", f"{unfit}. Ask for help with the `ask` tool.")
        elif dependency is None and mentions_fetching(command):
            return Refusal(
                "network",
                "`cargo add` and `cargo fetch` reach the network only as one plain command of their own: no "
                "`cd`, `&&`, pipes, variables or --config. Use -p MEMBER or --manifest-path PATH.",
            )
        return None

    def _why_protected(self, relative: str) -> str | None:
        return next((why for regex, why in self._protected if regex.fullmatch(relative)), None)


def _edited(before: str, args: Mapping[str, Any]) -> str:
    """The text after an edit, or as far as the edit fits; the file tool itself is strict about that."""
    pairs = [(args.get("old_text"), args.get("new_text"))]
    pairs += [(item.get("old_text"), item.get("new_text")) for item in args.get("replacements") or ()]
    for old, new in pairs:
        if old:
            before = before.replace(str(old), str(new or ""), 1)
    return before


def _regex(glob: str) -> re.Pattern[str]:
    """A glob over paths with ``/``: ``**`` is any depth, ``*`` and ``?`` stay in one folder."""
    out = ""
    position = 0
    glob = glob.removeprefix("./")
    while position < len(glob):
        rest = glob[position:]
        if rest.startswith("**/"):
            out, position = out + "(?:.*/)?", position + 3
        elif rest.startswith("**"):
            out, position = out + ".*", position + 2
        elif rest[0] == "*":
            out, position = out + "[^/]*", position + 1
        elif rest[0] == "?":
            out, position = out + "[^/]", position + 1
        else:
            out, position = out + re.escape(rest[0]), position + 1
    return re.compile(out + ("(?:.*)" if glob.endswith("/") else ""))
