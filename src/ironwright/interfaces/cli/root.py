"""The command group: knows every command by name and one line, and imports it when it is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click

from ironwright import __version__


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command that is not imported yet.

    Attributes:
        module: Where it is; the module's ``command`` is the click command.
        help: One line for the list of commands.
    """

    module: str
    help: str


_PACKAGE = "ironwright.interfaces.cli.commands"
_SECTIONS: Mapping[str, Mapping[str, LazyCommand]] = {
    "Work": {
        "run": LazyCommand("run", "have an agent do a task on a branch, and prove the work"),
        "check": LazyCommand("check", "judge any change by the gates; no model"),
        "demo": LazyCommand("demo", "the main job on a small crate; no key, no network"),
    },
    "Look": {
        "runs": LazyCommand("runs", "list, show, resume or answer runs"),
        "contract": LazyCommand("contract", "what a definition demands, and which gate checks it"),
        "route": LazyCommand("route", "which agent a request goes to, and why"),
        "agents": LazyCommand("agents", "list, show, lint or export agent definitions"),
        "gates": LazyCommand("gates", "list gates, or explain one"),
        "memory": LazyCommand("memory", "the project's notes, which agents read and propose"),
        "stats": LazyCommand("stats", "what became of attempts, what they cost, what recurs"),
        "models": LazyCommand("models", "the models that can be used from here"),
    },
    "Set up": {
        "init": LazyCommand("init", "write a commented ironwright.toml"),
        "doctor": LazyCommand("doctor", "which tools are there, and which are missing"),
    },
}
_COMMANDS = {name: lazy for section in _SECTIONS.values() for name, lazy in section.items()}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; ``--help`` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        lazy = _COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        command = importlib.import_module(f"{_PACKAGE}.{lazy.module}").command
        assert isinstance(command, click.Command), f"{lazy.module} has a click command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of these arguments; an unknown one is answered with the nearest names."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in _COMMANDS:
            import difflib

            near = difflib.get_close_matches(name, _COMMANDS, n=2)
            advice = f" Did you mean {' or '.join(near)}?" if near else " See `ironwright --help`."
            raise click.UsageError(f"There is no command {name!r}.{advice}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their one-liners, without importing them."""
        for title, section in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, lazy.help) for name, lazy in section.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 pass, 1 a gate failed, 2 wrong use, 3 could not tell, 130 interrupted.",
)
@click.version_option(__version__, prog_name="ironwright", message="%(prog)s %(version)s")
def root() -> None:
    """Run coding agents on Rust repositories and accept their work only when real tools prove it."""


def invoke(arguments: list[str]) -> int:
    """Run the command that the arguments name; its exit code."""
    code = root.main(args=arguments, prog_name="ironwright", standalone_mode=False)
    return int(code or 0)
